use super::UnitReading;
use crate::types::{Domain, NeedStatus, SafetyRule};
use candle_core::{D, Result, Tensor};
use std::collections::HashMap;

/// The order of statuses in the outputs.
pub const STATUSES: [NeedStatus; 5] =
    [NeedStatus::Present, NeedStatus::Possible, NeedStatus::Past, NeedStatus::Absent, NeedStatus::OtherPerson];
/// Rules S01 to S11.
const N_RULES: usize = 11;
/// Width of the part of the status head that depends on the need.
const RANK: usize = 16;

/// The heads on pooled hidden states `[U, H]`.
pub struct Heads {
    mention: (Tensor, Tensor),
    status: (Tensor, Tensor),
    status_by_need: (Tensor, Tensor),
    cells: (Tensor, Tensor),
    safety: (Tensor, Tensor),
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
            ("head.cells.weight", vec![Domain::ALL.len() * 6, hidden]),
            ("head.cells.bias", vec![Domain::ALL.len() * 6]),
            ("head.safety.weight", vec![N_RULES * 4, hidden]),
            ("head.safety.bias", vec![N_RULES * 4]),
        ]
    }

    /// The logits of pooled hidden states `[U, H]`.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward(&self, pooled: &Tensor) -> Result<Outputs> {
        let u = pooled.dim(0)?;
        // the encoder's states crowd around one direction: each dimension is brought to mean 0 and spread 1 first
        let even = pooled.broadcast_sub(&self.mean)?.broadcast_mul(&self.scale)?;
        let linear = |(weight, bias): &(Tensor, Tensor)| even.matmul(&weight.t()?)?.broadcast_add(bias);
        let general = even.matmul(&self.status.0.t()?)?.unsqueeze(2)?;
        let ranked = even.matmul(&self.status_by_need.0.t()?)?.reshape((u * 5, RANK))?;
        let by_need = ranked.matmul(&self.status_by_need.1.t()?)?.reshape((u, 5, self.n_needs))?;
        let status = by_need.broadcast_add(&general)?.broadcast_add(&self.status.1)?;
        let length = (even.sqr()?.sum_keepdim(D::Minus1)? + 1e-12)?.sqrt()?;
        Ok(Outputs {
            mention: linear(&self.mention)?,
            status,
            cells: linear(&self.cells)?.reshape((u, Domain::ALL.len(), 6))?,
            safety: linear(&self.safety)?.reshape((u, N_RULES, 4))?,
            vectors: even.broadcast_div(&length)?,
        })
    }
}

impl Outputs {
    /// The probabilities of unit `row`; `temperature` divides the logits of mentions.
    ///
    /// # Errors
    /// If `row` is out of range.
    pub fn reading(&self, row: usize, temperature: f32) -> Result<UnitReading> {
        let mention: Vec<f32> = self.mention.get(row)?.to_vec1()?;
        let status: Vec<Vec<f32>> = self.status.get(row)?.to_vec2()?;
        let cells: Vec<Vec<f32>> = self.cells.get(row)?.to_vec2()?;
        let safety: Vec<Vec<f32>> = self.safety.get(row)?.to_vec2()?;
        let needs = mention.iter().enumerate().map(|(n, logit)| {
            let column: [f32; 5] = std::array::from_fn(|s| status[s][n]);
            (1.0 / (1.0 + (-logit / temperature).exp()), softmax(column))
        });
        Ok(UnitReading {
            needs: needs.collect(),
            cells: cells.iter().map(|row| softmax(std::array::from_fn(|i| row[i]))).collect(),
            safety: safety.iter().map(|row| softmax(std::array::from_fn(|i| row[i]))).collect(),
            vector: self.vectors.get(row)?.to_vec1()?,
        })
    }
}

fn softmax<const N: usize>(logits: [f32; N]) -> [f32; N] {
    let highest = logits.iter().copied().fold(f32::MIN, f32::max);
    let powers = logits.map(|l| (l - highest).exp());
    let sum: f32 = powers.iter().sum();
    powers.map(|p| p / sum)
}
