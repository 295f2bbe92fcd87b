use super::{ActionId, Assertion, Because, Claim, Domain, Kind, Language, OffsetUnit, Person, Probability, Range, SafetyRule, words};
use serde::Serialize;

words! {
    /// How a phrase was recognised, surest first.
    Tier, "a tier (exact, folded, stem, fuzzy or model)" {
        /// Letter for letter, but for upper case.
        Exact = "exact",
        /// After folding accents, ç and l·l.
        Folded = "folded",
        /// By stems, with small words in between.
        Stem = "stem",
        /// After mending a typo.
        Fuzzy = "fuzzy",
        /// By the encoder.
        Model = "model",
    }
}
words! {
    /// What the text says of a danger.
    SafetyStatus, "a safety status (active, past or denied)" { /// Holds now, or may.
        Active = "active", /// Long over.
        Past = "past", /// Explored with a negative result.
        Denied = "denied" }
}
words! {
    /// Why a domain has no level (rule R11).
    NotAssessedReason, "a reason (not_mentioned, contradictory, not_applicable or past_only)" {
        /// Nothing in the text is about it.
        NotMentioned = "not_mentioned",
        /// The text says opposite things of equal weight.
        Contradictory = "contradictory",
        /// The domain does not apply to this person (rules R10, R16).
        NotApplicable = "not_applicable",
        /// Only what is over is told.
        PastOnly = "past_only",
    }
}

/// Which dictionary, rules and model an answer stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Name and fingerprint of the dictionary.
    pub vocabulary: String,
    /// Fingerprint of cues, matrix, safety, needs and actions.
    pub rules: String,
    /// Name and fingerprint of the model, or `none` when only the rules read.
    pub model: String,
}

/// A code, its system and its name in the asked language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coding {
    /// URI of the code system.
    pub system: &'static str,
    /// The code.
    pub code: String,
    /// The name.
    pub display: String,
}

/// The language of one sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LanguageOf {
    /// Where the sentence lies.
    pub span: Range,
    /// Its language.
    pub language: Language,
}

/// A concept of the dictionary that was found in the text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Where.
    pub span: Range,
    /// The words there.
    pub text: String,
    /// SNOMED CT first when the concept has an id; our own code always.
    pub codings: Vec<Coding>,
    /// Factor, problem, observation or response.
    pub kind: Kind,
    /// What is said of it.
    pub assertion: Assertion,
    /// How it was recognised.
    pub tier: Tier,
    /// How sure.
    pub confidence: Probability,
}

/// A sentence or phrase that carries a claim.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evidence {
    /// Where.
    pub span: Range,
    /// The finding there, as an index into [`Analysis::findings`]; absent where the classifier read the sentence alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<usize>,
    /// The rule or head that used it, and its share.
    pub because: Because,
}

/// A stretch of text quoted as evidence of an alert.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quote {
    /// Where.
    pub span: Range,
    /// The cue or head that fired.
    pub because: Because,
}

/// A danger that the text tells of; beside the proposals, never among them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SafetyAlert {
    /// Names the alert within this analysis.
    pub id: String,
    /// Which rule.
    pub rule: SafetyRule,
    /// Who is at risk.
    pub person: Person,
    /// Active, past or denied.
    pub status: SafetyStatus,
    /// The words that raised it; never empty.
    pub evidence: Vec<Quote>,
    /// What can be done now; empty unless active.
    pub actions: Vec<ActionId>,
}

/// Something to confirm, change or reject.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Proposal {
    /// Names the proposal within this analysis.
    pub id: String,
    /// What is proposed.
    pub claim: Claim,
    /// How sure.
    pub confidence: Probability,
    /// The sentences it rests on; never empty.
    pub evidence: Vec<Evidence>,
}

/// A domain without a level, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotAssessed {
    /// Which domain.
    pub domain: Domain,
    /// Why.
    pub reason: NotAssessedReason,
}

/// A phrase that carries a situation but got no concept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnmappedPhrase {
    /// Where.
    pub span: Range,
    /// The words there.
    pub text: String,
}

/// An action that the needs call for and that is not proposed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Which action.
    pub action: ActionId,
    /// The exclusion of the catalogue, or `in_place` where the text says that it is there already.
    pub exclusion: String,
    /// Why, for people, in the asked language.
    pub reason: String,
}

/// Something the reader of the answer should know, such as that no model was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people, in the asked language.
    pub message: String,
}

/// The whole answer to one narrative; its JSON is the contract of `/v1` and of the commands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Analysis {
    /// The caller's name for the narrative.
    pub id: String,
    /// The service's own id of this answer: a fingerprint of text, date and release.
    pub analysis: String,
    /// The unit of every position in the answer.
    pub offset_unit: OffsetUnit,
    /// The language of the whole.
    pub language: Language,
    /// What the answer stands on.
    pub release: Release,
    /// The sentences, in order.
    pub sentences: Vec<LanguageOf>,
    /// What the dictionary found, in order of the text.
    pub findings: Vec<Finding>,
    /// The alerts, active first.
    pub safety: Vec<SafetyAlert>,
    /// Needs, then levels, then actions.
    pub proposals: Vec<Proposal>,
    /// Domains without a level.
    pub not_assessed: Vec<NotAssessed>,
    /// Actions that are left out on purpose.
    pub excluded: Vec<Excluded>,
    /// Phrases without a concept.
    pub unmapped: Vec<UnmappedPhrase>,
    /// What the reader should know.
    pub notices: Vec<Notice>,
}
