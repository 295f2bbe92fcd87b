use super::{Pattern, PatternSet, table::Reading};
use crate::{
    text::Word,
    types::{Certainty, Experiencer, Language, Polarity, Span, Temporality, words},
};

words! {
    /// On which side of a cue its words lie.
    Direction, "a direction (forward, backward or both)" { /// After the cue.
        Forward = "forward", /// Before it.
        Backward = "backward", /// On both sides.
        Both = "both" }
}

/// How far a cue reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To the next break of its clause.
    Clause,
    /// To the end of its sentence.
    Sentence,
    /// So many words.
    Words(usize),
}

/// What a cue says of the words in its scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Denied.
    Polarity(Polarity),
    /// Suspected.
    Certainty(Certainty),
    /// Past or only imagined.
    Temporality(Temporality),
    /// Of whom.
    Experiencer(Experiencer),
    /// Nothing: it ends the scope of others.
    Break,
    /// Nothing: it only looks like a cue.
    Pseudo,
}

/// A cue in a sentence.
///
/// # Source
/// Chapman et al. 2001 (`NegEx`) and Harkema et al. 2009 (`ConText`): direction, scope, termination, pseudo cues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cue {
    /// Its words.
    pub span: Span,
    /// What it says.
    pub effect: Effect,
    /// On which side.
    pub direction: Direction,
    /// How far.
    pub scope: Scope,
}

/// The cues of one language.
#[derive(Debug, Default)]
struct CueTable {
    kinds: Vec<(Effect, Direction, Scope)>,
    lengths: Vec<usize>,
    set: PatternSet,
}

/// The cues of both.
#[derive(Debug, Default)]
pub(super) struct Cues {
    catalan: CueTable,
    spanish: CueTable,
}

impl Cues {
    pub(super) fn read(reading: &mut Reading<'_>) -> Self {
        Self { catalan: CueTable::read("cues.ca.tsv", reading), spanish: CueTable::read("cues.es.tsv", reading) }
    }

    /// How many cues of polarity, certainty, time and experiencer each language has: Catalan, then Spanish.
    pub(super) fn counts(&self) -> [[usize; 4]; 2] {
        [&self.catalan, &self.spanish].map(|table| {
            let count = |wanted: fn(&Effect) -> bool| table.kinds.iter().filter(|(effect, _, _)| wanted(effect)).count();
            [
                count(|e| matches!(e, Effect::Polarity(_))),
                count(|e| matches!(e, Effect::Certainty(_))),
                count(|e| matches!(e, Effect::Temporality(_))),
                count(|e| matches!(e, Effect::Experiencer(_))),
            ]
        })
    }

    /// The cues in `words`; a sentence in one language often quotes the other, so both tables are read, its own first.
    pub(super) fn matches(&self, words: &[Word], language: Language) -> Vec<Cue> {
        let (first, second) = if language == Language::Spanish { (&self.spanish, &self.catalan) } else { (&self.catalan, &self.spanish) };
        let mut found: Vec<(usize, usize, usize, Cue)> = Vec::new();
        for table in [first, second] {
            for (index, start, end) in table.set.matches(words) {
                let (Some(&(effect, direction, scope)), Some(&length)) = (table.kinds.get(index), table.lengths.get(index)) else {
                    continue;
                };
                let (Some(from), Some(to)) = (words.get(start), words.get(end - 1)) else {
                    continue;
                };
                found.push((start, end, length, Cue { span: from.span.join(to.span), effect, direction, scope }));
            }
        }
        // the longest cue wins where cues overlap; of equal ones the first in the table
        found.sort_by_key(|&(start, end, length, _)| (std::cmp::Reverse(end - start), std::cmp::Reverse(length), start));
        let mut kept: Vec<(usize, usize, Cue)> = Vec::new();
        for (start, end, _, cue) in found {
            if kept.iter().all(|&(s, e, k)| end <= s || e <= start || (s, e) == (start, end) && !same_axis(k.effect, cue.effect)) {
                kept.push((start, end, cue));
            }
        }
        kept.sort_by_key(|&(start, end, _)| (start, end));
        kept.into_iter().map(|(_, _, cue)| cue).filter(|cue| cue.effect != Effect::Pseudo).collect()
    }
}

/// Whether two cues speak of the same axis; a pseudo cue speaks of all.
fn same_axis(a: Effect, b: Effect) -> bool {
    std::mem::discriminant(&a) == std::mem::discriminant(&b) || a == Effect::Pseudo || b == Effect::Pseudo
}

impl CueTable {
    fn read(file: &str, reading: &mut Reading<'_>) -> Self {
        let mut table = Self::default();
        let mut patterns = Vec::new();
        for row in reading.table(file, &["pattern", "axis", "value", "direction", "scope"]).rows() {
            let Some(pattern) = row.value::<Pattern>("pattern", reading) else {
                continue;
            };
            let effect = match row.cell("axis") {
                "polarity" => row.value("value", reading).map(Effect::Polarity),
                "certainty" => row.value("value", reading).map(Effect::Certainty),
                "temporality" => row.value("value", reading).map(Effect::Temporality),
                "experiencer" => row.value("value", reading).map(Effect::Experiencer),
                "break" => Some(Effect::Break),
                "pseudo" => Some(Effect::Pseudo),
                _ => {
                    row.problem(reading, "column axis: write polarity, certainty, temporality, experiencer, break or pseudo");
                    None
                }
            };
            let scope = match (row.cell("scope"), row.cell("scope").parse()) {
                ("clause" | "", _) => Scope::Clause,
                ("sentence", _) => Scope::Sentence,
                (_, Ok(n)) => Scope::Words(n),
                _ => {
                    row.problem(reading, "column scope: write clause, sentence or a number of words");
                    continue;
                }
            };
            let direction = if row.cell("direction").is_empty() { Some(Direction::Forward) } else { row.value("direction", reading) };
            if let (Some(effect), Some(direction)) = (effect, direction) {
                table.kinds.push((effect, direction, scope));
                table.lengths.push(pattern.n_words());
                patterns.push(pattern);
            }
        }
        table.set = PatternSet::new(patterns);
        table
    }
}
