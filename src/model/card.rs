use super::{EncoderConfig, Error, HeadLayout, Mix};
use crate::types::{NeedId, hex};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The folder of the base encoder, beside the model folders.
pub const BASE_FOLDER: &str = "base";
/// The layout of model folders that this program reads.
const FORMAT: u32 = 2;

/// `model.toml`: what a model folder is made of.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Layout of the folder.
    pub format: u32,
    /// Its name.
    pub name: String,
    /// Folder of the base encoder, beside this one.
    pub base: String,
    /// The needs in the order of the head's rows.
    pub needs: Vec<NeedId>,
    /// A need is proposed from this probability on, in the order of `needs`.
    pub thresholds: Vec<f32>,
    /// Sizes of the trunk.
    pub encoder: EncoderConfig,
    /// How the two readers are added up, so that probabilities are calibrated.
    pub mix: Mix,
}

impl ModelFile {
    /// Reads `model.toml` in `folder`.
    ///
    /// # Errors
    /// [`Error::Io`] if it is missing, [`Error::Manifest`] if it is not of this layout.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("model.toml");
        let text = std::fs::read_to_string(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
        let file: Self = toml::from_str(&text).map_err(|e| Error::Manifest { path: path.clone(), message: e.to_string() })?;
        if file.format != FORMAT {
            let message = format!("the folder has format {} and this program reads {FORMAT}", file.format);
            return Err(Error::Manifest { path, message });
        }
        Ok(file)
    }

    /// The order of the logits.
    #[must_use]
    pub fn layout(&self) -> HeadLayout {
        HeadLayout { needs: self.needs.len() }
    }

    /// The layout that is written today.
    #[must_use]
    pub fn format() -> u32 {
        FORMAT
    }
}

/// Every file of `folder` with its SHA-256, by name, but for the list itself.
///
/// # Errors
/// [`Error::Io`] if a file cannot be read.
pub fn checksums(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let io = |path: PathBuf| move |source| Error::Io { path, source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io(folder.to_owned()))? {
        let path = entry.map_err(io(folder.to_owned()))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        if path.is_file() && name != "SHA256SUMS" {
            found.push((name, sum(&path)?));
        }
    }
    found.sort();
    Ok(found)
}

fn sum(path: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    Ok(hex(&Sha256::digest(&bytes)))
}

/// Writes `SHA256SUMS` in the form that `sha256sum -c` reads.
///
/// # Errors
/// [`Error::Io`] if a file cannot be read or the list not written.
pub fn write_checksums(folder: &Path) -> Result<(), Error> {
    let list: String = checksums(folder)?.into_iter().map(|(name, sum)| format!("{sum}  {name}\n")).collect();
    let path = folder.join("SHA256SUMS");
    std::fs::write(&path, list).map_err(|source| Error::Io { path, source })
}

/// Checks every file that `SHA256SUMS` lists; returns the fingerprint of the list, twelve hexadecimal digits.
pub(super) fn verify(folder: &Path) -> Result<String, Error> {
    let path = folder.join("SHA256SUMS");
    let list = std::fs::read_to_string(&path).map_err(|source| Error::Io { path, source })?;
    for line in list.lines() {
        let Some((expected, name)) = line.split_once("  ") else {
            continue;
        };
        let file = folder.join(name);
        if sum(&file)? != expected {
            return Err(Error::Checksum { path: file });
        }
    }
    Ok(hex(&Sha256::digest(list.as_bytes())[..6]))
}
