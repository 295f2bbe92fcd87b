//! README is true because its commands run here.

use crate::support::{relat, root};

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The lines of fenced blocks of `kind`.
fn blocks(kind: &str) -> Vec<String> {
    let text = readme();
    let mut blocks = Vec::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find(&format!("```{kind}\n")) {
        let body = &rest[at + kind.len() + 4..];
        let end = body.find("```").unwrap();
        blocks.push(body[..end].to_owned());
        rest = &body[end + 3..];
    }
    blocks
}

#[test]
fn every_command_of_the_readme_is_one_that_the_program_knows() {
    let commands: Vec<String> = blocks("sh").iter().flat_map(|b| b.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    assert!(commands.len() >= 5, "{commands:?}");
    for command in commands {
        let Some(arguments) =
            command.split("relat ").nth(1).filter(|_| command.starts_with("relat ") || command.starts_with("./target/release/relat "))
        else {
            continue;
        };
        let mut words: Vec<&str> = arguments.split_whitespace().take_while(|w| !w.starts_with(['<', '|', '#', '>'])).collect();
        words.retain(|w| !w.starts_with('-') || w.starts_with("--"));
        let mut known: Vec<&str> = words.iter().copied().take_while(|w| w.chars().all(|c| c.is_ascii_lowercase())).take(2).collect();
        known.push("--help");
        let (status, out, err) = relat(&known, b"");
        assert_eq!(status, 0, "{command}: {err}");
        for option in words.iter().filter(|w| w.starts_with("--")) {
            assert!(out.contains(option.split('=').next().unwrap()), "{command}: {option} is not an option of {known:?}");
        }
    }
}

#[test]
fn the_readmes_example_is_what_the_program_prints() {
    let input = blocks("text").into_iter().next().unwrap();
    let shown = blocks("report").into_iter().next().unwrap();
    let (status, out, err) = relat(&["analyze"], input.trim().as_bytes());
    assert_eq!(status, 0, "{err}");
    for line in shown.lines().filter(|l| !l.trim().is_empty() && l.trim() != "…") {
        assert!(out.contains(line.trim_end()), "README shows {line:?}; the program prints:\n{out}");
    }
}
