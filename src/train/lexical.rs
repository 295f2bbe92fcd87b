use super::dataset::{Example, Labels};
use crate::{
    model::{
        CELLS, DANGERS, HeadLayout, LexicalTable, STATUSES, danger_index, features, safety_index, shares, sigmoid, status_index, to_shares,
    },
    types::NeedId,
};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

/// How the lexical head learns.
#[derive(Debug, Clone, Copy, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexicalRun {
    /// Passes over the units.
    pub epochs: usize,
    /// Learning rate at first; it falls to nothing.
    pub rate: f32,
    /// Weights are drawn to zero by the inverse of this; smaller is stronger.
    pub freedom: f32,
    /// Units that a feature must stand in, to be known.
    pub least: u32,
    /// Weights nearer to zero than this are left out of the file.
    pub prune: f32,
}

/// A unit's features by place, and what it says.
struct Sample {
    features: Vec<(u32, f32)>,
    /// By column.
    truths: Vec<(usize, f32)>,
    /// Whether a need is said at all: else its statuses teach nothing.
    says_need: bool,
}

/// Gradients smaller than this are not worth a step.
const WORTH: f32 = 0.003;
/// The bias moves slower: it stands in every unit.
const BIAS_RATE: f32 = 0.05;

/// Teaches a lexical head from the units of the examples: logistic regression by stochastic gradients.
///
/// # Source
/// Bottou 2012, with a rate that falls to zero; ridge as in Fan et al. 2008 (`freedom` is their C).
pub(super) fn lexical(examples: &[&Example], place: &HashMap<NeedId, usize>, run: LexicalRun, seed: u64) -> LexicalTable {
    let layout = HeadLayout { needs: place.len() };
    let units: Vec<(&str, &Labels)> = examples.iter().flat_map(|e| e.units.iter().map(|u| (u.span.of(&e.text), &u.labels))).collect();
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for (text, _) in &units {
        let of_unit = features(text);
        of_unit.iter().flatten().for_each(|(feature, _)| *counts.entry(*feature).or_default() += 1);
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of units")]
    let rarity = |n: u32| ((1.0 + units.len() as f32) / (1.0 + n as f32)).ln() + 1.0;
    let known: HashMap<u32, (u32, f32)> =
        counts.into_iter().filter(|(_, n)| *n >= run.least).zip(0_u32..).map(|((f, n), row)| (f, (row, rarity(n)))).collect();
    let mut samples: Vec<Sample> = units
        .iter()
        .map(|(text, labels)| Sample {
            features: shares(features(text), |f| known.get(&f).copied()),
            truths: truths(labels, place, layout),
            says_need: !labels.needs.is_empty(),
        })
        .collect();
    let mut learner = Learner::new(known.len(), layout, run.rate);
    let mut random = StdRng::seed_from_u64(seed);
    for epoch in 0..run.epochs {
        samples.shuffle(&mut random);
        let mut loss = 0.0;
        for (at, sample) in samples.iter().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a share of the run")]
            let done = (epoch as f32 + at as f32 / samples.len() as f32) / run.epochs as f32;
            learner.rate = run.rate * (1.0 - done);
            loss += f64::from(learner.step(sample));
        }
        learner.shrink(1.0 - learner.rate / run.freedom);
        #[expect(clippy::cast_precision_loss, reason = "units of an epoch")]
        let mean = loss / samples.len().max(1) as f64;
        tracing::debug!(epoch = epoch + 1, loss = mean, "lexical epoch done");
    }
    let row = |row: u32| {
        let weights = learner.weights[learner.row(row)].iter().enumerate().filter(|(_, w)| w.abs() >= run.prune);
        weights.map(|(c, w)| (u16::try_from(c).unwrap_or(u16::MAX), *w)).collect::<Vec<_>>()
    };
    let rows = known.into_iter().map(|(f, (place, rarity))| (f, (rarity, row(place)))).collect();
    LexicalTable { rows, bias: learner.bias }
}

/// What a unit says, by column; of a softmax group the class that holds, 0 ("nothing") if none does.
fn truths(labels: &Labels, place: &HashMap<NeedId, usize>, layout: HeadLayout) -> Vec<(usize, f32)> {
    let mut truths: Vec<(usize, f32)> = Vec::new();
    let mut statuses = [0.0_f32; STATUSES.len()];
    for (need, status) in &labels.needs {
        truths.extend(place.get(need).map(|&column| (column, 1.0)));
        let status = status_index(*status);
        statuses[status] += 1.0;
        truths.extend(place.get(need).map(|&column| (layout.status_of(column) + status, 1.0)));
    }
    let sum: f32 = statuses.iter().sum();
    truths.extend(statuses.iter().enumerate().filter(|(_, s)| **s > 0.0).map(|(i, s)| (layout.status() + i, s / sum)));
    for (at, domain) in layout.cells().zip(crate::types::Domain::ALL) {
        let level = labels.levels.iter().find(|(d, _)| d == domain).map_or(0, |(_, l)| usize::from(l.number()));
        truths.push((at + level, 1.0));
    }
    for (rule, at) in layout.safety().enumerate() {
        let said = labels.safety.iter().filter(|(r, _)| safety_index(*r) == rule).map(|(_, s)| *s).min();
        truths.push((at + said.map_or(0, danger_index), 1.0));
    }
    truths
}

struct Learner {
    layout: HeadLayout,
    groups: Vec<Range<usize>>,
    columns: usize,
    rate: f32,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

impl Learner {
    fn new(rows: usize, layout: HeadLayout, rate: f32) -> Self {
        let columns = layout.lexical_columns();
        let groups = layout.cells().map(|at| at..at + CELLS).chain(layout.safety().map(|at| at..at + DANGERS));
        let groups: Vec<Range<usize>> = groups.chain(std::iter::once(layout.status()..layout.status_of(0))).collect();
        let mut bias = vec![0.0; columns];
        bias[..layout.needs].fill(-4.0);
        bias[layout.status_of(0)..].fill(-4.0);
        groups.iter().take(groups.len() - 1).for_each(|g| bias[g.start] = 4.0);
        Self { layout, groups, columns, rate, weights: vec![0.0; rows * columns], bias }
    }

    fn row(&self, row: u32) -> Range<usize> {
        let at = row as usize * self.columns;
        at..at + self.columns
    }

    fn shrink(&mut self, by: f32) {
        self.weights.iter_mut().for_each(|w| *w *= by);
    }

    /// One step on one unit; returns its loss before the step.
    fn step(&mut self, sample: &Sample) -> f32 {
        let mut logits = self.bias.clone();
        for &(row, share) in &sample.features {
            for (logit, weight) in logits.iter_mut().zip(&self.weights[self.row(row)]) {
                *logit += share * weight;
            }
        }
        let (errors, loss) = self.errors(logits, sample);
        for &(column, error) in &errors {
            self.bias[column] -= self.rate * BIAS_RATE * error;
        }
        for &(row, share) in &sample.features {
            let (range, step) = (self.row(row), self.rate * share);
            let weights = &mut self.weights[range];
            for &(column, error) in &errors {
                weights[column] -= step * error;
            }
        }
        loss
    }

    /// Probability minus truth where the difference is worth a step, and the loss.
    fn errors(&self, logits: Vec<f32>, sample: &Sample) -> (Vec<(usize, f32)>, f32) {
        let mut chances = logits;
        let (status, of_needs) = (self.layout.status(), self.layout.status_of(0));
        chances[..self.layout.needs].iter_mut().for_each(|x| *x = sigmoid(*x));
        chances[of_needs..].iter_mut().for_each(|x| *x = sigmoid(*x));
        for group in &self.groups {
            to_shares(&mut chances[group.clone()]);
        }
        let loss = sample.truths.iter().map(|&(column, truth)| -truth * chances[column].max(1e-7).ln()).sum();
        for &(column, truth) in &sample.truths {
            chances[column] -= truth;
        }
        if !sample.says_need {
            chances[status..of_needs].fill(0.0);
        }
        (chances.into_iter().enumerate().filter(|(_, error)| error.abs() >= WORTH).collect(), loss)
    }
}
