//! Chooses, on narratives kept out of learning, how the two readers are added up and from which probability a need is proposed.

use crate::model::{Logits, Mix};

/// What both readers say of a held-out unit, and what is true.
pub(super) struct Observed<'a> {
    /// The narrative the unit stands in.
    pub narrative: &'a str,
    pub encoder: Logits,
    pub words: Logits,
    /// Places of the needs it speaks of, with the place of the status.
    pub needs: Vec<(usize, usize)>,
    /// The cell of each domain.
    pub cells: Vec<usize>,
    /// The danger of each rule.
    pub safety: Vec<usize>,
}

/// Two logits of one yes-or-no question, and the answer.
type Point = (f32, f32, bool);

/// The factors that make what is true most likely.
pub(super) fn mix(observed: &[Observed<'_>]) -> Mix {
    let mut mentions: Vec<Point> = Vec::new();
    let (mut statuses, mut cells, mut safety) = (Vec::new(), Vec::new(), Vec::new());
    for unit in observed {
        let pairs = unit.encoder.mention.iter().zip(&unit.words.mention).enumerate();
        mentions.extend(pairs.map(|(n, (x, y))| (*x, *y, unit.needs.iter().any(|(need, _)| *need == n))));
        statuses.extend(unit.needs.iter().map(|&(need, status)| (unit, need, status)));
        let rows = unit.encoder.cells.iter().zip(&unit.words.cells).zip(&unit.cells);
        cells.extend(rows.map(|((x, y), class)| (x.to_vec(), y.to_vec(), *class)));
        let rows = unit.encoder.safety.iter().zip(&unit.words.safety).zip(&unit.safety);
        safety.extend(rows.map(|((x, y), class)| (x.to_vec(), y.to_vec(), *class)));
    }
    Mix { mention: mention(&mentions), status: status(&statuses), cells: classes(&cells), safety: classes(&safety) }
}

/// Logistic regression on the two logits.
///
/// # Source
/// Platt 1999; Newton's method.
fn mention(points: &[Point]) -> [f32; 3] {
    let mut at = [0.5_f64, 0.5, 0.0];
    for _ in 0..30 {
        let mut gradient = [0.0_f64; 3];
        // a little ridge, so that two readers that agree everywhere still have one solution
        let mut curve = [[1e-3_f64, 0.0, 0.0], [0.0, 1e-3, 0.0], [0.0, 0.0, 1e-3]];
        for &(x, y, truth) in points {
            let features = [f64::from(x), f64::from(y), 1.0];
            let logit: f64 = features.iter().zip(&at).map(|(f, w)| f * w).sum();
            let p = 1.0 / (1.0 + (-logit).exp());
            let (error, spread) = (p - f64::from(u8::from(truth)), p * (1.0 - p));
            for i in 0..3 {
                gradient[i] += error * features[i];
                for j in 0..3 {
                    curve[i][j] += spread * features[i] * features[j];
                }
            }
        }
        let Some(step) = solved(curve, gradient) else { break };
        for (w, s) in at.iter_mut().zip(step) {
            *w -= s;
        }
        if step.iter().all(|s| s.abs() < 1e-6) {
            break;
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "factors near one")]
    let rounded = at.map(|w| w as f32);
    rounded
}

/// The solution of three linear equations by Cramer's rule; none if they are not independent.
fn solved(m: [[f64; 3]; 3], y: [f64; 3]) -> Option<[f64; 3]> {
    let determinant = |m: &[[f64; 3]; 3]| {
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    };
    let whole = determinant(&m);
    let one = |column: usize| {
        let mut replaced = m;
        for row in 0..3 {
            replaced[row][column] = y[row];
        }
        determinant(&replaced) / whole
    };
    (whole.abs() > 1e-12).then(|| [one(0), one(1), one(2)])
}

/// The three factors, in steps of a fifth, that make the statuses of the needs that are spoken of most likely.
fn status(points: &[(&Observed<'_>, usize, usize)]) -> [f32; 3] {
    let likelihood = |mix: [f32; 3]| -> f64 {
        points.iter().map(|&(unit, need, status)| log_share(&unit.encoder.status_with(&unit.words, need, mix), status)).sum()
    };
    let fifths = || (0..=6_u8).map(|t| f32::from(t) / 5.0);
    let all = fifths().flat_map(|a| fifths().flat_map(move |b| fifths().map(move |c| [a, b, c])));
    let best = all.map(|mix| (likelihood(mix), mix)).max_by(|x, y| x.0.total_cmp(&y.0));
    best.filter(|_| !points.is_empty()).map_or([0.5, 0.5, 0.5], |(_, mix)| mix)
}

/// The logarithm of a class's share in a softmax.
fn log_share(logits: &[f32], class: usize) -> f64 {
    let highest = logits.iter().copied().fold(f32::MIN, f32::max);
    let total: f32 = logits.iter().map(|l| (l - highest).exp()).sum();
    f64::from(logits[class] - highest - total.ln())
}

/// The two factors, in steps of a tenth, that make the classes most likely; one half each if nothing was seen.
fn classes(points: &[(Vec<f32>, Vec<f32>, usize)]) -> [f32; 2] {
    if points.is_empty() {
        return [0.5, 0.5];
    }
    let likelihood = |a: f32, b: f32| -> f64 {
        let one = |(x, y, class): &(Vec<f32>, Vec<f32>, usize)| {
            let sums: Vec<f32> = x.iter().zip(y).map(|(x, y)| a * x + b * y).collect();
            log_share(&sums, *class)
        };
        points.iter().map(one).sum()
    };
    let tenths = || (0..=15_u8).map(|t| f32::from(t) / 10.0);
    let pairs = tenths().flat_map(|a| tenths().map(move |b| (a, b)));
    let best = pairs.map(|(a, b)| (likelihood(a, b), a, b)).max_by(|x, y| x.0.total_cmp(&y.0));
    best.map_or([0.5, 0.5], |(_, a, b)| [a, b])
}

/// The probability with the best F1 of needs over whole narratives, and that F1.
pub(super) fn threshold(observed: &[Observed<'_>], mix: &Mix) -> (f32, f64) {
    let mut highest: std::collections::BTreeMap<(&str, usize), (f32, bool)> = std::collections::BTreeMap::new();
    for unit in observed {
        let reading = unit.encoder.reading(&unit.words, mix, Vec::new());
        for (n, (probability, _)) in reading.needs.iter().enumerate() {
            let seen = highest.entry((unit.narrative, n)).or_insert((0.0, false));
            *seen = (seen.0.max(*probability), seen.1 || unit.needs.iter().any(|(need, _)| *need == n));
        }
    }
    let f1 = |threshold: f32| {
        let right = highest.values().filter(|(p, t)| *t && *p >= threshold).count();
        let wrong = highest.values().filter(|(p, t)| *t != (*p >= threshold)).count();
        #[expect(clippy::cast_precision_loss, reason = "counts of needs")]
        let value = if right == 0 { 0.0 } else { 2.0 * right as f64 / (2 * right + wrong) as f64 };
        value
    };
    let choices = (2..=36_u8).map(|t| f32::from(t) * 0.025);
    choices.map(|t| (t, f1(t))).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0.5, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_that_knows_gets_the_weight() {
        let points: Vec<Point> = (0..200_u8)
            .map(|i| {
                let truth = i % 4 == 0;
                let noise = f32::from(i % 7) - 3.0;
                (noise, if truth { 1.0 } else { -1.0 } + noise * 0.3, truth)
            })
            .collect();
        let [a, b, _] = mention(&points);
        assert!(b > 1.0 && a.abs() < b, "{a} {b}");
    }

    #[test]
    fn equations_are_solved_or_refused() {
        let x = solved([[2.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 5.0]], [2.0, 8.0, 15.0]).unwrap();
        assert!(x.iter().zip([1.0, 2.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-9));
        assert!(solved([[1.0, 1.0, 1.0]; 3], [1.0; 3]).is_none());
    }
}
