//! The response: its head, and its content as it comes.

use alloc::sync::Arc;
use core::fmt;
use std::io::{self, Read, Write};

use wirenut::http::{ClientEvent, ResponseFraming, ResponseHead, Status};
use wirenut::time::Duration;

use crate::error::{Cause, Error, Phase};
use crate::headers::Headers;
use crate::inner::Inner;
use crate::link::Link;
use crate::pool::Place;
use crate::timings::Timings;
use crate::url::Url;
use crate::watch::Watch;

/// So much memory is reserved for content that has not come yet.
const MAX_RESERVED: u64 = 1 << 20;

/// What is kept of a head.
pub(crate) struct Head {
    pub(crate) status: Status,
    pub(crate) headers: Headers,
    pub(crate) framing: ResponseFraming,
}

impl Head {
    pub(crate) fn new(head: &ResponseHead<'_>) -> Self {
        Self { status: head.status, headers: Headers::new(head.fields), framing: head.body }
    }
}

/// The response to a request. Its content is read from the connection piece by piece, as it is asked for: by
/// [`Read`], by [`Self::copy_to`], or as a whole by [`Self::bytes`] and [`Self::text`].
///
/// Once all is read, the connection goes back to the client. A response that is dropped before that closes it. One with
/// the status 101, which only a request with an Upgrade field gets, has no content: to read it is an error, for this client
/// speaks no other protocol.
pub struct Response {
    head: Head,
    url: Url,
    trailers: Headers,
    timings: Timings,
    redirects: u8,
    received: u64,
    source: Option<Source>,
    /// A read has failed, so the content is not whole.
    is_cut: bool,
    watch: Watch,
    inner: Arc<Inner>,
    subject: Arc<str>,
}

/// Where content still comes from.
struct Source {
    link: Box<Link>,
    place: Place,
}

impl Response {
    pub(crate) fn new(
        inner: Arc<Inner>,
        (url, head): (Url, Head),
        (link, place): (Box<Link>, Place),
        watch: Watch,
        (timings, redirects): (Timings, u8),
    ) -> Result<Self, Error> {
        let subject = Arc::clone(link.subject());
        let source = Some(Source { link, place });
        let is_empty = head.framing == ResponseFraming::Length(0);
        let trailers = Headers::default();
        let mut response =
            Self { head, url, trailers, timings, redirects, received: 0, source, is_cut: false, watch, inner, subject };
        if is_empty {
            // So the connection is free at once.
            response.next_piece(&mut |_| 0)?;
        }
        Ok(response)
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.head.status
    }

    /// The fields of the head.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        &self.head.headers
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

    /// Whom it came from: the address, and the host that was looked up for it.
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
        match self.head.framing {
            ResponseFraming::Length(length) => Some(length),
            ResponseFraming::Chunked | ResponseFraming::UntilClose | ResponseFraming::Tunnel => None,
        }
    }

    /// The same response, unless its status is one of an error: 400 or more.
    ///
    /// # Errors
    /// [`Cause::Status`].
    pub fn checked(self) -> Result<Self, Error> {
        match self.status().code() {
            ..400 => Ok(self),
            code => Err(Error::new(Phase::Response, &self.url, Cause::Status(code))),
        }
    }

    /// All of the content that was not read yet, if it is at most so many bytes.
    ///
    /// # Errors
    /// [`Cause::TooLarge`]; and those of [`Self::copy_to`].
    pub fn bytes(mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        let too_large = |subject: &str| Error::new(Phase::Body, subject, Cause::TooLarge(most));
        let announced = self.length().map_or(0, |length| length.saturating_sub(self.received));
        if announced > most {
            return Err(too_large(&self.subject));
        }
        // A head announces what it likes, so beyond that memory is taken only for what has come.
        let mut all = Vec::with_capacity(usize::try_from(announced.min(MAX_RESERVED)).unwrap_or(0));
        let mut is_too_large = false;
        loop {
            let more = self.next_piece(&mut |piece| {
                is_too_large = piece.len() > limit.saturating_sub(all.len());
                if !is_too_large {
                    all.extend_from_slice(piece);
                }
                piece.len()
            })?;
            if is_too_large {
                return Err(too_large(&self.subject));
            }
            if !more {
                return Ok(all);
            }
        }
    }

    /// All of the content as text, if it is at most so many bytes of UTF-8.
    ///
    /// # Errors
    /// [`Cause::InvalidText`]; and those of [`Self::bytes`].
    pub fn text(self, limit: usize) -> Result<String, Error> {
        let subject = Arc::clone(&self.subject);
        let bytes = self.bytes(limit)?;
        String::from_utf8(bytes).map_err(|_| Error::new(Phase::Body, subject, Cause::InvalidText))
    }

    /// Writes the content to `writer` as it comes, straight from where it was received, and returns how many bytes it was.
    /// After each piece `progress` learns how many there are so far, and how many there will be if the head says so.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("http://{}/", listener.local_addr()?);
    /// # let server = std::thread::spawn(move || {
    /// #     let (mut stream, _) = listener.accept().unwrap();
    /// #     stream.read(&mut [0; 1024]).unwrap();
    /// #     stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello").unwrap();
    /// # });
    /// use wirenut_client::Client;
    /// let mut file = Vec::new();
    /// let mut response = Client::new().get(url).send()?;
    /// let count = response.copy_to(&mut file, |done, total| println!("{done} of {total:?} bytes"))?;
    /// assert_eq!((count, &file[..]), (5, &b"hello"[..]));
    /// # server.join().unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The content was cut off, came too slowly, or is not framed as HTTP frames it: what was written is not whole. That of
    /// the writer is [`Cause::Output`].
    pub fn copy_to(
        &mut self,
        writer: &mut (impl Write + ?Sized),
        mut progress: impl FnMut(u64, Option<u64>),
    ) -> Result<u64, Error> {
        let before = self.received;
        loop {
            let mut written = Ok(());
            let more = self.next_piece(&mut |piece| {
                written = writer.write_all(piece);
                piece.len()
            })?;
            if let Err(error) = written {
                (self.source, self.is_cut) = (None, true);
                return Err(Error::new(Phase::Output, &self.url, Cause::Output(error)));
            }
            if !more {
                return Ok(self.received - before);
            }
            progress(self.received, self.length());
        }
    }

    /// Reads up to so many bytes of content and throws them away, so that the connection can be used again: dropping a response
    /// closes it. It is closed here, too, if there are more, or if they do not come in `time`.
    ///
    /// ```
    /// # use std::io::{Read, Write};
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let url = format!("http://{}/", listener.local_addr()?);
    /// # let server = std::thread::spawn(move || {
    /// #     let (mut stream, _) = listener.accept().unwrap(); // one connection alone
    /// #     for answer in ["404 Not Found\r\nContent-Length: 7\r\n\r\nnothing", "200 OK\r\nContent-Length: 2\r\n\r\nhi"] {
    /// #         stream.read(&mut [0; 1024]).unwrap();
    /// #         write!(stream, "HTTP/1.1 {answer}").unwrap();
    /// #     }
    /// # });
    /// use std::time::Duration;
    /// let client = wirenut_client::Client::new();
    /// let response = client.get(&url).send()?;
    /// if response.status().code() == 404 {
    ///     response.discard(64 * 1024, Duration::from_secs(1));
    /// }
    /// assert_eq!(client.get(&url).send()?.text(100)?, "hi");
    /// # server.join().unwrap();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn discard(mut self, limit: u64, time: impl Into<Duration>) {
        self.watch = self.watch.within(time.into());
        if self.length().is_some_and(|length| length > limit) {
            return;
        }
        while self.received < limit && self.next_piece(&mut |piece| piece.len()).unwrap_or(false) {}
    }

    /// Gives the next piece to `take`, which says how much of it it wants. False: that was all.
    fn next_piece(&mut self, take: &mut dyn FnMut(&[u8]) -> usize) -> Result<bool, Error> {
        if self.is_cut {
            return Err(Error::new(Phase::Body, &self.subject, Cause::Other("it failed before, and is not whole")));
        }
        if self.head.framing == ResponseFraming::Tunnel {
            // It would have neither an end nor a pace.
            (self.source, self.is_cut) = (None, true);
            let cause = Cause::Other("the server has switched to another protocol, so there is no content");
            return Err(Error::new(Phase::Body, &self.subject, cause));
        }
        let Some(Source { link, .. }) = &mut self.source else { return Ok(false) };
        let (mut taken, mut trailers) = (None, None);
        let mut listener = |event: ClientEvent<'_>| match event {
            ClientEvent::Body(piece) => {
                let count = take(piece).min(piece.len());
                taken = Some(count);
                Some(count)
            }
            ClientEvent::End(fields) => {
                trailers = Some(Headers::new(fields));
                Some(0)
            }
            ClientEvent::Closed => Some(0),
            ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Interim(_) | ClientEvent::Head(_) => None,
        };
        let heard = link.listen(&self.inner.limits, &mut listener, &self.watch);
        if let Err(cause) = heard {
            (self.source, self.is_cut) = (None, true);
            return Err(Error::new(Phase::Body, &self.subject, cause));
        }
        if let Some(count) = taken {
            self.received += u64::try_from(count).unwrap_or(0);
            return Ok(true);
        }
        self.trailers = trailers.unwrap_or_default();
        if let Some(Source { link, place }) = self.source.take() {
            place.keep(link);
        }
        Ok(false)
    }
}

/// Reads the content. An error says that what came is not whole; each later read fails, too.
impl Read for Response {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        let mut count = 0;
        self.next_piece(&mut |piece| {
            count = piece.len().min(into.len());
            into[..count].copy_from_slice(&piece[..count]);
            count
        })?;
        Ok(count)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (status, url, headers) = (self.head.status.code(), &self.url, &self.head.headers);
        f.debug_struct("Response")
            .field("status", &status)
            .field("url", url)
            .field("headers", headers)
            .finish_non_exhaustive()
    }
}
