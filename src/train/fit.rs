use super::{
    adam::Adam,
    augment::hurried,
    dataset::{Example, Labels, Unit, read_narratives, read_sentences},
};
use crate::{
    model::{
        BASE_FOLDER, Encoder, EncoderConfig, Heads, Mode, ModelFile, Outputs, STATUSES, Token, Tokenizer, Window, base_weights, pack,
        pooling, safety_index, write_checksums,
    },
    types::{Domain, Language, NeedId, NeedStatus, SafetyStatus, Span},
    vocab::Vocabulary,
};
use anyhow::{Context, ensure};
use candle_core::{D, DType, Device, Tensor, Var, backprop::GradStore};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use rayon::prelude::*;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

/// A training run: which corpora, which layers, for how long. Paths are relative to the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunFile {
    /// Name of the model folder that is made.
    pub name: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Folders with `sentences/*.tsv` and `narratives/*.jsonl`.
    pub corpora: Vec<PathBuf>,
    /// Upper layers that are taught; the lower ones stay, and are run once.
    pub layers: usize,
    /// Passes over the corpora.
    pub epochs: usize,
    /// Highest learning rate of the layers.
    pub rate: f64,
    /// Highest learning rate of the heads.
    pub head_rate: f64,
    /// Pieces in a batch, about.
    pub batch_pieces: usize,
    /// Share of the texts that is also learnt as typed in a hurry.
    pub hurried: f64,
    /// One narrative in so many is kept out, to calibrate and to choose the threshold.
    pub held_out_one_in: usize,
    /// Share of the pooled vector that is left out at random while learning.
    pub dropout: f32,
    /// Whether the terms of the dictionary are learnt from too: each says the needs and the level of its concept.
    pub terms: bool,
}

/// A window ready for the upper layers.
struct Prepared {
    /// Hidden states after the frozen layers, `[T, H]`.
    hidden: Tensor,
    tokens: Vec<Token>,
    units: Vec<Unit>,
    /// The narrative it belongs to, if it is kept out.
    held_out: Option<String>,
}

/// Size and place of everything a run needs.
struct Course<'a> {
    run: &'a RunFile,
    needs: Vec<NeedId>,
    place: HashMap<NeedId, usize>,
    config: EncoderConfig,
    device: Device,
}

/// Runs `run_file`: reads the corpora, teaches, calibrates, and writes the model folder under `models`.
///
/// # Errors
/// If the run file or a corpus is wrong (file and line are named), or the folder cannot be written.
pub fn run(run_file: &Path, models: &Path, vocabulary: &Vocabulary) -> anyhow::Result<PathBuf> {
    let text = std::fs::read_to_string(run_file).with_context(|| format!("reading {}", run_file.display()))?;
    let run: RunFile = toml::from_str(&text).with_context(|| format!("reading {}", run_file.display()))?;
    let root = run_file.parent().unwrap_or(Path::new("."));
    let needs: Vec<NeedId> = vocabulary.catalogue.needs().map(|n| n.id).collect();
    let place = needs.iter().enumerate().map(|(i, n)| (*n, i)).collect();
    let config = EncoderConfig { layers: 12, heads: 12, hidden: 384 };
    let course = Course { run: &run, needs, place, config, device: Device::Cpu };
    let base = models.join(BASE_FOLDER);
    let mut weights = base_weights(&base, &course.device)?;
    let tokenizer = Tokenizer::open(&base.join("tokenizer.json"))?;
    let examples = corpora(root, &run, vocabulary)?;
    let prepared = course.prepare(&examples, &tokenizer, &Encoder::new(&weights, config)?)?;
    let (mean, scale) = course.evening(&prepared, &weights)?;
    weights.insert("head.mean".to_owned(), mean);
    weights.insert("head.scale".to_owned(), scale);
    let vars = course.variables(&weights)?;
    weights.extend(vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())));
    course.fit(models, &prepared, &weights, &vars)
}

/// All examples of the run: narratives as they are, sentences gathered into notes of one to seven lines in one language.
fn corpora(root: &Path, run: &RunFile, vocabulary: &Vocabulary) -> anyhow::Result<Vec<Example>> {
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
                is_narrative: false,
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
        is_narrative: false,
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

impl Course<'_> {
    /// Windows of all examples after the frozen layers.
    fn prepare(&self, examples: &[Example], tokenizer: &Tokenizer, encoder: &Encoder) -> anyhow::Result<Vec<Prepared>> {
        let frozen = self.config.layers - self.run.layers;
        let progress = progress(examples.len(), "frozen layers");
        let one = |example: &Example| -> anyhow::Result<Vec<Prepared>> {
            progress.inc(1);
            let hash = example.id.bytes().fold(0_usize, |h, b| h.wrapping_mul(31).wrapping_add(usize::from(b)));
            let held_out = (example.is_narrative && hash.is_multiple_of(self.run.held_out_one_in)).then(|| example.id.clone());
            let pieces = example.sentences.iter().map(|s| (*s, tokenizer.pieces(s.of(&example.text), s.start())));
            let mut windows = Vec::new();
            for Window { span, tokens } in pack(pieces) {
                let units: Vec<Unit> = example.units.iter().filter(|u| span.contains(u.span) && !u.span.is_empty()).cloned().collect();
                if units.is_empty() || tokens.len() < 3 {
                    continue;
                }
                let ids: Vec<u32> = tokens.iter().map(|t| t.id).collect();
                let ids = Tensor::new(ids.as_slice(), &self.device)?.unsqueeze(0)?;
                let hidden = encoder.layers(&encoder.embed(&ids)?, None, 0..frozen, Mode::Infer)?.squeeze(0)?;
                windows.push(Prepared { hidden, tokens, units, held_out: held_out.clone() });
            }
            Ok(windows)
        };
        let prepared: Vec<Vec<Prepared>> = examples.par_iter().map(one).collect::<anyhow::Result<_>>()?;
        progress.finish();
        Ok(prepared.into_iter().flatten().collect())
    }

    /// What is learnt: the upper layers, from the base, and the heads, from small random numbers.
    fn variables(&self, weights: &HashMap<String, Tensor>) -> anyhow::Result<Vec<(String, Var)>> {
        let mut random = StdRng::seed_from_u64(self.run.seed);
        let taught = |name: &str| {
            (self.config.layers - self.run.layers..self.config.layers).any(|l| name.starts_with(&format!("encoder.layer.{l}.")))
        };
        let mut names: Vec<&String> = weights.keys().filter(|name| taught(name)).collect();
        names.sort();
        let mut vars = Vec::new();
        for name in names {
            vars.push((name.clone(), Var::from_tensor(&weights[name])?));
        }
        for (name, shape) in Heads::shapes(self.config.hidden, self.needs.len()) {
            let count: usize = shape.iter().product();
            let spread = if name.ends_with("weight") { 0.03 } else { 0.0 };
            // at first nothing is said of anything: the first class of each group is "nothing"
            let start = |place: usize| match name {
                "head.mention.bias" => -4.0,
                "head.cells.bias" if place.is_multiple_of(6) => 4.0,
                "head.safety.bias" if place.is_multiple_of(4) => 4.0,
                _ => 0.0,
            };
            let values: Vec<f32> = (0..count).map(|place| start(place) + spread * (random.random::<f32>() * 2.0 - 1.0)).collect();
            vars.push((name.to_owned(), Var::from_tensor(&Tensor::from_vec(values, shape, &self.device)?)?));
        }
        Ok(vars)
    }

    /// Teaches; after each epoch the model is calibrated and its folder written, so that a run that is stopped has left one.
    fn fit(
        &self,
        models: &Path,
        prepared: &[Prepared],
        weights: &HashMap<String, Tensor>,
        vars: &[(String, Var)],
    ) -> anyhow::Result<PathBuf> {
        let encoder = Encoder::new(weights, self.config)?;
        let heads = Heads::new(weights, self.needs.len())?;
        let (of_heads, of_layers): (Vec<_>, Vec<_>) = vars.iter().partition(|(name, _)| name.starts_with("head."));
        let optimizer = |vars: Vec<&(String, Var)>| Adam::new(vars.into_iter().map(|(_, var)| var.clone()), 0.01);
        let (mut for_heads, mut for_layers) = (optimizer(of_heads), optimizer(of_layers));
        let learning: Vec<&Prepared> = prepared.iter().filter(|p| p.held_out.is_none()).collect();
        let mut batches = self.batches(&learning);
        let steps = batches.len() * self.run.epochs;
        let mut random = StdRng::seed_from_u64(self.run.seed + 1);
        let mut step = 0;
        let mut folder = models.join(&self.run.name);
        for epoch in 0..self.run.epochs {
            batches.shuffle(&mut random);
            let progress = progress(batches.len(), &format!("epoch {}", epoch + 1));
            let mut sum = 0.0;
            for batch in &batches {
                #[expect(clippy::cast_precision_loss, reason = "steps of a run")]
                let (done, all) = (step as f64, steps as f64);
                let share = (done / (all * 0.1).max(1.0)).min(1.0) * (1.0 - done / all).max(0.02);
                let (gradients, loss) = self.gradients(batch, &encoder, &heads, vars)?;
                for_heads.step(&gradients, self.run.head_rate * share)?;
                for_layers.step(&gradients, self.run.rate * share)?;
                sum += loss;
                step += 1;
                progress.inc(1);
                #[expect(clippy::cast_precision_loss, reason = "batches of an epoch")]
                progress.set_message(format!("loss {:.3}", sum / (progress.position() as f64)));
            }
            #[expect(clippy::cast_precision_loss, reason = "batches of an epoch")]
            let mean = sum / batches.len() as f64;
            tracing::info!(epoch = epoch + 1, loss = mean, "epoch done");
            let calibrated = self.calibrate(prepared, weights)?;
            folder = self.write(models, weights, vars, calibrated)?;
            progress.finish();
        }
        Ok(folder)
    }

    /// Gradients and loss of a batch, its two halves on two threads.
    fn gradients(&self, batch: &[&Prepared], encoder: &Encoder, heads: &Heads, vars: &[(String, Var)]) -> anyhow::Result<(GradStore, f64)> {
        let one = |half: &[&Prepared]| -> anyhow::Result<(GradStore, f64)> {
            let (outputs, units) = self.forward(half, encoder, heads, Mode::Train)?;
            let loss = self.loss(&outputs, &units)?;
            Ok((loss.backward()?, f64::from(loss.to_scalar::<f32>()?)))
        };
        let (left, right) = batch.split_at(batch.len().div_ceil(2));
        if right.is_empty() {
            return one(left);
        }
        let (left, right) = std::thread::scope(|scope| {
            let right = scope.spawn(|| one(right));
            (one(left), right.join())
        });
        let (mut gradients, loss) = left?;
        let (others, other_loss) = right.map_err(|_| anyhow::anyhow!("a thread of the training run failed"))??;
        for (_, var) in vars {
            if let (Some(a), Some(b)) = (gradients.get(var), others.get(var)) {
                let mean = ((a + b)? * 0.5)?;
                gradients.insert(var, mean);
            }
        }
        Ok((gradients, f64::midpoint(loss, other_loss)))
    }

    /// Windows of like length together, about [`RunFile::batch_pieces`] pieces each.
    fn batches<'p>(&self, windows: &[&'p Prepared]) -> Vec<Vec<&'p Prepared>> {
        let mut sorted = windows.to_vec();
        sorted.sort_by_key(|w| w.tokens.len());
        let mut batches: Vec<Vec<&Prepared>> = Vec::new();
        for window in sorted {
            match batches.last_mut() {
                Some(batch) if (batch.len() + 1) * window.tokens.len() <= self.run.batch_pieces => batch.push(window),
                _ => batches.push(vec![window]),
            }
        }
        batches
    }

    /// Upper layers and heads over a batch; the outputs' rows belong to the units returned.
    fn forward<'p>(
        &self,
        batch: &[&'p Prepared],
        encoder: &Encoder,
        heads: &Heads,
        mode: Mode,
    ) -> anyhow::Result<(Outputs, Vec<&'p Unit>)> {
        let longest = batch.iter().map(|w| w.tokens.len()).max().unwrap_or(0);
        let mut rows = Vec::new();
        let mut mask = Vec::new();
        let mut pools = Vec::new();
        for (place, window) in batch.iter().enumerate() {
            let n = window.tokens.len();
            rows.push(window.hidden.pad_with_zeros(0, 0, longest - n)?);
            mask.extend((0..longest).map(|t| if t < n { 0_f32 } else { -1e4 }));
            let pool = pooling(&window.tokens, window.units.iter().map(|u| u.span))?;
            pools.push(pool.pad_with_zeros(1, place * longest, (batch.len() - place) * longest - n)?);
        }
        let hidden = Tensor::stack(&rows, 0)?;
        let mask = Tensor::from_vec(mask, (batch.len(), 1, 1, longest), &self.device)?;
        let frozen = self.config.layers - self.run.layers;
        let hidden = encoder.layers(&hidden, Some(&mask), frozen..self.config.layers, mode)?;
        let pooled = Tensor::cat(&pools, 0)?.matmul(&hidden.reshape((batch.len() * longest, self.config.hidden))?)?;
        let pooled = if mode == Mode::Train { candle_nn::ops::dropout(&pooled, self.run.dropout)? } else { pooled };
        Ok((heads.forward(&pooled)?, batch.iter().flat_map(|w| &w.units).collect()))
    }

    fn loss(&self, outputs: &Outputs, units: &[&Unit]) -> anyhow::Result<Tensor> {
        let n = self.needs.len();
        let labels: Vec<&Labels> = units.iter().map(|u| &u.labels).collect();
        let mut wanted = vec![0_f32; labels.len() * n];
        let (mut status_rows, mut statuses) = (Vec::new(), Vec::new());
        for (row, label) in labels.iter().enumerate() {
            for (need, status) in &label.needs {
                let Some(&column) = self.place.get(need) else {
                    continue;
                };
                wanted[row * n + column] = 1.0;
                status_rows.push(u32::try_from(row * n + column)?);
                statuses.push(u32::try_from(STATUSES.iter().position(|s| s == status).unwrap_or(0))?);
            }
        }
        let wanted = Tensor::from_vec(wanted, (labels.len(), n), &self.device)?;
        let x = &outputs.mention;
        // log(1 + e^-|x|) + max(x, 0) - x y, with what is there weighed three times what is not
        let cross = ((x.abs()?.neg()?.exp()? + 1.0)?.log()? + x.relu()?)?.sub(&(x * &wanted)?)?;
        let weight = (&wanted * 2.0)?.affine(1.0, 1.0)?;
        #[expect(clippy::cast_precision_loss, reason = "units of a batch")]
        let count = labels.len() as f64;
        let mut loss = ((cross * weight)?.sum_all()? / count)?;
        if !statuses.is_empty() {
            let all = outputs.status.transpose(1, 2)?.contiguous()?.reshape((labels.len() * n, 5))?;
            let said = all.index_select(&Tensor::new(status_rows.as_slice(), &self.device)?, 0)?;
            let cross = candle_nn::loss::cross_entropy(&said, &Tensor::new(statuses.as_slice(), &self.device)?)?;
            loss = (loss + cross)?;
        }
        let cells =
            classes(&labels, Domain::ALL.len(), |label| label.levels.iter().map(|(d, l)| (d.index(), u32::from(l.number()))).collect());
        let safety = classes(&labels, 11, |label| label.safety.iter().map(|(r, s)| (safety_index(*r), safety_class(*s))).collect());
        loss = (loss + weighed(&outputs.cells, cells, 6, count, &self.device)?)?;
        Ok((loss + weighed(&outputs.safety, safety, 4, count, &self.device)?)?)
    }

    /// Mean of the units' vectors from the base encoder and one over their spread, by dimension.
    fn evening(&self, prepared: &[Prepared], weights: &HashMap<String, Tensor>) -> anyhow::Result<(Tensor, Tensor)> {
        let encoder = Encoder::new(weights, self.config)?;
        let frozen = self.config.layers - self.run.layers;
        let mut vectors = Vec::new();
        for window in prepared.iter().step_by(5) {
            let hidden = encoder.layers(&window.hidden.unsqueeze(0)?, None, frozen..self.config.layers, Mode::Infer)?;
            vectors.push(pooling(&window.tokens, window.units.iter().map(|u| u.span))?.matmul(&hidden.squeeze(0)?)?);
        }
        let vectors = Tensor::cat(&vectors, 0)?;
        let mean = vectors.mean(0)?;
        let spread = vectors.broadcast_sub(&mean)?.sqr()?.mean(0)?.sqrt()?;
        Ok((mean, (spread + 1e-3)?.recip()?))
    }

    /// For each held-out narrative and need the highest logit of its units, and whether any unit is labelled with the need.
    fn mentions(&self, prepared: &[Prepared], weights: &HashMap<String, Tensor>) -> anyhow::Result<Vec<(f32, bool)>> {
        let encoder = Encoder::new(weights, self.config)?;
        let heads = Heads::new(weights, self.needs.len())?;
        let mut highest: BTreeMap<(&str, usize), (f32, bool)> = BTreeMap::new();
        for window in prepared {
            let Some(narrative) = &window.held_out else {
                continue;
            };
            let (outputs, units) = self.forward(&[window], &encoder, &heads, Mode::Infer)?;
            let logits: Vec<Vec<f32>> = outputs.mention.to_vec2()?;
            for (row, unit) in logits.iter().zip(units) {
                for (place, (need, logit)) in self.needs.iter().zip(row).enumerate() {
                    let seen = highest.entry((narrative, place)).or_insert((f32::MIN, false));
                    *seen = (seen.0.max(*logit), seen.1 || unit.labels.needs.iter().any(|(n, _)| n == need));
                }
            }
        }
        Ok(highest.into_values().collect())
    }

    /// The temperature that makes held-out mentions most likely, and the threshold with the best F1 there.
    fn calibrate(&self, prepared: &[Prepared], weights: &HashMap<String, Tensor>) -> anyhow::Result<(f32, f32)> {
        let mentions = self.mentions(prepared, weights)?;
        let likelihood = |temperature: f32| {
            let one = |&(logit, truth): &(f32, bool)| {
                let p = (1.0 / (1.0 + (-logit / temperature).exp())).clamp(1e-6, 1.0 - 1e-6);
                f64::from(if truth { p.ln() } else { (1.0 - p).ln() })
            };
            mentions.iter().map(one).sum::<f64>()
        };
        let choices = (2..=60_u8).map(|t| f32::from(t) * 0.05);
        let temperature = choices.max_by(|a, b| likelihood(*a).total_cmp(&likelihood(*b))).unwrap_or(1.0);
        let (f1, threshold) = self.best_threshold(&mentions, temperature);
        tracing::info!(temperature, threshold, held_out_f1 = f1, "calibrated");
        Ok((temperature, threshold))
    }

    #[expect(clippy::unused_self, reason = "reads as a step of the course")]
    fn best_threshold(&self, mentions: &[(f32, bool)], temperature: f32) -> (f64, f32) {
        let f1 = |threshold: f32| {
            let said = |logit: f32| 1.0 / (1.0 + (-logit / temperature).exp()) >= threshold;
            let right = mentions.iter().filter(|(l, t)| *t && said(*l)).count();
            let wrong = mentions.iter().filter(|(l, t)| *t != said(*l)).count();
            #[expect(clippy::cast_precision_loss, reason = "counts of units")]
            let value = if right == 0 { 0.0 } else { 2.0 * right as f64 / (2 * right + wrong) as f64 };
            value
        };
        (2..=18_u8).map(|t| f32::from(t) * 0.05).map(|t| (f1(t), t)).max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 0.5))
    }

    fn write(
        &self,
        models: &Path,
        weights: &HashMap<String, Tensor>,
        vars: &[(String, Var)],
        (temperature, threshold): (f32, f32),
    ) -> anyhow::Result<PathBuf> {
        let folder = models.join(&self.run.name);
        std::fs::create_dir_all(&folder)?;
        let mut taught: HashMap<String, Tensor> = HashMap::new();
        for (name, var) in vars {
            taught.insert(name.clone(), var.as_tensor().to_dtype(DType::F16)?);
        }
        for name in ["head.mean", "head.scale"] {
            taught.insert(name.to_owned(), weights[name].to_dtype(DType::F16)?);
        }
        candle_core::safetensors::save(&taught, folder.join("taught.safetensors"))?;
        let file = ModelFile {
            format: ModelFile::format(),
            name: self.run.name.clone(),
            base: BASE_FOLDER.to_owned(),
            temperature,
            thresholds: vec![threshold; self.needs.len()],
            needs: self.needs.clone(),
            encoder: self.config,
        };
        std::fs::write(folder.join("model.toml"), toml::to_string(&file)?)?;
        write_checksums(&folder)?;
        Ok(folder)
    }
}

/// For each unit and class group the class, 0 where nothing is labelled.
fn classes(labels: &[&Labels], groups: usize, of: impl Fn(&Labels) -> Vec<(usize, u32)>) -> Vec<u32> {
    let mut classes = vec![0; labels.len() * groups];
    for (row, label) in labels.iter().enumerate() {
        for (group, class) in of(label) {
            if let Some(place) = classes.get_mut(row * groups + group) {
                *place = class;
            }
        }
    }
    classes
}

fn safety_class(status: SafetyStatus) -> u32 {
    match status {
        SafetyStatus::Active => 1,
        SafetyStatus::Past => 2,
        SafetyStatus::Denied => 3,
    }
}

/// Cross-entropy summed over groups, per unit; what is labelled weighs three times what is not.
fn weighed(logits: &Tensor, classes: Vec<u32>, width: usize, count: f64, device: &Device) -> candle_core::Result<Tensor> {
    let n = classes.len();
    let weights: Vec<f32> = classes.iter().map(|c| if *c == 0 { 1.0 } else { 3.0 }).collect();
    let log = candle_nn::ops::log_softmax(&logits.reshape((n, width))?, D::Minus1)?;
    let picked = log.gather(&Tensor::from_vec(classes, (n, 1), device)?, 1)?.squeeze(1)?;
    (picked * Tensor::from_vec(weights, n, device)?)?.sum_all()?.neg()? / count
}

fn progress(length: usize, name: &str) -> indicatif::ProgressBar {
    let bar = indicatif::ProgressBar::new(length as u64);
    let style = indicatif::ProgressStyle::with_template("{prefix:>14} {bar:30} {pos}/{len} {elapsed} (eta {eta}) {msg}");
    bar.set_style(style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()));
    bar.set_prefix(name.to_owned());
    bar
}
