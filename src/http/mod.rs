//! The door for people and systems: every route on one page.

mod error;
mod page;
mod status;
mod v1;

use crate::{
    analyze::{Analyzer, Wish},
    types::{Analysis, Language, Narrative},
};
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    routing::{get, post},
};
use error::ApiError;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tower_http::{catch_panic::CatchPanicLayer, set_header::SetResponseHeaderLayer};

/// The largest request body, in bytes: 50,000 characters of any alphabet, escaped as JSON.
const BODY_BYTES: usize = 700_000;
/// Analyses under way or waiting at once; more are told to come back.
const AT_ONCE: usize = 16;

/// The long-lived parts of the service.
#[derive(Clone)]
pub struct App {
    analyzer: Arc<Analyzer>,
    permits: Arc<Semaphore>,
}

impl App {
    /// A service that reads with `analyzer`.
    #[must_use]
    pub fn new(analyzer: Analyzer) -> Self {
        Self { analyzer: Arc::new(analyzer), permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Reads off the async threads; one admission rule for every route.
    async fn analyze(&self, narrative: Narrative, wish: Wish) -> Result<Analysis, ApiError> {
        let permit = self.permits.clone().try_acquire_owned().map_err(|_| ApiError::Overloaded)?;
        let analyzer = self.analyzer.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let analysis = analyzer.analyze(&narrative, wish);
            drop(permit);
            analysis
        });
        reading.await.map_err(|_| ApiError::Internal)?.map_err(|_| ApiError::Internal)
    }
}

/// All routes.
pub fn router(app: App) -> Router {
    let fixed = |name: HeaderName, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    Router::new()
        // people
        .route("/", get(page::form).post(page::read))
        .route("/relat.css", get(page::style))
        // systems
        .route("/v1/analyses", post(v1::create))
        // operation
        .route("/health/live", get(status::live))
        .route("/health/ready", get(status::ready))
        .route("/version", get(status::version))
        .fallback(error::not_found)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(header::CACHE_CONTROL, "no-store"))
        .with_state(app)
}

/// The language a caller asks for: Spanish if it comes before Catalan in `Accept-Language`, else Catalan.
fn language(headers: &HeaderMap) -> Language {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut wanted: Vec<(f32, usize, &str)> = asked
        .split(',')
        .enumerate()
        .filter_map(|(place, part)| {
            let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
            Some((quality.trim().parse().ok()?, place, tag.trim()))
        })
        .collect();
    wanted.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let known = |tag: &str| {
        [("ca", Language::Catalan), ("es", Language::Spanish)].into_iter().find(|(known, _)| tag.starts_with(known)).map(|(_, l)| l)
    };
    wanted.into_iter().find_map(|(_, _, tag)| known(tag)).unwrap_or(Language::Catalan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_we_speak_is_taken() {
        let check = |asked: &str, expected| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, asked.parse().unwrap());
            assert_eq!(language(&headers), expected, "{asked}");
        };
        check("ca, es;q=0.9", Language::Catalan);
        check("es-ES,es;q=0.9,ca;q=0.8", Language::Spanish);
        check("ca;q=0.4, es;q=0.9", Language::Spanish);
        check("de, en;q=0.5", Language::Catalan);
    }
}
