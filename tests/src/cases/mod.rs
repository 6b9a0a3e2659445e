//! Raw requests and what they must lead to; raw responses in [`answers`].
//!
//! [`check`] runs a case in every cut, with all the room there is and with little, and wants the same each time.

pub mod answers;
mod framing;
mod heads;
mod messages;

use wirenut::http::{Disposition, FieldFilter, Limits, Rule, Status};
use wirenut::time::Duration;

use crate::every_split::every_split;
use crate::pair::{self, Setup};
use crate::recorder::Recorder;
use crate::responses;
use crate::wire::Wire;

/// Bytes that a client sends to a [`Recorder`], and what must come of them.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The section of the RFC.
    pub section: &'static str,
    /// The bytes, in the signs of [`crate::wire`]. The byte that breaks the rule is marked.
    pub text: &'static str,
    /// The bounds.
    pub limits: Limits,
    /// Does the peer end its direction behind them?
    pub has_end: bool,
    /// The requests that the service sees, as [`Recorder::requests`] describes them.
    pub requests: &'static [&'static str],
    /// The codes of the responses. `None`: 200 for each request, then that of the broken rule.
    pub codes: Option<&'static [u16]>,
    /// The rule that is broken at the marked byte.
    pub rule: Option<Rule>,
    /// What becomes of the connection.
    pub disposition: Disposition,
}

/// Little of everything, so that bounds can be written down.
pub const SMALL: Limits = Limits {
    head_bytes: 64,
    field_count: 3,
    body_bytes: 10,
    chunk_line_bytes: 12,
    trailer_bytes: 16,
    discard_bytes: 4,
    head: Duration::from_secs(1),
    ..Limits::DEFAULT
};

/// A request of HTTP/1.1 with these lines behind its Host field.
macro_rules! post {
    ($rest:literal) => {
        concat!("POST / HTTP/1.1↵Host: a↵", $rest)
    };
}
pub(crate) use post;

impl Case {
    /// These requests are accepted and answered.
    pub(crate) const fn accept(section: &'static str, text: &'static str, requests: &'static [&'static str]) -> Self {
        Self {
            section,
            text,
            limits: Limits::DEFAULT,
            has_end: false,
            requests,
            codes: None,
            rule: None,
            disposition: Disposition::Open,
        }
    }

    /// The rule is broken at the mark, and answered.
    pub(crate) const fn refuse(section: &'static str, text: &'static str, rule: Rule) -> Self {
        Self { rule: Some(rule), disposition: Disposition::ShutdownWrite, ..Self::accept(section, text, &[]) }
    }

    /// The service saw these requests before, and answered them.
    pub(crate) const fn after(self, requests: &'static [&'static str]) -> Self {
        Self { requests, ..self }
    }

    /// The service saw this request, and the error is its only answer.
    pub(crate) const fn within(self, requests: &'static [&'static str], codes: &'static [u16]) -> Self {
        Self { requests, codes: Some(codes), ..self }
    }

    pub(crate) const fn codes(self, codes: &'static [u16]) -> Self {
        Self { codes: Some(codes), ..self }
    }

    pub(crate) const fn small(self) -> Self {
        Self { limits: SMALL, ..self }
    }

    /// The peer ends its direction behind the bytes, so nothing is left to wait for.
    pub(crate) const fn ended(self) -> Self {
        Self { has_end: true, disposition: Disposition::Close, ..self }
    }

    pub(crate) const fn leaves(self, disposition: Disposition) -> Self {
        Self { disposition, ..self }
    }
}

/// All cases.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [heads::CASES, framing::CASES, messages::CASES].into_iter().flatten()
}

/// Less than some heads of the cases, and more than what is kept of any; with the trailer fields that are expected.
const FILTER: FieldFilter =
    FieldFilter { names: &["A", "C", "Trail", "Second", "ETag", "Authentication-Info"], bytes: 100 };

/// How adapters may differ.
#[must_use]
pub fn setups(limits: Limits) -> [Setup; 4] {
    let plenty = Setup { limits, ..Setup::default() };
    let tight = Setup { capacity: 200, rooms: vec![3, 40, 0, 17], ..plenty.clone() };
    let limits = Limits { field_filter: Some(&FILTER), ..limits };
    let buffered = Setup { limits, buffer: Some(2), ..plenty.clone() };
    [plenty.clone(), Setup { is_eager: true, ..plenty }, tight, buffered]
}

/// Runs `case` in every cut and every setup.
///
/// # Panics
/// If anything is not as the case has it.
pub fn check(case: &Case) {
    let wire = Wire::new(case.text);
    for setup in setups(case.limits) {
        let observed = every_split(&wire.bytes, |pieces| {
            let (outcome, service) = pair::run(&setup, Recorder::default(), pieces, case.has_end);
            let methods = service.methods();
            let methods: Vec<_> = methods.iter().map(String::as_str).collect();
            let mut responses = responses::read_all(&methods, &outcome.output);
            // Whether the client is told to go on depends on whether it has: on the cut.
            responses.retain(|response| response.code != 100);
            // How far a response that is cut off has come depends on the room.
            responses.iter_mut().filter(|response| !response.is_whole).for_each(|response| response.body.clear());
            (service.requests(), responses, outcome.errors, outcome.disposition, outcome.closed)
        });
        let (requests, responses, errors, disposition, _) = observed;
        let codes: Vec<u16> = responses.iter().map(|response| response.code).collect();
        let answer = case.rule.and_then(Rule::status).map(Status::code);
        let expected = match case.codes {
            Some(codes) => codes.to_vec(),
            None => case.requests.iter().map(|_| 200).chain(answer).collect(),
        };
        let rules: Vec<_> = errors.iter().map(|error| (error.rule, error.offset)).collect();
        let broken: Vec<_> = case.rule.map(|rule| (rule, wire.offset())).into_iter().collect();
        let got = (requests.iter().map(String::as_str).collect::<Vec<_>>(), codes, rules, disposition);
        assert_eq!(
            got,
            (case.requests.to_vec(), expected, broken, case.disposition),
            "left: got, right: expected (RFC {}): {}",
            case.section,
            case.text
        );
    }
}
