//! What comes in: what a request is about, who has sent it, and what it brings along.

use wirenut::http::service::{Responder, Step};
use wirenut::http::{Field, Method, RequestHead, Status, WriteError};

use super::Files;
use crate::serve::auth::Verdict;
use crate::serve::exchange::{Exchange, Moving, Phase, Refusal};
use crate::serve::find::Coding;
use crate::serve::path::RelativePath;
use crate::serve::upload::{self, Progress, UploadError};

/// What may be asked of anything, of a file, and of a directory.
const ALLOW: [&[Field<'static>]; 3] = [
    &[Field::new("Allow", "GET, HEAD")],
    &[Field::new("Allow", "GET, HEAD, PUT")],
    &[Field::new("Allow", "GET, HEAD, POST")],
];

impl Files {
    /// What a request is about, before it is known who has sent it. Nothing is done yet.
    pub(super) fn understand(&self, head: &RequestHead<'_>, exchange: &mut Exchange) -> Result<(), Refusal> {
        let is_read = matches!(head.method, Method::Get | Method::Head);
        if !is_read && self.uploads.is_none() {
            return Err(not_allowed(ALLOW[0]));
        }
        let path = RelativePath::parse(head.target.path()).map_err(|error| {
            let why = Some(format!("The address is not valid: {error}."));
            Refusal { status: Status::BAD_REQUEST, fields: &[], why }
        })?;
        exchange.wanted.path = path;
        if !is_read {
            return self.understand_upload(head, exchange);
        }
        if self.finder.policy.is_precompressed {
            exchange.wanted.codings = Coding::wanted(head.fields);
        }
        exchange.takes_gzip = self.compressor.is_some() && Coding::takes_gzip(head.fields);
        exchange.wanted.query = head.target.query().map(Box::from);
        exchange.keep_conditions(head.fields);
        Ok(())
    }

    /// The same of a request that is not one to read.
    fn understand_upload(&self, head: &RequestHead<'_>, exchange: &mut Exchange) -> Result<(), Refusal> {
        let Some(uploads) = &self.uploads else { return Err(not_allowed(ALLOW[0])) };
        let path = exchange.wanted.path.clone();
        let upload = match (head.method, path.is_directory()) {
            (Method::Put | Method::Post, _) if !upload::is_own(head.fields) => Err(UploadError::Foreign),
            (Method::Put, _) => {
                exchange.keep_conditions(head.fields);
                uploads.put(&path, head, exchange.take_conditions())
            }
            (Method::Post, true) => uploads.form(&path, head),
            (_, is_directory) => return Err(not_allowed(ALLOW[1 + usize::from(is_directory)])),
        };
        exchange.phase = Phase::Uploading(upload?);
        Ok(())
    }

    /// Looks who has sent the request, where that is asked for. `Some`: it is not known yet.
    pub(super) fn let_in(&self, exchange: &mut Exchange, responder: &Responder<'_>) -> Option<Step<Moving>> {
        let (gate, candidate) = (self.gate.as_ref()?, exchange.candidate.as_mut()?);
        match gate.decide(candidate, responder) {
            Verdict::Wait(until) => return Some(Step::Wait(until)),
            Verdict::Accepted(user) => exchange.user = Some(user),
            Verdict::Refused => exchange.phase = Phase::Refused(Refusal::UNAUTHORIZED),
            Verdict::Overloaded => exchange.phase = Phase::Refused(Refusal::OVERLOADED),
        }
        exchange.candidate = None;
        None
    }

    /// Goes on with an upload, and answers it once it has ended.
    pub(super) fn receive(
        &self,
        exchange: &mut Exchange,
        responder: &mut Responder<'_>,
    ) -> Result<Step<Moving>, WriteError> {
        let (Phase::Uploading(upload), Some(uploads)) = (&mut exchange.phase, &self.uploads) else {
            return Ok(Step::Abort);
        };
        match upload.poll(uploads, responder) {
            Progress::More => Ok(Step::More),
            Progress::Wait(until) => Ok(Step::Wait(until)),
            Progress::Finished(outcome) => {
                let is_form = upload.is_form();
                exchange.phase = Phase::Answered;
                exchange.respond_to_upload(outcome, is_form, responder)?;
                self.send(exchange, responder)
            }
        }
    }
}

fn not_allowed(fields: &'static [Field<'static>]) -> Refusal {
    let allowed = fields.first().and_then(|field| str::from_utf8(field.value).ok()).unwrap_or_default();
    let why = allowed.rsplit_once(", ").map(|(others, last)| format!("Only {others} and {last} are allowed here."));
    Refusal { status: Status::METHOD_NOT_ALLOWED, fields, why }
}
