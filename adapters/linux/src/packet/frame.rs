//! A packet as it passed an interface.

use crate::sys::packet::Received;

/// What stands before the packet of IP in what a [`PacketSocket`](super::PacketSocket) receives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LinkLayer {
    /// The header of Ethernet, 14 bytes. The kernel has taken VLAN tags out of it.
    Ethernet,
    /// Nothing: the kernel has taken away the header, whatever it was ("cooked").
    None,
}

/// A packet that passed an interface.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Frame<'b> {
    /// Its first bytes: as many as the buffer had room for. They begin with what [`LinkLayer`] says.
    pub bytes: &'b [u8],
    /// How many bytes it had.
    pub length: usize,
    /// When the kernel saw it, in microseconds since 1970 by the clock of the machine, which may be set back. None where the
    /// kernel does not say.
    pub micros: Option<u64>,
    /// Did this machine send it?
    pub is_outgoing: bool,
}

/// How many packets there were since the socket was opened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Statistics {
    /// Passed the filter, dropped ones included.
    pub packets: u64,
    /// Dropped by the kernel, because the receive buffer was full.
    pub dropped: u64,
}

impl<'b> Frame<'b> {
    /// None for what the loopback interface shows on its way out: the same packet comes in right afterwards.
    pub(super) fn new(received: Received, buffer: &'b [u8]) -> Option<Self> {
        let is_outgoing = received.packet_type == libc::PACKET_OUTGOING;
        if is_outgoing && received.hardware_type == libc::ARPHRD_LOOPBACK {
            return None;
        }
        let micros = received.time.and_then(|(seconds, micros)| {
            let (seconds, micros) = (u64::try_from(seconds).ok()?, u64::try_from(micros).ok()?);
            seconds.checked_mul(1_000_000)?.checked_add(micros)
        });
        let bytes = buffer.get(..received.length).unwrap_or(buffer);
        Some(Self { bytes, length: received.length, micros, is_outgoing })
    }
}

impl LinkLayer {
    /// Of an interface of this ARPHRD_ number.
    pub(super) const fn of(hardware_type: u16) -> Self {
        match hardware_type {
            // The frames of the loopback interface have a header of Ethernet, too, of zeros.
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Self::Ethernet,
            _ => Self::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_shows_each_packet_once() {
        for (hardware_type, packet_type, is_shown) in [
            (libc::ARPHRD_LOOPBACK, libc::PACKET_OUTGOING, false),
            (libc::ARPHRD_LOOPBACK, libc::PACKET_HOST, true),
            (libc::ARPHRD_ETHER, libc::PACKET_OUTGOING, true),
            (libc::ARPHRD_ETHER, libc::PACKET_HOST, true),
        ] {
            let received = Received { length: 9, hardware_type, packet_type, time: Some((2, 3)) };
            let frame = Frame::new(received, &[7; 4]);
            let expected = Frame { bytes: &[7; 4], length: 9, micros: Some(2_000_003), is_outgoing: packet_type != 0 };
            assert_eq!(frame, is_shown.then_some(expected), "{hardware_type} {packet_type}");
        }
        let before_1970 = Received { length: 0, hardware_type: 1, packet_type: 0, time: Some((-1, 0)) };
        assert_eq!(Frame::new(before_1970, &[]).and_then(|frame| frame.micros), None);
    }

    #[test]
    fn link_layers_are_known_by_the_type_of_the_interface() {
        const TUNNEL: u16 = 65_534; // ARPHRD_NONE
        for (hardware_type, expected) in [
            (libc::ARPHRD_ETHER, LinkLayer::Ethernet),
            (libc::ARPHRD_LOOPBACK, LinkLayer::Ethernet),
            (TUNNEL, LinkLayer::None),
        ] {
            assert_eq!(LinkLayer::of(hardware_type), expected);
        }
    }
}
