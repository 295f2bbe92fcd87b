use crate::{
    text::{Word, fold},
    types::{ParseError, Span},
};
use std::str::FromStr;

/// Words of this many letters or more also match with one letter wrong, missing, added or swapped.
const TYPO_FROM: usize = 7;
/// Words that a plain `_` may skip.
const GAP: usize = 3;

/// A pattern over folded words, written in a table cell.
///
/// Items are separated by one space: `word`; `word*` (any word that begins so); `(a|b*)` (one of these); `_` (up to three
/// words, or `_6` up to six); `?item` (or nothing). A pattern stays within one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    items: Vec<Item>,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Words { any_of: Vec<Wanted>, optional: bool },
    Gap(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    word: String,
    prefix: bool,
}

impl FromStr for Pattern {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let expected = "a pattern of words, word*, (a|b), _ and ?word";
        let items: Option<Vec<Item>> = text.split(' ').map(item).collect();
        let items = items.ok_or_else(|| ParseError::new(text, expected))?;
        let solid = |item: &Item| matches!(item, Item::Words { optional: false, .. });
        if !items.iter().any(solid) || matches!(items.first(), Some(Item::Gap(_))) || matches!(items.last(), Some(Item::Gap(_))) {
            return Err(ParseError::new(text, expected));
        }
        Ok(Self { items, text: text.to_owned() })
    }
}

fn item(text: &str) -> Option<Item> {
    if let Some(length) = text.strip_prefix('_') {
        return if length.is_empty() { Some(Item::Gap(GAP)) } else { length.parse().ok().map(Item::Gap) };
    }
    let (text, optional) = text.strip_prefix('?').map_or((text, false), |rest| (rest, true));
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    let any_of: Vec<Wanted> = inner.unwrap_or(text).split('|').map(wanted).collect::<Option<_>>()?;
    Some(Item::Words { any_of, optional })
}

fn wanted(text: &str) -> Option<Wanted> {
    let (word, prefix) = text.strip_suffix('*').map_or((text, false), |word| (word, true));
    let good = !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '·' | '/' | '.' | ',' | '\u{2019}'));
    good.then(|| Wanted { word: fold(word), prefix })
}

impl Wanted {
    fn fits(&self, word: &str) -> bool {
        if self.prefix { word.starts_with(&self.word) } else { word == self.word || is_typo(word, &self.word) }
    }
}

/// Whether `a` is `b` with one letter wrong, missing, added or swapped with its neighbour, both being long words.
fn is_typo(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 2 || b.chars().count() < TYPO_FROM || a.chars().next() != b.chars().next() {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (rest_a, rest_b) = (&a[same_start..], &b[same_start..]);
    match (rest_a, rest_b) {
        ([_, tail_a @ ..], [_, tail_b @ ..]) if tail_a == tail_b => true,
        ([x, y, tail_a @ ..], [z, w, tail_b @ ..]) if x == w && y == z && tail_a == tail_b => true,
        // a plural or another ending is another word, so a letter too many or too few at the end is no typo
        ([_, tail @ ..], _) if tail == rest_b => !rest_b.is_empty(),
        (_, [_, tail @ ..]) if tail == rest_a => !rest_a.is_empty(),
        _ => false,
    }
}

impl Pattern {
    /// The first match at or after word `from` of `words`, as word indices; shortest gaps win.
    #[must_use]
    pub fn find(&self, words: &[Word], from: usize) -> Option<(usize, usize)> {
        (from..words.len()).find_map(|start| match_items(&self.items, words, start).filter(|&end| end > start).map(|end| (start, end)))
    }

    /// Whether the pattern begins at word `start`; the index after its last word.
    #[must_use]
    pub fn at(&self, words: &[Word], start: usize) -> Option<usize> {
        match_items(&self.items, words, start).filter(|&end| end > start)
    }

    /// Every match, not overlapping, as spans of the narrative.
    #[must_use]
    pub fn spans(&self, words: &[Word]) -> Vec<Span> {
        let mut found = Vec::new();
        let mut from = 0;
        while let Some((start, end)) = self.find(words, from) {
            if let (Some(first), Some(last)) = (words.get(start), words.get(end - 1)) {
                found.push(first.span.join(last.span));
            }
            from = end;
        }
        found
    }

    /// The pattern as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Number of items that must match a word: the longer pattern wins where two match.
    #[must_use]
    pub fn n_words(&self) -> usize {
        self.items.iter().filter(|item| matches!(item, Item::Words { optional: false, .. })).count()
    }

    /// The exact words with which the pattern can begin, if all are exact and none is optional.
    pub(super) fn first_words(&self) -> Option<Vec<&str>> {
        match self.items.first() {
            Some(Item::Words { any_of, optional: false }) if any_of.iter().all(|w| !w.prefix && w.word.chars().count() < TYPO_FROM) => {
                Some(any_of.iter().map(|w| w.word.as_str()).collect())
            }
            _ => None,
        }
    }
}

/// The index after the last word if `items` match from `start`.
fn match_items(items: &[Item], words: &[Word], start: usize) -> Option<usize> {
    let Some((first, rest)) = items.split_first() else {
        return Some(start);
    };
    match first {
        Item::Gap(most) => (start..=start + most).take_while(|&next| next <= words.len()).find_map(|next| match_items(rest, words, next)),
        Item::Words { any_of, optional } => {
            let here = words.get(start).filter(|word| any_of.iter().any(|wanted| wanted.fits(&word.folded)));
            here.and_then(|_| match_items(rest, words, start + 1)).or_else(
                || {
                    if *optional { match_items(rest, words, start) } else { None }
                },
            )
        }
    }
}

/// Patterns found by their first word, so that many cost little more than few.
#[derive(Debug, Default)]
pub struct PatternSet {
    patterns: Vec<Pattern>,
    by_first: std::collections::HashMap<String, Vec<usize>>,
    others: Vec<usize>,
}

impl PatternSet {
    /// The set of `patterns`; matches name them by their place.
    #[must_use]
    pub fn new(patterns: Vec<Pattern>) -> Self {
        let mut set = Self::default();
        for (index, pattern) in patterns.iter().enumerate() {
            match pattern.first_words() {
                Some(firsts) => firsts.into_iter().for_each(|word| set.by_first.entry(word.to_owned()).or_default().push(index)),
                None => set.others.push(index),
            }
        }
        set.patterns = patterns;
        set
    }

    /// Every match in `words`: place of the pattern, first word, word after the last; in order of the text.
    #[must_use]
    pub fn matches(&self, words: &[Word]) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        for (start, word) in words.iter().enumerate() {
            let indexed = self.by_first.get(&word.folded).map_or(&[][..], Vec::as_slice);
            for &index in indexed.iter().chain(&self.others) {
                if let Some(end) = self.patterns.get(index).and_then(|pattern| pattern.at(words, start)) {
                    found.push((index, start, end));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words;

    fn check(pattern: &str, text: &str, expected: Option<&str>) {
        let words = words(text, 0);
        let spans = pattern.parse::<Pattern>().unwrap().spans(&words);
        assert_eq!(spans.first().map(|s| s.of(text)), expected, "{pattern} in {text}");
    }

    #[test]
    fn patterns_read_words_gaps_and_choices() {
        check("(vol|vull) morir", "diu que vull morir-me", Some("vull morir"));
        check("tirar* se _ (tren|balco)", "pensa en tirar-se un dia al tren", Some("tirar-se un dia al tren"));
        check("tirar* se _ (tren|balco)", "tirar-se de cap a la piscina que hi ha al costat del tren", None);
        check("no ?hi vol viure", "no vol viure", Some("no vol viure"));
        check("llançament", "data de LLANCAMENT", Some("LLANCAMENT"));
        check("llançament", "data de llançamnet", Some("llançamnet"));
        check("llançament", "dos llançaments", None);
    }

    #[test]
    fn a_pattern_that_cannot_match_a_word_is_refused() {
        for wrong in ["", "_", "_ por", "por _", "a  b", "(a|b", "?a", "a_b"] {
            assert!(wrong.parse::<Pattern>().is_err(), "{wrong}");
        }
    }
}
