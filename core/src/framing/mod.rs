//! From a byte stream to messages, and back: one contract for every framing.
//!
//! TCP, a pipe and a UART give bytes; programs want messages. A [`Decoder`] finds them, in whatever pieces the bytes come:
//! the pieces of a message, its end, and what was wrong. A message may be longer than any buffer. [`Frames`] puts the
//! pieces together for those who want whole messages; an [`Encoder`] writes them, and a [`StreamEncoder`] those that are longer
//! than any buffer. A [`MessageConnection`] makes a [`Protocol`](crate::transport::Protocol) of both, for the
//! loop of every adapter.
//!
//! ```
//! use wirenut::framing::{Encoder, Frames, Item, Slip};
//!
//! let mut sent = [0; 64];
//! let length = Slip::new().encode(&[b"on"], &mut sent)?;
//! assert_eq!(&sent[..length], b"\xc0on\xc0");
//!
//! let (mut frames, mut store) = (Frames::new(Slip::new()), [0; 64]);
//! let mut rest = &sent[..length];
//! let mut found = Vec::new();
//! loop {
//!     let (taken, item) = frames.receive(rest, &mut store)?;
//!     match item {
//!         Item::Frame(frame) => found.push(frame.to_vec()),
//!         Item::Skipped(skipped) => panic!("{skipped}"),
//!         Item::NeedMore(_) => break,
//!     }
//!     rest = &rest[taken..];
//! }
//! assert_eq!(found, [b"on"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | codec | a message is | after garbage |
//! |---|---|---|
//! | [`Lines`] | what stands before LF, or CR LF | the next line |
//! | [`Delimited`] | what stands before a delimiter of up to 16 bytes, such as NUL | behind the next delimiter |
//! | [`Fixed`] | so many bytes | there is none |
//! | [`LengthPrefixed`] | as many bytes as a number in front of them says | the stream is lost |
//! | [`LengthField`] | the same, where the number stands within a header | the stream is lost |
//! | [`Netstring`] | `5:hello,` | the stream is lost |
//! | [`Slip`] | between two END bytes (RFC 1055) | the next frame |
//! | [`Cobs`] | before a zero byte, without any in it | the next frame |
//! | [`Hdlc`] | between two flags (RFC 1662) | the next frame |
//!
//! Over any of them, a [`Trailer`] is a checksum behind each message, such as the FCS of RFC 1662.
//!
//! # The laws
//!
//! One suite of tests holds every codec to them.
//!
//! 1. **However the bytes are cut, the messages are the same**, and so is what was skipped, and where.
//! 2. **To encode and to decode are inverse.**
//! 3. **Garbage is never delivered**: [`Frames`] gives whole messages only. A [`Decoder`] that has given pieces of a message
//!    says when they are void.
//! 4. **Each byte is looked at a bounded number of times**, and the memory is the caller's.
//! 5. **Whether the stream survives garbage is told by the type**: a decoder that finds the next message by itself has
//!    [`Infallible`](core::convert::Infallible) as its error.

mod cobs;
mod delimited;
mod encoder;
mod error;
mod event;
mod fixed;
mod frames;
mod hdlc;
mod length;
mod lines;
mod messages;
mod netstring;
mod output;
mod slip;
mod streaming;
mod stuffing;
#[cfg(test)]
mod testing;
mod trailer;

pub use cobs::Cobs;
pub use delimited::Delimited;
pub use encoder::{EncodeError, Encoder};
pub use error::{FrameError, Rule, Skipped};
pub use event::{Decoder, Event, Lost, Tail};
pub use fixed::Fixed;
pub use frames::{Frames, Item, Overlong};
pub use hdlc::Hdlc;
pub use length::{ByteOrder, InvalidLayout, LengthField, LengthPrefixed, Width};
pub use lines::Lines;
pub use messages::{MessageConnection, MessageHandler, MessageLimits, Next, Outbox};
pub use netstring::Netstring;
pub use slip::Slip;
pub use streaming::{OpenMessage, StreamEncoder};
pub use trailer::{Checksum, NoTrailer, Trailer};
