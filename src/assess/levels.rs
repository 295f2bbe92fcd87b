use super::{Ground, Proposed, needs::Heads};
use crate::{
    annotate::Noted,
    types::{
        Assertion, Because, Certainty, Claim, Domain, Experiencer, Level, NeedStatus, NotAssessedReason, Polarity, Probability,
        Temporality, Tier,
    },
    vocab::{LevelSettings, Signal, Vocabulary},
};

/// What speaks for each level of one domain.
#[derive(Default)]
struct Scale {
    /// By level, 1 to 5: the sum over sentences.
    weights: [f32; 5],
    grounds: Vec<(u8, f32, Ground)>,
    past: bool,
}

/// A level for each domain that the text gives one, and the reason where it gives none.
///
/// # Source
/// `facts/ssm_cat.md` §4, rules R1 to R17; which rule is kept where stands in `vocab/matrix/rules.tsv`.
pub(super) fn levels(
    noted: &Noted<'_>,
    vocabulary: &Vocabulary,
    heads: &Heads<'_>,
    needs: &[Proposed],
) -> (Vec<Proposed>, Vec<(Domain, NotAssessedReason)>) {
    let (mut proposed, mut not_assessed) = (Vec::new(), Vec::new());
    let signals = Signals::new(noted, vocabulary);
    for &domain in Domain::ALL {
        if domain.is_parenthood() && !signals.minors
            || domain == Domain::D2 && signals.retired && vocabulary.settings.levels.retired_not_applicable
        {
            not_assessed.push((domain, NotAssessedReason::NotApplicable));
            continue;
        }
        let mut scale = scale(domain, noted, vocabulary, &signals);
        scale.add_needs(domain, noted, vocabulary, heads);
        match score(domain, &scale, vocabulary, &signals) {
            Ok((level, alternative, rule, confidence)) => {
                let grounds = scale.grounds_of(level, alternative);
                proposed.push(Proposed { claim: Claim::Level { domain, level, alternative, rule }, confidence, grounds });
            }
            Err(reason) => not_assessed.push((domain, only_past(domain, reason, &scale, needs, vocabulary))),
        }
    }
    (proposed, not_assessed)
}

/// Facts that rules of the instrument ask for.
struct Signals {
    minors: bool,
    retired: bool,
    means_tested: bool,
    lives_alone: Option<Ground>,
}

impl Signals {
    fn new(noted: &Noted<'_>, vocabulary: &Vocabulary) -> Self {
        let found = |signal| {
            noted.read.iter().enumerate().find_map(|(at, sentence)| {
                let spans = vocabulary.matrix.signal(signal, sentence);
                spans.into_iter().find(|&span| {
                    let assertion = noted.contexts[at].assertion(span);
                    assertion.polarity == Polarity::Affirmed
                        && assertion.temporality == Temporality::Current
                        && assertion.experiencer != Experiencer::Other
                })
            })
        };
        let ground = |span| Ground { span, finding: None, because: Because::Rule("R9") };
        Self {
            minors: found(Signal::Minors).is_some(),
            retired: found(Signal::Retired).is_some(),
            means_tested: found(Signal::MeansTested).is_some(),
            lives_alone: found(Signal::LivesAlone).map(ground),
        }
    }
}

/// Sums, over sentences, the strongest of sentence, clauses and concepts for each level.
fn scale(domain: Domain, noted: &Noted<'_>, vocabulary: &Vocabulary, signals: &Signals) -> Scale {
    let mut scale = Scale::default();
    let settings = &vocabulary.settings.levels;
    let own_level = if noted.units.is_empty() { settings.concept_weight_alone } else { settings.concept_weight };
    for sentence in 0..noted.document.sentences.len() {
        let mut strongest = [0.0_f32; 5];
        for unit in noted.units.iter().filter(|u| u.sentence == sentence) {
            for level in Level::ALL {
                let probability = unit.reading.level(domain, level);
                let place = usize::from(level.number() - 1);
                if probability < vocabulary.settings.levels.floor {
                    continue;
                }
                strongest[place] = strongest[place].max(probability);
                if probability >= vocabulary.settings.levels.floor {
                    let because = Because::ModelLevel { domain, level, probability: Probability::new(probability) };
                    scale.grounds.push((level.number(), probability, Ground { span: unit.span, finding: None, because }));
                }
            }
        }
        for (index, finding) in noted.findings.iter().enumerate().filter(|(_, f)| f.sentence == sentence && f.tier < Tier::Model) {
            let Some(concept) = vocabulary.dictionary.concept(finding.concept) else {
                continue;
            };
            let Some((_, level)) = concept.cell.filter(|(d, _)| *d == domain) else {
                continue;
            };
            scale.past |= finding.assertion.temporality == Temporality::Past;
            if counts(finding.assertion, domain) {
                let weight = own_level * if finding.tier == Tier::Stem { settings.stem_share } else { 1.0 };
                let place = usize::from(level.number() - 1);
                strongest[place] = strongest[place].max(weight);
                let because = Because::Cell { concept: concept.id, domain, level };
                scale.grounds.push((level.number(), weight, Ground { span: finding.span, finding: Some(index), because }));
            }
        }
        for (total, strong) in scale.weights.iter_mut().zip(strongest) {
            *total += strong;
        }
    }
    if let (Domain::D5, Some(ground), Ok(level)) = (domain, &signals.lives_alone, Level::try_from(vocabulary.settings.levels.lives_alone)) {
        scale.weights[usize::from(level.number() - 1)] += vocabulary.settings.levels.scored_from;
        scale.grounds.push((level.number(), vocabulary.settings.levels.scored_from, ground.clone()));
    }
    scale
}

/// Whether a finding scores the domain: affirmed, certain, now (R1, R13), and of the client, or of the household where the domain
/// is about it (R7).
fn counts(assertion: Assertion, domain: Domain) -> bool {
    let of_household = matches!(domain, Domain::D1 | Domain::D4 | Domain::D5) || domain.is_parenthood();
    let person = match assertion.experiencer {
        Experiencer::Subject => true,
        Experiencer::Household => of_household,
        Experiencer::Other => false,
    };
    person
        && assertion
            == Assertion {
                experiencer: assertion.experiencer,
                polarity: Polarity::Affirmed,
                certainty: Certainty::Certain,
                temporality: Temporality::Current,
            }
}

type Scored = (Level, Option<Level>, Option<String>, f32);

/// The level with most weight; between two that are close the lower (R5); 5 only on positive evidence (R12); benefits cap D1 (R3).
fn score(domain: Domain, scale: &Scale, vocabulary: &Vocabulary, signals: &Signals) -> Result<Scored, NotAssessedReason> {
    let settings = &vocabulary.settings.levels;
    let total: f32 = scale.weights.iter().sum();
    if total < settings.scored_from {
        return Err(NotAssessedReason::NotMentioned);
    }
    let weight = |level: Level| scale.weights[usize::from(level.number() - 1)];
    let mut order: Vec<Level> = Level::ALL.to_vec();
    order.sort_by(|a, b| weight(*b).total_cmp(&weight(*a)).then(a.cmp(b)));
    let (first, second) = (order[0], order[1]);
    let close = weight(second) >= weight(first) * settings.tie;
    if close && first.number().abs_diff(second.number()) >= 4 {
        return Err(NotAssessedReason::Contradictory);
    }
    let acute = weight(Level::ALL[0]) >= settings.hard && weight(Level::ALL[0]) >= weight(first) * settings.tie;
    let (mut level, mut rule) = if acute { (Level::ALL[0], Some("R4")) } else { (between(&scale.weights, settings), None) };
    if !acute && close && second < first {
        rule = Some("R5");
    }
    if level.number() == 5 && weight(level) < settings.five_needs {
        level = Level::ALL[3];
        rule = Some("R12");
    }
    if domain == Domain::D1 && signals.means_tested && level.number() > settings.means_tested_cap {
        level = Level::try_from(settings.means_tested_cap).unwrap_or(level);
        rule = Some("R3");
    }
    let other = if level == first { second } else { first };
    let alternative = (weight(other) >= weight(first) * settings.alternative && other != level).then_some(other);
    Ok((level, alternative, rule.map(str::to_owned), (weight(level) / total.max(1.0)).min(1.0)))
}

/// The level in the middle of what is said, strong words counting more; about halfway between two levels the lower (R5).
fn between(weights: &[f32; 5], settings: &LevelSettings) -> Level {
    let sharp = weights.map(|w| w.powf(settings.sharpness));
    let sum: f32 = sharp.iter().sum();
    let mean = Level::ALL.iter().zip(sharp).map(|(level, w)| f32::from(level.number()) * w).sum::<f32>() / sum.max(f32::MIN_POSITIVE);
    let place = Level::ALL.iter().position(|level| f32::from(level.number()) >= mean - settings.lean);
    place.map_or(Level::ALL[4], |at| Level::ALL[at])
}

impl Scale {
    /// Needs that are read anywhere, present or denied, speak for the level they go with; of each level the surest need counts.
    fn add_needs(&mut self, domain: Domain, noted: &Noted<'_>, vocabulary: &Vocabulary, heads: &Heads<'_>) {
        let settings = &vocabulary.settings.levels;
        let mut surest = [0.0_f32; 5];
        for cell in vocabulary.matrix.of_needs(domain) {
            let Some(place) = heads.needs.iter().position(|n| *n == cell.need) else {
                continue;
            };
            let said = noted.units.iter().map(|unit| (unit.reading.need(place, cell.status), unit.span));
            let Some((probability, span)) = said.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))) else {
                continue;
            };
            if probability < settings.need_floor {
                continue;
            }
            let weight = probability * settings.need_weight;
            let level = usize::from(cell.level.number() - 1);
            surest[level] = surest[level].max(weight);
            let because = Because::Need(cell.need, Box::new(Because::Model(Probability::new(probability))));
            self.grounds.push((cell.level.number(), weight, Ground { span, finding: None, because }));
        }
        for (total, weight) in self.weights.iter_mut().zip(surest) {
            *total += weight;
        }
    }

    /// The strongest places that speak for the level or its alternative, at most four; never empty for a level that was scored.
    fn grounds_of(&self, level: Level, alternative: Option<Level>) -> Vec<Ground> {
        let wanted = |number: u8| number == level.number() || alternative.is_some_and(|a| a.number() == number);
        let mut best: Vec<&(u8, f32, Ground)> = self.grounds.iter().filter(|(number, _, _)| wanted(*number)).collect();
        if best.is_empty() {
            best = self.grounds.iter().collect();
        }
        best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.2.span.len().cmp(&b.2.span.len())).then(a.2.span.cmp(&b.2.span)));
        let mut grounds: Vec<Ground> = Vec::new();
        for (_, _, ground) in best {
            if grounds.len() < 4 && !grounds.iter().any(|g| g.span.overlaps(ground.span)) {
                grounds.push(ground.clone());
            }
        }
        grounds.sort_by_key(|g| g.span);
        grounds
    }
}

/// A domain of which only what is over was told says so.
fn only_past(domain: Domain, reason: NotAssessedReason, scale: &Scale, needs: &[Proposed], vocabulary: &Vocabulary) -> NotAssessedReason {
    let past_need = needs.iter().any(|p| match p.claim {
        Claim::Need { need, status: NeedStatus::Past, .. } => vocabulary.catalogue.need(need).is_some_and(|n| n.domains.contains(&domain)),
        _ => false,
    });
    if reason == NotAssessedReason::NotMentioned && (scale.past || past_need) { NotAssessedReason::PastOnly } else { reason }
}
