use crate::{
    model::{self, Model},
    types::{ConceptId, Language},
    vocab::{Concept, Vocabulary},
};
use std::{collections::BTreeMap, path::Path};

/// The file of concept vectors in a model folder.
const FILE: &str = "concepts.safetensors";

/// The encoder's vectors of the concepts, each of length one, with a fingerprint of the terms they were made from.
///
/// A concept that is new or was changed gets its vector when the release is opened: nothing is trained for it.
#[derive(Debug, Default, Clone)]
pub struct ConceptVectors {
    by_concept: BTreeMap<ConceptId, (u64, Vec<f32>)>,
}

impl ConceptVectors {
    /// The vectors kept in a model folder; none if it keeps none.
    ///
    /// # Errors
    /// [`model::Error::Weights`] if the file is there and cannot be read.
    pub fn read(folder: &Path) -> Result<Self, model::Error> {
        let by_concept = model::read_vectors(&folder.join(FILE))?;
        let parsed = by_concept.into_iter().filter_map(|(name, vector)| {
            let (concept, print) = name.split_once('#')?;
            Some((concept.parse().ok()?, (u64::from_str_radix(print, 16).ok()?, vector)))
        });
        Ok(Self { by_concept: parsed.collect() })
    }

    /// Writes the vectors into a model folder.
    ///
    /// # Errors
    /// [`model::Error::Weights`] if the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), model::Error> {
        let named = self.by_concept.iter().map(|(concept, (print, vector))| (format!("{concept}#{print:016x}"), vector.clone()));
        model::write_vectors(&folder.join(FILE), named.collect())
    }

    /// Makes the vectors of concepts that have none, or whose terms have changed; returns how many were made.
    ///
    /// # Errors
    /// As [`Model::vector`].
    pub fn refresh(&mut self, vocabulary: &Vocabulary, model: &Model) -> Result<usize, model::Error> {
        let mut made = 0;
        for concept in vocabulary.dictionary.concepts().iter().filter(|c| !c.bare && c.needs.iter().any(|l| l.states)) {
            let text = concept_text(concept);
            let print = fingerprint(&text);
            if self.by_concept.get(&concept.id).is_none_or(|(known, _)| *known != print) {
                self.by_concept.insert(concept.id, (print, model.vector(&text)?));
                made += 1;
            }
        }
        Ok(made)
    }

    /// How near a concept is to a vector of length one: -1 to 1, 0 if the concept has no vector.
    #[must_use]
    pub fn similarity(&self, concept: ConceptId, vector: &[f32]) -> f32 {
        self.by_concept.get(&concept).map_or(0.0, |(_, own)| own.iter().zip(vector).map(|(x, y)| x * y).sum())
    }
}

/// The first terms of a concept as one text, from which its vector is made.
fn concept_text(concept: &Concept) -> String {
    let of = |language| concept.terms.iter().filter(move |t| t.language == language).take(5).map(|t| t.text.as_str());
    of(Language::Catalan).chain(of(Language::Spanish)).collect::<Vec<_>>().join(". ")
}

/// FNV-1a, 64 bits: the same on every machine.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
