//! The files of one directory as a [`Service`]: what becomes of each request.

mod coding;
mod intake;

use alloc::rc::Rc;
use alloc::sync::Arc;
use core::mem;
use std::time::SystemTime;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Error, Field, Fields, RequestHead, Response, Rule, Status, WriteError};
use wirenut::time::Duration;
use wirenut_server::blocking::{Full, Lost, Pool};
use wirenut_server::{FileRange, FileValidators};

use super::auth::Gate;
use super::body::Segment;
use super::compression::Compressor;
use super::entry::OpenError;
use super::exchange::{Exchange, Moving, NO_SNIFF, Phase, Refusal, VARY_ALL, VARY_CODING};
use super::find::{Blocking, Finder, Found, FoundFile, Wanted};
use super::plan::Plan;
use super::reader::{Read, ReadError};
use super::selection::{self, Multipart, Selection};
use super::upload::Uploads;
use crate::log::Escaped;

/// How long to wait before asking a pool again that takes no more.
const FULL_WAIT: Duration = Duration::from_millis(5);

/// Serves what is beneath a directory.
pub struct Files {
    finder: Arc<Finder>,
    pool: Pool,
    /// Who may ask, if not everybody may.
    gate: Option<Arc<Gate>>,
    uploads: Option<Uploads>,
    compressor: Option<Compressor>,
}

impl Files {
    /// What the finder finds, read by `pool` where a disk has to be waited for.
    #[must_use]
    pub const fn new(finder: Arc<Finder>, pool: Pool) -> Self {
        Self { finder, pool, gate: None, uploads: None, compressor: None }
    }

    /// Answers those only whom the gate knows.
    #[must_use]
    pub fn with_gate(self, gate: Gate) -> Self {
        Self { gate: Some(Arc::new(gate)), ..self }
    }

    /// Compresses texts.
    #[must_use]
    pub fn with_compressor(self, compressor: Compressor) -> Self {
        Self { compressor: Some(compressor), ..self }
    }

    /// Stores what clients send, of `limit` bytes at most. Say before whether texts are compressed.
    #[must_use]
    pub fn with_uploads(self, limit: u64) -> Self {
        let variant = self.compressor.as_ref().map(|compressor| Arc::clone(compressor.variant()));
        Self { uploads: Some(Uploads::new(&self.finder, limit, variant)), ..self }
    }
}

impl Service for Files {
    type Exchange = Exchange;
    type Source = Moving;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Exchange, Step<Moving>), WriteError> {
        let mut exchange = Exchange::new(head);
        if let Err(refusal) = self.understand(head, &mut exchange) {
            exchange.phase = Phase::Refused(refusal);
        }
        if self.gate.is_some() {
            exchange.candidate = Gate::candidate(head.fields, responder);
            if exchange.candidate.is_none() {
                exchange.phase = Phase::Refused(Refusal::UNAUTHORIZED);
            }
        }
        let step = self.proceed(&mut exchange, responder)?;
        Ok((exchange, step))
    }

    fn body(
        &self,
        exchange: &mut Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step<Moving>), WriteError> {
        if !matches!(exchange.phase, Phase::Uploading(_)) {
            return Ok((piece.len(), Step::More));
        }
        let step = self.proceed(exchange, responder)?;
        let (Step::More, Phase::Uploading(upload)) = (&step, &mut exchange.phase) else { return Ok((0, step)) };
        let taken = upload.take(piece);
        Ok((taken, self.proceed(exchange, responder)?))
    }

    fn end(
        &self,
        exchange: &mut Exchange,
        _: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step<Moving>, WriteError> {
        if let Phase::Uploading(upload) = &mut exchange.phase {
            upload.end();
        }
        self.proceed(exchange, responder)
    }

    fn proceed(&self, exchange: &mut Exchange, responder: &mut Responder<'_>) -> Result<Step<Moving>, WriteError> {
        if let Some(wait) = self.let_in(exchange, responder) {
            return Ok(wait);
        }
        loop {
            let next = match &mut exchange.phase {
                Phase::Answered => return Ok(Step::Done),
                Phase::Sending(_) => return self.send(exchange, responder),
                Phase::Uploading(_) => return self.receive(exchange, responder),
                Phase::Refused(refusal) => {
                    let refusal = mem::replace(refusal, Refusal::OVERLOADED);
                    exchange.give(&refusal, responder)?;
                    return self.send(exchange, responder);
                }
                Phase::Compressing(found, share) => {
                    let Some(outcome) = share.outcome() else { return Ok(Step::Wait(None)) };
                    let found = mem::replace(found, Err(OpenError::NotFound));
                    match coding::take_form(found, outcome) {
                        Some(found) => {
                            exchange.phase = Phase::Answered;
                            return self.answer(found, exchange, responder);
                        }
                        // It is sent as it is, whatever it is now.
                        None => {
                            exchange.takes_gzip = false;
                            Phase::Start
                        }
                    }
                }
                Phase::Found(_) => match self.compress(exchange, responder) {
                    Some(phase) => phase,
                    None => return self.answer_found(exchange, responder),
                },
                Phase::Start => match self.look_up(&exchange.wanted, responder) {
                    Ok(phase) => phase,
                    Err(Full) => return Ok(Step::Wait(Some(responder.now().saturating_add(FULL_WAIT)))),
                },
                Phase::LookingUp(job) => match job.take() {
                    None => return Ok(Step::Wait(None)),
                    Some(Ok(found)) => Phase::Found(found),
                    // The look-up died.
                    Some(Err(Lost)) => Phase::Found(Err(OpenError::Exhausted)),
                },
            };
            exchange.phase = next;
        }
    }

    fn closed(&self, exchange: Exchange, outcome: Result<(), Error>) {
        if outcome.is_err_and(|error| error.rule == Rule::SourceFailed) {
            log::warn!("{}: {}", Escaped(exchange.wanted.path.as_bytes()), ReadError::Truncated);
        }
    }
}

impl Files {
    /// Finds what is wanted: at once if no disk has to be asked, by the pool otherwise.
    fn look_up(&self, wanted: &Wanted, responder: &Responder<'_>) -> Result<Phase, Full> {
        if let Some(found) = self.finder.find(wanted, Blocking::Forbidden) {
            return Ok(Phase::Found(found));
        }
        let (finder, wanted) = (Arc::clone(&self.finder), wanted.clone());
        let find = move || finder.find(&wanted, Blocking::Allowed).unwrap_or(Err(OpenError::NotFound));
        self.pool.spawn(&responder.waker(), find).map(Phase::LookingUp)
    }

    fn answer_found(&self, exchange: &mut Exchange, responder: &mut Responder<'_>) -> Result<Step<Moving>, WriteError> {
        let Phase::Found(found) = mem::replace(&mut exchange.phase, Phase::Answered) else { return Ok(Step::Done) };
        self.answer(found, exchange, responder)
    }

    /// Answers what was found. An answer without a file is sent by what `respond` left in the phase.
    fn answer(
        &self,
        found: Result<Found, OpenError>,
        exchange: &mut Exchange,
        responder: &mut Responder<'_>,
    ) -> Result<Step<Moving>, WriteError> {
        if let Some(plan) = self.respond(&found, exchange, responder)? {
            exchange.phase = plan.body(found).map_or(Phase::Answered, Phase::Sending);
        }
        self.send(exchange, responder)
    }

    /// Writes the head of the answer. `None`: nothing of what was found is sent behind it.
    fn respond(
        &self,
        found: &Result<Found, OpenError>,
        exchange: &mut Exchange,
        responder: &mut Responder<'_>,
    ) -> Result<Option<Plan>, WriteError> {
        let error = match found {
            Ok(Found::File(file)) => return self.respond_with_file(file, exchange, responder),
            Ok(Found::Redirect) => return exchange.redirect(responder),
            Ok(Found::Listing(listing)) => {
                let (takes_uploads, has_codings) = (self.uploads.is_some(), self.compressor.is_some());
                return exchange.respond_with_listing(listing, takes_uploads, has_codings, responder);
            }
            Err(error) => error,
        };
        let status = match error {
            OpenError::Forbidden => Status::FORBIDDEN,
            OpenError::Exhausted => Status::SERVICE_UNAVAILABLE,
            OpenError::Disk(_) => Status::INTERNAL_SERVER_ERROR,
            // What lies outside, or is no file, is not there.
            OpenError::NotFound | OpenError::Outside | OpenError::Loop | OpenError::Link | OpenError::Special => {
                Status::NOT_FOUND
            }
        };
        exchange.refuse(status, &[], None, responder)?;
        if !matches!(error, OpenError::NotFound | OpenError::Special | OpenError::Forbidden) {
            exchange.warn(error, responder);
        }
        Ok(None)
    }

    fn respond_with_file(
        &self,
        found: &FoundFile,
        exchange: &mut Exchange,
        responder: &mut Responder<'_>,
    ) -> Result<Option<Plan>, WriteError> {
        let length = found.file.length;
        if found.is_error_page {
            let fields = [Field::new("Content-Type", found.media_type), NO_SNIFF];
            responder.respond(&Response::new(Status::NOT_FOUND).with_fields(&fields).with_length(length))?;
            return Ok(Some(Plan::Whole));
        }
        let validators = selection::validators(found, SystemTime::now());
        let plan =
            match selection::select(&validators.as_validators(), length, exchange.method(), exchange.conditions()) {
                Selection::Whole => Plan::Whole,
                Selection::Part(part) => Plan::Part(part),
                Selection::Parts(parts) => {
                    let around = Multipart::new(&parts, found.media_type, length);
                    Plan::Parts(parts, around)
                }
                Selection::NotModified => Plan::NotModified,
                Selection::PreconditionFailed => {
                    exchange.refuse(Status::PRECONDITION_FAILED, self.refusal_vary(), None, responder)?;
                    return Ok(None);
                }
                Selection::Unsatisfiable => {
                    let range = format!("bytes */{length}");
                    let fields = [&[Field::new("Content-Range", &range)], self.refusal_vary()].concat();
                    exchange.refuse(Status::RANGE_NOT_SATISFIABLE, &fields, None, responder)?;
                    return Ok(None);
                }
            };
        self.write_head(found, &validators, &plan, responder)?;
        Ok((plan != Plan::NotModified).then_some(plan))
    }

    fn write_head(
        &self,
        found: &FoundFile,
        validators: &FileValidators,
        plan: &Plan,
        responder: &mut Responder<'_>,
    ) -> Result<(), WriteError> {
        let mut fields = Vec::with_capacity(10);
        let length = found.file.length;
        let (date, range);
        // A 304 updates what is cached: the tag is enough to tell of what (RFC 9110 §15.4.5).
        if *plan != Plan::NotModified {
            let media_type = if let Plan::Parts(_, around) = plan { &around.media_type } else { found.media_type };
            fields.extend([Field::new("Content-Type", media_type), NO_SNIFF]);
            // Parts of what is compressed here would be of no use: another time it may be sent as it is.
            fields.extend(found.compressed.is_none().then_some(Field::new("Accept-Ranges", "bytes")));
            date = validators.last_modified();
            fields.extend(date.as_ref().map(|date| Field::from_bytes("Last-Modified", date.as_bytes())));
            fields.extend(found.coding.map(|coding| Field::new("Content-Encoding", coding.name())));
            if let Plan::Part(part) = plan {
                range = selection::content_range(*part, length);
                fields.push(Field::new("Content-Range", &range));
            }
        }
        fields.push(Field::new("ETag", validators.entity_tag()));
        fields.extend(found.cache.as_deref().map(|cache| Field::new("Cache-Control", cache)));
        fields.extend_from_slice(self.vary());
        let response = Response::new(plan.status()).with_fields(&fields);
        let length = match plan {
            Plan::Whole => match found.length() {
                Some(length) => length,
                // Only to HEAD.
                None => return responder.respond(&response.with_unknown_length()),
            },
            Plan::Part(part) => part.length(),
            Plan::Parts(_, around) => around.length,
            Plan::NotModified | Plan::Listing => 0,
        };
        responder.respond(&response.with_length(length))
    }

    /// What is said wherever another coding could have led to another answer (RFC 9110 §12.5.5).
    fn vary(&self) -> &'static [Field<'static>] {
        if self.has_codings() { &[VARY_CODING] } else { &[] }
    }

    fn has_codings(&self) -> bool {
        self.finder.policy.is_precompressed || self.compressor.is_some()
    }

    /// The same of an answer in place of a file, where Accept decides as well.
    fn refusal_vary(&self) -> &'static [Field<'static>] {
        if self.has_codings() { &[VARY_ALL] } else { &[] }
    }

    /// Sends as much of the body as there is room for. To HEAD there is none, and the session ends the exchange.
    fn send(&self, exchange: &mut Exchange, responder: &mut Responder<'_>) -> Result<Step<Moving>, WriteError> {
        loop {
            let Phase::Sending(body) = &mut exchange.phase else { return Ok(Step::Done) };
            let reader = match body.current() {
                None => {
                    exchange.phase = Phase::Answered;
                    return Ok(Step::Done);
                }
                Some(Segment::Bytes(bytes, given)) => {
                    let sent = responder.send_body(&bytes[*given..])?;
                    *given += sent;
                    if sent == 0 {
                        return Ok(Step::More);
                    }
                    continue;
                }
                Some(Segment::Compressed(compressed, given)) => {
                    let sent = responder.send_body(&compressed.bytes()[*given..])?;
                    *given += sent;
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
            responder.fill_body(|room| {
                let outcome = reader.read(room);
                read = Some(outcome);
                if let Read::Bytes(count) = outcome { count } else { 0 }
            })?;
            match read {
                None => return Ok(Step::More),
                Some(Read::Bytes(_)) => {}
                Some(Read::Absent) => match reader.ask(&responder.waker(), &self.pool) {
                    Ok(()) => return Ok(Step::Wait(None)),
                    Err(Full) => return Ok(Step::Wait(Some(responder.now().saturating_add(FULL_WAIT)))),
                },
                Some(Read::Wait) => return Ok(Step::Wait(None)),
                Some(Read::Failed(error)) => {
                    exchange.warn(&error, responder);
                    return Ok(Step::Abort);
                }
                // There are bytes left to send, so the reader has some to give.
                Some(Read::End) => return Ok(Step::Abort),
            }
        }
    }
}

#[cfg(test)]
mod tests;
