//! Headers of the PROXY protocol: a table of what is read, and of which byte breaks which rule.

mod laws;
mod ppp;
mod written;

use core::net::SocketAddr;

use wirenut::proxy::{Endpoints, Error, Header, Limits, Parsed, Rule, TlsTlv, Tlv, Transport, Version, parse};
use wirenut_tests::every_split::every_split;
use wirenut_tests::fuzz::proxy_protocol;
use wirenut_tests::wire::Wire;

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const IPV4: &[u8] = b"\xc0\0\x02\x07\xc0\0\x02\x01\xdc\x04\x01\xbb";
const IPV6: &[u8] =
    b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x17\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\xdc\x04\x01\xbb";

/// A header of version 2.
fn binary(command: u8, family: u8, block: &[u8]) -> Vec<u8> {
    let length = u16::try_from(block.len()).expect("a length").to_be_bytes();
    [SIGNATURE, &[command, family], &length, block].concat()
}

fn tlv(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind][..], &u16::try_from(value.len()).expect("a length").to_be_bytes(), value].concat()
}

fn endpoints(source: &str, destination: &str) -> Endpoints<'static> {
    let address = |text: &str| text.parse::<SocketAddr>().expect("an address");
    Endpoints::tcp(address(source), address(destination))
}

/// The header, in every cut: `parse` begins anew with each piece.
#[track_caller]
fn header(bytes: &[u8]) -> Header<'_> {
    let shown = every_split(bytes, |pieces| {
        let mut length = 0;
        for piece in pieces {
            length += piece.len();
            match parse(&Limits::DEFAULT, &bytes[..length]) {
                Ok(Parsed::NeedMore(least)) => assert!(least > length),
                got => return format!("{got:?}"),
            }
        }
        String::new()
    });
    match parse(&Limits::DEFAULT, bytes) {
        Ok(Parsed::Header(header)) => header,
        got => panic!("{got:?} {shown}: {}", bytes.escape_ascii()),
    }
}

#[test]
fn lines() {
    for (line, expected) in [
        ("PROXY TCP4 192.0.2.7 192.0.2.1 56324 443↵", endpoints("192.0.2.7:56324", "192.0.2.1:443")),
        (
            "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535↵",
            endpoints("255.255.255.255:65535", "255.255.255.255:65535"),
        ),
        ("PROXY TCP4 0.0.0.0 0.0.0.0 0 0↵GET / HTTP/1.1↵", endpoints("0.0.0.0:0", "0.0.0.0:0")),
        ("PROXY TCP6 2001:db8::17 2001:DB8:0:0:0:0:0:1 1 2↵↵", endpoints("[2001:db8::17]:1", "[2001:db8::1]:2")),
        ("PROXY TCP6 :: ::1 0 0↵", endpoints("[::]:0", "[::1]:0")),
        ("PROXY TCP6 1:: 1:2:3:4:5:6:7:: 0 0↵", endpoints("[1::]:0", "[1:2:3:4:5:6:7:0]:0")),
        ("PROXY TCP6 ::2:3:4:5:6:7:8 1::3:4:5:6:7:8 0 0↵", endpoints("[0:2:3:4:5:6:7:8]:0", "[1:0:3:4:5:6:7:8]:0")),
        ("PROXY TCP6 0001:0002:: fFfF:: 0 0↵", endpoints("[1:2::]:0", "[ffff::]:0")),
        ("PROXY TCP6 ::ffff:192.0.2.7 ::FFFF:0.0.0.0 0 0↵", endpoints("[::ffff:c000:207]:0", "[::ffff:0:0]:0")),
        ("PROXY TCP6 ::192.0.2.7 ::255.255.255.255 0 0↵", endpoints("[::c000:207]:0", "[::ffff:ffff]:0")),
        (
            "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535↵",
            endpoints(
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
                "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535",
            ),
        ),
        ("PROXY UNKNOWN↵", Endpoints::Unspecified),
        ("PROXY UNKNOWN ↵PROXY UNKNOWN↵", Endpoints::Unspecified),
        ("PROXY UNKNOWN any ␀ÿ thing↵", Endpoints::Unspecified),
        (
            "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535↵",
            Endpoints::Unspecified,
        ),
    ] {
        let bytes = Wire::new(line).bytes;
        let header = header(&bytes);
        let length = bytes.windows(2).position(|end| end == b"\r\n").expect("an end") + 2;
        assert_eq!((header.version, header.endpoints, header.length), (Version::V1, expected, length), "{line}");
        assert_eq!(header.tlvs.iter().count(), 0);
        proxy_protocol(&bytes);
    }
}

/// The byte behind `‸` breaks the rule.
#[test]
fn lines_that_are_refused() {
    use Rule::*;
    for (line, rule) in [
        ("‸GET / HTTP/1.1", InvalidSignature),
        ("‸ PROXY", InvalidSignature),
        ("‸proxy TCP4", InvalidSignature),
        ("P‸OST / HTTP/1.1", InvalidSignature),
        ("P‸UT / HTTP/1.1", InvalidSignature),
        ("PRO‸PFIND", InvalidSignature),
        ("PROXY‸↵", InvalidSignature),
        ("PROXY‸␉TCP4", InvalidSignature),
        ("PROXY ‸ TCP4", InvalidProtocol),
        ("PROXY ‸↵", InvalidProtocol),
        ("PROXY ‸tcp4", InvalidProtocol),
        ("PROXY U‸DP4", InvalidProtocol),
        ("PROXY TCP‸5", InvalidProtocol),
        ("PROXY TCP‸ ", InvalidProtocol),
        ("PROXY TCP4‸↵", InvalidProtocol),
        ("PROXY UNKNOWN‸S", InvalidProtocol),
        ("PROXY UNKNO‸ ", InvalidProtocol),
        ("PROXY UNKNOWN‸␊", InvalidLineEnd),
        ("PROXY UNKNOWN a‸␊", InvalidLineEnd),
        ("PROXY UNKNOWN␍‸a", InvalidLineEnd),
        ("PROXY UNKNOWN␍‸␍␊", InvalidLineEnd),
        ("PROXY TCP4 ‸ 192.0.2.7", InvalidAddress),
        ("PROXY TCP4 ‸↵", InvalidAddress),
        ("PROXY TCP4 ‸+192", InvalidAddress),
        ("PROXY TCP4 ‸::1", InvalidAddress),
        ("PROXY TCP4 25‸6", InvalidAddress),
        ("PROXY TCP4 255‸0", InvalidAddress),
        ("PROXY TCP4 19‸ ", InvalidAddress),
        ("PROXY TCP4 192.‸.", InvalidAddress),
        ("PROXY TCP4 192.0‸0", InvalidAddress),
        ("PROXY TCP4 0‸1", InvalidAddress),
        ("PROXY TCP4 192.0.2‸ 192", InvalidAddress),
        ("PROXY TCP4 192.0.2.7‸.", InvalidAddress),
        ("PROXY TCP4 192.0.2.7‸␉", InvalidAddress),
        ("PROXY TCP4 192.0.2.7‸↵", InvalidAddress),
        ("PROXY TCP4 192.0.2.7 ‸ ", InvalidAddress),
        ("PROXY TCP4 192.0.2.7 1.2.3.4‸a", InvalidAddress),
        ("PROXY TCP6 1‸.2.3.4", InvalidAddress),
        ("PROXY TCP6 12‸ ", InvalidAddress),
        ("PROXY TCP6 :‸ ", InvalidAddress),
        ("PROXY TCP6 :‸1", InvalidAddress),
        ("PROXY TCP6 ::‸:", InvalidAddress),
        ("PROXY TCP6 1:‸ ", InvalidAddress),
        ("PROXY TCP6 1234‸5", InvalidAddress),
        ("PROXY TCP6 ‸[::1]", InvalidAddress),
        ("PROXY TCP6 ::1‸%lo", InvalidAddress),
        ("PROXY TCP6 1::2:‸:", InvalidAddress),
        ("PROXY TCP6 1:2:3:4:5:6:7‸ ", InvalidAddress),
        ("PROXY TCP6 1:2:3:4:5:6:7:‸ ", InvalidAddress),
        ("PROXY TCP6 1:2:3:4:5:6:7:8‸:", InvalidAddress),
        ("PROXY TCP6 1:2:3:4:5:6:7::‸8", InvalidAddress),
        ("PROXY TCP6 ::1:2:3:4:5:6:7‸:", InvalidAddress),
        ("PROXY TCP6 1:2:3:4:5:6:1‸.2.3.4", InvalidAddress),
        ("PROXY TCP6 64:ff9b::192‸.0.2.7", InvalidAddress),
        ("PROXY TCP6 ::fffe:192‸.0.2.7", InvalidAddress),
        ("PROXY TCP6 ::ffff:0:192‸.0.2.7", InvalidAddress),
        ("PROXY TCP6 ::256‸.", InvalidAddress),
        ("PROXY TCP6 ::01‸.", InvalidAddress),
        ("PROXY TCP6 ::1a‸.", InvalidAddress),
        ("PROXY TCP6 ::ffff:1.2.3.25‸6", InvalidAddress),
        ("PROXY TCP6 ::ffff:1.2.3.4‸:", InvalidAddress),
        ("PROXY TCP6 ::ffff:1.2.3‸ ", InvalidAddress),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 ‸ 1", InvalidPort),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 ‸-1", InvalidPort),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 0‸1 ", InvalidPort),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 6553‸6", InvalidPort),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1‸↵", InvalidPort),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 ‸↵", InvalidPort),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2‸ ↵", InvalidPort),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2‸␀", InvalidPort),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2‸␊", InvalidLineEnd),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2␍‸G", InvalidLineEnd),
    ] {
        refused(&Wire::new(line), rule);
    }
    let long = format!("PROXY UNKNOWN {}", "x".repeat(91));
    assert_eq!(header(format!("{long}\r\n").as_bytes()).length, 107);
    refused(&Wire::new(&format!("{long}‸x↵")), LineTooLong);
}

/// At its byte, whatever the cut.
#[track_caller]
fn refused(wire: &Wire, rule: Rule) {
    let offset = wire.mark.expect("a mark");
    every_split(&wire.bytes, |pieces| {
        let mut length = 0;
        for piece in pieces {
            length += piece.len();
            let got = parse(&Limits::DEFAULT, &wire.bytes[..length]);
            if length > offset {
                assert_eq!(got, Err(Error { rule, offset }), "{}", wire.bytes.escape_ascii());
            } else {
                assert!(matches!(got, Ok(Parsed::NeedMore(_))), "{got:?}: {}", wire.bytes.escape_ascii());
            }
        }
    });
}

#[test]
fn blocks() {
    let unix = [&b"/run/a"[..], &[0; 102], b"\0abstract", &[0; 99]].concat();
    type Source = Option<(SocketAddr, Transport)>;
    let cases: [(u8, u8, &[u8], Source); 8] = [
        (0x21, 0x11, IPV4, Some(([192, 0, 2, 7], 56324).into()).zip(Some(Transport::Stream))),
        (0x21, 0x12, IPV4, Some(([192, 0, 2, 7], 56324).into()).zip(Some(Transport::Datagram))),
        (0x21, 0x21, IPV6, Some("[2001:db8::17]:56324".parse().expect("an address")).zip(Some(Transport::Stream))),
        (0x21, 0x22, IPV6, Some("[2001:db8::17]:56324".parse().expect("an address")).zip(Some(Transport::Datagram))),
        (0x21, 0x31, &unix, None),
        (0x21, 0x00, b"", None),
        // Of these nothing is looked at.
        (0x21, 0x00, b"\x01\xff\xff", None),
        (0x20, 0xff, IPV4, None),
    ];
    for (command, family, block, expected) in cases {
        let bytes = [&binary(command, family, block)[..], b"GET"].concat();
        let header = header(&bytes);
        assert_eq!((header.version, header.length), (Version::V2, bytes.len() - 3));
        assert_eq!(header.source(), expected.map(|(source, _)| source));
        match header.endpoints {
            Endpoints::Ip { transport, destination, .. } => {
                assert_eq!((transport, destination.port()), (expected.expect("one").1, 443));
            }
            Endpoints::Unix { transport, source, destination } => {
                assert_eq!(transport, Transport::Stream);
                assert_eq!((source.name(), destination.name()), (&b"/run/a"[..], &b"\0abstract"[..]));
            }
            Endpoints::Unspecified => assert_eq!((command, family), (0x21, 0)),
            Endpoints::Local => assert_eq!(command, 0x20),
        }
    }
}

#[test]
fn blocks_that_are_refused() {
    let with = |tlvs: &[u8]| binary(0x21, 0x11, &[IPV4, tlvs].concat());
    let tls = |tlvs: &[u8]| with(&tlv(0x20, &[&[1, 0, 0, 0, 0], tlvs].concat()));
    for (bytes, rule, offset) in [
        (b"\r\r".to_vec(), Rule::InvalidSignature, 1),
        (b"\r\n\r\n\0\r\nQUIT\r".to_vec(), Rule::InvalidSignature, 11),
        (binary(0x11, 0x11, IPV4), Rule::UnsupportedVersion, 12),
        (binary(0x31, 0x11, IPV4), Rule::UnsupportedVersion, 12),
        (binary(0x22, 0x11, IPV4), Rule::UnknownCommand, 12),
        (binary(0x2f, 0x11, IPV4), Rule::UnknownCommand, 12),
        (binary(0x21, 0x01, b""), Rule::UnknownFamily, 13),
        (binary(0x21, 0x41, IPV4), Rule::UnknownFamily, 13),
        (binary(0x21, 0x03, b""), Rule::UnknownFamily, 13),
        (binary(0x21, 0x10, IPV4), Rule::UnknownTransport, 13),
        (binary(0x21, 0x13, IPV4), Rule::UnknownTransport, 13),
        (binary(0x21, 0x30, &[0; 216]), Rule::UnknownTransport, 13),
        (binary(0x21, 0x11, &IPV4[..11]), Rule::BlockTooShort, 15),
        (binary(0x21, 0x21, &IPV6[..35]), Rule::BlockTooShort, 15),
        (binary(0x21, 0x31, &[0; 215]), Rule::BlockTooShort, 15),
        (binary(0x20, 0, &[0; 4081]), Rule::HeaderTooLong, 15),
        (binary(0x20, 0, &[0; 4352]), Rule::HeaderTooLong, 14),
        (with(b"\x04"), Rule::InvalidTlvLength, 28),
        (with(b"\x04\0\0\x04\0"), Rule::InvalidTlvLength, 31),
        (with(b"\xe0\0\x02a"), Rule::InvalidTlvLength, 28),
        (with(&tlv(2, b"ab\xff")), Rule::InvalidTlvValue, 33),
        (with(&tlv(3, b"abc")), Rule::InvalidTlvValue, 29),
        (with(&tlv(5, &[b'a'; 129])), Rule::InvalidTlvValue, 29),
        (with(&tlv(0x20, b"\x01\0\0\0")), Rule::InvalidTlvValue, 29),
        (with(&tlv(0x30, b"blue\n")), Rule::InvalidTlvValue, 31 + 4),
        (tls(b"\x21\0\x01"), Rule::InvalidTlvLength, 31 + 5),
        (tls(&tlv(0x21, b"TLS\x7f")), Rule::InvalidTlvValue, 31 + 5 + 3 + 3),
        (tls(&tlv(0x23, b"\xc3\xbc")), Rule::InvalidTlvValue, 31 + 5 + 3),
        (tls(&tlv(0x22, b"J\xfcrgen")), Rule::InvalidTlvValue, 31 + 5 + 3 + 1),
        (with(&[tlv(4, b""), tlv(1, b"a"), tlv(1, b"a")].concat()), Rule::DuplicateTlv, 28 + 3 + 4),
        (with(&tlv(3, b"abcd")), Rule::WrongChecksum, 31),
        (with(&[tlv(2, b"a"), tlv(2, b"a")].concat()), Rule::DuplicateTlv, 28 + 4),
        (with(&[tlv(3, b"abcd"), tlv(3, b"abcd")].concat()), Rule::DuplicateTlv, 28 + 7),
        (with(&[tlv(5, b""), tlv(5, b"")].concat()), Rule::DuplicateTlv, 28 + 3),
        (with(&[tlv(0x20, &[0; 5]), tlv(0x20, &[0; 5])].concat()), Rule::DuplicateTlv, 28 + 8),
        (with(&[tlv(0x30, b""), tlv(0x30, b"")].concat()), Rule::DuplicateTlv, 28 + 3),
    ] {
        // Bytes behind the header change nothing.
        for more in [&b""[..], b"GET / HTTP/1.1\r\n"] {
            let bytes = [&bytes[..], more].concat();
            assert_eq!(parse(&Limits::DEFAULT, &bytes), Err(Error { rule, offset }), "{}", bytes.escape_ascii());
        }
    }
}

#[test]
fn what_else_is_told() {
    let tls =
        [&b"\x07\0\0\0\0"[..], &tlv(0x21, b"TLSv1.3"), &tlv(0x22, "Jürgen".as_bytes()), &tlv(0x99, b"?")].concat();
    let tlvs = [
        tlv(1, b"h2"),
        tlv(2, "bücher.example".as_bytes()),
        tlv(4, b""),
        tlv(4, b"\0"),
        tlv(5, b"\x01\x02"),
        tlv(0x20, &tls),
        tlv(0x30, b"blue"),
        tlv(0xe0, b"own"),
        tlv(0xe0, b""),
    ];
    let bytes = binary(0x21, 0x11, &[IPV4, &tlvs.concat()].concat());
    let header = header(&bytes);
    let told: Vec<_> = header.tlvs.into_iter().collect();
    let [
        Tlv::Alpn(b"h2"),
        Tlv::Authority("bücher.example"),
        Tlv::Noop(b""),
        Tlv::Noop(b"\0"),
        Tlv::UniqueId(b"\x01\x02"),
        Tlv::Tls(tls),
        Tlv::Netns("blue"),
        Tlv::Other { kind: 0xe0, value: b"own" },
        Tlv::Other { kind: 0xe0, value: b"" },
    ] = told[..]
    else {
        panic!("{told:?}");
    };
    assert!(tls.is_over_tls() && tls.has_verified_certificate());
    let told: Vec<_> = tls.tlvs.iter().collect();
    assert_eq!(
        told,
        [TlsTlv::Version("TLSv1.3"), TlsTlv::CommonName("Jürgen"), TlsTlv::Other { kind: 0x99, value: b"?" }]
    );
}

/// HAProxy writes a `verify` of zero where there was no certificate at all.
#[test]
fn a_certificate_is_verified_only_if_there_is_one() {
    for (client, verify, is_verified) in
        [(1, 0, false), (3, 0, true), (5, 0, true), (7, 0, true), (3, 1, false), (3, 0x0100_0000, false), (2, 0, false)]
    {
        let value = [&[client][..], &u32::to_be_bytes(verify)].concat();
        let bytes = binary(0x21, 0x11, &[IPV4, &tlv(0x20, &value)].concat());
        let Some(Tlv::Tls(tls)) = header(&bytes).tlvs.iter().next() else { panic!("no TLS") };
        assert_eq!(tls.has_verified_certificate(), is_verified, "{client} {verify}");
    }
}

#[test]
fn a_limit_holds_for_the_whole_header() {
    let limits = Limits { header_bytes: 28, ..Limits::DEFAULT };
    assert!(matches!(parse(&limits, &binary(0x21, 0x11, IPV4)), Ok(Parsed::Header(_))));
    let longer = binary(0x21, 0x11, &[IPV4, b"\0"].concat());
    assert_eq!(parse(&limits, &longer), Err(Error { rule: Rule::HeaderTooLong, offset: 15 }));
    // A line has a limit of its own.
    assert!(matches!(parse(&limits, b"PROXY UNKNOWN and more than that\r\n"), Ok(Parsed::Header(_))));
}
