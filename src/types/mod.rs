//! The words of the field: what every other room speaks in.
//!
//! Illegal values cannot be built: a [`Level`] is 1 to 5, a [`Probability`] 0 to 1, an [`Sctid`] has its
//! check digit, a [`Span`] lies in order. Everything is checked once, where text enters.

mod analysis;
mod assertion;
mod because;
mod concept;
mod matrix;
mod narrative;
mod proposal;
mod span;

pub use analysis::{
    Analysis, Coding, Evidence, Excluded, Finding, LanguageOf, NotAssessed, NotAssessedReason, Notice, Proposal, Quote, Release,
    SafetyAlert, SafetyStatus, Tier, UnmappedPhrase,
};
pub use assertion::{Assertion, Certainty, Experiencer, Polarity, Temporality};
pub use because::Because;
pub use concept::{ConceptId, Kind, Sctid};
pub use matrix::{Domain, Level};
pub use narrative::{Language, MAX_CHARACTERS, Narrative, NarrativeError};
pub use proposal::{ActionId, Claim, NeedId, NeedStatus, Person, Probability, SafetyRule, Urgency};
pub use span::{OffsetUnit, Offsets, Range, Span};

/// A text that is not one of the values a type allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{got:?} is not {expected}")]
pub struct ParseError {
    /// What was found; never narrative text, only ids and table cells.
    pub got: String,
    /// What is allowed there.
    pub expected: &'static str,
}

impl ParseError {
    pub(crate) fn new(got: &str, expected: &'static str) -> Self {
        Self { got: got.chars().take(40).collect(), expected }
    }
}

/// Declares a closed list of values with their names in tables and JSON.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $expected:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word used in tables and JSON.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::types::ParseError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|value| value.word() == text)
                    .ok_or_else(|| $crate::types::ParseError::new(text, $expected))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str(self.word()) }
        }
    };
}
pub(crate) use words;

/// FNV-1a, 64 bits: the same on every machine.
pub(crate) fn fnv<'a>(bytes: impl IntoIterator<Item = &'a u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
