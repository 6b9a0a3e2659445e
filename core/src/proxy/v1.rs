//! Version 1: a line of text (proxy-protocol §2.1).

use core::fmt::Write;
use core::net::{IpAddr, SocketAddr};

use super::address::{Scanner, Stop};
use super::endpoints::{Endpoints, Transport};
use super::error::{Error, Rule, WriteError};
use super::header::{Header, Parsed, Version};
use super::output::{Output, of_one_family};
use super::tlv::Tlvs;

/// The longest line, its end included.
const LONGEST: usize = 107;
/// The shortest one: UNKNOWN without anything behind it. No header of version 2 is shorter.
pub(super) const SHORTEST: usize = 15;
/// The shortest ones with addresses: `PROXY TCP4 0.0.0.0 0.0.0.0 0 0` and `PROXY TCP6 :: :: 0 0`, with line ends.
const SHORTEST_TCP4: usize = 32;
const SHORTEST_TCP6: usize = 22;

/// Reads a header that begins with a `P`. It is read from its first byte at each call: a line is short.
pub(super) fn parse(input: &[u8]) -> Result<Parsed<'_>, Error> {
    let mut line = Line { scanner: Scanner::new(input), least: SHORTEST, behind: 0 };
    match line.read() {
        Ok(endpoints) => {
            let length = line.scanner.offset();
            Ok(Parsed::Header(Header { version: Version::V1, endpoints, tlvs: Tlvs::EMPTY, length }))
        }
        // One more, if nothing more is known.
        Err(Stop::Cut) => Ok(Parsed::NeedMore(line.least.max(input.len().saturating_add(line.behind.max(1))))),
        Err(Stop::Error(error)) => Err(error),
    }
}

struct Line<'b> {
    scanner: Scanner<'b>,
    /// Bytes that such a line has at least.
    least: usize,
    /// Bytes that stand at least behind the part that is read now.
    behind: usize,
}

impl<'b> Line<'b> {
    fn read(&mut self) -> Result<Endpoints<'static>, Stop> {
        self.scanner.expect(b"PROXY ", Rule::InvalidSignature)?;
        if self.scanner.peek()? == b'U' {
            return self.unknown();
        }
        self.least = SHORTEST_TCP6;
        self.scanner.expect(b"TCP", Rule::InvalidProtocol)?;
        let is_ipv4 = match self.scanner.peek()? {
            b'4' => true,
            b'6' => false,
            _ => return Err(self.scanner.refuse(Rule::InvalidProtocol)),
        };
        self.scanner.skip();
        self.least = if is_ipv4 { SHORTEST_TCP4 } else { SHORTEST_TCP6 };
        self.scanner.expect(b" ", Rule::InvalidProtocol)?;
        let (source, destination): (IpAddr, IpAddr) = if is_ipv4 {
            let source = self.address(" 0.0.0.0 0 0\r\n".len(), Scanner::ipv4)?;
            (source.into(), self.address(" 0 0\r\n".len(), Scanner::ipv4)?.into())
        } else {
            let source = self.address(" :: 0 0\r\n".len(), Scanner::ipv6)?;
            (source.into(), self.address(" 0 0\r\n".len(), Scanner::ipv6)?.into())
        };
        self.behind = " 0\r\n".len();
        let source_port = self.scanner.port()?;
        self.scanner.expect(b" ", Rule::InvalidPort)?;
        self.behind = "\r\n".len();
        let destination_port = self.scanner.port()?;
        let rule = if self.scanner.peek()? == b'\n' { Rule::InvalidLineEnd } else { Rule::InvalidPort };
        self.scanner.expect(b"\r", rule)?;
        self.line_feed()?;
        Ok(Endpoints::tcp(SocketAddr::new(source, source_port), SocketAddr::new(destination, destination_port)))
    }

    /// Takes an address and the space behind it.
    fn address<A>(&mut self, behind: usize, read: impl Fn(&mut Scanner<'b>) -> Result<A, Stop>) -> Result<A, Stop> {
        self.behind = behind;
        let address = read(&mut self.scanner)?;
        self.scanner.expect(b" ", Rule::InvalidAddress)?;
        Ok(address)
    }

    /// Takes UNKNOWN, and throws away what stands behind it.
    fn unknown(&mut self) -> Result<Endpoints<'static>, Stop> {
        self.scanner.expect(b"UNKNOWN", Rule::InvalidProtocol)?;
        self.behind = "\r\n".len();
        match self.scanner.peek()? {
            b' ' | b'\r' => {}
            b'\n' => return Err(self.scanner.refuse(Rule::InvalidLineEnd)),
            _ => return Err(self.scanner.refuse(Rule::InvalidProtocol)),
        }
        while self.scanner.peek()? != b'\r' {
            if self.scanner.peek()? == b'\n' {
                return Err(self.scanner.refuse(Rule::InvalidLineEnd));
            }
            // The place of the last carriage return that could end it.
            if self.scanner.offset() >= LONGEST.saturating_sub(2) {
                return Err(self.scanner.refuse(Rule::LineTooLong));
            }
            self.scanner.skip();
        }
        self.scanner.skip();
        self.line_feed()?;
        Ok(Endpoints::Unspecified)
    }

    fn line_feed(&mut self) -> Result<(), Stop> {
        self.behind = "\n".len();
        self.scanner.expect(b"\n", Rule::InvalidLineEnd)
    }
}

/// Writes a header of version 1 to the beginning of `out`, 107 bytes at most; gives what was written.
///
/// What version 1 cannot say is written as UNKNOWN: LOCAL, datagrams, Unix sockets. If one address alone is of IPv6, the
/// other one is mapped into it (`::ffff:192.0.2.1`).
///
/// ```
/// use wirenut::proxy::{Endpoints, write_v1};
/// let endpoints = Endpoints::tcp(([192, 0, 2, 7], 56324).into(), ([192, 0, 2, 1], 443).into());
/// assert_eq!(write_v1(&endpoints, &mut [0; 107]), Ok(&b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\n"[..]));
/// ```
///
/// # Errors
/// [`WriteError::Full`]: `out` is too short.
pub fn write_v1<'o>(endpoints: &Endpoints<'_>, out: &'o mut [u8]) -> Result<&'o [u8], WriteError> {
    let mut output = Output::new(out);
    if let Endpoints::Ip { transport: Transport::Stream, source, destination } = *endpoints {
        let (source, destination) = of_one_family(source, destination);
        let family = if source.is_ipv4() { 4 } else { 6 };
        let (from, to) = (source.ip(), destination.ip());
        let (from_port, to_port) = (source.port(), destination.port());
        write!(output, "PROXY TCP{family} {from} {to} {from_port} {to_port}\r\n").map_err(|_| WriteError::Full)?;
    } else {
        output.put(b"PROXY UNKNOWN\r\n")?;
    }
    Ok(output.finish())
}
