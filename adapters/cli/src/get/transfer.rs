//! One URL: tries, each of which goes on where the one before broke off, until what came is whole.

use core::cell::RefCell;
use core::time::Duration;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::time::Instant;

use wirenut_client::{Client, Response, Url};

use super::failure::GetFailure;
use super::heads::Heads;
use super::interrupt::Interrupt;
use super::measured::Measure;
use super::name;
use super::options::{GetArguments, Target};
use super::output::{Output, is_standard};
use super::partial::Partial;
use super::progress::Progress;
use super::request::Prepared;
use super::retry::{MAX_RETRY_AFTER, pause};
use super::say;
use wirenut_client::resume::Version;

/// So often in a row an answer may bring nothing, without a try being counted.
const MAX_ROUNDS: u32 = 10;

/// What all URLs have in common.
pub(super) struct Session<'a> {
    pub(super) arguments: &'a GetArguments,
    pub(super) client: Client,
    pub(super) prepared: Prepared<'a>,
    pub(super) interrupt: &'a Interrupt,
    pub(super) heads: Heads,
    pub(super) measure: Measure,
    /// Where `--dump-header` writes.
    pub(super) dump: Option<RefCell<Output>>,
}

/// What a try came to that did not fail.
pub(super) enum Outcome {
    /// All is there.
    Whole,
    /// The same with a status of an error, for `--fail-with-body`.
    WholeError(String),
    /// Ask again: this answer was of no use, or brought only a part.
    Again,
}

/// Why a try failed, and whether another one may succeed.
pub(super) struct Failed {
    pub(super) failure: GetFailure,
    pub(super) may_pass: bool,
    /// What the server asks for, in seconds.
    pub(super) retry_after: Option<u64>,
}

impl<F: Into<GetFailure>> From<F> for Failed {
    fn from(failure: F) -> Self {
        Self { failure: failure.into(), may_pass: false, retry_after: None }
    }
}

/// The transfer of one URL.
pub(super) struct Transfer<'s> {
    pub(super) session: &'s Session<'s>,
    pub(super) url: Url,
    pub(super) target: Target,
    /// Opened when there is content for it; a partial file before.
    pub(super) output: Option<Output>,
    /// How many bytes of the version have come.
    pub(super) have: u64,
    /// Of which version they are, if that is known.
    pub(super) version: Option<Version>,
    /// The file of the final name, which may be whole: its length, and when it was changed.
    pub(super) finished: Option<(u64, u64)>,
    pub(super) deadline: Option<Instant>,
    pub(super) progress: Progress,
    /// How many have failed.
    pub(super) tries: u32,
}

impl Session<'_> {
    /// Gets one URL.
    pub(super) fn get(&self, url: &str, target: Target) -> Result<(), GetFailure> {
        let url = self.prepared.named(super::url::read(&self.prepared.with_query(url))?)?;
        let target = match target {
            // The server's name comes with its answer.
            Target::RemoteName if self.arguments.output.remote_header_name => Target::RemoteName,
            Target::RemoteName => Target::File(name::of_url(&url)?),
            target @ (Target::Standard | Target::File(_)) => target,
        };
        if let Target::File(path) = &target {
            self.measure.set_file(path);
        }
        let options = &self.arguments.output;
        let is_for_terminal = target == Target::Standard && io::stdout().is_terminal();
        let transfer = Transfer {
            session: self,
            url,
            target,
            output: None,
            have: 0,
            version: None,
            finished: None,
            deadline: self.arguments.limits.max_time.map(|limit| Instant::now() + limit),
            progress: Progress::new(options.shows_progress() && !is_for_terminal && !options.verbose),
            tries: 0,
        };
        transfer.run()
    }
}

impl Transfer<'_> {
    fn run(mut self) -> Result<(), GetFailure> {
        self.look_for_files()?;
        let mut rounds = 0;
        loop {
            let before = self.have;
            match self.attempt() {
                Ok(Outcome::Whole) => return self.finish(),
                Ok(Outcome::WholeError(status)) => {
                    self.finish()?;
                    return Err(GetFailure::Status(status));
                }
                Ok(Outcome::Again) => {
                    rounds = if self.have > before { 0 } else { rounds + 1 };
                    if rounds >= MAX_ROUNDS {
                        return Err(GetFailure::Range("what the server sends is of no use"));
                    }
                }
                Err(failed) => self.wait(failed)?,
            }
        }
    }

    fn finish(self) -> Result<(), GetFailure> {
        self.progress.clear();
        self.output.map_or(Ok(()), Output::finish)
    }

    /// What an earlier run has left, by `-C -`; and what may not be replaced.
    fn look_for_files(&mut self) -> Result<(), GetFailure> {
        let Target::File(path) = self.target.clone() else { return Ok(()) };
        let found = path.metadata().ok();
        let is_other = is_standard(&path) || found.as_ref().is_some_and(|found| !found.is_file());
        // What is no file, such as a device, is not continued.
        if self.session.arguments.output.continue_at.is_none() || is_other {
            return if found.is_some() && !self.may_replace() { Err(GetFailure::Exists(path)) } else { Ok(()) };
        }
        let metadata = found;
        // Behind a symbolic link, so that the link stays one.
        let path = if metadata.is_some() { path.canonicalize().unwrap_or(path) } else { path };
        let (partial, found) = Partial::open(&path, self.may_replace(), &self.url.to_string())?;
        self.output = Some(Output::Partial(Box::new(partial)));
        match (found, metadata) {
            (Some((have, version)), _) => (self.have, self.version) = (have, Some(version)),
            (None, Some(metadata)) if metadata.len() > 0 && self.may_resume() => {
                self.finished = Some((metadata.len(), u64::try_from(metadata.mtime()).unwrap_or(0)));
            }
            (None, _) => {}
        }
        Ok(())
    }

    /// Names the file, if the server may name it.
    pub(super) fn take_name(&mut self, response: &Response) -> Result<(), GetFailure> {
        if self.target == Target::RemoteName {
            let path = match name::of_answer(response) {
                Some(name) => name,
                None => name::of_url(&self.url)?,
            };
            self.session.measure.set_file(&path);
            self.target = Target::File(path);
        }
        Ok(())
    }

    /// A file that the user named may be replaced; one that the URL names may not.
    pub(super) const fn may_replace(&self) -> bool {
        !self.session.arguments.output.remote_name
    }

    /// May there be another try after this one?
    pub(super) fn has_tries_left(&self) -> bool {
        self.tries < self.session.arguments.limits.retry && self.session.prepared.is_repeatable()
    }

    /// Waits for the next try, if there is to be one.
    fn wait(&mut self, Failed { failure, may_pass, retry_after }: Failed) -> Result<(), GetFailure> {
        if !may_pass || !self.has_tries_left() {
            return Err(failure);
        }
        self.tries += 1;
        let is_kept = self.version.is_some() && self.may_resume();
        if !is_kept && self.output.as_ref().is_some_and(|output| !output.can_restart()) {
            // A second try would write the beginning twice, which is worse than a part.
            return Err(failure);
        }
        let pause = match retry_after {
            Some(seconds @ ..=MAX_RETRY_AFTER) => Duration::from_secs(seconds),
            Some(seconds) => return Err(GetFailure::RetryLater(seconds)),
            None => pause(self.tries, self.session.arguments.limits.retry_delay),
        };
        if self.deadline.is_some_and(|deadline| Instant::now() + pause >= deadline) {
            return Err(failure);
        }
        self.progress.clear();
        if !self.session.arguments.output.silent {
            say(&format!("{failure}; trying again in {} ms", pause.as_millis()));
        }
        self.session.interrupt.sleep(pause)
    }

    /// Can a try go on where the one before broke off, if the version is known?
    pub(super) fn may_resume(&self) -> bool {
        let prepared = &self.session.prepared;
        // Only the bytes as they were sent have offsets, and only in all of them.
        let has_offsets = !self.session.arguments.request.compressed && !prepared.asks_for_range();
        prepared.method() == "GET" && prepared.is_empty() && has_offsets
    }

    /// Throws away what came.
    pub(super) fn begin_anew(&mut self, reason: &'static str) -> Result<(), GetFailure> {
        if let Some(output) = &mut self.output {
            if !output.can_restart() {
                return Err(GetFailure::Range(reason));
            }
            output.restart()?;
        }
        self.session.heads.say(&format!("begun anew: {reason}"));
        (self.have, self.version) = (0, None);
        Ok(())
    }

    /// Writes the heads that came to where they are wanted.
    pub(super) fn dump(&self, heads: &[u8]) -> Result<(), GetFailure> {
        let Some(dump) = &self.session.dump else { return Ok(()) };
        let mut dump = dump.borrow_mut();
        dump.set_deadline(self.deadline);
        dump.write_all(heads).map_err(|error| dump.failed(error))
    }
}
