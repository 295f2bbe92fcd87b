use super::{Catalogue, Pattern, PatternSet, ReadSentence, catalogue::side, table::Reading};
use crate::types::{ActionId, Language, Person, SafetyRule};
use std::collections::BTreeMap;

/// The safety rules and the lexical layer that works with no model loaded (`facts/needs_actions.md` §3).
#[derive(Debug, Default)]
pub struct SafetyCues {
    rules: BTreeMap<SafetyRule, SafetyRuleText>,
    cues: Vec<SafetyCue>,
    set: PatternSet,
}

/// A safety rule for people.
#[derive(Debug, Clone)]
pub struct SafetyRuleText {
    /// Its name in Catalan and Spanish.
    pub names: [String; 2],
    /// What can be done now.
    pub actions: Vec<ActionId>,
    /// What must never be done, in Catalan and Spanish.
    pub never: [String; 2],
    /// The classifier alone raises an alert of this rule from this probability on.
    pub model_from: f32,
}

/// A phrase that tells of danger.
#[derive(Debug, Clone)]
pub struct SafetyCue {
    /// The rule it belongs to.
    pub rule: SafetyRule,
    /// The words.
    pub pattern: Pattern,
    /// One of these must stand in the same sentence or one beside it, unless there are none.
    pub requires: Vec<Pattern>,
    /// None of these may stand in the same sentence.
    pub unless: Vec<Pattern>,
    /// Who is at risk when the sentence does not tell.
    pub person: Person,
    /// The language of its words; `None` for what is written alike in both.
    pub language: Option<Language>,
}

impl SafetyCues {
    /// The rules, by id.
    pub fn rules(&self) -> impl Iterator<Item = (SafetyRule, &SafetyRuleText)> {
        self.rules.iter().map(|(id, rule)| (*id, rule))
    }

    /// A rule by its id.
    #[must_use]
    pub fn rule(&self, id: SafetyRule) -> Option<&SafetyRuleText> {
        self.rules.get(&id)
    }

    /// Whether `rule` has no cue in `language`.
    pub(super) fn lacks(&self, rule: SafetyRule, language: Language) -> bool {
        !self.cues.iter().any(|cue| cue.rule == rule && cue.language == Some(language))
    }

    /// Every cue.
    #[must_use]
    pub fn cues(&self) -> &[SafetyCue] {
        &self.cues
    }

    /// The cues whose words stand in sentence `at`, context checked, with the spans of their words.
    #[must_use]
    pub fn matches(&self, sentences: &[ReadSentence<'_>], at: usize) -> Vec<(&SafetyCue, crate::types::Span)> {
        let Some(sentence) = sentences.get(at) else {
            return Vec::new();
        };
        let near = &sentences[at.saturating_sub(1)..(at + 2).min(sentences.len())];
        let stands = |pattern: &Pattern, s: &ReadSentence<'_>| s.readings().any(|words| pattern.find(words, 0).is_some());
        let mut found: Vec<(&SafetyCue, crate::types::Span)> = Vec::new();
        for words in sentence.readings() {
            for (index, start, end) in self.set.matches(words) {
                let (Some(cue), Some(first), Some(last)) = (self.cues.get(index), words.get(start), words.get(end - 1)) else {
                    continue;
                };
                let required = cue.requires.is_empty() || cue.requires.iter().any(|p| near.iter().any(|s| stands(p, s)));
                let span = first.span.join(last.span);
                let called_off = cue.unless.iter().any(|p| stands(p, sentence));
                if required && !called_off && !found.iter().any(|&(c, s)| s == span && std::ptr::eq(c, cue)) {
                    found.push((cue, span));
                }
            }
        }
        found
    }

    pub(super) fn read(catalogue: &Catalogue, reading: &mut Reading<'_>) -> Self {
        let mut safety = Self::default();
        for row in reading.table("safety/rules.tsv", &["rule", "ca", "es", "actions", "never_ca", "never_es", "model_from"]).rows() {
            let Some(id) = row.value::<SafetyRule>("rule", reading) else {
                continue;
            };
            let actions: Vec<ActionId> = row.values("actions", reading);
            if let Some(unknown) = actions.iter().find(|a| catalogue.action(**a).is_none()) {
                row.problem(reading, format!("{unknown} is not in actions.tsv"));
            }
            let text = |ca, es| [row.cell(ca).to_owned(), row.cell(es).to_owned()];
            let Ok(model_from) = row.cell("model_from").parse::<f32>() else {
                row.problem(reading, "column model_from: write a probability such as 0.25");
                continue;
            };
            let never = text("never_ca", "never_es");
            safety.rules.insert(id, SafetyRuleText { names: text("ca", "es"), actions, never, model_from });
        }
        let columns = &["rule", "lang", "pattern", "requires", "unless", "person"];
        for row in reading.table("safety/cues.tsv", columns).rows() {
            let (Some(rule), Some(pattern)) = (row.value::<SafetyRule>("rule", reading), row.value::<Pattern>("pattern", reading)) else {
                continue;
            };
            if !safety.rules.contains_key(&rule) {
                row.problem(reading, format!("{rule} is not in safety/rules.tsv"));
            }
            let person = if row.cell("person").is_empty() { Some(Person::Subject) } else { row.value("person", reading) };
            let mut list = |column| {
                let parts: Vec<String> = row.cell(column).split(" ; ").filter(|p| !p.is_empty()).map(str::to_owned).collect();
                parts.iter().filter_map(|p| p.parse().map_err(|e| row.problem(reading, format!("column {column}: {e}"))).ok()).collect()
            };
            let (requires, unless) = (list("requires"), list("unless"));
            let language = if row.cell("lang").is_empty() { None } else { row.value("lang", reading) };
            safety.cues.push(SafetyCue { rule, pattern, requires, unless, person: person.unwrap_or(Person::Subject), language });
        }
        safety.set = PatternSet::new(safety.cues.iter().map(|cue| cue.pattern.clone()).collect());
        safety
    }
}

impl SafetyRuleText {
    /// Its name in `language`.
    #[must_use]
    pub fn name(&self, language: Language) -> &str {
        &self.names[side(language)]
    }

    /// What must never be done, in `language`.
    #[must_use]
    pub fn never(&self, language: Language) -> &str {
        &self.never[side(language)]
    }
}
