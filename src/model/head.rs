use super::UnitReading;
use crate::types::{Domain, NeedStatus, SafetyRule, SafetyStatus};
use candle_core::{D, Result, Tensor};
use std::collections::HashMap;

/// The order of statuses in the outputs.
pub const STATUSES: [NeedStatus; 5] =
    [NeedStatus::Present, NeedStatus::Possible, NeedStatus::Past, NeedStatus::Absent, NeedStatus::OtherPerson];
/// Rules S01 to S11.
pub(crate) const N_RULES: usize = 11;
/// Nothing, or one of five levels.
pub(crate) const CELLS: usize = 6;
/// Nothing, active, past, denied.
pub(crate) const DANGERS: usize = 4;
/// Width of the part of the status head that depends on the need.
const RANK: usize = 16;

/// In which order the logits of `needs` needs stand: mentions of needs, then 17 domains by 6 cells, then 11 rules by 4 statuses, and,
/// for the lexical head, the 5 statuses of any need and those of each need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeadLayout {
    /// N.
    pub needs: usize,
}

impl HeadLayout {
    /// The place of the first cell of each domain.
    pub fn cells(self) -> impl Iterator<Item = usize> {
        (0..Domain::ALL.len()).map(move |d| self.needs + d * CELLS)
    }

    /// The place of the first status of each safety rule.
    pub fn safety(self) -> impl Iterator<Item = usize> {
        (0..N_RULES).map(move |r| self.needs + Domain::ALL.len() * CELLS + r * DANGERS)
    }

    /// The place of the first status of needs.
    #[must_use]
    pub fn status(self) -> usize {
        self.piece_columns()
    }

    /// Logits that are read piece by piece.
    #[must_use]
    pub fn piece_columns(self) -> usize {
        self.needs + Domain::ALL.len() * CELLS + N_RULES * DANGERS
    }

    /// The place of the first status of the need at `place`.
    #[must_use]
    pub fn status_of(self, place: usize) -> usize {
        self.status() + (place + 1) * STATUSES.len()
    }

    /// Logits of the lexical head.
    #[must_use]
    pub fn lexical_columns(self) -> usize {
        self.status_of(self.needs)
    }
}

/// How the encoder's heads and the lexical head are added up: factors fitted on narratives kept out of learning.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    /// For mentions of needs; the third number is added.
    pub mention: [f32; 3],
    /// For the statuses of a need; the third is for what words say of that need's.
    pub status: [f32; 3],
    /// For the cells of the matrix.
    pub cells: [f32; 2],
    /// For dangers.
    pub safety: [f32; 2],
}

/// The logits of one unit before they are added up, by group.
#[derive(Debug, Clone, Default)]
pub struct Logits {
    /// By need.
    pub mention: Vec<f32>,
    /// By need.
    pub status: Vec<[f32; 5]>,
    /// Of any need; only the lexical head has it.
    pub any_status: [f32; 5],
    /// By domain: nothing, then five levels.
    pub cells: Vec<[f32; CELLS]>,
    /// By rule: nothing, active, past, denied.
    pub safety: Vec<[f32; DANGERS]>,
}

impl Logits {
    /// The lexical head's logits by group.
    #[must_use]
    pub fn of_words(columns: &[f32], layout: HeadLayout) -> Self {
        Self {
            mention: columns[..layout.needs].to_vec(),
            status: (0..layout.needs).map(|need| group(columns, layout.status_of(need))).collect(),
            any_status: group(columns, layout.status()),
            cells: layout.cells().map(|at| group(columns, at)).collect(),
            safety: layout.safety().map(|at| group(columns, at)).collect(),
        }
    }

    /// The probabilities of both readers together.
    #[must_use]
    pub fn reading(&self, words: &Self, mix: &Mix, vector: Vec<f32>) -> UnitReading {
        let [a, b, c] = mix.mention;
        let mention = self.mention.iter().zip(&words.mention).map(|(x, y)| sigmoid(a * x + b * y + c));
        let status = (0..self.mention.len()).map(|need| softmax(self.status_with(words, need, mix.status)));
        UnitReading {
            needs: mention.zip(status).collect(),
            cells: self.cells.iter().zip(&words.cells).map(|(x, y)| softmax(both(*x, *y, mix.cells))).collect(),
            safety: self.safety.iter().zip(&words.safety).map(|(x, y)| softmax(both(*x, *y, mix.safety))).collect(),
            vector,
        }
    }

    /// The logits of a need's statuses by both readers together.
    #[must_use]
    pub fn status_with(&self, words: &Self, need: usize, [a, b, c]: [f32; 3]) -> [f32; 5] {
        std::array::from_fn(|s| a * self.status[need][s] + b * words.any_status[s] + c * words.status[need][s])
    }
}

fn group<const N: usize>(columns: &[f32], from: usize) -> [f32; N] {
    std::array::from_fn(|i| columns[from + i])
}

fn both<const N: usize>(x: [f32; N], y: [f32; N], [a, b]: [f32; 2]) -> [f32; N] {
    std::array::from_fn(|i| a * x[i] + b * y[i])
}

/// Largest logit of a piece: its power stays a number.
const HIGHEST: f64 = 20.0;

/// The heads on hidden states. Each unit is read twice: as the mean of its pieces, and piece by piece, where the piece that says
/// something most clearly speaks for the unit.
pub struct Heads {
    mention: (Tensor, Tensor),
    status: (Tensor, Tensor),
    status_by_need: (Tensor, Tensor),
    cells: (Tensor, Tensor),
    safety: (Tensor, Tensor),
    pieces: Tensor,
    mean: Tensor,
    scale: Tensor,
    n_needs: usize,
}

/// The logits of the heads for U units.
pub struct Outputs {
    /// `[U, N]`: that the unit speaks of the need.
    pub mention: Tensor,
    /// `[U, 5, N]`: which status, a softmax over dimension 1.
    pub status: Tensor,
    /// `[U, 17, 6]`: nothing or one of five levels, a softmax over the last dimension.
    pub cells: Tensor,
    /// `[U, 11, 4]`: nothing, active, past, denied, a softmax over the last dimension.
    pub safety: Tensor,
    /// `[U, H]`: evened, length one.
    pub vectors: Tensor,
}

/// The place of a status in [`STATUSES`].
pub(crate) fn status_index(status: NeedStatus) -> usize {
    STATUSES.iter().position(|s| *s == status).unwrap_or(0)
}

/// The place of a danger's status among nothing, active, past and denied.
pub(crate) fn danger_index(status: SafetyStatus) -> usize {
    match status {
        SafetyStatus::Active => 1,
        SafetyStatus::Past => 2,
        SafetyStatus::Denied => 3,
    }
}

/// The place of a safety rule in the outputs.
pub(crate) fn safety_index(rule: SafetyRule) -> usize {
    rule.to_string().trim_start_matches('S').parse::<usize>().map_or(0, |n| n.saturating_sub(1))
}

impl Heads {
    /// The heads of these weights, for `n_needs` needs.
    ///
    /// # Errors
    /// If a tensor is missing or has another shape.
    pub fn new(weights: &HashMap<String, Tensor>, n_needs: usize) -> Result<Self> {
        let get = |name: &str| weights.get(name).cloned().ok_or_else(|| candle_core::Error::Msg(format!("the tensor {name} is missing")));
        let pair = |name: &str| Ok::<_, candle_core::Error>((get(&format!("head.{name}.weight"))?, get(&format!("head.{name}.bias"))?));
        let heads = Self {
            mention: pair("mention")?,
            status: pair("status")?,
            status_by_need: (get("head.status_rank.weight")?, get("head.status_need.weight")?),
            cells: pair("cells")?,
            safety: pair("safety")?,
            pieces: get("head.pieces.weight")?,
            mean: get("head.mean")?,
            scale: get("head.scale")?,
            n_needs,
        };
        if heads.mention.0.dim(0)? != n_needs {
            candle_core::bail!("head.mention has {} rows for {n_needs} needs", heads.mention.0.dim(0)?);
        }
        Ok(heads)
    }

    /// Shapes of the heads' tensors for H hidden and N needs, in a fixed order: what a training run starts from.
    #[must_use]
    pub fn shapes(hidden: usize, n_needs: usize) -> Vec<(&'static str, Vec<usize>)> {
        vec![
            ("head.mention.weight", vec![n_needs, hidden]),
            ("head.mention.bias", vec![n_needs]),
            ("head.status.weight", vec![5, hidden]),
            ("head.status.bias", vec![5, n_needs]),
            ("head.status_rank.weight", vec![5 * RANK, hidden]),
            ("head.status_need.weight", vec![n_needs, RANK]),
            ("head.cells.weight", vec![Domain::ALL.len() * CELLS, hidden]),
            ("head.cells.bias", vec![Domain::ALL.len() * CELLS]),
            ("head.safety.weight", vec![N_RULES * DANGERS, hidden]),
            ("head.safety.bias", vec![N_RULES * DANGERS]),
            ("head.pieces.weight", vec![HeadLayout { needs: n_needs }.piece_columns(), hidden]),
        ]
    }

    /// The logits of units: `hidden` is `[T, H]`, `pool` `[U, T]` with even rows over the pieces of each unit, `drop` what is left
    /// out while learning.
    ///
    /// # Errors
    /// If the shapes do not fit.
    ///
    /// # Source
    /// Of pieces the mean of powers is taken (log-mean-exp): a soft maximum, as in multiple-instance learning (Kraus et al. 2016).
    pub fn forward(&self, hidden: &Tensor, pool: &Tensor, drop: Option<&Dropout>) -> Result<Outputs> {
        // the encoder's states crowd around one direction: each dimension is brought to mean 0 and spread 1 first
        let mut pieces = hidden.broadcast_sub(&self.mean)?.broadcast_mul(&self.scale)?;
        let mut even = pool.matmul(&pieces)?;
        if let Some(Dropout { of_units, of_pieces }) = drop {
            even = (even * of_units)?;
            pieces = pieces.broadcast_mul(of_pieces)?;
        }
        let u = even.dim(0)?;
        let powers = pieces.matmul(&self.pieces.t()?)?.clamp(-HIGHEST, HIGHEST)?.exp()?;
        let clearest = (pool.matmul(&powers)? + 1e-9)?.log()?;
        let (n_cells, n_safety) = (Domain::ALL.len() * CELLS, N_RULES * DANGERS);
        let linear = |(weight, bias): &(Tensor, Tensor), from: usize, n: usize| {
            even.matmul(&weight.t()?)?.broadcast_add(bias)? + clearest.narrow(1, from, n)?
        };
        let general = even.matmul(&self.status.0.t()?)?.unsqueeze(2)?;
        let ranked = even.matmul(&self.status_by_need.0.t()?)?.reshape((u * 5, RANK))?;
        let by_need = ranked.matmul(&self.status_by_need.1.t()?)?.reshape((u, 5, self.n_needs))?;
        let status = by_need.broadcast_add(&general)?.broadcast_add(&self.status.1)?;
        let length = (even.sqr()?.sum_keepdim(D::Minus1)? + 1e-12)?.sqrt()?;
        Ok(Outputs {
            mention: linear(&self.mention, 0, self.n_needs)?,
            status,
            cells: linear(&self.cells, self.n_needs, n_cells)?.reshape((u, Domain::ALL.len(), CELLS))?,
            safety: linear(&self.safety, self.n_needs + n_cells, n_safety)?.reshape((u, N_RULES, DANGERS))?,
            vectors: even.broadcast_div(&length)?,
        })
    }
}

/// Factors 0, or a little more than 1, that leave dimensions out at random while learning.
pub struct Dropout {
    /// `[U, H]`, for the means of units.
    pub of_units: Tensor,
    /// `[1, H]`, for pieces.
    pub of_pieces: Tensor,
}

impl Outputs {
    /// The logits of unit `row`.
    ///
    /// # Errors
    /// If `row` is out of range.
    pub fn logits(&self, row: usize) -> Result<Logits> {
        let status: Vec<Vec<f32>> = self.status.get(row)?.to_vec2()?;
        let cells: Vec<Vec<f32>> = self.cells.get(row)?.to_vec2()?;
        let safety: Vec<Vec<f32>> = self.safety.get(row)?.to_vec2()?;
        let mention: Vec<f32> = self.mention.get(row)?.to_vec1()?;
        Ok(Logits {
            status: (0..mention.len()).map(|n| std::array::from_fn(|s| status[s][n])).collect(),
            any_status: [0.0; 5],
            cells: cells.iter().map(|row| group(row, 0)).collect(),
            safety: safety.iter().map(|row| group(row, 0)).collect(),
            mention,
        })
    }

    /// The vector of unit `row`.
    ///
    /// # Errors
    /// If `row` is out of range.
    pub fn vector(&self, row: usize) -> Result<Vec<f32>> {
        self.vectors.get(row)?.to_vec1()
    }
}

fn softmax<const N: usize>(mut logits: [f32; N]) -> [f32; N] {
    to_shares(&mut logits);
    logits
}

/// The softmax of a row, in its place.
pub(crate) fn to_shares(row: &mut [f32]) {
    let highest = row.iter().copied().fold(f32::MIN, f32::max);
    row.iter_mut().for_each(|x| *x = (*x - highest).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}

/// The probability of a yes-or-no logit.
pub(crate) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}
