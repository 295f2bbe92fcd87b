//! The roof: commands. What a person reads goes to stderr but for reports, what a program reads to stdout.

mod batch;
mod report;

use crate::{
    analyze::{Analyzer, Wish},
    config::Config,
    train,
    types::{Language, Narrative},
    vocab::Vocabulary,
};
use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{
    io::Read,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Reads the narrative of a social-services interview, in Catalan and Spanish, and proposes what is in it.
#[derive(Parser)]
#[command(name = "relat", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    config: Config,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Reads one narrative and prints what is proposed.
    Analyze(AnalyzeArgs),
    /// Reads NDJSON (`{"id","text","date"?}`) and writes one analysis a line, in the same order.
    Batch(batch::BatchArgs),
    /// Serves the API and its page, on this machine only unless told otherwise.
    Serve(ServeArgs),
    /// Looks after the vocabulary.
    #[command(subcommand)]
    Vocab(VocabCommand),
    /// Measures against gold files.
    #[command(subcommand)]
    Evaluate(EvaluateCommand),
    /// Makes a new model from a run file.
    Train {
        /// The run, such as training/runs/first.toml.
        run: PathBuf,
    },
    /// Looks after the models.
    #[command(subcommand)]
    Models(ModelsCommand),
}

#[derive(Args)]
struct AnalyzeArgs {
    /// The file with the narrative, or - for standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// A report for people, or the analysis as JSON.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// The day of the interview, YYYY-MM-DD.
    #[arg(long)]
    date: Option<String>,
    /// The language of names and messages.
    #[arg(long, value_enum, default_value_t = Labels::Ca)]
    lang: Labels,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// The language of names and messages.
#[derive(Clone, Copy, ValueEnum)]
enum Labels {
    Ca,
    Es,
}

#[derive(Args)]
struct ServeArgs {
    /// Address and port; anything but this machine itself needs --allow-remote.
    #[arg(long, env = "RELAT_LISTEN", default_value = "127.0.0.1:8087")]
    listen: std::net::SocketAddr,
    /// Listens beyond this machine although no sign-in is set up.
    #[arg(long, env = "RELAT_ALLOW_REMOTE")]
    allow_remote: bool,
}

#[derive(Subcommand)]
enum VocabCommand {
    /// Lists all that is wrong with a release, by file and line.
    Check {
        /// The release folder; the one in force if left out.
        folder: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum EvaluateCommand {
    /// Needs, levels and safety against a gold file.
    Narratives {
        /// One narrative a line, with text and labels.
        #[arg(long)]
        gold: PathBuf,
        /// Which labels and needs make which class.
        #[arg(long)]
        labels: PathBuf,
        /// Writes the figures here.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Coded findings against marked phrases; the texts lie in gold.jsonl or narratives.jsonl beside the file.
    Concepts {
        /// One narrative a line, with marked phrases.
        #[arg(long)]
        gold: PathBuf,
        /// The texts, if they lie elsewhere.
        #[arg(long)]
        texts: Option<PathBuf>,
        /// Writes the figures here.
        #[arg(long)]
        json: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum ModelsCommand {
    /// Packs an encoder (model.safetensors, tokenizer.json) into the small form that is shipped.
    Pack {
        /// The folder with the encoder.
        from: PathBuf,
        /// The folder to write.
        to: PathBuf,
    },
    /// Makes the vectors of all concepts and keeps them with the model.
    Vectors,
    /// Writes the tiny seeded model that tests use.
    Tiny {
        /// The folder to write.
        to: PathBuf,
    },
}

/// Runs the command line; the exit status is 0 when all went well, 1 when the work failed, 2 for wrong usage.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("relat: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let config = cli.config;
    match cli.command {
        Command::Analyze(args) => analyze(&config, &args),
        Command::Batch(args) => batch::run(&analyzer(&config)?, &args),
        Command::Serve(args) => serve(&config, &args),
        Command::Vocab(VocabCommand::Check { folder }) => {
            check(folder.as_deref().map_or_else(|| config.vocabulary(), |f| Ok(f.to_owned()))?.as_path())
        }
        Command::Evaluate(command) => evaluate(&config, command),
        Command::Train { run } => {
            let vocabulary = Vocabulary::open(&config.vocabulary()?)?;
            let folder = train::run(&run, &config.models()?, &vocabulary)?;
            Analyzer::keep_vectors(&config.vocabulary()?, &folder)?;
            eprintln!("the model lies in {}", folder.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Models(ModelsCommand::Pack { from, to }) => {
            let difference = train::pack_base(&from, &to)?;
            eprintln!("packed into {}; the largest difference of a weight is {difference:.6}", to.display());
            Ok(ExitCode::SUCCESS)
        }
        Command::Models(ModelsCommand::Tiny { to }) => {
            let vocabulary = Vocabulary::open(&config.vocabulary()?)?;
            let needs = vocabulary.catalogue.needs().map(|n| n.id).collect();
            train::tiny(&config.models()?.join("base"), &to, needs, 1)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Models(ModelsCommand::Vectors) => {
            let folder = config.model()?.context("no model is set: name one with --model")?;
            let made = Analyzer::keep_vectors(&config.vocabulary()?, &folder)?;
            eprintln!("made the vectors of {made} concepts");
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn analyzer(config: &Config) -> anyhow::Result<Analyzer> {
    Ok(Analyzer::open(&config.vocabulary()?, config.model()?.as_deref())?)
}

fn analyze(config: &Config, args: &AnalyzeArgs) -> anyhow::Result<ExitCode> {
    let (name, bytes) = if args.file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("reading standard input")?;
        (String::new(), bytes)
    } else {
        let bytes = std::fs::read(&args.file).with_context(|| format!("reading {}", args.file.display()))?;
        (args.file.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned(), bytes)
    };
    let narrative = Narrative::from_bytes(name, bytes)?.on(args.date.as_deref())?;
    let analyzer = analyzer(config)?;
    let language = match args.lang {
        Labels::Ca => Language::Catalan,
        Labels::Es => Language::Spanish,
    };
    let analysis = analyzer.analyze(&narrative, Wish { language, ..Wish::default() })?;
    let text = match args.format {
        Format::Json => serde_json::to_string_pretty(&analysis)?,
        Format::Text => report::report(&analysis, narrative.text(), &analyzer.vocabulary, language),
    };
    print_all(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes to standard output; a reader that has gone away is no failure.
fn print_all(text: &str) -> anyhow::Result<()> {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error).context("writing standard output"),
        _ => Ok(()),
    }
}

fn check(folder: &Path) -> anyhow::Result<ExitCode> {
    let (vocabulary, problems) = Vocabulary::check(folder)?;
    for problem in &problems {
        print_all(&problem.to_string())?;
    }
    let n_terms: usize = vocabulary.dictionary.concepts().iter().map(|c| c.terms.len()).sum();
    eprintln!(
        "{}: {} concepts, {n_terms} terms, {} needs, {} actions, {} safety cues; {} problems",
        vocabulary.name,
        vocabulary.dictionary.concepts().len(),
        vocabulary.catalogue.needs().len(),
        vocabulary.catalogue.actions().len(),
        vocabulary.safety.cues().len(),
        problems.len()
    );
    Ok(if problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn evaluate(config: &Config, command: EvaluateCommand) -> anyhow::Result<ExitCode> {
    let analyzer = analyzer(config)?;
    let (report, json) = match command {
        EvaluateCommand::Narratives { gold, labels, json } => (train::evaluate_narratives(&analyzer, &gold, &labels)?, json),
        EvaluateCommand::Concepts { gold, texts, json } => (train::evaluate_concepts(&analyzer, &gold, texts.as_deref())?, json),
    };
    print_all(&report.table())?;
    if let Some(path) = json {
        std::fs::write(&path, serde_json::to_string_pretty(&report.figures)?).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn serve(config: &Config, args: &ServeArgs) -> anyhow::Result<ExitCode> {
    if !args.listen.ip().is_loopback() && !args.allow_remote {
        bail!("{} can be reached from other machines and no sign-in is set up: listen on 127.0.0.1, or say --allow-remote", args.listen);
    }
    let analyzer = analyzer(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(args.listen).await.with_context(|| format!("listening on {}", args.listen))?;
        eprintln!("relat reads on http://{} · {}", listener.local_addr()?, analyzer.release().model);
        let stop = async {
            let _ = tokio::signal::ctrl_c().await;
        };
        axum::serve(listener, crate::http::router(crate::http::App::new(analyzer))).with_graceful_shutdown(stop).await.context("serving")
    })?;
    Ok(ExitCode::SUCCESS)
}
