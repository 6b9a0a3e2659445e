//! A wire in memory between two hosts.

use alloc::collections::VecDeque;
use alloc::rc::Rc;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::{Cell, RefCell};

use smoltcp::iface::{Config, Interface};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};

use super::stranger;

/// What one frame takes on the wire.
const LATENCY: Duration = Duration::from_micros(200);

type Frames = Rc<RefCell<VecDeque<(Instant, Vec<u8>)>>>;

/// One end of the wire.
pub(super) struct End {
    pub(super) incoming: Frames,
    outgoing: Frames,
    /// Every so many frames that are sent, one is lost; 1 cuts the wire.
    pub(super) loses_each: Rc<Cell<u32>>,
    sent: u32,
    /// Takes no frame to send: its neighbour does not answer, or its queue is full.
    pub(super) is_stuck: bool,
    /// What was sent to the stranger, which is not on the wire.
    pub(super) to_stranger: Vec<Vec<u8>>,
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
