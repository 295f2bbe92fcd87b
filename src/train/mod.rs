//! New models: the base encoder packed small, and a run that teaches its upper layers and the heads.
//!
//! The only door to `training/`. A run is a file (`training/runs/*.toml`); the same file, corpora and seed give the same model
//! on the same kind of processor.

mod adam;
mod augment;
mod calibrate;
mod dataset;
mod evaluate;
mod fit;
mod lexical;
mod pack;
mod run;
mod tiny;

pub use dataset::{Example, Labels, Unit, read_narratives, read_sentences};
pub use evaluate::{Report, concepts as evaluate_concepts, narratives as evaluate_narratives};
pub use fit::run;
pub use pack::pack_base;
pub use run::RunFile;
pub use tiny::tiny;
