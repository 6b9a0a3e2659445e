//! The answer to a request: its head, and its content piece by piece, without waiting.

use alloc::sync::Arc;
use core::ops::Range;
use std::io;

use wirenut::http::{ClientEvent, ResponseFraming};
use wirenut::time::Instant;

use crate::error::{Cause, Error, Phase};
use crate::head::{BareHead, Head};
use crate::headers::Headers;
use crate::inner::Inner;
use crate::link::Link;
use crate::pool::Place;
use crate::timings::Timings;
use crate::upgraded::Upgraded;
use crate::url::Url;
use crate::watch::Watch;
use crate::watcher::Watcher;

/// An answer, and where its content still comes from.
pub(crate) struct Answer {
    pub(crate) head: Head,
    received: u64,
    /// None after the end.
    source: Option<Source>,
    /// A read has failed, so the content is not whole.
    is_cut: bool,
    watch: Watch,
    inner: Arc<Inner>,
}

/// Where content comes from.
struct Source {
    link: Box<Link>,
    place: Place,
    /// Where the piece lies that was taken last.
    piece: Range<usize>,
}

/// What a poll has found.
pub(crate) enum Piece {
    /// Nothing now.
    Pending,
    /// A piece of content.
    Taken,
    /// That was all.
    End,
}

impl Answer {
    pub(crate) fn new(
        inner: Arc<Inner>,
        (url, bare): (Url, BareHead),
        (link, place): (Box<Link>, Place),
        watch: Watch,
        (timings, redirects): (Timings, u8),
    ) -> Self {
        let head =
            Head { bare, url, subject: Arc::clone(link.subject()), timings, redirects, trailers: Headers::default() };
        Self { head, received: 0, source: Some(Source { link, place, piece: 0..0 }), is_cut: false, watch, inner }
    }

    /// Without content, the connection is free at once.
    pub(crate) fn free_if_empty(&mut self, watcher: &mut dyn Watcher) -> Result<(), Error> {
        if self.head.bare.framing == ResponseFraming::Length(0) {
            self.poll(&mut |_| 0, watcher)?;
        }
        Ok(())
    }

    /// How many have come.
    pub(crate) const fn received(&self) -> u64 {
        self.received
    }

    /// The piece that was taken last, as long as there is no other.
    pub(crate) fn piece(&self) -> &[u8] {
        let piece = self.source.as_ref().and_then(|source| source.link.received().get(source.piece.clone()));
        piece.unwrap_or_default()
    }

    /// When to poll it again although nothing was ready.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.source.as_ref().and_then(|source| source.link.poll_timeout(&self.watch))
    }

    /// Gives the next piece to `take`, which says how much of it it wants.
    pub(crate) fn poll(
        &mut self,
        take: &mut dyn FnMut(&[u8]) -> usize,
        watcher: &mut dyn Watcher,
    ) -> Result<Piece, Error> {
        if self.is_cut {
            return Err(self.failed(Cause::Other("it failed before, and is not whole")));
        }
        if self.head.bare.framing == ResponseFraming::Tunnel {
            // Such content would have no end, and no minimum pace.
            self.give_up(watcher);
            return Err(
                self.failed(Cause::Other("the server has switched to another protocol, so there is no content"))
            );
        }
        let Some(Source { link, piece: place, .. }) = &mut self.source else { return Ok(Piece::End) };
        let (mut taken, mut trailers) = (None, None);
        let mut listener = |event: ClientEvent<'_>| match event {
            ClientEvent::Body(piece) => {
                let count = take(piece).min(piece.len());
                taken = Some((count, piece.as_ptr().addr()));
                Some(count)
            }
            ClientEvent::End(fields) => {
                trailers = Some(Headers::new(fields));
                Some(0)
            }
            ClientEvent::Closed => Some(0),
            ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Interim(_) | ClientEvent::Head(_) => None,
        };
        let heard = link.poll(&self.inner.limits, &mut io::empty(), &mut listener, &self.watch, watcher);
        match heard {
            Ok(true) => {}
            Ok(false) => return Ok(Piece::Pending),
            Err(cause) => {
                self.give_up(watcher);
                return Err(self.failed(cause));
            }
        }
        if let Some((count, address)) = taken {
            *place = link.place(address, count);
            self.received += u64::try_from(count).unwrap_or(0);
            return Ok(Piece::Taken);
        }
        self.head.trailers = trailers.unwrap_or_default();
        self.detach(watcher);
        if let Some(Source { mut link, place, .. }) = self.source.take() {
            if self.watch.cancel.is_none() {
                link.exchange_memory(watcher);
            }
            place.keep(link);
        }
        Ok(Piece::End)
    }

    /// Bounds what is still to come to that time from now on.
    pub(crate) fn hasten(&mut self, time: wirenut::time::Duration) {
        self.watch = self.watch.within(time);
    }

    /// The connection is not watched any more.
    pub(crate) fn detach(&mut self, watcher: &mut dyn Watcher) {
        if let Some(source) = &mut self.source {
            source.link.detach(watcher);
        }
    }

    /// Has all of the content come, or has it failed?
    pub(crate) const fn is_over(&self) -> bool {
        self.source.is_none()
    }

    /// What comes is not wanted any more: the connection is closed.
    pub(crate) fn give_up(&mut self, watcher: &mut dyn Watcher) {
        self.detach(watcher);
        (self.source, self.is_cut) = (None, true);
    }

    /// The connection, after the server has switched to another protocol.
    pub(crate) fn into_upgraded(mut self, watcher: &mut dyn Watcher) -> Result<Upgraded, Error> {
        self.detach(watcher);
        match self.source.take() {
            Some(Source { link, place, .. }) if self.head.bare.framing == ResponseFraming::Tunnel => {
                Ok(Upgraded::new(link.into_wire(), place, Arc::clone(&self.head.subject)))
            }
            _ => Err(Error::new(
                Phase::Response,
                &self.head.subject,
                Cause::Other("the server has not switched to another protocol"),
            )),
        }
    }

    fn failed(&self, cause: Cause) -> Error {
        Error::new(Phase::Body, &self.head.subject, cause)
    }
}
