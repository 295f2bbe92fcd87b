use super::{ParseError, words};
use std::{fmt, str::FromStr};

words! {
    /// What sort of thing a concept is, after `InterSocial`'s four kinds (`facts/snomed.md` §2).
    Kind, "a kind (factor, problem, observation or response)" {
        /// A circumstance that raises or lowers risk.
        Factor = "factor",
        /// A situation that troubles somebody.
        Problem = "problem",
        /// A neutral or good fact, or a field of a form.
        Observation = "observation",
        /// An action, service, benefit or procedure.
        Response = "response",
    }
}

/// The key of a concept in our own code system: `C` and five digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConceptId(u32);

impl FromStr for ConceptId {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        text.strip_prefix('C')
            .filter(|digits| digits.len() == 5 && digits.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or_else(|| ParseError::new(text, "a concept id such as C00042"))
    }
}

impl fmt::Display for ConceptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "C{:05}", self.0)
    }
}

/// A SNOMED CT identifier of a concept, its check digit verified.
///
/// # Source
/// SNOMED CT Release File Specification, "SCTID": 6 to 18 digits, partition `00` or `10`, Verhoeff check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sctid(u64);

impl FromStr for Sctid {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let digits = text.as_bytes();
        let wrong = || ParseError::new(text, "a SNOMED CT concept id with a right check digit");
        if !(6..=18).contains(&digits.len()) || digits[0] == b'0' || !digits.iter().all(u8::is_ascii_digit) {
            return Err(wrong());
        }
        let partition = &text[text.len() - 3..text.len() - 1];
        if !matches!(partition, "00" | "10") || !verhoeff(digits) {
            return Err(wrong());
        }
        text.parse().map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Sctid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Whether the last of `digits` (ASCII) is the Verhoeff check digit of the others.
///
/// # Source
/// Verhoeff 1969: multiplication in the dihedral group D5, and the permutation (1 5 7 6 2 8 3 0 9 4).
fn verhoeff(digits: &[u8]) -> bool {
    let product = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    const PERMUTATION: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let permute = |times: usize, digit: u8| (0..times).fold(digit, |d, _| PERMUTATION[usize::from(d)]);
    digits.iter().rev().enumerate().fold(0, |check, (place, digit)| product(check, permute(place % 8, digit - b'0'))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_digit_or_swap_breaks_an_sctid() {
        let good = "404684003";
        assert!(good.parse::<Sctid>().is_ok());
        assert!("467771000124109".parse::<Sctid>().is_ok());
        for place in 0..good.len() {
            for digit in b'0'..=b'9' {
                let mut text = good.as_bytes().to_vec();
                if text[place] != digit {
                    text[place] = digit;
                    assert!(std::str::from_utf8(&text).unwrap().parse::<Sctid>().is_err());
                }
            }
            let mut swapped = good.as_bytes().to_vec();
            if place > 0 && swapped[place] != swapped[place - 1] {
                swapped.swap(place, place - 1);
                assert!(std::str::from_utf8(&swapped).unwrap().parse::<Sctid>().is_err());
            }
        }
    }

    #[test]
    fn concept_ids_have_one_spelling() {
        assert_eq!("C00042".parse::<ConceptId>().unwrap().to_string(), "C00042");
        for wrong in ["C42", "42", "c00042", "C000042", ""] {
            assert!(wrong.parse::<ConceptId>().is_err(), "{wrong}");
        }
    }
}
