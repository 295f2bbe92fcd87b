use crate::model::write_checksums;
use anyhow::{Context, ensure};
use candle_core::{
    DType, Device,
    quantized::{GgmlDType, QTensor, gguf_file},
};
use std::path::Path;

/// Packs the base encoder of `from` (`model.safetensors`, `tokenizer.json`, f16) into `to` (`weights.gguf`): matrices as `Q4_0`,
/// everything else f32. The source was 4-bit itself, so blocks of 32 weights come back as they were; the largest difference
/// is returned.
///
/// # Errors
/// If a file is missing, is no encoder, or cannot be written.
pub fn pack_base(from: &Path, to: &Path) -> anyhow::Result<f32> {
    let source = from.join("model.safetensors");
    let tensors = candle_core::safetensors::load(&source, &Device::Cpu).with_context(|| format!("reading {}", source.display()))?;
    ensure!(!tensors.is_empty(), "{} holds no tensors", source.display());
    let mut names: Vec<&String> = tensors.keys().collect();
    names.sort();
    let mut packed = Vec::new();
    let mut largest = 0_f32;
    for name in names {
        let tensor = tensors[name].to_dtype(DType::F32)?;
        let is_matrix = tensor.dims().len() == 2 && tensor.dim(1)? % 32 == 0 && tensor.dim(0)? > 2 && !name.contains("position");
        let kept = QTensor::quantize(&tensor, if is_matrix { GgmlDType::Q4_0 } else { GgmlDType::F32 })?;
        let difference = (kept.dequantize(&Device::Cpu)? - &tensor)?.abs()?.flatten_all()?.max(0)?.to_scalar::<f32>()?;
        largest = largest.max(difference);
        packed.push((name.as_str(), kept));
    }
    std::fs::create_dir_all(to)?;
    let architecture = gguf_file::Value::String("bert".to_owned());
    let metadata = [("general.architecture", &architecture)];
    let list: Vec<(&str, &QTensor)> = packed.iter().map(|(name, tensor)| (*name, tensor)).collect();
    let mut file = std::fs::File::create(to.join("weights.gguf"))?;
    gguf_file::write(&mut file, &metadata, &list)?;
    std::fs::copy(from.join("tokenizer.json"), to.join("tokenizer.json"))?;
    write_checksums(to)?;
    Ok(largest)
}
