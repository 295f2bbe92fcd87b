//! Settings: read once, from the command line or `RELAT_…`; every door takes its part as a parameter.

use anyhow::bail;
use std::path::PathBuf;

/// Where the releases lie. Each defaults to the folder of this name in the working directory, else in the repository the program
/// was built from.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// The vocabulary release: a folder with release.toml [default: vocab].
    #[arg(long, global = true, env = "RELAT_VOCABULARY", value_name = "DIR")]
    vocabulary: Option<PathBuf>,
    /// The model: a folder with model.toml, or `none` to read by rules only [default: models/relat].
    #[arg(long, global = true, env = "RELAT_MODEL", value_name = "DIR")]
    model: Option<PathBuf>,
}

impl Config {
    /// The folder of the vocabulary release.
    ///
    /// # Errors
    /// If none is named and none lies in the usual places.
    pub fn vocabulary(&self) -> anyhow::Result<PathBuf> {
        find(self.vocabulary.as_ref(), "vocab", "release.toml", "--vocabulary or RELAT_VOCABULARY")
    }

    /// The folder of the model in force, or `None` if rules alone shall read.
    ///
    /// # Errors
    /// If none is named and none lies in the usual places.
    pub fn model(&self) -> anyhow::Result<Option<PathBuf>> {
        if self.model.as_deref().is_some_and(|m| m.as_os_str() == "none") {
            return Ok(None);
        }
        find(self.model.as_ref(), "models/relat", "model.toml", "--model or RELAT_MODEL (`none` reads by rules only)").map(Some)
    }

    /// The folder that holds all model folders.
    ///
    /// # Errors
    /// If there is none in the usual places.
    pub fn models(&self) -> anyhow::Result<PathBuf> {
        find(None, "models", "base/SHA256SUMS", "the working directory")
    }
}

fn find(named: Option<&PathBuf>, usual: &str, marker: &str, setting: &str) -> anyhow::Result<PathBuf> {
    if let Some(folder) = named {
        return Ok(folder.clone());
    }
    let places = [PathBuf::from(usual), PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(usual)];
    match places.iter().find(|place| place.join(marker).is_file()) {
        Some(place) => Ok(place.clone()),
        None => bail!("no {usual} folder was found in {} or {}: name it with {setting}", places[0].display(), places[1].display()),
    }
}
