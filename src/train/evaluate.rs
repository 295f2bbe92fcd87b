use crate::{
    analyze::{Analyzer, Wish},
    types::{Analysis, Assertion, Claim, Domain, Narrative, NeedStatus, SafetyStatus},
    vocab::SNOMED,
};
use anyhow::Context;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
};

/// Figures of an evaluation, named and in order.
pub struct Report {
    /// What `--json` writes.
    pub figures: Value,
}

impl Report {
    /// The figures as a table for people: a line each, numbers with three decimals.
    #[must_use]
    pub fn table(&self) -> String {
        let mut lines = Vec::new();
        for (name, value) in self.figures.as_object().into_iter().flatten() {
            match value {
                Value::Object(parts) if name.starts_with("per_") => {
                    lines.push(format!("{name}: {} classes, in --json", parts.len()));
                }
                Value::Object(parts) => {
                    lines.extend(parts.iter().map(|(part, v)| format!("{:52} {}", format!("{name} {part}"), number(v))))
                }
                other => lines.push(format!("{name:52} {}", number(other))),
            }
        }
        lines.join("\n")
    }
}

fn number(value: &Value) -> String {
    match value.as_f64() {
        Some(v) if !value.is_u64() => format!("{v:.3}"),
        _ => value.to_string(),
    }
}

#[derive(Deserialize)]
struct GoldNarrative {
    id: String,
    #[serde(default)]
    lang: String,
    text: String,
    needs: Vec<GoldNeed>,
    #[serde(default)]
    ssm: HashMap<String, Value>,
    #[serde(default)]
    safety: Vec<String>,
    #[serde(default)]
    safety_maybe: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct GoldNeed {
    label: String,
    status: NeedStatus,
}

/// Names of the domains in gold files.
const DOMAIN_KEYS: [&str; 13] = [
    "income",
    "work_education",
    "time_use",
    "housing",
    "domestic_relations",
    "mental_health",
    "physical_health",
    "substance_use",
    "basic_adl",
    "instrumental_adl",
    "social_network",
    "community_participation",
    "justice",
];
/// Names of the safety rules in gold files.
const SAFETY_KEYS: [(&str, &str); 8] = [
    ("suicide_risk", "S01"),
    ("acute_psychosis", "S01"),
    ("gender_violence", "S02"),
    ("child_abuse", "S03"),
    ("elder_abuse", "S04"),
    ("eviction_imminent", "S05"),
    ("homeless_tonight", "S06"),
    ("medical_emergency", "S07"),
];
/// Labels that make an alert defensible where the gold does not ask for it: it is then not counted against the service.
const GROUNDS: [(&str, &[&str]); 7] = [
    ("S01", &["suicidal_ideation_or_attempt", "psychotic_disorder"]),
    ("S02", &["intimate_partner_violence", "victim_of_crime_or_trafficking", "family_conflict", "discrimination"]),
    ("S03", &["child_neglect", "child_abuse", "unaccompanied_minor", "intimate_partner_violence"]),
    ("S04", &["elder_abuse", "functional_dependency_basic"]),
    ("S05", &["eviction_risk"]),
    ("S06", &["homelessness"]),
    ("S07", &["chronic_illness", "unmet_health_care", "drug_misuse"]),
];

/// True positives, false positives, misses.
#[derive(Default, Clone, Copy)]
struct Count([usize; 3]);

impl Count {
    fn add(&mut self, wanted: bool, had: bool) {
        let place = match (wanted, had) {
            (true, true) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (false, false) => return,
        };
        self.0[place] += 1;
    }

    fn precision(self) -> f64 {
        ratio(self.0[0], self.0[0] + self.0[1])
    }

    fn recall(self) -> f64 {
        ratio(self.0[0], self.0[0] + self.0[2])
    }

    fn f1(self) -> f64 {
        ratio(2 * self.0[0], 2 * self.0[0] + self.0[1] + self.0[2])
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a gold file")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Needs as classes of a labels file, levels and alerts against a gold file of narratives.
///
/// # Errors
/// If a file cannot be read, or a line is not of the contract's form (file and line are named).
pub fn narratives(analyzer: &Analyzer, gold: &Path, labels: &Path) -> anyhow::Result<Report> {
    let classes = Classes::read(labels)?;
    let gold: Vec<GoldNarrative> = lines(gold)?;
    let mut tally = Tally::default();
    for narrative in &gold {
        let read = Narrative::new(narrative.id.clone(), narrative.text.clone())?;
        tally.add(narrative, &analyzer.analyze(&read, Wish::default())?, &classes);
    }
    Ok(Report { figures: tally.figures(gold.len()) })
}

/// Which labels and needs make which class.
struct Classes {
    of_label: HashMap<String, String>,
    of_need: HashMap<String, String>,
}

impl Classes {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        let mut classes = Self { of_label: HashMap::new(), of_need: HashMap::new() };
        for line in text.lines().skip(1) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [class, labels, needs] = columns.as_slice() else {
                continue;
            };
            classes.of_label.extend(labels.split_whitespace().map(|l| (l.to_owned(), (*class).to_owned())));
            classes.of_need.extend(needs.split_whitespace().map(|n| (n.to_owned(), (*class).to_owned())));
        }
        Ok(classes)
    }
}

#[derive(Default)]
struct Tally {
    per_class: BTreeMap<String, Count>,
    by_language: BTreeMap<String, Count>,
    not_present: [usize; 2],
    safety: Count,
    level_one: [usize; 2],
    pairs: Vec<(u8, u8)>,
    null: [usize; 4],
}

impl Tally {
    fn add(&mut self, gold: &GoldNarrative, analysis: &Analysis, classes: &Classes) {
        self.add_needs(gold, analysis, classes);
        self.add_safety(gold, analysis);
        self.add_levels(gold, analysis);
    }

    fn add_needs(&mut self, gold: &GoldNarrative, analysis: &Analysis, classes: &Classes) {
        let with = |wanted: &dyn Fn(NeedStatus) -> bool| -> BTreeSet<String> {
            gold.needs.iter().filter(|n| wanted(n.status)).filter_map(|n| classes.of_label.get(&n.label).cloned()).collect()
        };
        let want = with(&|s| s == NeedStatus::Present);
        let open: BTreeSet<String> = &with(&|s| s == NeedStatus::Possible) - &want;
        let denied: BTreeSet<String> = &(&with(&|s| !matches!(s, NeedStatus::Present | NeedStatus::Possible)) - &want) - &open;
        let have: BTreeSet<String> = analysis
            .proposals
            .iter()
            .filter_map(|p| match p.claim {
                Claim::Need { need, status: NeedStatus::Present, .. } => classes.of_need.get(&need.to_string()).cloned(),
                _ => None,
            })
            .collect();
        for class in want.union(&have).filter(|c| !open.contains(*c)) {
            for count in [self.per_class.entry(class.clone()).or_default(), self.by_language.entry(gold.lang.clone()).or_default()] {
                count.add(want.contains(class), have.contains(class));
            }
        }
        self.not_present[0] += denied.intersection(&have).count();
        self.not_present[1] += denied.len();
    }

    fn add_safety(&mut self, gold: &GoldNarrative, analysis: &Analysis) {
        let rules = |keys: &[String]| -> BTreeSet<&str> {
            keys.iter().filter_map(|k| SAFETY_KEYS.iter().find(|(n, _)| n == k).map(|(_, r)| *r)).collect()
        };
        let want = rules(&gold.safety);
        let said: BTreeSet<&str> = gold
            .needs
            .iter()
            .filter(|n| matches!(n.status, NeedStatus::Present | NeedStatus::Possible))
            .map(|n| n.label.as_str())
            .collect();
        let mut maybe = rules(gold.safety_maybe.as_deref().unwrap_or_default());
        maybe.extend(GROUNDS.iter().filter(|(_, labels)| labels.iter().any(|l| said.contains(l))).map(|(rule, _)| *rule));
        for (_, rule) in SAFETY_KEYS.iter().skip(1) {
            let had = analysis.safety.iter().any(|a| a.status == SafetyStatus::Active && a.rule.to_string() == *rule);
            if want.contains(rule) || !maybe.contains(rule) {
                self.safety.add(want.contains(rule), had);
            }
        }
    }

    fn add_levels(&mut self, gold: &GoldNarrative, analysis: &Analysis) {
        for (key, domain) in DOMAIN_KEYS.iter().zip(Domain::ALL) {
            let want = gold.ssm.get(*key).unwrap_or(&Value::Null);
            let have = analysis.proposals.iter().find_map(|p| match p.claim {
                Claim::Level { domain: d, level, .. } if d == *domain => Some(level.number()),
                _ => None,
            });
            let want = match want {
                Value::Null => None,
                other => match other.as_u64().and_then(|n| u8::try_from(n).ok()) {
                    Some(level) => Some(level),
                    None => continue,
                },
            };
            if want == Some(1) {
                self.level_one[0] += usize::from(have == Some(1));
                self.level_one[1] += 1;
            }
            match (want, have) {
                (None, None) => self.null[0] += 1,
                (None, Some(_)) => self.null[1] += 1,
                (Some(_), None) => self.null[2] += 1,
                (Some(w), Some(h)) => {
                    self.null[3] += 1;
                    self.pairs.push((w, h));
                }
            }
        }
    }

    fn figures(&self, n: usize) -> Value {
        let sum = |of: fn(Count) -> usize| self.per_class.values().map(|c| of(*c)).sum::<usize>();
        let micro = Count([sum(|c| c.0[0]), sum(|c| c.0[1]), sum(|c| c.0[2])]);
        let macro_f1: Vec<f64> = self.per_class.values().filter(|c| c.0[0] + c.0[2] > 0).map(|c| c.f1()).collect();
        #[expect(clippy::cast_precision_loss, reason = "classes of a labels file")]
        let macro_f1 = macro_f1.iter().sum::<f64>() / macro_f1.len().max(1) as f64;
        let within = |most: u8| ratio(self.pairs.iter().filter(|(w, h)| w.abs_diff(*h) <= most).count(), self.pairs.len());
        let by_language: Map<String, Value> = self.by_language.iter().map(|(l, c)| (l.clone(), json!(c.f1()))).collect();
        let per_class: Map<String, Value> =
            self.per_class.iter().map(|(name, c)| (name.clone(), json!({"tp": c.0[0], "fp": c.0[1], "fn": c.0[2]}))).collect();
        json!({
            "narratives": n, "not_answered": 0,
            "needs_precision": micro.precision(), "needs_recall": micro.recall(), "needs_micro_f1": micro.f1(), "needs_macro_f1": macro_f1,
            "denied_past_other_proposed_as_present": ratio(self.not_present[0], self.not_present[1]),
            "safety_precision": self.safety.precision(), "safety_recall": self.safety.recall(),
            "levels_scored_of_gold": ratio(self.null[3], self.null[3] + self.null[2]),
            "levels_null_right": ratio(self.null[0], self.null[0] + self.null[1]),
            "levels_exact": within(0), "levels_within_1": within(1), "levels_weighted_kappa": weighted_kappa(&self.pairs),
            "level1_recall": ratio(self.level_one[0], self.level_one[1]),
            "micro_f1_by_language": by_language, "per_class": per_class,
        })
    }
}

/// Quadratic weighted kappa of (gold, proposed) levels.
///
/// # Source
/// Cohen 1968.
#[expect(clippy::cast_precision_loss, reason = "counts of a gold file")]
fn weighted_kappa(pairs: &[(u8, u8)]) -> f64 {
    let n = pairs.len() as f64;
    let weight = |a: u8, b: u8| (f64::from(a) - f64::from(b)).powi(2) / 16.0;
    let observed: f64 = pairs.iter().map(|&(a, b)| weight(a, b)).sum::<f64>() / n;
    let share = |of: fn(&(u8, u8)) -> u8, level: u8| pairs.iter().filter(|p| of(p) == level).count() as f64 / n;
    let expected: f64 =
        (1..=5).flat_map(|a| (1..=5).map(move |b| (a, b))).map(|(a, b)| weight(a, b) * share(|p| p.0, a) * share(|p| p.1, b)).sum();
    if expected == 0.0 { f64::NAN } else { 1.0 - observed / expected }
}

#[derive(Deserialize)]
struct TextLine {
    id: String,
    #[serde(default)]
    lang: String,
    text: String,
}

#[derive(Deserialize)]
struct ConceptLine {
    id: String,
    findings: Vec<Marked>,
}

#[derive(Deserialize)]
struct Marked {
    evidence: String,
    sctid: String,
    #[serde(default)]
    also: Vec<String>,
    #[serde(flatten)]
    assertion: Assertion,
}

/// Coded findings against marked phrases; a phrase is found when a finding overlaps it, right when a SNOMED CT code of it is the
/// gold's or one equally right.
///
/// # Errors
/// If a file cannot be read, or a line is not of the contract's form (file and line are named).
pub fn concepts(analyzer: &Analyzer, gold: &Path, texts: Option<&Path>) -> anyhow::Result<Report> {
    let beside = ["narratives.jsonl", "gold.jsonl"].map(|name| gold.with_file_name(name));
    let texts = texts.or_else(|| beside.iter().map(std::path::PathBuf::as_path).find(|p| p.is_file()));
    let texts: Vec<TextLine> = lines(texts.context("name the file with the texts: --texts FILE")?)?;
    let mut tally = ConceptTally::default();
    for line in lines::<ConceptLine>(gold)? {
        let text = texts.iter().find(|t| t.id == line.id).with_context(|| format!("{} has no text", line.id))?;
        let narrative = Narrative::new(text.id.clone(), text.text.clone())?;
        let wish = Wish { offset_unit: crate::types::OffsetUnit::Byte, ..Wish::default() };
        tally.add(text, &line.findings, &analyzer.analyze(&narrative, wish)?);
    }
    Ok(Report { figures: tally.figures() })
}

#[derive(Default)]
struct ConceptTally {
    n: usize,
    found: usize,
    right: usize,
    judged: usize,
    judged_right: usize,
    axes: [usize; 4],
    odd: [[usize; 2]; 4],
    by_language: BTreeMap<String, [usize; 2]>,
}

const AXES: [(&str, &str); 4] =
    [("polarity", "affirmed"), ("certainty", "certain"), ("temporality", "current"), ("experiencer", "subject")];

impl ConceptTally {
    fn add(&mut self, text: &TextLine, marked: &[Marked], analysis: &Analysis) {
        let mut touched: BTreeMap<usize, bool> = BTreeMap::new();
        for one in marked {
            let Some(start) = text.text.find(&one.evidence) else {
                continue;
            };
            let end = start + one.evidence.len();
            let right_code = |code: &str| code == one.sctid || one.also.iter().any(|a| a == code);
            let hits: Vec<usize> = (0..analysis.findings.len())
                .filter(|&f| analysis.findings[f].span.start < end && analysis.findings[f].span.end > start)
                .collect();
            let is_right = |&f: &usize| analysis.findings[f].codings.iter().any(|c| c.system == SNOMED && right_code(&c.code));
            let good: Vec<usize> = hits.iter().copied().filter(is_right).collect();
            for hit in &hits {
                *touched.entry(*hit).or_default() |= good.contains(hit);
            }
            self.n += 1;
            self.found += usize::from(!hits.is_empty());
            self.right += usize::from(!good.is_empty());
            let language = self.by_language.entry(text.lang.clone()).or_default();
            language[0] += usize::from(!good.is_empty());
            language[1] += 1;
            if !good.is_empty() {
                self.add_axes(one.assertion, good.iter().map(|&f| analysis.findings[f].assertion));
            }
        }
        self.judged += touched.len();
        self.judged_right += touched.values().filter(|right| **right).count();
    }

    fn add_axes(&mut self, gold: Assertion, ours: impl Iterator<Item = Assertion> + Clone) {
        let plain = Assertion::PLAIN;
        let same: [(bool, bool); 4] = [
            (ours.clone().any(|a| a.polarity == gold.polarity), gold.polarity == plain.polarity),
            (ours.clone().any(|a| a.certainty == gold.certainty), gold.certainty == plain.certainty),
            (ours.clone().any(|a| a.temporality == gold.temporality), gold.temporality == plain.temporality),
            (ours.clone().any(|a| a.experiencer == gold.experiencer), gold.experiencer == plain.experiencer),
        ];
        for (axis, (agrees, is_default)) in same.into_iter().enumerate() {
            self.axes[axis] += usize::from(agrees);
            if !is_default {
                self.odd[axis][0] += usize::from(agrees);
                self.odd[axis][1] += 1;
            }
        }
    }

    fn figures(&self) -> Value {
        let mut figures = Map::new();
        figures.insert("phrases".to_owned(), json!(self.n));
        figures.insert("found".to_owned(), json!(ratio(self.found, self.n)));
        figures.insert("right".to_owned(), json!(ratio(self.right, self.n)));
        figures.insert("precision_on_marked".to_owned(), json!(ratio(self.judged_right, self.judged)));
        for (axis, (name, default)) in AXES.iter().enumerate() {
            figures.insert(format!("{name}_right"), json!(ratio(self.axes[axis], self.right)));
            figures.insert(format!("{name}_right_when_not_{default}"), json!(ratio(self.odd[axis][0], self.odd[axis][1])));
        }
        let by_language: Map<String, Value> =
            self.by_language.iter().map(|(l, [right, n])| (l.clone(), json!(ratio(*right, *n)))).collect();
        figures.insert("right_by_language".to_owned(), Value::Object(by_language));
        Value::Object(figures)
    }
}

/// The lines of a JSON lines file.
fn lines<T: for<'de> Deserialize<'de>>(path: &Path) -> anyhow::Result<Vec<T>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let one = |(index, line): (usize, &str)| serde_json::from_str(line).with_context(|| format!("{}:{}", path.display(), index + 1));
    text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kappa_is_one_for_agreement_and_none_for_chance() {
        assert!((weighted_kappa(&[(1, 1), (3, 3), (5, 5)]) - 1.0).abs() < 1e-9);
        assert!(weighted_kappa(&[(1, 1), (1, 5), (5, 1), (5, 5)]).abs() < 1e-9);
    }

    #[test]
    fn ratios_of_nothing_are_nothing() {
        assert!(ratio(0, 0).abs() < 1e-9);
        assert!((Count([2, 1, 1]).f1() - 2.0 / 3.0).abs() < 1e-9);
    }
}
