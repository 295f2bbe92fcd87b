use crate::support::root;
use axum::{
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use relat::{
    analyze::Analyzer,
    http::{App, router},
};
use serde_json::Value;
use tower::ServiceExt;

async fn send(request: Request<Body>) -> Response<Body> {
    let analyzer = Analyzer::open(&root().join("vocab"), None).unwrap();
    router(App::new(analyzer)).oneshot(request).await.unwrap()
}

async fn body(response: Response<Body>) -> String {
    String::from_utf8(axum::body::to_bytes(response.into_body(), 10_000_000).await.unwrap().to_vec()).unwrap()
}

fn post(uri: &str, text: impl Into<Body>) -> Request<Body> {
    Request::post(uri).header(header::CONTENT_TYPE, "application/json").body(text.into()).unwrap()
}

#[tokio::test]
async fn a_narrative_is_posted_and_proposals_come_back() {
    let response = send(post("/v1/analyses", r#"{"id":"n-1","text":"Té deutes de lloguer.","date":"2026-03-14"}"#)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let answer: Value = serde_json::from_str(&body(response).await).unwrap();
    assert_eq!(answer["id"], "n-1");
    assert!(answer["analysis"].as_str().unwrap().starts_with("a-"));
    assert!(answer["proposals"].as_array().unwrap().iter().any(|p| p["claim"]["need"] == "N034"));
    assert_eq!(answer["findings"][0]["codings"][0]["system"], "http://snomed.info/sct");
}

#[tokio::test]
async fn names_follow_the_asked_language_and_positions_the_asked_unit() {
    let request = Request::post("/v1/analyses?offset_unit=utf16")
        .header(header::ACCEPT_LANGUAGE, "es")
        .body(Body::from(r#"{"text":"😀 deudas de alquiler"}"#));
    let response = send(request.unwrap()).await;
    assert_eq!(response.headers()[header::CONTENT_LANGUAGE], "es");
    let answer: Value = serde_json::from_str(&body(response).await).unwrap();
    assert_eq!(answer["offset_unit"], "utf16");
    assert_eq!(answer["findings"][0]["span"]["start"], 3);
    assert!(answer["notices"][0]["message"].as_str().unwrap().contains("ningún modelo"));
}

#[tokio::test]
async fn a_wrong_request_is_told_what_to_send_and_never_quoted() {
    let long = format!("{{\"text\":\"{}\"}}", "a".repeat(50_001));
    let huge = format!("{{\"text\":\"{}\"}}", "a".repeat(900_000));
    let cases = [
        (post("/v1/analyses", "la Maria plora"), StatusCode::BAD_REQUEST),
        (post("/v1/analyses", r#"{"txt":"la Maria plora"}"#), StatusCode::BAD_REQUEST),
        (post("/v1/analyses", &b"{\"text\":\"\xff\"}"[..]), StatusCode::BAD_REQUEST),
        (post("/v1/analyses", r#"{"text":"la Maria plora\u0000"}"#), StatusCode::BAD_REQUEST),
        (post("/v1/analyses", r#"{"text":"la Maria plora","date":"ahir"}"#), StatusCode::BAD_REQUEST),
        (post("/v1/analyses?offset_unit=words", r#"{"text":"la Maria plora"}"#), StatusCode::BAD_REQUEST),
        (post("/v1/analyses", long), StatusCode::PAYLOAD_TOO_LARGE),
        (post("/v1/analyses", huge), StatusCode::PAYLOAD_TOO_LARGE),
        (Request::get("/v1/analyses").body(Body::empty()).unwrap(), StatusCode::METHOD_NOT_ALLOWED),
        (Request::get("/nothing").body(Body::empty()).unwrap(), StatusCode::NOT_FOUND),
    ];
    for (request, expected) in cases {
        let uri = request.uri().to_string();
        let response = send(request).await;
        assert_eq!(response.status(), expected, "{uri}");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json", "{uri}");
        let text = body(response).await;
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert!(!problem["detail"].as_str().unwrap().is_empty());
        assert!(!text.contains("Maria"), "{text}");
    }
}

#[tokio::test]
async fn health_and_version_say_what_reads() {
    let get = |uri: &str| send(Request::get(uri).body(Body::empty()).unwrap());
    assert_eq!(get("/health/live").await.status(), StatusCode::OK);
    let ready: Value = serde_json::from_str(&body(get("/health/ready").await).await).unwrap();
    assert_eq!(ready["reads"], "rules");
    let version: Value = serde_json::from_str(&body(get("/version").await).await).unwrap();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["release"]["model"], "none");
}

#[tokio::test]
async fn the_page_shows_proposals_with_their_sentences_marked_in_both_languages() {
    for (lang, text, heading, need) in [
        ("ca", "Deu+el+lloguer.+El+seu+marit+la+pega.", "Necessitats", "Deute de lloguer"),
        ("es", "Debe+el+alquiler.+Su+marido+le+pega.", "Necesidades", "Deuda de alquiler"),
    ] {
        let request = Request::post("/").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = send(request.body(Body::from(format!("lang={lang}&date=&text={text}"))).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let csp = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(csp.contains("default-src 'self'") && !csp.contains("unsafe"));
        let html = body(response).await;
        assert!(html.contains(&format!("<html lang=\"{lang}\">")));
        assert!(html.contains(heading) && html.contains(need), "{html}");
        assert!(html.contains("role=\"alert\"") && html.contains("<mark class=\"alert\""));
        assert!(!html.contains("<script") && !html.contains("style=") && !html.contains("http://") && !html.contains("https://"));
    }
}

#[tokio::test]
async fn what_is_pasted_is_escaped_and_what_cannot_be_read_is_explained() {
    let request = |body: &str| {
        Request::post("/").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from(body.to_owned())).unwrap()
    };
    let html = body(send(request("text=%3Cscript%3Ealert(1)%3C%2Fscript%3E&lang=ca")).await).await;
    assert!(!html.contains("<script>alert"));
    let response = send(request("text=hola%00&lang=es")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(body(response).await.contains("texto plano"));
}
