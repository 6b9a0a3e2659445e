//! Other people's conformance suites, read as data where they lie: what their parsers make of the same bytes.
//!
//! Nothing of them is kept here but what we answer otherwise, and why (`reasons`).
//!
//! ```text
//! their files ─► reader ─► Case ─► reading (both ends of ours) ─► Difference ─► Reason
//! ```

pub mod curl;
pub mod h11;
pub mod llhttp;
pub mod picohttpparser;
mod reading;
mod reasons;
mod source;
pub mod structured;
pub mod url;

use core::fmt;

use wirenut::http::Rule;

use reading::Reading;

/// Whose suite it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Suite {
    /// Node's parser.
    Llhttp,
    /// What httparse was made after.
    Picohttpparser,
    /// The client.
    Curl,
    /// Python's sans-IO library.
    H11,
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Llhttp => "llhttp",
            Self::Picohttpparser => "picohttpparser",
            Self::Curl => "curl",
            Self::H11 => "h11",
        })
    }
}

/// What the bytes are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Side {
    /// What a client sends.
    Requests,
    /// The answers to requests with these methods; `UPGRADE` stands for a GET that asks for another protocol.
    Answers(Vec<String>),
}

/// A message. Of white space around values nothing is kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Message {
    /// Method and target, or the code.
    pub start: Vec<u8>,
    /// The field lines.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// As much of the content as came.
    pub content: Vec<u8>,
    /// Did its end come?
    pub is_whole: bool,
}

/// A case of a suite.
#[derive(Clone, Debug)]
pub struct Case {
    /// Where it stands.
    pub name: String,
    /// What the bytes are.
    pub side: Side,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Does the peer end its direction behind them?
    pub has_end: bool,
    /// Why they are refused, in the suite's words; `None` if they are not.
    pub refusal: Option<String>,
    /// The messages, where the suite tells.
    pub messages: Option<Vec<Message>>,
    /// Does the suite leave alone what follows these messages?
    pub is_open: bool,
}

/// How a suite and we part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// We refuse what they accept.
    Stricter(Rule),
    /// We accept what they refuse, in their words.
    Laxer(String),
    /// Both accept and read something else.
    Unlike(String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stricter(rule) => write!(f, "we refuse ({rule:?}, {})", rule.section()),
            Self::Laxer(words) => write!(f, "they refuse ({words})"),
            Self::Unlike(what) => write!(f, "we read otherwise: {what}"),
        }
    }
}

/// Which difference a [`Reason`] explains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// See [`Difference::Stricter`].
    Stricter(Rule),
    /// See [`Difference::Laxer`]: their words.
    Laxer(&'static str),
    /// See [`Difference::Unlike`].
    Unlike,
}

/// Why we differ.
#[derive(Clone, Copy, Debug)]
pub struct Reason {
    /// In what.
    pub what: What,
    /// In which cases: those whose name holds one of these, or all if there is none.
    pub cases: &'static [&'static str],
    /// Why.
    pub why: &'static str,
}

impl Reason {
    fn explains(&self, case: &Case, difference: &Difference) -> bool {
        let is_such = match (self.what, difference) {
            (What::Stricter(rule), Difference::Stricter(broken)) => rule == *broken,
            (What::Laxer(words), Difference::Laxer(theirs)) => words == theirs,
            (What::Unlike, Difference::Unlike(_)) => true,
            (What::Stricter(_) | What::Laxer(_) | What::Unlike, _) => false,
        };
        is_such && (self.cases.is_empty() || self.cases.iter().any(|name| case.name.contains(name)))
    }
}

/// How we differ in `case`, if we do.
///
/// # Panics
/// If a cut of the bytes makes a difference.
#[must_use]
pub fn compare(case: &Case) -> Option<Difference> {
    let ours = reading::read(case);
    match (&case.refusal, ours.error) {
        (Some(_), Some(_)) => parting(case, &ours, |message| message.is_whole).map(Difference::Unlike),
        (None, Some(_)) if case.is_open && has_read_all(case, &ours) => None,
        (None, Some(rule)) => Some(Difference::Stricter(rule)),
        (Some(_), None) if reading::is_refused_once_its_line_ends(case) => None,
        (Some(words), None) => Some(Difference::Laxer(words.clone())),
        (None, None) => unlike(case, &ours).map(Difference::Unlike),
    }
}

fn has_read_all(case: &Case, ours: &Reading) -> bool {
    let expected = case.messages.as_deref().unwrap_or(&[]);
    ours.messages.get(..expected.len()) == Some(expected)
}

fn unlike(case: &Case, ours: &Reading) -> Option<String> {
    let (theirs, ours_count) = (case.messages.as_ref()?.len(), ours.messages.len());
    let is_count_right = theirs == ours_count || (case.is_open && theirs < ours_count);
    let count = || (!is_count_right).then(|| format!("{ours_count} messages for {theirs}"));
    parting(case, ours, |_| true).or_else(count)
}

/// The first of such messages that both read, and read otherwise.
fn parting(case: &Case, ours: &Reading, is_such: impl Fn(&Message) -> bool) -> Option<String> {
    let mut both = case.messages.as_deref()?.iter().zip(&ours.messages);
    let (theirs, ours) = both.find(|(theirs, ours)| theirs != ours && is_such(theirs) && is_such(ours))?;
    Some(format!("{} for {}", outline(ours), outline(theirs)))
}

fn outline(message: &Message) -> String {
    let fields =
        message.fields.iter().map(|(name, value)| format!("|{}: {}", name.escape_ascii(), value.escape_ascii()));
    let end = if message.is_whole { "." } else { "" };
    let content = message.content.escape_ascii();
    format!("{}{}|{content}{end}", message.start.escape_ascii(), fields.collect::<String>())
}

/// What became of a suite.
#[derive(Debug)]
pub struct Report {
    suite: Suite,
    count: usize,
    explained: Vec<(&'static Reason, Vec<String>)>,
    unexplained: Vec<(String, Difference)>,
}

impl Report {
    /// Compares all `cases` of `suite`.
    #[must_use]
    pub fn new(suite: Suite, cases: &[Case]) -> Self {
        let explained = reasons::of(suite).iter().map(|reason| (reason, Vec::new())).collect();
        let mut report = Self { suite, count: cases.len(), explained, unexplained: Vec::new() };
        for case in cases {
            let Some(difference) = compare(case) else { continue };
            match report.explained.iter_mut().find(|(reason, _)| reason.explains(case, &difference)) {
                Some((_, names)) => names.push(case.name.clone()),
                None => report.unexplained.push((case.name.clone(), difference)),
            }
        }
        report
    }

    /// Is every difference explained, and every explanation needed?
    #[must_use]
    pub fn is_true(&self) -> bool {
        self.unexplained.is_empty() && self.count > 0 && self.explained.iter().all(|(_, names)| !names.is_empty())
    }

    fn explained_count(&self) -> usize {
        self.explained.iter().map(|(_, names)| names.len()).sum()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (explained, unexplained) = (self.explained_count(), self.unexplained.len());
        let agreed = self.count - explained - unexplained;
        let Self { suite, count, .. } = self;
        writeln!(f, "{suite}: {count} cases, {agreed} agree, {explained} differ with a reason, {unexplained} without")?;
        for (reason, names) in &self.explained {
            let difference = match reason.what {
                What::Stricter(rule) => Difference::Stricter(rule).to_string(),
                What::Laxer(words) => Difference::Laxer(words.to_string()).to_string(),
                What::Unlike => "we read otherwise".to_string(),
            };
            match &names[..] {
                [] => writeln!(f, "  UNUSED {difference}: {}", reason.why)?,
                names => writeln!(f, "  {:4}  {difference}: {}", names.len(), reason.why)?,
            }
            if f.alternate() {
                names.iter().try_for_each(|name| writeln!(f, "          {name}"))?;
            }
        }
        for (name, difference) in &self.unexplained {
            writeln!(f, "  UNEXPLAINED {name}: {difference}")?;
        }
        Ok(())
    }
}
