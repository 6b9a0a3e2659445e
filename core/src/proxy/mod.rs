//! The PROXY protocol, versions 1 and 2: what a proxy says, in front of all other bytes, of the client that it passes on.
//!
//! [`parse`] reads a header from the first bytes of a connection or of a datagram; a [`Receiver`] does so for a connection
//! whose bytes come in pieces, and has a deadline. [`write_v1`] and a [`HeaderWriter`] write one. All borrow the bytes.
//!
//! ```text
//! version 1   "PROXY" SP ("TCP4" | "TCP6") SP source SP destination SP source-port SP destination-port CRLF
//!             "PROXY" SP "UNKNOWN" [SP anything] CRLF
//!
//! version 2   signature (12 bytes) | version, command | family, transport | length (2 bytes) | block
//!             block = source, destination, source port, destination port | *( type | length (2 bytes) | value )
//! ```
//!
//! ```
//! use wirenut::proxy::{self, Limits, Parsed};
//! let input = b"PROXY TCP4 192.0.2.7 192.0.2.1 56324 443\r\nGET / HTTP/1.1\r\n";
//! let Parsed::Header(header) = proxy::parse(&Limits::DEFAULT, input)? else { unreachable!("it is whole") };
//! assert_eq!(header.source(), Some(([192, 0, 2, 7], 56324).into()));
//! assert_eq!(&input[header.length..], b"GET / HTTP/1.1\r\n");
//! # Ok::<(), proxy::Error>(())
//! ```
//!
//! **Whom to believe.** Whoever can send a header can claim any address. Read one only where proxies alone can connect, or
//! from addresses that are yours; and there demand one: to guess whether a header is there would let each client choose
//! (proxy-protocol §2 and §5).
//!
//! What the document (`doc/proxy-protocol.txt` of HAProxy) leaves open is decided here; what two receivers could read in
//! two ways is refused, with a [`Rule`] and the offset of the byte that breaks it:
//!
//! | input | here |
//! |---|---|
//! | LOCAL | the real peer is the client; the whole block is skipped, its family and all that is in it unread |
//! | UNKNOWN; family and transport both UNSPEC | the same. No TLVs: nothing says where they would begin |
//! | UNSPEC as family or as transport alone | refused: nothing says how long the addresses are |
//! | numbers of version 1 with leading zeros or signs; other white space; CR or LF alone | refused |
//! | an IPv4 address within an IPv6 address of version 1, behind `::` or `::ffff:` | accepted: HAProxy and nginx write it |
//! | the same behind other groups; `%` and a zone | refused |
//! | a byte of version 1 that cannot stand there | refused at once, not at the end of the line |
//! | a version 2 header longer than [`Limits::header_bytes`] | refused with its length |
//! | a TLV that ends beyond the block, or whose value is not of its type | refused once the block is there |
//! | a wrong CRC32C | refused; a header without one is not checked |
//! | a TLV twice, but for NOOP and those without a name here | refused |
//! | TLVs without a name here | given by their number |

mod address;
mod crc32c;
mod endpoints;
mod error;
mod header;
mod limits;
mod output;
mod parse;
mod raw_tlv;
mod receiver;
mod tls;
mod tlv;
mod v1;
mod v2;
mod writer;

pub use endpoints::{Endpoints, Transport, UnixAddress};
pub use error::{Error, Rule, WriteError};
pub use header::{Header, Parsed, Version};
pub use limits::Limits;
pub use parse::parse;
pub use receiver::Receiver;
pub use tls::{Tls, TlsTlv, TlsTlvs};
pub use tlv::{Tlv, Tlvs, TlvsIter};
pub use v1::write_v1;
pub use writer::HeaderWriter;
