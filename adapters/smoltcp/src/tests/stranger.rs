//! A host of single segments, that does only what a test wants: it leaves handshakes open, or takes its time for them.

use alloc::vec;
use alloc::vec::Vec;

use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{IpProtocol, Ipv4Address, Ipv4Packet, Ipv4Repr, TcpControl, TcpPacket, TcpRepr, TcpSeqNumber};

use super::world::PORT;

const ITSELF: Ipv4Address = Ipv4Address::new(10, 0, 0, 77);
const SERVER: Ipv4Address = Ipv4Address::new(10, 0, 0, 1);

/// Its segment from this port: what it does, its sequence number, what it acknowledges, and its data.
pub(super) fn segment(port: u16, control: TcpControl, seq: i32, ack: Option<i32>, payload: &[u8]) -> Vec<u8> {
    let segment = TcpRepr {
        src_port: port,
        dst_port: PORT,
        control,
        seq_number: TcpSeqNumber(seq),
        ack_number: ack.map(TcpSeqNumber),
        window_len: 1000,
        window_scale: None,
        max_seg_size: (control == TcpControl::Syn).then_some(1000),
        sack_permitted: false,
        sack_ranges: [None; 3],
        timestamp: None,
        payload,
    };
    let header = Ipv4Repr {
        src_addr: ITSELF,
        dst_addr: SERVER,
        next_header: IpProtocol::Tcp,
        payload_len: segment.buffer_len(),
        hop_limit: 64,
    };
    let checksums = ChecksumCapabilities::default();
    let mut frame = vec![0; header.buffer_len() + segment.buffer_len()];
    header.emit(&mut Ipv4Packet::new_unchecked(&mut frame[..]), &checksums);
    let rest = &mut frame[header.buffer_len()..];
    segment.emit(&mut TcpPacket::new_unchecked(rest), &ITSELF.into(), &SERVER.into(), &checksums);
    frame
}

pub(super) fn is_to_it(frame: &[u8]) -> bool {
    Ipv4Packet::new_checked(frame).is_ok_and(|packet| packet.dst_addr() == ITSELF)
}

/// What it got.
pub(super) struct Answer {
    pub(super) port: u16,
    pub(super) is_reset: bool,
    pub(super) seq: i32,
    pub(super) payload: Vec<u8>,
}

pub(super) fn answer(frame: &[u8]) -> Answer {
    let packet = Ipv4Packet::new_checked(frame).unwrap();
    let segment = TcpPacket::new_checked(packet.payload()).unwrap();
    Answer {
        port: segment.dst_port(),
        is_reset: segment.rst(),
        seq: segment.seq_number().0,
        payload: segment.payload().to_vec(),
    }
}
