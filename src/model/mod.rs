//! The weights: one shared trunk and the heads on it. The only door to `models/`.
//!
//! A model folder names the base encoder it stands on, holds the layers that were taught and the heads, and lists the
//! checksum of every file; a folder that does not match is refused.

mod card;
mod encoder;
mod head;
mod kernels;
mod lexical;
mod tokenize;
mod vectors;

pub use card::{BASE_FOLDER, ModelFile, checksums, write_checksums};
pub(crate) use encoder::base_weights;
pub use encoder::{Encoder, EncoderConfig};
pub(crate) use head::{CELLS, DANGERS, N_RULES};
pub use head::{Dropout, HeadLayout, Heads, Logits, Mix, Outputs, STATUSES};
pub(crate) use head::{danger_index, safety_index, sigmoid, status_index, to_shares};
pub use lexical::Lexical;
pub(crate) use lexical::{LexicalTable, features, shares};
pub use tokenize::{Token, Tokenizer};
pub use vectors::{read_vectors, write_vectors};

use crate::types::{Domain, Level, NeedId, NeedStatus, SafetyRule, SafetyStatus, Span};
use candle_core::{Device, Tensor};
use std::path::{Path, PathBuf};

/// Windows of at most this many pieces are read at once, cut between sentences.
pub const WINDOW: usize = 256;

/// Why a model folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file is missing or unreadable.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file is not the one its manifest lists.
    #[error("{path} does not have the checksum its SHA256SUMS lists: the file is damaged or was replaced; fetch the folder again")]
    Checksum {
        /// The file.
        path: PathBuf,
    },
    /// `model.toml` cannot be read or does not fit the program.
    #[error("{path}: {message}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        message: String,
    },
    /// The tokenizer cannot be read.
    #[error("{path} is not a tokenizer: {message}")]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        message: String,
    },
    /// A tensor is missing or has another shape.
    #[error("the weights do not fit: {0}")]
    Weights(#[from] candle_core::Error),
}

/// A loaded model: tokenizer, trunk, heads, and the numbers calibrated with them.
pub struct Model {
    /// Name and fingerprint.
    pub release: String,
    file: ModelFile,
    tokenizer: Tokenizer,
    encoder: Encoder,
    heads: Heads,
    lexical: Lexical,
}

/// What the heads say of one stretch of text; every number is a probability.
#[derive(Debug, Clone, Default)]
pub struct UnitReading {
    /// By need: that the stretch speaks of it at all, and the shares of the five statuses in [`STATUSES`] order.
    pub needs: Vec<(f32, [f32; 5])>,
    /// By domain: that nothing is said, then the five levels.
    pub cells: Vec<[f32; 6]>,
    /// By safety rule: nothing, active, past, denied.
    pub safety: Vec<[f32; 4]>,
    /// The stretch as a vector of length one, for comparison with concepts.
    pub vector: Vec<f32>,
}

impl Model {
    /// Loads the model in `folder`; the base encoder lies beside it.
    ///
    /// # Errors
    /// [`Error::Checksum`] if a byte differs, [`Error::Manifest`] if the folder is of another program version or base, [`Error::Io`],
    /// [`Error::Tokenizer`] and [`Error::Weights`] if a file is missing or not what it should be.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let file = ModelFile::read(folder)?;
        let base = folder.parent().unwrap_or(folder).join(&file.base);
        let fingerprint = card::verify(folder)?;
        card::verify(&base)?;
        let device = Device::Cpu;
        let mut weights = base_weights(&base, &device)?;
        let taught = candle_core::safetensors::load(folder.join("taught.safetensors"), &device)?;
        let taught = taught.into_iter().map(|(name, t)| Ok((name, t.to_dtype(candle_core::DType::F32)?)));
        weights.extend(taught.collect::<Result<Vec<_>, candle_core::Error>>()?);
        let encoder = Encoder::new(&weights, file.encoder)?;
        let heads = Heads::new(&weights, file.needs.len())?;
        let lexical = Lexical::open(folder, file.layout())?;
        let tokenizer = Tokenizer::open(&base.join("tokenizer.json"))?;
        Ok(Self { release: format!("{}+{fingerprint}", file.name), file, tokenizer, encoder, heads, lexical })
    }

    /// The needs in the order of [`UnitReading::needs`].
    #[must_use]
    pub fn needs(&self) -> &[NeedId] {
        &self.file.needs
    }

    /// A need is proposed from this probability on (chosen on development data, in `model.toml`).
    #[must_use]
    pub fn threshold(&self, need: usize) -> f32 {
        self.file.thresholds.get(need).copied().unwrap_or(0.5)
    }

    /// Reads `units` (stretches of `text`, each within one of `sentences`); `out[i]` belongs to `units[i]`.
    ///
    /// The text is read in windows of whole sentences, so that neighbours inform a stretch; a window never depends on
    /// another text.
    ///
    /// # Errors
    /// [`Error::Weights`] if a tensor operation fails, which only a damaged model can cause.
    pub fn read(&self, text: &str, sentences: &[Span], units: &[Span]) -> Result<Vec<UnitReading>, Error> {
        let mut readings = vec![UnitReading::default(); units.len()];
        for window in self.windows(text, sentences) {
            let inside: Vec<usize> = (0..units.len()).filter(|&u| window.span.contains(units[u])).collect();
            if inside.is_empty() || window.tokens.len() <= 2 {
                continue;
            }
            let hidden = self.encode(&window.tokens)?;
            let pool = pooling(&window.tokens, inside.iter().map(|&u| units[u]))?;
            let outputs = self.heads.forward(&hidden, &pool, None)?;
            for (row, &unit) in inside.iter().enumerate() {
                let words = Logits::of_words(&self.lexical.logits(units[unit].of(text)), self.file.layout());
                readings[unit] = outputs.logits(row)?.reading(&words, &self.file.mix, outputs.vector(row)?);
            }
        }
        Ok(readings)
    }

    /// The text of a term as a vector of length one.
    ///
    /// # Errors
    /// As [`Model::read`].
    pub fn vector(&self, text: &str) -> Result<Vec<f32>, Error> {
        let whole = Span::new(0, text.len());
        Ok(self.read(text, &[whole], &[whole])?.into_iter().next().unwrap_or_default().vector)
    }

    /// Hidden states `[T, H]` of one window.
    fn encode(&self, tokens: &[Token]) -> Result<Tensor, Error> {
        let ids: Vec<u32> = tokens.iter().map(|t| t.id).collect();
        let ids = Tensor::new(ids.as_slice(), &Device::Cpu)?.unsqueeze(0)?;
        Ok(self.encoder.forward(&ids, None)?.squeeze(0)?)
    }

    fn windows(&self, text: &str, sentences: &[Span]) -> Vec<Window> {
        let pieces = sentences.iter().map(|span| (*span, self.tokenizer.pieces(span.of(text), span.start())));
        pack(pieces)
    }
}

/// A stretch of whole sentences with its pieces, start and end marks included.
#[derive(Debug)]
pub struct Window {
    /// From the first to the last sentence.
    pub span: Span,
    /// At most [`WINDOW`] of them, unless a single sentence is longer than that: it is then read in parts.
    pub tokens: Vec<Token>,
}

/// Packs sentences into windows, in order.
pub fn pack(sentences: impl Iterator<Item = (Span, Vec<Token>)>) -> Vec<Window> {
    let mut windows: Vec<Window> = Vec::new();
    let mut current: Option<Window> = None;
    for (span, pieces) in sentences {
        match &mut current {
            Some(window) if window.tokens.len() + pieces.len() + 2 <= WINDOW => {
                window.span = window.span.join(span);
                window.tokens.extend(pieces);
            }
            _ => {
                windows.extend(current.take());
                current = Some(Window { span, tokens: pieces });
            }
        }
    }
    windows.extend(current);
    for window in &mut windows {
        // sixty words are the longest sentence; only a text of odd letters passes the encoder's 512 positions
        window.tokens.truncate(encoder::MAX_POSITIONS - 2);
        window.tokens.insert(0, Token::START);
        window.tokens.push(Token::END);
    }
    windows
}

/// Mean-pooling weights `[U, T]`: each unit's row is even over the pieces that overlap it.
///
/// # Errors
/// If the tensor cannot be made, which cannot happen for non-empty input.
pub fn pooling(tokens: &[Token], units: impl Iterator<Item = Span>) -> Result<Tensor, candle_core::Error> {
    let mut rows = Vec::new();
    let mut n_units = 0;
    for unit in units {
        let inside: Vec<bool> = tokens.iter().map(|t| t.span.overlaps(unit)).collect();
        let count = inside.iter().filter(|i| **i).count();
        #[expect(clippy::cast_precision_loss, reason = "at most 512 pieces")]
        let share = if count == 0 { 0.0 } else { 1.0 / count as f32 };
        rows.extend(inside.into_iter().map(|i| if i { share } else { 0.0 }));
        n_units += 1;
    }
    Tensor::from_vec(rows, (n_units, tokens.len()), &Device::Cpu)
}

impl UnitReading {
    /// The probability that the need at `index` is said with `status`.
    #[must_use]
    pub fn need(&self, index: usize, status: NeedStatus) -> f32 {
        self.needs.get(index).map_or(0.0, |(mention, shares)| mention * shares[status_index(status)])
    }

    /// The probability that the stretch gives `level` for `domain`.
    #[must_use]
    pub fn level(&self, domain: Domain, level: Level) -> f32 {
        self.cells.get(domain.index()).map_or(0.0, |cells| cells[usize::from(level.number())])
    }

    /// The probability that the stretch tells of a danger with `status`.
    #[must_use]
    pub fn safety(&self, rule: SafetyRule, status: SafetyStatus) -> f32 {
        self.safety.get(safety_index(rule)).map_or(0.0, |row| row[danger_index(status)])
    }
}
