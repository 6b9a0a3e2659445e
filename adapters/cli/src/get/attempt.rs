//! One try: a request, what its answer is for what is there, and its content.

use core::time::Duration;
use std::io::Write as _;
use std::time::Instant;

use wirenut::http::HttpDate;
use wirenut_client::{Cause, Phase, Response};

use super::coding::Decoder;
use super::failure::GetFailure;
use super::options::Target;
use super::output::Output;
use super::patience::Patience;
use super::receiver::{Rate, Receiver};
use super::retry::{MAX_RETRY_AFTER, is_idempotent, is_passing_status, may_pass, retry_after};
use super::transfer::{Failed, Outcome, Transfer};
use super::{say, unix_time};
use wirenut_client::resume::{Answer, Validator, Verdict, Version, is_finished, judge};

/// So much content that is not wanted is read, to keep the connection.
const DISCARD: u64 = 64 * 1024;

/// And for at most this long: about as long as a new connection takes.
const DISCARD_TIME: Duration = Duration::from_secs(1);

impl Transfer<'_> {
    /// One request, and its answer as far as it comes.
    pub(super) fn attempt(&mut self) -> Result<Outcome, Failed> {
        if self.have > 0 && (self.version.is_none() || !self.may_resume()) {
            self.begin_anew("it is not known of which version the bytes are that came")?;
        }
        let started = Instant::now();
        let asked = self.version.clone().filter(|_| self.have > 0);
        let sent = self.ask(asked.as_ref());
        let heads = self.session.heads.take();
        self.dump(&heads)?;
        let mut response = sent?;
        let status = response.status().code();
        let shown = format!("{status} {}", self.session.heads.reason()).trim_end().to_owned();
        let placed = match self.check_passing(&response, &shown) {
            Ok(()) => self.place(&response, asked.as_ref(), &shown, &heads),
            Err(failed) => Err(failed),
        };
        match placed {
            Ok(None) => {}
            // The connection may be wanted for the next request.
            Ok(Some(outcome)) => {
                response.discard(DISCARD, DISCARD_TIME);
                return Ok(outcome);
            }
            Err(failed) => {
                response.discard(DISCARD, DISCARD_TIME);
                return Err(failed);
            }
        }
        self.receive(&mut response)?;
        self.show_timings(&response, started);
        let length = self.version.as_ref().and_then(|version| version.length);
        if asked.is_some() && length.is_some_and(|length| self.have < length) {
            return Ok(Outcome::Again);
        }
        let is_error = self.session.arguments.limits.fail_with_body && status >= 400;
        Ok(if is_error { Outcome::WholeError(shown) } else { Outcome::Whole })
    }

    /// Asks: for what is missing, if something of a version is there.
    fn ask(&self, asked: Option<&Version>) -> Result<Response, Failed> {
        let session = self.session;
        session.measure.begin(&self.url, session.prepared.method());
        let watched = (&self.progress, &session.measure);
        let mut request = session.prepared.begin(&session.client, &self.url, &self.patience(), watched)?;
        if let Some(version) = asked {
            let range = format!("bytes={}-", self.have);
            request = request.header("Range", range).header("If-Range", version.validator.value());
        } else if let Some((length, changed)) = self.finished {
            let (range, changed) = (format!("bytes={length}-"), HttpDate::from_unix(changed));
            request = request.header("Range", range).header("If-Unmodified-Since", changed.as_bytes());
        }
        if let Some(deadline) = self.deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(GetFailure::TimedOut.into());
            }
            request = request.timeout(left);
        }
        let (heads, measure) = (session.heads.clone(), session.measure.clone());
        let request = request.observe(move |observed| {
            heads.observe(observed);
            measure.observe(observed);
        });
        request.send().map_err(|error| self.failed(error))
    }

    const fn patience(&self) -> Patience<'_> {
        Patience { deadline: self.deadline, interrupt: self.session.interrupt }
    }

    fn failed(&self, error: wirenut_client::Error) -> Failed {
        let may_pass = may_pass(&error, is_idempotent(self.session.prepared.method()));
        if self.session.arguments.request.location && error.phase() != Phase::Redirect {
            self.session.measure.follow();
        }
        let is_of_proxy = error.is_of_proxy() && !matches!(error.cause(), Cause::Cancelled);
        let is_of_setting = error.phase() == Phase::Prepare && error.subject() == "the proxy";
        let failure = if is_of_proxy || is_of_setting { GetFailure::Proxy(error) } else { error.into() };
        Failed { failure, may_pass, retry_after: None }
    }

    /// Is the status one that may pass, and is there another try? The answer of the last one is the answer.
    fn check_passing(&self, response: &Response, shown: &str) -> Result<(), Failed> {
        let is_idempotent = is_idempotent(self.session.prepared.method());
        if !self.has_tries_left() || !is_passing_status(response.status().code(), is_idempotent) {
            return Ok(());
        }
        let (value, date) = (response.headers().get("Retry-After"), response.headers().get("Date"));
        let retry_after = value.and_then(|value| retry_after(value, date, unix_time()));
        match retry_after {
            Some(seconds) if seconds > MAX_RETRY_AFTER => Err(GetFailure::RetryLater(seconds).into()),
            _ => Err(Failed { failure: GetFailure::Status(shown.into()), may_pass: true, retry_after }),
        }
    }

    /// Decides what the answer is for what is there, and makes the output ready for its content. An outcome: its content is
    /// not wanted.
    fn place(
        &mut self,
        response: &Response,
        asked: Option<&Version>,
        shown: &str,
        heads: &[u8],
    ) -> Result<Option<Outcome>, Failed> {
        let headers = response.headers();
        let answer = Answer {
            status: response.status().code(),
            content_range: headers.get("Content-Range"),
            tag: headers.get("ETag"),
            last_modified: headers.get("Last-Modified"),
            length: response.length(),
        };
        match self.verdict(&answer, asked) {
            Verdict::Failed => Err(GetFailure::Status(shown.into()).into()),
            Verdict::Finished => {
                self.session.heads.say("the file is whole already");
                Ok(Some(Outcome::Whole))
            }
            Verdict::AskAgain(reason) => {
                self.begin_anew(reason)?;
                Ok(Some(Outcome::Again))
            }
            Verdict::Continue { total } => {
                if let Some(version) = &mut self.version {
                    version.length = total;
                }
                Ok(None)
            }
            Verdict::Anew => {
                if asked.is_some() {
                    self.begin_anew("the server has another version, or sends no ranges")?;
                }
                self.begin_all(response, &answer, shown, heads)?;
                Ok(None)
            }
        }
    }

    /// What the answer is for what is there: the part that it was asked for to follow, or the file that may be whole.
    fn verdict(&mut self, answer: &Answer<'_>, asked: Option<&Version>) -> Verdict {
        let is_partial = matches!(self.output, Some(Output::Partial(_)));
        match (asked, self.finished.take()) {
            (Some(version), _) => judge(self.have, version, answer),
            (None, Some((length, _))) if is_finished(length, answer) => {
                // The file is as it is.
                self.output = None;
                Verdict::Finished
            }
            (None, Some(_)) if matches!(answer.status, 206 | 412 | 416) => {
                Verdict::AskAgain("the server has another version than the file that is there")
            }
            (None, _) if is_partial && (answer.status == 206 || !(200..300).contains(&answer.status)) => {
                Verdict::Failed
            }
            // A part would be taken for all.
            (None, _) if answer.status == 206 && !self.session.prepared.asks_for_range() => Verdict::Failed,
            (None, _) => Verdict::Anew,
        }
    }

    /// The answer is all that there is to be: unless it is an error that `--fail` refuses, its heads and its content go to the
    /// output.
    fn begin_all(
        &mut self,
        response: &Response,
        answer: &Answer<'_>,
        shown: &str,
        heads: &[u8],
    ) -> Result<(), GetFailure> {
        if answer.status >= 400 && self.session.arguments.limits.fail {
            self.write_heads(heads)?;
            return Err(GetFailure::Status(shown.into()));
        }
        self.take_name(response)?;
        if answer.status >= 400 && matches!(self.target, Target::File(_)) && !self.session.arguments.output.silent {
            say(&format!("the file gets the page of an error, {shown} (--fail prevents that)"));
        }
        self.begin_version(response, answer)?;
        self.write_heads(heads)
    }

    /// The heads, before the content: of `--include` and `--head`.
    fn write_heads(&mut self, heads: &[u8]) -> Result<(), GetFailure> {
        let arguments = self.session.arguments;
        if !arguments.output.include && !arguments.request.head {
            return Ok(());
        }
        // Where there will be no file, they have nowhere to go.
        if self.output.is_none() && self.target == Target::Standard {
            self.output = Some(Output::standard()?);
        }
        let Some(output) = &mut self.output else { return Ok(()) };
        output.write_all(heads).map_err(|error| output.failed(error))
    }

    /// Makes the output ready for all of a version.
    fn begin_version(&mut self, response: &Response, answer: &Answer<'_>) -> Result<(), GetFailure> {
        let most = self.session.arguments.limits.max_filesize.unwrap_or(u64::MAX);
        if answer.length.is_some_and(|length| length > most) {
            return Err(GetFailure::TooLarge(most));
        }
        let may_replace = self.may_replace();
        let is_of_version = self.session.prepared.method() == "GET" && (200..300).contains(&answer.status);
        let validator = Validator::of(answer.tag, answer.last_modified, response.headers().get("Date"));
        let version = validator.filter(|_| is_of_version).map(|validator| Version { validator, length: answer.length });
        match (&mut self.output, &self.target) {
            (Some(Output::Partial(_)), Target::File(path)) if !may_replace && path.exists() => {
                return Err(GetFailure::Exists(path.clone()));
            }
            (Some(Output::Partial(partial)), _) => {
                let begun = partial.begin(version.as_ref());
                begun.map_err(|error| GetFailure::Output { path: partial.path().clone(), error })?;
            }
            (Some(_), _) => {}
            (None, Target::File(path)) => {
                self.output = Some(Output::file(path, may_replace, &self.patience())?);
            }
            (None, Target::Standard | Target::RemoteName) => self.output = Some(Output::standard()?),
        }
        (self.have, self.version) = (0, version);
        Ok(())
    }

    /// Takes the content.
    fn receive(&mut self, response: &mut Response) -> Result<(), Failed> {
        let Self { session, output, have, progress, deadline, .. } = self;
        let (arguments, interrupt) = (session.arguments, session.interrupt);
        let Some(output) = output else { return Ok(()) };
        let is_empty = session.prepared.method() == "HEAD" || response.length() == Some(0);
        let is_decoded = arguments.request.compressed && !is_empty;
        let codings = response.headers().get_all("Content-Encoding").filter(|_| is_decoded);
        let decoder = Decoder::new(codings)?;
        let rate = arguments.limits.limit_rate.map(|most| Rate::new(most, *deadline, interrupt));
        let max_bytes = arguments.limits.max_filesize.unwrap_or(u64::MAX);
        let base = *have;
        let mut receiver = Receiver { output, decoder, have, max_bytes, rate, given: 0, failure: None };
        let copied = response.copy_to(&mut receiver, |done, all| progress.set(base + done, all.map(|all| base + all)));
        session.measure.set_received(receiver.have.saturating_sub(base));
        match (copied, receiver.failure) {
            (Err(_), Some(failure)) => Err(failure.into()),
            (Err(error), None) => Err(self.failed(error)),
            (Ok(_), _) => Ok(receiver.decoder.finish()?),
        }
    }

    fn show_timings(&self, response: &Response, started: Instant) {
        let timings = response.timings();
        let phases =
            [("look-up", timings.lookup), ("connect", timings.connect), ("TLS", timings.tls), ("head", timings.head)];
        let mut line = String::new();
        for (name, time) in phases.into_iter().filter_map(|(name, time)| Some((name, time?))) {
            line += &format!("{name} {:.1} ms, ", time.as_micros() as f64 / 1000.0);
        }
        let all = started.elapsed().as_secs_f64() * 1000.0;
        self.session.heads.say(&format!("{line}all {all:.1} ms; {} bytes", self.have));
    }
}
