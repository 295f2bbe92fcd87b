use super::{ParseError, words};

/// The longest narrative that is read, in Unicode code points (`facts/users.md` §3).
pub const MAX_CHARACTERS: usize = 50_000;

words! {
    /// The language of a sentence or of a whole narrative.
    Language, "a language (ca, es, mixed or unknown)" {
        /// Catalan.
        Catalan = "ca",
        /// Spanish.
        Spanish = "es",
        /// Both: only a whole narrative can be mixed.
        Mixed = "mixed",
        /// Neither, or too little text to tell.
        Unknown = "unknown",
    }
}

/// One text as a worker wrote it.
///
/// Invariant: the text is at most [`MAX_CHARACTERS`] long and holds no NUL. `Debug` shows the length, never the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Narrative {
    id: String,
    text: String,
    date: Option<jiff::civil::Date>,
}

/// Why a text is not accepted as a narrative.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NarrativeError {
    /// More than [`MAX_CHARACTERS`] code points.
    #[error("the narrative has {characters} characters and at most {MAX_CHARACTERS} are read: split it and send the parts")]
    TooLong {
        /// Code points that came in.
        characters: usize,
    },
    /// A NUL character, which no editor writes: the file is probably not text.
    #[error("the narrative holds a NUL character at position {position}: send plain UTF-8 text")]
    Nul {
        /// Position of the first one, in code points.
        position: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the narrative is not UTF-8: byte {byte} is wrong; save the file as UTF-8")]
    NotUtf8 {
        /// Offset of the first wrong byte.
        byte: usize,
    },
    /// The date is not written YYYY-MM-DD.
    #[error("the date of the narrative must be written YYYY-MM-DD: {0}")]
    Date(ParseError),
}

impl Narrative {
    /// Accepts `text` as it came in; an empty text is a narrative in which nothing is said.
    ///
    /// # Errors
    /// [`NarrativeError::TooLong`] past 50,000 code points, [`NarrativeError::Nul`] when a NUL is inside.
    pub fn new(id: impl Into<String>, text: impl Into<String>) -> Result<Self, NarrativeError> {
        let text = text.into();
        let characters = text.chars().count();
        if characters > MAX_CHARACTERS {
            return Err(NarrativeError::TooLong { characters });
        }
        if let Some(position) = text.chars().position(|c| c == '\0') {
            return Err(NarrativeError::Nul { position });
        }
        Ok(Self { id: id.into(), text, date: None })
    }

    /// Accepts bytes as they were read from a file or a pipe.
    ///
    /// # Errors
    /// [`NarrativeError::NotUtf8`] at the first wrong byte, and those of [`Narrative::new`].
    pub fn from_bytes(id: impl Into<String>, bytes: Vec<u8>) -> Result<Self, NarrativeError> {
        let text = String::from_utf8(bytes).map_err(|e| NarrativeError::NotUtf8 { byte: e.utf8_error().valid_up_to() })?;
        Self::new(id, text)
    }

    /// Adds the day the interview took place, against which relative dates are read.
    ///
    /// # Errors
    /// [`NarrativeError::Date`] unless `date` is `YYYY-MM-DD`.
    pub fn on(mut self, date: Option<&str>) -> Result<Self, NarrativeError> {
        self.date = match date {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| NarrativeError::Date(ParseError::new(text, "a date such as 2026-03-14")))?),
        };
        Ok(self)
    }

    /// The caller's name for the narrative; may be empty.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The text, byte for byte as it came in.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The day of the interview, if it was told.
    #[must_use]
    pub fn date(&self) -> Option<jiff::civil::Date> {
        self.date
    }
}

impl std::fmt::Debug for Narrative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Narrative {{ id: {:?}, bytes: {} }}", self.id, self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_text() {
        let narrative = Narrative::new("n-1", "la Maria plora").unwrap();
        assert_eq!(format!("{narrative:?}"), "Narrative { id: \"n-1\", bytes: 14 }");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        assert_eq!(Narrative::new("", "a".repeat(50_001)), Err(NarrativeError::TooLong { characters: 50_001 }));
        assert!(Narrative::new("", "à".repeat(50_000)).is_ok());
        assert_eq!(Narrative::new("", "és\0"), Err(NarrativeError::Nul { position: 2 }));
        assert_eq!(Narrative::from_bytes("", vec![b'a', 0xff]), Err(NarrativeError::NotUtf8 { byte: 1 }));
        assert!(Narrative::new("", "x").unwrap().on(Some("14/3")).is_err());
    }
}
