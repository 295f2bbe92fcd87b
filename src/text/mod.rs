//! Plain text work: a narrative becomes sentences, clauses and words, each pointing back to the text as it came in.
//!
//! Invariant: sentences are in order and disjoint, and nothing but white space lies between them. Nothing here can fail:
//! odd text gives odd sentences, never an error.

mod language;
mod normalize;
mod sentence;
mod word;

use crate::types::{Language, Narrative, Span};
use std::collections::HashSet;

pub use normalize::{fold, fold_char};
pub use word::{Stems, Word, words};

/// A narrative taken apart.
#[derive(Debug)]
pub struct Document {
    /// The language of the whole.
    pub language: Language,
    /// The sentences, in order.
    pub sentences: Vec<Sentence>,
}

/// A sentence with its words and clauses.
#[derive(Debug, Clone)]
pub struct Sentence {
    /// Where it lies.
    pub span: Span,
    /// Catalan, Spanish or unknown.
    pub language: Language,
    /// Its words, in order.
    pub words: Vec<Word>,
    /// Stretches between commas and other breaks, in order; at least one.
    pub clauses: Vec<Span>,
}

/// Takes a narrative apart; `dotted` holds folded words after which a full stop does not end a sentence ("sra", "tel").
#[must_use]
pub fn read(narrative: &Narrative, dotted: &HashSet<String>) -> Document {
    let text = narrative.text();
    let mut sentences: Vec<Sentence> = sentence::split(text, dotted)
        .into_iter()
        .map(|span| {
            let words = word::words(span.of(text), span.start());
            Sentence { span, language: Language::Unknown, clauses: sentence::clauses(text, span, &words), words }
        })
        .collect();
    let language = language::assign(text, &mut sentences);
    Document { language, sentences }
}
