use super::words;

/// A stretch of the narrative: half-open bytes of the text exactly as it came in, on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// Nothing, at the beginning.
    pub const EMPTY: Self = Self { start: 0, end: 0 };

    /// The span from `start` to `end`; a span that would run backwards is empty at `start`.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }

    /// First byte.
    #[must_use]
    pub fn start(self) -> usize {
        self.start
    }

    /// Byte after the last.
    #[must_use]
    pub fn end(self) -> usize {
        self.end
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether nothing lies in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether the two share at least one byte.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Whether `other` lies wholly inside.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The text under it; empty if the span does not belong to `text`.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }
}

words! {
    /// The unit in which an answer counts positions.
    OffsetUnit, "an offset unit (codepoint, utf16 or byte)" {
        /// Unicode code points, the default.
        Codepoint = "codepoint",
        /// UTF-16 code units, as browsers count.
        Utf16 = "utf16",
        /// Bytes of the UTF-8 text.
        Byte = "byte",
    }
}

/// A half-open stretch in the unit that the answer names in `offset_unit`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Range {
    /// First position.
    pub start: usize,
    /// Position after the last.
    pub end: usize,
}

/// Counts positions of one text in one unit.
pub struct Offsets {
    /// `at[byte]` is the position of that byte in the unit; `None` when the unit is bytes.
    at: Option<Vec<u32>>,
}

impl Offsets {
    /// Prepares `text`; linear in its length.
    #[must_use]
    pub fn new(text: &str, unit: OffsetUnit) -> Self {
        if unit == OffsetUnit::Byte || text.is_ascii() {
            return Self { at: None };
        }
        let mut at = Vec::with_capacity(text.len() + 1);
        let mut position = 0_u32;
        for c in text.chars() {
            at.resize(at.len() + c.len_utf8(), position);
            position += if unit == OffsetUnit::Utf16 && c.len_utf16() == 2 { 2 } else { 1 };
        }
        at.push(position);
        Self { at: Some(at) }
    }

    /// `span` in the unit.
    #[must_use]
    pub fn range(&self, span: Span) -> Range {
        let place = |byte: usize| match &self.at {
            None => byte,
            Some(at) => at.get(byte).or(at.last()).map_or(0, |&p| p as usize),
        };
        Range { start: place(span.start), end: place(span.end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_in_the_unit_asked_for() {
        let text = "és 😀 aquí";
        let span = Span::new(text.find("aquí").unwrap(), text.len());
        let range = |unit| {
            let r = Offsets::new(text, unit).range(span);
            (r.start, r.end)
        };
        assert_eq!(range(OffsetUnit::Codepoint), (5, 9));
        assert_eq!(range(OffsetUnit::Utf16), (6, 10));
        assert_eq!(range(OffsetUnit::Byte), (9, 14));
    }
}
