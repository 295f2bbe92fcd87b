//! relat
pub mod types;
pub mod text;
pub mod vocab;
pub mod model;
pub mod annotate;
pub mod assess;
pub mod analyze;
pub mod train;
pub mod http;
pub mod config;
pub mod cli;
