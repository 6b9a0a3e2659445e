//! Ports for programs that must be told where to listen.

use core::net::SocketAddr;
use std::net::{TcpListener, UdpSocket};

use wirenut_linux::socket::{Family, Socket, Tcp};

/// An address of loopback at which a program of ours may listen, and that nobody else gets by chance while this lives: neither who
/// binds port 0, nor who connects. Until the program listens, a connection to it is refused.
///
/// Its socket is bound, does not listen, and has `SO_REUSEADDR`, as most programs that listen do. Then socket(7) lets one of them
/// listen at the same address, while bind(2) and connect(2) choose ports that no socket has.
///
/// ```
/// use std::net::{TcpListener, TcpStream};
/// use wirenut_tests::reserved::Reserved;
/// let reserved = Reserved::new();
/// assert!(TcpStream::connect(reserved.address).is_err());
/// let _listener = TcpListener::bind(reserved.address)?;
/// TcpStream::connect(reserved.address)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Reserved {
    /// 127.0.0.1, and the port.
    pub address: SocketAddr,
    _socket: Socket<Tcp>,
}

impl Reserved {
    /// Another one each time. It panics if the machine has no port left.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        let socket = Socket::tcp(Family::V4).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = socket.local_address().unwrap();
        Self { address, _socket: socket }
    }
}

/// Sockets of both protocols at one port of a place such as `127.0.0.1:0`, and their address: so no packet of others has it, for
/// clients of TCP may have the port of a socket of UDP.
///
/// ```
/// use wirenut_tests::reserved::both_protocols;
/// let (listener, socket, address) = both_protocols("127.0.0.1:0");
/// assert_eq!((listener.local_addr()?, socket.local_addr()?), (address, address));
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use]
pub fn both_protocols(place: &str) -> (TcpListener, UdpSocket, SocketAddr) {
    loop {
        let listener = TcpListener::bind(place).unwrap();
        let address = listener.local_addr().unwrap();
        if let Ok(socket) = UdpSocket::bind(address) {
            return (listener, socket, address);
        }
    }
}
