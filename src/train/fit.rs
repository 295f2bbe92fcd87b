use super::{
    adam::Adam,
    calibrate::{self, Observed},
    dataset::{Example, Labels, Unit},
    lexical,
    run::{RunFile, corpora},
};
use crate::{
    model::{
        BASE_FOLDER, CELLS, DANGERS, Dropout, Encoder, EncoderConfig, HeadLayout, Heads, Lexical, LexicalTable, Logits, Mix, ModelFile,
        N_RULES, Outputs, STATUSES, Token, Tokenizer, Window, base_weights, danger_index, pack, pooling, safety_index, status_index,
        write_checksums,
    },
    types::{Domain, NeedId},
    vocab::Vocabulary,
};
use anyhow::ensure;
use candle_core::{D, DType, Device, Tensor, Var, backprop::GradStore};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use rayon::prelude::*;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

/// A window ready for the upper layers.
struct Prepared {
    /// Hidden states after the frozen layers, `[T, H]`.
    hidden: Tensor,
    tokens: Vec<Token>,
    units: Vec<Unit>,
    /// The text of each unit, of a narrative that is kept out.
    texts: Vec<String>,
    /// The narrative it belongs to, if it is kept out.
    held_out: Option<String>,
}

/// The encoder and the heads on it.
struct Net {
    encoder: Encoder,
    heads: Heads,
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
    let run = RunFile::read(run_file)?;
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
    if run.from.is_empty() {
        let (mean, scale) = course.evening(&prepared, &weights)?;
        weights.insert("head.mean".to_owned(), mean);
        weights.insert("head.scale".to_owned(), scale);
    } else {
        weights.extend(course.carried_on(models)?);
    }
    let vars = course.variables(&weights)?;
    weights.extend(vars.iter().map(|(name, var)| (name.clone(), var.as_tensor().clone())));
    let folder = models.join(&run.name);
    std::fs::create_dir_all(&folder)?;
    course.lexical(&examples).write(&folder)?;
    course.fit(folder, &prepared, &weights, &vars)
}

impl Course<'_> {
    /// The lexical head, learnt from all that is not kept out.
    fn lexical(&self, examples: &[Example]) -> LexicalTable {
        let learning: Vec<&Example> = examples.iter().filter(|e| !e.kept_out).collect();
        lexical::lexical(&learning, &self.place, self.run.lexical, self.run.seed)
    }

    /// Windows of all examples after the frozen layers.
    fn prepare(&self, examples: &[Example], tokenizer: &Tokenizer, encoder: &Encoder) -> anyhow::Result<Vec<Prepared>> {
        let frozen = self.config.layers - self.run.layers;
        let progress = progress(examples.len(), "frozen layers");
        let one = |example: &Example| -> anyhow::Result<Vec<Prepared>> {
            progress.inc(1);
            let held_out = example.kept_out.then(|| example.id.clone());
            if self.run.epochs == 0 && held_out.is_none() {
                return Ok(Vec::new());
            }
            let pieces = example.sentences.iter().map(|s| (*s, tokenizer.pieces(s.of(&example.text), s.start())));
            let mut windows = Vec::new();
            for Window { span, tokens } in pack(pieces) {
                let units: Vec<Unit> = example.units.iter().filter(|u| span.contains(u.span) && !u.span.is_empty()).cloned().collect();
                if units.is_empty() || tokens.len() < 3 {
                    continue;
                }
                let ids: Vec<u32> = tokens.iter().map(|t| t.id).collect();
                let ids = Tensor::new(ids.as_slice(), &self.device)?.unsqueeze(0)?;
                let hidden = encoder.layers(&encoder.embed(&ids)?, None, 0..frozen)?.squeeze(0)?;
                let texts =
                    if held_out.is_some() { units.iter().map(|u| u.span.of(&example.text).to_owned()).collect() } else { Vec::new() };
                windows.push(Prepared { hidden, tokens, units, texts, held_out: held_out.clone() });
            }
            Ok(windows)
        };
        let threads = rayon::ThreadPoolBuilder::new().num_threads(std::thread::available_parallelism()?.get()).build()?;
        let prepared: Vec<Vec<Prepared>> = threads.install(|| examples.par_iter().map(one).collect::<anyhow::Result<_>>())?;
        progress.finish();
        Ok(prepared.into_iter().flatten().collect())
    }

    fn net(&self, weights: &HashMap<String, Tensor>) -> candle_core::Result<Net> {
        Ok(Net { encoder: Encoder::new(weights, self.config)?, heads: Heads::new(weights, self.needs.len())? })
    }

    /// What earlier runs have taught, averaged.
    fn carried_on(&self, models: &Path) -> anyhow::Result<HashMap<String, Tensor>> {
        let mut average: HashMap<String, Tensor> = HashMap::new();
        #[expect(clippy::cast_precision_loss, reason = "a handful of models")]
        let share = 1.0 / self.run.from.len() as f64;
        for name in &self.run.from {
            let folder = models.join(name);
            let earlier = ModelFile::read(&folder)?;
            ensure!(earlier.needs == self.needs, "{} was taught other needs", folder.display());
            let taught = candle_core::safetensors::load(folder.join("taught.safetensors"), &self.device)?;
            let frozen =
                (0..self.config.layers - self.run.layers).find(|l| taught.keys().any(|k| k.starts_with(&format!("encoder.layer.{l}."))));
            ensure!(frozen.is_none(), "{} taught more layers than this run has", folder.display());
            for (name, tensor) in taught {
                let part = (tensor.to_dtype(DType::F32)? * share)?;
                let sum = average.get(&name).map_or(Ok(part.clone()), |sum| sum + &part)?;
                average.insert(name, sum);
            }
        }
        Ok(average)
    }

    /// What is learnt: the upper layers, and the heads, from small random numbers unless an earlier run has taught them.
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
            if let Some(taught) = weights.get(name) {
                vars.push((name.to_owned(), Var::from_tensor(taught)?));
                continue;
            }
            let count: usize = shape.iter().product();
            // pieces start from nothing, so that they only add what the mean leaves out
            let spread = if name.ends_with("weight") && name != "head.pieces.weight" { 0.03 } else { 0.0 };
            // at first nothing is said of anything: the first class of each group is "nothing"
            let start = |place: usize| match name {
                "head.mention.bias" => -4.0,
                "head.cells.bias" if place.is_multiple_of(CELLS) => 4.0,
                "head.safety.bias" if place.is_multiple_of(DANGERS) => 4.0,
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
        folder: PathBuf,
        prepared: &[Prepared],
        weights: &HashMap<String, Tensor>,
        vars: &[(String, Var)],
    ) -> anyhow::Result<PathBuf> {
        let net = self.net(weights)?;
        let (of_heads, of_layers): (Vec<_>, Vec<_>) = vars.iter().partition(|(name, _)| name.starts_with("head."));
        let optimizer = |vars: Vec<&(String, Var)>| Adam::new(vars.into_iter().map(|(_, var)| var.clone()), 0.01);
        let (mut for_heads, mut for_layers) = (optimizer(of_heads), optimizer(of_layers));
        let learning: Vec<&Prepared> = prepared.iter().filter(|p| p.held_out.is_none()).collect();
        let mut batches = self.batches(&learning);
        let steps = (batches.len() * self.run.epochs) as u64;
        let mut random = StdRng::seed_from_u64(self.run.seed + 1);
        let mut step = 0_u64;
        for epoch in 0..self.run.stop_after.unwrap_or(self.run.epochs).min(self.run.epochs) {
            batches.shuffle(&mut random);
            let progress = progress(batches.len(), &format!("epoch {}", epoch + 1));
            let mut sum = 0.0;
            for batch in &batches {
                #[expect(clippy::cast_precision_loss, reason = "steps of a run")]
                let (done, all) = (step as f64, steps as f64);
                let share = (done / (all * 0.1).max(1.0)).min(1.0) * (1.0 - done / all).max(0.02);
                let (gradients, loss) = self.gradients(batch, step, &net, vars)?;
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
            self.write(&folder, prepared, weights, vars)?;
            progress.finish();
        }
        if self.run.epochs == 0 {
            self.write(&folder, prepared, weights, vars)?;
        }
        Ok(folder)
    }

    /// Gradients and loss of a batch, its two halves on two threads.
    fn gradients(&self, batch: &[&Prepared], step: u64, net: &Net, vars: &[(String, Var)]) -> anyhow::Result<(GradStore, f64)> {
        let one = |half: &[&Prepared], side: u64| -> anyhow::Result<(GradStore, f64)> {
            let (outputs, units) = self.forward(half, net, Some(self.run.seed ^ (step * 2 + side)))?;
            let loss = self.loss(&outputs, &units)?;
            Ok((loss.backward()?, f64::from(loss.to_scalar::<f32>()?)))
        };
        let (left, right) = batch.split_at(batch.len().div_ceil(2));
        if right.is_empty() {
            return one(left, 0);
        }
        let (left, right) = std::thread::scope(|scope| {
            let right = scope.spawn(|| one(right, 1));
            (one(left, 0), right.join())
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

    /// Upper layers and heads over a batch, with a seed for what is left out while learning; the outputs' rows belong to the units
    /// returned.
    fn forward<'p>(&self, batch: &[&'p Prepared], net: &Net, dropout: Option<u64>) -> anyhow::Result<(Outputs, Vec<&'p Unit>)> {
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
        let hidden = net.encoder.layers(&hidden, Some(&mask), frozen..self.config.layers)?;
        let hidden = hidden.reshape((batch.len() * longest, self.config.hidden))?;
        let pool = Tensor::cat(&pools, 0)?;
        let drop = dropout.map(|seed| self.drop(pool.dim(0)?, seed)).transpose()?;
        Ok((net.heads.forward(&hidden, &pool, drop.as_ref())?, batch.iter().flat_map(|w| &w.units).collect()))
    }

    /// Which dimensions are left out for so many units.
    fn drop(&self, units: usize, seed: u64) -> candle_core::Result<Dropout> {
        let mut random = StdRng::seed_from_u64(seed);
        let keep = 1.0 - self.run.dropout;
        let mut make = |rows: usize| {
            let n = rows * self.config.hidden;
            let factors: Vec<f32> = (0..n).map(|_| if random.random::<f32>() < keep { 1.0 / keep } else { 0.0 }).collect();
            Tensor::from_vec(factors, (rows, self.config.hidden), &self.device)
        };
        Ok(Dropout { of_units: make(units)?, of_pieces: make(1)? })
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
                statuses.push(u32::try_from(status_index(*status))?);
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
            let all = outputs.status.transpose(1, 2)?.contiguous()?.reshape((labels.len() * n, STATUSES.len()))?;
            let said = all.index_select(&Tensor::new(status_rows.as_slice(), &self.device)?, 0)?;
            let cross = candle_nn::loss::cross_entropy(&said, &Tensor::new(statuses.as_slice(), &self.device)?)?;
            loss = (loss + cross)?;
        }
        let cells =
            classes(&labels, Domain::ALL.len(), |label| label.levels.iter().map(|(d, l)| (d.index(), u32::from(l.number()))).collect());
        let safety = classes(&labels, N_RULES, |label| {
            label.safety.iter().map(|(r, s)| (safety_index(*r), u32::try_from(danger_index(*s)).unwrap_or(0))).collect()
        });
        loss = (loss + weighed(&outputs.cells, cells, CELLS, count, &self.device)?)?;
        Ok((loss + weighed(&outputs.safety, safety, DANGERS, count, &self.device)?)?)
    }

    /// Mean of the units' vectors from the base encoder and one over their spread, by dimension.
    fn evening(&self, prepared: &[Prepared], weights: &HashMap<String, Tensor>) -> anyhow::Result<(Tensor, Tensor)> {
        let encoder = Encoder::new(weights, self.config)?;
        let frozen = self.config.layers - self.run.layers;
        let mut vectors = Vec::new();
        for window in prepared.iter().step_by(5) {
            let hidden = encoder.layers(&window.hidden.unsqueeze(0)?, None, frozen..self.config.layers)?;
            vectors.push(pooling(&window.tokens, window.units.iter().map(|u| u.span))?.matmul(&hidden.squeeze(0)?)?);
        }
        let vectors = Tensor::cat(&vectors, 0)?;
        let mean = vectors.mean(0)?;
        let spread = vectors.broadcast_sub(&mean)?.sqr()?.mean(0)?.sqrt()?;
        Ok((mean, (spread + 1e-3)?.recip()?))
    }

    /// What both readers say of the units of the held-out narratives.
    fn observed<'p>(
        &self,
        prepared: &'p [Prepared],
        weights: &HashMap<String, Tensor>,
        words: &Lexical,
    ) -> anyhow::Result<Vec<Observed<'p>>> {
        let net = self.net(weights)?;
        let mut observed = Vec::new();
        for window in prepared {
            let Some(narrative) = &window.held_out else {
                continue;
            };
            let (outputs, units) = self.forward(&[window], &net, None)?;
            for (row, (unit, text)) in units.into_iter().zip(&window.texts).enumerate() {
                let mut cells = vec![0; Domain::ALL.len()];
                unit.labels.levels.iter().for_each(|(d, l)| cells[d.index()] = usize::from(l.number()));
                let mut safety = vec![0; N_RULES];
                unit.labels.safety.iter().for_each(|(r, s)| safety[safety_index(*r)] = danger_index(*s));
                observed.push(Observed {
                    narrative,
                    encoder: outputs.logits(row)?,
                    words: Logits::of_words(&words.logits(text), HeadLayout { needs: self.needs.len() }),
                    needs: unit.labels.needs.iter().filter_map(|(n, s)| Some((*self.place.get(n)?, status_index(*s)))).collect(),
                    cells,
                    safety,
                });
            }
        }
        Ok(observed)
    }

    /// Calibrates and writes the model folder; its lexical head lies there already.
    fn write(&self, folder: &Path, prepared: &[Prepared], weights: &HashMap<String, Tensor>, vars: &[(String, Var)]) -> anyhow::Result<()> {
        let words = Lexical::open(folder, HeadLayout { needs: self.needs.len() })?;
        let observed = self.observed(prepared, weights, &words)?;
        let mix = calibrate::mix(&observed);
        let (threshold, f1) = calibrate::threshold(&observed, &mix);
        let alone = |mention: [f32; 3]| calibrate::threshold(&observed, &Mix { mention, ..mix }).1;
        let (encoder_alone, words_alone) = (alone([1.0, 0.0, 0.0]), alone([0.0, 1.0, 0.0]));
        tracing::info!(?mix, threshold, held_out_f1 = f1, encoder_alone, words_alone, "calibrated");
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
            thresholds: vec![threshold; self.needs.len()],
            needs: self.needs.clone(),
            encoder: self.config,
            mix,
        };
        std::fs::write(folder.join("model.toml"), toml::to_string(&file)?)?;
        Ok(write_checksums(folder)?)
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
