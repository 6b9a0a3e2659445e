//! A client's call as an endpoint.

use core::ops::Range;

use wirenut::http::ClientCall;
use wirenut::time::Instant;
use wirenut::transport::{Environment, Protocol};

use crate::Endpoint;
use crate::endpoint::Caller;

impl Endpoint for ClientCall<'_> {
    fn with<R>(&mut self, now: Instant, _: &Environment<'_>, call: impl FnOnce(&mut dyn Protocol) -> R) -> R {
        call(&mut self.at(now))
    }
}

impl Caller for ClientCall<'_> {
    const IS_DUPLEX: bool = true;

    fn is_done(&self, is_sent: bool) -> bool {
        self.is_done(is_sent)
    }

    fn content(&mut self, now: Instant, output: usize) -> Option<Range<usize>> {
        self.content_place(now, output)
    }

    fn handle_content(&mut self, now: Instant, count: usize, most: usize) {
        self.handle_content(now, count, most);
    }
}
