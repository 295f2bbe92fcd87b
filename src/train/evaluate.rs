//! (to be written)
pub struct ConceptGold; pub struct NarrativeGold; pub struct Report;
pub fn concepts() {} pub fn narratives() {}
