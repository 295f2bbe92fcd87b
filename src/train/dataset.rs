use crate::{
    text,
    types::{Domain, Language, Level, Narrative, NeedId, NeedStatus, SafetyRule, SafetyStatus, Span},
};
use anyhow::{Context, anyhow, bail, ensure};
use serde::Deserialize;
use std::{collections::HashSet, path::Path};

/// What a stretch of text says, as labelled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// Needs and what is said of them.
    pub needs: Vec<(NeedId, NeedStatus)>,
    /// Levels of domains.
    pub levels: Vec<(Domain, Level)>,
    /// Safety rules.
    pub safety: Vec<(SafetyRule, SafetyStatus)>,
}

/// A stretch with its labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Where in the example's text.
    pub span: Span,
    /// What it says.
    pub labels: Labels,
}

/// A text that is read at once.
#[derive(Debug, Clone)]
pub struct Example {
    /// Its name; examples of one narrative share it, so that splits keep together what belongs together.
    pub id: String,
    /// Catalan, Spanish or mixed.
    pub language: Language,
    /// Whether it is kept out of learning, to calibrate on.
    pub kept_out: bool,
    /// The text.
    pub text: String,
    /// Its sentences.
    pub sentences: Vec<Span>,
    /// What is learnt from it.
    pub units: Vec<Unit>,
}

#[derive(Deserialize)]
struct NarrativeLine {
    id: String,
    lang: String,
    text: String,
    #[serde(default)]
    needs: Vec<NeedLine>,
    #[serde(default)]
    levels: std::collections::BTreeMap<String, LevelLine>,
    #[serde(default)]
    safety: Vec<SafetyLine>,
}

#[derive(Deserialize)]
struct NeedLine {
    need: NeedId,
    status: NeedStatus,
    evidence: Vec<String>,
}

#[derive(Deserialize)]
struct LevelLine {
    level: Level,
    evidence: Vec<String>,
}

#[derive(Deserialize)]
struct SafetyLine {
    rule: SafetyRule,
    status: SafetyStatus,
    evidence: Vec<String>,
}

/// The lines of a `sentences/*.tsv` file, an example each.
///
/// # Errors
/// Names file and line if a line has not three columns, or a label is none.
pub fn read_sentences(path: &Path) -> anyhow::Result<Vec<Example>> {
    let content = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let line = |(index, line): (usize, &str)| {
        let place = || format!("{}:{}", path.display(), index + 1);
        let columns: Vec<&str> = line.split('\t').collect();
        let [language, text, labels] = columns.as_slice() else { bail!("{}: needs three columns", place()) };
        let labels = parse_labels(labels).with_context(place)?;
        let span = Span::new(0, text.len());
        Ok(Example {
            id: format!("{name}:{}", index + 1),
            language: language.parse().with_context(place)?,
            kept_out: false,
            text: (*text).to_owned(),
            sentences: vec![span],
            units: vec![Unit { span, labels }],
        })
    };
    content.lines().enumerate().filter(|(_, l)| !l.is_empty()).map(line).collect()
}

/// Labels separated by spaces: `N034`, `N034:past`, `D1=2`, `S05`, `S05:denied`, `-`.
fn parse_labels(text: &str) -> anyhow::Result<Labels> {
    let mut labels = Labels::default();
    for part in text.split_whitespace().filter(|p| *p != "-") {
        let (name, status) = part.split_once(':').map_or((part, None), |(n, s)| (n, Some(s)));
        if let Some((domain, level)) = part.split_once('=') {
            labels.levels.push((domain.parse()?, Level::try_from(level.parse::<u8>()?)?));
        } else if name.starts_with('N') {
            labels.needs.push((name.parse()?, status.map_or(Ok(NeedStatus::Present), str::parse)?));
        } else {
            labels.safety.push((name.parse()?, status.map_or(Ok(SafetyStatus::Active), str::parse)?));
        }
    }
    Ok(labels)
}

/// The narratives of a `narratives/*.jsonl` file: sentences and clauses are units, labelled where evidence lies in them.
///
/// # Errors
/// Names file, line and id if a line is not of the guide's form, or an evidence quote is not in the text.
pub fn read_narratives(path: &Path) -> anyhow::Result<Vec<Example>> {
    let content = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let line = |(index, line): (usize, &str)| {
        let place = || format!("{}:{}", path.display(), index + 1);
        let narrative: NarrativeLine = serde_json::from_str(line).with_context(place)?;
        narrative_example(narrative).with_context(place)
    };
    content.lines().enumerate().filter(|(_, l)| !l.trim().is_empty()).map(line).collect()
}

fn narrative_example(line: NarrativeLine) -> anyhow::Result<Example> {
    let find = |quotes: &[String]| -> anyhow::Result<Vec<Span>> {
        ensure!(!quotes.is_empty(), "{}: a label has no evidence", line.id);
        let one = |q: &String| line.text.find(q.as_str()).map(|at| Span::new(at, at + q.len()));
        quotes.iter().map(|q| one(q).ok_or_else(|| anyhow!("{}: {q:?} is not in the text", line.id))).collect()
    };
    let mut marked: Vec<(Span, Labels)> = Vec::new();
    for need in &line.needs {
        marked
            .extend(find(&need.evidence)?.into_iter().map(|s| (s, Labels { needs: vec![(need.need, need.status)], ..Labels::default() })));
    }
    for (domain, level) in &line.levels {
        let domain: Domain = domain.parse()?;
        let labels = Labels { levels: vec![(domain, level.level)], ..Labels::default() };
        marked.extend(find(&level.evidence)?.into_iter().map(|s| (s, labels.clone())));
    }
    for safety in &line.safety {
        let labels = Labels { safety: vec![(safety.rule, safety.status)], ..Labels::default() };
        marked.extend(find(&safety.evidence)?.into_iter().map(|s| (s, labels.clone())));
    }
    let narrative = Narrative::new(line.id.clone(), line.text.clone())?;
    let document = text::read(&narrative, &HashSet::new());
    let mut units = Vec::new();
    for sentence in &document.sentences {
        units.push(Unit { span: sentence.span, labels: labels_in(sentence.span, &marked) });
        if sentence.clauses.len() > 1 {
            units.extend(sentence.clauses.iter().map(|&span| Unit { span, labels: labels_in(span, &marked) }));
        }
    }
    let sentences = document.sentences.iter().map(|s| s.span).collect();
    Ok(Example { id: line.id, language: line.lang.parse()?, kept_out: false, text: line.text, sentences, units })
}

/// The labels whose evidence lies in `unit`: at least half of the quote, or the quote covers at least half of the unit.
fn labels_in(unit: Span, marked: &[(Span, Labels)]) -> Labels {
    let mut labels = Labels::default();
    for (span, found) in marked {
        let shared = span.end().min(unit.end()).saturating_sub(span.start().max(unit.start()));
        if shared * 2 >= span.len() || shared * 2 >= unit.len() {
            add(&mut labels.needs, &found.needs);
            add(&mut labels.levels, &found.levels);
            add(&mut labels.safety, &found.safety);
        }
    }
    labels
}

fn add<T: Copy + PartialEq>(to: &mut Vec<T>, from: &[T]) {
    for item in from {
        if !to.contains(item) {
            to.push(*item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_labels_its_sentence_and_clause() {
        let json = r#"{"id":"x","lang":"ca","text":"Deu tres rebuts del pis, però la feina li va bé. Res més.",
            "needs":[{"need":"N034","status":"present","person":"subject","evidence":["Deu tres rebuts del pis"]}],
            "levels":{"D2":{"level":4,"evidence":["la feina li va bé"]}}}"#;
        let example = narrative_example(serde_json::from_str(json).unwrap()).unwrap();
        let said = |text: &str| {
            let unit = example.units.iter().find(|u| u.span.of(&example.text).starts_with(text)).unwrap();
            (unit.labels.needs.len(), unit.labels.levels.len())
        };
        assert_eq!(said("Deu tres rebuts del pis, però"), (1, 1));
        assert_eq!(example.units[1].labels.needs.len(), 1);
        assert_eq!(example.units[1].labels.levels.len(), 0);
        assert_eq!(said("però la feina"), (0, 1));
        assert_eq!(said("Res més"), (0, 0));
    }

    #[test]
    fn labels_are_read_or_refused() {
        let labels = parse_labels("N034 N001:absent D1=2 S05:past").unwrap();
        assert_eq!(labels.needs.len(), 2);
        assert!(parse_labels("D1=6").is_err());
        assert!(parse_labels("N34").is_err());
        assert_eq!(parse_labels("-").unwrap(), Labels::default());
    }
}
