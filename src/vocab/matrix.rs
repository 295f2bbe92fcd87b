use super::{Pattern, ReadSentence, catalogue::side, table::Reading};
use crate::types::{Domain, Language, Level, NeedId, NeedStatus, Span, words};
use std::collections::BTreeMap;

/// The instrument: names of domains and levels, what each cell means, and the scoring rules.
///
/// # Source
/// `facts/ssm_cat.md` §2–5; the cells are our paraphrase, to be laid beside the official sheet.
#[derive(Debug, Default)]
pub struct Matrix {
    domains: BTreeMap<Domain, [String; 2]>,
    levels: BTreeMap<Level, [String; 2]>,
    cells: BTreeMap<(Domain, Level), Cell>,
    /// The scoring rules R1 to R17.
    pub rules: Vec<Rule>,
    signals: Vec<(Signal, Pattern)>,
    of_needs: BTreeMap<Domain, Vec<NeedCell>>,
}

/// A need that, present or denied, goes with a level of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeedCell {
    /// The need.
    pub need: NeedId,
    /// What is said of it.
    pub status: NeedStatus,
    /// The level it goes with.
    pub level: Level,
}

words! {
    /// A fact that a rule of the instrument asks for.
    Signal, "a signal (minors, retired, means_tested or lives_alone)" {
        /// The client cares for minors (R16).
        Minors = "minors",
        /// The client is past working age or unfit for work (R10).
        Retired = "retired",
        /// The income is a means-tested benefit (§5, D1).
        MeansTested = "means_tested",
        /// The client lives alone (R9).
        LivesAlone = "lives_alone",
    }
}

/// What one level of one domain means.
#[derive(Debug, Clone)]
pub struct Cell {
    /// In Catalan and Spanish.
    pub texts: [String; 2],
}

/// A scoring rule of the instrument.
#[derive(Debug, Clone)]
pub struct Rule {
    /// R1 to R17.
    pub id: String,
    /// In Catalan and Spanish.
    pub texts: [String; 2],
    /// Where the program keeps it.
    pub kept_by: String,
}

impl Matrix {
    /// The name of a domain.
    #[must_use]
    pub fn domain(&self, domain: Domain, language: Language) -> &str {
        self.domains.get(&domain).map_or("", |names| &names[side(language)])
    }

    /// The name of a level.
    #[must_use]
    pub fn level(&self, level: Level, language: Language) -> &str {
        self.levels.get(&level).map_or("", |names| &names[side(language)])
    }

    /// What a cell means.
    #[must_use]
    pub fn cell(&self, domain: Domain, level: Level, language: Language) -> &str {
        self.cells.get(&(domain, level)).map_or("", |cell| &cell.texts[side(language)])
    }

    /// The needs that are evidence for a level of a domain.
    #[must_use]
    pub fn of_needs(&self, domain: Domain) -> &[NeedCell] {
        self.of_needs.get(&domain).map_or(&[], Vec::as_slice)
    }

    /// Where a sentence gives a signal.
    #[must_use]
    pub fn signal(&self, signal: Signal, sentence: &ReadSentence<'_>) -> Vec<Span> {
        let patterns = self.signals.iter().filter(|(s, _)| *s == signal);
        patterns.flat_map(|(_, pattern)| sentence.readings().flat_map(|words| pattern.spans(words)).collect::<Vec<_>>()).collect()
    }

    pub(super) fn read(reading: &mut Reading<'_>) -> Self {
        let mut matrix = Self::default();
        for row in reading.table("matrix/signals.tsv", &["signal", "pattern"]).rows() {
            if let (Some(signal), Some(pattern)) = (row.value("signal", reading), row.value("pattern", reading)) {
                matrix.signals.push((signal, pattern));
            }
        }
        for row in reading.table("matrix/domains.tsv", &["domain", "ca", "es"]).rows() {
            if let Some(domain) = row.value("domain", reading) {
                matrix.domains.insert(domain, both(row));
            }
        }
        for row in reading.table("matrix/levels.tsv", &["level", "ca", "es"]).rows() {
            if let Some(level) = row.value::<u8>("level", reading).and_then(|n| Level::try_from(n).ok()) {
                matrix.levels.insert(level, both(row));
            }
        }
        for row in reading.table("matrix/cells.tsv", &["domain", "level", "ca", "es"]).rows() {
            let level = row.value::<u8>("level", reading).and_then(|n| Level::try_from(n).ok());
            if let (Some(domain), Some(level)) = (row.value("domain", reading), level) {
                matrix.cells.insert((domain, level), Cell { texts: both(row) });
            }
        }
        for row in reading.table("matrix/need_cells.tsv", &["need", "status", "domain", "level", "notes"]).rows() {
            let level = row.value::<u8>("level", reading).and_then(|n| Level::try_from(n).ok());
            if let (Some(need), Some(status), Some(domain), Some(level)) =
                (row.value("need", reading), row.value("status", reading), row.value("domain", reading), level)
            {
                matrix.of_needs.entry(domain).or_default().push(NeedCell { need, status, level });
            }
        }
        for row in reading.table("matrix/rules.tsv", &["rule", "ca", "es", "kept_by"]).rows() {
            matrix.rules.push(Rule { id: row.cell("rule").to_owned(), texts: both(row), kept_by: row.cell("kept_by").to_owned() });
        }
        for domain in Domain::ALL {
            if !matrix.domains.contains_key(domain) {
                reading.problem("matrix/domains.tsv", 0, format!("{domain} is missing"));
            }
            for level in Level::ALL {
                if !matrix.cells.contains_key(&(*domain, level)) {
                    reading.problem("matrix/cells.tsv", 0, format!("{domain}={} is missing", level.number()));
                }
            }
        }
        matrix
    }
}

fn both(row: &super::table::Row) -> [String; 2] {
    [row.cell("ca").to_owned(), row.cell("es").to_owned()]
}
