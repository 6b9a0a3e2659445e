//! What the crate `ppp` makes of the same headers: the same, or the difference is named here.

use core::net::{IpAddr, SocketAddr};

use ::ppp::{v1, v2};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut::proxy::{Endpoints, Header, Limits, Parsed, Rule, Transport, parse};

use super::{binary, tlv};

/// Why both need not come to the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Difference {
    /// It parses ports by `str::parse`, which takes a sign.
    SignBeforeNumber,
    /// It takes an IPv4 address behind any groups of an IPv6 address.
    DottedTail,
    /// It takes CR for a separator of words, and so lines cut by it (`UNKNOWN` with CR and more before the line feed).
    CarriageReturnInLine,
    /// It wants UTF-8 in what follows UNKNOWN.
    UnknownOtherThanUtf8,
    /// It does not look at TLVs, checksums and their number before somebody asks for them.
    TlvsUnread,
    /// It takes an address of unspecified transport, and a transport of an unspecified family.
    HalfUnspecified,
    /// It looks at the family, and so at the addresses, of LOCAL, too.
    FamilyOfLocal,
}

type Ends = Option<(SocketAddr, SocketAddr)>;

fn ours(bytes: &[u8]) -> Result<Header<'_>, Option<Rule>> {
    match parse(&Limits::DEFAULT, bytes) {
        Ok(Parsed::Header(header)) => Ok(header),
        Ok(Parsed::NeedMore(_)) => Err(None),
        Err(error) => Err(Some(error.rule)),
    }
}

fn ends(header: &Header<'_>) -> Ends {
    match header.endpoints {
        Endpoints::Ip { source, destination, .. } => Some((source, destination)),
        Endpoints::Local | Endpoints::Unspecified | Endpoints::Unix { .. } => None,
    }
}

fn as_line(bytes: &[u8]) -> Result<(Ends, usize), bool> {
    let header = v1::Header::try_from(bytes).map_err(|error| match error {
        v1::BinaryParseError::Parse(error) => matches!(error, v1::ParseError::Partial),
        v1::BinaryParseError::InvalidUtf8(_) => false,
    })?;
    let at = |ip: IpAddr, port| SocketAddr::new(ip, port);
    let ends = match header.addresses {
        v1::Addresses::Tcp4(ip) => {
            Some((at(ip.source_address.into(), ip.source_port), at(ip.destination_address.into(), ip.destination_port)))
        }
        v1::Addresses::Tcp6(ip) => {
            Some((at(ip.source_address.into(), ip.source_port), at(ip.destination_address.into(), ip.destination_port)))
        }
        v1::Addresses::Unknown => None,
    };
    Ok((ends, header.header.len()))
}

fn line_difference(bytes: &[u8]) -> Option<Difference> {
    let end = bytes.iter().position(|byte| *byte == b'\r').unwrap_or(bytes.len());
    let line = &bytes[..end.min(bytes.len())];
    let text = String::from_utf8_lossy(line);
    if text.contains('+') {
        return Some(Difference::SignBeforeNumber);
    }
    if line.starts_with(b"PROXY TCP6") && text.contains('.') {
        return Some(Difference::DottedTail);
    }
    if line.contains(&b'\n') || bytes.get(end + 1).is_some_and(|byte| *byte != b'\n') {
        return Some(Difference::CarriageReturnInLine);
    }
    if str::from_utf8(line).is_err() {
        return Some(Difference::UnknownOtherThanUtf8);
    }
    None
}

fn lines_agree(bytes: &[u8]) -> Option<Difference> {
    let (ours, theirs) = (ours(bytes), as_line(bytes));
    let agree = match (&ours, &theirs) {
        (Ok(ours), Ok((theirs, length))) => ends(ours) == *theirs && ours.length == *length,
        (Err(_), Err(_)) => true,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    };
    let difference = line_difference(bytes);
    assert!(agree || difference.is_some(), "{ours:?} {theirs:?}: {}", bytes.escape_ascii());
    difference.filter(|_| !agree)
}

fn blocks_agree(bytes: &[u8]) -> Option<Difference> {
    let (ours, theirs) = (ours(bytes), v2::Header::try_from(bytes));
    let difference = match (bytes.get(12), bytes.get(13)) {
        (Some(0x20), _) => Some(Difference::FamilyOfLocal),
        (_, Some(0x01 | 0x02 | 0x10 | 0x20 | 0x30)) => Some(Difference::HalfUnspecified),
        _ => matches!(
            ours,
            Err(Some(Rule::InvalidTlvLength | Rule::InvalidTlvValue | Rule::DuplicateTlv | Rule::WrongChecksum))
        )
        .then_some(Difference::TlvsUnread),
    };
    let agree = match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            let both = match theirs.addresses {
                v2::Addresses::IPv4(ip) => Some((
                    SocketAddr::new(ip.source_address.into(), ip.source_port),
                    SocketAddr::new(ip.destination_address.into(), ip.destination_port),
                )),
                v2::Addresses::IPv6(ip) => Some((
                    SocketAddr::new(ip.source_address.into(), ip.source_port),
                    SocketAddr::new(ip.destination_address.into(), ip.destination_port),
                )),
                v2::Addresses::Unspecified | v2::Addresses::Unix(_) => None,
            };
            let is_unix = match (ours.endpoints, theirs.addresses) {
                (Endpoints::Unix { source, destination, .. }, v2::Addresses::Unix(unix)) => {
                    (*source.0, *destination.0) == (unix.source, unix.destination)
                }
                (Endpoints::Unix { .. }, _) => false,
                (_, addresses) => !matches!(addresses, v2::Addresses::Unix(_)),
            };
            let transport = match ours.endpoints {
                Endpoints::Ip { transport, .. } | Endpoints::Unix { transport, .. } => Some(transport),
                Endpoints::Local | Endpoints::Unspecified => None,
            };
            let of_theirs = match theirs.protocol {
                v2::Protocol::Stream => Some(Transport::Stream),
                v2::Protocol::Datagram => Some(Transport::Datagram),
                v2::Protocol::Unspecified => None,
            };
            let tlvs = theirs.tlvs().map_while(Result::ok).map(|tlv| tlv.kind);
            // Where there are no addresses, ours has no TLVs.
            let same_tlvs = transport.is_none() || ours.tlvs.iter().map(|tlv| tlv.kind()).eq(tlvs);
            ends(ours) == both && is_unix && transport == of_theirs && same_tlvs && ours.length == theirs.len()
        }
        (Err(_), Err(_)) => true,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    };
    assert!(agree || difference.is_some(), "{ours:?} {theirs:?}: {}", bytes.escape_ascii());
    difference.filter(|_| !agree)
}

const WORDS: &[&str] = &[
    "192.0.2.7",
    "255.255.255.255",
    "1.2.3",
    "1.2.3.4.5",
    "01.2.3.4",
    "256.1.1.1",
    "::",
    "::1",
    "1::2::3",
    "2001:db8::17",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7",
    "12345::",
    "0",
    "1",
    "65535",
    "65536",
    "00",
    "01",
    "-1",
    "",
    "x",
];

proptest! {
    #[test]
    fn lines(protocol in select(&["TCP4", "TCP6", "UNKNOWN", "TCP", "UDP4"][..]), words in vec(select(WORDS), 4), more in "[a-z ]{0,4}") {
        let line = format!("PROXY {protocol} {}\r\n{more}", words.join(" "));
        prop_assert_eq!(lines_agree(line.as_bytes()), None);
    }

    #[test]
    fn blocks(
        command in 0x1f..0x23_u8,
        family in any::<u8>(),
        kind in any::<u8>(),
        value in "[a-z]{0,8}",
        addresses in vec(any::<u8>(), 216),
        is_short in any::<bool>(),
    ) {
        let length = [0_usize, 12, 36, 216][usize::from(family >> 4 & 3)].saturating_sub(usize::from(is_short));
        let block = addresses.get(..length).unwrap_or_default();
        for family in [family, 0, 0x11, 0x12, 0x21, 0x22, 0x31, 0x32] {
            blocks_agree(&binary(command, family, &[block, &tlv(kind, value.as_bytes())].concat()));
        }
    }
}

/// Each of the differences is there.
#[test]
fn differences() {
    for (line, difference) in [
        ("PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n", Difference::SignBeforeNumber),
        ("PROXY TCP6 64:ff9b::1.2.3.4 ::1 1 2\r\n", Difference::DottedTail),
        ("PROXY UNKNOWN a\nb\r\n", Difference::CarriageReturnInLine),
    ] {
        assert_eq!(lines_agree(line.as_bytes()), Some(difference), "{line:?}");
    }
    assert_eq!(lines_agree(b"PROXY UNKNOWN \xff\r\n"), Some(Difference::UnknownOtherThanUtf8));
    for (bytes, difference) in [
        (binary(0x21, 0x10, &[0; 12]), Difference::HalfUnspecified),
        (binary(0x20, 0x11, &[]), Difference::FamilyOfLocal),
        (binary(0x21, 0x11, &[0; 13]), Difference::TlvsUnread),
    ] {
        assert_eq!(blocks_agree(&bytes), Some(difference), "{}", bytes.escape_ascii());
    }
}
