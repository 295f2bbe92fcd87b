//! **relat** reads the free-text narrative of a social-services interview, in Catalan and Spanish, and proposes what is in it, for
//! the worker to confirm.
//!
//! # The words
//! A [`Narrative`](types::Narrative) is taken apart into sentences ([`text::Document`]). In it concepts of the
//! [dictionary](vocab::Dictionary) are found ([`annotate::Finding`]) with what is said of them ([`types::Assertion`]). From them and
//! from what the [model](model::Model) reads follow alerts, needs, levels of the matrix and actions
//! ([`assess::Assessment`]). Together they are an [`Analysis`](types::Analysis), stamped with the
//! [`Release`](types::Release) it stands on. Each [`Proposal`](types::Proposal) shows its sentence; the worker decides.
//!
//! # The floors
//! ```text
//! 7  main.rs  cli/                      the roof: commands
//! 6  config.rs                          settings, read once
//! 5  http/            train/            two doors: people and systems · new models and their measures
//! 4  analyze.rs                         the one walk from narrative to analysis
//! 3  annotate/   assess/                what is said · what it means
//! 2  vocab/           model/            the two things we release: vocabulary · weights
//! 1  text/                              plain text work
//! 0  types/                             the words of the field
//! ```
//! - Invariant: a file uses only lower floors and its own room; `assess` reads what `annotate` noted, and that is the one arrow
//!   within a floor: findings flow from one to the other.
//! - Invariant: one outside crate, one room: axum in `http`, tantivy in `vocab`, tokenizers and safetensors in `model`, candle in
//!   `model` and `train`, stemmers and language detection in `text`.
//! - Invariant: one data folder, one room: `vocab/` is read by [`vocab`], `models/` by [`model`], `training/` by [`train`].
//! - Invariant: everything from `types` to `analyze` is synchronous and reads no clock, environment or random source.
//!
//! `tests/house.rs` keeps the first two.
//!
//! # A walk
//! [`text::read`] → [`model::Model::read`] → [`annotate::annotate`] → [`assess::assess`] → [`types::Analysis`], all called from
//! [`analyze::Analyzer::analyze`].
//!
//! # Where do I put…
//! a term or concept, a cue, an abbreviation, a need, an action, a link, an exclusion, a safety cue, a level's meaning, a
//! threshold: a row in `vocab/`, no code. A rule of the matrix: [`assess`]. A new figure: [`train`]. A route: [`http`].
//! A setting: [`config`].
//!
//! # Why
//! *No traits of our own:* our seams are formats (the vocabulary folder, the model folder, the JSON), each with a fingerprint.
//! *One package:* heavy compile time is in dependencies, which are built apart anyway.
//! *JSON is the types:* a golden file guards it; twins of ten structs would be ceremony.
//! *Windows, not sentences:* the encoder reads neighbouring sentences together, so that they inform each other, and pools each;
//! a window never depends on another narrative, so an answer is the same alone and in a batch.

pub mod types;

pub mod text;

pub mod model;
pub mod vocab;

pub mod annotate;
pub mod assess;

pub mod analyze;

pub mod http;
pub mod train;

pub mod config;

pub mod cli;
