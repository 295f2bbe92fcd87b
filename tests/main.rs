//! What a person sees, in one binary. Tests that need `../shared` say so when it is not there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod analyze;
mod batch;
mod evaluate;
mod house;
mod privacy;
mod readme;
mod serve;
mod support;
mod vocabulary;
