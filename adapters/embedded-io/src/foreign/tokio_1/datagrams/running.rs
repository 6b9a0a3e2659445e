//! The loop of a server of datagrams: its handlers, what comes, and the end.

use alloc::vec;
use alloc::vec::Vec;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use futures_util::stream::{FuturesUnordered, Stream as _};
use tokio::io::unix::AsyncFd;
use wirenut::time::{Duration, Instant};

use super::TokioDatagramConfig;
use super::report::{TokioDatagramFailure, TokioDatagramReport};
use super::socket::TokioDatagramSocket;
use crate::Clock as _;
use crate::foreign::tokio_1::TokioTimer;
use crate::foreign::tokio_1::alarm::Alarm;

/// How long nothing is received after that has failed.
const RECOVERY: Duration = Duration::from_millis(100);

/// How many are received before other tasks have their turn.
const MAX_RECEIVED: u32 = 64;

/// How many are received when the server ends: more than a receive buffer holds by default. Others may come for as long as one
/// looks.
const MAX_REST: u32 = 4_096;

/// How many failures are told in each second.
const MAX_TOLD: u32 = 10;

pub(super) struct Running<'r, D: TokioDatagramSocket, F, C, M> {
    socket: &'r AsyncFd<D::Socket>,
    config: TokioDatagramConfig,
    timer: TokioTimer,
    /// One byte longer than a datagram may be: so a longer one is known.
    buffer: Vec<u8>,
    handle: C,
    handlers: FuturesUnordered<F>,
    /// Nothing is received until then.
    recovers_at: Instant,
    /// The server ends, and what is left then is dropped.
    ends_at: Option<Instant>,
    /// How many more are received, if the server ends.
    rest: u32,
    alarm: Alarm,
    /// How many failures were told since then.
    told: (Instant, u32),
    on_failure: M,
    report: TokioDatagramReport,
}

impl<'r, D, F, C, M> Running<'r, D, F, C, M>
where
    D: TokioDatagramSocket,
    F: Future<Output = Result<bool, TokioDatagramFailure<D::Peer>>>,
    C: Fn(Vec<u8>, D::Peer) -> F,
    M: FnMut(TokioDatagramFailure<D::Peer>),
{
    pub(super) fn new(
        socket: &'r AsyncFd<D::Socket>,
        config: TokioDatagramConfig,
        timer: TokioTimer,
        handle: C,
        on_failure: M,
    ) -> Self {
        Self {
            socket,
            config,
            timer,
            buffer: vec![0; config.datagram_bytes.saturating_add(1)],
            handle,
            handlers: FuturesUnordered::new(),
            recovers_at: Instant::START,
            ends_at: None,
            rest: MAX_REST,
            alarm: Alarm::default(),
            told: (Instant::START, 0),
            on_failure,
            report: TokioDatagramReport::default(),
        }
    }

    /// Goes on until something has to be waited for. Ready once it has stopped.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stop: Pin<&mut impl Future<Output = ()>>,
    ) -> Poll<TokioDatagramReport> {
        if self.ends_at.is_none() && stop.poll(cx).is_ready() {
            self.ends_at = Some(self.timer.now().saturating_add(self.config.drain));
        }
        for _ in 0..MAX_RECEIVED {
            let now = self.timer.now();
            self.poll_handlers(cx, now);
            if self.ends_at.is_some_and(|at| at <= now) {
                self.cut();
            }
            if self.poll_datagram(cx, now).is_ready() {
                continue;
            }
            if self.ends_at.is_some() && self.rest == 0 && self.handlers.is_empty() {
                return Poll::Ready(self.report);
            }
            let recovers_at = Some(self.recovers_at).filter(|at| *at > now);
            let at = [recovers_at, self.ends_at].into_iter().flatten().min();
            if !self.alarm.is_due(cx, &self.timer, at) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Lets the handlers go on that were woken, and counts those that are done.
    fn poll_handlers(&mut self, cx: &mut Context<'_>, now: Instant) {
        while let Poll::Ready(Some(outcome)) = Pin::new(&mut self.handlers).poll_next(cx) {
            match outcome {
                Ok(is_sent) => self.report.replied = self.report.replied.saturating_add(u64::from(is_sent)),
                Err(failure) => self.tell(failure, now),
            }
        }
    }

    /// Receives one datagram, if there is one and a place to handle it. Ready: perhaps there is another one.
    fn poll_datagram(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<()> {
        if self.handlers.len() >= self.config.handlers || self.recovers_at > now {
            return Poll::Pending;
        }
        match self.poll_receive(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok((count, peer))) => match self.buffer.get(..count).filter(|_| count < self.buffer.len()) {
                Some(datagram) => {
                    self.report.received = self.report.received.saturating_add(1);
                    self.handlers.push((self.handle)(datagram.to_vec(), peer));
                }
                None => self.tell(TokioDatagramFailure::TooLong(peer, self.config.datagram_bytes), now),
            },
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Poll::Ready(Err(error)) => {
                self.recovers_at = now.saturating_add(RECOVERY);
                self.tell(TokioDatagramFailure::Receive(error), now);
            }
        }
        Poll::Ready(())
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(usize, D::Peer)>> {
        if self.ends_at.is_some() {
            // Not through tokio, which says "not now" for reasons of its own.
            let Some(rest) = self.rest.checked_sub(1) else { return Poll::Pending };
            self.rest = rest;
            return match D::recv_from(self.socket.get_ref(), &mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.rest = 0;
                    Poll::Pending
                }
                received => Poll::Ready(received),
            };
        }
        loop {
            let Poll::Ready(ready) = self.socket.poll_read_ready(cx) else { return Poll::Pending };
            let mut ready = match ready {
                Ok(ready) => ready,
                Err(error) => return Poll::Ready(Err(error)),
            };
            // Forgets that it is ready where it is not.
            if let Ok(received) = ready.try_io(|socket| D::recv_from(socket.get_ref(), &mut self.buffer)) {
                return Poll::Ready(received);
            }
        }
    }

    fn tell(&mut self, failure: TokioDatagramFailure<D::Peer>, now: Instant) {
        let count = match &failure {
            TokioDatagramFailure::Receive(_) => None,
            TokioDatagramFailure::TooLong(..) => Some(&mut self.report.too_long),
            TokioDatagramFailure::Reply(..) => Some(&mut self.report.unsent),
            TokioDatagramFailure::TimedOut(_) => Some(&mut self.report.timed_out),
            TokioDatagramFailure::Panic(_) => Some(&mut self.report.panics),
        };
        if let Some(count) = count {
            *count = count.saturating_add(1);
        }
        let (since, told) = &mut self.told;
        if now.saturating_since(*since) >= Duration::from_secs(1) {
            (*since, *told) = (now, 0);
        }
        if *told < MAX_TOLD {
            *told = told.saturating_add(1);
            (self.on_failure)(failure);
        }
    }

    /// Its time to end is over.
    fn cut(&mut self) {
        self.rest = 0;
        self.report.cut = self.report.cut.saturating_add(u64::try_from(self.handlers.len()).unwrap_or(u64::MAX));
        self.handlers.clear();
    }
}
