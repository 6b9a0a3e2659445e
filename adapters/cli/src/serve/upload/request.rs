//! One upload, as its exchange sees it: content comes in, and what was stored comes out.

use alloc::sync::Arc;
use core::mem;
use core::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use wirenut::http::multipart::Boundary;
use wirenut::http::service::Responder;
use wirenut::http::{Fields, RequestHead, Version};
use wirenut::time::{Duration, Instant};
use wirenut_server::blocking::{Bounds, Job, Pool};

use super::desk::{Command, Desk, Rule, Stored};
use super::error::UploadError;
use super::folder::Swept;
use super::form::{Addition, Form};
use super::name::{self, NameError};
use super::places::{MOST, Place, Places};
use crate::serve::find::Finder;
use crate::serve::path::RelativePath;

/// Threads that write. They are not those that look files up: who writes a lot holds up nobody who reads.
const THREADS: NonZeroUsize = NonZeroUsize::new(4).unwrap();

/// How many bytes of an upload wait to be written at most. They are written once they are so many: by pieces of 64 KiB, four
/// times as many turns of threads cost a fifth more CPU.
const BATCH: usize = 256 * 1024;

/// How many commands wait at most: a form may have many small files.
const COMMANDS: usize = 64;

/// How long to wait before asking a pool again that takes no more.
const FULL_WAIT: Duration = Duration::from_millis(5);

/// What all uploads share.
#[derive(Debug)]
pub struct Uploads {
    finder: Arc<Finder>,
    pool: Pool,
    limit: u64,
    places: Arc<Places>,
    swept: Arc<Swept>,
    variant: Option<Arc<str>>,
}

/// How an upload has ended.
pub(in super::super) type Outcome = Result<Stored, UploadError>;

/// What an upload needs next.
pub(in super::super) enum Progress {
    /// Content.
    More,
    /// To be woken, or this time.
    Wait(Option<Instant>),
    /// An answer.
    Finished(Outcome),
}

impl Uploads {
    /// Uploads of `limit` bytes at most, into the directory that the finder looks in. `variant`: what the tags of compressed
    /// files end with, if files are compressed.
    #[must_use]
    pub fn new(finder: &Arc<Finder>, limit: u64, variant: Option<Arc<str>>) -> Self {
        Self {
            finder: Arc::clone(finder),
            pool: Pool::new(Bounds { threads: THREADS, waiting: MOST, ..Bounds::DEFAULT }),
            limit,
            places: Arc::default(),
            swept: Arc::default(),
            variant,
        }
    }

    /// The upload that a PUT asks for. Nothing is done yet.
    pub(in super::super) fn put(
        &self,
        path: &RelativePath,
        head: &RequestHead<'_>,
        conditions: Vec<u8>,
    ) -> Result<Box<Upload>, UploadError> {
        if head.fields.get("Content-Range").is_some() {
            return Err(UploadError::Part);
        }
        if path.is_directory() {
            return Err(UploadError::Directory);
        }
        let shows_hidden = self.finder.policy.shows_hidden;
        name::check(path.name(), shows_hidden).map_err(UploadError::Name)?;
        let folder = path.parent();
        let length = self.check(&folder, head)?;
        let rule = if conditions.is_empty() { Rule::Any } else { Rule::Conditions(conditions) };
        let desk = self.desk(folder, rule, length).with_name(path.name());
        Ok(Upload::new(Kind::Whole, desk, self.limit))
    }

    /// The upload that a form asks for, sent to the page of a directory. Nothing is done yet.
    pub(in super::super) fn form(
        &self,
        path: &RelativePath,
        head: &RequestHead<'_>,
    ) -> Result<Box<Upload>, UploadError> {
        let content_type = head.fields.get("Content-Type").unwrap_or_default();
        let boundary = Boundary::from_content_type(content_type).map_err(UploadError::Boundary)?;
        let length = self.check(path, head)?;
        let form = Form::new(boundary, self.finder.policy.shows_hidden);
        Ok(Upload::new(Kind::Form(form), self.desk(path.clone(), Rule::New, length), self.limit))
    }

    fn desk(&self, folder: RelativePath, rule: Rule, length: Option<u64>) -> Desk {
        Desk::new((&self.finder, &self.swept), folder, rule, self.variant.clone(), length)
    }

    /// What PUT and forms have in common. Gives the length of the content, if that is said.
    fn check(&self, folder: &RelativePath, head: &RequestHead<'_>) -> Result<Option<u64>, UploadError> {
        // Also what is served of these: whoever may write to /.well-known/ may get certificates in this server's name.
        if !self.finder.policy.shows_hidden && folder.has_dot_segment() {
            return Err(UploadError::Name(NameError::Hidden));
        }
        if has_coding(head.fields) {
            return Err(UploadError::Coding);
        }
        // Before HTTP/1.1 there are no chunks, and no length says nothing of whether there is content (RFC 1945 §7.2.2).
        if head.version == Version::Http10 && head.fields.get("Content-Length").is_none() {
            return Err(UploadError::Length);
        }
        let length = head.body.length();
        if length.is_some_and(|length| length > self.limit) { Err(UploadError::TooLarge) } else { Ok(length) }
    }
}

fn has_coding(fields: Fields<'_>) -> bool {
    let mut lines = fields.into_iter().filter(|field| field.name.eq_ignore_ascii_case(b"Content-Encoding"));
    lines.any(|line| !line.value.eq_ignore_ascii_case(b"identity"))
}

/// One upload. If it is dropped before it has ended, what is not whole is gone.
#[derive(Debug)]
pub struct Upload {
    kind: Kind,
    desk: Arc<Mutex<Desk>>,
    /// The desk is at work.
    job: Option<Job<()>>,
    batch: Batch,
    received: u64,
    limit: u64,
    is_open: bool,
    is_complete: bool,
    error: Option<UploadError>,
    /// Taken once it is known that the user may write: others take none away.
    place: Option<Place>,
}

#[derive(Debug)]
enum Kind {
    /// The content is the file.
    Whole,
    /// The content is a form.
    Form(Form),
}

/// What has come and is not at the desk yet.
#[derive(Debug, Default)]
struct Batch {
    commands: Vec<Command>,
    bytes: usize,
    /// Room for bytes, which was used before.
    spare: Vec<u8>,
}

impl Batch {
    fn add(&mut self, piece: &[u8]) {
        self.bytes += piece.len();
        if let Some(Command::Write(bytes)) = self.commands.last_mut() {
            return bytes.extend_from_slice(piece);
        }
        let mut bytes = mem::take(&mut self.spare);
        bytes.extend_from_slice(piece);
        self.commands.push(Command::Write(bytes));
    }
}

impl Upload {
    fn new(kind: Kind, desk: Desk, limit: u64) -> Box<Self> {
        Box::new(Self {
            kind,
            desk: Arc::new(Mutex::new(desk)),
            job: None,
            batch: Batch::default(),
            received: 0,
            limit,
            is_open: false,
            is_complete: false,
            error: None,
            place: None,
        })
    }

    /// Whether it is that of a form.
    pub(in super::super) const fn is_form(&self) -> bool {
        matches!(self.kind, Kind::Form(_))
    }

    /// Takes what there is room for of a piece of the content; ask [`Self::poll`] what is next.
    pub(in super::super) fn take(&mut self, piece: &[u8]) -> usize {
        let room = if self.batch.commands.len() < COMMANDS { BATCH.saturating_sub(self.batch.bytes) } else { 0 };
        let piece = &piece[..piece.len().min(room)];
        if self.error.is_some() {
            return piece.len();
        }
        self.received = self.received.saturating_add(piece.len() as u64);
        if self.received > self.limit {
            self.error = Some(UploadError::TooLarge);
            return piece.len();
        }
        let batch = &mut self.batch;
        match &mut self.kind {
            Kind::Whole => batch.add(piece),
            Kind::Form(form) => {
                let read = form.receive(piece, &mut |addition| match addition {
                    Addition::Bytes(bytes) => batch.add(bytes),
                    Addition::Command(command) => batch.commands.push(command),
                });
                self.error = read.err();
            }
        }
        piece.len()
    }

    /// All of the content was taken.
    pub(in super::super) fn end(&mut self) {
        if mem::replace(&mut self.is_complete, true) || self.error.is_some() {
            return;
        }
        match &mut self.kind {
            Kind::Whole => self.batch.commands.push(Command::Publish),
            Kind::Form(form) => self.error = form.end().err(),
        }
    }

    /// What it needs next. Has the pool do what is to be done.
    pub(in super::super) fn poll(&mut self, uploads: &Uploads, responder: &Responder<'_>) -> Progress {
        if self.place.is_none() {
            self.place = uploads.places.take(responder.peer().map(|peer| peer.ip()));
            self.error = self.error.or(self.place.is_none().then_some(UploadError::Exhausted));
        }
        if let Some(error) = self.error {
            return Progress::Finished(Err(error));
        }
        if let Some(job) = &mut self.job {
            match job.take() {
                None if self.wants_more() => return Progress::More,
                None => return Progress::Wait(None),
                Some(Ok(())) => self.job = None,
                Some(Err(_)) => return Progress::Finished(Err(UploadError::Exhausted)),
            }
        }
        let mut desk = lock(&self.desk);
        if let Some(error) = desk.error {
            return Progress::Finished(Err(error));
        }
        self.is_open = desk.is_open;
        if self.batch.spare.capacity() == 0 {
            self.batch.spare = mem::take(&mut desk.spare);
        }
        let is_due = self.is_complete || self.batch.bytes >= BATCH || self.batch.commands.len() >= COMMANDS;
        if is_due && desk.commands.is_empty() {
            desk.commands = mem::take(&mut self.batch.commands);
            self.batch.bytes = 0;
        }
        if desk.commands.is_empty() {
            return if self.is_complete { Progress::Finished(Ok(desk.stored)) } else { Progress::More };
        }
        drop(desk);
        let desk = Arc::clone(&self.desk);
        match uploads.pool.spawn(&responder.waker(), move || lock(&desk).work()) {
            Ok(job) => self.job = Some(job),
            Err(_) => return Progress::Wait(Some(responder.now().saturating_add(FULL_WAIT))),
        }
        if self.wants_more() { Progress::More } else { Progress::Wait(None) }
    }

    /// Whether content can be taken while the desk is at work. Not before it is known that the name may be given: a client that
    /// expects a 100 is not to send what is refused.
    fn wants_more(&self) -> bool {
        self.is_open && !self.is_complete && self.batch.bytes < BATCH && self.batch.commands.len() < COMMANDS
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}
