use crate::{
    text::Sentence,
    types::{Assertion, Experiencer, Polarity, Span},
    vocab::{Cue, Direction, Effect, Scope},
};

/// The cues of a sentence and where their scopes end.
#[derive(Debug, Clone)]
pub struct Context {
    sentence: Span,
    clauses: Vec<Span>,
    words: Vec<Span>,
    cues: Vec<Cue>,
}

impl Context {
    /// The context that `cues` make in `sentence`.
    #[must_use]
    pub fn new(sentence: &Sentence, cues: Vec<Cue>) -> Self {
        let words = sentence.words.iter().map(|word| word.span).collect();
        Self { sentence: sentence.span, clauses: sentence.clauses.clone(), words, cues }
    }

    /// What the cues say of the words in `span`; a cue within the span itself says nothing of it.
    ///
    /// # Source
    /// Chapman et al. 2001 and Harkema et al. 2009: a cue reaches forward or backward to the end of its clause, to a breaking
    /// conjunction or to the next cue that turns the same axis, whichever comes first.
    #[must_use]
    pub fn assertion(&self, span: Span) -> Assertion {
        let mut assertion = Assertion::PLAIN;
        let mut negations = 0;
        for cue in self.cues.iter().filter(|cue| !cue.span.overlaps(span) && self.reaches(cue, span)) {
            match cue.effect {
                Effect::Polarity(_) => negations += 1,
                Effect::Certainty(certainty) => assertion.certainty = certainty,
                Effect::Temporality(temporality) => assertion.temporality = temporality,
                Effect::Experiencer(experiencer) => assertion.experiencer = self.nearer(cue, span, assertion.experiencer, experiencer),
                Effect::Break | Effect::Pseudo => {}
            }
        }
        if negations > 0 {
            assertion.polarity = Polarity::Negated;
        }
        assertion
    }

    /// Whether a cue of experiencer before the span says who; without one the subject is meant.
    #[must_use]
    pub fn names_person(&self, span: Span) -> bool {
        self.cues.iter().any(|c| matches!(c.effect, Effect::Experiencer(_)) && (self.reaches(c, span) || c.span.overlaps(span)))
    }

    /// Of two people named before the span the nearer one is its subject.
    fn nearer(&self, cue: &Cue, span: Span, so_far: Experiencer, this: Experiencer) -> Experiencer {
        let distance = |c: &Cue| {
            if c.span.end() <= span.start() { span.start() - c.span.end() } else { c.span.start().saturating_sub(span.end()) }
        };
        let others =
            self.cues.iter().filter(|c| matches!(c.effect, Effect::Experiencer(_)) && !c.span.overlaps(span) && self.reaches(c, span));
        if others.clone().all(|other| distance(cue) <= distance(other)) { this } else { so_far }
    }

    fn reaches(&self, cue: &Cue, span: Span) -> bool {
        match cue.direction {
            Direction::Forward => self.forward(cue, span),
            Direction::Backward => self.backward(cue, span),
            Direction::Both => self.forward(cue, span) || self.backward(cue, span),
        }
    }

    fn forward(&self, cue: &Cue, span: Span) -> bool {
        if span.start() < cue.span.end() {
            return false;
        }
        let end = match cue.scope {
            Scope::Sentence => self.sentence.end(),
            Scope::Clause => self.clause_end(cue.span),
            Scope::Words(n) => {
                let last = self.words.iter().filter(|w| w.start() >= cue.span.end()).take(n).last();
                last.map_or(cue.span.end(), |w| w.end()).min(self.clause_end(cue.span))
            }
        };
        span.start() < end && !self.broken(cue.span.end(), span.start())
    }

    fn backward(&self, cue: &Cue, span: Span) -> bool {
        if span.end() > cue.span.start() {
            return false;
        }
        let start = match cue.scope {
            Scope::Sentence => self.sentence.start(),
            Scope::Clause => self.clauses.iter().find(|c| c.overlaps(cue.span)).map_or(self.sentence.start(), |c| c.start()),
            Scope::Words(n) => {
                self.words.iter().rev().filter(|w| w.end() <= cue.span.start()).take(n).last().map_or(cue.span.start(), |w| w.start())
            }
        };
        span.end() > start && !self.broken(span.end(), cue.span.start())
    }

    /// The end of the clause a cue stands in; a cue at the very end of its clause reaches through the next one.
    fn clause_end(&self, cue: Span) -> usize {
        let Some(at) = self.clauses.iter().position(|c| c.overlaps(cue)) else {
            return self.sentence.end();
        };
        let here = self.clauses[at];
        match self.clauses.get(at + 1) {
            Some(next) if here.end() <= cue.end() => next.end(),
            _ => here.end(),
        }
    }

    fn broken(&self, from: usize, to: usize) -> bool {
        self.cues.iter().any(|cue| cue.effect == Effect::Break && cue.span.start() >= from && cue.span.end() <= to)
    }
}
