use super::word::Word;
use crate::types::Span;
use std::collections::HashSet;

/// A sentence longer than this many words is cut at its best break, so that text without stops is still read in sentences.
const LONGEST: usize = 60;

/// The sentences of `text`, in order, trimmed of white space.
pub(super) fn split(text: &str, dotted: &HashSet<String>) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let after = at + c.len_utf8();
        let ends = match c {
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => line_ends(text, at, after),
            '!' | '?' | '…' => stop_ends(text, after),
            '.' => !is_dotted(text, at, dotted) && stop_ends(text, after),
            _ => false,
        };
        if ends {
            let end = if c == '\n' { after } else { closing(text, after) };
            push(text, Span::new(start, end), &mut found);
            start = end;
            while characters.peek().is_some_and(|&(next, _)| next < end) {
                characters.next();
            }
        }
    }
    push(text, Span::new(start, text.len()), &mut found);
    found
}

/// The end of quotation marks and brackets that close right after a stop.
fn closing(text: &str, from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest
        .chars()
        .take_while(|c| matches!(c, '.' | '!' | '?' | '…' | '"' | '»' | '”' | '’' | ')' | ']'))
        .map(char::len_utf8)
        .sum::<usize>()
}

/// A stop ends the sentence when white space or the end follows it, after closing marks.
fn stop_ends(text: &str, after: usize) -> bool {
    text.get(closing(text, after)..).unwrap_or_default().chars().next().is_none_or(char::is_whitespace)
}

/// A line break ends the sentence unless the next line goes on in lower case and the line did not stop.
fn line_ends(text: &str, at: usize, after: usize) -> bool {
    let before = text.get(..at).unwrap_or_default().trim_end_matches([' ', '\t']).chars().next_back();
    let rest = text.get(after..).unwrap_or_default();
    let next = rest.trim_start_matches([' ', '\t', '\r']).chars().next();
    let goes_on = next.is_some_and(|c| c.is_lowercase()) && before.is_some_and(|c| c.is_alphanumeric() || c == ',');
    !goes_on
}

/// Whether the full stop at `at` belongs to an abbreviation, an initial or a number in a list ("1. ").
fn is_dotted(text: &str, at: usize, dotted: &HashSet<String>) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let word: String = before.chars().rev().take_while(|c| c.is_alphanumeric()).collect::<Vec<_>>().into_iter().rev().collect();
    if word.chars().count() == 1 && word.chars().all(char::is_uppercase) {
        return true;
    }
    let at_line_start = before.trim_end_matches(|c: char| c.is_ascii_digit()).chars().next_back().is_none_or(|c| c == '\n');
    if at_line_start && !word.is_empty() && word.chars().all(|c| c.is_ascii_digit()) {
        return true;
    }
    dotted.contains(&super::fold(&word))
}

/// Adds the trimmed span, cut where it is too long.
fn push(text: &str, span: Span, found: &mut Vec<Span>) {
    let piece = span.of(text);
    let lead = piece.len() - piece.trim_start().len();
    let trimmed = piece.trim();
    if trimmed.is_empty() {
        return;
    }
    let start = span.start() + lead;
    let mut rest = Span::new(start, start + trimmed.len());
    while let Some(cut) = cut_point(text, rest) {
        found.push(trim(text, Span::new(rest.start(), cut)));
        rest = trim(text, Span::new(cut, rest.end()));
    }
    if !rest.is_empty() {
        found.push(rest);
    }
}

fn trim(text: &str, span: Span) -> Span {
    let piece = span.of(text);
    let start = span.start() + (piece.len() - piece.trim_start().len());
    Span::new(start, start + piece.trim().len())
}

/// Where a sentence of more than [`LONGEST`] words is cut: after the last comma, semicolon or dash of its first
/// [`LONGEST`] words, or at the space after them.
fn cut_point(text: &str, span: Span) -> Option<usize> {
    let mut n_words = 0;
    let mut last_break = None;
    let mut inside = false;
    for (at, c) in span.of(text).char_indices() {
        if c.is_whitespace() {
            n_words += usize::from(inside);
            inside = false;
            if n_words >= LONGEST {
                return Some(span.start() + last_break.unwrap_or(at));
            }
        } else {
            inside = true;
            if matches!(c, ',' | ';' | ':') && n_words > LONGEST / 3 {
                last_break = Some(at + c.len_utf8());
            }
        }
    }
    None
}

/// The clauses of a sentence: between commas, colons, brackets, quotes and dashes; a piece of one word joins the one before.
pub(super) fn clauses(text: &str, sentence: Span, words: &[Word]) -> Vec<Span> {
    let mut found: Vec<Span> = Vec::new();
    let mut current: Option<(Span, usize)> = None;
    let mut end_of_last = sentence.start();
    for word in words {
        let between = Span::new(end_of_last, word.span.start()).of(text);
        let breaks =
            between.contains([',', ';', ':', '(', ')', '«', '»', '“', '”', '"', '—', '–', '.', '?', '!']) || between.contains(" - ");
        match current {
            Some((span, n_words)) if !breaks || n_words < 2 => current = Some((span.join(word.span), n_words + 1)),
            Some((span, _)) => {
                found.push(span);
                current = Some((word.span, 1));
            }
            None => current = Some((word.span, 1)),
        }
        end_of_last = word.span.end();
    }
    match (current, found.last_mut()) {
        (Some((span, 1)), Some(last)) => *last = last.join(span),
        (Some((span, _)), _) => found.push(span),
        (None, _) => found.push(sentence),
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let dotted = ["sra", "tel"].map(str::to_owned).into();
        let found: Vec<&str> = split(text, &dotted).into_iter().map(|s| s.of(text)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn sentences_end_where_a_reader_would_end_them() {
        check("Ve la Sra. Pou. Plora molt.", &["Ve la Sra. Pou.", "Plora molt."]);
        check("vd sense avis. genis, 70. peu negre", &["vd sense avis.", "genis, 70.", "peu negre"]);
        check("Diu «no puc més.» Calla.", &["Diu «no puc més.»", "Calla."]);
        check("Visita 8.50 h. ¿Viene? Sí", &["Visita 8.50 h.", "¿Viene?", "Sí"]);
        check("ACORDS\n- trucar\n- esperar", &["ACORDS", "- trucar", "- esperar"]);
        check("una línia que\ncontinua aquí", &["una línia que\ncontinua aquí"]);
        check("  \n ", &[]);
    }

    #[test]
    fn text_without_stops_is_still_cut() {
        let text = "deu el lloguer ".repeat(400);
        let dotted = HashSet::new();
        let spans = split(&text, &dotted);
        assert!(spans.len() >= 20);
        assert!(spans.iter().all(|s| s.of(&text).split_whitespace().count() <= LONGEST));
    }
}
