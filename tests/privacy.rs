//! A marked narrative goes through every door, failures included, and is looked for in everything but the answer.

use crate::support::{Folder, root};
use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

const MARK: &str = "zzmarcazz";

fn run(arguments: &[&str], input: &[u8], temp: &Folder) -> (String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_relat"))
        .args(arguments)
        .current_dir(root())
        .env("RELAT_LOG", "trace")
        .env("TMPDIR", temp.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn no_log_error_or_temp_file_holds_the_narrative() {
    let temp = Folder::new();
    let good = format!("La {MARK} té deutes de lloguer i no vol viure.");
    let line = |text: &str| format!("{{\"id\":\"a\",\"text\":\"{text}\"}}\n");
    let mut not_utf8 = MARK.as_bytes().to_vec();
    not_utf8.push(0xff);
    let cases: [(&[&str], Vec<u8>); 6] = [
        (&["--model", "none", "analyze"], good.clone().into_bytes()),
        (&["analyze", "--format", "json"], good.clone().into_bytes()),
        (&["--model", "none", "analyze"], not_utf8),
        (&["--model", "none", "analyze", "--date", "ahir"], good.clone().into_bytes()),
        (&["--model", "none", "batch"], line(&good).into_bytes()),
        (&["--model", "none", "batch"], format!("{MARK} is not json\n{{\"id\":1,\"text\":\"{MARK}\\u0000\"}}\n").into_bytes()),
    ];
    for (place, (arguments, input)) in cases.iter().enumerate() {
        let (out, err) = run(arguments, input, &temp);
        assert!(!err.contains(MARK), "{arguments:?}: {err}");
        if place == 5 {
            assert!(!out.contains(MARK), "an error quotes the line: {out}");
        }
    }
    let left = std::fs::read_dir(temp.path()).unwrap().count();
    assert_eq!(left, 0, "something was left in the temporary folder");
}

#[test]
fn the_service_logs_nothing_of_what_it_reads() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_relat"))
        .args(["--model", "none", "serve", "--listen", "127.0.0.1:0"])
        .current_dir(root())
        .env("RELAT_LOG", "trace")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = child.stderr.take().unwrap();
    let mut seen = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&seen).contains(" · ") && log.read(&mut byte).unwrap() == 1 {
        seen.push(byte[0]);
    }
    let said = String::from_utf8_lossy(&seen).into_owned();
    let address = said.split("http://").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    for (path, content, body) in [
        ("/v1/analyses", "application/json", format!("{{\"text\":\"{MARK} té deutes\"}}")),
        ("/v1/analyses", "application/json", format!("{{\"{MARK}\":1}}")),
        ("/v1/analyses", "application/json", MARK.to_string()),
        ("/", "application/x-www-form-urlencoded", format!("lang=ca&text={MARK}")),
    ] {
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {content}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1"));
    }
    child.kill().unwrap();
    log.read_to_end(&mut seen).unwrap();
    child.wait().unwrap();
    let log = String::from_utf8_lossy(&seen);
    assert!(!log.contains(MARK), "{log}");
}
