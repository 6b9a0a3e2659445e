//! Two hosts, a wire between them, and a clock that only we turn.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};
use core::task::Waker;

use smoltcp::iface::{Config, Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use wirenut::http::service::{Responder, Service, Step, Wakeup};
use wirenut::http::{Error, Field, FieldFilter, Fields, Limits, RequestHead, Response, Status, WriteError};
use wirenut::readiness::{Policy, WhenFull};
use wirenut_reference::{Exchange, MemoryDevice, Reference};

use super::stranger;
use crate::{Server, Wakes};

pub(super) const RING: usize = 512;
pub(super) const PORT: u16 = 80;
const CLIENT_RING: usize = 4096;
/// What the reference service asks for is kept; the first line has up to 400 bytes. Half a ring holds each of its heads.
pub(super) const LIMITS: Limits =
    Limits { field_filter: Some(&FieldFilter { names: &[], bytes: 400 }), output_reserve: 256, ..Limits::DEFAULT };
/// What one frame takes on the wire.
const LATENCY: Duration = Duration::from_micros(200);

type Frames = Rc<RefCell<VecDeque<(Instant, Vec<u8>)>>>;

/// One end of the wire.
pub(super) struct End {
    incoming: Frames,
    outgoing: Frames,
    /// Every so many frames that are sent, one is lost; 1 cuts the wire.
    loses_each: Rc<Cell<u32>>,
    sent: u32,
    /// Takes no frame to send: its neighbour does not answer, or its queue is full.
    is_stuck: bool,
    /// What was sent to the stranger, which is not on the wire.
    to_stranger: Vec<Vec<u8>>,
}

pub(super) struct Received(Vec<u8>);

pub(super) struct Transmitted<'a> {
    end: &'a mut End,
    now: Instant,
}

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

impl TxToken for Transmitted<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut frame = vec![0; length];
        let result = write(&mut frame);
        self.end.sent += 1;
        if stranger::is_to_it(&frame) {
            self.end.to_stranger.push(frame);
            return result;
        }
        let loses_each = self.end.loses_each.get();
        if loses_each == 0 || !self.end.sent.is_multiple_of(loses_each) {
            self.end.outgoing.borrow_mut().push_back((self.now + LATENCY, frame));
        }
        result
    }
}

impl Device for End {
    type RxToken<'a> = Received;
    type TxToken<'a> = Transmitted<'a>;

    fn receive(&mut self, now: Instant) -> Option<(Received, Transmitted<'_>)> {
        let frame = {
            let mut incoming = self.incoming.borrow_mut();
            incoming.front().filter(|(at, _)| *at <= now)?;
            incoming.pop_front()?.1
        };
        Some((Received(frame), Transmitted { end: self, now }))
    }

    fn transmit(&mut self, now: Instant) -> Option<Transmitted<'_>> {
        (!self.is_stuck).then_some(Transmitted { end: self, now })
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = 1500;
        capabilities
    }
}

/// Both ends of a wire.
pub(super) fn wire() -> (End, End) {
    let (there, back) = (Frames::default(), Frames::default());
    let end = |incoming: &Frames, outgoing: &Frames| End {
        incoming: Rc::clone(incoming),
        outgoing: Rc::clone(outgoing),
        loses_each: Rc::default(),
        sent: 0,
        is_stuck: false,
        to_stranger: Vec::new(),
    };
    (end(&there, &back), end(&back, &there))
}

pub(super) fn interface(end: &mut End, last: u8) -> Interface {
    let mut config = Config::new(HardwareAddress::Ip);
    config.random_seed = u64::from(last);
    let mut interface = Interface::new(config, end, Instant::ZERO);
    interface.update_ip_addrs(|addresses| addresses.push(IpCidr::new(IpAddress::v4(10, 0, 0, last), 24)).unwrap());
    interface
}

/// A socket with rings of so many bytes, to receive and to send.
pub(super) fn socket(rings: [usize; 2]) -> Socket<'static> {
    let [received, sent] = rings.map(|ring| SocketBuffer::new(vec![0; ring]));
    Socket::new(received, sent)
}

/// Fields that an answer of `/fields` has, each of 60 bytes.
pub(super) const FIELDS: usize = 40;

/// The reference service, which counts what was begun and closed; `/latch`, which answers once the latch is open;
/// `/fields`, which answers with many of them; and `/broken`, which gives its answer up in the middle.
pub(super) struct Counted {
    inner: Reference<MemoryDevice>,
    pub(super) is_latch_open: Cell<bool>,
    /// Of those at the latch.
    pub(super) wakers: RefCell<Vec<Waker>>,
    /// How often the latch was tried, and why again.
    pub(super) tries: Cell<usize>,
    pub(super) wakeups: RefCell<Vec<Wakeup>>,
    pub(super) begun: Cell<usize>,
    pub(super) completed: Cell<usize>,
    pub(super) failed: Cell<usize>,
}

impl Counted {
    fn try_latch(&self, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        self.tries.set(self.tries.get() + 1);
        self.wakeups.borrow_mut().extend(responder.wakeup());
        if !self.is_latch_open.get() && !responder.is_draining() {
            self.wakers.borrow_mut().push(responder.waker());
            return Ok(Step::Wait(None));
        }
        responder.send(&Response::new(Status::OK), b"open")?;
        Ok(Step::Done)
    }
}

impl Service for Counted {
    /// `None` at the latch.
    type Exchange = Option<Exchange>;
    type Source = core::convert::Infallible;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step), WriteError> {
        let begun = if head.target.path() == b"/latch" {
            (None, self.try_latch(responder)?)
        } else if head.target.path() == b"/fields" {
            let field = Field::new("Set-Cookie", "crumb=0123456789012345678901234567890123456789");
            responder.send(&Response::new(Status::OK).with_fields(&[field; FIELDS]), b"many")?;
            (None, Step::Done)
        } else if head.target.path() == b"/broken" {
            responder.respond(&Response::new(Status::OK).with_length(100))?;
            responder.send_body(b"the first of it")?;
            (None, Step::Abort)
        } else {
            let (exchange, step) = self.inner.request(head, responder)?;
            (Some(exchange), step)
        };
        self.begun.set(self.begun.get() + 1);
        Ok(begun)
    }

    fn body(
        &self,
        x: &mut Self::Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step), WriteError> {
        match x {
            Some(x) => self.inner.body(x, piece, responder),
            None => Ok((piece.len(), Step::More)),
        }
    }

    fn end(
        &self,
        x: &mut Self::Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step, WriteError> {
        match x {
            Some(x) => self.inner.end(x, trailers, responder),
            None => self.try_latch(responder),
        }
    }

    fn proceed(&self, x: &mut Self::Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        match x {
            Some(x) => self.inner.proceed(x, responder),
            None => self.try_latch(responder),
        }
    }

    fn closed(&self, x: Self::Exchange, outcome: Result<(), Error>) {
        let counter = if outcome.is_ok() { &self.completed } else { &self.failed };
        counter.set(counter.get() + 1);
        if let Some(x) = x {
            self.inner.closed(x, outcome);
        }
    }
}

/// A client's socket and what its user wants.
struct Client {
    handle: SocketHandle,
    unsent: VecDeque<u8>,
    received: Vec<u8>,
    reads: bool,
    closes: bool,
    was_open: bool,
}

pub(super) struct World<const N: usize, const STORE: usize = { LIMITS.store_bytes() }> {
    pub(super) now: Instant,
    pub(super) server: Server<Counted, N, STORE, &'static Wakes<N>>,
    pub(super) service: Counted,
    pub(super) errors: Vec<Error>,
    server_handles: [SocketHandle; N],
    server_end: End,
    server_interface: Interface,
    server_sockets: SocketSet<'static>,
    scratch: Box<[u8]>,
    client_end: End,
    client_interface: Interface,
    client_sockets: SocketSet<'static>,
    clients: Vec<Client>,
    next_port: u16,
}

pub(super) const POLICY: Policy =
    Policy { slots: 2, evict_idle: false, when_full: WhenFull::Refuse, ..Policy::DEFAULT };

impl World<2> {
    pub(super) fn new() -> Self {
        Self::with(LIMITS, POLICY)
    }
}

impl<const N: usize> World<N> {
    pub(super) fn with(limits: Limits, policy: Policy) -> Self {
        Self::with_ring(RING, limits, policy)
    }
}

impl<const N: usize, const STORE: usize> World<N, STORE> {
    /// The server's sockets have rings of so many bytes.
    pub(super) fn with_ring(ring: usize, limits: Limits, policy: Policy) -> Self {
        Self::with_rings([ring; 2], limits, policy)
    }

    /// The same for rings of two sizes, to receive and to send.
    pub(super) fn with_rings(rings: [usize; 2], limits: Limits, policy: Policy) -> Self {
        let (mut server_end, mut client_end) = wire();
        let mut server_sockets = SocketSet::new(vec![]);
        let server_handles = [(); N].map(|()| server_sockets.add(socket(rings)));
        let mut world = Self {
            now: Instant::ZERO,
            server: Server::with_wakes(
                server_handles,
                PORT,
                Box::leak(Box::new(limits)),
                policy,
                Box::leak(Box::new(Wakes::new(|| {}))),
            ),
            service: Counted {
                inner: Reference { device: MemoryDevice::new() },
                is_latch_open: Cell::default(),
                wakers: RefCell::default(),
                tries: Cell::default(),
                wakeups: RefCell::default(),
                begun: Cell::default(),
                completed: Cell::default(),
                failed: Cell::default(),
            },
            errors: Vec::new(),
            server_handles,
            server_interface: interface(&mut server_end, 1),
            server_end,
            server_sockets,
            scratch: vec![0; rings[1]].into(),
            client_interface: interface(&mut client_end, 2),
            client_end,
            client_sockets: SocketSet::new(vec![]),
            clients: Vec::new(),
            next_port: 50_000,
        };
        world.run_ms(1);
        world
    }

    /// Every so many frames one is lost, each way.
    pub(super) fn lose_each(&self, frames: u32) {
        self.lose_from_server(frames);
        self.client_end.loses_each.set(frames);
    }

    pub(super) fn lose_from_server(&self, frames: u32) {
        self.server_end.loses_each.set(frames);
    }

    /// A frame of the stranger comes to the server.
    pub(super) fn put_frame(&mut self, frame: Vec<u8>) {
        self.server_end.incoming.borrow_mut().push_back((self.now, frame));
    }

    /// What the server has sent to the stranger since this was asked last.
    pub(super) fn take_frames(&mut self) -> Vec<Vec<u8>> {
        core::mem::take(&mut self.server_end.to_stranger)
    }

    /// From now on nothing leaves the server.
    pub(super) fn stick_server(&mut self) {
        self.server_end.is_stuck = true;
    }

    /// Begins a connection, without waiting for it.
    pub(super) fn connect(&mut self) -> usize {
        self.connect_with([CLIENT_RING; 2])
    }

    /// The same from a socket with rings of so many bytes, to receive and to send.
    pub(super) fn connect_with(&mut self, rings: [usize; 2]) -> usize {
        self.next_port += 1;
        let handle = self.client_sockets.add(socket(rings));
        let client = self.client_sockets.get_mut::<Socket<'_>>(handle);
        client.connect(self.client_interface.context(), (IpAddress::v4(10, 0, 0, 1), PORT), self.next_port).unwrap();
        self.clients.push(Client {
            handle,
            unsent: VecDeque::new(),
            received: Vec::new(),
            reads: true,
            closes: false,
            was_open: false,
        });
        self.clients.len() - 1
    }

    pub(super) fn send(&mut self, client: usize, bytes: &[u8]) {
        self.clients[client].unsent.extend(bytes);
    }

    /// Ends the client's direction, behind what it sends.
    pub(super) fn close(&mut self, client: usize) {
        self.clients[client].closes = true;
    }

    pub(super) fn reset(&mut self, client: usize) {
        self.client_socket(client).abort();
    }

    pub(super) fn set_reading(&mut self, client: usize, reads: bool) {
        self.clients[client].reads = reads;
    }

    /// Did it find a socket that listened?
    pub(super) fn was_open(&self, client: usize) -> bool {
        self.clients[client].was_open
    }

    pub(super) fn state(&mut self, client: usize) -> State {
        self.client_socket(client).state()
    }

    /// The client's socket, for who does without [`Self::send`] and the like: it is not read any more.
    pub(super) fn take_socket(&mut self, client: usize) -> (SocketHandle, &mut SocketSet<'static>) {
        self.set_reading(client, false);
        (self.clients[client].handle, &mut self.client_sockets)
    }

    /// What came since it was last asked.
    pub(super) fn take_received(&mut self, client: usize) -> Vec<u8> {
        core::mem::take(&mut self.clients[client].received)
    }

    /// Sends, waits for thirty milliseconds (acknowledgements are delayed by ten), and returns what came.
    pub(super) fn ask(&mut self, client: usize, bytes: &[u8]) -> Vec<u8> {
        self.send(client, bytes);
        self.run_ms(30);
        self.take_received(client)
    }

    /// Runs until so many bytes have come, for at most ten minutes.
    pub(super) fn await_bytes(&mut self, client: usize, count: usize) -> Vec<u8> {
        for _ in 0..60_000 {
            if self.clients[client].received.len() >= count {
                break;
            }
            self.run_ms(10);
        }
        self.take_received(client)
    }

    pub(super) fn listening(&self) -> usize {
        let is_listening = |handle: &&SocketHandle| self.server_sockets.get::<Socket<'_>>(**handle).is_listening();
        self.server_handles.iter().filter(is_listening).count()
    }

    /// Exchanges: begun, completed, failed.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.service.begun.get(), self.service.completed.get(), self.service.failed.get())
    }

    /// What is on its way comes to the server's sockets, and the server is not polled.
    pub(super) fn receive_only(&mut self, millis: u64) {
        self.client_interface.poll(self.now, &mut self.client_end, &mut self.client_sockets);
        self.serve_clients();
        self.client_interface.poll(self.now, &mut self.client_end, &mut self.client_sockets);
        self.now += Duration::from_millis(millis);
        self.server_interface.poll(self.now, &mut self.server_end, &mut self.server_sockets);
    }

    pub(super) fn abort_server(&mut self) {
        self.server.abort(self.now, &mut self.server_sockets, &self.service);
    }

    pub(super) fn run_secs(&mut self, seconds: u64) {
        self.run_ms(seconds * 1_000);
    }

    /// Lets time pass. Hosts are looked after when frames come, and when they themselves asked for it, and not
    /// otherwise: a deadline that nobody names is never met.
    pub(super) fn run_ms(&mut self, millis: u64) {
        self.run_us(millis * 1_000);
    }

    pub(super) fn run_us(&mut self, micros: u64) {
        let end = self.now + Duration::from_micros(micros);
        loop {
            self.step();
            let frames = [&self.server_end, &self.client_end].map(|end| end.incoming.borrow().front().map(|f| f.0));
            let next = frames
                .into_iter()
                .chain([
                    self.server_interface.poll_at(self.now, &self.server_sockets),
                    self.client_interface.poll_at(self.now, &self.client_sockets),
                    self.server.poll_timeout(None),
                ])
                .flatten()
                .min();
            // A deadline may be due at once; then time must pass all the same.
            let next = next.unwrap_or(end).max(self.now + Duration::from_micros(50));
            if next >= end {
                self.now = end;
                return self.step();
            }
            self.now = next;
        }
    }

    fn step(&mut self) {
        if self.client_interface.poll(self.now, &mut self.client_end, &mut self.client_sockets)
            == PollResult::SocketStateChanged
            || !self.clients.is_empty()
        {
            self.serve_clients();
            self.client_interface.poll(self.now, &mut self.client_end, &mut self.client_sockets);
        }
        self.server_interface.poll(self.now, &mut self.server_end, &mut self.server_sockets);
        let polled = |world: &mut Self| {
            world.server.poll(world.now, None, &mut world.server_sockets, &world.service, &mut world.scratch)
        };
        while let Some(error) = polled(self) {
            self.errors.push(error);
        }
        self.server_interface.poll(self.now, &mut self.server_end, &mut self.server_sockets);
    }

    fn serve_clients(&mut self) {
        for client in &mut self.clients {
            let socket = self.client_sockets.get_mut::<Socket<'_>>(client.handle);
            client.was_open |= socket.may_send();
            if socket.can_send() {
                let sent = socket.send_slice(client.unsent.make_contiguous()).unwrap();
                client.unsent.drain(..sent);
            }
            while client.reads && socket.can_recv() {
                let taken = socket.recv(|piece| {
                    client.received.extend_from_slice(piece);
                    (piece.len(), piece.len())
                });
                assert!(taken.is_ok_and(|taken| taken > 0));
            }
            if client.closes && client.unsent.is_empty() && socket.may_send() {
                socket.close();
            }
        }
    }

    fn client_socket(&mut self, client: usize) -> &mut Socket<'static> {
        self.client_sockets.get_mut(self.clients[client].handle)
    }
}
