use super::{Pattern, PatternSet, ReadSentence, dictionary::Dictionary, lexicon::Match, table::Reading};
use crate::types::{ConceptId, Language, Tier};

/// Ways in which people tell a concept that no fixed term can hold, as patterns: "deuen … mesos", "dorm … al sofà".
#[derive(Debug, Default)]
pub(super) struct Phrases {
    concepts: Vec<ConceptId>,
    patterns: Vec<Pattern>,
    unless: Vec<Vec<Pattern>>,
    set: PatternSet,
}

impl Phrases {
    pub(super) fn read(dictionary: &Dictionary, reading: &mut Reading<'_>) -> Self {
        let mut phrases = Self::default();
        for row in reading.table("phrases.tsv", &["concept", "lang", "pattern", "unless"]).rows() {
            let (Some(concept), Some(_), Some(pattern)) = (
                row.value::<ConceptId>("concept", reading),
                row.value::<Language>("lang", reading),
                row.value::<Pattern>("pattern", reading),
            ) else {
                continue;
            };
            if dictionary.concept(concept).is_none_or(|c| c.bare) {
                row.problem(reading, format!("{concept} is not in concepts.tsv, or is never coded from a mention"));
                continue;
            }
            let parts: Vec<String> = row.cell("unless").split(" ; ").filter(|p| !p.is_empty()).map(str::to_owned).collect();
            let unless =
                parts.iter().filter_map(|p| p.parse().map_err(|e| row.problem(reading, format!("column unless: {e}"))).ok()).collect();
            phrases.concepts.push(concept);
            phrases.patterns.push(pattern);
            phrases.unless.push(unless);
        }
        phrases.set = PatternSet::new(phrases.patterns.clone());
        phrases
    }

    /// The phrases in a sentence.
    pub(super) fn matches(&self, sentence: &ReadSentence<'_>) -> Vec<Match> {
        let mut found: Vec<Match> = Vec::new();
        for words in sentence.readings() {
            for (index, start, end) in self.set.matches(words) {
                let (Some(first), Some(last)) = (words.get(start), words.get(end - 1)) else { continue };
                let called_off = self.unless[index].iter().any(|p| sentence.readings().any(|w| p.find(w, 0).is_some()));
                let one = Match {
                    span: first.span.join(last.span),
                    concept: self.concepts[index],
                    tier: Tier::Folded,
                    n_words: self.patterns[index].n_words(),
                };
                if !called_off && !found.contains(&one) {
                    found.push(one);
                }
            }
        }
        found
    }
}
