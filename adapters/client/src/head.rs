//! What is known of a response beside its content.

use alloc::sync::Arc;
use core::fmt;

use wirenut::http::{ResponseFraming, ResponseHead, Status};

use crate::headers::Headers;
use crate::timings::Timings;
use crate::url::Url;

/// What is kept of a head as it came.
pub(crate) struct BareHead {
    pub(crate) status: Status,
    pub(crate) headers: Headers,
    pub(crate) framing: ResponseFraming,
}

impl BareHead {
    pub(crate) fn new(head: &ResponseHead<'_>) -> Self {
        Self { status: head.status, headers: Headers::new(head.fields), framing: head.body }
    }
}

/// What is known of a response beside its content.
pub struct Head {
    pub(crate) bare: BareHead,
    pub(crate) url: Url,
    pub(crate) subject: Arc<str>,
    pub(crate) timings: Timings,
    pub(crate) redirects: u8,
    pub(crate) trailers: Headers,
}

impl Head {
    /// The status code.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.bare.status
    }

    /// The fields of the head.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.bare.headers
    }

    /// The fields behind chunked content. There are none before all of it was read.
    #[must_use]
    pub const fn trailers(&self) -> &Headers {
        &self.trailers
    }

    /// What was asked in the end: after redirects, where they led.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// How many redirects were followed.
    #[must_use]
    pub const fn redirects(&self) -> u8 {
        self.redirects
    }

    /// Whom it came from: the address, and the host that was looked up for it; behind a proxy, the proxy as such (`the proxy
    /// ADDRESS`, or through a tunnel `HOST:PORT through the proxy ADDRESS`).
    #[must_use]
    pub fn peer(&self) -> &str {
        &self.subject
    }

    /// How long the phases took.
    #[must_use]
    pub const fn timings(&self) -> &Timings {
        &self.timings
    }

    /// How many bytes of content there are, if the head says so.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        match self.bare.framing {
            ResponseFraming::Length(length) => Some(length),
            ResponseFraming::Chunked | ResponseFraming::UntilClose | ResponseFraming::Tunnel => None,
        }
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, url, headers) = (self.status().code(), &self.url, self.headers());
        f.debug_struct("Head")
            .field("status", &status)
            .field("url", url)
            .field("headers", headers)
            .finish_non_exhaustive()
    }
}
