//! The files of one directory as a [`Service`]: what becomes of each request, and what is logged of it.

use alloc::rc::Rc;
use alloc::sync::Arc;
use core::cell::Cell;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::task::Poll;
use std::io;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::time::{Instant as Clock, SystemTime};

use wirenut::http::{
    ByteRange, EntityTag, Error, Field, Fields, Head, Method, Precondition, Response, Rule, Status, Validators,
    Version, WriteError,
};
use wirenut::service::{Answer, Service, Step};
use wirenut::time::Duration;
use wirenut_linux::{FileRange, Transfer};

use super::body::{Body, Segment};
use super::find::{Coding, Finder, Found, FoundFile, Patience, Wanted};
use super::listing::Listing;
use super::path::RelativePath;
use super::pool::{Busy, Pool};
use super::reader::{FileReader, Read, ReadError};
use super::reply::Reply;
use super::root::OpenError;
use super::selection::{self, Multipart, Selection, Tags};
use crate::log::{AccessLog, Escaped, Line};

const ALLOW: Field<'static> = Field::new("Allow", "GET, HEAD");
const HTML: Field<'static> = Field::new("Content-Type", "text/html; charset=utf-8");
/// A browser must not take a text for a page because it looks like one.
const NO_SNIFF: Field<'static> = Field::new("X-Content-Type-Options", "nosniff");
/// A listing runs nothing and loads nothing, whatever the names in it are.
const NO_SCRIPTS: Field<'static> =
    Field::new("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");

/// How long to wait before asking a pool again that takes no more.
const BUSY_WAIT: Duration = Duration::from_millis(5);

/// Serves what is beneath a directory.
pub struct Files {
    finder: Arc<Finder>,
    pool: Pool,
    log: Option<AccessLog>,
}

impl Files {
    /// What the finder finds, read by `pool` where a disk has to be waited for; a line in `log` for each request.
    #[must_use]
    pub const fn new(finder: Arc<Finder>, pool: Pool, log: Option<AccessLog>) -> Self {
        Self { finder, pool, log }
    }
}

/// One request in flight.
pub struct Exchange {
    phase: Phase,
    wanted: Wanted,
    is_head: bool,
    /// The field lines that have a say in what is sent; mostly none.
    conditions: Vec<u8>,
    /// Bytes that the kernel has moved.
    moved: Rc<Cell<u64>>,
    logged: Option<Box<Logged>>,
}

enum Phase {
    /// Nothing was done yet.
    Start,
    /// The pool is looking.
    LookingUp(Reply<Result<Found, OpenError>>),
    /// Known, and not answered yet.
    Found(Result<Found, OpenError>),
    /// The head is sent, and the body on its way.
    Sending(Body),
    /// Nothing is left to do.
    Answered,
}

/// A part of a file that the kernel moves, and the count of what it has moved.
#[derive(Debug)]
pub struct Moving {
    range: FileRange,
    moved: Rc<Cell<u64>>,
}

impl Transfer for Moving {
    fn transfer(&mut self, socket: BorrowedFd<'_>, length: u64) -> io::Result<u64> {
        let moved = self.range.transfer(socket, length)?;
        self.moved.set(self.moved.get().saturating_add(moved));
        Ok(moved)
    }
}

/// What the log will say of a request.
struct Logged {
    peer: SocketAddr,
    method: Box<[u8]>,
    target: Box<[u8]>,
    version: Version,
    /// The values of Referer and User-Agent.
    origin: [Box<[u8]>; 2],
    date: SystemTime,
    begun: Clock,
    /// None as long as nothing was answered.
    status: Option<Status>,
    sent: u64,
}

impl Service for Files {
    type Exchange = Exchange;
    type Source = Moving;

    fn request(&self, head: &Head<'_>, answer: &mut Answer<'_>) -> Result<(Exchange, Step<Moving>), WriteError> {
        let logged = self.log.as_ref().map(|_| Box::new(Logged::of(head, answer)));
        let is_head = head.method == Method::Head;
        let (wanted, conditions) = (Wanted::default(), Vec::new());
        let mut exchange = Exchange { phase: Phase::Start, wanted, is_head, conditions, moved: Rc::default(), logged };
        if !is_head && head.method != Method::Get {
            let step = exchange.refuse(Status::METHOD_NOT_ALLOWED, &[ALLOW], "only GET and HEAD", answer)?;
            return Ok((exchange, step));
        }
        let step = match RelativePath::parse(head.target.path()) {
            Ok(path) => {
                let is_precompressed = self.finder.policy.is_precompressed;
                let codings = if is_precompressed { Coding::wanted(head.fields) } else { [None; 3] };
                exchange.wanted = Wanted { path, query: head.target.query().map(Box::from), codings };
                exchange.conditions = conditions_of(head.fields);
                self.proceed(&mut exchange, answer)?
            }
            Err(error) => exchange.refuse(Status::BAD_REQUEST, &[], &error.to_string(), answer)?,
        };
        Ok((exchange, step))
    }

    fn proceed(&self, exchange: &mut Exchange, answer: &mut Answer<'_>) -> Result<Step<Moving>, WriteError> {
        loop {
            let next = match &mut exchange.phase {
                Phase::Answered => return Ok(Step::Done),
                Phase::Sending(_) => return self.send(exchange, answer),
                Phase::Found(_) => return self.answer(exchange, answer),
                Phase::Start => match self.look_up(&exchange.wanted, answer) {
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
        if outcome.is_err_and(|error| error.rule == Rule::SourceFailed) {
            log::warn!("{}: {}", Escaped(exchange.wanted.path.as_bytes()), ReadError::Truncated);
        }
        if let (Some(log), Some(logged)) = (&self.log, exchange.logged) {
            // Where we did not answer, the connection itself may have done so.
            let status = logged.status.or_else(|| outcome.err()?.rule.status());
            log.record(&Line {
                peer: logged.peer,
                method: &logged.method,
                target: &logged.target,
                version: logged.version,
                referer: &logged.origin[0],
                user_agent: &logged.origin[1],
                date: logged.date,
                status: status.map(Status::code),
                sent: logged.sent.saturating_add(exchange.moved.get()),
                took: logged.begun.elapsed(),
            });
        }
    }
}

impl Files {
    /// Finds what is wanted: at once if no disk has to be asked, by the pool otherwise.
    fn look_up(&self, wanted: &Wanted, answer: &Answer<'_>) -> Result<Phase, Busy> {
        if let Some(found) = self.finder.find(wanted, Patience::None) {
            return Ok(Phase::Found(found));
        }
        let (finder, wanted) = (Arc::clone(&self.finder), wanted.clone());
        let find = move || finder.find(&wanted, Patience::Any).unwrap_or(Err(OpenError::NotFound));
        self.pool.ask(&answer.waker(), find).map(Phase::LookingUp)
    }

    /// Answers what was found, once there is room for it.
    fn answer(&self, exchange: &mut Exchange, answer: &mut Answer<'_>) -> Result<Step<Moving>, WriteError> {
        let Phase::Found(found) = core::mem::replace(&mut exchange.phase, Phase::Answered) else {
            return Ok(Step::More);
        };
        match self.respond(&found, exchange, answer) {
            Ok(None) => Ok(Step::Done),
            Ok(Some(plan)) => {
                exchange.phase = plan.body(found).map_or(Phase::Answered, Phase::Sending);
                self.send(exchange, answer)
            }
            Err(error) => {
                exchange.phase = Phase::Found(found);
                Err(error)
            }
        }
    }

    /// Writes the head of the answer. `None`: it was the whole answer.
    fn respond(
        &self,
        found: &Result<Found, OpenError>,
        exchange: &mut Exchange,
        answer: &mut Answer<'_>,
    ) -> Result<Option<Plan>, WriteError> {
        let error = match found {
            Ok(Found::File(file)) => return self.respond_with_file(file, exchange, answer),
            Ok(Found::Redirect) => return exchange.redirect(answer),
            Ok(Found::Listing(listing)) => return exchange.respond_with_listing(listing, answer),
            Err(error) => error,
        };
        let status = match error {
            OpenError::Forbidden => Status::FORBIDDEN,
            OpenError::Exhausted => Status::SERVICE_UNAVAILABLE,
            OpenError::Disk(_) => Status::INTERNAL_SERVER_ERROR,
            // What lies outside, or is no file, is not there.
            OpenError::NotFound | OpenError::Outside | OpenError::Special => Status::NOT_FOUND,
        };
        exchange.refuse(status, &[], "", answer)?;
        if matches!(error, OpenError::Outside | OpenError::Exhausted | OpenError::Disk(_)) {
            exchange.warn(error, answer);
        }
        Ok(None)
    }

    fn respond_with_file(
        &self,
        found: &FoundFile,
        exchange: &mut Exchange,
        answer: &mut Answer<'_>,
    ) -> Result<Option<Plan>, WriteError> {
        let length = found.file.length;
        if found.is_error_page {
            let fields = [Field::new("Content-Type", found.media_type), NO_SNIFF];
            answer.respond(&Response::new(Status::NOT_FOUND).with_fields(&fields).with_length(length))?;
            exchange.note_status(Status::NOT_FOUND);
            return Ok(Some(Plan::Whole));
        }
        let tags = Tags::of(found, SystemTime::now());
        let plan = match selection::select(&tags, length, exchange.method(), exchange.conditions()) {
            Selection::Whole => Plan::Whole,
            Selection::Part(part) => Plan::Part(part),
            Selection::Parts(parts) => {
                let around = Multipart::new(&parts, found.media_type, length);
                Plan::Parts(parts, around)
            }
            Selection::NotModified => Plan::NotModified,
            Selection::PreconditionFailed => {
                exchange.refuse(Status::PRECONDITION_FAILED, &[], "", answer)?;
                return Ok(None);
            }
            Selection::Unsatisfiable => {
                let range = format!("bytes */{length}");
                let fields = [Field::new("Content-Range", &range)];
                exchange.refuse(Status::RANGE_NOT_SATISFIABLE, &fields, "", answer)?;
                return Ok(None);
            }
        };
        let status = plan.status();
        self.write_head(found, &tags, &plan, answer)?;
        exchange.note_status(status);
        Ok((plan != Plan::NotModified).then_some(plan))
    }

    fn write_head(
        &self,
        found: &FoundFile,
        tags: &Tags,
        plan: &Plan,
        answer: &mut Answer<'_>,
    ) -> Result<(), WriteError> {
        let mut fields = Vec::with_capacity(10);
        let length = found.file.length;
        let (date, range);
        // A 304 updates what is cached: the tag is enough to tell of what (RFC 9110 §15.4.5).
        if *plan != Plan::NotModified {
            let media_type = if let Plan::Parts(_, around) = plan { &around.media_type } else { found.media_type };
            fields.extend([Field::new("Content-Type", media_type), NO_SNIFF, Field::new("Accept-Ranges", "bytes")]);
            date = tags.date();
            fields.extend(date.as_ref().map(|date| Field::from_bytes("Last-Modified", date.as_bytes())));
            fields.extend(found.coding.map(|coding| Field::new("Content-Encoding", coding.name())));
            if let Plan::Part(part) = plan {
                range = selection::content_range(*part, length);
                fields.push(Field::new("Content-Range", &range));
            }
        }
        fields.push(Field::new("ETag", &tags.entity_tag));
        fields.extend(found.cache.as_deref().map(|cache| Field::new("Cache-Control", cache)));
        if self.finder.policy.is_precompressed {
            fields.push(Field::new("Vary", "Accept-Encoding"));
        }
        let length = match plan {
            Plan::Whole => length,
            Plan::Part(part) => part.length(),
            Plan::Parts(_, around) => around.length,
            Plan::NotModified | Plan::Listing => 0,
        };
        answer.respond(&Response::new(plan.status()).with_fields(&fields).with_length(length))
    }

    /// Sends as much of the body as there is room for. To HEAD there is none, and the session ends the exchange.
    fn send(&self, exchange: &mut Exchange, answer: &mut Answer<'_>) -> Result<Step<Moving>, WriteError> {
        loop {
            let Phase::Sending(body) = &mut exchange.phase else { return Ok(Step::Done) };
            let reader = match body.current() {
                None => {
                    exchange.phase = Phase::Answered;
                    return Ok(Step::Done);
                }
                Some(Segment::Bytes(bytes, given)) => {
                    let sent = answer.send_body(&bytes[*given..])?;
                    *given += sent;
                    exchange.note_sent(sent);
                    if sent == 0 {
                        return Ok(Step::More);
                    }
                    continue;
                }
                Some(Segment::File(reader)) => reader,
            };
            if let Some((file, start, length)) = reader.transfer() {
                let source = Moving { range: FileRange::new(file, start), moved: Rc::clone(&exchange.moved) };
                return Ok(Step::Transfer { source, length });
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

/// What follows a head.
#[derive(Debug, PartialEq)]
enum Plan {
    Whole,
    Part(ByteRange),
    Parts(Vec<ByteRange>, Multipart),
    NotModified,
    Listing,
}

impl Plan {
    const fn status(&self) -> Status {
        match self {
            Self::Whole | Self::Listing => Status::OK,
            Self::Part(_) | Self::Parts(..) => Status::PARTIAL_CONTENT,
            Self::NotModified => Status::NOT_MODIFIED,
        }
    }

    /// The body that was promised, of what was found.
    fn body(self, found: Result<Found, OpenError>) -> Option<Body> {
        let file = match found {
            Ok(Found::File(found)) => found.file,
            Ok(Found::Listing(listing)) => return Some(Body::one(Segment::Bytes(listing.html.into_bytes(), 0))),
            Ok(Found::Redirect) | Err(_) => return None,
        };
        match self {
            Self::Whole => Some(Body::one(Segment::File(FileReader::new(file.file, 0, file.length)))),
            Self::Part(part) => Some(Body::one(Segment::File(FileReader::new(file.file, part.first, part.length())))),
            Self::Parts(parts, around) => {
                let content = Arc::new(file.file);
                let mut segments = Vec::with_capacity(2 * parts.len() + 1);
                let mut parts = parts.into_iter();
                for delimiter in around.delimiters {
                    segments.push(Segment::Bytes(delimiter.into_bytes(), 0));
                    let part = parts.next();
                    let reader = |part: ByteRange| FileReader::new(Arc::clone(&content), part.first, part.length());
                    segments.extend(part.map(reader).map(Segment::File));
                }
                Some(Body::of(segments))
            }
            Self::NotModified | Self::Listing => None,
        }
    }
}

/// The field lines that decide what is sent, kept for when the file is found.
fn conditions_of(fields: Fields<'_>) -> Vec<u8> {
    let mut lines = Vec::new();
    for field in fields.into_iter().filter(|field| selection::is_condition(field.name)) {
        for part in [field.name, b": ", field.value, b"\r\n"] {
            lines.extend_from_slice(part);
        }
    }
    lines
}

impl Exchange {
    /// Answers with a small page and without a file. `why` says more than the status, where that is known.
    fn refuse(
        &mut self,
        status: Status,
        fields: &[Field<'_>],
        why: &str,
        answer: &mut Answer<'_>,
    ) -> Result<Step<Moving>, WriteError> {
        let fields = [&[HTML, NO_SNIFF], fields].concat();
        let why = if why.is_empty() { String::new() } else { format!("<p>{why}</p>\n") };
        let page = format!("<!doctype html>\n<title>{status}</title>\n<h1>{status}</h1>\n{why}");
        answer.send(&Response::new(status).with_fields(&fields), page.as_bytes())?;
        self.note_status(status);
        self.note_sent(page.len());
        self.phase = Phase::Answered;
        Ok(Step::Done)
    }

    /// Sends the page for a directory, unless the conditions say otherwise. No parts of it: it may be another page each
    /// time, and is made as a whole.
    fn respond_with_listing(&mut self, listing: &Listing, answer: &mut Answer<'_>) -> Result<Option<Plan>, WriteError> {
        let entity_tag = format!("\"{:016x}\"", listing.digest);
        let validators = Validators { entity_tag: EntityTag::parse(entity_tag.as_bytes()), ..Validators::NONE };
        let (plan, length) = match validators.check(self.method(), self.conditions()) {
            Precondition::Holds => (Plan::Listing, listing.html.len() as u64),
            Precondition::NotModified => (Plan::NotModified, 0),
            Precondition::Failed => {
                self.refuse(Status::PRECONDITION_FAILED, &[], "", answer)?;
                return Ok(None);
            }
        };
        let fields =
            [Field::new("ETag", &entity_tag), Field::new("Cache-Control", "no-cache"), HTML, NO_SNIFF, NO_SCRIPTS];
        let told = if plan == Plan::NotModified { &fields[..2] } else { &fields };
        answer.respond(&Response::new(plan.status()).with_fields(told).with_length(length))?;
        self.note_status(plan.status());
        Ok((plan != Plan::NotModified).then_some(plan))
    }

    const fn method(&self) -> Method<'static> {
        if self.is_head { Method::Head } else { Method::Get }
    }

    fn conditions(&self) -> Fields<'_> {
        Fields::parse(&self.conditions).unwrap_or_default()
    }

    /// A directory without its slash: relative links of its page would lead astray, so the client is sent to the right
    /// address first.
    fn redirect(&mut self, answer: &mut Answer<'_>) -> Result<Option<Plan>, WriteError> {
        let mut location = self.wanted.path.location().into_bytes();
        if let Some(query) = &self.wanted.query {
            location.push(b'?');
            location.extend_from_slice(query);
        }
        let fields = [Field::from_bytes("Location", &location)];
        self.refuse(Status::MOVED_PERMANENTLY, &fields, "the directory ends with a slash", answer)?;
        Ok(None)
    }

    /// Tells whoever runs the server what its clients are not told.
    fn warn(&self, reason: &dyn core::error::Error, answer: &Answer<'_>) {
        let peer = answer.peer().unwrap_or(NOBODY);
        log::warn!("{peer}: {}: {reason}", Escaped(self.wanted.path.as_path().as_os_str().as_bytes()));
    }

    fn note_status(&mut self, status: Status) {
        if let Some(logged) = &mut self.logged {
            logged.status = Some(status);
        }
    }

    fn note_sent(&mut self, bytes: usize) {
        // To HEAD no body goes out.
        if let Some(logged) = self.logged.as_mut().filter(|_| !self.is_head) {
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
            version: head.version,
            origin: ["Referer", "User-Agent"].map(|name| head.fields.get(name).unwrap_or_default().into()),
            date: SystemTime::now(),
            begun: Clock::now(),
            status: None,
            sent: 0,
        }
    }
}

#[cfg(test)]
mod tests;
