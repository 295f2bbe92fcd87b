//! The house stands: floors, and one outside crate in one room.

use std::path::{Path, PathBuf};

/// Floor of each room; a room may use lower floors and itself.
const FLOORS: &[(&str, u8)] = &[
    ("types", 0),
    ("text", 1),
    ("vocab", 2),
    ("model", 2),
    ("annotate", 3),
    ("assess", 3),
    ("analyze", 4),
    ("http", 5),
    ("train", 5),
    ("config", 6),
    ("cli", 7),
    ("main", 7),
];
/// The one arrow within a floor: what it means reads what is said.
const WITHIN: &[(&str, &str)] = &[("assess", "annotate")];
/// Outside crates and the rooms that may name them.
const CRATES: &[(&str, &[&str])] = &[
    ("axum", &["http", "cli"]),
    ("tower_http", &["http"]),
    ("askama", &["http"]),
    ("tantivy", &["vocab"]),
    ("tokenizers", &["model"]),
    ("candle_core", &["model", "train"]),
    ("candle_nn", &["model", "train"]),
    ("tokio", &["http", "cli"]),
    ("whatlang", &["text"]),
    ("snowball_stemmers_rs", &["text"]),
    ("unicode_normalization", &["text"]),
    ("jiff", &["types"]),
    ("clap", &["cli", "config"]),
    ("anyhow", &["cli", "config", "train", "main"]),
    ("indicatif", &["cli", "train"]),
    ("rayon", &["cli", "train"]),
    ("rand", &["train"]),
    ("toml", &["vocab", "model", "train"]),
    ("sha2", &["vocab", "model", "analyze"]),
    ("tracing_subscriber", &["main"]),
];

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// Everything wrong in one file of `room`.
fn wrong(room: &str, file: &str, source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in source.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let place = || format!("{file}:{}", number + 1);
        for used in rooms_named(code, source, number) {
            let (Some(here), Some(there)) = (floor(room), floor(&used)) else {
                continue;
            };
            let allowed = used == room || there < here || WITHIN.contains(&(room, used.as_str()));
            if !allowed {
                found.push(format!("{} {room} uses {used}", place()));
            }
        }
        for (name, rooms) in CRATES {
            if names_crate(code, name) && !rooms.contains(&room) {
                found.push(format!("{} {room} names {name}", place()));
            }
        }
    }
    found
}

/// Rooms that a line names after `crate::`, alone or in a braced list that may go on over lines.
fn rooms_named(code: &str, source: &str, number: usize) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut rooms: Vec<String> =
        code.match_indices("crate::").filter(|(at, _)| !code[..*at].ends_with('$')).map(|(at, m)| word(&code[at + m.len()..])).collect();
    if let Some(at) = code.find("crate::{") {
        let lines: Vec<&str> = source.lines().skip(number).collect();
        let list = lines.join("\n")[at + "crate::{".len()..].to_owned();
        let mut depth = 0;
        let mut item = String::new();
        for c in list.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => rooms.push(word(std::mem::take(&mut item).trim())),
                _ if depth == 0 => item.push(c),
                _ => {}
            }
        }
        rooms.push(word(item.trim()));
    }
    rooms.retain(|r| !r.is_empty());
    rooms
}

fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + name.len()..];
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '"' && c != '.')
            && (after.starts_with("::") || after.starts_with(';'))
    })
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

#[test]
fn every_arrow_points_down() {
    let mut paths = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
    assert!(paths.len() > 30, "the sources were not found");
    let mut found = Vec::new();
    for path in paths {
        let room = room_of(&path);
        if room == "lib" {
            continue;
        }
        assert!(floor(&room).is_some(), "{room} has no floor: give it one in tests/house.rs");
        found.extend(wrong(&room, &path.display().to_string(), &std::fs::read_to_string(&path).unwrap()));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_planted_violation_is_caught() {
    let up = "use crate::{\n    text::Word,\n    assess::{Alert, Ground},\n};\n";
    assert_eq!(wrong("vocab", "x.rs", up), ["x.rs:1 vocab uses assess"]);
    assert_eq!(wrong("text", "x.rs", "fn f() { crate::vocab::Vocabulary::open() }"), ["x.rs:1 text uses vocab"]);
    assert_eq!(wrong("annotate", "x.rs", "use crate::assess::Alert;"), ["x.rs:1 annotate uses assess"]);
    assert_eq!(wrong("assess", "x.rs", "use crate::annotate::Finding;"), [""; 0]);
    assert_eq!(wrong("assess", "x.rs", "let t = candle_core::Tensor::new();"), ["x.rs:1 assess names candle_core"]);
    assert_eq!(wrong("text", "x.rs", "// use crate::vocab::Vocabulary;"), [""; 0]);
}
