//! A packet as it passed an interface.

use crate::sys::packet::Received;

const COOKED_HEADER: usize = 16;

/// What stands before the packet of IP in what a [`PacketSocket`](super::PacketSocket) receives.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum LinkLayer {
    /// The header of Ethernet, 14 bytes. The kernel has taken VLAN tags out of it.
    Ethernet,
    /// The 16 bytes of LINKTYPE_LINUX_SLL, a "cooked" header: the kernel has taken away the header of the link layer, whatever
    /// it was, and this one says what the kernel knows of it.
    Cooked,
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
    /// Of what was received behind the first bytes of the buffer, where a cooked header has its room.
    pub(super) fn new(received: &Received, link_layer: LinkLayer, buffer: &'b mut [u8]) -> Self {
        let header = link_layer.made_here();
        if header > 0 {
            for (place, byte) in buffer.iter_mut().zip(cooked(received)) {
                *place = byte;
            }
        }
        let length = received.length.saturating_add(header);
        let micros = received.time.and_then(|(seconds, micros)| {
            let (seconds, micros) = (u64::try_from(seconds).ok()?, u64::try_from(micros).ok()?);
            seconds.checked_mul(1_000_000)?.checked_add(micros)
        });
        let bytes = &buffer[..buffer.len().min(length)];
        Self { bytes, length, micros, is_outgoing: received.packet_type == libc::PACKET_OUTGOING }
    }
}

/// The loopback interface shows each packet on its way out, and again when it comes in.
pub(super) const fn is_shown_again(received: &Received) -> bool {
    received.packet_type == libc::PACKET_OUTGOING && received.hardware_type == libc::ARPHRD_LOOPBACK
}

/// The header of LINKTYPE_LINUX_SLL.
fn cooked(received: &Received) -> [u8; COOKED_HEADER] {
    let (address, length) = received.address;
    let mut header = [0; COOKED_HEADER];
    header[..2].copy_from_slice(&u16::from(received.packet_type).to_be_bytes());
    header[2..4].copy_from_slice(&received.hardware_type.to_be_bytes());
    header[4..6].copy_from_slice(&u16::from(length).to_be_bytes());
    header[6..14].copy_from_slice(&address);
    header[14..].copy_from_slice(&received.protocol.to_be_bytes());
    header
}

impl LinkLayer {
    /// Of an interface of this ARPHRD_ number.
    pub(super) const fn of(hardware_type: u16) -> Self {
        match hardware_type {
            // The frames of the loopback interface have a header of Ethernet, too, of zeros.
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => Self::Ethernet,
            _ => Self::Cooked,
        }
    }

    /// How many bytes of its header are not received.
    pub(super) const fn made_here(self) -> usize {
        match self {
            Self::Ethernet => 0,
            Self::Cooked => COOKED_HEADER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED: Received = Received {
        length: 9,
        hardware_type: 512, // ARPHRD_PPP
        packet_type: libc::PACKET_OUTGOING,
        protocol: 0x0800,
        address: ([1, 2, 3, 4, 5, 6, 0, 0], 6),
        time: Some((2, 3)),
    };

    #[test]
    fn loopback_shows_each_packet_once() {
        for (hardware_type, packet_type, expected) in [
            (libc::ARPHRD_LOOPBACK, libc::PACKET_OUTGOING, true),
            (libc::ARPHRD_LOOPBACK, libc::PACKET_HOST, false),
            (libc::ARPHRD_ETHER, libc::PACKET_OUTGOING, false),
            (libc::ARPHRD_ETHER, libc::PACKET_HOST, false),
        ] {
            let received = Received { hardware_type, packet_type, ..RECEIVED };
            assert_eq!(is_shown_again(&received), expected, "{hardware_type} {packet_type}");
        }
    }

    #[test]
    fn frames_begin_with_what_the_link_layer_says() {
        let cooked = [0, 4, 2, 0, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0];
        for (room, link_layer, bytes, length) in [
            (12, LinkLayer::Ethernet, vec![7; 9], 9),
            (4, LinkLayer::Ethernet, vec![7; 4], 9),
            (40, LinkLayer::Cooked, [&cooked[..], &[7; 9]].concat(), 25),
            (18, LinkLayer::Cooked, [&cooked[..], &[7; 2]].concat(), 25),
            (3, LinkLayer::Cooked, cooked[..3].to_vec(), 25),
        ] {
            let mut buffer = vec![7; room];
            let frame = Frame::new(&RECEIVED, link_layer, &mut buffer);
            let expected = Frame { bytes: &bytes, length, micros: Some(2_000_003), is_outgoing: true };
            assert_eq!(frame, expected, "{room} {link_layer:?}");
        }
        let before_1970 = Received { time: Some((-1, 0)), ..RECEIVED };
        assert_eq!(Frame::new(&before_1970, LinkLayer::Ethernet, &mut []).micros, None);
    }

    #[test]
    fn link_layers_are_known_by_the_type_of_the_interface() {
        const TUNNEL: u16 = 65_534; // ARPHRD_NONE
        for (hardware_type, expected) in [
            (libc::ARPHRD_ETHER, LinkLayer::Ethernet),
            (libc::ARPHRD_LOOPBACK, LinkLayer::Ethernet),
            (TUNNEL, LinkLayer::Cooked),
        ] {
            assert_eq!(LinkLayer::of(hardware_type), expected);
        }
    }
}
