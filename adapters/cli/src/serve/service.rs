//! The files of one directory as a [`Service`]: what becomes of each request, and what is logged of it.

use alloc::sync::Arc;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::task::Poll;
use std::os::unix::ffi::OsStrExt;
use std::time::Instant as Clock;

use wirenut::http::{Error, Field, Head, Method, Response, Status, WriteError};
use wirenut::service::{Answer, Service, Step};
use wirenut::time::Duration;

use super::content_type;
use super::path::RelativePath;
use super::pool::{Busy, Pool};
use super::reader::{FileReader, Read};
use super::reply::Reply;
use super::root::{Entry, OpenError, Root};
use crate::log::{Escaped, Line, LineLog};

const ALLOW: Field<'static> = Field::new("Allow", "GET, HEAD");
const TEXT: Field<'static> = Field::new("Content-Type", "text/plain; charset=utf-8");
/// A browser must not take a text for a page because it looks like one.
const NO_SNIFF: Field<'static> = Field::new("X-Content-Type-Options", "nosniff");

/// How long to wait before asking a pool again that takes no more.
const BUSY_WAIT: Duration = Duration::from_millis(5);

/// Serves what is beneath a directory.
pub struct Files {
    root: Arc<Root>,
    pool: Pool,
    log: Option<LineLog>,
}

impl Files {
    /// Files beneath `root`, read by `pool` where a disk has to be waited for; a line in `log` for each request.
    #[must_use]
    pub const fn new(root: Arc<Root>, pool: Pool, log: Option<LineLog>) -> Self {
        Self { root, pool, log }
    }
}

/// One request in flight.
pub struct Exchange {
    phase: Phase,
    path: RelativePath,
    /// What follows the path in a redirect.
    query: Option<Box<[u8]>>,
    logged: Option<Box<Logged>>,
}

enum Phase {
    /// Nothing was done yet.
    Start,
    /// The pool is looking.
    LookingUp(Reply<Found>),
    /// Known, and not answered yet.
    Found(Found),
    /// The head is sent, and the file on its way.
    Sending(FileReader),
    /// Nothing is left to do.
    Answered,
}

type Found = Result<Entry, OpenError>;

/// What the log will say of a request.
struct Logged {
    peer: SocketAddr,
    method: Box<[u8]>,
    target: Box<[u8]>,
    begun: Clock,
    /// None as long as nothing was answered.
    status: Option<Status>,
    sent: u64,
}

impl Service for Files {
    type Exchange = Exchange;
    type Source = core::convert::Infallible;

    fn request(&self, head: &Head<'_>, answer: &mut Answer<'_>) -> Result<(Exchange, Step), WriteError> {
        let logged = self.log.as_ref().map(|_| Box::new(Logged::of(head, answer)));
        let mut exchange = Exchange { phase: Phase::Start, path: RelativePath::default(), query: None, logged };
        if !matches!(head.method, Method::Get | Method::Head) {
            let fields = [ALLOW, TEXT, NO_SNIFF];
            let step = exchange.refuse(Status::METHOD_NOT_ALLOWED, &fields, "only GET and HEAD\n", answer)?;
            return Ok((exchange, step));
        }
        let step = match RelativePath::parse(head.target.path()) {
            Ok(path) => {
                exchange.path = path;
                exchange.query = head.target.query().map(Box::from);
                self.proceed(&mut exchange, answer)?
            }
            Err(error) => exchange.refuse(Status::BAD_REQUEST, &[TEXT, NO_SNIFF], &format!("{error}\n"), answer)?,
        };
        Ok((exchange, step))
    }

    fn proceed(&self, exchange: &mut Exchange, answer: &mut Answer<'_>) -> Result<Step, WriteError> {
        loop {
            let next = match &mut exchange.phase {
                Phase::Answered => return Ok(Step::Done),
                Phase::Sending(_) => return self.send(exchange, answer),
                Phase::Found(_) => return self.answer(exchange, answer),
                Phase::Start => match self.look_up(&exchange.path, answer) {
                    Ok(phase) => phase,
                    Err(Busy) => return Ok(Step::Wait(Some(answer.now().saturating_add(BUSY_WAIT)))),
                },
                Phase::LookingUp(reply) => match reply.try_take() {
                    Poll::Pending => return Ok(Step::Wait(None)),
                    Poll::Ready(Ok(found)) => Phase::Found(found),
                    // The look-up died.
                    Poll::Ready(Err(_)) => Phase::Found(Err(OpenError::Exhausted)),
                },
            };
            exchange.phase = next;
        }
    }

    fn closed(&self, exchange: Exchange, outcome: Result<(), Error>) {
        if let (Some(log), Some(logged)) = (&self.log, exchange.logged) {
            // Where we did not answer, the connection itself may have done so.
            let status = logged.status.or_else(|| outcome.err()?.rule.status());
            log.record(&Line {
                peer: logged.peer,
                method: &logged.method,
                target: &logged.target,
                status: status.map(Status::code),
                sent: logged.sent,
                took: logged.begun.elapsed(),
            });
        }
    }
}

impl Files {
    /// Finds what the path names: at once if no disk has to be asked, by the pool otherwise.
    fn look_up(&self, path: &RelativePath, answer: &Answer<'_>) -> Result<Phase, Busy> {
        // Of a directory only its page is served.
        let path = if path.is_directory() { path.index() } else { path.clone() };
        if let Some(found) = self.root.look_up_cached(&path) {
            return Ok(Phase::Found(found));
        }
        let root = Arc::clone(&self.root);
        self.pool.ask(&answer.waker(), move || root.look_up(&path)).map(Phase::LookingUp)
    }

    /// Answers what was found, once there is room for it.
    fn answer(&self, exchange: &mut Exchange, answer: &mut Answer<'_>) -> Result<Step, WriteError> {
        let Phase::Found(found) = &exchange.phase else { return Ok(Step::More) };
        let refused = match found {
            Ok(Entry::File(file)) => {
                let name = if exchange.path.is_directory() { exchange.path.index() } else { exchange.path.clone() };
                let fields = [Field::new("Content-Type", content_type::of(name.as_path())), NO_SNIFF];
                answer.respond(&Response::new(Status::OK).with_fields(&fields).with_length(file.length))?;
                exchange.note_status(Status::OK);
                return self.begin(exchange, answer);
            }
            Ok(Entry::Directory) if exchange.path.is_directory() => Status::NOT_FOUND,
            Ok(Entry::Directory) => return exchange.redirect(answer),
            Err(OpenError::Forbidden) => Status::FORBIDDEN,
            Err(OpenError::Exhausted) => Status::SERVICE_UNAVAILABLE,
            Err(OpenError::Disk(_)) => Status::INTERNAL_SERVER_ERROR,
            // What lies outside, or is no file, is not there.
            Err(_) => Status::NOT_FOUND,
        };
        let reason = found.as_ref().err().copied();
        let step = exchange.refuse(refused, &[TEXT, NO_SNIFF], &format!("{refused}\n"), answer)?;
        if let Some(reason @ (OpenError::Outside | OpenError::Exhausted | OpenError::Disk(_))) = reason {
            exchange.warn(&reason, answer);
        }
        Ok(step)
    }

    /// The head is written: begins with the body.
    fn begin(&self, exchange: &mut Exchange, answer: &mut Answer<'_>) -> Result<Step, WriteError> {
        if let Phase::Found(Ok(Entry::File(file))) = core::mem::replace(&mut exchange.phase, Phase::Answered) {
            exchange.phase = Phase::Sending(FileReader::new(file.file, 0, file.length));
        }
        self.send(exchange, answer)
    }

    /// Sends as much of the file as there is room for. To HEAD there is none, and the session ends the exchange.
    fn send(&self, exchange: &mut Exchange, answer: &mut Answer<'_>) -> Result<Step, WriteError> {
        loop {
            let Phase::Sending(reader) = &mut exchange.phase else { return Ok(Step::Done) };
            if reader.remaining() == 0 {
                exchange.phase = Phase::Answered;
                return Ok(Step::Done);
            }
            let mut read = None;
            answer.fill_body(|room| {
                let outcome = reader.read(room);
                read = Some(outcome);
                if let Read::Bytes(count) = outcome { count } else { 0 }
            })?;
            match read {
                None => return Ok(Step::More),
                Some(Read::Bytes(count)) => exchange.note_sent(count),
                Some(Read::Absent) => match reader.ask(&answer.waker(), &self.pool) {
                    Ok(()) => return Ok(Step::Wait(None)),
                    Err(Busy) => return Ok(Step::Wait(Some(answer.now().saturating_add(BUSY_WAIT)))),
                },
                Some(Read::Wait) => return Ok(Step::Wait(None)),
                Some(Read::Failed(error)) => {
                    exchange.warn(&error, answer);
                    return Ok(Step::Abort);
                }
                // There are bytes left to send, so the reader has some to give.
                Some(Read::End) => return Ok(Step::Abort),
            }
        }
    }
}

impl Exchange {
    /// Answers with a text and without a file.
    fn refuse(
        &mut self,
        status: Status,
        fields: &[Field<'_>],
        text: &str,
        answer: &mut Answer<'_>,
    ) -> Result<Step, WriteError> {
        answer.send(&Response::new(status).with_fields(fields), text.as_bytes())?;
        self.note_status(status);
        self.note_sent(text.len());
        self.phase = Phase::Answered;
        Ok(Step::Done)
    }

    /// A directory without its slash: relative links of its page would lead astray, so the client is sent to the right
    /// address first.
    fn redirect(&mut self, answer: &mut Answer<'_>) -> Result<Step, WriteError> {
        let mut location = self.path.location().into_bytes();
        if let Some(query) = &self.query {
            location.push(b'?');
            location.extend_from_slice(query);
        }
        let fields = [Field::from_bytes("Location", &location), TEXT, NO_SNIFF];
        self.refuse(Status::MOVED_PERMANENTLY, &fields, "the directory ends with a slash\n", answer)
    }

    /// Tells whoever runs the server what its clients are not told.
    fn warn(&self, reason: &dyn core::error::Error, answer: &Answer<'_>) {
        let peer = answer.peer().unwrap_or(NOBODY);
        log::warn!("{peer}: {}: {reason}", Escaped(self.path.as_path().as_os_str().as_bytes()));
    }

    fn note_status(&mut self, status: Status) {
        if let Some(logged) = &mut self.logged {
            logged.status = Some(status);
        }
    }

    fn note_sent(&mut self, bytes: usize) {
        // To HEAD no body goes out.
        if let Some(logged) = self.logged.as_mut().filter(|logged| *logged.method != *b"HEAD") {
            logged.sent = logged.sent.saturating_add(bytes as u64);
        }
    }
}

/// Stands for a peer that is gone, or has no address.
const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

impl Logged {
    fn of(head: &Head<'_>, answer: &Answer<'_>) -> Self {
        Self {
            peer: answer.peer().unwrap_or(NOBODY),
            method: head.method.as_bytes().into(),
            target: head.target.raw().into(),
            begun: Clock::now(),
            status: None,
            sent: 0,
        }
    }
}

#[cfg(test)]
mod tests;
