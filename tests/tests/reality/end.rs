//! An end of a connection: a socket of the running kernel.

use core::net::SocketAddr;
use core::time::Duration;
use std::net::Shutdown;

use wirenut::tcp::state::State;
use wirenut_linux::socket::{
    Attempt, Connecting, Family, KeepAlive, Mode, Progress, Received, Socket, Tcp, TcpListener, TcpStream,
};

use crate::kernel;
use crate::namespace::Namespace;

/// What it sends: so that no byte can be taken for another one that lies near.
pub(crate) fn pattern(is_first: bool, place: usize) -> u8 {
    let step = if is_first { 7 } else { 11 };
    (place.wrapping_mul(step) ^ (place >> 8)) as u8
}

enum Held {
    Connecting(Socket<Tcp, Connecting>),
    Connected(TcpStream),
}

/// One end, by its address and that of its peer.
pub(crate) struct End {
    pub(crate) address: SocketAddr,
    pub(crate) peer: SocketAddr,
    is_first: bool,
    listener: Option<TcpListener>,
    held: Option<Held>,
    /// How many bytes the kernel took to send.
    pub(crate) sent: usize,
    /// What it was given.
    pub(crate) read: Vec<u8>,
    pub(crate) has_read_end: bool,
    /// The connection was broken off.
    pub(crate) has_failed: bool,
}

impl End {
    pub(crate) fn new(address: SocketAddr, peer: SocketAddr, is_first: bool) -> Self {
        let read = Vec::new();
        Self {
            address,
            peer,
            is_first,
            listener: None,
            held: None,
            sent: 0,
            read,
            has_read_end: false,
            has_failed: false,
        }
    }

    pub(crate) fn listen(&mut self, namespace: &Namespace, receive_buffer: Option<usize>) {
        namespace.enter();
        let listener = TcpListener::bind(&self.address).expect("the address is free");
        listener.set_mode(Mode::NonBlocking).expect("a mode");
        if let Some(bytes) = receive_buffer {
            listener.set_recv_buffer_size(bytes).expect("a size");
        }
        self.listener = Some(listener);
    }

    /// From its own address, which may have been used a moment ago.
    pub(crate) fn connect(&mut self, namespace: &Namespace) {
        namespace.enter();
        let socket = Socket::tcp(Family::of(&self.address)).expect("a socket");
        socket.set_reuse_address(true).expect("an option");
        socket.bind(&self.address).expect("the address is free");
        socket.set_no_delay(true).expect("an option");
        (self.sent, self.has_read_end) = (0, false);
        self.read.clear();
        self.held = Some(match socket.start_connect(&self.peer).expect("a route") {
            Progress::Connecting(socket) => Held::Connecting(socket),
            Progress::Connected(stream) => Held::Connected(stream),
        });
    }

    /// Takes the connection from its listener, if it is there. The listener stays.
    pub(crate) fn accept(&mut self) -> bool {
        let listener = self.listener.as_ref().expect("somebody listens");
        let Attempt::Done((stream, peer)) = listener.accept(Mode::NonBlocking).expect("no failure") else {
            return false;
        };
        assert_eq!(peer, self.peer);
        stream.set_no_delay(true).expect("an option");
        (self.sent, self.has_read_end) = (0, false);
        self.read.clear();
        self.held = Some(Held::Connected(stream));
        true
    }

    /// The same, if somebody listens here at all.
    pub(crate) fn accept_if_any(&mut self) -> bool {
        self.listener.is_some() && self.accept()
    }

    /// Is there a socket?
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Nobody listens any more.
    pub(crate) fn stop_listening(&mut self) {
        self.listener = None;
    }

    /// The stream, once it is connected.
    pub(crate) fn stream(&mut self) -> Option<&TcpStream> {
        if let Some(Held::Connecting(socket)) = self.held.take_if(|held| matches!(held, Held::Connecting(_))) {
            // Where it failed, the socket is closed.
            self.held = socket.finish().ok().map(|progress| match progress {
                Progress::Connecting(socket) => Held::Connecting(socket),
                Progress::Connected(stream) => Held::Connected(stream),
            });
        }
        match &self.held {
            Some(Held::Connected(stream)) => Some(stream),
            Some(Held::Connecting(_)) | None => None,
        }
    }

    /// Gives the kernel the next bytes, as many as it takes of so many. Returns how many.
    pub(crate) fn send(&mut self, count: usize) -> usize {
        let (is_first, begin) = (self.is_first, self.sent);
        let bytes: Vec<u8> = (begin..begin + count).map(|place| pattern(is_first, place)).collect();
        let mut taken = 0;
        while taken < count {
            let Some(stream) = self.stream() else { break };
            match stream.send(&bytes[taken..]) {
                Ok(Attempt::Done(sent)) => taken += sent,
                Ok(Attempt::WouldBlock) => break,
                // Said once: receiving only gives the end afterwards.
                Err(_) => {
                    self.has_failed = true;
                    break;
                }
            }
        }
        self.sent += taken;
        taken
    }

    /// Takes all that is there.
    pub(crate) fn receive(&mut self) {
        let mut bytes = [0; 4_096];
        while let Some(stream) = self.stream() {
            match stream.recv(&mut bytes) {
                Ok(Received::Data(count)) => self.read.extend_from_slice(&bytes[..count]),
                Ok(Received::End) => {
                    self.has_read_end = true;
                    break;
                }
                Ok(Received::WouldBlock) => break,
                Err(_) => {
                    self.has_failed = true;
                    break;
                }
            }
        }
        let is_peer_first = !self.is_first;
        let is_right = self.read.iter().enumerate().all(|(place, byte)| *byte == pattern(is_peer_first, place));
        assert!(is_right, "other bytes than were sent");
    }

    pub(crate) fn shutdown(&mut self) {
        self.stream().expect("it is connected").shutdown(Shutdown::Write).expect("it is open");
    }

    /// The same, unless the connection is broken off.
    pub(crate) fn shut_down(&mut self) -> bool {
        self.stream().is_some_and(|stream| stream.shutdown(Shutdown::Write).is_ok())
    }

    pub(crate) fn close(&mut self) {
        self.held = None;
    }

    /// Closes by a reset. What is not connected yet is only closed.
    pub(crate) fn abort(&mut self) {
        self.stream();
        if let Some(Held::Connected(stream)) = self.held.take() {
            stream.abort().expect("an option");
        }
    }

    /// Asks a silent peer after a second, and again after each more, three times.
    pub(crate) fn keep_alive(&mut self) {
        let second = Duration::from_secs(1);
        let times = KeepAlive { idle: second, interval: second, probes: 2 };
        self.stream().expect("it is connected").set_keep_alive(Some(times)).expect("an option");
    }

    /// Gives the connection up when nothing is acknowledged for so long.
    pub(crate) fn give_up_after(&self, milliseconds: u32) {
        match self.held.as_ref().expect("a socket") {
            Held::Connecting(socket) => socket.set_user_timeout(milliseconds),
            Held::Connected(stream) => stream.set_user_timeout(milliseconds),
        }
        .expect("an option");
    }

    /// What TCP_INFO says of the socket, if there is one.
    pub(crate) fn info(&self) -> Option<State> {
        let info = match self.held.as_ref()? {
            Held::Connecting(socket) => socket.tcp_info(),
            Held::Connected(stream) => stream.tcp_info(),
        };
        Some(info.expect("a socket").state)
    }

    /// The state of this end, of which the kernel's table and TCP_INFO say the same. `None`: there is no connection.
    ///
    /// TCP_INFO says CLOSED of a socket whose connection is in TIME-WAIT, which is no socket's.
    pub(crate) fn state(&self, namespace: &Namespace) -> Option<State> {
        // A timer may come between both answers.
        let (row, info) = loop {
            let (before, row) = (self.info(), of_table(&kernel::table(namespace), self));
            if self.info() == before {
                break (row, before);
            }
        };
        if let Some(info) = info {
            let is_same = row == Some(info) || (info == State::Closed && matches!(row, None | Some(State::TimeWait)));
            assert!(is_same, "TCP_INFO says {info}, the kernel's table {row:?}");
        }
        row
    }
}

/// The state of this end in a table.
pub(crate) fn of_table(rows: &[kernel::Row], end: &End) -> Option<State> {
    let (local, remote) = (end.address.port(), end.peer.port());
    rows.iter().find(|row| (row.0, row.1) == (local, remote)).map(|row| row.2)
}
