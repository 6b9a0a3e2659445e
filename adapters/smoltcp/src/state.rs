//! The states of smoltcp's sockets in the core's words.

use smoltcp::socket::tcp;
use wirenut::readiness::Readiness;
use wirenut::tcp::state::{Queues, State};

/// The state of a socket. The names are the same: those of RFC 9293.
///
/// ```
/// use smoltcp::socket::tcp::{Socket, SocketBuffer};
/// use wirenut::tcp::state::State;
/// let (mut received, mut sent) = ([0; 64], [0; 64]);
/// let mut socket = Socket::new(SocketBuffer::new(&mut received[..]), SocketBuffer::new(&mut sent[..]));
/// assert_eq!(wirenut_smoltcp::state(&socket), State::Closed);
/// socket.listen(80).unwrap();
/// assert_eq!(wirenut_smoltcp::state(&socket), State::Listen);
/// ```
#[must_use]
pub fn state(socket: &tcp::Socket<'_>) -> State {
    match socket.state() {
        tcp::State::Closed => State::Closed,
        tcp::State::Listen => State::Listen,
        tcp::State::SynSent => State::SynSent,
        tcp::State::SynReceived => State::SynReceived,
        tcp::State::Established => State::Established,
        tcp::State::FinWait1 => State::FinWait1,
        tcp::State::FinWait2 => State::FinWait2,
        tcp::State::CloseWait => State::CloseWait,
        tcp::State::Closing => State::Closing,
        tcp::State::LastAck => State::LastAck,
        tcp::State::TimeWait => State::TimeWait,
    }
}

/// What a call on a socket would not wait for, by its state and its rings, as poll(2) would tell it:
/// [`State::readiness`]. A socket that listens is ready for nothing: smoltcp makes no new socket for a connection, the
/// state of this one changes. Why a socket is closed, smoltcp does not say.
///
/// ```
/// use smoltcp::socket::tcp::{Socket, SocketBuffer};
/// use wirenut::readiness::Readiness;
/// let (mut received, mut sent) = ([0; 64], [0; 64]);
/// let mut socket = Socket::new(SocketBuffer::new(&mut received[..]), SocketBuffer::new(&mut sent[..]));
/// assert!(wirenut_smoltcp::readiness(&socket).contains(Readiness::HANG_UP));
/// socket.listen(80).unwrap();
/// assert_eq!(wirenut_smoltcp::readiness(&socket), Readiness::NOTHING);
/// ```
#[must_use]
pub fn readiness(socket: &tcp::Socket<'_>) -> Readiness {
    let has_room = socket.send_queue() < socket.send_capacity();
    state(socket).readiness(Queues { has_data: socket.recv_queue() > 0, has_room })
}
