//! What passes a network interface: packets of all protocols, in both directions, for those who watch: packet(7).
//!
//! It needs the capability CAP_NET_RAW. No interface is made promiscuous: the packets are those that this machine sends, or
//! would receive anyway.
//!
//! ```
//! use std::io::ErrorKind;
//! use wirenut_linux::packet::{Filter, LinkLayer, PacketSocket};
//! use wirenut_linux::socket::{Attempt, UdpSocket};
//!
//! let receiver = UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?;
//! let port = receiver.local_address()?.port();
//! let watcher = match PacketSocket::open("lo", Filter::Port(port)) {
//!     Err(error) if error.kind() == ErrorKind::PermissionDenied => return Ok(()), // we may not
//!     opened => opened?,
//! };
//! let sender = UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?;
//! sender.send_to(b"hello", &receiver.local_address()?)?;
//!
//! let mut buffer = [0; 2_000];
//! let frame = watcher.receive(&mut buffer)?.done().unwrap();
//! assert_eq!((watcher.link_layer(), frame.length), (LinkLayer::Ethernet, 14 + 20 + 8 + 5));
//! assert!(frame.bytes.ends_with(b"hello"));
//! assert_eq!(watcher.receive(&mut [0; 2_000])?, Attempt::WouldBlock); // once, although it went out and came in
//! assert_eq!(watcher.statistics()?.dropped, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod filter;
mod frame;

use core::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::{Errno, retry_on_intr};
use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt};

use crate::error::Error;
use crate::socket::Attempt;
use crate::sys::{packet, socket};

pub use filter::Filter;
pub use frame::{Frame, LinkLayer, Statistics};

/// What stands for all interfaces, as tcpdump has it.
const ANY: &str = "any";
/// ETH_P_ALL of linux/if_ether.h: packets of all protocols.
const ALL_PROTOCOLS: u16 = 3;

/// Receives copies of the packets that pass an interface, from the moment when it is opened. A receive never waits; the socket
/// can be registered with any [poller](crate::poller), which says when there is a packet.
#[derive(Debug)]
pub struct PacketSocket {
    descriptor: OwnedFd,
    link_layer: LinkLayer,
    interface: Box<str>,
    /// The kernel counts anew after each look.
    counted: Cell<Statistics>,
}

impl PacketSocket {
    /// Receives what passes the interface of this name (`any`: all interfaces) and the filter. Outgoing packets of the
    /// loopback interface are left out, because each comes in again.
    ///
    /// The filter is attached before the socket receives its first packet, so that the queue holds nothing else.
    ///
    /// # Errors
    /// `PermissionDenied`: the process lacks CAP_NET_RAW. ENODEV: there is no such interface. Or no descriptor or memory is left.
    pub fn open(interface: &str, filter: Filter) -> Result<Self, Error> {
        let failed = |errno| Error::of("capture on", &interface, errno);
        let bound = |socket_type| {
            let socket = socket_with(AddressFamily::PACKET, socket_type, SocketFlags::CLOEXEC, None)?;
            let index = if interface == ANY { 0 } else { name_to_index(&socket, interface)? };
            // Without a protocol it receives nothing yet.
            packet::bind(&socket, 0, index)?;
            Ok((socket, index))
        };
        // Of this type, the kernel takes the headers of the link layer away.
        let (mut descriptor, mut index) = bound(SocketType::DGRAM).map_err(failed)?;
        let hardware_type = packet::hardware_type(&descriptor).map_err(failed)?;
        let link_layer = if interface == ANY { LinkLayer::Cooked } else { LinkLayer::of(hardware_type) };
        if link_layer == LinkLayer::Ethernet {
            (descriptor, index) = bound(SocketType::RAW).map_err(failed)?;
        }
        if let Some(program) = filter.program() {
            packet::attach_filter(&descriptor, &program).map_err(failed)?;
        }
        socket::set_timestamps(&descriptor).map_err(failed)?;
        if hardware_type == libc::ARPHRD_LOOPBACK {
            // Linux before 4.20 does not know this: then they are received and left away here.
            let _ = packet::ignore_outgoing(&descriptor);
        }
        packet::bind(&descriptor, ALL_PROTOCOLS, index).map_err(failed)?;
        Ok(Self { descriptor, link_layer, interface: interface.into(), counted: Cell::default() })
    }

    /// How many bytes of packets may wait to be received: SO_RCVBUF. With CAP_NET_ADMIN it may be more than `net.core.rmem_max`,
    /// which bounds it otherwise.
    ///
    /// ```
    /// # use wirenut_linux::packet::{Filter, PacketSocket};
    /// # fn example(watcher: &PacketSocket) -> Result<(), wirenut_linux::Error> {
    /// watcher.set_receive_buffer_size(8 << 20)?;
    /// # Ok(())
    /// # }
    /// # PacketSocket::open("lo", Filter::All).map_or(Ok(()), |watcher| example(&watcher))?;
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that is known.
    pub fn set_receive_buffer_size(&self, bytes: usize) -> Result<(), Error> {
        let set = sockopt::set_socket_recv_buffer_size_force(&self.descriptor, bytes)
            .or_else(|_| sockopt::set_socket_recv_buffer_size(&self.descriptor, bytes));
        set.map_err(|errno| Error::of("set the receive buffer for", &self.interface, errno))
    }

    /// What the packets begin with.
    #[must_use]
    pub const fn link_layer(&self) -> LinkLayer {
        self.link_layer
    }

    /// Takes the next packet. Of one that is longer than the buffer, the rest is lost; 65,550 bytes are room for each that a
    /// network card sends.
    ///
    /// # Errors
    /// ENETDOWN: the interface was shut down, or removed. The error comes once; if the interface comes up again, packets do, too.
    pub fn receive<'b>(&self, buffer: &'b mut [u8]) -> Result<Attempt<Frame<'b>>, Error> {
        let start = self.link_layer.made_here().min(buffer.len());
        loop {
            match retry_on_intr(|| packet::receive(&self.descriptor, &mut buffer[start..])) {
                Ok(received) if frame::is_shown_again(&received) => {}
                Ok(received) => return Ok(Attempt::Done(Frame::new(&received, self.link_layer, buffer))),
                Err(Errno::AGAIN) => return Ok(Attempt::WouldBlock),
                Err(errno) => return Err(Error::of("capture on", &self.interface, errno)),
            }
        }
    }

    /// How many packets there were, and how many were dropped, since the socket was opened.
    ///
    /// # Errors
    /// None that is known.
    pub fn statistics(&self) -> Result<Statistics, Error> {
        let (packets, dropped) = packet::statistics(&self.descriptor)
            .map_err(|errno| Error::of("count the packets of", &self.interface, errno))?;
        let before = self.counted.get();
        let counted = Statistics {
            packets: before.packets.saturating_add(packets.into()),
            dropped: before.dropped.saturating_add(dropped.into()),
        };
        self.counted.set(counted);
        Ok(counted)
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}
