//! relat
pub mod types;
pub mod text;
pub mod vocab;
pub mod model;
pub mod train;
