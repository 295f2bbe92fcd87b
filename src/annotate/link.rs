use super::{Context, Finding, ModelReading, ReadUnit};
use crate::{
    model::STATUSES,
    types::{Assertion, Certainty, ConceptId, Experiencer, NeedStatus, Polarity, Span, Temporality, Tier},
    vocab::{Match, Vocabulary},
};

/// A term of the dictionary becomes a finding.
pub(super) fn finding(found: &Match, sentence: usize, context: &Context, vocabulary: &Vocabulary) -> Finding {
    let by_tier = vocabulary.settings.lexicon.confidence;
    let confidence = match found.tier {
        Tier::Exact => by_tier.exact,
        Tier::Folded => by_tier.folded,
        Tier::Stem => by_tier.stem,
        Tier::Fuzzy | Tier::Model => by_tier.fuzzy,
    };
    Finding { span: found.span, concept: found.concept, assertion: context.assertion(found.span), tier: found.tier, confidence, sentence }
}

/// What the classifier adds to the terms.
pub(super) struct ByModel {
    pub findings: Vec<Finding>,
    pub unmapped: Vec<Span>,
}

/// Where the classifier holds a clause for a need that no term there stands for, the nearest concept of that need is found.
pub(super) fn by_model(text: &str, model: &ModelReading<'_>, terms: &[Finding], contexts: &[Context], vocabulary: &Vocabulary) -> ByModel {
    let mut by = ByModel { findings: Vec::new(), unmapped: Vec::new() };
    for unit in leaves(&model.units) {
        let Some(best) = best_needs(unit, vocabulary.settings.link.clause_threshold) else {
            continue;
        };
        for (place, probability) in best {
            let need = model.needs[place];
            let of_need = vocabulary.dictionary.of_need(need);
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

/// Clauses, and sentences that are a single clause.
fn leaves(units: &[ReadUnit]) -> impl Iterator<Item = &ReadUnit> {
    let has_clauses = |sentence: usize| units.iter().any(|u| u.sentence == sentence && !u.whole);
    units.iter().filter(move |u| !u.whole || !has_clauses(u.sentence))
}

/// The needs that a unit most likely speaks of, at most two, as places in the heads.
fn best_needs(unit: &ReadUnit, threshold: f32) -> Option<Vec<(usize, f32)>> {
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
        let coded = vocabulary.dictionary.concept(concept).is_some_and(|c| c.sctid.is_some() || c.broader.is_some());
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
