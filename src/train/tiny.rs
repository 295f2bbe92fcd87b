use crate::{
    model::{EncoderConfig, Heads, LexicalTable, Mix, ModelFile, write_checksums},
    types::NeedId,
};
use anyhow::Context;
use candle_core::{
    Device, Tensor,
    quantized::{GgmlDType, QTensor, gguf_file},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::{collections::HashMap, path::Path};

/// Pieces of the tokenizer that the tiny model keeps.
const PIECES: usize = 2000;
/// H, and four times it for the feed-forward part.
const HIDDEN: usize = 32;

/// Writes a model of one narrow layer with seeded random weights and the first pieces of the tokenizer of `base`: for tests that
/// need the real code and no accuracy. The same seed gives the same bytes.
///
/// # Errors
/// If the tokenizer of `base` cannot be read or `to` not written.
pub fn tiny(base: &Path, to: &Path, needs: Vec<NeedId>, seed: u64) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    let mut random = StdRng::seed_from_u64(seed);
    let mut make = |shape: &[usize], spread: f32, middle: f32| {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| middle + spread * (random.random::<f32>() * 2.0 - 1.0)).collect();
        Tensor::from_vec(values, shape, &Device::Cpu)
    };
    let mut trunk = Vec::new();
    for (name, shape) in trunk_shapes() {
        let middle = if name.ends_with("LayerNorm.weight") { 1.0 } else { 0.0 };
        trunk.push((name, QTensor::quantize(&make(&shape, 0.1, middle)?, GgmlDType::F32)?));
    }
    let list: Vec<(&str, &QTensor)> = trunk.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut std::fs::File::create(to.join("weights.gguf"))?, &[], &list)?;
    let mut heads: HashMap<String, Tensor> = HashMap::new();
    for (name, shape) in Heads::shapes(HIDDEN, needs.len()) {
        heads.insert(name.to_owned(), make(&shape, 0.3, 0.0)?);
    }
    heads.insert("head.mean".to_owned(), make(&[HIDDEN], 0.0, 0.0)?);
    heads.insert("head.scale".to_owned(), make(&[HIDDEN], 0.0, 1.0)?);
    candle_core::safetensors::save(&heads, to.join("taught.safetensors"))?;
    write_tokenizer(base, to)?;
    let file = ModelFile {
        format: ModelFile::format(),
        name: "tiny".to_owned(),
        base: "tiny".to_owned(),
        thresholds: vec![0.5; needs.len()],
        needs,
        encoder: EncoderConfig { layers: 1, heads: 2, hidden: HIDDEN },
        mix: Mix { mention: [1.0, 0.0, 0.0], status: [1.0, 0.0, 0.0], cells: [1.0, 0.0], safety: [1.0, 0.0] },
    };
    let bias = vec![0.0; file.layout().lexical_columns()];
    LexicalTable { bias, ..LexicalTable::default() }.write(to)?;
    std::fs::write(to.join("model.toml"), toml::to_string(&file)?)?;
    write_checksums(to)?;
    Ok(())
}

fn trunk_shapes() -> Vec<(String, Vec<usize>)> {
    let (h, wide) = (HIDDEN, 4 * HIDDEN);
    let mut shapes = vec![
        ("embeddings.word_embeddings.weight".to_owned(), vec![PIECES, h]),
        ("embeddings.position_embeddings.weight".to_owned(), vec![512, h]),
        ("embeddings.token_type_embeddings.weight".to_owned(), vec![2, h]),
        ("embeddings.LayerNorm.weight".to_owned(), vec![h]),
        ("embeddings.LayerNorm.bias".to_owned(), vec![h]),
    ];
    let linear = [
        ("attention.self.query", h, h),
        ("attention.self.key", h, h),
        ("attention.self.value", h, h),
        ("attention.output.dense", h, h),
        ("intermediate.dense", wide, h),
        ("output.dense", h, wide),
    ];
    for (name, rows, columns) in linear {
        shapes.push((format!("encoder.layer.0.{name}.weight"), vec![rows, columns]));
        shapes.push((format!("encoder.layer.0.{name}.bias"), vec![rows]));
    }
    for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
        shapes.push((format!("encoder.layer.0.{name}.weight"), vec![h]));
        shapes.push((format!("encoder.layer.0.{name}.bias"), vec![h]));
    }
    shapes
}

/// The tokenizer of `base` with its first pieces only.
fn write_tokenizer(base: &Path, to: &Path) -> anyhow::Result<()> {
    let path = base.join("tokenizer.json");
    let text = std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let mut tokenizer: serde_json::Value = serde_json::from_str(&text)?;
    let vocabulary = tokenizer.pointer_mut("/model/vocab").and_then(|v| v.as_array_mut()).context("the tokenizer has no pieces")?;
    vocabulary.truncate(PIECES);
    let added = tokenizer["added_tokens"].as_array_mut().context("the tokenizer has no added tokens")?;
    added.retain(|token| token["id"].as_u64().is_some_and(|id| id < PIECES as u64));
    std::fs::write(to.join("tokenizer.json"), serde_json::to_string(&tokenizer)?)?;
    Ok(())
}
