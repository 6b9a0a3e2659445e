//! Packets: what is refused, and the laws on packets that are nearly right.

use proptest::collection::vec;
use proptest::prelude::*;
use wirenut::ip::{Captured, Ipv4Header, Ipv6Header, LinkType, Packet, PacketError, PacketRule, Protocol, UdpHeader};
use wirenut::tcp::SequenceNumber;
use wirenut::tcp::segment::{Flags, Header, OptionValues, Segment, Timestamps};
use wirenut_tests::fuzz::segments;

use PacketRule::*;

/// Bytes in hexadecimal, with spaces anywhere; `..N` stands for N zeros.
fn hex(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in text.split_whitespace() {
        match word.strip_prefix("..") {
            Some(count) => bytes.resize(bytes.len() + count.parse::<usize>().expect("a count"), 0),
            None => {
                let digits = word.as_bytes().chunks(2).map(|digits| core::str::from_utf8(digits).expect("ASCII"));
                bytes.extend(digits.map(|digits| u8::from_str_radix(digits, 16).expect("digits")));
            }
        }
    }
    bytes
}

/// What is wrong with a packet, and where.
const REFUSED_PACKETS: &[(&str, PacketRule, usize)] = &[
    ("", HeaderBeyondPacket, 0),
    ("00", UnknownVersion, 0),
    ("55 ..60", UnknownVersion, 0),
    ("45 ..18", HeaderBeyondPacket, 19),
    ("44 ..30", HeaderTooShort, 0),
    ("45 00 00 13 ..30", LengthBelowHeader, 2),
    ("46 00 00 17 ..30", LengthBelowHeader, 2),
    ("45 00 00 20 ..27", LengthBeyondPacket, 2),
    ("46 00 00 00 ..17", HeaderBeyondPacket, 21),
    ("45 00 00 1c 0000 0000 40 33 ..10 06 00 ..6", InvalidAuthenticationLength, 21),
    ("45 00 00 1c 0000 0000 40 33 ..10 06 01 ..6", HeaderBeyondPacket, 28),
    ("60 ..38", HeaderBeyondPacket, 39),
    ("60 ..3 00 10 ..40", LengthBeyondPacket, 4),
    ("60 ..3 00 10 3c 40 ..32 00 00 ..6 06 00 ..6", HopByHopNotFirst, 48),
    ("60 ..3 00 10 00 40 ..32 3c 00 ..6 06 01 ..6", HeaderBeyondPacket, 56),
    ("60 ..3 00 08 2b 40 ..32 06 01 ..6", HeaderBeyondPacket, 48),
    ("60 ..3 00 04 2c 40 ..32 06 00 00 01", HeaderBeyondPacket, 44),
];

#[test]
fn packets_are_refused_by_name_and_place() {
    for (text, rule, offset) in REFUSED_PACKETS {
        let bytes = hex(text);
        let error = Packet::parse(Captured::whole(&bytes)).expect_err(text);
        assert_eq!(error, PacketError { rule: *rule, offset: *offset }, "{text}");
        segments(&bytes);
    }
}

/// What comes before the payload, in hexadecimal, and then what is carried, how long it is, and whether it is a fragment.
#[test]
fn extension_headers_are_skipped() {
    for (text, protocol, length, is_fragment) in [
        ("60 ..3 00 05 06 40 ..32 ..5", 6, 5, false),
        ("60 ..3 00 15 00 40 ..32 2b00 ..6 1100 ..6 ..5", 17, 5, false),
        ("60 ..3 00 25 00 40 ..32 3c00 ..6 2b01 ..14 0600 ..6 ..5", 6, 5, false),
        ("60 ..3 00 11 33 40 ..32 0601 ..10 ..5", 6, 5, false),
        ("60 ..3 00 0d 2c 40 ..32 0600 0000 01020304 ..5", 6, 5, false),
        ("60 ..3 00 0d 2c 40 ..32 0600 0001 01020304 ..5", 6, 5, true),
        ("60 ..3 00 0d 2c 40 ..32 3c00 0010 01020304 ..5", 60, 5, true),
        ("60 ..3 00 0d 87 40 ..32 3b00 ..6 ..5", 59, 5, false),
        ("45 00 00 25 0000 0000 40 33 ..10 1101 ..10 ..5", 17, 5, false),
        ("45 00 00 19 0000 2000 40 06 ..10 ..5", 6, 5, true),
        ("45 00 00 19 0000 0001 40 33 ..10 ..5", 51, 5, true),
        ("46 00 00 1d 0000 4000 40 06 ..14 ..5 ..9", 6, 5, false),
        // Without a length, all of it.
        ("45 00 00 00 0000 4000 40 06 ..10 ..9", 6, 9, false),
        ("60 ..3 00 00 06 40 ..32 ..9", 6, 9, false),
    ] {
        let bytes = hex(text);
        let packet = Packet::parse(Captured::whole(&bytes)).unwrap_or_else(|error| panic!("{text}: {error}"));
        let shown = (packet.protocol().number(), packet.payload().length(), packet.fragment().is_some());
        assert_eq!(shown, (protocol, length, is_fragment), "{text}");
        segments(&bytes);
    }
}

#[test]
fn segments_are_refused_by_name_and_place() {
    let bytes = hex("0000 0000 ..8 40 ..7");
    let parse = |bytes, length| Segment::parse(Captured::cut(bytes, length)).map(|_| ());
    assert_eq!(parse(&bytes[..19], 19), Err(PacketError { rule: HeaderBeyondPacket, offset: 19 }));
    assert_eq!(parse(&bytes[..19], 60), Err(PacketError { rule: Truncated, offset: 19 }));
    assert_eq!(parse(&bytes, 60), Err(PacketError { rule: HeaderTooShort, offset: 12 }));
    let bytes = hex("0000 0000 ..8 60 ..7");
    assert_eq!(parse(&bytes, 20), Err(PacketError { rule: HeaderBeyondPacket, offset: 12 }));
    // A capture that ends in the options: the header is there, and says so.
    let segment = Segment::parse(Captured::cut(&bytes, 30)).expect("a header");
    assert_eq!((segment.raw_options().missing(), segment.payload().missing()), (4, 6));
    assert_eq!(segment.options().next(), Some(Err(PacketError { rule: Truncated, offset: 0 })));
    assert_eq!(segment.sequence_length(), 6);
}

#[test]
fn links_lead_to_packets() {
    let ipv4 = "45 00 00 14 ..16";
    let ipv6 = "60 ..39";
    for (number, header, packet) in [
        (1, "..12 0800", ipv4),
        (1, "..12 86dd", ipv6),
        (1, "..12 8100 0001 0800", ipv4),
        (1, "..12 88a8 0001 8100 0002 86dd", ipv6),
        (0, "02 ..3", ipv4),
        (0, "..3 02", ipv4),
        (0, "1e ..3", ipv6),
        (108, "..3 18", ipv6),
        (101, "", ipv4),
        (228, "", ipv4),
        (229, "", ipv6),
        (113, "..14 0800", ipv4),
        (113, "..14 8100 0001 86dd", ipv6),
        (276, "0800 ..18", ipv4),
        (276, "86dd ..18", ipv6),
    ] {
        let link = LinkType::from_number(number).expect("it is known");
        let (frame, packet) = (hex(&format!("{header} {packet}")), hex(packet));
        let found = link.network_packet(Captured::whole(&frame));
        assert_eq!(found, Ok(Some(Captured::whole(&packet))), "{number}: {header}");
        for length in 0..frame.len() - packet.len() {
            let cut = link.network_packet(Captured::cut(&frame[..length], frame.len()));
            assert_eq!(cut, Err(PacketError { rule: Truncated, offset: length }), "{number}: {header}");
        }
    }
    for (number, frame) in [(1, "..12 0806 ..28"), (113, "..14 0003 ..9"), (0, "07 ..3 ..9"), (276, "0806 ..18")] {
        let link = LinkType::from_number(number).expect("it is known");
        assert_eq!(link.network_packet(Captured::whole(&hex(frame))), Ok(None), "{number}");
    }
    let frame = hex("..4 45");
    let null = LinkType::Null.network_packet(Captured::whole(&frame));
    assert_eq!(null, Err(PacketError { rule: InvalidLinkHeader, offset: 0 }));
    assert_eq!(LinkType::from_number(147), None);
}

prop_compose! {
    fn options()(
        max_segment_size in any::<Option<u16>>(),
        window_scale in any::<Option<u8>>(),
        sack_permitted in any::<bool>(),
        blocks in vec(any::<(u32, u32)>(), 0..4),
        times in any::<Option<(u32, u32)>>(),
    ) -> OptionValues {
        let mut sack = [None; 4];
        for (place, (left, right)) in sack.iter_mut().zip(blocks) {
            *place = Some((SequenceNumber::new(left), SequenceNumber::new(right)));
        }
        let timestamps = times.map(|(value, echo)| Timestamps { value, echo });
        OptionValues { max_segment_size, window_scale, sack_permitted, sack, timestamps }
    }
}

prop_compose! {
    /// A packet of either version that carries TCP or UDP.
    fn whole_packet()(
        is_v6 in any::<bool>(),
        is_udp in any::<bool>(),
        flags in any::<u8>(),
        numbers in any::<(u32, u32, u16)>(),
        options in options(),
        payload in vec(any::<u8>(), 0..60),
        extensions in prop::sample::select(vec!["", "0600 ..6", "3c00 ..6 0601 ..14", "2c00 ..6 0600 0000 ..4", "3301 ..10 06 01 ..14"]),
    ) -> Vec<u8> {
        let (from, to) = if is_v6 {
            ([1, 2, 3, 4, 5, 6, 7, 8].into(), [8, 7, 6, 5, 4, 3, 2, 1].into())
        } else {
            ([10, 1, 2, 3].into(), [10, 3, 2, 1].into())
        };
        let mut carried = vec![0; 200];
        let (sequence, acknowledgment, window) = numbers;
        let (protocol, length) = if is_udp {
            let header = UdpHeader { source_port: 1_000, destination_port: window };
            (Protocol::UDP, header.emit(from, to, &payload, &mut carried))
        } else {
            let header = Header {
                sequence: SequenceNumber::new(sequence),
                acknowledgment: SequenceNumber::new(acknowledgment),
                flags: Flags::from_bits(flags),
                window,
                options,
                ..Header::new(1_000, 80)
            };
            (Protocol::TCP, header.emit(from, to, &payload, &mut carried))
        };
        carried.truncate(length.unwrap_or(20));
        let mut bytes = vec![0; 300];
        let extensions = if is_udp { Vec::new() } else { hex(extensions) };
        let length = match (from, to) {
            (core::net::IpAddr::V4(from), core::net::IpAddr::V4(to)) => {
                let header = Ipv4Header::new(from, to, protocol, carried.len());
                header.emit(&mut bytes).expect("room");
                header.len()
            }
            (core::net::IpAddr::V6(from), core::net::IpAddr::V6(to)) => {
                let mut header = Ipv6Header::new(from, to, protocol, carried.len());
                if !extensions.is_empty() {
                    header.next_header = [0, 43, 51][usize::from(flags) % 3];
                    header.extensions = &extensions;
                }
                header.emit(&mut bytes).expect("room");
                header.len()
            }
            _ => unreachable!("of one version"),
        };
        bytes.truncate(length);
        bytes.extend(carried);
        bytes
    }
}

proptest! {
    #[test]
    fn packets_keep_the_laws(
        packet in whole_packet(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        any in vec(any::<u8>(), 0..90),
        cut in any::<prop::sample::Index>(),
    ) {
        segments(&packet);
        let mut changed = packet.clone();
        for (at, byte) in changes {
            let at = at.index(changed.len().min(70));
            changed[at] = byte;
        }
        segments(&changed);
        segments(&changed[..cut.index(changed.len())]);
        segments(&any);
    }
}
