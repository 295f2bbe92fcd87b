//! The page on which a narrative is pasted and the proposals are read with their sentences marked. Rendered here, no script.

use super::{App, error::ApiError};
use crate::{
    analyze::Wish,
    types::{
        Analysis, Claim, Domain, Language, Narrative, NarrativeError, NeedStatus, NotAssessedReason, OffsetUnit, Range, SafetyStatus, Span,
    },
    vocab::Vocabulary,
};
use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Deserialize;

/// `GET /relat.css`.
pub(super) async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")], include_str!("relat.css"))
}

#[derive(Deserialize)]
pub(super) struct Chosen {
    lang: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Filled {
    text: String,
    date: Option<String>,
    lang: Option<String>,
}

fn chosen(lang: Option<&str>) -> Language {
    if lang == Some("es") { Language::Spanish } else { Language::Catalan }
}

/// `GET /`: an empty page.
pub(super) async fn form(State(app): State<App>, Query(query): Query<Chosen>) -> Result<Response, ApiError> {
    let view = View::empty(chosen(query.lang.as_deref()), &app);
    render(&view, StatusCode::OK)
}

/// `POST /`: the narrative with its proposals; nothing of it is kept.
pub(super) async fn read(State(app): State<App>, Form(filled): Form<Filled>) -> Result<Response, ApiError> {
    let language = chosen(filled.lang.as_deref());
    let text = filled.text.replace("\r\n", "\n");
    let date = filled.date.filter(|d| !d.is_empty());
    let mut view = View { text: text.clone(), date: date.clone().unwrap_or_default(), ..View::empty(language, &app) };
    let narrative = match Narrative::new("", text.clone()).and_then(|n| n.on(date.as_deref())) {
        Ok(narrative) => narrative,
        Err(error) => {
            view.error = Some(view.explain(&error));
            return render(&view, StatusCode::BAD_REQUEST);
        }
    };
    let analysis = app.analyze(narrative, Wish { language, offset_unit: OffsetUnit::Byte }).await?;
    view.result = Some(Shown::new(&analysis, &text, &app.analyzer.vocabulary, language));
    render(&view, StatusCode::OK)
}

fn render(view: &View, status: StatusCode) -> Result<Response, ApiError> {
    let html = view.render().map_err(|_| ApiError::Internal)?;
    Ok((status, Html(html)).into_response())
}

/// The whole page.
#[derive(Template)]
#[template(path = "page.html")]
struct View {
    language: Language,
    model: String,
    text: String,
    date: String,
    error: Option<String>,
    result: Option<Shown>,
}

impl View {
    fn empty(language: Language, app: &App) -> Self {
        Self { language, model: app.analyzer.release().model.clone(), text: String::new(), date: String::new(), error: None, result: None }
    }

    /// The Catalan or the Spanish of a pair.
    fn t<'a>(&self, ca: &'a str, es: &'a str) -> &'a str {
        if self.language == Language::Spanish { es } else { ca }
    }

    fn explain(&self, error: &NarrativeError) -> String {
        match error {
            NarrativeError::TooLong { characters } => format!(
                "{} {characters} {}",
                self.t("El text té", "El texto tiene"),
                self.t("caràcters i se'n llegeixen 50.000: dividiu-lo.", "caracteres y se leen 50\u{a0}000: divídalo.")
            ),
            NarrativeError::Nul { .. } | NarrativeError::NotUtf8 { .. } => self
                .t(
                    "El text conté caràcters que no són de text: enganxeu-lo com a text pla.",
                    "El texto contiene caracteres que no son de texto: péguelo como texto plano.",
                )
                .to_owned(),
            NarrativeError::Date(_) => self.t("La data s'escriu AAAA-MM-DD.", "La fecha se escribe AAAA-MM-DD.").to_owned(),
        }
    }
}

/// An analysis as the page shows it.
struct Shown {
    notices: Vec<String>,
    alerts: Vec<ShownAlert>,
    pieces: Vec<Piece>,
    needs: Vec<ShownGroup>,
    levels: Vec<ShownLevel>,
    actions: Vec<ShownAction>,
    /// Actions left out: name and reason.
    excluded: Vec<(String, String)>,
    missing: Vec<String>,
}

struct ShownAlert {
    rule: String,
    name: String,
    status: SafetyStatus,
    quotes: Vec<String>,
    actions: Vec<String>,
    never: String,
}

/// A stretch of the narrative: plain, or a mark with its number.
struct Piece {
    text: String,
    mark: Option<Mark>,
}

/// Why a stretch is marked; style, label and number, never colour alone.
struct Mark {
    class: &'static str,
    label: String,
    title: String,
}

struct ShownGroup {
    name: &'static str,
    needs: Vec<ShownNeed>,
}

struct ShownNeed {
    id: String,
    name: String,
    urgency: String,
    percent: u8,
    quotes: Vec<(String, String)>,
}

struct ShownLevel {
    domain: Domain,
    name: String,
    level: u8,
    level_name: String,
    alternative: Option<u8>,
    cell: String,
    quotes: Vec<String>,
}

impl ShownLevel {
    fn scale(&self) -> [u8; 5] {
        [1, 2, 3, 4, 5]
    }

    fn has_alternative(&self, level: &u8) -> bool {
        self.alternative == Some(*level)
    }
}

struct ShownAction {
    id: String,
    name: String,
    needs: String,
}

fn quote(text: &str, range: Range) -> String {
    Span::new(range.start, range.end).of(text).to_owned()
}

impl Shown {
    fn new(analysis: &Analysis, text: &str, vocabulary: &Vocabulary, language: Language) -> Self {
        Self {
            notices: analysis.notices.iter().map(|n| n.message.clone()).collect(),
            alerts: alerts(analysis, text, vocabulary, language),
            pieces: pieces(analysis, text, vocabulary, language),
            needs: groups(analysis, text, vocabulary, language),
            levels: levels(analysis, text, vocabulary, language),
            actions: actions(analysis, vocabulary, language),
            excluded: excluded(analysis, vocabulary, language),
            missing: analysis
                .not_assessed
                .iter()
                .filter(|n| n.reason != NotAssessedReason::NotApplicable)
                .map(|n| vocabulary.matrix.domain(n.domain, language).to_owned())
                .collect(),
        }
    }

    fn is_nothing(&self) -> bool {
        self.alerts.is_empty() && self.needs.is_empty() && self.levels.is_empty()
    }
}

fn alerts(analysis: &Analysis, text: &str, vocabulary: &Vocabulary, language: Language) -> Vec<ShownAlert> {
    let shown = |alert: &crate::types::SafetyAlert| {
        let rule = vocabulary.safety.rule(alert.rule)?;
        let actions = alert.actions.iter().filter_map(|a| vocabulary.catalogue.action(*a));
        Some(ShownAlert {
            rule: alert.rule.to_string(),
            name: rule.name(language).to_owned(),
            status: alert.status,
            quotes: alert.evidence.iter().map(|q| quote(text, q.span)).collect(),
            actions: actions.map(|a| format!("{} {}", a.id, a.name(language))).collect(),
            never: if alert.status == SafetyStatus::Active { rule.never(language).to_owned() } else { String::new() },
        })
    };
    analysis.safety.iter().filter_map(shown).collect()
}

/// The narrative cut at the evidence of needs and alerts; where stretches overlap the first and longest is marked.
fn pieces(analysis: &Analysis, text: &str, vocabulary: &Vocabulary, language: Language) -> Vec<Piece> {
    let mut marks: Vec<(Range, Mark)> = Vec::new();
    for alert in analysis.safety.iter().filter(|a| a.status == SafetyStatus::Active) {
        let title = vocabulary.safety.rule(alert.rule).map(|r| r.name(language).to_owned()).unwrap_or_default();
        marks.extend(alert.evidence.iter().map(|q| (q.span, Mark { class: "alert", label: alert.rule.to_string(), title: title.clone() })));
    }
    for proposal in &analysis.proposals {
        let Claim::Need { need, status, .. } = proposal.claim else {
            continue;
        };
        let name = vocabulary.catalogue.need(need).map(|n| n.name(language)).unwrap_or_default();
        let class = if status == NeedStatus::Present { "present" } else { "other" };
        let mark = || Mark { class, label: need.to_string(), title: format!("{name} ({})", status.heading(language)) };
        marks.extend(proposal.evidence.iter().map(|e| (e.span, mark())));
    }
    marks.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    for (range, mark) in marks {
        if range.start < at {
            if let Some(Piece { mark: Some(last), .. }) = pieces.last_mut()
                && !last.label.contains(&mark.label)
            {
                last.label = format!("{} {}", last.label, mark.label);
                last.title = format!("{} · {}", last.title, mark.title);
            }
            continue;
        }
        pieces.push(Piece { text: quote(text, Range { start: at, end: range.start }), mark: None });
        pieces.push(Piece { text: quote(text, range), mark: Some(mark) });
        at = range.end;
    }
    pieces.push(Piece { text: quote(text, Range { start: at, end: text.len() }), mark: None });
    pieces
}

fn groups(analysis: &Analysis, text: &str, vocabulary: &Vocabulary, language: Language) -> Vec<ShownGroup> {
    let group = |wanted: NeedStatus| {
        let of_group = analysis.proposals.iter().filter_map(|p| match p.claim {
            Claim::Need { need, status, urgency, .. } if status == wanted => Some((p, need, urgency)),
            _ => None,
        });
        let needs: Vec<ShownNeed> = of_group
            .map(|(p, need, urgency)| ShownNeed {
                id: need.to_string(),
                name: vocabulary.catalogue.need(need).map(|n| n.name(language).to_owned()).unwrap_or_default(),
                urgency: if wanted == NeedStatus::Present { urgency.to_string() } else { String::new() },
                percent: percent(p.confidence.value()),
                quotes: p.evidence.iter().map(|e| (quote(text, e.span), e.because.say(language))).collect(),
            })
            .collect();
        (!needs.is_empty()).then_some(ShownGroup { name: wanted.heading(language), needs })
    };
    NeedStatus::READING.into_iter().filter_map(group).collect()
}

fn percent(confidence: f32) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a confidence is 0 to 1")]
    let percent = (confidence * 100.0).round() as u8;
    percent
}

fn levels(analysis: &Analysis, text: &str, vocabulary: &Vocabulary, language: Language) -> Vec<ShownLevel> {
    let shown = |p: &crate::types::Proposal| match &p.claim {
        Claim::Level { domain, level, alternative, .. } => Some(ShownLevel {
            domain: *domain,
            name: vocabulary.matrix.domain(*domain, language).to_owned(),
            level: level.number(),
            level_name: vocabulary.matrix.level(*level, language).to_owned(),
            alternative: alternative.map(crate::types::Level::number),
            cell: vocabulary.matrix.cell(*domain, *level, language).to_owned(),
            quotes: p.evidence.iter().take(2).map(|e| quote(text, e.span)).collect(),
        }),
        _ => None,
    };
    analysis.proposals.iter().filter_map(shown).collect()
}

fn actions(analysis: &Analysis, vocabulary: &Vocabulary, language: Language) -> Vec<ShownAction> {
    let shown = |p: &crate::types::Proposal| match &p.claim {
        Claim::Action { action, needs, .. } => Some(ShownAction {
            id: action.to_string(),
            name: vocabulary.catalogue.action(*action).map(|a| a.name(language).to_owned()).unwrap_or_default(),
            needs: needs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        }),
        _ => None,
    };
    analysis.proposals.iter().filter_map(shown).collect()
}

fn excluded(analysis: &Analysis, vocabulary: &Vocabulary, language: Language) -> Vec<(String, String)> {
    let name = |action| vocabulary.catalogue.action(action).map(|a| a.name(language).to_owned()).unwrap_or_default();
    analysis.excluded.iter().map(|e| (format!("{} {}", e.action, name(e.action)), e.reason.clone())).collect()
}
