use super::{Context, Finding, ModelReading, ReadUnit};
use crate::{
    model::STATUSES,
    types::{Assertion, Certainty, ConceptId, Experiencer, NeedId, NeedStatus, Polarity, Span, Temporality, Tier},
    vocab::{Match, Vocabulary},
};
use std::collections::HashMap;

/// A term of the dictionary becomes a finding.
pub(super) fn finding(found: &Match, sentence: usize, context: &Context, vocabulary: &Vocabulary) -> Finding {
    let concept = found.concepts.first().copied();
    let confidence = match found.tier {
        Tier::Exact => 0.97,
        Tier::Folded => 0.95,
        Tier::Stem => 0.8,
        Tier::Fuzzy | Tier::Model => 0.7,
    };
    let concept =
        concept.or_else(|| vocabulary.dictionary.concepts().first().map(|c| c.id)).expect("a match names a concept. This is a bug.");
    Finding { span: found.span, concept, assertion: context.assertion(found.span), tier: found.tier, confidence, sentence }
}

/// What the classifier adds to the terms.
pub(super) struct ByModel {
    pub findings: Vec<Finding>,
    pub unmapped: Vec<Span>,
}

/// Where the classifier holds a clause for a need that no term there stands for, the nearest concept of that need is found.
pub(super) fn by_model(text: &str, model: &ModelReading<'_>, terms: &[Finding], contexts: &[Context], vocabulary: &Vocabulary) -> ByModel {
    let mut by = ByModel { findings: Vec::new(), unmapped: Vec::new() };
    let linked = linked(vocabulary);
    for unit in leaves(&model.units) {
        let Some(best) = best_needs(unit, model, vocabulary.settings.link.clause_threshold) else {
            continue;
        };
        for (place, probability) in best {
            let need = model.needs[place];
            let of_need = linked.get(&need).map_or(&[][..], Vec::as_slice);
            let covered = terms.iter().any(|f| unit.span.overlaps(f.span) && of_need.iter().any(|(c, _)| *c == f.concept));
            if covered {
                continue;
            }
            match nearest(text, unit, of_need, model, vocabulary) {
                Some(concept) => {
                    let assertion = assertion(unit, place, &contexts[unit.sentence]);
                    let finding = Finding {
                        span: unit.span,
                        concept,
                        assertion,
                        tier: Tier::Model,
                        confidence: probability,
                        sentence: unit.sentence,
                    };
                    if !by.findings.iter().any(|f| f.span == finding.span && f.concept == concept) {
                        by.findings.push(finding);
                    }
                }
                None if !by.unmapped.contains(&unit.span) => by.unmapped.push(unit.span),
                None => {}
            }
        }
    }
    by
}

/// The concepts of each need, with the place of the need among the concept's links (0 the most direct).
fn linked(vocabulary: &Vocabulary) -> HashMap<NeedId, Vec<(ConceptId, usize)>> {
    let mut linked: HashMap<NeedId, Vec<(ConceptId, usize)>> = HashMap::new();
    for concept in vocabulary.dictionary.concepts().iter().filter(|c| !c.bare) {
        for (place, link) in concept.needs.iter().enumerate().filter(|(_, link)| link.states) {
            linked.entry(link.need).or_default().push((concept.id, place));
        }
    }
    linked
}

/// Clauses, and sentences that are a single clause.
fn leaves(units: &[ReadUnit]) -> impl Iterator<Item = &ReadUnit> {
    let has_clauses = |sentence: usize| units.iter().any(|u| u.sentence == sentence && !u.whole);
    units.iter().filter(move |u| !u.whole || !has_clauses(u.sentence))
}

/// The needs that a unit most likely speaks of, at most two, as places in the heads.
fn best_needs(unit: &ReadUnit, _model: &ModelReading<'_>, threshold: f32) -> Option<Vec<(usize, f32)>> {
    let mut best: Vec<(usize, f32)> =
        unit.reading.needs.iter().enumerate().map(|(i, (mention, _))| (i, *mention)).filter(|(_, p)| *p >= threshold).collect();
    best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    best.truncate(2);
    (!best.is_empty()).then_some(best)
}

/// The concept of the need that is nearest to the unit: by the encoder's vectors, shared words and the directness of the link.
fn nearest(
    text: &str,
    unit: &ReadUnit,
    of_need: &[(ConceptId, usize)],
    model: &ModelReading<'_>,
    vocabulary: &Vocabulary,
) -> Option<ConceptId> {
    let settings = &vocabulary.settings.link;
    let by_words = vocabulary.candidates(unit.span.of(text), 40);
    let highest = by_words.first().map_or(1.0, |c| c.score.max(1e-6));
    let score = |&(concept, place): &(ConceptId, usize)| {
        let similarity = model.vectors.similarity(concept, &unit.reading.vector);
        let words = by_words.iter().find(|c| c.concept == concept).map_or(0.0, |c| c.score / highest);
        let direct = if place == 0 { settings.link } else { 0.0 };
        let coded = vocabulary.dictionary.concept(concept).is_some_and(|c| c.sctid.is_some());
        settings.similarity * similarity + settings.words * words + direct + if coded { settings.link } else { 0.0 }
    };
    of_need.iter().map(|c| (score(c), c.0)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).map(|(_, concept)| concept)
}

/// What the classifier says of the need at `place`, with the person that the cues name.
fn assertion(unit: &ReadUnit, place: usize, context: &Context) -> Assertion {
    let cues = context.assertion(unit.span);
    let shares = unit.reading.needs[place].1;
    let best = (0..STATUSES.len()).max_by(|&a, &b| shares[a].total_cmp(&shares[b]).then(b.cmp(&a))).unwrap_or(0);
    let mut assertion = Assertion { experiencer: cues.experiencer, ..Assertion::PLAIN };
    match STATUSES[best] {
        NeedStatus::Present => {}
        NeedStatus::Possible => assertion.certainty = Certainty::Possible,
        NeedStatus::Past => assertion.temporality = Temporality::Past,
        NeedStatus::Absent => assertion.polarity = Polarity::Negated,
        NeedStatus::OtherPerson if assertion.experiencer == Experiencer::Subject => assertion.experiencer = Experiencer::Other,
        NeedStatus::OtherPerson => {}
    }
    assertion
}
