use super::{App, error::ApiError, language};
use crate::{
    analyze::Wish,
    types::{Analysis, Narrative, OffsetUnit},
};
use axum::{
    Json,
    body::Bytes,
    extract::{FromRequest, Query, Request, State, rejection::BytesRejection},
    http::{StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;

/// The body of `POST /v1/analyses`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewNarrative {
    id: Option<String>,
    text: String,
    date: Option<String>,
}

/// The query of `POST /v1/analyses`.
#[derive(Deserialize)]
pub(super) struct Asked {
    offset_unit: Option<String>,
}

/// `POST /v1/analyses`: a narrative in, an analysis out.
pub(super) async fn create(State(app): State<App>, asked: Query<Asked>, request: Request) -> Result<impl IntoResponse, ApiError> {
    let unit = asked.0.offset_unit.as_deref().unwrap_or("codepoint");
    let offset_unit: OffsetUnit = unit.parse().map_err(|e: crate::types::ParseError| ApiError::Bad(e.to_string()))?;
    let wish = Wish { language: language(request.headers()), offset_unit };
    let body = Bytes::from_request(request, &app).await.map_err(too_large)?;
    let new = parse(&body)?;
    let narrative = Narrative::new(new.id.unwrap_or_default(), new.text)?.on(new.date.as_deref())?;
    let analysis: Analysis = app.analyze(narrative, wish).await?;
    let language = [(header::CONTENT_LANGUAGE, wish.language.word())];
    Ok((StatusCode::CREATED, language, Json(analysis)))
}

fn too_large(rejection: BytesRejection) -> ApiError {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ApiError::TooLarge(format!("at most {} characters are read: split the text", crate::types::MAX_CHARACTERS))
        }
        _ => ApiError::Bad("the body could not be read whole".to_owned()),
    }
}

/// The parser's own words may quote the body, so only the place is told.
fn parse(body: &[u8]) -> Result<NewNarrative, ApiError> {
    serde_json::from_slice(body).map_err(|e| {
        let place = format!("line {}, column {}", e.line(), e.column());
        ApiError::Bad(format!("{place}: send a JSON object {{\"text\": …, \"id\"?: …, \"date\"?: \"YYYY-MM-DD\"}} in UTF-8"))
    })
}
