//! What it means: alerts, needs, levels and actions from what was noted. The worker decides on each.

mod actions;
mod levels;
mod needs;
mod safety;

use crate::{
    annotate::Noted,
    types::{Because, Claim, Domain, NotAssessedReason, Person, SafetyRule, SafetyStatus, Span},
    vocab::Vocabulary,
};

/// A stretch of text that carries a claim.
#[derive(Debug, Clone, PartialEq)]
pub struct Ground {
    /// Where.
    pub span: Span,
    /// The finding there, as an index into [`Noted::findings`].
    pub finding: Option<usize>,
    /// The rule or head that used it, and its share.
    pub because: Because,
}

/// A danger that the text tells of.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Which rule.
    pub rule: SafetyRule,
    /// Who is at risk.
    pub person: Person,
    /// Active, past or denied.
    pub status: SafetyStatus,
    /// Never empty.
    pub grounds: Vec<Ground>,
}

/// Something proposed to the worker.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// What.
    pub claim: Claim,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Never empty.
    pub grounds: Vec<Ground>,
}

/// All that follows from a narrative.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assessment {
    /// Active first.
    pub alerts: Vec<Alert>,
    /// Needs, then levels, then actions.
    pub proposed: Vec<Proposed>,
    /// Domains without a level, and why.
    pub not_assessed: Vec<(Domain, NotAssessedReason)>,
    /// Actions that would have been proposed and why they are not, as exclusion ids.
    pub excluded: Vec<(crate::types::ActionId, String)>,
}

/// Assesses what was noted; `needs` are those the classifier's outputs stand for, empty when no model is loaded.
#[must_use]
pub fn assess(noted: &Noted<'_>, vocabulary: &Vocabulary, needs: &[crate::types::NeedId], thresholds: &[f32]) -> Assessment {
    let heads = needs::Heads { needs, thresholds };
    let needs = needs::needs(noted, vocabulary, &heads);
    let alerts = safety::alerts(noted, vocabulary, &needs);
    let (levels, not_assessed) = levels::levels(noted, vocabulary, &heads, &needs);
    let (actions, excluded) = actions::actions(&needs, &alerts, noted, vocabulary);
    let proposed = needs.into_iter().chain(levels).chain(actions).collect();
    Assessment { alerts, proposed, not_assessed, excluded }
}
