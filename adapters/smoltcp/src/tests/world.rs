//! Two hosts, a wire between them, and a clock that only we turn.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec;
use alloc::vec::Vec;

use smoltcp::iface::{Interface, PollResult, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::IpAddress;
use wirenut::http::{Error, FieldFilter, Limits};
use wirenut::readiness::{Policy, WhenFull};

use super::counted::Counted;
use super::wire::{End, interface, socket, wire};
use crate::{Server, Wakes};

pub(super) const RING: usize = 512;
pub(super) const PORT: u16 = 80;
const CLIENT_RING: usize = 4096;
/// What the reference service asks for is kept; the first line has up to 400 bytes. Half a ring holds each of its heads.
pub(super) const LIMITS: Limits =
    Limits { field_filter: Some(&FieldFilter { names: &[], bytes: 400 }), output_reserve: 256, ..Limits::DEFAULT };

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
            service: Counted::new(),
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
