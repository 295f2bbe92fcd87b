use super::{Domain, Language, Level, ParseError, words};
use std::{fmt, str::FromStr};

/// Declares an id that is a letter and a number, as in the catalogue.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $letter:literal, $width:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(u16);

        impl FromStr for $name {
            type Err = ParseError;
            fn from_str(text: &str) -> Result<Self, ParseError> {
                text.strip_prefix($letter)
                    .filter(|digits| digits.len() == $width && digits.bytes().all(|b| b.is_ascii_digit()))
                    .and_then(|digits| digits.parse().ok())
                    .map(Self)
                    .ok_or_else(|| ParseError::new(text, $expected))
            }
        }
        impl TryFrom<String> for $name {
            type Error = ParseError;
            fn try_from(text: String) -> Result<Self, ParseError> { text.parse() }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self { id.to_string() }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!($letter, "{:0", $width, "}"), self.0) }
        }
    };
}

numbered!(/// A need of the catalogue, N001 to N135 (`facts/needs_actions.md` §4).
    NeedId, "N", 3, "a need such as N034");
numbered!(/// An action of the catalogue, A001 to A174 (`facts/needs_actions.md` §5).
    ActionId, "A", 3, "an action such as A082");
numbered!(/// A safety rule, S01 to S11 (`facts/needs_actions.md` §3).
    SafetyRule, "S", 2, "a safety rule such as S05");

words! {
    /// What the text says of a need.
    NeedStatus, "a status (present, possible, past, other_person or absent)" {
        /// Holds now.
        Present = "present",
        /// Suspected, feared or foreseen.
        Possible = "possible",
        /// Is over.
        Past = "past",
        /// True of somebody who is not the client.
        OtherPerson = "other_person",
        /// Denied, or the opposite is told.
        Absent = "absent",
    }
}
impl NeedStatus {
    /// The statuses in the order in which people read them.
    pub const READING: [Self; 5] = [Self::Present, Self::Possible, Self::Absent, Self::Past, Self::OtherPerson];

    /// The heading over needs of this status, in Catalan unless Spanish is asked for.
    #[must_use]
    pub fn heading(self, language: Language) -> &'static str {
        let (ca, es) = match self {
            Self::Present => ("Necessitats", "Necesidades"),
            Self::Possible => ("Possibles, per explorar", "Posibles, por explorar"),
            Self::Absent => ("Explorat: no", "Explorado: no"),
            Self::Past => ("Ja passat", "Ya pasado"),
            Self::OtherPerson => ("D'una altra persona", "De otra persona"),
        };
        if language == Language::Spanish { es } else { ca }
    }
}
words! {
    /// Who in the story.
    Person, "a person (subject, household or other)" { /// The person the note is about.
        Subject = "subject", /// Somebody who lives with that person.
        Household = "household", /// Anybody else.
        Other = "other" }
}
words! {
    /// How soon something has to be done.
    Urgency, "an urgency (U0 to U4)" { /// Now, in the interview.
        U0 = "U0", /// Within 48 hours.
        U1 = "U1", /// Within seven days.
        U2 = "U2", /// Within thirty days.
        U3 = "U3", /// In the plan.
        U4 = "U4" }
}

/// A probability in 0..=1, written with three decimals.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Probability(f32);

impl Probability {
    /// `value` brought into 0..=1; what is not a number becomes 0.
    #[must_use]
    pub fn new(value: f32) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }

    /// The number.
    #[must_use]
    pub fn value(self) -> f32 {
        self.0
    }
}

impl serde::Serialize for Probability {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((f64::from(self.0) * 1000.0).round() / 1000.0)
    }
}

/// What a worker is asked to decide on.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Claim {
    /// A need and what is said of it.
    Need {
        /// Which need.
        need: NeedId,
        /// What is said of it; only `present` counts as a present need.
        status: NeedStatus,
        /// Who has it.
        person: Person,
        /// How soon, from the catalogue.
        urgency: Urgency,
    },
    /// A level for a domain of the matrix.
    Level {
        /// Which domain.
        domain: Domain,
        /// The proposed level.
        level: Level,
        /// The second candidate, when it is close.
        #[serde(skip_serializing_if = "Option::is_none")]
        alternative: Option<Level>,
        /// The rule of the instrument that lowered or capped it, if one did.
        #[serde(skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// Something that can be done.
    Action {
        /// Which action.
        action: ActionId,
        /// The present needs that call for it.
        #[serde(rename = "for")]
        needs: Vec<NeedId>,
        /// How soon, from the catalogue.
        urgency: Urgency,
    },
}
