use super::{Catalogue, SNOMED, SYSTEM, table::Reading};
use crate::types::{Coding, ConceptId, Domain, Kind, Language, Level, NeedId, ParseError, Sctid, words};
use std::{collections::BTreeMap, str::FromStr};

words! {
    /// The role of a term.
    TermType, "a term type (preferred or synonym)" { /// The name shown; one for each language.
        Preferred = "preferred", /// Another way to say it.
        Synonym = "synonym" }
}

/// A concept of the dictionary.
#[derive(Debug, Clone)]
pub struct Concept {
    /// Its key.
    pub id: ConceptId,
    /// Factor, problem, observation or response.
    pub kind: Kind,
    /// Whether a bare mention says nothing of the client and is never coded.
    pub bare: bool,
    /// Domains of the matrix it is evidence for.
    pub domains: Vec<Domain>,
    /// The level it gives by itself when affirmed, current and of the client.
    pub cell: Option<(Domain, Level)>,
    /// The needs it states or suggests, most direct first.
    pub needs: Vec<NeedLink>,
    /// Its SNOMED CT id, when it has one.
    pub sctid: Option<Sctid>,
    /// The nearest concept of which it is a kind; given for concepts without a SNOMED CT id.
    pub broader: Option<ConceptId>,
    /// Its terms.
    pub terms: Vec<Term>,
    /// Line in `concepts.tsv`.
    pub line: usize,
}

/// A link from a concept to a need.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeedLink {
    /// The need.
    pub need: NeedId,
    /// Whether the concept states it; if not, it only suggests it.
    pub states: bool,
}

/// A term of a concept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Its language; `Unknown` stands for English, which is shown but never looked for.
    pub language: Language,
    /// Preferred or synonym.
    pub term_type: TermType,
    /// The words.
    pub text: String,
}

/// The concepts of a release.
#[derive(Debug, Default)]
pub struct Dictionary {
    concepts: Vec<Concept>,
    index: BTreeMap<ConceptId, usize>,
    of_need: BTreeMap<NeedId, Vec<(ConceptId, usize)>>,
}

/// A level in a table cell, such as `D1=2`.
pub(super) struct CellText(pub Domain, pub Level);

impl FromStr for CellText {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let wrong = || ParseError::new(text, "a level such as D1=2");
        let (domain, level) = text.split_once('=').ok_or_else(wrong)?;
        let level = level.parse::<u8>().ok().and_then(|n| Level::try_from(n).ok()).ok_or_else(wrong)?;
        Ok(Self(domain.parse().map_err(|_| wrong())?, level))
    }
}

impl Dictionary {
    /// Every concept, in order of the table.
    #[must_use]
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// The concept with this key.
    #[must_use]
    pub fn concept(&self, id: ConceptId) -> Option<&Concept> {
        self.index.get(&id).and_then(|&at| self.concepts.get(at))
    }

    /// The concepts that state a need, with the place of the need among the concept's links (0 the most direct).
    #[must_use]
    pub fn of_need(&self, need: NeedId) -> &[(ConceptId, usize)] {
        self.of_need.get(&need).map_or(&[], Vec::as_slice)
    }

    pub(super) fn read(reading: &mut Reading<'_>) -> Self {
        let mut dictionary = Self::default();
        let table = reading.table("concepts.tsv", &["concept", "kind", "bare", "domains", "cell"]);
        for row in table.rows() {
            let Some(id) = row.value::<ConceptId>("concept", reading) else {
                continue;
            };
            let Some(kind) = row.value::<Kind>("kind", reading) else {
                continue;
            };
            let bare = match row.cell("bare") {
                "0" => false,
                "1" => true,
                _ => {
                    row.problem(reading, "column bare: write 0 or 1");
                    continue;
                }
            };
            let domains = row.values::<Domain>("domains", reading);
            let cell = row.values::<CellText>("cell", reading).into_iter().map(|CellText(d, l)| (d, l)).next();
            if dictionary.index.insert(id, dictionary.concepts.len()).is_some() {
                row.problem(reading, format!("{id} stands on an earlier line too"));
                continue;
            }
            dictionary.concepts.push(Concept {
                id,
                kind,
                bare,
                domains,
                cell,
                needs: vec![],
                sctid: None,
                broader: None,
                terms: vec![],
                line: row.line,
            });
        }
        dictionary.read_terms("terms.ca.tsv", Language::Catalan, reading);
        dictionary.read_terms("terms.es.tsv", Language::Spanish, reading);
        dictionary.read_terms("terms.en.tsv", Language::Unknown, reading);
        dictionary.read_needs(reading);
        dictionary.read_snomed(reading);
        dictionary.read_broader(reading);
        for concept in dictionary.concepts.iter().filter(|c| !c.bare) {
            for (place, link) in concept.needs.iter().enumerate().filter(|(_, link)| link.states) {
                dictionary.of_need.entry(link.need).or_default().push((concept.id, place));
            }
        }
        dictionary
    }

    fn read_terms(&mut self, file: &str, language: Language, reading: &mut Reading<'_>) {
        let table = reading.table(file, &["concept", "type", "term"]);
        for row in table.rows() {
            let Some(term_type) = row.value::<TermType>("type", reading) else {
                continue;
            };
            let text = row.cell("term").to_owned();
            let Some(concept) = self.of_row(row, reading) else {
                continue;
            };
            let twice = concept.terms.iter().any(|t| t.language == language && t.text.to_lowercase() == text.to_lowercase());
            let second = term_type == TermType::Preferred
                && concept.terms.iter().any(|t| t.language == language && t.term_type == TermType::Preferred);
            if text.is_empty() {
                row.problem(reading, "the term is empty");
            } else if twice {
                row.problem(reading, "the concept has this term already");
            } else if second {
                row.problem(reading, "the concept has a preferred term already: mark this one synonym");
            } else {
                concept.terms.push(Term { language, term_type, text });
            }
        }
    }

    fn read_needs(&mut self, reading: &mut Reading<'_>) {
        let table = reading.table("concept_needs.tsv", &["concept", "need", "strength"]);
        for row in table.rows() {
            let Some(need) = row.value::<NeedId>("need", reading) else {
                continue;
            };
            let states = match row.cell("strength") {
                "states" => true,
                "suggests" => false,
                _ => {
                    row.problem(reading, "column strength: write states or suggests");
                    continue;
                }
            };
            if let Some(concept) = self.of_row(row, reading) {
                concept.needs.push(NeedLink { need, states });
            }
        }
    }

    /// The ids of the Global Patient Set, and the optional map with all others, which a deployment may delete.
    fn read_snomed(&mut self, reading: &mut Reading<'_>) {
        let mut in_gps = std::collections::HashSet::new();
        let gps = reading.table("snomed/gps.tsv", &["sctid", "fsn"]);
        for row in gps.rows() {
            in_gps.extend(row.value::<Sctid>("sctid", reading));
        }
        for (file, optional) in [("snomed/map_gps.tsv", false), ("snomed/map_other.tsv", true)] {
            let columns = &["concept", "sctid"];
            let table = if optional { reading.optional_table(file, columns) } else { reading.table(file, columns) };
            for row in table.rows() {
                let Some(sctid) = row.value::<Sctid>("sctid", reading) else {
                    continue;
                };
                if !optional && !in_gps.contains(&sctid) {
                    row.problem(reading, format!("{sctid} is not in snomed/gps.tsv: move the row to snomed/map_other.tsv"));
                }
                if let Some(concept) = self.of_row(row, reading) {
                    if concept.sctid.is_some() {
                        row.problem(reading, "the concept has a SNOMED CT id already");
                    } else {
                        concept.sctid = Some(sctid);
                    }
                }
            }
        }
    }

    fn read_broader(&mut self, reading: &mut Reading<'_>) {
        let table = reading.table("broader.tsv", &["concept", "broader"]);
        for row in table.rows() {
            let Some(broader) = row.value::<ConceptId>("broader", reading) else {
                continue;
            };
            if self.concept(broader).is_none() {
                row.problem(reading, format!("{broader} is not in concepts.tsv"));
                continue;
            }
            let Some(concept) = self.of_row(row, reading) else {
                continue;
            };
            if concept.broader.is_some() {
                row.problem(reading, "the concept has a broader one already");
            } else if concept.sctid.is_some() {
                row.problem(reading, "the concept has a SNOMED CT id of its own");
            } else {
                concept.broader = Some(broader);
            }
        }
    }

    /// The codings of a concept in order: SNOMED CT if it has an id, then our own, then, if it has none, the id of the nearest broader
    /// concept, as FHIR gives several codings of one concept. Empty for a key that is not in the release.
    #[must_use]
    pub fn codings(&self, id: ConceptId, language: Language) -> Vec<Coding> {
        let Some(concept) = self.concept(id) else {
            return Vec::new();
        };
        let own = Coding { system: SYSTEM, code: id.to_string(), display: concept.display(language) };
        let broader = concept.broader.and_then(|id| self.concept(id)).and_then(|broader| broader.snomed(language));
        concept.snomed(language).into_iter().chain([own]).chain(broader).collect()
    }

    /// The concept that a row of another table names.
    fn of_row(&mut self, row: &super::table::Row, reading: &mut Reading<'_>) -> Option<&mut Concept> {
        let id = row.value::<ConceptId>("concept", reading)?;
        match self.index.get(&id) {
            Some(&at) => self.concepts.get_mut(at),
            None => {
                row.problem(reading, format!("{id} is not in concepts.tsv"));
                None
            }
        }
    }

    /// Reports links to needs that the catalogue does not have.
    pub(super) fn check_links(&self, catalogue: &Catalogue, reading: &mut Reading<'_>) {
        for concept in &self.concepts {
            for link in &concept.needs {
                if catalogue.need(link.need).is_none() {
                    reading.problem(
                        "concept_needs.tsv",
                        0,
                        format!("{} links to {}, which needs.tsv does not have", concept.id, link.need),
                    );
                }
            }
        }
    }
}

impl Concept {
    /// The preferred term in `language`; else in the other of Catalan and Spanish; else the key.
    #[must_use]
    pub fn display(&self, language: Language) -> String {
        let other = if language == Language::Spanish { Language::Catalan } else { Language::Spanish };
        let preferred = |l: Language| self.terms.iter().find(|t| t.language == l && t.term_type == TermType::Preferred);
        preferred(language).or_else(|| preferred(other)).map_or_else(|| self.id.to_string(), |t| t.text.clone())
    }

    fn snomed(&self, language: Language) -> Option<Coding> {
        self.sctid.map(|sctid| Coding { system: SNOMED, code: sctid.to_string(), display: self.display(language) })
    }
}
