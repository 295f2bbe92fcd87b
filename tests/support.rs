//! What tests share: the shipped vocabulary with a tiny seeded model or none, and folders of their own.

use relat::{
    analyze::{Analyzer, Wish},
    types::{Analysis, Claim, Narrative, NeedStatus},
};
use std::{
    path::{Path, PathBuf},
    sync::{LazyLock, atomic::AtomicUsize, atomic::Ordering},
};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shipped vocabulary, read by rules only.
pub static RULES: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::open(&root().join("vocab"), None).unwrap());

/// The shipped vocabulary and the shipped model.
pub static FULL: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::open(&root().join("vocab"), Some(&root().join("models/relat"))).unwrap());

pub fn analyze(analyzer: &Analyzer, text: &str) -> Analysis {
    analyzer.analyze(&Narrative::new("t", text).unwrap(), Wish::default()).unwrap()
}

/// The needs of an analysis with `status`, as ids.
pub fn needs(analysis: &Analysis, status: NeedStatus) -> Vec<String> {
    let of = |claim: &Claim| match claim {
        Claim::Need { need, status: s, .. } if *s == status => Some(need.to_string()),
        _ => None,
    };
    analysis.proposals.iter().filter_map(|p| of(&p.claim)).collect()
}

/// `../shared`, or `None` with a word that the test was skipped.
pub fn shared() -> Option<PathBuf> {
    let shared = root().parent().unwrap().join("shared");
    if shared.is_dir() {
        return Some(shared);
    }
    eprintln!("skipped: ../shared is not beside the repository");
    None
}

/// A folder of this test's own, removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("relat-test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A copy of the shipped vocabulary.
    pub fn with_vocabulary() -> Self {
        let folder = Self::new();
        copy(&root().join("vocab"), &folder.0);
        folder
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Replaces the content of a file by what `change` makes of it.
    pub fn edit(&self, file: &str, change: impl FnOnce(String) -> String) {
        let path = self.0.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, change(text)).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Runs the binary in the repository with `input` on standard input: exit status, standard output, standard error.
pub fn relat(arguments: &[&str], input: &[u8]) -> (i32, String, String) {
    use std::io::Write;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_relat"))
        .args(arguments)
        .current_dir(root())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}
