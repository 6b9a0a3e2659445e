//! The response: its head, and its content as it comes.

use alloc::sync::Arc;
use core::fmt;
use std::io::{self, Read, Write};

use wirenut::http::Status;
use wirenut::time::Duration;

use crate::answer::{Answer, Piece};
use crate::error::{Cause, Error, Phase};
use crate::head::Head;
use crate::headers::Headers;
use crate::timings::Timings;
use crate::upgraded::Upgraded;
use crate::url::Url;
use crate::watcher::Waiter;

/// So much memory is reserved for content that has not come yet.
const MAX_RESERVED: u64 = 1 << 20;

/// The response to a request. Its content is read from the connection piece by piece, as it is asked for: by
/// [`Read`], by [`Self::copy_to`], or as a whole by [`Self::bytes`] and [`Self::text`].
///
/// Once all is read, the connection goes back to the client. A response that is dropped before that closes it. One with
/// the status 101, which only a request with an Upgrade field gets, and one of success to CONNECT have no content: to read it
/// is an error, and [`Self::into_upgraded`] hands the connection on.
pub struct Response {
    answer: Answer,
    waiter: Waiter,
}

impl Response {
    pub(crate) const fn new(answer: Answer, waiter: Waiter) -> Self {
        Self { answer, waiter }
    }

    /// All that is known beside the content.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.answer.head
    }

    /// The status code.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.head().status()
    }

    /// The fields of the head.
    #[must_use]
    pub const fn headers(&self) -> &Headers {
        self.head().headers()
    }

    /// The fields behind chunked content. There are none before all of it was read.
    #[must_use]
    pub const fn trailers(&self) -> &Headers {
        self.head().trailers()
    }

    /// What was asked in the end: after redirects, where they led.
    #[must_use]
    pub const fn url(&self) -> &Url {
        self.head().url()
    }

    /// How many redirects were followed.
    #[must_use]
    pub const fn redirects(&self) -> u8 {
        self.head().redirects()
    }

    /// Whom it came from: the address, and the host that was looked up for it.
    #[must_use]
    pub fn peer(&self) -> &str {
        self.head().peer()
    }

    /// How long the phases took.
    #[must_use]
    pub const fn timings(&self) -> &Timings {
        self.head().timings()
    }

    /// How many bytes of content there are, if the head says so.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.head().length()
    }

    /// The same response, unless its status is one of an error: 400 or more.
    ///
    /// # Errors
    /// [`Cause::Status`].
    pub fn checked(self) -> Result<Self, Error> {
        match self.status().code() {
            ..400 => Ok(self),
            code => Err(Error::new(Phase::Response, self.url(), Cause::Status(code))),
        }
    }

    /// All of the content that was not read yet, if it is at most so many bytes.
    ///
    /// # Errors
    /// [`Cause::TooLarge`]; and those of [`Self::copy_to`].
    pub fn bytes(mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        let too_large = |subject: &str| Error::new(Phase::Body, subject, Cause::TooLarge(most));
        let announced = self.length().map_or(0, |length| length.saturating_sub(self.answer.received()));
        if announced > most {
            return Err(too_large(self.peer()));
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
                return Err(too_large(self.peer()));
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
        let subject = Arc::clone(&self.head().subject);
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
        let before = self.answer.received();
        loop {
            let mut written = Ok(());
            let more = self.next_piece(&mut |piece| {
                written = writer.write_all(piece);
                piece.len()
            })?;
            if let Err(error) = written {
                self.answer.give_up(self.waiter.watcher());
                return Err(Error::new(Phase::Output, self.url(), Cause::Output(error)));
            }
            if !more {
                return Ok(self.answer.received() - before);
            }
            progress(self.answer.received(), self.length());
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
        if self.length().is_some_and(|length| length > limit) {
            return;
        }
        self.answer.hasten(time.into());
        while self.answer.received() < limit && self.next_piece(&mut |piece| piece.len()).unwrap_or(false) {}
    }

    /// The connection, after the server has switched to another protocol (101) or has opened a tunnel (2xx to CONNECT), with
    /// whatever came behind the head. No deadline bounds it any more.
    ///
    /// # Errors
    /// The response is another one: the server has not switched.
    pub fn into_upgraded(mut self) -> Result<Upgraded, Error> {
        self.answer.into_upgraded(self.waiter.watcher())
    }

    /// Gives the next piece to `take`, which says how much of it it wants. False: that was all.
    fn next_piece(&mut self, take: &mut dyn FnMut(&[u8]) -> usize) -> Result<bool, Error> {
        loop {
            match self.answer.poll(take, self.waiter.watcher())? {
                Piece::Taken => return Ok(true),
                Piece::End => return Ok(false),
                Piece::Pending => {
                    let waited = self.waiter.wait(self.answer.poll_timeout());
                    waited.map_err(|cause| Error::new(Phase::Body, self.peer(), cause))?;
                }
            }
        }
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
        f.debug_struct("Response").field("head", self.head()).finish_non_exhaustive()
    }
}
