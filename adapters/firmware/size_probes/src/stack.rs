//! A stack of smoltcp on a device of which nothing is known.

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet, SocketStorage};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr, Ipv4Address, Ipv4Cidr};

use crate::{BUFFER, keep, receive, send};

/// The port that is served.
pub const PORT: u16 = 80;

const FRAME: usize = 1514;

/// Takes and gives frames.
pub struct Wire;

/// A frame, one way or the other.
pub struct Frame;

impl RxToken for Frame {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        let mut frame = [0; FRAME];
        let length = receive(&mut frame);
        read(frame.get(..length).unwrap_or(&[]))
    }
}

impl TxToken for Frame {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        let mut frame = [0; FRAME];
        let result = write(frame.get_mut(..length).unwrap_or(&mut []));
        send(&frame);
        result
    }
}

impl Device for Wire {
    type RxToken<'a> = Frame;
    type TxToken<'a> = Frame;

    fn receive(&mut self, _: Instant) -> Option<(Frame, Frame)> {
        (receive(&mut []) > 0).then_some((Frame, Frame))
    }

    fn transmit(&mut self, _: Instant) -> Option<Frame> {
        (receive(&mut []) > 0).then_some(Frame)
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = FRAME;
        capabilities
    }
}

/// The time.
pub fn now() -> Instant {
    Instant::from_micros(i64::try_from(crate::now().as_micros()).unwrap_or(0))
}

/// An interface with one address.
#[inline(always)]
pub fn interface() -> Interface {
    let mut config = Config::new(EthernetAddress([2, 0, 0, 0, 0, 1]).into());
    config.random_seed = crate::now().as_micros();
    let mut interface = Interface::new(config, &mut Wire, now());
    interface.update_ip_addrs(|addresses| {
        let _ = addresses.push(IpCidr::Ipv4(Ipv4Cidr::new(Ipv4Address::new(192, 0, 2, 1), 24)));
    });
    keep(&interface);
    interface
}

/// A set of one socket. Its rings are not counted.
#[inline(always)]
pub fn socket<'a>(
    storage: &'a mut [SocketStorage<'a>; 1],
    rings: &'a mut [[u8; BUFFER]; 2],
) -> (SocketSet<'a>, SocketHandle) {
    keep(storage);
    let [received, transmitted] = rings;
    let mut sockets = SocketSet::new(&mut storage[..]);
    let handle =
        sockets.add(Socket::new(SocketBuffer::new(&mut received[..]), SocketBuffer::new(&mut transmitted[..])));
    (sockets, handle)
}
