use super::App;
use axum::{Json, extract::State};
use serde_json::{Value, json};

/// `GET /health/live`: the process answers.
pub(super) async fn live() -> Json<Value> {
    Json(json!({"status": "live"}))
}

/// `GET /health/ready`: each part, and whether narratives are read in full or by rules only.
pub(super) async fn ready(State(app): State<App>) -> Json<Value> {
    let release = app.analyzer.release();
    let reads = if release.model == "none" { "rules" } else { "full" };
    Json(json!({"status": "ready", "reads": reads, "vocabulary": release.vocabulary, "model": release.model}))
}

/// `GET /version`: the program and what its answers stand on.
pub(super) async fn version(State(app): State<App>) -> Json<Value> {
    Json(json!({"version": env!("CARGO_PKG_VERSION"), "release": app.analyzer.release()}))
}
