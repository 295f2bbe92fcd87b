use super::{Alert, Proposed, needs::present_need};
use crate::{
    annotate::Noted,
    types::{ActionId, Claim, Experiencer, NeedId, NeedStatus, Polarity, SafetyStatus, Temporality},
    vocab::{Exclusion, Pattern, Trigger, Vocabulary},
};
use std::collections::BTreeMap;

/// Actions for the present needs, safety first, then food, roof and income, then procedures, then the plan; and those left out,
/// with the exclusion that did it.
///
/// # Source
/// `facts/needs_actions.md` §2 (rules 2 to 6) and §6 (exclusions).
pub(super) fn actions(
    needs: &[Proposed],
    alerts: &[Alert],
    noted: &Noted<'_>,
    vocabulary: &Vocabulary,
) -> (Vec<Proposed>, Vec<(ActionId, String)>) {
    let settings = &vocabulary.settings.actions;
    let mut wanted: BTreeMap<ActionId, Wanted> = BTreeMap::new();
    for proposed in needs {
        let Some(need) = present_need(proposed).and_then(|id| vocabulary.catalogue.need(id)) else {
            continue;
        };
        for (rank, &action) in need.actions.iter().take(settings.per_need).enumerate() {
            let entry = wanted.entry(action).or_default();
            entry.rank = entry.rank.min(rank);
            entry.urgency = entry.urgency.min(need.urgency as usize);
            entry.confidence = entry.confidence.max(proposed.confidence);
            entry.needs.push(need.id);
            entry.proposed.push(proposed);
        }
    }
    let mut excluded = Vec::new();
    for exclusion in vocabulary.catalogue.exclusions.iter().filter(|e| holds(e, needs, alerts, noted)) {
        for action in &exclusion.actions {
            if wanted.remove(action).is_some() {
                excluded.push((*action, exclusion.id.clone()));
            }
        }
    }
    for action in in_place(noted, vocabulary) {
        if wanted.remove(&action).is_some() {
            excluded.push((action, "in_place".to_owned()));
        }
    }
    let mut ranked: Vec<(ActionId, Wanted)> = wanted.into_iter().collect();
    ranked.sort_by_key(|(id, w)| {
        (vocabulary.catalogue.action(*id).map_or(9, |a| a.order).min(if w.urgency == 0 { 0 } else { 9 }), w.urgency, w.rank, *id)
    });
    ranked.truncate(settings.at_most);
    let proposed = ranked.into_iter().filter_map(|(id, wanted)| wanted.proposed(id, vocabulary)).collect();
    (proposed, excluded)
}

/// An action and the needs that call for it.
struct Wanted<'a> {
    rank: usize,
    urgency: usize,
    confidence: f32,
    needs: Vec<NeedId>,
    proposed: Vec<&'a Proposed>,
}

impl Default for Wanted<'_> {
    fn default() -> Self {
        Self { rank: usize::MAX, urgency: usize::MAX, confidence: 0.0, needs: Vec::new(), proposed: Vec::new() }
    }
}

impl Wanted<'_> {
    fn proposed(self, id: ActionId, vocabulary: &Vocabulary) -> Option<Proposed> {
        let urgency = vocabulary.catalogue.action(id)?.urgency;
        let mut grounds: Vec<super::Ground> = Vec::new();
        for ground in self.proposed.iter().flat_map(|p| p.grounds.first()) {
            if !grounds.iter().any(|g| g.span == ground.span) {
                grounds.push(ground.clone());
            }
        }
        Some(Proposed { claim: Claim::Action { action: id, needs: self.needs, urgency }, confidence: self.confidence, grounds })
    }
}

fn holds(exclusion: &Exclusion, needs: &[Proposed], alerts: &[Alert], noted: &Noted<'_>) -> bool {
    match &exclusion.trigger {
        Trigger::Safety(rule) => alerts.iter().any(|a| a.rule == *rule && a.status != SafetyStatus::Denied),
        Trigger::Need(id) => needs
            .iter()
            .any(|p| matches!(p.claim, Claim::Need { need, status: NeedStatus::Present | NeedStatus::Possible, .. } if need == *id)),
        Trigger::Text(pattern) => noted.read.iter().enumerate().any(|(at, sentence)| {
            pattern.spans(sentence.spelled_out()).into_iter().any(|span| noted.contexts[at].assertion(span).polarity == Polarity::Affirmed)
        }),
    }
}

/// Actions whose resource the text says is already there (`facts/needs_actions.md` §2.4).
fn in_place(noted: &Noted<'_>, vocabulary: &Vocabulary) -> Vec<ActionId> {
    let stands = |pattern: &Pattern| {
        noted.read.iter().enumerate().any(|(at, sentence)| {
            let spans = sentence.readings().flat_map(|words| pattern.spans(words)).collect::<Vec<_>>();
            spans.into_iter().any(|span| {
                let said = noted.contexts[at].assertion(span);
                said.polarity == Polarity::Affirmed && said.temporality == Temporality::Current && said.experiencer != Experiencer::Other
            })
        })
    };
    vocabulary.catalogue.in_place.iter().filter(|(_, pattern)| stands(pattern)).map(|(action, _)| *action).collect()
}
