use super::Sentence;
use crate::types::{Language, Span};
use whatlang::{Detector, Lang};

/// Fewer letters than this say too little of a sentence's language: it takes its neighbour's.
const ENOUGH_LETTERS: usize = 24;
/// How much of the text the smaller language must fill for the whole to be called mixed.
const MIXED_SHARE: f64 = 0.15;

/// Gives each sentence its language and returns that of the whole.
///
/// # Source
/// facts/interfaces.md §2, "Language identification": whatlang with an allow-list, 16 of 16 phrases.
pub(super) fn assign(text: &str, sentences: &mut [Sentence]) -> Language {
    if is_foreign(text) {
        return Language::Unknown;
    }
    let detector = Detector::with_allowlist(vec![Lang::Cat, Lang::Spa]);
    let one = |span: Span| detect(&detector, span.of(text));
    let overall = one(Span::new(0, text.len()));
    let mut letters = [0_usize; 2];
    let mut last = overall;
    for sentence in sentences.iter_mut() {
        let n_letters = count_letters(sentence.span.of(text));
        let (language, sure) = if is_foreign(sentence.span.of(text)) { (Language::Unknown, true) } else { one(sentence.span) };
        sentence.language = if n_letters >= ENOUGH_LETTERS || (sure && n_letters > 8) { language } else { last.0 };
        if n_letters >= ENOUGH_LETTERS && sure {
            match sentence.language {
                Language::Catalan => letters[0] += n_letters,
                Language::Spanish => letters[1] += n_letters,
                _ => {}
            }
        }
        if sentence.language != Language::Unknown {
            last = (sentence.language, sure);
        }
    }
    whole(letters, overall.0)
}

fn whole([catalan, spanish]: [usize; 2], overall: Language) -> Language {
    #[expect(clippy::cast_precision_loss, reason = "letters of one narrative, at most 50,000")]
    let share = catalan.min(spanish) as f64 / (catalan + spanish).max(1) as f64;
    if share >= MIXED_SHARE { Language::Mixed } else { overall }
}

/// The likelier of Catalan and Spanish, and whether the detector is sure.
fn detect(detector: &Detector, text: &str) -> (Language, bool) {
    match detector.detect(text) {
        Some(info) if info.lang() == Lang::Cat => (Language::Catalan, info.confidence() > 0.3),
        Some(info) => (Language::Spanish, info.confidence() > 0.3 && info.lang() == Lang::Spa),
        None => (Language::Unknown, false),
    }
}

/// Whether a text long enough to tell is surely neither Catalan nor Spanish.
fn is_foreign(text: &str) -> bool {
    if count_letters(text) < 2 * ENOUGH_LETTERS {
        return false;
    }
    let near = [Lang::Cat, Lang::Spa, Lang::Por, Lang::Ita];
    whatlang::detect(text).is_some_and(|info| !near.contains(&info.lang()) && info.is_reliable() && info.confidence() > 0.6)
}

fn count_letters(text: &str) -> usize {
    text.chars().filter(|c| c.is_alphabetic()).count()
}

#[cfg(test)]
mod tests {
    use crate::types::{Language, Narrative};
    use std::collections::HashSet;

    fn check(text: &str, whole: Language, each: &[Language]) {
        let document = crate::text::read(&Narrative::new("", text).unwrap(), &HashSet::new());
        assert_eq!(document.language, whole, "{text}");
        assert_eq!(document.sentences.iter().map(|s| s.language).collect::<Vec<_>>(), each, "{text}");
    }

    #[test]
    fn people_switch_between_sentences() {
        use Language::{Catalan, Mixed, Spanish, Unknown};
        check("Fa tres mesos que no paga el lloguer del pis on viuen.", Catalan, &[Catalan]);
        check("Hace tres meses que no paga el alquiler del piso donde viven.", Spanish, &[Spanish]);
        check(
            "La senyora explica que no arriba a final de mes amb la pensió. Su marido está en el paro desde el año pasado y no cobra nada.",
            Mixed,
            &[Catalan, Spanish],
        );
        check("Madame est sans domicile depuis plusieurs semaines et elle dort dans la rue avec ses enfants.", Unknown, &[Unknown]);
        check("", Unknown, &[]);
    }
}
