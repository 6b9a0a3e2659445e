//! The structured fields of httpwg/structured-field-tests: JSON files with what a field is, and how it is written.
//!
//! Each case goes all ways it allows: its lines are read and what they are is compared; what was read is written again,
//! and so is what the case says that it is, and each must give the canonical text, which must read as the same.

mod model;

use core::fmt;
use std::path::Path;
use std::{fs, io};

use serde_json::Value;

/// What kind of field a case is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Item,
    List,
    Dictionary,
}

/// A case of the suite.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its file and its own name.
    pub name: String,
    kind: Kind,
    /// The lines; `None` if it is about writing only.
    raw: Option<Vec<String>>,
    /// What it is.
    expected: Value,
    canonical: Option<Vec<String>>,
    must_fail: bool,
    can_fail: bool,
}

/// All cases in a checkout.
///
/// # Errors
/// A file cannot be read, or is not of the form that the suite's README describes.
pub fn cases(directory: &Path) -> io::Result<Vec<Case>> {
    let mut files = Vec::new();
    for folder in [directory.to_path_buf(), directory.join("serialisation-tests")] {
        let paths =
            fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
        files.extend(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")));
    }
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let broken = |what: &str| io::Error::other(format!("{name}: {what}"));
        let text = fs::read(&file)?;
        let cases: Vec<Value> = serde_json::from_slice(&text).map_err(|error| broken(&error.to_string()))?;
        for case in &cases {
            all.push(Case::new(&name, case).ok_or_else(|| broken(&format!("a case of unknown form: {case}")))?);
        }
    }
    Ok(all)
}

impl Case {
    fn new(file: &str, case: &Value) -> Option<Self> {
        let lines = |name: &str| {
            let lines = case.get(name)?.as_array()?.iter();
            lines.map(|line| line.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
        };
        let is_so = |name: &str| case.get(name).is_some_and(|value| value == true);
        Some(Self {
            name: format!("{file}: {}", case.get("name")?.as_str()?),
            kind: match case.get("header_type")?.as_str()? {
                "item" => Kind::Item,
                "list" => Kind::List,
                "dictionary" => Kind::Dictionary,
                _ => return None,
            },
            raw: lines("raw"),
            expected: case.get("expected").cloned().unwrap_or_default(),
            canonical: lines("canonical"),
            must_fail: is_so("must_fail"),
            can_fail: is_so("can_fail"),
        })
    }

    /// What it must be when it is written.
    fn written(&self) -> String {
        self.canonical.as_ref().or(self.raw.as_ref()).map(|lines| lines.join(", ")).unwrap_or_default()
    }
}

/// What we do otherwise, if anything.
#[must_use]
pub fn compare(case: &Case) -> Option<String> {
    let Some(raw) = &case.raw else {
        return match (model::write(case.kind, &case.expected), case.must_fail) {
            (Ok(text), true) => Some(format!("we write {text}")),
            (Err(why), false) => Some(format!("we do not write it: {why}")),
            (Ok(text), false) => unlike("write", &text, &case.written()),
            (Err(_), true) => None,
        };
    };
    let read = match model::read(case.kind, raw) {
        Ok(read) if case.must_fail => return Some(format!("we read {}", read.value)),
        Ok(read) => read,
        Err(_) if case.must_fail || case.can_fail => return None,
        Err(error) => return Some(format!("we refuse: {error}")),
    };
    if let Some(difference) = unlike("read", &read.value, &case.expected) {
        return Some(difference);
    }
    let written = case.written();
    let from_json = match model::write(case.kind, &case.expected) {
        Ok(text) => unlike("write what it is as", &text, &written),
        Err(why) => Some(format!("we do not write it: {why}")),
    };
    let again = model::read(case.kind, core::slice::from_ref(&written)).map(|read| read.value);
    from_json.or_else(|| unlike("write what we read as", &read.written, &written)).or_else(|| match again {
        Ok(value) => unlike("read what is written as", &value, &case.expected),
        Err(error) => Some(format!("we refuse what is written: {error}")),
    })
}

fn unlike<T: PartialEq + fmt::Display>(what: &str, ours: &T, theirs: &T) -> Option<String> {
    (ours != theirs).then(|| format!("we {what} {ours}, not {theirs}"))
}

/// What became of the suite.
#[derive(Debug)]
pub struct Report {
    count: usize,
    failing: usize,
    differences: Vec<(String, String)>,
}

impl Report {
    /// Compares all `cases`.
    #[must_use]
    pub fn new(cases: &[Case]) -> Self {
        let difference = |case: &Case| compare(case).map(|difference| (case.name.clone(), difference));
        let failing = cases.iter().filter(|case| case.must_fail).count();
        Self { count: cases.len(), failing, differences: cases.iter().filter_map(difference).collect() }
    }

    /// Are there cases, and do all agree?
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.count > 0 && self.differences.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, failing, differences } = self;
        let agreed = count - differences.len();
        writeln!(f, "structured-field-tests: {count} cases ({failing} must fail), {agreed} agree")?;
        differences.iter().try_for_each(|(name, difference)| writeln!(f, "  UNEXPLAINED {name}: {difference}"))
    }
}
