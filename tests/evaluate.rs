//! Figures: ours equal the outside scorer's, and the model in force keeps those it was released with.

use crate::support::{Folder, relat, root, shared};
use serde_json::Value;
use std::{path::Path, process::Command};

fn python(arguments: &[&str]) -> Option<()> {
    let output = Command::new("python3").args(arguments).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Both have the same numbers under the same names.
fn same(ours: &Value, theirs: &Value) {
    for (name, value) in theirs.as_object().unwrap() {
        match value {
            Value::Object(_) => same(&ours[name], value),
            Value::Number(n) => {
                let (a, b) = (ours[name].as_f64().unwrap_or(f64::NAN), n.as_f64().unwrap());
                assert!((a - b).abs() < 1e-9, "{name}: {a} and {b}");
            }
            _ => {}
        }
    }
}

#[test]
fn the_program_prints_the_same_figures_as_the_scorers() {
    let Some(shared) = shared() else { return };
    let folder = Folder::new();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let data = |name: &str| shared.join("data/narratives_dev").join(name).to_str().unwrap().to_owned();
    let (status, _, err) = relat(&["batch", &data("narratives.jsonl"), "-o", &at("out.ndjson")], b"");
    assert_eq!(status, 0, "{err}");
    let (gold, labels, findings) = (data("gold.jsonl"), data("LABELS.tsv"), data("findings.jsonl"));
    let tool = |name: &str| shared.join("tools").join(name).to_str().unwrap().to_owned();
    python(&[&tool("score_narratives.py"), &gold, &at("out.ndjson"), &labels, "--json", &at("theirs.json")]).unwrap();
    let (status, _, err) = relat(&["evaluate", "narratives", "--gold", &gold, "--labels", &labels, "--json", &at("ours.json")], b"");
    assert_eq!(status, 0, "{err}");
    same(&json(&folder.path().join("ours.json")), &json(&folder.path().join("theirs.json")));
    python(&[&tool("score_findings.py"), &gold, &findings, &at("out.ndjson"), "--json", &at("theirs.json")]).unwrap();
    let (status, _, err) = relat(&["evaluate", "concepts", "--gold", &findings, "--json", &at("ours.json")], b"");
    assert_eq!(status, 0, "{err}");
    same(&json(&folder.path().join("ours.json")), &json(&folder.path().join("theirs.json")));
}

#[test]
fn the_model_in_force_keeps_the_figures_of_its_report() {
    let report = std::fs::read_to_string(root().join("training/reports/relat.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let folder = Folder::new();
    let out = folder.path().join("figures.json").to_str().unwrap().to_owned();
    let (status, _, err) = relat(
        &["evaluate", "narratives", "--gold", "training/test/gold.jsonl", "--labels", "training/test/labels.tsv", "--json", &out],
        b"",
    );
    assert_eq!(status, 0, "{err}");
    let figures = json(Path::new(&out));
    for name in ["needs_micro_f1", "safety_recall", "levels_within_1", "levels_scored_of_gold"] {
        let (now, then) = (figures[name].as_f64().unwrap(), report["test"][name].as_f64().unwrap());
        assert!(now >= then - 0.005, "{name} was {then} and is {now}");
    }
}

#[test]
fn a_wrong_gold_file_is_named_by_line() {
    let folder = Folder::new();
    let gold = folder.path().join("gold.jsonl");
    std::fs::write(&gold, "{\"id\":\"a\",\"text\":\"x\",\"needs\":[]}\n{\"id\":1}\n").unwrap();
    std::fs::write(folder.path().join("labels.tsv"), "class\tgold_labels\tneeds\n").unwrap();
    let labels = folder.path().join("labels.tsv");
    let (status, _, err) =
        relat(&["--model", "none", "evaluate", "narratives", "--gold", gold.to_str().unwrap(), "--labels", labels.to_str().unwrap()], b"");
    assert_eq!(status, 1);
    assert!(err.contains("gold.jsonl:2"), "{err}");
}
