use super::{Error, kernels};
use candle_core::{Device, Result, Tensor, quantized::gguf_file};
use std::{collections::HashMap, path::Path};

/// Longest sequence the position embeddings allow.
pub(super) const MAX_POSITIONS: usize = 512;

/// The sizes of an encoder; H is hidden, F the feed-forward width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncoderConfig {
    /// Layers.
    pub layers: usize,
    /// Attention heads; they divide H.
    pub heads: usize,
    /// H.
    pub hidden: usize,
}

/// A BERT encoder, its names as in the checkpoint.
///
/// # Source
/// Devlin et al. 2019; multilingual-e5-small (Wang et al. 2024) is a 12-layer one with H = 384.
pub struct Encoder {
    words: Tensor,
    positions: Tensor,
    kind: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    config: EncoderConfig,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    output_norm: Norm,
    up: Linear,
    down: Linear,
    down_norm: Norm,
}

/// `y = x wᵀ + b`, `w` of shape `[out, in]`.
struct Linear {
    weight: Tensor,
    bias: Tensor,
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
}

/// Named tensors, as they stand in weight files.
pub(crate) type Weights = HashMap<String, Tensor>;

/// The base encoder's weights from `weights.gguf`, as f32.
pub(crate) fn base_weights(base: &Path, device: &Device) -> std::result::Result<Weights, Error> {
    let path = base.join("weights.gguf");
    let bytes = std::fs::read(&path).map_err(|source| Error::Io { path, source })?;
    let mut cursor = std::io::Cursor::new(bytes);
    let content = gguf_file::Content::read(&mut cursor)?;
    let mut names: Vec<String> = content.tensor_infos.keys().cloned().collect();
    names.sort_unstable();
    let mut weights = Weights::new();
    for name in names {
        let tensor = content.tensor(&mut cursor, &name, device)?.dequantize(device)?;
        weights.insert(name, tensor);
    }
    Ok(weights)
}

fn tensor(weights: &Weights, name: &str) -> Result<Tensor> {
    weights.get(name).cloned().ok_or_else(|| candle_core::Error::Msg(format!("the tensor {name} is missing")))
}

impl Linear {
    fn new(weights: &Weights, name: &str) -> Result<Self> {
        Ok(Self { weight: tensor(weights, &format!("{name}.weight"))?, bias: tensor(weights, &format!("{name}.bias"))? })
    }

    /// `x` is `[B, T, in]` or `[N, in]`.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let out = match x.dims() {
            [b, t, inside] => x.reshape((b * t, *inside))?.matmul(&self.weight.t()?)?.reshape((*b, *t, ()))?,
            _ => x.matmul(&self.weight.t()?)?,
        };
        out.broadcast_add(&self.bias)
    }
}

impl Norm {
    fn new(weights: &Weights, name: &str) -> Result<Self> {
        Ok(Self { weight: tensor(weights, &format!("{name}.weight"))?, bias: tensor(weights, &format!("{name}.bias"))? })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        kernels::layer_norm(x, &self.weight, &self.bias)
    }
}

impl Layer {
    fn new(weights: &Weights, index: usize) -> Result<Self> {
        let name = |part: &str| format!("encoder.layer.{index}.{part}");
        Ok(Self {
            query: Linear::new(weights, &name("attention.self.query"))?,
            key: Linear::new(weights, &name("attention.self.key"))?,
            value: Linear::new(weights, &name("attention.self.value"))?,
            output: Linear::new(weights, &name("attention.output.dense"))?,
            output_norm: Norm::new(weights, &name("attention.output.LayerNorm"))?,
            up: Linear::new(weights, &name("intermediate.dense"))?,
            down: Linear::new(weights, &name("output.dense"))?,
            down_norm: Norm::new(weights, &name("output.LayerNorm"))?,
        })
    }

    /// `x` is `[B, T, H]`, `mask` `[B, 1, 1, T]` with 0 for pieces and a large negative number for padding.
    fn forward(&self, x: &Tensor, mask: Option<&Tensor>, n_heads: usize) -> Result<Tensor> {
        let (b, t, h) = x.dims3()?;
        let split = |y: Tensor| y.reshape((b, t, n_heads, h / n_heads))?.transpose(1, 2)?.contiguous();
        let query = split(self.query.forward(x)?)?;
        let key = split(self.key.forward(x)?)?;
        let value = split(self.value.forward(x)?)?;
        #[expect(clippy::cast_precision_loss, reason = "a head is 32 wide")]
        let scale = 1.0 / ((h / n_heads) as f64).sqrt();
        let mut scores = (query.matmul(&key.t()?)? * scale)?;
        if let Some(mask) = mask {
            scores = scores.broadcast_add(mask)?;
        }
        let attention = kernels::softmax(&scores)?;
        let context = attention.matmul(&value)?.transpose(1, 2)?.reshape((b, t, h))?;
        let x = self.output_norm.forward(&(self.output.forward(&context)? + x)?)?;
        let wide = kernels::gelu(&self.up.forward(&x)?)?;
        self.down_norm.forward(&(self.down.forward(&wide)? + &x)?)
    }
}

impl Encoder {
    /// The encoder of these weights.
    ///
    /// # Errors
    /// If a tensor is missing.
    pub fn new(weights: &HashMap<String, Tensor>, config: EncoderConfig) -> Result<Self> {
        Ok(Self {
            words: tensor(weights, "embeddings.word_embeddings.weight")?,
            positions: tensor(weights, "embeddings.position_embeddings.weight")?,
            kind: tensor(weights, "embeddings.token_type_embeddings.weight")?.narrow(0, 0, 1)?,
            norm: Norm::new(weights, "embeddings.LayerNorm")?,
            layers: (0..config.layers).map(|index| Layer::new(weights, index)).collect::<Result<_>>()?,
            config,
        })
    }

    /// Hidden states `[B, T, H]` of pieces `ids` `[B, T]`, T at most 512; `mask` as in [`Encoder::layers`].
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn forward(&self, ids: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let embedded = self.embed(ids)?;
        self.layers(&embedded, mask, 0..self.config.layers)
    }

    /// Embeddings `[B, T, H]` of pieces `[B, T]`.
    ///
    /// # Errors
    /// If a piece or position is out of range.
    pub fn embed(&self, ids: &Tensor) -> Result<Tensor> {
        let (b, t) = ids.dims2()?;
        let h = self.config.hidden;
        let words = self.words.index_select(&ids.flatten_all()?, 0)?.reshape((b, t, h))?;
        let positions = self.positions.narrow(0, 0, t)?.broadcast_add(&self.kind)?;
        self.norm.forward(&words.broadcast_add(&positions)?)
    }

    /// Passes `x` `[B, T, H]` through some of the layers; `mask` is `[B, 1, 1, T]`, 0 for pieces, a large negative number for
    /// padding.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn layers(&self, x: &Tensor, mask: Option<&Tensor>, which: std::ops::Range<usize>) -> Result<Tensor> {
        let mut x = x.clone();
        for layer in self.layers.get(which).unwrap_or_default() {
            x = layer.forward(&x, mask, self.config.heads)?;
        }
        Ok(x)
    }
}
