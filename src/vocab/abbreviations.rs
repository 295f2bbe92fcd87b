use super::table::Reading;
use crate::{
    text::{Word, fold, words},
    types::Language,
};
use std::collections::{HashMap, HashSet};

/// The short forms of notes and what they stand for (facts/users.md §4).
#[derive(Debug, Default)]
pub(super) struct Abbreviations {
    by_form: HashMap<String, Vec<Abbreviation>>,
    dotted: HashSet<String>,
}

#[derive(Debug)]
struct Abbreviation {
    /// Written in capitals in the table: an ambiguous form must then be in capitals in the text.
    capitals: bool,
    ambiguous: bool,
    /// Folded beginnings of words; one must stand in the sentence if the form is ambiguous and there are any.
    context: Vec<String>,
    catalan: String,
    spanish: String,
}

impl Abbreviations {
    pub(super) fn read(reading: &mut Reading<'_>) -> Self {
        let mut abbreviations = Self::default();
        let table = reading.table("abbreviations.tsv", &["form", "ca", "es", "ambiguous", "context", "dotted"]);
        for row in table.rows() {
            let written = words(row.cell("form"), 0);
            let [form] = written.as_slice() else {
                row.problem(reading, "column form: one word, such as RGC or s/");
                continue;
            };
            if row.cell("ca").is_empty() || row.cell("es").is_empty() {
                row.problem(reading, "the expansion is missing in ca or es");
                continue;
            }
            if row.cell("dotted") == "1" {
                abbreviations.dotted.insert(form.folded.clone());
            }
            abbreviations.by_form.entry(form.folded.clone()).or_default().push(Abbreviation {
                capitals: form.capitals,
                ambiguous: row.cell("ambiguous") == "1",
                context: row.cell("context").split('|').filter(|c| !c.is_empty()).map(|c| fold(c.trim())).collect(),
                catalan: row.cell("ca").to_owned(),
                spanish: row.cell("es").to_owned(),
            });
        }
        abbreviations
    }

    /// Forms after which a full stop does not end a sentence.
    pub(super) fn dotted(&self) -> HashSet<String> {
        self.dotted.clone()
    }

    /// `words` with every abbreviation spelled out, or `None` if there is none; spelled-out words keep the span of their form.
    pub(super) fn expand(&self, sentence: &[Word], language: Language) -> Option<Vec<Word>> {
        let mut expanded = Vec::with_capacity(sentence.len() + 8);
        let mut changed = false;
        for word in sentence {
            match self.choose(word, sentence) {
                None => expanded.push(word.clone()),
                Some(abbreviation) => {
                    changed = true;
                    let full = if language == Language::Spanish { &abbreviation.spanish } else { &abbreviation.catalan };
                    expanded.extend(words(full, 0).into_iter().map(|w| Word { span: word.span, ..w }));
                }
            }
        }
        changed.then_some(expanded)
    }

    /// The reading of an abbreviation that the sentence supports: an ambiguous form needs its capitals and, when it has
    /// context words, one of them; never decided blindly.
    fn choose(&self, word: &Word, sentence: &[Word]) -> Option<&Abbreviation> {
        let readings = self.by_form.get(&word.folded)?;
        readings.iter().find(|reading| {
            let cased = !reading.capitals || word.capitals || (!reading.ambiguous && word.folded.len() > 2);
            let supported = reading.context.is_empty()
                || sentence.iter().any(|w| w.span != word.span && reading.context.iter().any(|c| w.folded.starts_with(c.as_str())));
            cased && (!reading.ambiguous || (supported && (word.capitals || !reading.context.is_empty())))
        })
    }
}
