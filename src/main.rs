//! The binary: starts tracing and hands over to the commands.

use std::process::ExitCode;

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_env("RELAT_LOG").unwrap_or_else(|_| "warn,relat=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false).init();
    relat::cli::main()
}
