use crate::{
    analyze::{Analyzer, Wish},
    types::Narrative,
};
use anyhow::Context;
use clap::Args;
use rayon::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufRead, BufReader, BufWriter, IsTerminal, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Lines that are in memory at once.
const TOGETHER: usize = 64;
/// A longer line cannot be a narrative and is not kept in memory.
const LONGEST_LINE: u64 = 4_000_000;

#[derive(Args)]
pub(super) struct BatchArgs {
    /// NDJSON in, or - for standard input.
    #[arg(default_value = "-")]
    input: PathBuf,
    /// NDJSON out; standard output if left out.
    #[arg(short, long)]
    output: Option<PathBuf>,
    /// Ends with status 1 if any line could not be read or analysed.
    #[arg(long)]
    strict: bool,
}

#[derive(Deserialize)]
struct Line {
    id: Option<Value>,
    text: Option<String>,
    date: Option<String>,
}

/// Reads, analyses and writes in order, some lines at a time; a wrong line is answered in its place and the run goes on.
pub(super) fn run(analyzer: &Analyzer, args: &BatchArgs) -> anyhow::Result<ExitCode> {
    let mut input: Box<dyn BufRead> = if args.input == Path::new("-") {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(&args.input).with_context(|| format!("reading {}", args.input.display()))?))
    };
    let mut output: Box<dyn Write> = match &args.output {
        None => Box::new(BufWriter::new(std::io::stdout())),
        Some(path) => Box::new(BufWriter::new(File::create(path).with_context(|| format!("writing {}", path.display()))?)),
    };
    let progress = progress();
    let (mut n_lines, mut n_wrong) = (0_usize, 0_usize);
    loop {
        let lines = read_some(&mut *input, n_lines)?;
        if lines.is_empty() {
            break;
        }
        n_lines += lines.len();
        let answers: Vec<(String, bool)> = lines.into_par_iter().map(|(number, line)| answer(analyzer, number, line)).collect();
        for (answer, good) in answers {
            n_wrong += usize::from(!good);
            match writeln!(output, "{answer}") {
                Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {
                    return Ok(ExitCode::SUCCESS);
                }
                other => other.context("writing the answers")?,
            }
        }
        progress.inc(TOGETHER as u64);
    }
    output.flush().context("writing the answers")?;
    progress.finish_and_clear();
    if n_wrong > 0 {
        eprintln!("relat: {n_wrong} of {n_lines} lines could not be read or analysed; each has its error in its place");
    }
    Ok(if args.strict && n_wrong > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A line of input: its bytes, or that it is too long to keep.
enum RawLine {
    Bytes(Vec<u8>),
    TooLong,
}

/// The next lines that are not empty, with their numbers from 1.
fn read_some(input: &mut dyn BufRead, before: usize) -> anyhow::Result<Vec<(usize, RawLine)>> {
    let mut lines = Vec::new();
    while lines.len() < TOGETHER {
        let mut bytes = Vec::new();
        let n = std::io::Read::take(&mut *input, LONGEST_LINE).read_until(b'\n', &mut bytes).context("reading the narratives")?;
        if n == 0 {
            break;
        }
        let number = before + lines.len() + 1;
        if bytes.last() != Some(&b'\n') && n as u64 == LONGEST_LINE {
            input.skip_until(b'\n').context("reading the narratives")?;
            lines.push((number, RawLine::TooLong));
        } else {
            lines.push((number, RawLine::Bytes(bytes)));
        }
    }
    Ok(lines)
}

/// The answer to one line, and whether it is an analysis.
fn answer(analyzer: &Analyzer, number: usize, line: RawLine) -> (String, bool) {
    let wrong = |id: Value, title: &str, detail: String| {
        (json!({"id": id, "line": number, "error": {"title": title, "detail": detail}}).to_string(), false)
    };
    let bytes = match line {
        RawLine::Bytes(bytes) => bytes,
        RawLine::TooLong => {
            return wrong(Value::Null, "line too long", format!("a line may have {LONGEST_LINE} bytes"));
        }
    };
    if let Err(error) = std::str::from_utf8(&bytes) {
        return wrong(Value::Null, "not UTF-8", format!("byte {} of the line is wrong: save the file as UTF-8", error.valid_up_to() + 1));
    }
    let line: Line = match serde_json::from_slice(&bytes) {
        Ok(line) => line,
        // the parser's own words may quote the line, so only the place is told
        Err(error) => {
            return wrong(
                Value::Null,
                "not a JSON object with id and text",
                format!("column {}: write {{\"id\": …, \"text\": …}}", error.column()),
            );
        }
    };
    let id = line.id.unwrap_or(Value::Null);
    let name = match &id {
        Value::Null => format!("n-{number}"),
        Value::String(name) => name.clone(),
        other => other.to_string(),
    };
    let Some(text) = line.text else {
        return wrong(id, "no text", "the line needs a \"text\"".to_owned());
    };
    let narrative = match Narrative::new(name, text).and_then(|n| n.on(line.date.as_deref())) {
        Ok(narrative) => narrative,
        Err(error) => return wrong(id, "not a narrative", error.to_string()),
    };
    let analysis = analyzer.analyze(&narrative, Wish::default()).map_err(anyhow::Error::from);
    match analysis.and_then(|a| Ok(serde_json::to_string(&a)?)) {
        Ok(json) => (json, true),
        Err(error) => wrong(id, "analysis failed", error.to_string()),
    }
}

fn progress() -> indicatif::ProgressBar {
    if std::io::stderr().is_terminal() { indicatif::ProgressBar::new_spinner() } else { indicatif::ProgressBar::hidden() }
}
