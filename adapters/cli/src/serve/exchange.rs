//! One request in flight: how far it is, and what is answered where no file is sent.

use alloc::rc::Rc;
use alloc::sync::Arc;
use core::cell::Cell;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::io;
use std::os::unix::ffi::OsStrExt;

use wirenut::http::service::Responder;
use wirenut::http::{
    EntityTag, Field, Fields, Method, Precondition, RequestHead, Response, Status, Validators, WriteError,
};
use wirenut_linux::socket::AnyByteStream;
use wirenut_server::blocking::Job;
use wirenut_server::{FileRange, Transfer};

use super::auth::Candidate;
use super::body::{Body, Segment};
use super::compression::Compressing;
use super::entry::OpenError;
use super::error_page::ErrorPage;
use super::find::{Coding, Found, FoundListing, Wanted};
use super::html;
use super::negotiation;
use super::plan::Plan;
use super::selection;
use super::upload::{Outcome, Stored, Upload, UploadError};
use crate::log::Escaped;

const HTML: Field<'static> = Field::new("Content-Type", "text/html; charset=utf-8");
const TEXT: Field<'static> = Field::new("Content-Type", "text/plain; charset=utf-8");
/// A browser must not take a text for a page because it looks like one.
pub(super) const NO_SNIFF: Field<'static> = Field::new("X-Content-Type-Options", "nosniff");
const NO_SCRIPTS: Field<'static> = Field::new("Content-Security-Policy", html::CONTENT_SECURITY_POLICY);
const OWN_FORMS: Field<'static> = Field::new("Content-Security-Policy", html::FORM_POLICY);
const CHALLENGE: Field<'static> = Field::new("WWW-Authenticate", "Basic realm=\"Wirenut\", charset=\"UTF-8\"");
const RETRY_AFTER: Field<'static> = Field::new("Retry-After", "1");
/// Browsers would keep a 301 for ever (RFC 9110 §15.4.2), while a file may take the place of the directory. There is no tag
/// to ask again by.
const NO_STORE: Field<'static> = Field::new("Cache-Control", "no-store");
/// A page or a text: what Accept says.
const VARY: Field<'static> = Field::new("Vary", "Accept");
/// A coding: what Accept-Encoding says (RFC 9110 §12.5.5).
pub(super) const VARY_CODING: Field<'static> = Field::new("Vary", "Accept-Encoding");
/// Both.
pub(super) const VARY_ALL: Field<'static> = Field::new("Vary", "Accept, Accept-Encoding");
const GZIP: Field<'static> = Field::new("Content-Encoding", Coding::Gzip.name());

/// One request in flight.
pub struct Exchange {
    pub(super) phase: Phase,
    pub(super) wanted: Wanted,
    is_head: bool,
    prefers_html: bool,
    /// The field lines that have a say in what is sent; mostly none.
    conditions: Vec<u8>,
    /// The client takes gzip.
    pub(super) takes_gzip: bool,
    /// Who may have sent it, until that is known.
    pub(super) candidate: Option<Box<Candidate>>,
    /// The user who has sent it, where users are asked for.
    pub(super) user: Option<Arc<[u8]>>,
    /// Bytes that the kernel has moved.
    pub(super) moved: Rc<Cell<u64>>,
}

pub(super) enum Phase {
    /// Nothing was done yet.
    Start,
    /// The pool is looking.
    LookingUp(Job<Result<Found, OpenError>>),
    /// It will be answered without a file, and has not been yet.
    Refused(Refusal),
    /// Content comes in.
    Uploading(Box<Upload>),
    /// The file, or the page, is being compressed.
    Compressing(Result<Found, OpenError>, Compressing),
    /// Known, and not answered yet.
    Found(Result<Found, OpenError>),
    /// The head is sent, and the body on its way.
    Sending(Body),
    /// Nothing is left to do.
    Answered,
}

/// What is answered where no file is sent.
pub(super) struct Refusal {
    pub(super) status: Status,
    pub(super) fields: &'static [Field<'static>],
    /// More than the status says.
    pub(super) why: Option<String>,
}

impl Refusal {
    /// A user and a password are asked for.
    pub(super) const UNAUTHORIZED: Self = Self { status: Status::UNAUTHORIZED, fields: &[CHALLENGE], why: None };

    /// Too much is asked for at the moment.
    pub(super) const OVERLOADED: Self = Self { status: Status::SERVICE_UNAVAILABLE, fields: &[RETRY_AFTER], why: None };
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        let fields: &[_] = if error == UploadError::Exhausted { &[RETRY_AFTER] } else { &[] };
        Self { status: error.status(), fields, why: Some(error.to_string()) }
    }
}

/// A part of a file that the kernel moves, and the count of what it has moved.
#[derive(Debug)]
pub struct Moving {
    pub(super) range: FileRange,
    pub(super) moved: Rc<Cell<u64>>,
}

impl Transfer for Moving {
    fn transfer(&mut self, socket: &AnyByteStream, length: u64) -> io::Result<u64> {
        let moved = self.range.transfer(socket, length)?;
        self.moved.set(self.moved.get().saturating_add(moved));
        Ok(moved)
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.range.read(into)?;
        self.moved.set(self.moved.get().saturating_add(count as u64));
        Ok(count)
    }
}

impl Exchange {
    pub(super) fn new(head: &RequestHead<'_>) -> Self {
        Self {
            phase: Phase::Start,
            wanted: Wanted::default(),
            is_head: head.method == Method::Head,
            prefers_html: negotiation::prefers_html(head.fields),
            conditions: Vec::new(),
            takes_gzip: false,
            candidate: None,
            user: None,
            moved: Rc::default(),
        }
    }

    /// Keeps the field lines that decide what is sent, for when the file is found.
    pub(super) fn keep_conditions(&mut self, fields: Fields<'_>) {
        for field in fields.into_iter().filter(|field| selection::is_condition(field.name)) {
            for part in [field.name, b": ", field.value, b"\r\n"] {
                self.conditions.extend_from_slice(part);
            }
        }
        self.wanted.is_summary_enough = self.is_head || !self.conditions.is_empty();
    }

    /// Answers without a file, by a page or a text of which the head is written now and the rest is to be sent. `why` says
    /// more than the status, where that is known; `fields` have the Vary, where more than Accept decides.
    pub(super) fn refuse(
        &mut self,
        status: Status,
        fields: &[Field<'_>],
        why: Option<&str>,
        responder: &mut Responder<'_>,
    ) -> Result<(), WriteError> {
        let link = self.wanted.path.up().map(|up| (up.as_bytes(), "Go to the directory above"));
        self.send_page(&ErrorPage { status, why, link }, fields, responder)
    }

    fn send_page(
        &mut self,
        page: &ErrorPage<'_>,
        fields: &[Field<'_>],
        responder: &mut Responder<'_>,
    ) -> Result<(), WriteError> {
        let body = if self.prefers_html { page.html() } else { page.text() };
        let of_body: &[_] = if self.prefers_html { &[HTML, NO_SNIFF, NO_SCRIPTS] } else { &[TEXT, NO_SNIFF] };
        let vary: &[_] = if fields.iter().any(|field| field.name == VARY.name) { &[] } else { &[VARY] };
        let fields = [of_body, fields, vary].concat();
        responder.respond(&Response::new(page.status).with_fields(&fields).with_length(body.len() as u64))?;
        self.phase = Phase::Sending(Body::one(Segment::Bytes(body.into_bytes(), 0)));
        Ok(())
    }

    /// The same of what was decided before.
    pub(super) fn give(&mut self, refusal: &Refusal, responder: &mut Responder<'_>) -> Result<(), WriteError> {
        self.refuse(refusal.status, refusal.fields, refusal.why.as_deref(), responder)
    }

    /// Answers an upload.
    pub(super) fn respond_to_upload(
        &mut self,
        outcome: Outcome,
        is_form: bool,
        responder: &mut Responder<'_>,
    ) -> Result<(), WriteError> {
        let back = is_form.then_some((&b"./"[..], "Go back to the directory"));
        match outcome {
            Err(error) => {
                if error.is_ours() {
                    self.warn(&error, responder);
                }
                let mut refusal = Refusal::from(error);
                if let Some(why) = refusal.why.as_mut().filter(|_| is_form && error != UploadError::NoFiles) {
                    why.push_str(" Files that stand before it in the form may have been stored.");
                }
                let page = ErrorPage { status: refusal.status, why: refusal.why.as_deref(), link: back };
                self.send_page(&page, refusal.fields, responder)
            }
            Ok(stored) if is_form => {
                let count = stored.created + stored.replaced;
                let files =
                    if count == 1 { "One file was stored.".into() } else { format!("{count} files were stored.") };
                let page = ErrorPage { status: Status::SEE_OTHER, why: Some(&files), link: back };
                self.send_page(&page, &[Field::new("Location", "./"), NO_STORE], responder)
            }
            Ok(Stored { replaced: 0, .. }) => {
                let location = self.wanted.path.location();
                let location = Field::new("Location", location.trim_end_matches('/'));
                let why = Some("The file was stored.");
                self.send_page(&ErrorPage { status: Status::CREATED, why, link: None }, &[location], responder)
            }
            Ok(_) => responder.respond(&Response::new(Status::NO_CONTENT).with_length(0)),
        }
    }

    /// Sends the page for a directory, unless the conditions say otherwise: only then it is written. No parts of it: it may
    /// be another page each time.
    pub(super) fn respond_with_listing(
        &mut self,
        listing: &FoundListing,
        takes_uploads: bool,
        has_codings: bool,
        responder: &mut Responder<'_>,
    ) -> Result<Option<Plan>, WriteError> {
        let entity_tag = listing_tag(listing);
        let (plan, length) = match self.check_listing(&entity_tag) {
            Precondition::Holds => (Plan::Listing, listing.length()),
            Precondition::NotModified => (Plan::NotModified, Some(0)),
            Precondition::Failed => {
                let vary: &[_] = if has_codings { &[VARY_ALL] } else { &[] };
                self.refuse(Status::PRECONDITION_FAILED, vary, None, responder)?;
                return Ok(None);
            }
        };
        let policy = if takes_uploads { OWN_FORMS } else { NO_SCRIPTS };
        let mut fields = vec![Field::new("ETag", &entity_tag), Field::new("Cache-Control", "no-cache")];
        fields.extend(has_codings.then_some(VARY_CODING));
        if plan != Plan::NotModified {
            fields.extend([HTML, NO_SNIFF, policy]);
            fields.extend(listing.compressed.is_some().then_some(GZIP));
        }
        let response = Response::new(plan.status()).with_fields(&fields);
        responder.respond(&match length {
            Some(length) => response.with_length(length),
            // Only to HEAD.
            None => response.with_unknown_length(),
        })?;
        Ok((plan != Plan::NotModified).then_some(plan))
    }

    /// Whether the page itself is to be sent, of which no more than this is known.
    pub(super) fn needs_page(&self, listing: &FoundListing) -> bool {
        !self.is_head && self.check_listing(&listing_tag(listing)) == Precondition::Holds
    }

    fn check_listing(&self, entity_tag: &str) -> Precondition {
        let validators = Validators { entity_tag: EntityTag::parse(entity_tag.as_bytes()), ..Validators::NONE };
        validators.check(self.method(), self.conditions())
    }

    pub(super) const fn is_head(&self) -> bool {
        self.is_head
    }

    pub(super) const fn method(&self) -> Method<'static> {
        if self.is_head { Method::Head } else { Method::Get }
    }

    /// The same as lines.
    pub(super) fn take_conditions(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.conditions)
    }

    pub(super) fn conditions(&self) -> Fields<'_> {
        Fields::parse(&self.conditions).unwrap_or_default()
    }

    /// A directory without its slash: relative links of its page would lead astray, so the client is sent to the right
    /// address first.
    pub(super) fn redirect(&mut self, responder: &mut Responder<'_>) -> Result<Option<Plan>, WriteError> {
        let mut location = self.wanted.path.location().into_bytes();
        if let Some(query) = &self.wanted.query {
            location.push(b'?');
            location.extend_from_slice(query);
        }
        let fields = [Field::from_bytes("Location", &location), NO_STORE];
        let link = Some((location.as_slice(), "Go to the directory"));
        self.send_page(&ErrorPage { status: Status::MOVED_PERMANENTLY, why: None, link }, &fields, responder)?;
        Ok(None)
    }

    /// Tells whoever runs the server what its clients are not told.
    pub(super) fn warn(&self, reason: &dyn core::error::Error, responder: &Responder<'_>) {
        let peer = responder.peer().unwrap_or(NOBODY);
        log::warn!("{peer}: {}: {reason}", Escaped(self.wanted.path.as_path().as_os_str().as_bytes()));
    }
}

/// The value of ETag for the page of a directory.
fn listing_tag(listing: &FoundListing) -> String {
    let digest = listing.summary.digest;
    match &listing.compressed {
        None => format!("\"{digest:016x}\""),
        Some(form) => format!("\"{digest:016x}-{}\"", form.variant),
    }
}

/// Stands for a peer that is gone, or has no address.
pub(super) const NOBODY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
