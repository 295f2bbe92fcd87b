use super::{ConceptId, Domain, Language, Level, NeedId, Probability, Tier};
use std::fmt;

/// Why a stretch of text carries a claim: which rule or head used it, and its share.
///
/// `Display` and JSON give a stable line for programs; [`Because::say`] gives words for people.
#[derive(Debug, Clone, PartialEq)]
pub enum Because {
    /// A term of the dictionary stands there.
    Concept {
        /// Whose term.
        concept: ConceptId,
        /// How it was recognised.
        tier: Tier,
    },
    /// A term whose concept gives a level by itself.
    Cell {
        /// Whose term.
        concept: ConceptId,
        /// Of which domain.
        domain: Domain,
        /// Which.
        level: Level,
    },
    /// The model read it so.
    Model(Probability),
    /// The model read a level in it.
    ModelLevel {
        /// Of which domain.
        domain: Domain,
        /// Which.
        level: Level,
        /// How sure.
        probability: Probability,
    },
    /// A cue of danger stands there: the pattern.
    Cue(String),
    /// A need that belongs to a safety rule, and why it was proposed.
    Need(NeedId, Box<Because>),
    /// A rule of the matrix.
    Rule(&'static str),
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Concept { concept, tier } => write!(f, "concept {concept} {tier}"),
            Self::Cell { concept, domain, level } => write!(f, "concept {concept} {domain}={}", level.number()),
            Self::Model(probability) => write!(f, "model {:.2}", probability.value()),
            Self::ModelLevel { domain, level, probability } => {
                write!(f, "model {domain}={} {:.2}", level.number(), probability.value())
            }
            Self::Cue(pattern) => write!(f, "cue: {pattern}"),
            Self::Need(need, because) => write!(f, "need {need}, {because}"),
            Self::Rule(rule) => f.write_str(rule),
        }
    }
}

impl serde::Serialize for Because {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Because {
    /// The reason in words, in Catalan unless Spanish is asked for.
    #[must_use]
    pub fn say(&self, language: Language) -> String {
        let say = |ca: &str, es: &str| if language == Language::Spanish { es.to_owned() } else { ca.to_owned() };
        let percent = |p: &Probability| (p.value() * 100.0).round();
        match self {
            Self::Concept { tier: Tier::Stem, .. } => {
                say("terme del diccionari, en una altra forma", "término del diccionario, en otra forma")
            }
            Self::Concept { tier: Tier::Fuzzy, .. } => {
                say("terme del diccionari, amb una errada esmenada", "término del diccionario, con una errata corregida")
            }
            Self::Concept { .. } | Self::Cell { .. } => say("terme del diccionari", "término del diccionario"),
            Self::Model(p) | Self::ModelLevel { probability: p, .. } => {
                say(&format!("lectura del model, {} %", percent(p)), &format!("lectura del modelo, {} %", percent(p)))
            }
            Self::Cue(_) => say("senyal de perill de la llista", "señal de peligro de la lista"),
            Self::Need(need, because) => {
                let because = because.say(language);
                say(&format!("per la necessitat {need}: {because}"), &format!("por la necesidad {need}: {because}"))
            }
            Self::Rule(rule) => say(&format!("regla {rule} de la matriu"), &format!("regla {rule} de la matriz")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_and_people_read_each_reason() {
        let model = Because::Model(Probability::new(0.634));
        assert_eq!(model.to_string(), "model 0.63");
        assert_eq!(model.say(Language::Spanish), "lectura del modelo, 63 %");
        let need = Because::Need("N034".parse().unwrap(), Box::new(model));
        assert_eq!(serde_json::to_string(&need).unwrap(), "\"need N034, model 0.63\"");
        assert_eq!(need.say(Language::Catalan), "per la necessitat N034: lectura del model, 63 %");
    }
}
