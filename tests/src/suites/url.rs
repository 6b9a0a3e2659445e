//! The URL data of the web platform tests, as ada-url/ada keeps them: JSON with an input, a base, and the URL that browsers
//! make of them.
//!
//! What applies is what RFC 3986 calls a URI reference, against no base or one that is a URI; browsers read much more. Ours
//! is resolved by §5.2, and both are compared in the normal form of §6.2.2 and §6.2.3, as HTTP has it.

use core::fmt;
use std::path::Path;
use std::{fs, io};

use serde_json::Value;
use wirenut::http::UriReference;

/// A case of the suite.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is read.
    pub input: String,
    base: Option<String>,
    /// What it comes to; `None` if browsers refuse it.
    href: Option<String>,
}

/// All cases in a checkout.
///
/// # Errors
/// A file cannot be read, or is not of the form that the suite's README describes.
pub fn cases(directory: &Path) -> io::Result<Vec<Case>> {
    let mut all = Vec::new();
    for name in ["urltestdata.json", "ada_extra_urltestdata.json"] {
        let text = fs::read(directory.join("tests/wpt").join(name))?;
        let cases: Vec<Value> = serde_json::from_slice(&text)?;
        // Texts between them are comments.
        for case in cases.iter().filter(|case| case.is_object()) {
            let text = |name: &str| case.get(name).and_then(Value::as_str).map(str::to_owned);
            let input =
                text("input").ok_or_else(|| io::Error::other(format!("{name}: a case of unknown form: {case}")))?;
            all.push(Case { input, base: text("base"), href: text("href") });
        }
    }
    Ok(all)
}

/// Why browsers come to something else, and whether that is why in a case.
type Reason = (&'static str, fn(&Compared<'_>) -> bool);

/// The first that fits is taken.
const REASONS: &[Reason] = &[
    (
        "file: browsers have drive letters, localhost and a host that is always there; RFC 8089 is another document",
        |case| case.ours.scheme() == Some("file"),
    ),
    (
        "a scheme of the web: browsers take any number of slashes, also none, for two (RFC 3986 §5.4.2, strict)",
        |case| {
            let lacks_host = |uri: &UriReference<'_>| uri.authority().is_none_or(str::is_empty);
            is_of_the_web(&case.ours) && lacks_host(&case.ours) && lacks_host(&case.input)
        },
    ),
    ("nothing is relative to a path without a slash at its beginning: RFC 3986 §5.2 lets it be", |case| {
        let base = case.base.filter(|_| case.input.scheme().is_none());
        base.is_some_and(|base| base.authority().is_none() && !base.path().starts_with('/')) && case.theirs.is_none()
    }),
    ("a user or a port without a host: a host may be empty (RFC 3986 §3.2.2)", |case| {
        case.theirs.is_none() && case.ours.host() == Some("") && case.ours.authority() != Some("")
    }),
    ("a port is below 65,536, and has no zeros before it: it is any number of digits (RFC 3986 §3.2.3)", |case| {
        let port = case.ours.port().unwrap_or_default();
        port.starts_with('0') || port.parse::<u16>().is_err() && !port.is_empty()
    }),
    ("an empty user and an empty password are taken away: RFC 3986 §6.2 does not", |case| {
        let user = case.ours.authority().and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
        user.is_some_and(|user| user.is_empty() || user.ends_with(':'))
    }),
    ("an address of IPv6 is written in its shortest form: RFC 3986 §6.2.2 leaves it", |case| {
        case.ours.host().is_some_and(|host| host.starts_with('['))
    }),
    ("a host that ends with a number is an address of IPv4: it is a name (RFC 3986 §3.2.2)", |case| {
        let host = case.ours.host().unwrap_or_default();
        let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
        let is_hexadecimal =
            last.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        is_hexadecimal || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
    }),
    ("a host is a domain name, decoded and mapped by IDNA: it is any text (RFC 3986 §3.2.2)", |case| {
        is_of_the_web(&case.ours) && case.ours.host().is_some_and(|host| host.contains('%') || host.contains("xn--"))
    }),
    ("an apostrophe in a query is encoded: RFC 3986 §3.4 has it as it is", |case| {
        is_of_the_web(&case.ours) && case.ours.query().is_some_and(|query| query.contains('\''))
    }),
];

/// What is known of a case that differs.
struct Compared<'c> {
    ours: UriReference<'c>,
    input: UriReference<'c>,
    base: Option<UriReference<'c>>,
    theirs: Option<&'c str>,
}

/// Those that browsers read by rules of their own (WHATWG URL §3.1), but for `file`.
fn is_of_the_web(uri: &UriReference<'_>) -> bool {
    matches!(uri.scheme(), Some("http" | "https" | "ws" | "wss" | "ftp"))
}

/// What came of a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is about what RFC 3986 knows nothing of.
    DoesNotApply,
    /// Both come to the same.
    Agrees,
    /// They do not, for this reason.
    Differs(&'static str),
    /// They do not, and nobody knows why.
    Unexplained(String),
}

/// Compares a case.
#[must_use]
pub fn compare(case: &Case) -> Outcome {
    let Some(ours) = resolved(case) else { return Outcome::DoesNotApply };
    let theirs = case.href.as_deref().map(|href| match UriReference::parse(href.as_bytes()) {
        Ok(href) => normal(&href),
        Err(_) => href.to_owned(),
    });
    if theirs.as_ref() == Some(&ours) {
        return Outcome::Agrees;
    }
    fn parse(text: &[u8]) -> UriReference<'_> {
        UriReference::parse(text).expect("it was one")
    }
    let compared = Compared {
        ours: parse(ours.as_bytes()),
        input: parse(case.input.as_bytes()),
        base: case.base.as_deref().map(|base| parse(base.as_bytes())),
        theirs: case.href.as_deref(),
    };
    match REASONS.iter().find(|(_, explains)| explains(&compared)) {
        Some((why, _)) => Outcome::Differs(why),
        None => {
            let theirs = theirs.as_deref().unwrap_or("nothing");
            Outcome::Unexplained(format!("{:?} on {:?}: {ours}, not {theirs}", case.input, case.base))
        }
    }
}

/// What we come to; `None` if it is no URI reference, or one without a base.
fn resolved(case: &Case) -> Option<String> {
    let input = UriReference::parse(case.input.as_bytes()).ok()?;
    let base = match &case.base {
        Some(base) => Some(UriReference::parse(base.as_bytes()).ok().filter(|base| base.scheme().is_some())?),
        None => None,
    };
    let Some(base) = base else {
        return input.scheme().is_some().then(|| {
            let mut room = vec![0; input.as_str().len() + 3];
            let nothing = UriReference::parse(b"a:").expect("a base");
            normal(&nothing.resolve(&input, &mut room).expect("room"))
        });
    };
    let mut room = vec![0; base.as_str().len() + input.as_str().len() + 3];
    Some(normal(&base.resolve(&input, &mut room).expect("room")))
}

/// RFC 3986 §6.2.2, and §6.2.3 for the schemes of the web: the port that is meant anyway is not written, nor an empty one;
/// an empty path is a slash.
fn normal(uri: &UriReference<'_>) -> String {
    let mut room = vec![0; uri.as_str().len() + 2];
    let uri = uri.normalize(&mut room).expect("room");
    let default = match uri.scheme() {
        Some("http" | "ws") => "80",
        Some("https" | "wss") => "443",
        Some("ftp") => "21",
        _ => return uri.to_string(),
    };
    let Some(authority) = uri.authority() else { return uri.to_string() };
    let authority = match uri.port() {
        Some(port) if port.is_empty() || port == default => {
            authority.rsplit_once(':').map_or(authority, |(host, _)| host)
        }
        _ => authority,
    };
    let path = if uri.path().is_empty() { "/" } else { uri.path() };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let fragment = uri.fragment().map(|fragment| format!("#{fragment}")).unwrap_or_default();
    format!("{}://{authority}{path}{query}{fragment}", uri.scheme().unwrap_or_default())
}

/// What became of the suite.
#[derive(Debug)]
pub struct Report {
    count: usize,
    outcomes: Vec<Outcome>,
}

impl Report {
    /// Compares all `cases`.
    #[must_use]
    pub fn new(cases: &[Case]) -> Self {
        let outcomes = cases.iter().map(compare).filter(|outcome| *outcome != Outcome::DoesNotApply).collect();
        Self { count: cases.len(), outcomes }
    }

    /// Are there cases, has each difference a reason, and is each reason needed?
    #[must_use]
    pub fn is_true(&self) -> bool {
        let is_needed = |why: &'static str| self.outcomes.contains(&Outcome::Differs(why));
        let is_explained = |outcome: &Outcome| !matches!(outcome, Outcome::Unexplained(_));
        !self.outcomes.is_empty()
            && self.outcomes.iter().all(is_explained)
            && REASONS.iter().all(|(why, _)| is_needed(why))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |wanted: &Outcome| self.outcomes.iter().filter(|outcome| *outcome == wanted).count();
        let (all, applying, agreeing) = (self.count, self.outcomes.len(), count(&Outcome::Agrees));
        writeln!(f, "URL data: {all} cases, {applying} are URI references, {agreeing} agree")?;
        for (why, _) in REASONS {
            let number = count(&Outcome::Differs(why));
            let mark = if number == 0 { "NOT NEEDED " } else { "" };
            writeln!(f, "  {mark}{number:3} {why}")?;
        }
        self.outcomes.iter().try_for_each(|outcome| match outcome {
            Outcome::Unexplained(what) => writeln!(f, "  UNEXPLAINED {what}"),
            Outcome::DoesNotApply | Outcome::Agrees | Outcome::Differs(_) => Ok(()),
        })
    }
}
