//! A request that never blocks its thread.

use core::fmt;
use std::os::fd::{AsFd, BorrowedFd};

use wirenut::time::Instant;
use wirenut_linux::poller::Epoll;

use crate::answer::{Answer, Piece};
use crate::asking::Asking;
use crate::error::{Error, Phase};
use crate::head::Head;
use crate::response::Response;
use crate::watcher::Waiter;

/// A request under way, for a thread that has many of them: it does what can be done at once, and never waits.
///
/// Register its descriptor with a [`Poller`](wirenut_linux::poller::Poller), for reading, as long as you like: it stays the same
/// from the look-up to the last byte. Call [`Self::poll`] until it says [`Progress::Pending`], and then again when the
/// descriptor is readable or [`Self::poll_timeout`] has come. All of the blocking form is here, too: redirects, retries,
/// proxies, TLS, the pool and its limits, uploads, deadlines, [`Cancel`](crate::Cancel). A source of content that blocks holds
/// up the thread.
///
/// ```
/// # use std::io::{Read, Write};
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # let url = format!("http://{}/", listener.local_addr()?);
/// # let server = std::thread::spawn(move || {
/// #     for _ in 0..3 {
/// #         let (mut stream, _) = listener.accept().unwrap();
/// #         stream.read(&mut [0; 1024]).unwrap();
/// #         stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello").unwrap();
/// #     }
/// # });
/// use std::os::fd::AsFd;
/// use wirenut_client::{Client, Exchange, Progress};
/// use wirenut_linux::monotonic_time;
/// use wirenut_linux::poller::{Epoll, Interest, Poller, Token};
///
/// let client = Client::new();
/// let mut poller = Epoll::new()?;
/// let mut exchanges = vec![client.get(&*url).start()?, client.get(&*url).start()?, client.get(&*url).start()?];
/// for (number, exchange) in (0..).zip(&exchanges) {
///     poller.register(exchange.as_fd(), Token(number), Interest::READABLE)?;
/// }
/// while exchanges.iter().any(|exchange| !exchange.is_over()) {
///     for (number, exchange) in exchanges.iter_mut().enumerate() {
///         loop {
///             match exchange.poll()? {
///                 Progress::Head(head) => println!("{number}: {}", head.status().code()),
///                 Progress::Content(piece) => println!("{number}: {} bytes", piece.len()),
///                 Progress::Pending | Progress::End => break,
///             }
///         }
///     }
///     if exchanges.iter().any(|exchange| !exchange.is_over()) {
///         poller.wait_until(exchanges.iter().filter_map(Exchange::poll_timeout).min(), monotonic_time)?;
///         while poller.next_event().is_some() {} // a program with many looks only at those whose token comes
///     }
/// }
/// # server.join().unwrap();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Exchange<'b> {
    epoll: Box<Epoll>,
    state: State<'b>,
}

enum State<'b> {
    Asking(Box<Asking<'b>>),
    Answering(Box<Answer>),
}

/// What a poll has found: see [`Exchange::poll`].
#[derive(Debug)]
pub enum Progress<'e> {
    /// Nothing more can be done now.
    Pending,
    /// The head of the response. Comes once, before any content.
    Head(&'e Head),
    /// The next piece of the content, never empty. To receive no more for now, do not poll.
    Content(&'e [u8]),
    /// That was all; trailers are at [`Head::trailers`]. Each later poll returns this again.
    End,
}

impl<'b> Exchange<'b> {
    pub(crate) fn new(asking: Asking<'b>) -> Result<Self, Error> {
        let epoll = Epoll::new().map_err(|error| Error::new(Phase::Prepare, "a means to wait", error.into()))?;
        let mut epoll = Box::new(epoll);
        asking.attach(&mut *epoll)?;
        Ok(Self { epoll, state: State::Asking(Box::new(asking)) })
    }

    /// Does what can be done without waiting, up to the next thing that the caller may want to know.
    ///
    /// # Errors
    /// As of [`RequestBuilder::send`](crate::RequestBuilder::send) before the head, and as of [`Response::copy_to`] after it.
    /// The exchange is over then, and each later poll fails, too.
    pub fn poll(&mut self) -> Result<Progress<'_>, Error> {
        if let State::Asking(asking) = &mut self.state {
            let Some(answer) = asking.poll(&mut *self.epoll)? else { return Ok(Progress::Pending) };
            self.state = State::Answering(Box::new(answer));
            return Ok(self.head().map_or(Progress::Pending, Progress::Head));
        }
        let State::Answering(answer) = &mut self.state else { return Ok(Progress::Pending) };
        match answer.poll(&mut |piece| piece.len(), &mut *self.epoll)? {
            Piece::Pending => Ok(Progress::Pending),
            Piece::Taken => Ok(Progress::Content(answer.piece())),
            Piece::End => Ok(Progress::End),
        }
    }

    /// When to poll it again, although its descriptor is not readable: a phase is over then, or the next step is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Asking(asking) => asking.poll_timeout(),
            State::Answering(answer) => answer.poll_timeout(),
        }
    }

    /// What is known of the response, once its head has come.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        match &self.state {
            State::Asking(_) => None,
            State::Answering(answer) => Some(&answer.head),
        }
    }

    /// The response, once its head has come: to be read on by a thread that waits, or for [`Response::into_upgraded`].
    #[must_use]
    pub fn into_response(self) -> Option<Response> {
        match self.state {
            State::Asking(_) => None,
            State::Answering(answer) => Some(Response::new(*answer, Waiter::Epoll(self.epoll))),
        }
    }

    /// Has all of the content come, or has it failed?
    #[must_use]
    pub fn is_over(&self) -> bool {
        match &self.state {
            State::Asking(asking) => asking.is_over(),
            State::Answering(answer) => answer.is_over(),
        }
    }
}

/// Readable when there may be something to do.
impl AsFd for Exchange<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.as_fd()
    }
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("head", &self.head()).finish_non_exhaustive()
    }
}
