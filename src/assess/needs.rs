use super::{Ground, Proposed};
use crate::{
    annotate::{Finding, Noted, ReadUnit},
    model::STATUSES,
    types::{Assertion, Because, Certainty, Claim, Experiencer, NeedId, NeedStatus, Person, Polarity, Probability, Temporality, Tier},
    vocab::{Need, Vocabulary},
};
use std::collections::BTreeMap;

/// What the classifier's outputs stand for.
pub(super) struct Heads<'a> {
    pub needs: &'a [NeedId],
    pub thresholds: &'a [f32],
}

/// All that speaks for one need with one status.
#[derive(Default)]
struct Case {
    /// The strongest of the classifier, scaled so that its threshold is the rules' threshold.
    model: f32,
    /// That no concept which says it is right.
    doubt_of_concepts: f32,
    grounds: Vec<(f32, Ground)>,
    person: Option<Person>,
}

/// The needs, each with one status, present ones first, then by urgency.
pub(super) fn needs(noted: &Noted<'_>, vocabulary: &Vocabulary, heads: &Heads<'_>) -> Vec<Proposed> {
    let mut cases: BTreeMap<(NeedId, NeedStatus), Case> = BTreeMap::new();
    by_concept(noted, vocabulary, heads, &mut cases);
    by_model(noted, vocabulary, heads, &mut cases);
    let threshold = vocabulary.settings.needs.threshold;
    let mut proposed = Vec::new();
    for need in vocabulary.catalogue.needs() {
        let of_need: Vec<(NeedStatus, f32)> = NeedStatus::ALL
            .iter()
            .filter_map(|&status| cases.get(&(need.id, status)).map(|case| (status, case.confidence())))
            .filter(|(_, confidence)| *confidence >= threshold)
            .collect();
        if let Some(status) = choose(&of_need, vocabulary.settings.needs.present_share)
            && let Some(case) = cases.remove(&(need.id, status))
        {
            proposed.push(case.proposed(need, status));
        }
    }
    withdraw_general(&mut proposed, vocabulary);
    proposed.sort_by_key(order);
    proposed
}

/// Of several statuses over the threshold: present if it is said anywhere with at least `present_share` of the surest other's confidence.
fn choose(of_need: &[(NeedStatus, f32)], present_share: f32) -> Option<NeedStatus> {
    let surest = of_need.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))?;
    let present = of_need.iter().find(|(status, _)| *status == NeedStatus::Present);
    match present {
        Some((_, confidence)) if *confidence >= surest.1 * present_share => Some(NeedStatus::Present),
        _ => Some(surest.0),
    }
}

impl Case {
    fn add(&mut self, share: f32, ground: Ground, person: Person) {
        let same = self.grounds.iter().position(|(_, g)| g.span.contains(ground.span) || ground.span.contains(g.span));
        match same {
            // of a sentence and its clause the shorter is quoted
            Some(at) if ground.span.len() < self.grounds[at].1.span.len() && share >= self.grounds[at].0 * 0.7 => {
                self.grounds[at] = (share, ground)
            }
            Some(at) if ground.finding.is_some() && self.grounds[at].1.finding.is_none() && share >= self.grounds[at].0 => {
                self.grounds[at] = (share, ground)
            }
            Some(_) => {}
            None => self.grounds.push((share, ground)),
        }
        self.person = Some(self.person.map_or(person, |p| p.min(person)));
    }

    /// Classifier and concepts together, as independent witnesses.
    fn confidence(&self) -> f32 {
        1.0 - (1.0 - self.model) * (1.0 - self.doubt_of_concepts)
    }

    fn proposed(mut self, need: &Need, status: NeedStatus) -> Proposed {
        let confidence = self.confidence();
        self.grounds.sort_by_key(|(_, ground)| ground.span);
        let person = self.person.unwrap_or(Person::Subject);
        let person = if status == NeedStatus::OtherPerson && person == Person::Subject { Person::Other } else { person };
        let claim = Claim::Need { need: need.id, status, person, urgency: need.urgency };
        Proposed { claim, confidence, grounds: self.grounds.into_iter().map(|(_, g)| g).collect() }
    }
}

/// Concepts lend their needs what the text says of them: the cues around, and the classifier where it reads the need there too.
fn by_concept(noted: &Noted<'_>, vocabulary: &Vocabulary, heads: &Heads<'_>, cases: &mut BTreeMap<(NeedId, NeedStatus), Case>) {
    let settings = &vocabulary.settings.needs;
    for (index, finding) in noted.findings.iter().enumerate().filter(|(_, f)| f.tier != Tier::Model) {
        let Some(concept) = vocabulary.dictionary.concept(finding.concept) else {
            continue;
        };
        for link in &concept.needs {
            let Some(need) = vocabulary.catalogue.need(link.need) else {
                continue;
            };
            let Some(status) = status(finding.assertion, need) else {
                continue;
            };
            let states = if heads.needs.is_empty() { settings.states_alone } else { settings.states };
            let share = if link.states { states } else { settings.suggests } * tier_share(finding, need, vocabulary);
            let read = read_status(noted, finding, link.need, heads).filter(|(mention, _)| *mention >= settings.model_settles);
            for (place, &told) in STATUSES.iter().enumerate() {
                let by_cues = f32::from(u8::from(told == status));
                let part = share * read.map_or(by_cues, |(_, shares)| f32::midpoint(by_cues, shares[place]));
                if part < share * settings.model_settles {
                    continue;
                }
                let because = Because::Concept { concept: concept.id, tier: finding.tier };
                let ground = Ground { span: finding.span, finding: Some(index), because };
                let case = cases.entry((link.need, told)).or_default();
                case.doubt_of_concepts = case.doubt_of_concepts.max(part);
                case.add(part, ground, person(finding.assertion.experiencer));
            }
        }
    }
}

/// What the classifier says of a need in the shortest unit that holds a finding: that it is spoken of, and its statuses.
fn read_status(noted: &Noted<'_>, finding: &Finding, need: NeedId, heads: &Heads<'_>) -> Option<(f32, [f32; 5])> {
    let place = heads.needs.iter().position(|n| *n == need)?;
    let unit = noted.units.iter().filter(|u| u.span.contains(finding.span)).min_by_key(|u| u.span.len())?;
    unit.reading.needs.get(place).copied()
}

/// A stem or a mended typo lends less; for a need with a safety rule a stem alone never suffices.
fn tier_share(finding: &Finding, need: &Need, vocabulary: &Vocabulary) -> f32 {
    let settings = &vocabulary.settings.needs;
    match finding.tier {
        Tier::Exact | Tier::Folded => 1.0,
        Tier::Stem if need.safety.is_some() => settings.stem_share.min(settings.stem_share_safety),
        Tier::Stem => settings.stem_share,
        Tier::Fuzzy | Tier::Model => settings.fuzzy_share,
    }
}

/// What an assertion makes of a need; nothing for what is only imagined.
fn status(assertion: Assertion, need: &Need) -> Option<NeedStatus> {
    let other = assertion.experiencer == Experiencer::Other || (assertion.experiencer == Experiencer::Household && !need.household);
    match assertion {
        _ if other => Some(NeedStatus::OtherPerson),
        Assertion { polarity: Polarity::Negated, .. } => Some(NeedStatus::Absent),
        Assertion { temporality: Temporality::Past, .. } => Some(NeedStatus::Past),
        Assertion { temporality: Temporality::Hypothetical, .. } => None,
        Assertion { certainty: Certainty::Possible, .. } => Some(NeedStatus::Possible),
        _ => Some(NeedStatus::Present),
    }
}

fn person(experiencer: Experiencer) -> Person {
    match experiencer {
        Experiencer::Subject => Person::Subject,
        Experiencer::Household => Person::Household,
        Experiencer::Other => Person::Other,
    }
}

fn by_model(noted: &Noted<'_>, vocabulary: &Vocabulary, heads: &Heads<'_>, cases: &mut BTreeMap<(NeedId, NeedStatus), Case>) {
    let settings = &vocabulary.settings.needs;
    let floor = settings.threshold;
    for unit in &noted.units {
        for &status in NeedStatus::ALL {
            for (place, probability) in probabilities(unit, status, vocabulary, heads).into_iter().enumerate() {
                let (need, threshold) = (heads.needs[place], heads.thresholds.get(place).copied().unwrap_or(0.5));
                if probability < threshold * settings.least || vocabulary.catalogue.need(need).is_none() {
                    continue;
                }
                let share = rescale(probability, threshold, floor);
                let finding =
                    noted.findings.iter().position(|f| f.tier == Tier::Model && f.span == unit.span && states(f, need, vocabulary));
                let because = Because::Model(Probability::new(probability));
                let person = person(noted.contexts[unit.sentence].assertion(unit.span).experiencer);
                let case = cases.entry((need, status)).or_default();
                case.model = case.model.max(share);
                if share >= floor * settings.quoted {
                    case.add(share, Ground { span: unit.span, finding, because }, person);
                }
            }
        }
    }
    cases.retain(|_, case| !case.grounds.is_empty());
}

/// The probability of each need with `status` in a unit, in the order of the heads; the likeliest of a family stands for the family.
fn probabilities(unit: &ReadUnit, status: NeedStatus, vocabulary: &Vocabulary, heads: &Heads<'_>) -> Vec<f32> {
    let own: Vec<f32> = (0..heads.needs.len()).map(|place| unit.reading.need(place, status)).collect();
    // by family the likeliest of its needs, and that none of them is said
    let mut families: BTreeMap<&str, (usize, f32)> = BTreeMap::new();
    for (place, &need) in heads.needs.iter().enumerate() {
        let Some(need) = vocabulary.catalogue.need(need) else {
            continue;
        };
        let (best, none) = families.entry(&need.family).or_insert((place, 1.0));
        *none *= 1.0 - own[place];
        if own[place] > own[*best] {
            *best = place;
        }
    }
    let mut all = own;
    for (best, none) in families.into_values() {
        all[best] = 1.0 - none;
    }
    all
}

fn states(finding: &Finding, need: NeedId, vocabulary: &Vocabulary) -> bool {
    vocabulary.dictionary.concept(finding.concept).is_some_and(|c| c.needs.iter().any(|l| l.need == need))
}

/// Stretches probabilities so that the head's own threshold falls on that of the rules.
fn rescale(probability: f32, threshold: f32, floor: f32) -> f32 {
    if probability >= threshold {
        floor + (probability - threshold) / (1.0 - threshold).max(1e-6) * (1.0 - floor)
    } else {
        probability / threshold.max(1e-6) * floor
    }
}

/// A general need is withdrawn where a more specific one of the same story is present.
fn withdraw_general(proposed: &mut Vec<Proposed>, vocabulary: &Vocabulary) {
    let present: Vec<NeedId> = proposed.iter().filter_map(present_need).collect();
    proposed.retain(|p| match p.claim {
        Claim::Need { need, .. } => !vocabulary.catalogue.is_covered(need, &present),
        _ => true,
    });
}

/// The need of a proposal if it is present.
pub(super) fn present_need(proposed: &Proposed) -> Option<NeedId> {
    match proposed.claim {
        Claim::Need { need, status: NeedStatus::Present, .. } => Some(need),
        _ => None,
    }
}

fn order(proposed: &Proposed) -> Option<(NeedStatus, crate::types::Urgency, NeedId)> {
    match proposed.claim {
        Claim::Need { need, status, urgency, .. } => Some((status, urgency, need)),
        _ => None,
    }
}
