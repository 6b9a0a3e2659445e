//! In which coding something is sent: as it is, or compressed first.

use alloc::sync::Arc;
use core::mem;
use std::time::SystemTime;

use wirenut::http::Precondition;
use wirenut::http::service::Responder;

use super::Files;
use crate::serve::compression::{Compressing, Compressor, Outcome};
use crate::serve::entry::OpenError;
use crate::serve::exchange::{Exchange, Phase};
use crate::serve::find::{Coding, Form, Found, FoundFile, FoundListing};
use crate::serve::selection;

impl Files {
    /// Decides how what was found is sent. `Some`: what is to be done before it can be answered.
    pub(super) fn compress(&self, exchange: &mut Exchange, responder: &Responder<'_>) -> Option<Phase> {
        let Phase::Found(mut found) = mem::replace(&mut exchange.phase, Phase::Answered) else { return None };
        let share = match &mut found {
            Ok(Found::File(file)) => self.compress_file(file, exchange, responder),
            Ok(Found::Listing(listing)) => {
                let share = self.compress_page(listing, exchange, responder);
                if listing.page.is_none() && exchange.needs_page(listing) {
                    exchange.wanted.is_summary_enough = false;
                    return Some(Phase::Start);
                }
                share
            }
            Ok(Found::Redirect) | Err(_) => None,
        };
        if let Some(share) = share {
            return Some(Phase::Compressing(found, share));
        }
        exchange.phase = Phase::Found(found);
        None
    }

    fn compress_file(
        &self,
        file: &mut FoundFile,
        exchange: &Exchange,
        responder: &Responder<'_>,
    ) -> Option<Compressing> {
        let compressor = self.compressor_for(exchange)?;
        let is_plain = file.coding.is_none() && !file.is_fixed && !file.is_error_page;
        if !is_plain || !Compressor::takes(file.media_type, file.file.length) {
            return None;
        }
        let content = compressor.find(&file.file);
        let is_known = content.is_some();
        file.coding = Some(Coding::Gzip);
        file.compressed = Some(Form { variant: Arc::clone(compressor.variant()), content });
        if is_known || exchange.is_head() {
            return None;
        }
        let now = SystemTime::now();
        let validators = selection::validators(file, now);
        if validators.as_validators().check(exchange.method(), exchange.conditions()) != Precondition::Holds {
            return None;
        }
        let share = compressor.begin(&file.file, now, &responder.waker());
        if share.is_none() {
            (file.coding, file.compressed) = (None, None);
        }
        share
    }

    fn compress_page(
        &self,
        listing: &mut FoundListing,
        exchange: &Exchange,
        responder: &Responder<'_>,
    ) -> Option<Compressing> {
        let compressor = self.compressor_for(exchange)?;
        if !Compressor::takes("text/html", listing.summary.length) {
            return None;
        }
        listing.compressed = Some(Form { variant: Arc::clone(compressor.variant()), content: None });
        let page = listing.page.as_ref()?;
        if !exchange.needs_page(listing) {
            return None;
        }
        let share = compressor.begin_page(page, &responder.waker());
        if share.is_none() {
            listing.compressed = None;
        }
        share
    }

    /// `None`: what was found is sent as it is. Parts are parts of a file itself.
    fn compressor_for(&self, exchange: &Exchange) -> Option<&Compressor> {
        let is_wanted = exchange.takes_gzip && exchange.conditions().get("Range").is_none();
        self.compressor.as_ref().filter(|_| is_wanted)
    }
}

/// What is sent once the compression has ended. `None`: another file than was found, for that one has changed.
pub(super) fn take_form(mut found: Result<Found, OpenError>, outcome: Outcome) -> Option<Result<Found, OpenError>> {
    match (&mut found, outcome) {
        (Ok(Found::File(FoundFile { compressed: Some(form), .. })), Some(content))
        | (Ok(Found::Listing(FoundListing { compressed: Some(form), .. })), Some(content)) => {
            form.content = Some(content);
        }
        // The page is still there.
        (Ok(Found::Listing(listing)), _) => listing.compressed = None,
        (_, _) => return None,
    }
    Some(found)
}
