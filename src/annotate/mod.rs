//! What is said: concepts found in the text, and what the text says of each.
//!
//! In two steps: terms of the dictionary (exact, folded, stems, mended typos), then, where the classifier reads a situation that
//! no term covers, the concept nearest to it. Assertion is settled for both by the cues around the words.

mod assert;
mod link;
mod vectors;

pub use assert::Context;
pub use vectors::ConceptVectors;

use crate::{
    model::UnitReading,
    text::{Document, Sentence},
    types::{Assertion, ConceptId, Language, Span, Tier},
    vocab::{ReadSentence, Vocabulary},
};

/// A concept found in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Where.
    pub span: Span,
    /// Which.
    pub concept: ConceptId,
    /// What is said of it.
    pub assertion: Assertion,
    /// How it was recognised.
    pub tier: Tier,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// The sentence, as an index into [`Document::sentences`].
    pub sentence: usize,
}

/// A stretch that the classifier read.
#[derive(Debug, Clone)]
pub struct ReadUnit {
    /// Where.
    pub span: Span,
    /// Its sentence.
    pub sentence: usize,
    /// Whether it is the whole sentence; if not, a clause.
    pub whole: bool,
    /// What the heads say.
    pub reading: UnitReading,
}

/// A document with all that later steps look at.
pub struct Noted<'a> {
    /// The text as it came in.
    pub text: &'a str,
    /// Its sentences.
    pub document: &'a Document,
    /// The sentences as the vocabulary reads them.
    pub read: Vec<ReadSentence<'a>>,
    /// The cues of each sentence.
    pub contexts: Vec<Context>,
    /// What the classifier read; empty when no model is loaded.
    pub units: Vec<ReadUnit>,
    /// What was found, in order of the text.
    pub findings: Vec<Finding>,
    /// Phrases that carry a situation but got no concept, in order.
    pub unmapped: Vec<Span>,
}

/// The stretches that a model should read: every sentence, and its clauses if there are several.
#[must_use]
pub fn units(document: &Document) -> Vec<(Span, usize, bool)> {
    let of = |(index, sentence): (usize, &Sentence)| {
        let clauses = if sentence.clauses.len() > 1 { sentence.clauses.clone() } else { Vec::new() };
        std::iter::once((sentence.span, index, true)).chain(clauses.into_iter().map(move |c| (c, index, false))).collect::<Vec<_>>()
    };
    document.sentences.iter().enumerate().filter(|(_, s)| s.language != Language::Unknown).flat_map(of).collect()
}

/// What the model read, beside the needs its outputs stand for and the vectors of the concepts.
pub struct ModelReading<'a> {
    /// The stretches of [`units`] with their readings.
    pub units: Vec<ReadUnit>,
    /// The needs, in the order of the heads.
    pub needs: &'a [crate::types::NeedId],
    /// The vectors of the concepts.
    pub vectors: &'a ConceptVectors,
}

/// Finds and asserts the concepts of a document; `model` is `None` when no model is loaded.
#[must_use]
pub fn annotate<'a>(text: &'a str, document: &'a Document, vocabulary: &Vocabulary, model: Option<ModelReading<'_>>) -> Noted<'a> {
    let read: Vec<ReadSentence<'a>> = document.sentences.iter().map(|s| vocabulary.read_sentence(s)).collect();
    let contexts: Vec<Context> = document
        .sentences
        .iter()
        .zip(&read)
        .map(|(sentence, read)| Context::new(sentence, vocabulary.cues_in(read, sentence.language)))
        .collect();
    let mut findings = Vec::new();
    for (index, (sentence, read)) in document.sentences.iter().zip(&read).enumerate() {
        if sentence.language != Language::Unknown {
            let found = vocabulary.terms_in(read).into_iter();
            findings.extend(found.map(|one| link::finding(&one, index, &contexts[index], vocabulary)));
        }
    }
    let (mut units, mut unmapped) = (Vec::new(), Vec::new());
    if let Some(model) = model {
        let by_model = link::by_model(text, &model, &findings, &contexts, vocabulary);
        findings.extend(by_model.findings);
        unmapped = by_model.unmapped;
        units = model.units;
    }
    findings.sort_by_key(|a| (a.span, a.concept));
    Noted { text, document, read, contexts, units, findings, unmapped }
}
