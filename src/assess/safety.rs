use super::{Alert, Ground, Proposed};
use crate::{
    annotate::Noted,
    types::{
        Because, Claim, Experiencer, Language, NeedStatus, Person, Polarity, Probability, SafetyRule, SafetyStatus, Span, Temporality,
    },
    vocab::{SafetyCue, Vocabulary},
};

/// A sign of danger in one place.
struct Sign {
    rule: SafetyRule,
    status: SafetyStatus,
    person: Person,
    ground: Ground,
}

/// The alerts: by cue, which works with no model loaded, and by classifier; one for each rule and status.
///
/// # Source
/// `facts/needs_actions.md` §3: each rule fires independently of level and of model confidence.
pub(super) fn alerts(noted: &Noted<'_>, vocabulary: &Vocabulary, needs: &[Proposed]) -> Vec<Alert> {
    let mut signs = by_cue(noted, vocabulary);
    signs.extend(by_model(noted, vocabulary));
    signs.extend(by_need(vocabulary, needs));
    let mut alerts: Vec<Alert> = Vec::new();
    for sign in signs {
        match alerts.iter_mut().find(|a| a.rule == sign.rule && a.status == sign.status) {
            Some(alert) => {
                alert.person = alert.person.min(sign.person);
                let known = alert.grounds.iter().any(|g| g.span.contains(sign.ground.span) || sign.ground.span.contains(g.span));
                if !known {
                    alert.grounds.push(sign.ground);
                }
            }
            None => alerts.push(Alert { rule: sign.rule, person: sign.person, status: sign.status, grounds: vec![sign.ground] }),
        }
    }
    for alert in &mut alerts {
        alert.grounds.sort_by_key(|g| g.span);
    }
    alerts.sort_by_key(|a| (a.status, a.rule));
    alerts
}

fn by_cue(noted: &Noted<'_>, vocabulary: &Vocabulary) -> Vec<Sign> {
    let mut signs = Vec::new();
    for (at, sentence) in noted.document.sentences.iter().enumerate() {
        if sentence.language == Language::Unknown {
            continue;
        }
        for (cue, span) in vocabulary.safety.matches(&noted.read, at) {
            let Some(said) = status(noted, at, span) else {
                continue;
            };
            let Some(status) = confirmed(noted, vocabulary, at, cue, said) else {
                continue;
            };
            let because = Because::Cue(cue.pattern.text().to_owned());
            signs.push(Sign {
                rule: cue.rule,
                status,
                person: person(noted, at, span, cue.person),
                ground: Ground { span, finding: None, because },
            });
        }
    }
    signs
}

/// What the words around say: denied, past, active; nothing for what is only imagined.
fn status(noted: &Noted<'_>, at: usize, span: Span) -> Option<SafetyStatus> {
    let assertion = noted.contexts[at].assertion(span);
    match (assertion.polarity, assertion.temporality) {
        (Polarity::Negated, _) => Some(SafetyStatus::Denied),
        (_, Temporality::Past) => Some(SafetyStatus::Past),
        (_, Temporality::Hypothetical) => None,
        _ => Some(SafetyStatus::Active),
    }
}

fn person(noted: &Noted<'_>, at: usize, span: Span, cue: Person) -> Person {
    if cue != Person::Subject || !noted.contexts[at].names_person(span) {
        return cue;
    }
    match noted.contexts[at].assertion(span).experiencer {
        Experiencer::Subject => Person::Subject,
        Experiencer::Household => Person::Household,
        Experiencer::Other => Person::Other,
    }
}

/// What the classifier, having read the sentence and its clauses, leaves of an active cue: nothing if it sees next to nothing of the
/// rule there, past or denied if it surely reads it so.
fn confirmed(noted: &Noted<'_>, vocabulary: &Vocabulary, at: usize, cue: &SafetyCue, said: SafetyStatus) -> Option<SafetyStatus> {
    let settings = &vocabulary.settings.safety;
    let read = |status| {
        let units = noted.units.iter().filter(|u| u.sentence == at).map(|u| u.reading.safety(cue.rule, status));
        units.fold(0.0, f32::max)
    };
    if noted.units.is_empty() || said != SafetyStatus::Active {
        return Some(said);
    }
    let active = read(SafetyStatus::Active);
    let other = [SafetyStatus::Past, SafetyStatus::Denied].into_iter().find(|s| read(*s) >= settings.cue_turned.max(active));
    other.or_else(|| (active >= settings.cue_least).then_some(SafetyStatus::Active))
}

/// Where the classifier sees a danger: the places at least half as sure as the surest, since a danger colours the sentences beside it.
fn by_model(noted: &Noted<'_>, vocabulary: &Vocabulary) -> Vec<Sign> {
    let mut signs = Vec::new();
    for (rule, text) in vocabulary.safety.rules() {
        for &status in SafetyStatus::ALL {
            let surest = noted.units.iter().map(|unit| unit.reading.safety(rule, status)).fold(0.0, f32::max);
            let least = text.model_from.max(surest * vocabulary.settings.safety.beside);
            for unit in &noted.units {
                let probability = unit.reading.safety(rule, status);
                if probability >= least {
                    let experiencer = noted.contexts[unit.sentence].assertion(unit.span).experiencer;
                    let person = if experiencer == Experiencer::Household { Person::Household } else { Person::Subject };
                    let because = Because::Model(Probability::new(probability));
                    signs.push(Sign { rule, status, person, ground: Ground { span: unit.span, finding: None, because } });
                }
            }
        }
    }
    signs
}

/// A need that belongs to a safety rule raises the rule's alert: present ones active, the others as what was said of them.
fn by_need(vocabulary: &Vocabulary, needs: &[Proposed]) -> Vec<Sign> {
    let sign = |proposed: &Proposed| {
        let Claim::Need { need, status, person, .. } = proposed.claim else { return None };
        let rule = vocabulary.catalogue.need(need)?.safety?;
        let status = match status {
            NeedStatus::Present => SafetyStatus::Active,
            NeedStatus::Past => SafetyStatus::Past,
            NeedStatus::Absent => SafetyStatus::Denied,
            NeedStatus::Possible | NeedStatus::OtherPerson => return None,
        };
        let ground = proposed.grounds.first()?;
        let because = Because::Need(need, Box::new(ground.because.clone()));
        (proposed.confidence >= vocabulary.settings.safety.need_alone).then(|| Sign {
            rule,
            status,
            person,
            ground: Ground { because, ..ground.clone() },
        })
    };
    needs.iter().filter_map(sign).collect()
}
