use super::{Problem, Vocabulary, dictionary::TermType};
use crate::types::{Kind, Language};

/// Concepts of these kinds carry at least this many synonyms in each language.
const SYNONYMS: usize = 3;

/// What a release must hold to be used for people, beyond rows that can be read.
pub(super) fn complete(vocabulary: &Vocabulary) -> Vec<Problem> {
    let mut problems = Vec::new();
    for concept in vocabulary.dictionary.concepts() {
        let mut report = |message: String| problems.push(Problem { file: "concepts.tsv".to_owned(), line: concept.line, message });
        for (language, file) in
            [(Language::Catalan, "terms.ca.tsv"), (Language::Spanish, "terms.es.tsv"), (Language::Unknown, "terms.en.tsv")]
        {
            let of = |wanted| concept.terms.iter().filter(|t| t.language == language && t.term_type == wanted).count();
            if of(TermType::Preferred) == 0 {
                report(format!("{} has no preferred term in {file}", concept.id));
            }
            let needed = if concept.kind == Kind::Problem { SYNONYMS } else { 0 };
            if of(TermType::Synonym) < needed {
                report(format!("{} is a problem and has {} synonyms in {file}; it needs {SYNONYMS}", concept.id, of(TermType::Synonym)));
            }
        }
    }
    for (need, file) in vocabulary.catalogue.needs().map(|need| (need, "needs.tsv")) {
        if need.actions.is_empty() {
            problems.push(Problem { file: file.to_owned(), line: 0, message: format!("{} has no action in need_actions.tsv", need.id) });
        }
    }
    for (counts, file) in vocabulary.cues.counts().into_iter().zip(["cues.ca.tsv", "cues.es.tsv"]) {
        for (count, axis) in counts.into_iter().zip(["polarity", "certainty", "temporality", "experiencer"]) {
            if count == 0 {
                problems.push(Problem { file: file.to_owned(), line: 0, message: format!("there is no cue of {axis}") });
            }
        }
    }
    for (rule, _) in vocabulary.safety.rules() {
        for (language, word) in [(Language::Catalan, "ca"), (Language::Spanish, "es")] {
            if vocabulary.safety.lacks(rule, language) {
                problems.push(Problem { file: "safety/cues.tsv".to_owned(), line: 0, message: format!("{rule} has no cue in {word}") });
            }
        }
    }
    problems
}
