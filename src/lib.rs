//! relat
pub mod types;
pub mod text;
