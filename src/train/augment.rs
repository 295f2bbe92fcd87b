use super::dataset::{Example, Unit};
use crate::types::Span;
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Ways in which people type in a hurry.
const WAYS: usize = 4;

/// A copy of `example` typed in a hurry: without accents, in lower case, without stops, or with typos; the labels move along.
/// The same `seed` gives the same copy.
pub(super) fn hurried(example: &Example, seed: u64) -> Example {
    let mut random = StdRng::seed_from_u64(seed);
    let way = random.random_range(0..WAYS);
    let mut text = String::with_capacity(example.text.len());
    // place[byte] is where that byte of the original has gone
    let mut place = Vec::with_capacity(example.text.len() + 1);
    for c in example.text.chars() {
        place.resize(place.len() + c.len_utf8(), text.len());
        let typo = way == 3 && c.is_alphabetic() && random.random_bool(0.03);
        match way {
            0 => text.extend(crate::text::fold_char(c).map(|f| if c.is_uppercase() { f.to_ascii_uppercase() } else { f })),
            1 => text.extend(crate::text::fold_char(c)),
            2 if matches!(c, '.' | ',' | ';') => text.push(' '),
            _ if typo && random.random_bool(0.5) => {}
            _ if typo => {
                text.push(c);
                text.push(c);
            }
            _ => text.push(c),
        }
    }
    place.push(text.len());
    let moved = |span: Span| Span::new(place[span.start()], place[span.end()]);
    Example {
        id: example.id.clone(),
        language: example.language,
        kept_out: example.kept_out,
        sentences: example.sentences.iter().map(|&s| moved(s)).collect(),
        units: example.units.iter().map(|u| Unit { span: moved(u.span), labels: u.labels.clone() }).collect(),
        text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Language;

    #[test]
    fn spans_move_with_the_words() {
        let text = "Té por, plora. Àvia malalta, no surt.";
        let at = text.find("Àvia").unwrap();
        let span = Span::new(at, text.len());
        let unit = Unit { span, labels: super::super::Labels::default() };
        let example = Example {
            id: String::new(),
            language: Language::Catalan,
            kept_out: false,
            text: text.to_owned(),
            sentences: vec![span],
            units: vec![unit],
        };
        for seed in 0..40 {
            let copy = hurried(&example, seed);
            let words = copy.units[0].span.of(&copy.text).to_lowercase();
            assert!(words.trim_end_matches(['.', ' ']).ends_with(['t', 'r', 'u']), "{words}");
            assert_eq!(copy.text, hurried(&example, seed).text);
        }
    }
}
