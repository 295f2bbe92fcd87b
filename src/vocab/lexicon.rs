use super::{
    ReadSentence, abbreviations::Abbreviations, dictionary::Dictionary, search::Search, settings::LexiconSettings, table::Reading,
};
use crate::{
    text::{Stems, Word, fold, words},
    types::{ConceptId, Language, Span, Tier},
};
use std::collections::{HashMap, HashSet};

/// A term of the dictionary in a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// Where.
    pub span: Span,
    /// The concept; of several with this term the first of the table.
    pub concept: ConceptId,
    /// How it was recognised.
    pub tier: Tier,
    /// Number of words that matched; more words are better evidence.
    pub n_words: usize,
}

/// The terms, ready to be found: as sequences of folded words, and as pairs of stems with small gaps.
#[derive(Default)]
pub(super) struct Lexicon {
    stems: Stems,
    settings: LexiconSettings,
    /// Folded words of all terms: what is not among them may be a typo.
    known: HashSet<String>,
    /// By first folded word: whole sequences, longest first.
    sequences: HashMap<String, Vec<Sequence>>,
    /// By first two stems, for each language.
    pairs: [HashMap<(String, String), Vec<StemTerm>>; 2],
    /// Terms of a single stem, for each language.
    singles: [HashMap<String, ConceptId>; 2],
    no_stem: HashSet<String>,
    small: [HashSet<String>; 2],
    binding: HashSet<String>,
}

struct Sequence {
    folded: Vec<String>,
    lower: Vec<String>,
    concept: ConceptId,
}

struct StemTerm {
    stems: Vec<String>,
    concept: ConceptId,
}

impl Lexicon {
    pub(super) fn build(
        dictionary: &Dictionary,
        abbreviations: &Abbreviations,
        settings: LexiconSettings,
        reading: &mut Reading<'_>,
    ) -> Self {
        let mut lexicon = Self { settings, ..Self::default() };
        for row in reading.table("no_stem.tsv", &["word", "why"]).rows() {
            lexicon.no_stem.insert(fold(row.cell("word")));
        }
        for row in reading.table("small_words.tsv", &["lang", "word", "binds"]).rows() {
            let word = fold(row.cell("word"));
            if row.cell("binds") == "1" {
                lexicon.binding.insert(word);
            } else if let Some(language) = row.value::<Language>("lang", reading) {
                lexicon.small[side(language)].insert(word);
            }
        }
        for concept in dictionary.concepts().iter().filter(|concept| !concept.bare) {
            for term in concept.terms.iter().filter(|term| term.language != Language::Unknown) {
                let written = words(&term.text, 0);
                let expanded = abbreviations.expand(&written, term.language);
                for reading in std::iter::once(&written).chain(&expanded) {
                    lexicon.add(reading, concept.id, term.language);
                }
            }
        }
        for sequences in lexicon.sequences.values_mut() {
            sequences.sort_by_key(|sequence| std::cmp::Reverse(sequence.folded.len()));
        }
        lexicon
    }

    fn add(&mut self, written: &[Word], concept: ConceptId, language: Language) {
        let folded: Vec<String> = written.iter().map(|w| w.folded.clone()).collect();
        let Some(first) = folded.first().cloned() else {
            return;
        };
        self.known.extend(folded.iter().cloned());
        let same_start = self.sequences.entry(first).or_default();
        if !same_start.iter().any(|sequence| sequence.folded == folded) {
            let lower = written.iter().map(|w| w.lower.clone()).collect();
            same_start.push(Sequence { folded: folded.clone(), lower, concept });
        }
        let side = side(language);
        let content: Vec<&String> = folded.iter().filter(|word| !self.small[side].contains(*word)).collect();
        let stems: Vec<String> = content.iter().map(|word| self.stem(word, side)).collect();
        match stems.as_slice() {
            [] => {}
            [only] => {
                if content.iter().all(|word| word.chars().count() >= self.settings.single_stem && !self.no_stem.contains(*word)) {
                    self.singles[side].entry(only.clone()).or_insert(concept);
                }
            }
            // "no pot" alone says nothing: beside a binding word two others must stand, or one long one
            many if many
                .iter()
                .filter(|stem| !self.is_bound(stem))
                .map(|stem| stem.chars().count().min(self.settings.single_stem - 1))
                .sum::<usize>()
                < self.settings.single_stem - 1 => {}
            [a, b, ..] => {
                let terms = self.pairs[side].entry((a.clone(), b.clone())).or_default();
                if !terms.iter().any(|t| t.concept == concept && t.stems == stems) {
                    terms.push(StemTerm { stems: stems.clone(), concept });
                }
            }
        }
    }

    fn is_bound(&self, stem: &str) -> bool {
        stem.strip_prefix('=').is_some_and(|word| self.binding.contains(word))
    }

    /// The stem of a word; words of the no-stem list are their own stem, kept apart from all others.
    fn stem(&self, folded: &str, side: usize) -> String {
        if self.no_stem.contains(folded) || self.binding.contains(folded) {
            return format!("={folded}");
        }
        let [catalan, spanish] = self.stems.of(folded);
        if side == 0 { catalan } else { spanish }
    }

    /// Folded words of all terms.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    /// Every match in a sentence.
    pub(super) fn matches(&self, sentence: &ReadSentence<'_>, search: &Search) -> Vec<Match> {
        let mut found = Vec::new();
        for reading in sentence.readings() {
            self.folded_matches(reading, Tier::Exact, &mut found);
            self.stem_matches(reading, &mut found);
        }
        if let Some(mended) = self.mend(sentence.spelled_out(), search) {
            self.folded_matches(&mended, Tier::Fuzzy, &mut found);
        }
        found
    }

    /// Whole terms, word for word. `surest` is the tier of a letter-perfect match: `Exact`, or `Fuzzy` for mended words.
    fn folded_matches(&self, words: &[Word], surest: Tier, found: &mut Vec<Match>) {
        for (start, word) in words.iter().enumerate() {
            let Some(sequences) = self.sequences.get(&word.folded) else {
                continue;
            };
            let rest = &words[start..];
            let fits = |s: &&Sequence| s.folded.len() <= rest.len() && s.folded.iter().zip(rest).all(|(a, b)| *a == b.folded);
            let Some(sequence) = sequences.iter().find(fits) else {
                continue;
            };
            let matched = &rest[..sequence.folded.len()];
            let exact = sequence.lower.iter().zip(matched).all(|(a, b)| *a == b.lower);
            let tier = if surest == Tier::Fuzzy {
                Tier::Fuzzy
            } else if exact {
                Tier::Exact
            } else {
                Tier::Folded
            };
            let single_fuzzy = tier == Tier::Fuzzy && matched.len() == 1 && word.folded.chars().count() < self.settings.single_fuzzy;
            if let (Some(last), false) = (matched.last(), single_fuzzy) {
                let span = word.span.join(last.span);
                found.push(Match { span, concept: sequence.concept, tier, n_words: matched.len() });
            }
        }
    }

    /// Terms by their stems, with small words anywhere and up to [`LexiconSettings::stem_gap`] other words between two stems.
    fn stem_matches(&self, words: &[Word], found: &mut Vec<Match>) {
        for side in 0..2 {
            let content: Vec<(&Word, String)> = words
                .iter()
                .filter(|word| !self.small[side].contains(&word.folded))
                .map(|word| (word, self.stem(&word.folded, side)))
                .collect();
            for (at, (word, first)) in content.iter().enumerate() {
                if let Some(&concept) = self.singles[side].get(first)
                    && word.folded.chars().count() >= self.settings.single_stem
                {
                    found.push(Match { span: word.span, concept, tier: Tier::Stem, n_words: 1 });
                }
                for (_, second) in content.iter().skip(at + 1).take(self.settings.stem_gap + 1) {
                    for term in self.pairs[side].get(&(first.clone(), second.clone())).map_or(&[][..], Vec::as_slice) {
                        if let Some(end) = self.fit(&content, at, &term.stems) {
                            let span = word.span.join(content[end].0.span);
                            found.push(Match { span, concept: term.concept, tier: Tier::Stem, n_words: term.stems.len() });
                        }
                    }
                }
            }
        }
    }

    /// The place of the last stem if `stems` stand in order from `at`; after a binding word ("no", "sense") the next follows at once.
    fn fit(&self, content: &[(&Word, String)], at: usize, stems: &[String]) -> Option<usize> {
        let mut here = at;
        for pair in stems.windows(2) {
            let gap = if self.is_bound(&pair[0]) || stems.len() == 2 { 1 } else { self.settings.stem_gap };
            here = (here + 1..=(here + gap + 1).min(content.len() - 1)).find(|&next| content[next].1 == pair[1])?;
        }
        Some(here)
    }

    /// The words with unknown long ones replaced by the nearest known one, or `None` if none was replaced.
    fn mend(&self, words: &[Word], search: &Search) -> Option<Vec<Word>> {
        let mut changed = false;
        let mended = words
            .iter()
            .map(|word| {
                let long = word.folded.chars().count() >= self.settings.fuzzy_from && word.folded.chars().all(char::is_alphabetic);
                let better = (long && !self.known.contains(&word.folded)).then(|| search.nearest_word(&word.folded)).flatten();
                changed |= better.is_some();
                better.map_or_else(|| word.clone(), |folded| Word { folded, ..word.clone() })
            })
            .collect();
        changed.then_some(mended)
    }
}

fn side(language: Language) -> usize {
    usize::from(language == Language::Spanish)
}
