use super::Error;
use candle_core::{DType, Device, Tensor};
use std::{collections::HashMap, path::Path};

/// Named vectors of one width, kept as f16.
///
/// # Errors
/// [`Error::Weights`] if the file is there and is not one of vectors; a missing file holds none.
pub fn read_vectors(path: &Path) -> Result<Vec<(String, Vec<f32>)>, Error> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let tensors = candle_core::safetensors::load(path, &Device::Cpu)?;
    let (Some(matrix), Some(names)) = (tensors.get("vectors"), tensors.get("names")) else {
        return Ok(Vec::new());
    };
    let names: Vec<u8> = names.to_vec1()?;
    let rows: Vec<Vec<f32>> = matrix.to_dtype(DType::F32)?.to_vec2()?;
    Ok(String::from_utf8_lossy(&names).lines().map(str::to_owned).zip(rows).collect())
}

/// Writes named vectors of one width.
///
/// # Errors
/// [`Error::Weights`] if the widths differ or the file cannot be written.
pub fn write_vectors(path: &Path, vectors: Vec<(String, Vec<f32>)>) -> Result<(), Error> {
    let (names, rows): (Vec<String>, Vec<Vec<f32>>) = vectors.into_iter().unzip();
    let names = names.join("\n");
    let matrix = Tensor::new(rows, &Device::Cpu)?.to_dtype(DType::F16)?;
    let names = Tensor::new(names.as_bytes(), &Device::Cpu)?;
    let tensors = HashMap::from([("vectors", matrix), ("names", names)]);
    Ok(candle_core::safetensors::save(&tensors, path)?)
}
