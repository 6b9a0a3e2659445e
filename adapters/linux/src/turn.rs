//! A connection's turn: receive, drive, send, obey. At most one receive, and a bounded number of sends: then it is the
//! others' turn.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::ops::Range;
use core::task::Waker;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;

use wirenut::http::service::{Driven, Host, Service};
use wirenut::http::{Context, Disposition, Error, Fault, Limits, Rule};
use wirenut::readiness::{Event, Interest, Poller};

use crate::clock::Clock;
use crate::connection::{Connection, Outbound};
use crate::guard::{self, Names};
use crate::poller::Epoll;
use crate::slots::Token;
use crate::sys::socket;
use crate::transfer::Transfer;
use crate::wake::{ConnectionWaker, Mailbox};

/// What one send moves at most, and so what is kept for a peer that does not read.
const OUTPUT_BYTES: usize = 64 * 1024;

/// What one transfer moves at most: nothing of it is kept, so only the others' waiting bounds it. As
/// in nginx; with 64 KiB, a large file cost more CPU time than there.
const TRANSFER_BYTES: u64 = 2 * 1024 * 1024;

/// What one receive takes.
const INPUT_BYTES: usize = 64 * 1024;

/// How often a connection may drive and send in one turn.
const ROUNDS: usize = 4;

/// What every turn needs and none changes.
pub(crate) struct Surroundings<'s, S: ?Sized> {
    pub(crate) service: &'s S,
    pub(crate) names: &'s Names,
    pub(crate) limits: Limits,
    pub(crate) clock: Clock,
    pub(crate) mailbox: Arc<Mailbox>,
}

impl<S: ?Sized> Surroundings<'_, S> {
    pub(crate) const fn context(&self) -> Context<'_> {
        Context { now: self.clock.now(), limits: &self.limits, date: Some(self.clock.date()) }
    }
}

/// One input and one output buffer, and a place for heads that do not come whole, shared by all connections of a worker:
/// each uses them during its turn only.
pub(crate) struct Buffers {
    input: Box<[u8]>,
    store: Box<[u8]>,
    output: Box<[u8]>,
    /// How many bytes were consumed in this turn.
    pub(crate) taken: u64,
}

impl Buffers {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            input: vec![0; INPUT_BYTES].into_boxed_slice(),
            store: vec![0; limits.store_bytes()].into_boxed_slice(),
            output: vec![0; OUTPUT_BYTES].into_boxed_slice(),
            taken: 0,
        }
    }
}

/// How a turn ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    /// There is nothing to do until something happens.
    Rest,
    /// There is more to do, in the next round.
    Again,
    /// The connection is to be closed.
    Gone,
}

/// Why no more was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pumped {
    /// All is done, and all that was written is sent.
    Rested,
    /// The peer takes no more.
    Blocked,
    /// The rounds are used up.
    Spent,
}

/// One turn of one connection.
pub(crate) struct Turn<'t, 's, S: Service + ?Sized> {
    pub(crate) around: &'t Surroundings<'s, S>,
    pub(crate) poller: &'t mut Epoll,
    pub(crate) buffers: &'t mut Buffers,
    pub(crate) connection: &'t mut Connection<S>,
    pub(crate) token: Token,
}

impl<S: Service<Source: Transfer> + ?Sized> Turn<'_, '_, S> {
    /// Does what can be done. `may_read`: the socket has something to read.
    #[inline]
    pub(crate) fn run(mut self, may_read: bool) -> Outcome {
        let reads = may_read && self.connection.wants_input();
        match self.pump(reads) {
            Ok(pumped) => self.settle(pumped, may_read && !reads),
            Err(rule) => self.lose(rule),
        }
    }

    /// The connection has failed, or what is sent on it has.
    pub(crate) fn lose(self, rule: Rule) -> Outcome {
        let driven = self.connection.session.handle_lost(&self.around.context(), self.around.service, rule);
        report(&self.connection.socket, &driven);
        if self.connection.session.disposition() == Disposition::Abort { self.part() } else { Outcome::Gone }
    }

    /// The connection's time has come.
    pub(crate) fn time_out(self) -> Outcome {
        let driven = self.connection.session.handle_timeout(&self.around.context(), self.around.service);
        report(&self.connection.socket, &driven);
        self.run(false)
    }

    /// Sends what was kept, receives once, and does what came of it.
    fn pump(&mut self, reads: bool) -> Result<Pumped, Rule> {
        if self.connection.kept.is_some() && !self.send_kept()? {
            return Ok(Pumped::Blocked);
        }
        let mut window = self.connection.restore_input(&mut self.buffers.input, &mut self.buffers.store);
        if reads {
            self.receive(&mut window)?;
        }
        let pumped = self.drive_and_send(&mut window)?;
        self.connection.keep_input(&self.buffers.input[window], &self.buffers.store);
        Ok(pumped)
    }

    /// Drives and sends by turns, as long as that moves something and the rounds last.
    fn drive_and_send(&mut self, window: &mut Range<usize>) -> Result<Pumped, Rule> {
        for _ in 0..ROUNDS {
            if self.connection.session.transfer().is_some() && !self.transfer()? {
                return Ok(Pumped::Blocked);
            }
            let driven = self.drive(window.clone());
            window.start += driven.taken;
            if self.connection.session.disposition() == Disposition::Cut {
                return Ok(Pumped::Rested);
            }
            if driven.written > 0 && !self.send(driven.written)? {
                return Ok(Pumped::Blocked);
            }
            let session = &mut self.connection.session;
            let is_between_requests = window.start == window.end && session.is_idle();
            let is_stuck = driven.taken == 0 && driven.written == 0 && session.transfer().is_none();
            if is_between_requests || is_stuck {
                return Ok(Pumped::Rested);
            }
        }
        Ok(Pumped::Spent)
    }

    /// One receive, behind what is in the window.
    fn receive(&mut self, window: &mut Range<usize>) -> Result<(), Rule> {
        let room = &mut self.buffers.input[window.end..];
        if room.is_empty() {
            // A session takes what fills the buffer, or breaks; if neither, a read of nothing would look like the end.
            return Err(Rule::HostClosed);
        }
        match self.connection.socket.read(room) {
            Ok(0) => {
                self.connection.is_ended = true;
                let driven = self.connection.session.handle_eof(&self.around.context(), self.around.service);
                report(&self.connection.socket, &driven);
                Ok(())
            }
            Ok(received) => {
                window.end += received;
                Ok(())
            }
            Err(error) if is_passing(&error) => Ok(()),
            Err(_) => Err(Rule::Reset),
        }
    }

    fn drive(&mut self, window: Range<usize>) -> Driven {
        let Connection { session, socket, .. } = &mut *self.connection;
        let host = ConnectionHost { socket, token: self.token, mailbox: &self.around.mailbox };
        let Buffers { input, store, output, .. } = &mut *self.buffers;
        let driven = session.drive(&self.around.context(), &host, self.around.service, &input[window], store, output);
        report(socket, &driven);
        self.buffers.taken += driven.taken as u64;
        driven
    }

    /// Sends what was written into the output buffer, and keeps what the peer does not take. False if there is some.
    fn send(&mut self, written: usize) -> Result<bool, Rule> {
        let output = &self.buffers.output[..written];
        if self.connection.outbound == Outbound::Unused {
            self.connection.outbound = Outbound::Open;
        }
        let sent = send(&mut self.connection.socket, output)?;
        let left = &output[sent..];
        self.connection.session.handle_sent(&self.around.context(), sent, left.len());
        if left.is_empty() {
            return Ok(true);
        }
        self.connection.keep_output(left);
        Ok(false)
    }

    /// Sends what was kept. False if some is left.
    fn send_kept(&mut self) -> Result<bool, Rule> {
        let Some(kept) = &mut self.connection.kept else { return Ok(true) };
        if kept.output.is_empty() {
            return Ok(true);
        }
        let sent = send(&mut self.connection.socket, &kept.output[kept.sent..])?;
        kept.sent += sent;
        let left = kept.output.len() - kept.sent;
        self.connection.session.handle_sent(&self.around.context(), sent, left);
        self.connection.free_kept();
        Ok(left == 0)
    }

    /// Moves one piece of what the service wants transferred. False if the peer takes no more.
    fn transfer(&mut self) -> Result<bool, Rule> {
        let (cx, service) = (self.around.context(), self.around.service);
        let Connection { session, socket, .. } = &mut *self.connection;
        let Some((source, length)) = session.transfer() else { return Ok(true) };
        let moved = match guard::transfer(source, socket.as_fd(), length.min(TRANSFER_BYTES), self.around.names) {
            // The source is too short: the peer must see that the response is not whole.
            Ok(0) => return Err(Rule::SourceFailed),
            Ok(moved) => moved,
            Err(error) if is_passing(&error) => {
                let left = usize::try_from(length).unwrap_or(usize::MAX);
                session.handle_sent(&cx, 0, left);
                return Ok(false);
            }
            Err(error) if is_of_peer(&error) => return Err(Rule::Reset),
            Err(_) => return Err(Rule::SourceFailed),
        };
        // What is left waits for the peer too: so it is held to its pace from piece to piece.
        let left = usize::try_from(length.saturating_sub(moved)).unwrap_or(usize::MAX);
        session.handle_sent(&cx, usize::try_from(moved).unwrap_or(usize::MAX), left);
        let driven = session.handle_transferred(&cx, service, moved);
        report(socket, &driven);
        Ok(true)
    }

    /// Obeys the connection's disposition, and tells the poller what to wait for. `is_unread`: the socket has something to
    /// read that is not wanted now.
    fn settle(mut self, pumped: Pumped, is_unread: bool) -> Outcome {
        match (self.connection.session.disposition(), pumped) {
            (Disposition::Cut, _) | (Disposition::Close, Pumped::Rested) => return Outcome::Gone,
            (Disposition::Abort, Pumped::Rested | Pumped::Spent) => return self.part(),
            (Disposition::ShutdownWrite, Pumped::Rested)
                if matches!(self.connection.outbound, Outbound::Unused | Outbound::Open) =>
            {
                self.connection.outbound = Outbound::Shut;
                // It fails only if the connection has: the poller says so.
                let _ = self.connection.socket.shutdown(Shutdown::Write);
            }
            (Disposition::Open | Disposition::ShutdownWrite | Disposition::Close | Disposition::Abort, _) => {}
        }
        let before = self.connection.interest;
        let interest = match pumped {
            Pumped::Blocked => Interest::WRITABLE,
            Pumped::Rested | Pumped::Spent if self.connection.wants_input() => Interest::READABLE,
            // What is not wanted for a moment may well be wanted before it comes.
            Pumped::Rested | Pumped::Spent if before == Interest::READABLE && !is_unread => Interest::READABLE,
            Pumped::Rested | Pumped::Spent => Interest::NOTHING,
        };
        if !self.watch(interest) {
            return self.lose(Rule::HostClosed);
        }
        if pumped == Pumped::Spent { Outcome::Again } else { Outcome::Rest }
    }

    /// Tells the poller what to wait for. False if it cannot.
    fn watch(&mut self, interest: Interest) -> bool {
        if interest == self.connection.interest {
            return true;
        }
        self.connection.interest = interest;
        self.poller.modify(self.connection.socket.as_fd(), self.token.for_poller(), interest).is_ok()
    }

    /// All that was written is in the system's hands, and a reset is to follow. A reset destroys what has not left: so the
    /// system is asked to say when all has, within the peer's time to take it.
    fn part(mut self) -> Outcome {
        if self.connection.outbound == Outbound::Parting {
            return Outcome::Rest;
        }
        self.connection.outbound = Outbound::Parting;
        // As if one more byte waited: that is what the time is for.
        self.connection.session.handle_sent(&self.around.context(), 0, 1);
        let is_watched =
            socket::set_writable_when_sent(&self.connection.socket).is_ok() && self.watch(Interest::WRITABLE);
        if is_watched { Outcome::Rest } else { Outcome::Gone }
    }

    /// The socket is ready, or has failed.
    pub(crate) fn handle(self, event: Event) -> Outcome {
        // A hang-up that no reading will bring to light would be told again and again.
        if event.is_error() || (event.is_hang_up() && !self.connection.wants_input()) {
            return self.lose(Rule::Reset);
        }
        if self.connection.outbound == Outbound::Parting && event.is_writable() {
            return Outcome::Gone;
        }
        self.run(event.is_readable())
    }
}

/// What a session has to know of its connection.
struct ConnectionHost<'t> {
    socket: &'t TcpStream,
    token: Token,
    mailbox: &'t Arc<Mailbox>,
}

impl Host for ConnectionHost<'_> {
    fn waker(&self) -> Waker {
        Waker::from(Arc::new(ConnectionWaker { token: self.token, mailbox: Arc::clone(self.mailbox) }))
    }

    fn peer(&self) -> Option<SocketAddr> {
        self.socket.peer_addr().ok()
    }

    fn output_capacity(&self) -> usize {
        OUTPUT_BYTES
    }
}

/// Closes the connection as its disposition says, and its exchange if there still is one.
pub(crate) fn close<S: Service + ?Sized>(mut connection: Connection<S>, around: &Surroundings<'_, S>) {
    if matches!(connection.session.disposition(), Disposition::Abort | Disposition::Cut) {
        // Where it fails there is no connection to reset.
        let _ = socket::reset_on_close(&connection.socket);
    }
    let driven = connection.session.handle_lost(&around.context(), around.service, Rule::HostClosed);
    let _ = driven;
}

/// Sends what the socket takes now. (The standard library sends with MSG_NOSIGNAL: there is no SIGPIPE.)
fn send(socket: &mut TcpStream, bytes: &[u8]) -> Result<usize, Rule> {
    match socket.write(bytes) {
        Ok(sent) => Ok(sent),
        Err(error) if is_passing(&error) => Ok(0),
        Err(_) => Err(Rule::Reset),
    }
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn is_of_peer(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::TimedOut)
}

/// Logs what went wrong, if something did.
fn report(socket: &TcpStream, driven: &Driven) {
    if let Some(error) = driven.error {
        log_error(socket, error);
    }
}

#[cold]
fn log_error(socket: &TcpStream, error: Error) {
    let level = match error.rule.fault() {
        Fault::Application => log::Level::Error,
        Fault::Peer => log::Level::Warn,
        Fault::Host => log::Level::Debug,
    };
    match socket.peer_addr() {
        Ok(peer) => log::log!(level, "{peer}: {error}"),
        // It is gone, and its address with it.
        Err(_) => log::log!(level, "unknown peer: {error}"),
    }
}
