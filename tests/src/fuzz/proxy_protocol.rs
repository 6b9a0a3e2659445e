//! Headers of the PROXY protocol: any cut comes to the same, the verdict falls at its byte, and what is read is written as
//! the same. Version 1 is held to a second reader, written to be obviously right.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use wirenut::proxy::{
    Endpoints, Error, Header, HeaderWriter, Limits, Parsed, Receiver, Rule, Tlv, Transport, Version, parse, write_v1,
};
use wirenut::time::Instant;

/// A bound that a fuzzer reaches.
const LIMITS: Limits = Limits { header_bytes: 600, ..Limits::DEFAULT };

/// The bytes as the first ones of a connection.
pub fn proxy_protocol(data: &[u8]) {
    let whole = parse(&LIMITS, data);
    for length in 0..data.len() {
        at_each_cut(&data[..length], &whole);
    }
    received_in_pieces(data, &whole);
    match whole {
        Ok(Parsed::Header(header)) => {
            assert!(header.length <= data.len());
            assert_eq!(parse(&LIMITS, &data[..header.length]), whole, "{}", data.escape_ascii());
            match header.version {
                Version::V1 => written_as_line(&header),
                Version::V2 => written_as_block(&header),
            }
        }
        Ok(Parsed::NeedMore(length)) => {
            assert!(length > data.len(), "{}", data.escape_ascii());
            is_viable(data);
        }
        Err(error) => {
            assert!(error.offset < data.len(), "{error}: {}", data.escape_ascii());
            if !is_of_block(error.rule) {
                is_viable(&data[..error.offset]);
            }
        }
    }
    if data.first() != Some(&b'\r') {
        as_the_oracle(data, whole);
    }
}

/// What the beginning of an input comes to, when all of it comes to `whole`.
fn at_each_cut(beginning: &[u8], whole: &Result<Parsed<'_>, Error>) {
    let got = parse(&LIMITS, beginning);
    let falls_behind = match *whole {
        Ok(Parsed::Header(Header { length, .. })) => length,
        Ok(Parsed::NeedMore(length)) => length,
        // All that is wrong within a block is found when the block is whole, and so in any cut or in none.
        Err(error) if is_of_block(error.rule) => 16 + usize::from(block_length(beginning).unwrap_or(u16::MAX)),
        Err(error) => error.offset + 1,
    };
    if beginning.len() >= falls_behind {
        assert_eq!(got, *whole, "{}", beginning.escape_ascii());
        return;
    }
    let Ok(Parsed::NeedMore(least)) = got else { panic!("{got:?} {whole:?}: {}", beginning.escape_ascii()) };
    assert!(least > beginning.len(), "{}", beginning.escape_ascii());
    if matches!(whole, Ok(Parsed::Header(_))) {
        assert!(least <= falls_behind, "{least} of {falls_behind}: {}", beginning.escape_ascii());
    }
}

fn is_of_block(rule: Rule) -> bool {
    matches!(rule, Rule::InvalidTlvLength | Rule::InvalidTlvValue | Rule::DuplicateTlv | Rule::WrongChecksum)
}

fn block_length(header: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*header.get(14)?, *header.get(15)?]))
}

/// A receiver, which is offered more again and again, comes to the same, and its error stays.
fn received_in_pieces(data: &[u8], whole: &Result<Parsed<'_>, Error>) {
    let mut receiver = Receiver::new(&LIMITS, Instant::START);
    let mut come = 0;
    let got = loop {
        match receiver.receive(&LIMITS, &data[..come]) {
            // No more than it asks for: it never takes what is behind the header.
            Ok(Parsed::NeedMore(length)) if length <= data.len() => come = length,
            Ok(Parsed::NeedMore(_)) if come < data.len() => come = data.len(),
            got => break got,
        }
    };
    assert_eq!(got, *whole, "{}", data.escape_ascii());
    match *whole {
        Ok(Parsed::Header(header)) => {
            assert_eq!(come, header.length, "{}", data.escape_ascii());
            assert_eq!(receiver.receive(&LIMITS, data), Err(Error { rule: Rule::Finished, offset: header.length }));
        }
        Ok(Parsed::NeedMore(_)) => {
            assert_eq!(receiver.handle_eof(), Err(Error { rule: Rule::Truncated, offset: data.len() }));
        }
        Err(error) => assert_eq!(receiver.handle_eof(), Err(error)),
    }
}

fn written_as_line(header: &Header<'_>) {
    assert_eq!(header.tlvs.iter().next(), None);
    let mut room = [0; 107];
    let again = write_v1(&header.endpoints, &mut room).expect("it is no longer than that");
    let length = again.len();
    assert_eq!(parse(&LIMITS, again), Ok(Parsed::Header(Header { length, ..*header })));
}

/// By each of its TLVs, and a checksum where there was one: the same bytes.
fn written_as_block(header: &Header<'_>) {
    let mut room = [0; 600 + 7];
    let mut writer = HeaderWriter::new(&mut room, &header.endpoints).expect("room");
    for tlv in header.tlvs {
        if !matches!(tlv, Tlv::Crc32c(_)) {
            writer.tlv(&tlv).expect("it was read");
        }
    }
    let again = writer.finish_with_checksum().expect("room");
    let Ok(Parsed::Header(again)) = parse(&Limits::DEFAULT, again) else { panic!("{header:?} is not read again") };
    assert_eq!(again.endpoints, header.endpoints);
    let tlvs = |header: &Header<'_>| {
        header
            .tlvs
            .iter()
            .filter(|tlv| !matches!(tlv, Tlv::Crc32c(_)))
            .map(|tlv| format!("{tlv:?}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(tlvs(&again), tlvs(header));
}

/// Headers of each kind; behind any right beginning of one stands the end of one of these.
const ENDS: [&str; 5] = [
    "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n",
    "PROXY TCP6 :: :: 0 0\r\n",
    "PROXY TCP6 0:0:0:0:0:0:0:0 0:0:0:0:0:0:0:0 0 0\r\n",
    "PROXY TCP6 ::ffff:0.0.0.0 ::ffff:0.0.0.0 0 0\r\n",
    "PROXY UNKNOWN\r\n",
];

/// What is not refused can still become a header: the verdict comes with the first byte that cannot stand there. Of a block
/// it comes when that is whole.
fn is_viable(beginning: &[u8]) {
    let is_header = |input: &[u8]| matches!(parse(&LIMITS, input), Ok(Parsed::Header(_)));
    let can_follow = match beginning.first() {
        Some(b'\r') if beginning.len() >= 16 => true,
        Some(b'\r') => heads_behind(beginning).any(|header| is_header(&header)),
        _ => {
            let mut ends = ENDS.iter().flat_map(|end| (0..end.len()).map(|at| &end.as_bytes()[at..]));
            ends.any(|end| is_header(&[beginning, end].concat()))
        }
    };
    assert!(can_follow, "nothing can follow {}", beginning.escape_ascii());
}

/// Headers of version 2 that begin so, of the least lengths for each family, whose blocks are zeros: those are TLVs by
/// threes.
fn heads_behind(beginning: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    const LOCAL: [u8; 16] = *b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    let start = [beginning, &LOCAL[beginning.len()..]].concat();
    [0, 1, 2, 12, 36, 216].into_iter().map(move |length| {
        let mut header = start.clone();
        header[15] = length;
        header.resize(16 + usize::from(block_length(&start).expect("a head")) + usize::from(length), 0);
        header
    })
}

/// The second reader: lines that are whole.
fn as_the_oracle(data: &[u8], whole: Result<Parsed<'_>, Error>) {
    let end = data.windows(2).position(|end| end == b"\r\n").filter(|end| end + 2 <= 107);
    let expected = end.and_then(|end| Some((line(&data[..end])?, end + 2)));
    let got = match whole {
        Ok(Parsed::Header(header)) => Some((header.endpoints, header.length)),
        Ok(Parsed::NeedMore(_)) | Err(_) => None,
    };
    assert_eq!(got, expected, "{}", data.escape_ascii());
}

fn line(line: &[u8]) -> Option<Endpoints<'static>> {
    if line.iter().any(|byte| matches!(byte, b'\r' | b'\n')) {
        return None;
    }
    if line == b"PROXY UNKNOWN" || line.starts_with(b"PROXY UNKNOWN ") {
        return Some(Endpoints::Unspecified);
    }
    let words: Vec<_> = str::from_utf8(line).ok()?.split(' ').collect();
    let ["PROXY", protocol, source, destination, source_port, destination_port] = words[..] else { return None };
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| port.to_string() == text);
    let (source_port, destination_port) = (port(source_port)?, port(destination_port)?);
    let (source, destination) = match protocol {
        "TCP4" => (source.parse::<Ipv4Addr>().ok()?.into(), destination.parse::<Ipv4Addr>().ok()?.into()),
        "TCP6" => (ipv6(source)?.into(), ipv6(destination)?.into()),
        _ => return None,
    };
    Some(Endpoints::Ip {
        transport: Transport::Stream,
        source: SocketAddr::new(source, source_port),
        destination: SocketAddr::new(destination, destination_port),
    })
}

fn ipv6(text: &str) -> Option<Ipv6Addr> {
    if let Some((before, _)) = text.split_once('.') {
        let prefix = before.trim_end_matches(|digit: char| digit.is_ascii_digit()).to_ascii_lowercase();
        if !matches!(prefix.as_str(), "::" | "::ffff:") {
            return None;
        }
    }
    text.parse().ok()
}
