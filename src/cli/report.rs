use crate::{
    types::{Analysis, Claim, Kind, Language, Level, NeedStatus, OffsetUnit, Offsets, Range, SafetyStatus, Span},
    vocab::Vocabulary,
};
use std::fmt::Write as _;

/// Words of the report: Catalan, Spanish.
fn say(language: Language, ca: &'static str, es: &'static str) -> &'static str {
    if language == Language::Spanish { es } else { ca }
}

/// An analysis as a report for people; positions must be in code points.
pub(super) fn report(analysis: &Analysis, text: &str, vocabulary: &Vocabulary, language: Language) -> String {
    let quotes = Quotes::new(text, analysis.offset_unit);
    let mut out = String::new();
    for notice in &analysis.notices {
        let _ = writeln!(out, "{}\n", notice.message);
    }
    safety(&mut out, analysis, &quotes, vocabulary, language);
    needs(&mut out, analysis, &quotes, vocabulary, language);
    levels(&mut out, analysis, &quotes, vocabulary, language);
    actions(&mut out, analysis, vocabulary, language);
    findings(&mut out, analysis, language);
    let _ = writeln!(
        out,
        "{}",
        say(
            language,
            "Proposat per un sistema d'IA: cada proposta l'ha de confirmar un professional.",
            "Propuesto por un sistema de IA: cada propuesta la debe confirmar un profesional."
        )
    );
    out
}

fn title(out: &mut String, text: &str) {
    let _ = writeln!(out, "{}\n{}", text, "─".repeat(text.chars().count()));
}

fn safety(out: &mut String, analysis: &Analysis, quotes: &Quotes<'_>, vocabulary: &Vocabulary, language: Language) {
    if analysis.safety.is_empty() {
        return;
    }
    title(out, say(language, "SEGURETAT", "SEGURIDAD"));
    for alert in &analysis.safety {
        let Some(rule) = vocabulary.safety.rule(alert.rule) else {
            continue;
        };
        let status = match alert.status {
            SafetyStatus::Active => say(language, "ALERTA", "ALERTA"),
            SafetyStatus::Past => say(language, "antecedent", "antecedente"),
            SafetyStatus::Denied => say(language, "explorat: negat", "explorado: negado"),
        };
        let _ = writeln!(out, "{} {} · {status}", alert.rule, rule.name(language));
        for quote in &alert.evidence {
            let _ = writeln!(out, "    «{}»", quotes.of(quote.span));
        }
        if alert.status == SafetyStatus::Active {
            for action in alert.actions.iter().take(4).filter_map(|a| vocabulary.catalogue.action(*a)) {
                let _ = writeln!(out, "    → {} {}", action.id, action.name(language));
            }
            if !rule.never(language).is_empty() {
                let _ = writeln!(out, "    {} {}", say(language, "Mai:", "Nunca:"), rule.never(language));
            }
        }
    }
    out.push('\n');
}

fn needs(out: &mut String, analysis: &Analysis, quotes: &Quotes<'_>, vocabulary: &Vocabulary, language: Language) {
    for wanted in NeedStatus::READING {
        let mut first = true;
        for proposal in &analysis.proposals {
            let Claim::Need { need, status, urgency, .. } = &proposal.claim else {
                continue;
            };
            if *status != wanted {
                continue;
            }
            if std::mem::take(&mut first) {
                title(out, &wanted.heading(language).to_uppercase());
            }
            let label = vocabulary.catalogue.need(*need).map_or("", |n| n.name(language));
            let urgency = if wanted == NeedStatus::Present { format!(" · {urgency}") } else { String::new() };
            let _ = writeln!(out, "{need} {label}{urgency} · {:.0} %", proposal.confidence.value() * 100.0);
            for evidence in proposal.evidence.iter().take(3) {
                let _ = writeln!(out, "    «{}» ({})", quotes.of(evidence.span), evidence.because.say(language));
            }
        }
        if !first {
            out.push('\n');
        }
    }
}

fn levels(out: &mut String, analysis: &Analysis, quotes: &Quotes<'_>, vocabulary: &Vocabulary, language: Language) {
    title(out, say(language, "MATRIU SSM-CAT (proposta)", "MATRIZ SSM-CAT (propuesta)"));
    for proposal in &analysis.proposals {
        let Claim::Level { domain, level, alternative, .. } = &proposal.claim else {
            continue;
        };
        let name = vocabulary.matrix.level(*level, language);
        let or = alternative.map_or_else(String::new, |a: Level| format!(" ({} {})", say(language, "o", "o"), a.number()));
        let quote = proposal.evidence.first().map(|e| quotes.of(e.span)).unwrap_or_default();
        let _ = writeln!(out, "{domain:>4} {:<44} {} {name}{or} «{quote}»", vocabulary.matrix.domain(*domain, language), level.number());
    }
    let missing: Vec<&str> = analysis
        .not_assessed
        .iter()
        .filter(|n| n.reason != crate::types::NotAssessedReason::NotApplicable)
        .map(|n| vocabulary.matrix.domain(n.domain, language))
        .collect();
    if !missing.is_empty() {
        let _ = writeln!(out, "{} {}", say(language, "Falta informació sobre:", "Falta información sobre:"), missing.join(", "));
    }
    out.push('\n');
}

fn actions(out: &mut String, analysis: &Analysis, vocabulary: &Vocabulary, language: Language) {
    let mut first = true;
    for proposal in &analysis.proposals {
        let Claim::Action { action, needs, .. } = &proposal.claim else {
            continue;
        };
        if std::mem::take(&mut first) {
            title(out, say(language, "ACCIONS", "ACCIONES"));
        }
        let label = vocabulary.catalogue.action(*action).map_or("", |a| a.name(language));
        let needs: Vec<String> = needs.iter().map(ToString::to_string).collect();
        let _ = writeln!(out, "{action} {label} ← {}", needs.join(" "));
    }
    for excluded in &analysis.excluded {
        let label = vocabulary.catalogue.action(excluded.action).map_or("", |a| a.name(language));
        let _ = writeln!(out, "({} {} {label}: {})", say(language, "no es proposa", "no se propone"), excluded.action, excluded.reason);
    }
    if !first {
        out.push('\n');
    }
}

fn findings(out: &mut String, analysis: &Analysis, language: Language) {
    let coded = analysis.findings.iter().filter(|f| f.kind != Kind::Response);
    if coded.clone().count() == 0 {
        return;
    }
    title(out, say(language, "CODIS", "CÓDIGOS"));
    for finding in coded {
        let codes: Vec<&str> = finding.codings.iter().map(|c| c.code.as_str()).collect();
        let display = finding.codings.first().map_or("", |c| c.display.as_str());
        let a = finding.assertion;
        let marks: Vec<&str> = [
            (a.polarity.word(), "affirmed"),
            (a.certainty.word(), "certain"),
            (a.temporality.word(), "current"),
            (a.experiencer.word(), "subject"),
        ]
        .into_iter()
        .filter(|(word, plain)| word != plain)
        .map(|(word, _)| word)
        .collect();
        let marks = if marks.is_empty() { String::new() } else { format!(" [{}]", marks.join(", ")) };
        let _ = writeln!(out, "«{}» {display} ({}){marks} · {}", finding.text, codes.join(", "), finding.tier);
    }
    out.push('\n');
}

/// Quotes of the text by the positions of an answer.
struct Quotes<'a> {
    text: &'a str,
    /// Byte of each position.
    bytes: Vec<usize>,
}

impl<'a> Quotes<'a> {
    fn new(text: &'a str, unit: OffsetUnit) -> Self {
        let offsets = Offsets::new(text, unit);
        let mut bytes = Vec::new();
        for (byte, _) in text.char_indices() {
            let at = offsets.range(Span::new(byte, byte)).start;
            bytes.resize(at + 1, byte);
        }
        Self { text, bytes }
    }

    fn of(&self, range: Range) -> String {
        let byte = |at: usize| self.bytes.get(at).copied().unwrap_or(self.text.len());
        let quote = Span::new(byte(range.start), byte(range.end)).of(self.text);
        quote.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
