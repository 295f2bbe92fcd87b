use super::fold;
use crate::types::Span;
use snowball_stemmers_rs::{Algorithm, Stemmer};

/// A word of the text with the forms in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where it lies in the narrative.
    pub span: Span,
    /// In lower case, as written otherwise.
    pub lower: String,
    /// After [`fold`].
    pub folded: String,
    /// Whether it is written in capitals throughout (a hint for abbreviations: `ES` is not `és`).
    pub capitals: bool,
}

/// The two stemmers; Catalan has none in tantivy (facts/interfaces.md §0).
pub struct Stems {
    catalan: Stemmer,
    spanish: Stemmer,
}

impl Default for Stems {
    fn default() -> Self {
        Self { catalan: Stemmer::create(Algorithm::Catalan), spanish: Stemmer::create(Algorithm::Spanish) }
    }
}

impl Stems {
    /// The Catalan and the Spanish stem of a folded word, ñ written n; numbers and words of up to three letters stay whole.
    #[must_use]
    pub fn of(&self, folded: &str) -> [String; 2] {
        let plain = folded.replace('ñ', "n");
        if plain.chars().count() <= 3 {
            return [plain.clone(), plain];
        }
        [self.catalan.stem(&plain).into_owned(), self.spanish.stem(&plain).into_owned()]
    }
}

/// The words of `text`, which begins at byte `offset` of the narrative.
///
/// Words are runs of letters and digits; an apostrophe ends a word ("l'habitació" is two), `l·l` does not;
/// a letter and a slash before a space ("s/ feina") are one word with the slash.
#[must_use]
pub fn words(text: &str, offset: usize) -> Vec<Word> {
    let mut found = Vec::new();
    let mut start = None;
    let mut characters = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|&(_, n)| n);
        let inside = c.is_alphanumeric() || is_mark(c) || (start.is_some() && joins(before, c, next));
        if inside {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            let short = c == '/' && text.get(from..at).is_some_and(|w| w.chars().count() == 1) && next.is_none_or(char::is_whitespace);
            push(text, Span::new(from, if short { at + 1 } else { at }), offset, &mut found);
        }
        before = c;
    }
    if let Some(from) = start {
        push(text, Span::new(from, text.len()), offset, &mut found);
    }
    found
}

fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// Whether `c` between two l's is the dot of a geminate, or a point between digits.
fn joins(before: char, c: char, next: Option<char>) -> bool {
    let l = |x: char| matches!(x, 'l' | 'L');
    match c {
        '·' | '.' | '\u{2027}' | '•' if l(before) && next.is_some_and(l) => true,
        '.' | ',' => before.is_ascii_digit() && next.is_some_and(|n| n.is_ascii_digit()),
        _ => false,
    }
}

fn push(text: &str, span: Span, offset: usize, found: &mut Vec<Word>) {
    let written = span.of(text);
    let letters = written.chars().filter(|c| c.is_alphabetic());
    let capitals = letters.clone().count() > 0 && letters.clone().all(char::is_uppercase);
    found.push(Word {
        span: Span::new(span.start() + offset, span.end() + offset),
        lower: written.to_lowercase(),
        folded: fold(written),
        capitals,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let words = words(text, 0);
        assert_eq!(words.iter().map(|w| w.folded.as_str()).collect::<Vec<_>>(), expected);
        for word in &words {
            assert_eq!(word.span.of(text).to_lowercase(), word.lower);
        }
    }

    #[test]
    fn words_end_at_apostrophes_and_hyphens() {
        check("S'ha quedat a l'atur.", &["s", "ha", "quedat", "a", "l", "atur"]);
        check("no pot dutxar-se", &["no", "pot", "dutxar", "se"]);
        check("Intel·ligència i col.legi", &["intelligencia", "i", "collegi"]);
        check("s/ feina, deu 1.250,50€", &["s/", "feina", "deu", "1.250,50"]);
        check("", &[]);
    }

    #[test]
    fn stems_are_the_same_without_accents() {
        let stems = Stems::default();
        assert_eq!(stems.of("deutes")[0], stems.of("deute")[0]);
        assert_eq!(stems.of("viviendas")[1], stems.of("vivienda")[1]);
        assert_eq!(stems.of("pnc"), ["pnc", "pnc"]);
    }
}
