use super::Error;
use crate::types::Span;
use std::path::Path;

/// A piece of text as the encoder reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Its row in the word embeddings.
    pub id: u32,
    /// Where it lies in the narrative; empty for start and end marks.
    pub span: Span,
}

/// `SentencePiece` unigram pieces of the base encoder.
pub struct Tokenizer(tokenizers::Tokenizer);

impl Tokenizer {
    /// Reads `tokenizer.json`.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] if it is not one.
    pub fn open(path: &Path) -> Result<Self, Error> {
        tokenizers::Tokenizer::from_file(path).map(Self).map_err(|e| Error::Tokenizer { path: path.to_owned(), message: e.to_string() })
    }

    /// The pieces of `text`, which begins at byte `offset` of the narrative; no start or end marks.
    #[must_use]
    pub fn pieces(&self, text: &str, offset: usize) -> Vec<Token> {
        let Ok(encoding) = self.0.encode(text, false) else {
            return Vec::new();
        };
        let places = encoding.get_ids().iter().zip(encoding.get_offsets());
        places.map(|(&id, &(start, end))| Token { id, span: Span::new(start + offset, end + offset) }).collect()
    }
}

impl Token {
    /// `<s>`.
    pub const START: Self = Self { id: 0, span: Span::EMPTY };
    /// `</s>`.
    pub const END: Self = Self { id: 2, span: Span::EMPTY };
    /// `<pad>`.
    pub const PAD: Self = Self { id: 1, span: Span::EMPTY };
}
