//! The one walk from narrative to analysis.

use crate::{
    annotate::{self, ConceptVectors, ModelReading, Noted, ReadUnit},
    assess::{self, Alert, Assessment, Ground},
    model::{self, Model},
    text,
    types::{
        self, ActionId, Analysis, Evidence, Excluded, Finding, Language, LanguageOf, Narrative, NotAssessed, Notice, OffsetUnit, Offsets,
        Probability, Proposal, Quote, Release, SafetyAlert, SafetyStatus, UnmappedPhrase,
    },
    vocab::{self, Vocabulary},
};
use sha2::{Digest, Sha256};
use std::path::Path;

/// One vocabulary and one model, loaded and immutable: everything an answer stands on.
pub struct Analyzer {
    /// The vocabulary in force.
    pub vocabulary: Vocabulary,
    model: Option<Model>,
    vectors: ConceptVectors,
    release: Release,
}

/// Why an analyzer cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The vocabulary is missing or wrong.
    #[error(transparent)]
    Vocabulary(#[from] vocab::Error),
    /// The model is missing or wrong.
    #[error(transparent)]
    Model(#[from] model::Error),
}

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The language of displays and notices; Catalan unless Spanish.
    pub language: Language,
    /// The unit of positions.
    pub offset_unit: OffsetUnit,
}

impl Default for Wish {
    fn default() -> Self {
        Self { language: Language::Catalan, offset_unit: OffsetUnit::Codepoint }
    }
}

impl Analyzer {
    /// Opens the release in `vocabulary` and, unless `model` is `None`, the model in that folder.
    ///
    /// # Errors
    /// [`Error::Vocabulary`] and [`Error::Model`], as their rooms say.
    pub fn open(vocabulary: &Path, model: Option<&Path>) -> Result<Self, Error> {
        let vocabulary = Vocabulary::open(vocabulary)?;
        let model_read = model.map(Model::open).transpose()?;
        let mut vectors = match model {
            Some(folder) => ConceptVectors::read(folder)?,
            None => ConceptVectors::default(),
        };
        if let Some(model) = &model_read {
            vectors.refresh(&vocabulary, model)?;
        }
        let (dictionary, rules) = vocabulary.release();
        let name = model_read.as_ref().map_or_else(|| "none".to_owned(), |m| m.release.clone());
        Ok(Self { vocabulary, model: model_read, vectors, release: Release { vocabulary: dictionary, rules, model: name } })
    }

    /// Makes the vectors of all concepts that lack one and keeps them in the model folder; returns how many were made.
    ///
    /// # Errors
    /// As [`Analyzer::open`], and if the folder cannot be written.
    pub fn keep_vectors(vocabulary: &Path, model: &Path) -> Result<usize, Error> {
        let vocabulary = Vocabulary::open(vocabulary)?;
        let loaded = Model::open(model)?;
        let mut vectors = ConceptVectors::default();
        let made = vectors.refresh(&vocabulary, &loaded)?;
        vectors.write(model)?;
        model::write_checksums(model)?;
        Ok(made)
    }

    /// What every answer of this analyzer stands on.
    #[must_use]
    pub fn release(&self) -> &Release {
        &self.release
    }

    /// Reads a narrative. The same text, date and release give the same answer, whatever else is read beside it.
    ///
    /// # Errors
    /// [`Error::Model`] if a tensor operation fails, which only a damaged model can cause.
    pub fn analyze(&self, narrative: &Narrative, wish: Wish) -> Result<Analysis, Error> {
        let document = text::read(narrative, self.vocabulary.dotted());
        let units = self.read(narrative.text(), &document)?;
        let (needs, thresholds) =
            self.model.as_ref().map_or((&[][..], Vec::new()), |m| (m.needs(), (0..m.needs().len()).map(|n| m.threshold(n)).collect()));
        let reading = self.model.is_some().then_some(ModelReading { units, needs, vectors: &self.vectors });
        let noted = annotate::annotate(narrative.text(), &document, &self.vocabulary, reading);
        let assessment = assess::assess(&noted, &self.vocabulary, needs, &thresholds);
        Ok(self.answer(narrative, &noted, assessment, wish))
    }

    /// What the model reads in the units of a document; nothing without a model.
    fn read(&self, text: &str, document: &text::Document) -> Result<Vec<ReadUnit>, Error> {
        let Some(model) = &self.model else {
            return Ok(Vec::new());
        };
        let units = annotate::units(document);
        let sentences: Vec<_> = document.sentences.iter().filter(|s| s.language != Language::Unknown).map(|s| s.span).collect();
        let spans: Vec<_> = units.iter().map(|(span, _, _)| *span).collect();
        let readings = model.read(text, &sentences, &spans)?;
        let join = |((span, sentence, whole), reading)| ReadUnit { span, sentence, whole, reading };
        Ok(units.into_iter().zip(readings).map(join).collect())
    }

    fn answer(&self, narrative: &Narrative, noted: &Noted<'_>, assessment: Assessment, wish: Wish) -> Analysis {
        let offsets = Offsets::new(narrative.text(), wish.offset_unit);
        let evidence = |g: Ground| Evidence { span: offsets.range(g.span), finding: g.finding, because: g.because };
        let finding = |f: &annotate::Finding| {
            let concept = self.vocabulary.dictionary.concept(f.concept);
            Finding {
                span: offsets.range(f.span),
                text: f.span.of(narrative.text()).to_owned(),
                codings: self.vocabulary.dictionary.codings(f.concept, wish.language),
                kind: concept.map_or(crate::types::Kind::Observation, |c| c.kind),
                assertion: f.assertion,
                tier: f.tier,
                confidence: Probability::new(f.confidence),
            }
        };
        let proposals = assessment.proposed.into_iter().enumerate().map(|(n, p)| Proposal {
            id: format!("p{}", n + 1),
            claim: p.claim,
            confidence: Probability::new(p.confidence),
            evidence: p.grounds.into_iter().map(evidence).collect(),
        });
        let alerts = assessment.alerts.into_iter().enumerate().map(|(n, a)| self.alert(n, a, &offsets));
        let sentences = noted.document.sentences.iter();
        let unmapped = noted.unmapped.iter().map(|s| UnmappedPhrase { span: offsets.range(*s), text: s.of(narrative.text()).to_owned() });
        Analysis {
            id: narrative.id().to_owned(),
            analysis: self.name(narrative),
            offset_unit: wish.offset_unit,
            language: noted.document.language,
            release: self.release.clone(),
            sentences: sentences.map(|s| LanguageOf { span: offsets.range(s.span), language: s.language }).collect(),
            findings: noted.findings.iter().map(finding).collect(),
            safety: alerts.collect(),
            proposals: proposals.collect(),
            not_assessed: assessment.not_assessed.into_iter().map(|(domain, reason)| NotAssessed { domain, reason }).collect(),
            excluded: assessment.excluded.into_iter().map(|(action, why)| self.excluded(action, why, wish.language)).collect(),
            unmapped: unmapped.collect(),
            notices: self.notices(noted, wish.language),
        }
    }

    fn alert(&self, place: usize, alert: Alert, offsets: &Offsets) -> SafetyAlert {
        let rule = self.vocabulary.safety.rule(alert.rule);
        let actions = if alert.status == SafetyStatus::Active { rule.map(|r| r.actions.clone()).unwrap_or_default() } else { Vec::new() };
        SafetyAlert {
            id: format!("s{}", place + 1),
            rule: alert.rule,
            person: alert.person,
            status: alert.status,
            evidence: alert.grounds.into_iter().map(|g| Quote { span: offsets.range(g.span), because: g.because }).collect(),
            actions,
        }
    }

    fn excluded(&self, action: ActionId, exclusion: String, language: Language) -> Excluded {
        let known = self.vocabulary.catalogue.exclusions.iter().find(|e| e.id == exclusion);
        let in_place = if language == Language::Spanish { "El texto dice que ya está en marcha." } else { "El text diu que ja hi és." };
        let reason = known.map_or(in_place, |e| e.why(language)).to_owned();
        Excluded { action, exclusion, reason }
    }

    fn notices(&self, noted: &Noted<'_>, language: Language) -> Vec<Notice> {
        let spanish = language == Language::Spanish;
        let notice = |code, ca: &str, es: &str| Notice { code, message: if spanish { es } else { ca }.to_owned() };
        let mut notices = Vec::new();
        if self.model.is_none() {
            notices.push(notice(
                "no_model",
                "No hi ha cap model carregat: el text només l'han llegit el diccionari i les regles.",
                "No hay ningún modelo cargado: el texto solo lo han leído el diccionario y las reglas.",
            ));
        }
        let foreign = noted.document.sentences.iter().filter(|s| s.language == Language::Unknown).count();
        if noted.document.sentences.is_empty() {
            notices.push(notice("empty", "El text és buit: no hi ha res per llegir.", "El texto está vacío: no hay nada que leer."));
        } else if noted.document.language == Language::Unknown {
            notices.push(notice(
                "language_unknown",
                "El text no sembla català ni castellà: no se'n proposa res, i això no s'ha de prendre com a negatiu.",
                "El texto no parece catalán ni castellano: no se propone nada, y eso no debe tomarse como negativo.",
            ));
        } else if foreign > 0 {
            notices.push(notice(
                "sentences_not_read",
                "Hi ha frases que no semblen ni catalanes ni castellanes i no s'han llegit.",
                "Hay frases que no parecen ni catalanas ni castellanas y no se han leído.",
            ));
        }
        notices
    }

    /// The service's own id of the answer: a fingerprint of id, date, text and release.
    fn name(&self, narrative: &Narrative) -> String {
        let mut hash = Sha256::new();
        let date = narrative.date().map_or_else(String::new, |d| d.to_string());
        for part in [narrative.id(), &date, narrative.text(), &self.release.vocabulary, &self.release.rules, &self.release.model] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part.as_bytes());
        }
        format!("a-{}", types::hex(&hash.finalize()[..10]))
    }
}
