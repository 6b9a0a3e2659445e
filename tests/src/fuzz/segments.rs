//! Packets: read as `etherparse` reads them, or for a difference that has a name; written back as the same; and any cut of
//! a capture is told from the whole, or shows the same header.

use etherparse::{IpSlice, TcpOptionElement, TcpOptionReadError, TcpOptionsIterator, TcpSlice, UdpSlice};
use wirenut::ip::{
    Captured, Checksum, ChecksumVerdict, Ipv4Header, Ipv6Header, LinkType, Packet, PacketError, PacketRule, Protocol,
    UdpDatagram, UdpHeader,
};
use wirenut::tcp::segment::{Header, OptionValues, Options, Segment, TcpOption};

/// The bytes as an IP packet, as a segment, as a datagram, as options, and as frames.
pub fn segments(data: &[u8]) {
    let ours = Packet::parse(Captured::whole(data));
    if let Err(error) = &ours {
        assert!(error.offset <= data.len(), "{error} of {} bytes", data.len());
    }
    packet(data, &ours);
    if let Ok(packet) = &ours {
        cuts(data, packet);
        emitted(packet);
        let payload = packet.payload();
        if payload.is_whole() && packet.fragment().is_none() {
            segment(payload.bytes());
            datagram(payload.bytes());
        }
    }
    segment(data);
    datagram(data);
    options(data);
    frames(data);
}

/// Both read the same, or only one reads it, for a reason with a name.
fn packet(data: &[u8], ours: &Result<Packet<'_>, PacketError>) {
    let theirs = IpSlice::from_slice(data);
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert_eq!((ours.source(), ours.destination()), (theirs.source_addr(), theirs.destination_addr()));
            assert_eq!(ours.fragment().is_some(), theirs.is_fragmenting_payload());
            if skips_more(ours, theirs.payload_ip_number().0) {
                return;
            }
            assert_eq!(ours.protocol().number(), theirs.payload_ip_number().0);
            assert_eq!(ours.payload(), Captured::whole(theirs.payload().payload));
        }
        // It reads what a later fragment holds as headers; and refuses packets of IPv4 without a length, which a network
        // card's segmentation leaves.
        (Ok(packet), Err(_)) => {
            let is_late_fragment = packet.fragment().is_some_and(|fragment| fragment.offset != 0);
            assert!(is_late_fragment || (matches!(packet, Packet::V4(_)) && data[2..4] == [0, 0]), "{data:02x?}");
        }
        // The headers of mobility, host identity and Shim6 it takes for what is carried: ours must be wrong behind one.
        (Err(error), Ok(theirs)) => {
            let is_later = matches!(theirs.payload_ip_number().0, 135 | 139 | 140);
            assert!(is_later && matches!(theirs, IpSlice::Ipv6(_)), "{error}: {data:02x?}");
        }
        (Err(_), Err(_)) => {}
    }
}

/// Do we skip headers that it does not, or stop at a fragment that it goes on behind?
fn skips_more(ours: &Packet<'_>, theirs: u8) -> bool {
    let is_late_fragment = ours.fragment().is_some_and(|fragment| fragment.offset != 0);
    is_late_fragment || (matches!(ours, Packet::V6(_)) && matches!(theirs, 135 | 139 | 140))
}

/// Of each cut the headers are the same, if they are there.
fn cuts(data: &[u8], whole: &Packet<'_>) {
    for length in (0..data.len()).take(80) {
        match Packet::parse(Captured::cut(&data[..length], data.len())) {
            Ok(cut) => {
                assert_eq!((cut.source(), cut.destination()), (whole.source(), whole.destination()));
                assert_eq!((cut.protocol(), cut.fragment()), (whole.protocol(), whole.fragment()));
                assert_eq!(cut.payload().length(), whole.payload().length());
                assert!(whole.payload().bytes().starts_with(cut.payload().bytes()));
            }
            Err(error) => assert_eq!(error, PacketError { rule: PacketRule::Truncated, offset: length }),
        }
    }
}

/// A value that is written is read as the same.
fn emitted(packet: &Packet<'_>) {
    let mut buffer = vec![0xaa; packet.payload().length() + 3_000];
    match packet {
        Packet::V4(packet) => {
            let header = Ipv4Header::parse(packet);
            let payload = packet.payload().length();
            // What had no length may be too long for one.
            let Ok(_) = header.emit(&mut buffer) else {
                assert!(header.len() + payload > 65_535);
                return;
            };
            let again = Packet::parse(Captured::whole(&buffer[..header.len() + payload]));
            // Behind an authentication header there is none any more; the payload of this one is not the packet's.
            if let Ok(Packet::V4(again)) = again {
                assert_eq!(again.checksum(), ChecksumVerdict::Correct);
                let again = Ipv4Header::parse(&again);
                assert!(again == header || header.protocol.number() == 51);
            }
        }
        Packet::V6(packet) => {
            let header = Ipv6Header::parse(packet);
            let payload = packet.payload().length();
            if packet.extensions().len() + payload > 65_535 || payload + packet.extensions().len() == 0 {
                return;
            }
            let rest = header.emit(&mut buffer).expect("room");
            rest[..packet.payload().bytes().len()].copy_from_slice(packet.payload().bytes());
            match Packet::parse(Captured::whole(&buffer[..header.len() + payload])).expect("it was read before") {
                Packet::V6(again) => assert_eq!(Ipv6Header::parse(&again), header),
                Packet::V4(_) => panic!("it has another version"),
            }
        }
    }
}

fn segment(data: &[u8]) {
    let ours = Segment::parse(Captured::whole(data));
    let theirs = TcpSlice::from_slice(data);
    let (Ok(ours), Ok(theirs)) = (&ours, &theirs) else {
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{data:02x?}");
        return;
    };
    assert_eq!((ours.source_port(), ours.destination_port()), (theirs.source_port(), theirs.destination_port()));
    assert_eq!(ours.sequence().value(), theirs.sequence_number());
    assert_eq!(ours.acknowledgment().value(), theirs.acknowledgment_number());
    let flags = [theirs.fin(), theirs.syn(), theirs.rst(), theirs.psh(), theirs.ack(), theirs.urg(), theirs.ece()];
    let flags = flags.into_iter().chain([theirs.cwr()]).enumerate();
    assert_eq!(ours.flags().bits(), flags.map(|(at, is_set)| u8::from(is_set) << at).sum::<u8>());
    assert_eq!((ours.window(), ours.urgent()), (theirs.window_size(), theirs.urgent_pointer()));
    assert_eq!(ours.raw_options().bytes(), theirs.options());
    assert_eq!(ours.payload().bytes(), theirs.payload());
    let (from, to) = ([10, 0, 0, 1], [10, 0, 0, 2]);
    let is_right = theirs.calc_checksum_ipv4(from, to).is_ok_and(|sum| sum == theirs.checksum());
    // Ones' complement has two zeros.
    let is_zero = matches!(theirs.checksum(), 0 | 0xffff);
    let verdict = ours.checksum(from.into(), to.into());
    assert!(is_zero || (verdict == ChecksumVerdict::Correct) == is_right, "{data:02x?}");
    let Ok(header) = Header::parse(ours) else { return };
    let mut buffer = vec![0; data.len() + 80];
    let payload = ours.payload().bytes();
    match header.emit(from.into(), to.into(), payload, &mut buffer) {
        Ok(length) => {
            let again = Segment::parse(Captured::whole(&buffer[..length])).expect("we wrote it");
            assert_eq!((Header::parse(&again), again.payload()), (Ok(header), ours.payload()));
            assert_eq!(again.checksum(from.into(), to.into()), ChecksumVerdict::Correct);
        }
        // Padding and order may have made more room.
        Err(error) => assert!(error.rule == PacketRule::DoesNotFit && header.options.len() > 40, "{error}"),
    }
}

fn datagram(data: &[u8]) {
    let (ours, theirs) = (UdpDatagram::parse(Captured::whole(data)), UdpSlice::from_slice(data));
    let (Ok(ours), Ok(theirs)) = (&ours, &theirs) else {
        assert_eq!(ours.is_ok(), theirs.is_ok(), "{data:02x?}");
        return;
    };
    assert_eq!((ours.source_port(), ours.destination_port()), (theirs.source_port(), theirs.destination_port()));
    assert_eq!(ours.payload().bytes(), theirs.payload());
    let (from, to) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
    let mut buffer = vec![0; data.len()];
    let payload = ours.payload().bytes();
    if let Ok(length) = UdpHeader::parse(ours).emit(from, to, payload, &mut buffer) {
        let again = UdpDatagram::parse(Captured::whole(&buffer[..length])).expect("we wrote it");
        assert_eq!((UdpHeader::parse(&again), again.payload()), (UdpHeader::parse(ours), ours.payload()));
        assert_eq!(again.checksum(from, to), ChecksumVerdict::Correct);
        let sum = Checksum::pseudo_header(from, to, Protocol::UDP, length).with(&buffer[..length]);
        assert_eq!(sum.finish(), 0);
    }
}

/// The same options up to where etherparse gives up: at the first that it does not know, or that is malformed.
fn options(data: &[u8]) {
    let data = &data[..data.len().min(40)];
    let mut ours = Options::of(data);
    let theirs = TcpOptionsIterator::from_slice(data);
    for theirs in theirs {
        if theirs == Ok(TcpOptionElement::Noop) {
            continue;
        }
        let Some(ours) = ours.next() else { panic!("more options than we see: {data:02x?}") };
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => assert!(is_same(&ours, &theirs), "{ours:?}, {theirs:?}: {data:02x?}"),
            (Ok(TcpOption::Other { kind, .. }), Err(TcpOptionReadError::UnknownId(id))) => {
                assert_eq!(kind, id);
                return;
            }
            // Four blocks are the most that there is room for, and as many as it reads.
            (Ok(TcpOption::Sack(blocks)), Err(_)) => {
                assert!(blocks.iter().count() > 4, "{data:02x?}");
                return;
            }
            (Err(error), Err(_)) => {
                assert!(error.offset <= data.len());
                return;
            }
            (ours, theirs) => panic!("{ours:?}, {theirs:?}: {data:02x?}"),
        }
    }
    assert_eq!(ours.next(), None, "{data:02x?}");
    assert!(OptionValues::parse(Options::of(data)).is_ok());
}

fn is_same(ours: &TcpOption<'_>, theirs: &TcpOptionElement) -> bool {
    match (ours, theirs) {
        (TcpOption::MaxSegmentSize(ours), TcpOptionElement::MaximumSegmentSize(theirs)) => ours == theirs,
        (TcpOption::WindowScale(ours), TcpOptionElement::WindowScale(theirs)) => ours == theirs,
        (TcpOption::SackPermitted, TcpOptionElement::SelectiveAcknowledgementPermitted) => true,
        (TcpOption::Timestamps(ours), TcpOptionElement::Timestamp(value, echo)) => {
            (ours.value, ours.echo) == (*value, *echo)
        }
        (TcpOption::Sack(ours), TcpOptionElement::SelectiveAcknowledgement(first, more)) => {
            let ours = ours.iter().map(|(left, right)| (left.value(), right.value()));
            ours.eq(core::iter::once(*first).chain(more.iter().flatten().copied()))
        }
        _ => false,
    }
}

/// What a link layer leaves is a suffix of the frame.
fn frames(data: &[u8]) {
    for link in [0, 1, 101, 108, 113, 276].map(|number| LinkType::from_number(number).expect("it is known")) {
        match link.network_packet(Captured::whole(data)) {
            Ok(Some(packet)) => assert!(packet.is_whole() && data.ends_with(packet.bytes())),
            Ok(None) => {}
            Err(error) => assert!(error.offset <= data.len(), "{link:?}: {error}"),
        }
    }
}
