use crate::support::{FULL, RULES, analyze, needs};
use proptest::prelude::*;
use relat::{
    analyze::{Analyzer, Wish},
    types::{Analysis, Because, Claim, Language, Narrative, NeedStatus, OffsetUnit, SafetyStatus},
};

fn alerts(analysis: &Analysis, status: SafetyStatus) -> Vec<String> {
    analysis.safety.iter().filter(|a| a.status == status).map(|a| a.rule.to_string()).collect()
}

#[test]
fn what_is_denied_past_or_of_another_is_not_proposed_as_present() {
    let check = |text: &str, need: &str, status: NeedStatus| {
        let analysis = analyze(&RULES, text);
        assert!(needs(&analysis, status).contains(&need.to_owned()), "{text}: {:?}", analysis.proposals);
        if status != NeedStatus::Present {
            assert!(!needs(&analysis, NeedStatus::Present).contains(&need.to_owned()), "{text}");
        }
    };
    check("Té deutes de lloguer.", "N034", NeedStatus::Present);
    check("Tiene deudas de alquiler.", "N034", NeedStatus::Present);
    check("No té deutes de lloguer.", "N034", NeedStatus::Absent);
    check("Niega deudas de alquiler.", "N034", NeedStatus::Absent);
    check("La seva germana té deutes de lloguer.", "N034", NeedStatus::OtherPerson);
    check("Su hermana tiene deudas de alquiler.", "N034", NeedStatus::OtherPerson);
    check("Fa anys va tenir deutes de lloguer.", "N034", NeedStatus::Past);
}

#[test]
fn danger_is_seen_with_no_model_and_denial_is_kept() {
    let check = |text: &str, rule: &str, status: SafetyStatus| {
        let found = alerts(&analyze(&RULES, text), status);
        assert!(found.contains(&rule.to_owned()), "{text}: {found:?}");
    };
    check("Diu que no vol viure i que té les pastilles guardades.", "S01", SafetyStatus::Active);
    check("Dice que quiere quitarse la vida.", "S01", SafetyStatus::Active);
    check("Nega ideació autolítica.", "S01", SafetyStatus::Denied);
    check("El seu marit la pega i li controla el mòbil.", "S02", SafetyStatus::Active);
    check("Su marido le pega delante de los niños.", "S02", SafetyStatus::Active);
    check("Tenen data de llançament el 12/12.", "S05", SafetyStatus::Active);
    check("Hoy duerme en la calle.", "S06", SafetyStatus::Active);
    check("Avui dorm al carrer.", "S06", SafetyStatus::Active);
}

#[test]
fn figures_of_speech_raise_no_alert() {
    for text in [
        "Diu que es moriria de vergonya si ho sabés el barri.",
        "Fa un curs de prevenció del suïcidi per a professionals.",
        "Se muere de risa cuando lo cuenta.",
        "Ve a preguntar pels casals d'estiu i tot bé.",
        "Viene a por el certificado de empadronamiento.",
    ] {
        assert_eq!(alerts(&analyze(&RULES, text), SafetyStatus::Active), [""; 0], "{text}");
    }
}

#[test]
fn poverty_alone_never_raises_a_child_risk_alert() {
    for text in [
        "Família amb tres fills sense ingressos, no poden pagar el menjador ni la llum. Els nens van a escola cada dia.",
        "Madre sola con dos hijos, viven en una habitación y comen del banco de alimentos. Los niños van limpios y no faltan al colegio.",
    ] {
        for analyzer in [&*RULES, &*FULL] {
            assert!(!alerts(&analyze(analyzer, text), SafetyStatus::Active).contains(&"S03".to_owned()), "{text}");
        }
    }
}

#[test]
fn mediation_is_never_proposed_with_violence() {
    let analysis = analyze(&RULES, "Conflicte de parella i separació. El seu marit la pega.");
    let mediation = |p: &relat::types::Proposal| matches!(&p.claim, Claim::Action { action, .. } if ["A055", "A023", "A050"].contains(&action.to_string().as_str()));
    assert!(!analysis.proposals.iter().any(mediation));
    assert!(analysis.excluded.iter().any(|e| e.exclusion == "X01" && e.reason.contains("violència")), "{:?}", analysis.excluded);
    assert!(needs(&analysis, NeedStatus::Present).contains(&"N050".to_owned()), "{:?}", analysis.proposals);
}

#[test]
fn everything_proposed_shows_its_sentence() {
    let text = "Deu tres mesos de lloguer i cobra la PNC. Viu sola en un 4t sense ascensor. Plora molt i no dorm.";
    for analyzer in [&*RULES, &*FULL] {
        let analysis = analyze(analyzer, text);
        let n = text.chars().count();
        assert!(!analysis.proposals.is_empty());
        for proposal in &analysis.proposals {
            assert!(!proposal.evidence.is_empty(), "{proposal:?}");
            assert!(proposal.evidence.iter().all(|e| e.span.start < e.span.end && e.span.end <= n), "{proposal:?}");
            assert!(proposal.evidence.iter().all(|e| e.finding.is_none_or(|f| f < analysis.findings.len())));
        }
        let domains = analysis.proposals.iter().filter(|p| matches!(p.claim, Claim::Level { .. })).count() + analysis.not_assessed.len();
        assert_eq!(domains, 17, "every domain has a level or a reason");
    }
}

#[test]
fn the_classifier_contributes_and_says_its_share() {
    let analysis = analyze(&FULL, "Porta tres rebuts del pis sense pagar i el propietari ja li ha enviat el burofax.");
    let by_model = analysis
        .proposals
        .iter()
        .filter(|p| matches!(p.claim, Claim::Need { .. }))
        .flat_map(|p| &p.evidence)
        .filter(|e| matches!(e.because, Because::Model(share) if share.value() > 0.0));
    assert!(by_model.count() > 0, "{:?}", analysis.proposals);
}

#[test]
fn the_model_may_be_missing_and_the_answer_says_so() {
    let analysis = analyze(&RULES, "Té deutes de lloguer.");
    assert_eq!(analysis.release.model, "none");
    assert!(analysis.notices.iter().any(|n| n.code == "no_model"));
    assert!(analyze(&FULL, "Té deutes.").notices.iter().all(|n| n.code != "no_model"));
}

#[test]
fn an_unknown_language_is_said_and_nothing_is_guessed() {
    let analysis =
        analyze(&FULL, "Madame est sans domicile depuis plusieurs semaines et elle dort dans la rue avec ses deux enfants malades.");
    assert_eq!(analysis.language, Language::Unknown);
    assert!(analysis.proposals.is_empty() && analysis.findings.is_empty() && analysis.safety.is_empty());
    assert!(analysis.notices.iter().any(|n| n.code == "language_unknown"));
}

#[test]
fn odd_texts_get_an_answer() {
    let texts = [
        String::new(),
        "🙂".to_owned(),
        " \n\t ".to_owned(),
        "DEU EL LLOGUER I NO TE FEINA NI INGRESSOS".to_owned(),
        "no te feina ni diners i deu el lloguer de fa mesos i el volen fer fora ".repeat(20),
        "\u{feff}Té deutes".to_owned(),
        "a\u{301}".repeat(500),
        "x".repeat(3000),
    ];
    for text in texts {
        for analyzer in [&*RULES, &*FULL] {
            let analysis = analyze(analyzer, &text);
            assert!(serde_json::to_string(&analysis).unwrap().contains("\"sentences\""));
        }
    }
}

#[test]
fn fifty_thousand_characters_are_read_to_the_end() {
    let filler = "Es fa seguiment amb normalitat i es queda en parlar-ne. ";
    let mut text = filler.repeat(880);
    text.truncate(49_000);
    let head = text.chars().count();
    text.push_str(". Diu que no vol viure i té les pastilles guardades.");
    let analysis = analyze(&RULES, &text);
    let quoted = analysis.safety.iter().flat_map(|a| &a.evidence).map(|q| q.span.start).max();
    assert!(quoted.is_some_and(|start| start >= head), "{quoted:?}");
}

#[test]
fn positions_are_in_the_unit_asked_for() {
    let text = "😀 Àvia amb deutes de lloguer";
    let spans = |offset_unit| {
        let wish = Wish { offset_unit, ..Wish::default() };
        let analysis = RULES.analyze(&Narrative::new("", text).unwrap(), wish).unwrap();
        let finding = analysis.findings.iter().find(|f| f.text.contains("deutes")).unwrap();
        (finding.span.start, finding.span.end, finding.text.clone())
    };
    let (start, end, found) = spans(OffsetUnit::Codepoint);
    assert_eq!(text.chars().skip(start).take(end - start).collect::<String>(), found);
    let (start, end, _) = spans(OffsetUnit::Utf16);
    let units: Vec<u16> = text.encode_utf16().collect();
    assert_eq!(String::from_utf16(&units[start..end]).unwrap(), found);
    let (start, end, _) = spans(OffsetUnit::Byte);
    assert_eq!(&text[start..end], found);
}

#[test]
fn an_unrelated_sentence_changes_no_other_finding() {
    let found = |analyzer: &Analyzer, text: &str| -> Vec<(String, relat::types::Assertion)> {
        analyze(analyzer, text)
            .findings
            .iter()
            .filter(|f| f.tier != relat::types::Tier::Model)
            .map(|f| (f.text.clone(), f.assertion))
            .collect()
    };
    let alone = found(&RULES, "No té deutes de lloguer.");
    let with = found(&RULES, "Ahir va fer sol. No té deutes de lloguer.");
    assert_eq!(alone, with);
    assert!(!alone.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_and_sentences_cover_it(text in "(\\PC|[\\n àéíç·'.,;:«»\"]|deutes de lloguer|no té ){0,60}") {
        let analysis = RULES.analyze(&Narrative::new("", text.clone()).unwrap(), Wish { offset_unit: OffsetUnit::Byte, ..Wish::default() }).unwrap();
        let mut at = 0;
        for sentence in &analysis.sentences {
            prop_assert!(sentence.span.start >= at && sentence.span.end > sentence.span.start);
            prop_assert!(text[at..sentence.span.start].trim().is_empty());
            at = sentence.span.end;
        }
        prop_assert!(text[at..].trim().is_empty());
    }
}

#[test]
fn cues_reach_as_far_as_a_reader_would_let_them() {
    use relat::types::{Certainty, Experiencer, Polarity, Temporality};
    // «words that are looked for», what is said of them
    let check = |text: &str, words: &str, polarity: Polarity, certainty: Certainty, temporality: Temporality, experiencer: Experiencer| {
        let found = analyze(&RULES, text).findings;
        let finding = found.iter().find(|f| f.text.to_lowercase().contains(words)).unwrap_or_else(|| panic!("{text}: {found:?}"));
        let a = finding.assertion;
        assert_eq!((a.polarity, a.certainty, a.temporality, a.experiencer), (polarity, certainty, temporality, experiencer), "{text}");
    };
    use Certainty::{Certain, Possible};
    use Experiencer::{Household, Other, Subject};
    use Polarity::{Affirmed, Negated};
    use Temporality::{Current, Past};
    let pairs = [
        ("Té deutes de lloguer.", "deutes", "Tiene deudas de alquiler.", "deudas", Affirmed, Certain, Current, Subject),
        ("No té deutes de lloguer.", "deutes", "No tiene deudas de alquiler.", "deudas", Negated, Certain, Current, Subject),
        (
            "No treballa, però té deutes de lloguer.",
            "deutes",
            "No trabaja, pero tiene deudas de alquiler.",
            "deudas",
            Affirmed,
            Certain,
            Current,
            Subject,
        ),
        ("Possibles deutes de lloguer.", "deutes", "Posibles deudas de alquiler.", "deudas", Affirmed, Possible, Current, Subject),
        ("Fa anys va tenir deutes de lloguer.", "deutes", "Hace años tuvo deudas de alquiler.", "deudas", Affirmed, Certain, Past, Subject),
        ("El seu marit té depressió.", "depressió", "Su marido tiene depresión.", "depresión", Affirmed, Certain, Current, Household),
        ("La veïna té depressió.", "depressió", "La vecina tiene depresión.", "depresión", Affirmed, Certain, Current, Other),
    ];
    for (ca, ca_words, es, es_words, polarity, certainty, temporality, experiencer) in pairs {
        check(ca, ca_words, polarity, certainty, temporality, experiencer);
        check(es, es_words, polarity, certainty, temporality, experiencer);
    }
}
