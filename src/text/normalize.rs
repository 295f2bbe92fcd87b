use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Folds text for comparison: lower case, no accents, ç as c, `l·l`, `ŀl`, `l.l` and `l-l` as `ll`; ñ stays a letter of its own.
///
/// The result is for comparing only and is never shown.
///
/// # Source
/// facts/interfaces.md §7.4.
#[must_use]
pub fn fold(text: &str) -> String {
    let folded: String = text.chars().flat_map(|c| fold_char(c).collect::<Vec<_>>()).collect();
    if !folded.contains(['·', '.', '-']) {
        return folded;
    }
    folded.replace("l·l", "ll").replace("l.l", "ll").replace("l-l", "ll").replace('·', "")
}

/// Folds one character; empty for combining marks, `ñ` for ñ.
pub fn fold_char(c: char) -> impl Iterator<Item = char> {
    let lower = c.to_lowercase().next().unwrap_or(c);
    let kept = match lower {
        'ñ' => Some('ñ'),
        'ŀ' => Some('l'),
        '\u{2019}' | '\u{02BC}' | '´' | '`' => Some('\''),
        _ => None,
    };
    let decomposed = kept.is_none().then(|| lower.nfd().filter(|d| !is_combining_mark(*d)));
    kept.into_iter().chain(decomposed.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_meet() {
        for spelling in ["Col·legi", "COL·LEGI", "col.legi", "coŀlegi", "col-legi", "collegi"] {
            assert_eq!(fold(spelling), "collegi", "{spelling}");
        }
        assert_eq!(fold("Caça"), "caca");
        assert_eq!(fold("Niño"), "niño");
        assert_eq!(fold("l’Àvia"), "l'avia");
        assert_eq!(fold("cafè café cafe\u{301}"), "cafe cafe cafe");
    }
}
