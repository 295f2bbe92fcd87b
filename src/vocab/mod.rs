//! The vocabulary: one release folder, read whole, checked, and looked things up in. The only door to `vocab/`.
//!
//! Everything a terminologist or a department may correct is a table there: concepts and their terms, abbreviations, cues of
//! negation, certainty, time and experiencer, safety cues, needs, actions, their links and exclusions, the matrix and its
//! rules. `vocab/README.md` says what each column holds.

mod abbreviations;
mod catalogue;
mod check;
mod cues;
mod dictionary;
mod lexicon;
mod matrix;
mod pattern;
mod phrases;
mod safety;
mod search;
mod settings;
mod table;

pub use catalogue::{Action, Catalogue, Exclusion, Need, Trigger};
pub use cues::{Cue, Direction, Effect, Scope};
pub use dictionary::{Concept, Dictionary, NeedLink, TermType};
pub use lexicon::Match;
pub use matrix::{Cell, Matrix, NeedCell, Rule, Signal};
pub use pattern::{Pattern, PatternSet};
pub use safety::{SafetyCue, SafetyCues, SafetyRuleText};
pub use search::Candidate;
pub use settings::{LevelSettings, Settings};

use crate::{
    text::{Sentence, Word},
    types::{Language, hex},
};
use sha2::{Digest, Sha256};
use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};
use table::Reading;

/// The URI of our own code system, the primary key of the dictionary (facts/snomed.md, "Decided").
pub const SYSTEM: &str = "urn:relat:dictionary";
/// The URI of SNOMED CT in FHIR.
pub const SNOMED: &str = "http://snomed.info/sct";

/// Something wrong with a release, named by file and line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// File within the release folder.
    pub file: String,
    /// Line, 1 for the header; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

/// Why a release cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder holds no release.
    #[error("{path} holds no vocabulary release (release.toml is missing): name the folder with --vocabulary or RELAT_VOCABULARY")]
    NotARelease {
        /// The folder that was looked in.
        path: PathBuf,
    },
    /// Rows that are wrong; the first few are named.
    #[error("the vocabulary in {path} has {} problems: run `relat vocab check`; the first is {}", problems.len(), problems[0])]
    Problems {
        /// The folder.
        path: PathBuf,
        /// All of them; never empty.
        problems: Vec<Problem>,
    },
    /// The search index could not be built.
    #[error("the search index of the vocabulary could not be built: {0}")]
    Index(#[from] tantivy::TantivyError),
}

/// A release, loaded and immutable.
pub struct Vocabulary {
    /// Name and version, as in `release.toml`.
    pub name: String,
    /// Concepts and their terms.
    pub dictionary: Dictionary,
    /// Needs, actions, links and exclusions.
    pub catalogue: Catalogue,
    /// Domains, levels, cells and rules of the instrument.
    pub matrix: Matrix,
    /// Safety rules and their cues.
    pub safety: SafetyCues,
    /// Numbers that rules use.
    pub settings: Settings,
    cues: cues::Cues,
    abbreviations: abbreviations::Abbreviations,
    lexicon: lexicon::Lexicon,
    phrases: phrases::Phrases,
    search: search::Search,
    dotted: HashSet<String>,
    dictionary_fingerprint: String,
    rules_fingerprint: String,
}

/// The words of a sentence as the vocabulary reads them.
pub struct ReadSentence<'a> {
    /// As written.
    pub written: &'a [Word],
    /// With abbreviations spelled out, each word pointing at the abbreviation; `None` when there are none.
    pub expanded: Option<Vec<Word>>,
}

impl ReadSentence<'_> {
    /// Both readings, the written one first.
    pub fn readings(&self) -> impl Iterator<Item = &[Word]> {
        std::iter::once(self.written).chain(self.expanded.as_deref())
    }

    /// The words as written, but for abbreviations of a single word ("s/", "q"): the letters of an institution's long name are no
    /// cues.
    fn for_cues(&self) -> Vec<Word> {
        let expanded = self.expanded.as_deref().unwrap_or_default();
        let single = |word: &Word| {
            let mut same = expanded.iter().filter(|e| e.span == word.span);
            same.next().filter(|_| same.next().is_none()).cloned()
        };
        self.written.iter().map(|word| single(word).unwrap_or_else(|| word.clone())).collect()
    }

    /// The reading with abbreviations spelled out, or as written when there are none.
    #[must_use]
    pub fn spelled_out(&self) -> &[Word] {
        self.expanded.as_deref().unwrap_or(self.written)
    }
}

impl Vocabulary {
    /// Reads the release in `root`.
    ///
    /// # Errors
    /// [`Error::NotARelease`] without `release.toml`, [`Error::Problems`] with every wrong row, [`Error::Index`] if memory for the
    /// search index cannot be had.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let (vocabulary, problems) = Self::read(root)?;
        if problems.is_empty() { Ok(vocabulary) } else { Err(Error::Problems { path: root.to_owned(), problems }) }
    }

    /// All that is wrong with the release in `root`, in order of files: wrong rows, broken links, missing terms and languages.
    ///
    /// # Errors
    /// As [`Vocabulary::open`], but for [`Error::Problems`], which are the answer here.
    pub fn check(root: &Path) -> Result<(Self, Vec<Problem>), Error> {
        let (vocabulary, mut problems) = Self::read(root)?;
        problems.extend(check::complete(&vocabulary));
        problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        Ok((vocabulary, problems))
    }

    fn read(root: &Path) -> Result<(Self, Vec<Problem>), Error> {
        if !root.join("release.toml").is_file() {
            return Err(Error::NotARelease { path: root.to_owned() });
        }
        let mut reading = Reading { root, problems: Vec::new(), contents: Vec::new() };
        let name = settings::release_name(&mut reading);
        let dictionary = Dictionary::read(&mut reading);
        let dictionary_fingerprint = fingerprint(&std::mem::take(&mut reading.contents));
        let abbreviations = abbreviations::Abbreviations::read(&mut reading);
        let catalogue = Catalogue::read(&mut reading);
        dictionary.check_links(&catalogue, &mut reading);
        let matrix = Matrix::read(&mut reading);
        let safety = SafetyCues::read(&catalogue, &mut reading);
        let settings = Settings::read(&mut reading);
        let cues = cues::Cues::read(&mut reading);
        let lexicon = lexicon::Lexicon::build(&dictionary, &abbreviations, settings.lexicon, &mut reading);
        let phrases = phrases::Phrases::read(&dictionary, &mut reading);
        let rules_fingerprint = fingerprint(&reading.contents);
        let search = search::Search::build(&dictionary, &lexicon)?;
        let problems = std::mem::take(&mut reading.problems);
        let dotted = abbreviations.dotted();
        let vocabulary = Self {
            name,
            dictionary,
            catalogue,
            matrix,
            safety,
            settings,
            cues,
            abbreviations,
            lexicon,
            phrases,
            search,
            dotted,
            dictionary_fingerprint,
            rules_fingerprint,
        };
        Ok((vocabulary, problems))
    }

    /// Name and fingerprint of the dictionary, and fingerprint of everything else.
    #[must_use]
    pub fn release(&self) -> (String, String) {
        (format!("{}+{}", self.name, self.dictionary_fingerprint), self.rules_fingerprint.clone())
    }

    /// Folded words after which a full stop does not end a sentence.
    #[must_use]
    pub fn dotted(&self) -> &HashSet<String> {
        &self.dotted
    }

    /// Spells out the abbreviations of a sentence.
    #[must_use]
    pub fn read_sentence<'a>(&self, sentence: &'a Sentence) -> ReadSentence<'a> {
        ReadSentence { written: &sentence.words, expanded: self.abbreviations.expand(&sentence.words, sentence.language) }
    }

    /// The terms and phrases of the dictionary in a sentence, in order of the text; of two where one holds the other the longer is kept.
    #[must_use]
    pub fn terms_in(&self, sentence: &ReadSentence<'_>) -> Vec<Match> {
        let mut found = self.lexicon.matches(sentence, &self.search);
        found.extend(self.phrases.matches(sentence));
        found.sort_by_key(|m| (std::cmp::Reverse(m.n_words), m.tier, m.span.start(), std::cmp::Reverse(m.span.len()), m.concept));
        let mut kept: Vec<Match> = Vec::new();
        for one in found {
            let same = |k: &Match| k.concept == one.concept && k.span.overlaps(one.span);
            if !kept.iter().any(|k| k.span.contains(one.span) || same(k)) {
                kept.push(one);
            }
        }
        kept.sort_by_key(|m| m.span);
        kept
    }

    /// The cues of negation, certainty, time and experiencer in a sentence, pseudo cues resolved.
    #[must_use]
    pub fn cues_in(&self, sentence: &ReadSentence<'_>, language: Language) -> Vec<Cue> {
        self.cues.matches(&sentence.for_cues(), language)
    }

    /// Concepts whose terms are nearest to `text` by words and stems, best first, at most `limit`.
    #[must_use]
    pub fn candidates(&self, text: &str, limit: usize) -> Vec<Candidate> {
        self.search.candidates(text, limit)
    }
}

/// Twelve hexadecimal digits over names and contents of files.
fn fingerprint(files: &[(String, Vec<u8>)]) -> String {
    let mut hash = Sha256::new();
    for (name, bytes) in files {
        hash.update(name.as_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    }
    hex(&hash.finalize()[..6])
}
