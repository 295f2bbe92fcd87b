use crate::support::{Folder, relat};
use serde_json::Value;
use std::process::Command;

const NOTES: [&str; 4] = [
    "Deu tres mesos de lloguer i el propietari li ha enviat un burofax. Viu sola.",
    "Tiene deudas de alquiler, niega consumo de alcohol y su hermana está enferma.",
    "Cobra la PNC i va fent. Cap demanda nova.",
    "La Sra. refiere que su marido le pega. Parla fluixet i té por de tornar a casa.",
];

fn input(notes: &[&str]) -> String {
    notes.iter().enumerate().map(|(n, text)| serde_json::json!({"id": format!("n-{n}"), "text": text}).to_string() + "\n").collect()
}

#[test]
fn the_same_text_gives_the_same_bytes_alone_in_a_batch_and_on_any_number_of_threads() {
    let many: Vec<&str> = NOTES.iter().copied().cycle().take(12).collect();
    let run = |threads: &str, input: &str| {
        let folder = Folder::new();
        let path = folder.path().join("in.ndjson");
        std::fs::write(&path, input).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_relat"))
            .args(["batch", path.to_str().unwrap()])
            .current_dir(crate::support::root())
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let together = run("2", &input(&many));
    assert_eq!(together.len(), 12);
    assert_eq!(together, run("1", &input(&many)), "threads");
    assert_eq!(together, run("2", &input(&many)), "a second run");
    for (n, note) in NOTES.iter().enumerate() {
        let line = serde_json::json!({"id": format!("n-{n}"), "text": note}).to_string() + "\n";
        assert_eq!(run("2", &line)[0], together[n], "alone");
    }
}

#[test]
fn a_line_that_cannot_be_read_is_answered_in_its_place_and_the_run_goes_on() {
    let mut lines = Vec::new();
    lines.extend_from_slice(b"{\"id\":\"a\",\"text\":\"T\xc3\xa9 deutes de lloguer.\"}\n");
    lines.extend_from_slice(b"not json\n");
    lines.extend_from_slice(b"{\"id\":\"c\"}\n");
    lines.extend_from_slice(b"{\"id\":\"d\",\"text\":\"nul \\u0000 here\"}\n");
    lines.extend_from_slice(b"{\"id\":\"e\",\"text\":\"\xff\xfe\"}\n");
    lines.extend_from_slice(format!("{{\"id\":\"f\",\"text\":\"{}\"}}\n", "a".repeat(50_001)).as_bytes());
    lines.extend_from_slice(b"{\"id\":7,\"text\":\"\",\"date\":\"14/3\"}\n");
    lines.extend_from_slice(b"{\"id\":\"g\",\"text\":\"Cobra la PNC.\"}");
    let (status, out, err) = relat(&["--model", "none", "batch"], &lines);
    assert_eq!(status, 0, "{err}");
    let answers: Vec<Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(answers.len(), 8);
    assert_eq!(answers[0]["id"], "a");
    assert_eq!(answers[7]["id"], "g");
    for (place, id, word) in [
        (1, Value::Null, "JSON"),
        (2, "c".into(), "text"),
        (3, "d".into(), "NUL"),
        (4, Value::Null, "UTF-8"),
        (5, "f".into(), "50000"),
        (6, 7.into(), "YYYY-MM-DD"),
    ] {
        let error = &answers[place]["error"];
        assert_eq!(answers[place]["id"], id);
        assert_eq!(answers[place]["line"], place + 1);
        assert!(format!("{} {}", error["title"], error["detail"]).contains(word), "{error}");
    }
    assert!(err.contains("6 of 8"), "{err}");
    let (status, _, _) = relat(&["--model", "none", "batch", "--strict"], &lines);
    assert_eq!(status, 1);
}

#[test]
fn analyze_reads_a_file_or_standard_input() {
    let (status, out, err) = relat(&["--model", "none", "analyze", "-", "--format", "json"], "Té deutes de lloguer.".as_bytes());
    assert_eq!(status, 0, "{err}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["language"], "ca");
    assert_eq!(answer["offset_unit"], "codepoint");
    let (status, out, err) = relat(&["--model", "none", "analyze", "--lang", "es"], "Tiene deudas de alquiler y no duerme.".as_bytes());
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("N034 Deuda de alquiler o hipoteca") && out.contains("NECESIDADES"), "{out}");
    for (bytes, word) in [(&b"\xff\xfe"[..], "UTF-8"), (b"a\0b", "NUL")] {
        let (status, out, err) = relat(&["--model", "none", "analyze"], bytes);
        assert_eq!((status, out.as_str()), (1, ""));
        assert!(err.contains(word), "{err}");
    }
    assert_eq!(relat(&["analyze", "/no/such/file"], b"").0, 1);
    assert_eq!(relat(&["analyse"], b"").0, 2);
}

#[test]
fn a_damaged_model_is_refused() {
    let folder = Folder::new();
    for name in ["base", "relat"] {
        std::fs::create_dir_all(folder.path().join(name)).unwrap();
        for entry in std::fs::read_dir(crate::support::root().join("models").join(name)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, folder.path().join(name).join(path.file_name().unwrap())).unwrap();
        }
    }
    let model = folder.path().join("relat");
    let path = model.join("taught.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (status, _, err) = relat(&["--model", model.to_str().unwrap(), "analyze"], b"x");
    assert_eq!(status, 1);
    assert!(err.contains("taught.safetensors") && err.contains("checksum"), "{err}");
}
