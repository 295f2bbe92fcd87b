use crate::{
    model::{self, Model},
    types::{ConceptId, Language, fnv},
    vocab::{Concept, Vocabulary},
};
use std::{collections::BTreeMap, path::Path};

/// The file of concept vectors in a model folder.
const FILE: &str = "concepts.safetensors";
/// Terms of a concept, in each language, that get a vector.
const TERMS: usize = 4;

/// The encoder's vectors of the concepts, one for each of the first terms, each of length one, with a fingerprint of those terms.
///
/// A concept that is new or was changed gets its vector when the release is opened: nothing is trained for it.
#[derive(Debug, Default, Clone)]
pub struct ConceptVectors {
    by_concept: BTreeMap<ConceptId, (u64, Vec<Vec<f32>>)>,
}

impl ConceptVectors {
    /// The vectors kept in a model folder; none if it keeps none.
    ///
    /// # Errors
    /// [`model::Error::Weights`] if the file is there and cannot be read.
    pub fn read(folder: &Path) -> Result<Self, model::Error> {
        let mut vectors = Self::default();
        for (name, vector) in model::read_vectors(&folder.join(FILE))? {
            let parsed = name.split_once('#').and_then(|(c, print)| Some((c.parse().ok()?, u64::from_str_radix(print, 16).ok()?)));
            if let Some((concept, print)) = parsed {
                vectors.by_concept.entry(concept).or_insert_with(|| (print, Vec::new())).1.push(vector);
            }
        }
        Ok(vectors)
    }

    /// Writes the vectors into a model folder.
    ///
    /// # Errors
    /// [`model::Error::Weights`] if the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), model::Error> {
        let named = |(concept, (print, vectors)): (&ConceptId, &(u64, Vec<Vec<f32>>))| {
            let name = format!("{concept}#{print:016x}");
            vectors.iter().map(move |vector| (name.clone(), vector.clone())).collect::<Vec<_>>()
        };
        model::write_vectors(&folder.join(FILE), self.by_concept.iter().flat_map(named).collect())
    }

    /// Makes the vectors of concepts that have none, or whose terms have changed; returns how many were made.
    ///
    /// # Errors
    /// As [`Model::vector`].
    pub fn refresh(&mut self, vocabulary: &Vocabulary, model: &Model) -> Result<usize, model::Error> {
        let mut made = 0;
        for concept in vocabulary.dictionary.concepts().iter().filter(|c| !c.bare && c.needs.iter().any(|l| l.states)) {
            let terms = first_terms(concept);
            let print = fnv(terms.join("\n").as_bytes());
            if self.by_concept.get(&concept.id).is_none_or(|(known, _)| *known != print) {
                let vectors = terms.into_iter().map(|term| model.vector(term)).collect::<Result<_, _>>()?;
                self.by_concept.insert(concept.id, (print, vectors));
                made += 1;
            }
        }
        Ok(made)
    }

    /// How near the nearest term of a concept is to a vector of length one: -1 to 1, 0 if the concept has no vector.
    #[must_use]
    pub fn similarity(&self, concept: ConceptId, vector: &[f32]) -> f32 {
        let along = |own: &Vec<f32>| own.iter().zip(vector).map(|(x, y)| x * y).sum::<f32>();
        let nearest = self.by_concept.get(&concept).and_then(|(_, own)| own.iter().map(along).max_by(f32::total_cmp));
        nearest.unwrap_or(0.0)
    }
}

/// The first terms of a concept in both languages.
fn first_terms(concept: &Concept) -> Vec<&str> {
    let of = |language| concept.terms.iter().filter(move |t| t.language == language).take(TERMS).map(|t| t.text.as_str());
    of(Language::Catalan).chain(of(Language::Spanish)).collect()
}
