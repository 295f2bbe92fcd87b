use super::Problem;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    str::FromStr,
};

/// A tab-separated table with a header line, read whole; wrong rows are reported by file and line and left out.
///
/// No quoting, as in RF2: a cell holds neither tab nor line break. An empty cell is written `-`.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Row>,
}

/// One row of a table.
#[derive(Debug)]
pub(super) struct Row {
    /// Line in the file, 1 for the header.
    pub line: usize,
    file: String,
    cells: HashMap<&'static str, String>,
}

/// What is known while a release is read: where it lies and all that is wrong with it.
pub(super) struct Reading<'a> {
    pub root: &'a Path,
    pub problems: Vec<Problem>,
    /// The bytes of every file read, in reading order, for the fingerprint.
    pub contents: Vec<(String, Vec<u8>)>,
}

impl Reading<'_> {
    /// Reports something wrong.
    pub fn problem(&mut self, file: &str, line: usize, message: impl Into<String>) {
        self.problems.push(Problem { file: file.to_owned(), line, message: message.into() });
    }

    /// The text of `file`, or `None` with a problem reported; a missing `optional` file is no problem.
    pub fn text(&mut self, file: &str, optional: bool) -> Option<String> {
        let path: PathBuf = self.root.join(file);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if optional && error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => {
                self.problem(file, 0, format!("cannot be read: {error}"));
                return None;
            }
        };
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let upto = error.utf8_error().valid_up_to();
                let line = error.as_bytes().iter().take(upto).filter(|b| **b == b'\n').count() + 1;
                self.problem(file, line, "is not UTF-8: save the file as UTF-8");
                return None;
            }
        };
        self.contents.push((file.to_owned(), text.clone().into_bytes()));
        Some(text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned))
    }

    /// The table in `file` with exactly `columns`.
    pub fn table(&mut self, file: &str, columns: &[&'static str]) -> Table {
        self.read_table(file, columns, false)
    }

    /// As [`Reading::table`]; a missing file is an empty table.
    pub fn optional_table(&mut self, file: &str, columns: &[&'static str]) -> Table {
        self.read_table(file, columns, true)
    }

    fn read_table(&mut self, file: &str, columns: &[&'static str], optional: bool) -> Table {
        let mut rows = Vec::new();
        let Some(text) = self.text(file, optional) else {
            return Table { rows };
        };
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate();
        let header: Vec<&str> = lines.next().map(|(_, line)| line.split('\t').collect()).unwrap_or_default();
        if header != columns {
            self.problem(file, 1, format!("the header must be: {}", columns.join("⇥")));
            return Table { rows };
        }
        for (index, line) in lines.filter(|(_, line)| !line.is_empty()) {
            let cells: Vec<&str> = line.split('\t').collect();
            if cells.len() == columns.len() {
                let cells = columns.iter().copied().zip(cells.iter().map(|cell| cell.trim().to_owned())).collect();
                rows.push(Row { line: index + 1, file: file.to_owned(), cells });
            } else {
                self.problem(file, index + 1, format!("has {} columns and needs {}", cells.len(), columns.len()));
            }
        }
        Table { rows }
    }
}

impl Table {
    /// The rows that had the right columns.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }
}

impl Row {
    /// The cell as it stands; empty when it is `-`.
    pub fn cell(&self, column: &'static str) -> &str {
        match self.cells.get(column).map(String::as_str) {
            Some("-") | None => "",
            Some(cell) => cell,
        }
    }

    /// The cell as a value, or `None` with a problem reported.
    pub fn value<T: FromStr>(&self, column: &'static str, reading: &mut Reading<'_>) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        self.parse(self.cell(column), column, reading)
    }

    /// The values of a cell that are separated by spaces.
    pub fn values<T: FromStr>(&self, column: &'static str, reading: &mut Reading<'_>) -> Vec<T>
    where
        T::Err: std::fmt::Display,
    {
        self.cell(column).split_whitespace().filter_map(|part| self.parse(part, column, reading)).collect()
    }

    /// Reports a problem of this row.
    pub fn problem(&self, reading: &mut Reading<'_>, message: impl Into<String>) {
        reading.problem(&self.file, self.line, message);
    }

    fn parse<T: FromStr>(&self, text: &str, column: &str, reading: &mut Reading<'_>) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        text.parse().map_err(|error| self.problem(reading, format!("column {column}: {error}"))).ok()
    }
}
