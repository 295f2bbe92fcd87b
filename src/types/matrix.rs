use super::{ParseError, words};

words! {
    /// A domain of the Self-Sufficiency Matrix: thirteen, and four for those who care for minors.
    ///
    /// # Source
    /// `facts/ssm_cat.md` §2.
    Domain, "a domain (D1 to D13, P1 to P4)" {
        /// Finances.
        D1 = "D1", /// Work and education.
        D2 = "D2", /// Use of time.
        D3 = "D3", /// Housing.
        D4 = "D4", /// Domestic relations.
        D5 = "D5", /// Mental health.
        D6 = "D6", /// Physical health.
        D7 = "D7", /// Substance use.
        D8 = "D8", /// Basic activities of daily living.
        D9 = "D9", /// Instrumental activities.
        D10 = "D10", /// Social network.
        D11 = "D11", /// Community participation.
        D12 = "D12", /// Justice.
        D13 = "D13", /// Physical care of the children.
        P1 = "P1", /// Social and emotional support.
        P2 = "P2", /// Schooling.
        P3 = "P3", /// Who looks after them.
        P4 = "P4",
    }
}

impl Domain {
    /// Whether the domain is scored only for those who care for minors (rule R16).
    #[must_use]
    pub fn is_parenthood(self) -> bool {
        self >= Self::P1
    }

    /// Position in [`Domain::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// A level of the matrix, 1 (acute problem) to 5 (completely self-sufficient).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

impl Level {
    /// The five levels, lowest first.
    pub const ALL: [Self; 5] = [Self(1), Self(2), Self(3), Self(4), Self(5)];

    /// The number, 1 to 5.
    #[must_use]
    pub fn number(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Level {
    type Error = ParseError;
    fn try_from(number: u8) -> Result<Self, ParseError> {
        Self::ALL.into_iter().find(|level| level.0 == number).ok_or_else(|| ParseError::new(&number.to_string(), "a level from 1 to 5"))
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> Self {
        level.0
    }
}
