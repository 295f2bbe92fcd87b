use relat::{text, types::Narrative, vocab::Vocabulary};
fn main() {
    let v = Vocabulary::open(std::path::Path::new("vocab")).unwrap();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let n = Narrative::new("", line.clone()).unwrap();
        let d = text::read(&n, v.dotted());
        for s in &d.sentences {
            let r = v.read_sentence(s);
            println!("# {} [{:?}] clauses {:?}", s.span.of(&line), s.language, s.clauses.iter().map(|c| c.of(&line)).collect::<Vec<_>>());
            for c in v.cues_in(&r, s.language) {
                println!("   {:?} {:?} {:?} {:?}", c.span.of(&line), c.effect, c.direction, c.scope);
            }
        }
    }
}
