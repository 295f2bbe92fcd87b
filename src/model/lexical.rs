use super::{Error, HeadLayout};
use crate::{text::fold, types::fnv};
use candle_core::{DType, Device, Tensor};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// The file of the lexical head in a model folder.
pub(crate) const LEXICAL_FILE: &str = "lexical.safetensors";
/// Longest run of characters that is looked at, and the shortest.
const RUNS: std::ops::RangeInclusive<usize> = 3..=5;

/// A linear classifier on words, pairs of words and runs of characters: it knows idioms by their very words, where the encoder
/// knows what they resemble. Both are added up.
///
/// # Source
/// TF-IDF with sublinear frequencies (Salton & Buckley 1988) and logistic regression; sums of both kinds of reader after Wang &
/// Manning 2012.
pub struct Lexical {
    rows: HashMap<u32, Row>,
    columns: Vec<u16>,
    weights: Vec<f32>,
    bias: Vec<f32>,
}

#[derive(Clone, Copy)]
struct Row {
    start: usize,
    end: usize,
    rarity: f32,
}

/// A lexical head before it is written: by feature its rarity and its weights by column of [`HeadLayout`].
#[derive(Debug, Default)]
pub(crate) struct LexicalTable {
    pub rows: BTreeMap<u32, (f32, Vec<(u16, f32)>)>,
    pub bias: Vec<f32>,
}

/// How often each feature stands in a text: words and pairs of words, and runs of characters within words.
///
/// Features are 32-bit fingerprints of folded text.
pub(crate) fn features(text: &str) -> [Vec<(u32, f32)>; 2] {
    let folded = fold(text);
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let mut of_words = Vec::new();
    let mut of_runs = Vec::new();
    for (at, word) in words.iter().enumerate() {
        of_words.push(print(&[b"w", word.as_bytes()]));
        if let Some(next) = words.get(at + 1) {
            of_words.push(print(&[b"p", word.as_bytes(), b" ", next.as_bytes()]));
        }
        let padded = format!(" {word} ");
        let starts: Vec<usize> = padded.char_indices().map(|(i, _)| i).chain([padded.len()]).collect();
        for n in RUNS.filter(|n| *n < starts.len()) {
            of_runs.extend(starts.windows(n + 1).map(|w| print(&[b"r", &padded.as_bytes()[w[0]..w[n]]])));
        }
    }
    [counted(of_words), counted(of_runs)]
}

/// The features with their sublinear frequencies, in a fixed order.
fn counted(mut prints: Vec<u32>) -> Vec<(u32, f32)> {
    prints.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred features")]
    prints.chunk_by(|a, b| a == b).map(|same| (same[0], 1.0 + (same.len() as f32).ln())).collect()
}

/// FNV-1a, folded to 32 bits.
fn print(parts: &[&[u8]]) -> u32 {
    let hash = fnv(parts.iter().copied().flatten());
    #[expect(clippy::cast_possible_truncation, reason = "folding keeps both halves")]
    let folded = (hash ^ (hash >> 32)) as u32;
    folded
}

/// The known features of each kind with their shares; the squares of each kind add up to 1.
pub(crate) fn shares<T: Copy>(found: [Vec<(u32, f32)>; 2], known: impl Fn(u32) -> Option<(T, f32)>) -> Vec<(T, f32)> {
    let mut all = Vec::new();
    for kind in found {
        let weighed: Vec<(T, f32)> = kind.into_iter().filter_map(|(f, n)| known(f).map(|(row, rarity)| (row, n * rarity))).collect();
        let length = weighed.iter().map(|(_, v)| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        all.extend(weighed.into_iter().map(|(row, v)| (row, v / length)));
    }
    all
}

impl Lexical {
    /// The head in a model folder.
    ///
    /// # Errors
    /// [`Error::Weights`] if the file is missing or its tensors do not fit the layout.
    pub fn open(folder: &Path, layout: HeadLayout) -> Result<Self, Error> {
        let tensors = candle_core::safetensors::load(folder.join(LEXICAL_FILE), &Device::Cpu)?;
        let get = |name: &str| {
            tensors.get(name).ok_or_else(|| candle_core::Error::Msg(format!("the tensor {name} is missing in {LEXICAL_FILE}")))
        };
        let features: Vec<u32> = get("features")?.to_vec1()?;
        let starts: Vec<u32> = get("starts")?.to_vec1()?;
        let rarities: Vec<f32> = get("rarity")?.to_dtype(DType::F32)?.to_vec1()?;
        let columns: Vec<u32> = get("columns")?.to_dtype(DType::U32)?.to_vec1()?;
        let weights: Vec<f32> = get("weights")?.to_dtype(DType::F32)?.to_vec1()?;
        let bias: Vec<f32> = get("bias")?.to_vec1()?;
        let n_columns = layout.lexical_columns();
        let fits = bias.len() == n_columns
            && starts.len() == features.len() + 1
            && rarities.len() == features.len()
            && columns.len() == weights.len()
            && starts.is_sorted()
            && starts.last().is_some_and(|&end| end as usize == columns.len())
            && columns.iter().all(|&c| (c as usize) < n_columns);
        if !fits {
            return Err(candle_core::Error::Msg(format!("the tensors of {LEXICAL_FILE} do not fit each other")).into());
        }
        let ranges = starts.windows(2).map(|w| (w[0] as usize, w[1] as usize));
        let rows = features.into_iter().zip(ranges).zip(rarities).map(|((f, (start, end)), rarity)| (f, Row { start, end, rarity }));
        let columns = columns.into_iter().filter_map(|c| u16::try_from(c).ok()).collect();
        Ok(Self { rows: rows.collect(), columns, weights, bias })
    }

    /// The logits of a stretch of text, by column of [`HeadLayout`].
    #[must_use]
    pub fn logits(&self, text: &str) -> Vec<f32> {
        let mut logits = self.bias.clone();
        for (row, share) in shares(features(text), |f| self.rows.get(&f).map(|row| (*row, row.rarity))) {
            for (&column, weight) in self.columns[row.start..row.end].iter().zip(&self.weights[row.start..row.end]) {
                logits[usize::from(column)] += share * weight;
            }
        }
        logits
    }
}

impl LexicalTable {
    /// Writes the head into a model folder.
    ///
    /// # Errors
    /// [`Error::Weights`] if the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        let device = Device::Cpu;
        let mut starts = vec![0_u32];
        let (mut columns, mut weights) = (Vec::new(), Vec::new());
        for (_, row) in self.rows.values() {
            for &(column, weight) in row {
                columns.push(i16::try_from(column).unwrap_or(i16::MAX));
                weights.push(weight);
            }
            starts.push(u32::try_from(columns.len()).unwrap_or(u32::MAX));
        }
        let features: Vec<u32> = self.rows.keys().copied().collect();
        let rarities: Vec<f32> = self.rows.values().map(|(rarity, _)| *rarity).collect();
        let tensors = HashMap::from([
            ("features", Tensor::new(features, &device)?),
            ("starts", Tensor::new(starts, &device)?),
            ("rarity", Tensor::new(rarities, &device)?.to_dtype(DType::F16)?),
            ("columns", Tensor::new(columns, &device)?),
            ("weights", Tensor::new(weights, &device)?.to_dtype(DType::F16)?),
            ("bias", Tensor::new(self.bias.as_slice(), &device)?),
        ]);
        Ok(candle_core::safetensors::save(&tensors, folder.join(LEXICAL_FILE))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_head_reads_as_it_was() {
        let layout = HeadLayout { needs: 2 };
        let [words, _] = features("Deu tres rebuts");
        let mut bias = vec![0.0; layout.lexical_columns()];
        bias[1] = -0.5;
        let rows = words.iter().map(|(f, _)| (*f, (1.0, vec![(0, 2.0)]))).collect();
        let folder = std::env::temp_dir().join(format!("relat-lexical-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        LexicalTable { rows, bias }.write(&folder).unwrap();
        let head = Lexical::open(&folder, layout).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let (same, other) = (head.logits("deu tres rebuts!"), head.logits("Res de res"));
        // five features, each of share 1/√5, each of weight 2
        assert!((same[0] - 2.0 * 5.0_f32.sqrt()).abs() < 1e-2, "{}", same[0]);
        assert!(other[0].abs() < 1e-6 && (other[1] + 0.5).abs() < 1e-6);
    }

    #[test]
    fn accents_and_case_make_no_difference() {
        assert_eq!(features("L'ÀVIA no menja"), features("l’avia no menja"));
    }
}
