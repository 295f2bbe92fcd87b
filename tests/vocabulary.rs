use crate::support::{Folder, RULES, analyze, relat, root};
use relat::{
    analyze::Analyzer,
    types::{Kind, Language, Tier},
    vocab::{TermType, Vocabulary},
};
use std::collections::BTreeSet;

#[test]
fn the_shipped_release_is_complete() {
    let (vocabulary, problems) = Vocabulary::check(&root().join("vocab")).unwrap();
    assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    let concepts = vocabulary.dictionary.concepts();
    assert!(concepts.len() >= 1600, "{}", concepts.len());
    let rich = concepts.iter().filter(|c| c.kind != Kind::Observation).filter(|c| {
        let n = |l| c.terms.iter().filter(|t| t.language == l && t.term_type == TermType::Synonym).count();
        n(Language::Catalan) >= 3 && n(Language::Spanish) >= 3
    });
    assert!(rich.count() >= 900);
    assert_eq!(vocabulary.catalogue.needs().len(), 135);
    assert_eq!(vocabulary.catalogue.actions().len(), 169);
    assert_eq!(vocabulary.safety.rules().count(), 11);
    assert_eq!(vocabulary.matrix.rules.len(), 17);
    let links: usize = vocabulary.catalogue.needs().map(|n| n.actions.len()).sum();
    assert!(links >= 500, "{links}");
}

#[test]
fn every_need_has_a_concept_that_states_it() {
    let stated: BTreeSet<_> =
        RULES.vocabulary.dictionary.concepts().iter().flat_map(|c| &c.needs).filter(|l| l.states).map(|l| l.need).collect();
    let without: Vec<String> = RULES.vocabulary.catalogue.needs().filter(|n| !stated.contains(&n.id)).map(|n| n.id.to_string()).collect();
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn a_concept_added_to_the_tables_is_found_in_the_next_narrative() {
    let folder = Folder::with_vocabulary();
    folder.edit("concepts.tsv", |t| t + "C99999\tproblem\t0\tD4\tD4=2\n");
    folder.edit("terms.ca.tsv", |t| t + "C99999\tpreferred\tPis pastera\nC99999\tsynonym\tviuen apilotats com sardines\nC99999\tsynonym\tllit calent per torns\nC99999\tsynonym\tlloguen llits per hores\n");
    folder.edit("terms.es.tsv", |t| t + "C99999\tpreferred\tPiso patera\nC99999\tsynonym\tcama caliente por turnos\nC99999\tsynonym\tviven apiñados como sardinas\nC99999\tsynonym\talquilan camas por horas\n");
    folder.edit("terms.en.tsv", |t| t + "C99999\tpreferred\tOvercrowded illegal flat\nC99999\tsynonym\thot bedding\nC99999\tsynonym\tbeds by the hour\nC99999\tsynonym\tflat of many\n");
    folder.edit("concept_needs.tsv", |t| t + "C99999\tN035\tstates\n");
    let (_, problems) = Vocabulary::check(folder.path()).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let analyzer = Analyzer::open(folder.path(), None).unwrap();
    for text in ["Fa mesos que tenen llit calent per torns.", "Hace meses que tienen cama caliente por turnos."] {
        let analysis = analyze(&analyzer, text);
        let codes: Vec<&str> = analysis.findings.iter().flat_map(|f| &f.codings).map(|c| c.code.as_str()).collect();
        assert!(codes.contains(&"C99999"), "{text}: {codes:?}");
        assert!(crate::support::needs(&analysis, relat::types::NeedStatus::Present).contains(&"N035".to_owned()));
    }
}

#[test]
fn a_concept_without_a_snomed_id_is_coded_by_its_broader_one_too() {
    let dictionary = &RULES.vocabulary.dictionary;
    let local: Vec<_> = dictionary.concepts().iter().filter(|c| c.sctid.is_none()).collect();
    let linked = local.iter().filter(|c| c.broader.is_some()).count();
    assert!(linked * 10 >= local.len() * 7, "{linked} of {}", local.len());
    for concept in local.iter().filter(|c| c.broader.is_some()) {
        let codings = dictionary.codings(concept.id, Language::Spanish);
        assert_eq!(codings[0].code, concept.id.to_string(), "our own code stands first: the broader one is not its id");
        assert_eq!(codings[1].system, relat::vocab::SNOMED);
    }
}

#[test]
fn a_broken_table_is_named_by_file_and_line() {
    let broken: [(&str, &str, &str); 9] = [
        ("broader.tsv", "C01254\tC77777\n", "C77777 is not in concepts.tsv"),
        ("concepts.tsv", "C00001\tproblem\t0\tD4\t-\n", "stands on an earlier line"),
        ("concepts.tsv", "C99999\tproblem\n", "columns"),
        ("terms.ca.tsv", "C88888\tsynonym\tuna cosa\n", "not in concepts.tsv"),
        ("terms.es.tsv", "C00001\tfavorite\tuna cosa\n", "preferred or synonym"),
        ("concept_needs.tsv", "C00001\tN999\tstates\n", "N999"),
        ("snomed/map_other.tsv", "C00001\t404684004\n", "check digit"),
        ("cues.ca.tsv", "no (\tpolarity\tnegated\tforward\tclause\n", "pattern"),
        ("safety/cues.tsv", "S99\tca\tdorm al carrer\t-\t-\t-\n", "S99"),
    ];
    for (file, row, expected) in broken {
        let folder = Folder::with_vocabulary();
        folder.edit(file, |text| text + row);
        let (_, problems) = Vocabulary::check(folder.path()).unwrap();
        let lines = std::fs::read_to_string(folder.path().join(file)).unwrap().lines().count();
        let named = problems.iter().any(|p| p.file == file && (p.line == lines || p.line == 0) && p.message.contains(expected));
        assert!(named, "{file}: {problems:?}");
        assert!(Analyzer::open(folder.path(), None).is_err());
    }
}

#[test]
fn check_says_on_the_command_line_what_it_found() {
    let (status, out, err) = relat(&["vocab", "check"], b"");
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    assert!(err.contains("0 problems"), "{err}");
    let folder = Folder::with_vocabulary();
    folder.edit("needs.tsv", |text| text.replacen("N034\t", "N34\t", 1));
    let (status, out, _) = relat(&["vocab", "check", folder.path().to_str().unwrap()], b"");
    assert_eq!(status, 1);
    assert!(out.lines().any(|l| l.starts_with("needs.tsv:") && l.contains("N34")), "{out}");
    let (status, _, err) = relat(&["vocab", "check", "/nowhere"], b"");
    assert_eq!(status, 1);
    assert!(err.contains("no vocabulary release"), "{err}");
}

#[test]
fn spellings_reach_their_term_by_the_surest_tier() {
    let check = |text: &str, tier: Tier| {
        let found = analyze(&RULES, text).findings;
        assert!(found.iter().any(|f| f.tier == tier), "{text}: {:?}", found.iter().map(|f| (&f.text, f.tier)).collect::<Vec<_>>());
    };
    check("Té deutes de lloguer.", Tier::Exact);
    check("TE DEUTES DE LLOGUER", Tier::Exact);
    check("Viu amb pobresa energetica", Tier::Folded);
    check("Pateix inseguretat economica.", Tier::Folded);
    check("Tienen deudas con el alquiler.", Tier::Stem);
    check("Pateix violencia masclsta.", Tier::Fuzzy);
}

#[test]
fn violence_is_never_read_as_rape() {
    let found = analyze(&RULES, "Hi ha violències al barri.").findings;
    let rape = |f: &relat::types::Finding| f.codings.iter().any(|c| c.display.to_lowercase().contains("violació"));
    assert!(!found.iter().any(rape));
}
