use super::words;

words! {
    /// Whether the finding is said to hold.
    Polarity, "a polarity (affirmed or negated)" { /// Said to hold.
        Affirmed = "affirmed", /// Denied, or its lack is told.
        Negated = "negated" }
}
words! {
    /// How sure the text is.
    Certainty, "a certainty (certain or possible)" { /// Told as a fact.
        Certain = "certain", /// Suspected, feared, to be assessed.
        Possible = "possible" }
}
words! {
    /// When the finding holds.
    Temporality, "a temporality (current, past or hypothetical)" { /// Now.
        Current = "current", /// Over.
        Past = "past", /// Only if something else happens, or planned.
        Hypothetical = "hypothetical" }
}
words! {
    /// Of whom the finding is told.
    Experiencer, "an experiencer (subject, household or other)" { /// The person the note is about.
        Subject = "subject", /// Somebody who lives with that person.
        Household = "household", /// Anybody else.
        Other = "other" }
}

/// The four axes of a finding.
///
/// # Source
/// Harkema et al. 2009 (`ConText`); the axes are SNOMED CT's context attributes (finding, temporal, subject relationship).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Assertion {
    /// Said to hold or denied.
    pub polarity: Polarity,
    /// Told as a fact or suspected.
    pub certainty: Certainty,
    /// Now, over, or only imagined.
    pub temporality: Temporality,
    /// Of whom.
    pub experiencer: Experiencer,
}

impl Assertion {
    /// Affirmed, certain, current, of the subject: what a sentence says when nothing in it says otherwise.
    pub const PLAIN: Self = Self {
        polarity: Polarity::Affirmed,
        certainty: Certainty::Certain,
        temporality: Temporality::Current,
        experiencer: Experiencer::Subject,
    };
}
