use super::{dictionary::Dictionary, lexicon::Lexicon};
use crate::{
    text::{Stems, words},
    types::{ConceptId, Language},
};
use tantivy::{
    Index, IndexReader, TantivyDocument, Term,
    collector::TopDocs,
    query::{BooleanQuery, FuzzyTermQuery, Occur, Query, TermQuery},
    schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value},
};

/// A concept near a text, with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The concept.
    pub concept: ConceptId,
    /// BM25 over stems: unbounded, comparable only within one query.
    pub score: f32,
}

/// The search index, in memory: the words of all terms (to mend typos) and the terms by their stems (to find candidates).
pub(super) struct Search {
    stems: Stems,
    word_field: Field,
    words: IndexReader,
    concept_field: Field,
    stem_field: Field,
    terms: IndexReader,
}

/// Memory for writing an index; tantivy asks for at least 15 MB a thread.
const WRITER_BYTES: usize = 15_000_000;

impl Search {
    pub(super) fn build(dictionary: &Dictionary, lexicon: &Lexicon) -> Result<Self, tantivy::TantivyError> {
        let stems = Stems::default();
        let (word_field, word_reader) = index_words(lexicon)?;
        let (concept_field, stem_field, term_reader) = index_terms(dictionary, &stems)?;
        Ok(Self { stems, word_field, words: word_reader, concept_field, stem_field, terms: term_reader })
    }

    /// The known word one letter away from `folded`, if there is exactly one best; of several the first by alphabet.
    pub(super) fn nearest_word(&self, folded: &str) -> Option<String> {
        let query = FuzzyTermQuery::new(Term::from_field_text(self.word_field, folded), 1, true);
        let searcher = self.words.searcher();
        let top = searcher.search(&query, &TopDocs::with_limit(8).order_by_score()).ok()?;
        let found = top.into_iter().filter_map(|(_, address)| {
            let document: TantivyDocument = searcher.doc(address).ok()?;
            document.get_first(self.word_field).and_then(|v| v.as_str()).map(str::to_owned)
        });
        // another ending is another word, not a typo: the first letter and the length but one must agree
        found.filter(|word| word.chars().next() == folded.chars().next() && !is_inflection(word, folded)).min()
    }

    /// Concepts whose terms share stems with `text`, best first; equal scores by key, so that the order is stable.
    pub(super) fn candidates(&self, text: &str, limit: usize) -> Vec<Candidate> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for word in words(text, 0) {
            for stem in unique(self.stems.of(&word.folded)) {
                let term = Term::from_field_text(self.stem_field, &stem);
                clauses.push((Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))));
            }
        }
        let searcher = self.terms.searcher();
        let Ok(top) = searcher.search(&BooleanQuery::new(clauses), &TopDocs::with_limit(limit * 6).order_by_score()) else {
            return Vec::new();
        };
        let mut found: Vec<Candidate> = Vec::new();
        for (score, address) in top {
            let Ok(document) = searcher.doc::<TantivyDocument>(address) else {
                continue;
            };
            let key = document.get_first(self.concept_field).and_then(|v| v.as_str()).and_then(|text| text.parse().ok());
            if let Some(concept) = key
                && !found.iter().any(|c| c.concept == concept)
            {
                found.push(Candidate { concept, score });
            }
        }
        found.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.concept.cmp(&b.concept)));
        found.truncate(limit);
        found
    }
}

/// Whether the two differ only in a final letter, as forms of one word do.
fn is_inflection(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    same + 1 >= a.len().max(b.len())
}

fn unique([a, b]: [String; 2]) -> impl Iterator<Item = String> {
    let second = (a != b).then_some(b);
    std::iter::once(a).chain(second)
}

fn index_words(lexicon: &Lexicon) -> Result<(Field, IndexReader), tantivy::TantivyError> {
    let mut schema = Schema::builder();
    let field = schema.add_text_field("word", STRING | STORED);
    let index = Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    let mut known: Vec<&str> = lexicon.known().collect();
    known.sort_unstable();
    for word in known {
        let mut document = TantivyDocument::default();
        document.add_text(field, word);
        writer.add_document(document)?;
    }
    writer.commit()?;
    Ok((field, index.reader()?))
}

fn index_terms(dictionary: &Dictionary, stems: &Stems) -> Result<(Field, Field, IndexReader), tantivy::TantivyError> {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer("whitespace").set_index_option(IndexRecordOption::WithFreqs);
    let concept_field = schema.add_text_field("concept", STRING | STORED);
    let stem_field = schema.add_text_field("stems", TextOptions::default().set_indexing_options(indexing));
    let index = Index::create_in_ram(schema.build());
    index.tokenizers().register("whitespace", tantivy::tokenizer::WhitespaceTokenizer::default());
    let mut writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    for concept in dictionary.concepts().iter().filter(|concept| !concept.bare) {
        for term in concept.terms.iter().filter(|term| term.language != Language::Unknown) {
            let side = usize::from(term.language == Language::Spanish);
            let stemmed: Vec<String> = words(&term.text, 0).iter().map(|word| stems.of(&word.folded)[side].clone()).collect();
            let mut document = TantivyDocument::default();
            document.add_text(concept_field, concept.id.to_string());
            document.add_text(stem_field, stemmed.join(" "));
            writer.add_document(document)?;
        }
    }
    writer.commit()?;
    Ok((concept_field, stem_field, index.reader()?))
}
