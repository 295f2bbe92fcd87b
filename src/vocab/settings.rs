use super::table::Reading;
use serde::Deserialize;

/// Numbers that rules use, from `settings.toml`; each has its reason beside it there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How needs are proposed.
    pub needs: NeedSettings,
    /// How levels are proposed; the open questions of `facts/ssm_cat.md` §9.
    pub levels: LevelSettings,
    /// How terms are found.
    pub lexicon: LexiconSettings,
    /// How findings are linked.
    pub link: LinkSettings,
    /// How actions are proposed.
    pub actions: ActionSettings,
    /// How alerts are raised.
    pub safety: SafetySettings,
}

/// How needs are proposed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeedSettings {
    /// A need is proposed from this confidence on.
    pub threshold: f32,
    /// Of several statuses over the threshold, present is taken if it has at least this share of the surest other's confidence.
    pub present_share: f32,
    /// Confidence that a concept which states a need lends it.
    pub states: f32,
    /// The same when no model is loaded.
    pub states_alone: f32,
    /// Confidence that a concept which only suggests a need lends it.
    pub suggests: f32,
    /// From this probability that a need is spoken of, the classifier has half the say on what is said of it.
    pub model_settles: f32,
    /// A stem-only match lends this share of it.
    pub stem_share: f32,
    /// For a need with a safety rule a stem-only match lends at most this share.
    pub stem_share_safety: f32,
    /// A match after mending a typo lends this share of it.
    pub fuzzy_share: f32,
    /// Probabilities of the classifier under this share of its threshold are not counted.
    pub least: f32,
    /// A stretch is quoted from this share of the threshold on.
    pub quoted: f32,
}

/// How levels are proposed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelSettings {
    /// A domain is scored from this sum of evidence on.
    pub scored_from: f32,
    /// The second level is shown when its weight is at least this share of the first's.
    pub alternative: f32,
    /// Weight of a concept's own level beside the classifier's probability.
    pub concept_weight: f32,
    /// The same when no model is loaded.
    pub concept_weight_alone: f32,
    /// Share of it that a stem-only match lends.
    pub stem_share: f32,
    /// Weaker words of the classifier are not counted.
    pub floor: f32,
    /// Weight of a need that goes with a level, beside the classifier's probability of the level.
    pub need_weight: f32,
    /// Needs that are less likely are not counted.
    pub need_floor: f32,
    /// A mean that lies up to this much over a level is still that level.
    pub lean: f32,
    /// Level 1 is taken when its evidence is at least this and nearly the strongest: one hard criterion decides (R4).
    pub hard: f32,
    /// Strong evidence counts more: weights are raised to this power before the middle is taken.
    pub sharpness: f32,
    /// Between two levels whose weights differ less than this share, the lower is taken (R5).
    pub tie: f32,
    /// Level of D5 for somebody who lives alone (R9, question 2); 0 leaves it unscored.
    pub lives_alone: u8,
    /// Whether pensioners get `not_applicable` in D2 (R10, question 3).
    pub retired_not_applicable: bool,
    /// Highest level of D1 when a means-tested benefit is the income (question 7).
    pub means_tested_cap: u8,
    /// A level of 5 needs this much weight of positive evidence (R12).
    pub five_needs: f32,
}

/// How terms are found.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LexiconSettings {
    /// Words that may stand between two stems of a term, small words apart ("deu *tres mesos* de lloguer").
    pub stem_gap: usize,
    /// A term of one stem is matched by stem only if its word is at least this long.
    pub single_stem: usize,
    /// Words at least this long are mended when they are in no term.
    pub fuzzy_from: usize,
    /// A term of one word is matched after mending only if it is at least this long.
    pub single_fuzzy: usize,
    /// How sure a finding is, by how it was recognised.
    pub confidence: TierConfidence,
}

/// How sure a finding is, by how it was recognised; the classifier brings its own probability.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierConfidence {
    /// Letter for letter.
    pub exact: f32,
    /// After folding.
    pub folded: f32,
    /// By stems.
    pub stem: f32,
    /// After mending a typo.
    pub fuzzy: f32,
}

/// How findings are linked.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkSettings {
    /// A clause gets a finding of tier `model` when a need is at least this likely in it.
    pub clause_threshold: f32,
    /// Weight of the encoder's similarity when concepts of a need compete.
    pub similarity: f32,
    /// Weight of the shared words.
    pub words: f32,
    /// Weight of a direct link to the need.
    pub link: f32,
}

/// How actions are proposed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionSettings {
    /// At most this many for one need.
    pub per_need: usize,
    /// At most this many in all, safety apart.
    pub at_most: usize,
}

/// How alerts are raised.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SafetySettings {
    /// A present need that belongs to a rule raises its alert from this confidence on.
    pub need_alone: f32,
    /// Places are quoted from this share of the surest one's probability on, since a danger colours the sentences beside it.
    pub beside: f32,
    /// A cue stands if the classifier gives its rule at least this in the sentence.
    pub cue_least: f32,
    /// A cue becomes past or denied if the classifier reads it so with at least this, and rather than active.
    pub cue_turned: f32,
}

#[derive(Deserialize)]
struct ReleaseFile {
    name: String,
    version: String,
}

/// `name-version` of `release.toml`.
pub(super) fn release_name(reading: &mut Reading<'_>) -> String {
    toml_file::<ReleaseFile>("release.toml", reading).map_or_else(String::new, |r| format!("{}-{}", r.name, r.version))
}

impl Settings {
    pub(super) fn read(reading: &mut Reading<'_>) -> Self {
        toml_file("settings.toml", reading).unwrap_or_default()
    }
}

fn toml_file<T: serde::de::DeserializeOwned>(file: &str, reading: &mut Reading<'_>) -> Option<T> {
    let text = reading.text(file, false)?;
    match toml::from_str(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            let line = error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
            reading.problem(file, line, error.message().to_owned());
            None
        }
    }
}
