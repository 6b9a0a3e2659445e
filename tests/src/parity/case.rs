//! What a client does on one connection.

use super::transcript;
use crate::wire;

/// Asks for nothing, and for the end of the connection: who answers it has kept the connection open.
pub const PROBE: &str = "OPTIONS * HTTP/1.1↵Host: probe↵Connection: close↵↵";

/// One thing that a client does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Sends bytes, apart from those before.
    Send(Vec<u8>),
    /// Waits for so many whole responses, interim ones included, since the connection began.
    Await(usize),
    /// Waits for so many bytes of the body of the response in flight.
    AwaitBody(usize),
    /// Ends its direction.
    End,
}

/// What a client does, until the server ends the connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// The methods of the requests: they decide how responses are read.
    pub methods: Vec<String>,
    /// What it does, in order.
    pub steps: Vec<Step>,
    /// Does it wait for a 100?
    pub awaits_continue: bool,
}

impl Case {
    /// A client that does nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), methods: Vec::new(), steps: Vec::new(), awaits_continue: false }
    }

    /// A request, in the signs of [`wire`], directly behind what was sent before.
    #[must_use]
    pub fn ask(mut self, text: &str) -> Self {
        let method = text.trim_start_matches('↵').split(' ').next().unwrap_or("");
        self.methods.push(method.to_owned());
        self.send(&wire::bytes(text))
    }

    /// Bytes directly behind what was sent before.
    #[must_use]
    pub fn send(mut self, bytes: &[u8]) -> Self {
        match self.steps.last_mut() {
            Some(Step::Send(before)) => before.extend_from_slice(bytes),
            _ => self.steps.push(Step::Send(bytes.to_vec())),
        }
        self
    }

    /// Waits until all requests so far are answered.
    #[must_use]
    pub fn answered(mut self) -> Self {
        let interim = usize::from(self.awaits_continue);
        self.steps.push(Step::Await(self.methods.len() + interim));
        self
    }

    /// Waits for a 100 to the last request.
    #[must_use]
    pub fn told_to_continue(mut self) -> Self {
        assert!(!self.awaits_continue, "once is enough");
        self.awaits_continue = true;
        self.steps.push(Step::Await(self.methods.len()));
        self
    }

    /// Waits for so much of the body of the response in flight.
    #[must_use]
    pub fn echoed(mut self, bytes: usize) -> Self {
        self.steps.push(Step::AwaitBody(bytes));
        self
    }

    /// Asks at last whether the connection is still open.
    #[must_use]
    pub fn probed(mut self) -> Self {
        self.methods.push("OPTIONS".to_owned());
        self.steps.push(Step::Send(wire::bytes(PROBE)));
        self
    }

    /// Does it speak after it asked for the end of the connection? A server that has closed by then resets, and whether
    /// the client sees the end before that is chance.
    #[must_use]
    pub fn speaks_after_its_last_word(&self) -> bool {
        let is_last_word = |step: &Step| match step {
            Step::Send(bytes) => {
                let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
                text.contains("connection: close") || (text.contains(" http/1.0\r") && !text.contains("keep-alive"))
            }
            Step::Await(_) | Step::AwaitBody(_) | Step::End => false,
        };
        let behind = self.steps.iter().position(is_last_word).map_or(&[][..], |last| &self.steps[last + 1..]);
        behind.iter().any(|step| matches!(step, Step::Send(_)))
    }

    /// Ends its direction.
    #[must_use]
    pub fn ended(mut self) -> Self {
        self.steps.push(Step::End);
        self
    }

    /// The bytes of the first step.
    ///
    /// # Panics
    /// If it sends none.
    #[must_use]
    pub fn first(&self) -> &[u8] {
        match self.steps.first() {
            Some(Step::Send(bytes)) => bytes,
            other => panic!("{}: {other:?}", self.name),
        }
    }

    /// The same, with the first bytes cut at one place.
    #[must_use]
    pub fn cut_at(&self, at: usize) -> Self {
        let (front, back) = self.first().split_at(at);
        self.with_first(&format!("cut at {at}"), [front, back].map(<[u8]>::to_vec))
    }

    /// The same, with the first bytes sent one by one.
    #[must_use]
    pub fn one_by_one(&self) -> Self {
        self.with_first("byte by byte", self.first().iter().map(|&byte| vec![byte]))
    }

    /// Only so many of the first bytes, and then the end of the client's direction.
    #[must_use]
    pub fn ended_at(&self, at: usize) -> Self {
        let steps = vec![Step::Send(self.first()[..at].to_vec()), Step::End];
        Self { name: format!("{}, ended at {at}", self.name), steps, ..self.clone() }
    }

    /// Are there so many whole responses in `output`? (What cannot be read is judged in the end.)
    #[must_use]
    pub fn has_answers(&self, count: usize, output: &[u8]) -> bool {
        transcript::read(&self.methods, output)
            .is_ok_and(|(responses, _)| responses.iter().filter(|response| response.is_whole).count() >= count)
    }

    /// Are there so many bytes of a body in the last response in `output`?
    #[must_use]
    pub fn has_body(&self, bytes: usize, output: &[u8]) -> bool {
        transcript::read(&self.methods, output)
            .is_ok_and(|(responses, _)| responses.last().is_some_and(|response| response.body.len() >= bytes))
    }

    fn with_first(&self, how: &str, pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let rest = self.steps[1..].iter().cloned();
        let steps = pieces.into_iter().map(Step::Send).chain(rest).collect();
        Self { name: format!("{}, {how}", self.name), steps, ..self.clone() }
    }
}
