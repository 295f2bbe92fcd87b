use super::{
    augment::hurried,
    dataset::{Example, Labels, Unit, read_narratives, read_sentences},
    lexical::LexicalRun,
};
use crate::{
    types::{Language, NeedStatus, Span},
    vocab::Vocabulary,
};
use anyhow::{Context, ensure};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// A training run: which corpora, which layers, for how long. Paths are relative to the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// Name of the model folder that is made.
    pub name: String,
    /// Folders of models, beside the new one, whose learning is carried on, their weights averaged; the base encoder if there is none.
    ///
    /// # Source
    /// Wortsman et al. 2022: an average of models from one start reads new texts better than each.
    #[serde(default)]
    pub from: Vec<String>,
    /// Seed of everything random.
    pub seed: u64,
    /// Folders with `sentences/*.tsv` and `narratives/*.jsonl`.
    pub corpora: Vec<PathBuf>,
    /// Upper layers that are taught; the lower ones stay, and are run once.
    pub layers: usize,
    /// Passes over the corpora; with 0 only the lexical head learns.
    pub epochs: usize,
    /// Passes after which the run ends early, its rate not yet fallen to zero: for a run that another carries on.
    #[serde(default)]
    pub stop_after: Option<usize>,
    /// Highest learning rate of the layers.
    pub rate: f64,
    /// Highest learning rate of the heads.
    pub head_rate: f64,
    /// Pieces in a batch, about.
    pub batch_pieces: usize,
    /// Share of the texts that is also learnt as typed in a hurry.
    pub hurried: f64,
    /// Narratives on which the run calibrates and chooses the threshold, beside the corpora and never learnt from.
    #[serde(default)]
    pub calibrate_on: Vec<PathBuf>,
    /// Without such narratives one in so many of the corpora is kept out for it.
    pub held_out_one_in: usize,
    /// Share of the pooled vector that is left out at random while learning.
    pub dropout: f32,
    /// Whether the terms of the dictionary are learnt from too: each says the needs and the level of its concept.
    pub terms: bool,
    /// How the lexical head learns.
    pub lexical: LexicalRun,
}

impl RunFile {
    /// Reads a run file.
    ///
    /// # Errors
    /// If it cannot be read or is not of this form; the file is named.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("reading {}", path.display()))
    }
}

/// All examples of the run: narratives as they are, sentences gathered into notes of one to seven lines in one language.
pub(super) fn corpora(root: &Path, run: &RunFile, vocabulary: &Vocabulary) -> anyhow::Result<Vec<Example>> {
    let mut lines = if run.terms { terms(vocabulary) } else { Vec::new() };
    let mut examples = Vec::new();
    for corpus in &run.corpora {
        for path in files(&root.join(corpus).join("sentences"), "tsv")? {
            lines.extend(read_sentences(&path)?);
        }
        for path in files(&root.join(corpus).join("narratives"), "jsonl")? {
            examples.extend(read_narratives(&path)?);
        }
    }
    if run.calibrate_on.is_empty() {
        examples.iter_mut().for_each(|e| e.kept_out = hash(&e.id).is_multiple_of(run.held_out_one_in));
    }
    for path in &run.calibrate_on {
        examples.extend(read_narratives(&root.join(path))?.into_iter().map(|e| Example { kept_out: true, ..e }));
    }
    let mut random = StdRng::seed_from_u64(run.seed);
    lines.shuffle(&mut random);
    for language in [Language::Catalan, Language::Spanish] {
        let mut of_language =
            lines.iter().filter(|l| l.language == language || l.language == Language::Mixed && random_side(l) == language);
        loop {
            let n = random.random_range(1..=7);
            let group: Vec<&Example> = of_language.by_ref().take(n).collect();
            if group.is_empty() {
                break;
            }
            examples.push(gather(&group));
        }
    }
    let n_hurried = examples.iter().enumerate().filter(|_| random.random_bool(run.hurried)).map(|(i, _)| i).collect::<Vec<_>>();
    let copies: Vec<Example> = n_hurried.iter().map(|&i| hurried(&examples[i], run.seed ^ i as u64)).collect();
    examples.extend(copies);
    ensure!(!examples.is_empty(), "the corpora of the run hold no text");
    Ok(examples)
}

/// A number of a narrative's name, by which one in so many is kept out.
fn hash(id: &str) -> usize {
    id.bytes().fold(0_usize, |h, b| h.wrapping_mul(31).wrapping_add(usize::from(b)))
}

/// The terms of concepts that may be coded, as lines: each says what its concept states.
fn terms(vocabulary: &Vocabulary) -> Vec<Example> {
    let mut lines = Vec::new();
    for concept in vocabulary.dictionary.concepts().iter().filter(|c| !c.bare) {
        let needs = concept.needs.iter().filter(|l| l.states).map(|l| (l.need, NeedStatus::Present)).collect();
        let labels = Labels { needs, levels: concept.cell.into_iter().collect(), safety: vec![] };
        for term in concept.terms.iter().filter(|t| t.language != Language::Unknown) {
            let text = format!("{}.", term.text);
            let span = Span::new(0, text.len());
            let id = format!("term:{}", concept.id);
            lines.push(Example {
                id,
                language: term.language,
                kept_out: false,
                text,
                sentences: vec![span],
                units: vec![Unit { span, labels: labels.clone() }],
            });
        }
    }
    lines
}

/// The language among whose lines a mixed line is put: even by length.
fn random_side(line: &Example) -> Language {
    if line.text.len().is_multiple_of(2) { Language::Catalan } else { Language::Spanish }
}

fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(Vec::new());
    };
    let mut paths: Vec<PathBuf> = entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.retain(|p| p.extension().is_some_and(|e| e == extension));
    paths.sort();
    Ok(paths)
}

/// One text of several lines.
fn gather(lines: &[&Example]) -> Example {
    let mut note = Example {
        id: lines[0].id.clone(),
        language: lines[0].language,
        kept_out: false,
        text: String::new(),
        sentences: vec![],
        units: vec![],
    };
    for line in lines {
        if !note.text.is_empty() {
            note.text.push(' ');
        }
        let start = note.text.len();
        note.text.push_str(&line.text);
        let span = Span::new(start, note.text.len());
        note.sentences.push(span);
        note.units.extend(line.units.iter().map(|u| Unit { span, labels: u.labels.clone() }));
    }
    note
}
