//! permessage-deflate (RFC 7692): WebSocket messages compressed by DEFLATE.
//!
//! A [`PerMessageDeflate`] is what a connection of the core is given. It has an [`Inflater`] for the messages of the peer, and a
//! [`Deflater`] for those that are sent to it; both can be used alone. They are streams: they take a message in pieces and write into the caller's slices, so a message may be longer than any buffer,
//! and a small compressed message that inflates to gigabytes fills no memory.
//!
//! ```
//! use wirenut_deflate::{Context, Deflater, DeflaterConfig, Inflater};
//!
//! let mut deflater = Deflater::new(DeflaterConfig::DEFAULT);
//! let mut inflater = Inflater::new(Context::TakeOver);
//! let (mut payload, mut message) = ([0; 64], [0; 64]);
//!
//! let taken = deflater.deflate(b"Hello", &mut payload);
//! let rest = deflater.finish(&mut payload[taken.written..]);
//! let length = taken.written + rest.written;
//! assert!(rest.is_done);
//! assert_eq!(payload[..length], [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]); // RFC 7692, 7.2.3.1
//!
//! let taken = inflater.inflate(&payload[..length], &mut message)?;
//! assert!(inflater.finish(&mut message[taken.written..])?.is_done);
//! assert_eq!(&message[..taken.written], b"Hello");
//! # Ok::<(), wirenut_deflate::InflateError>(())
//! ```
//!
//! # Memory
//!
//! Nothing is allocated before the first compressed message comes, or is sent. Then, with the defaults, an inflater takes
//! 46 KiB and a deflater 371 KiB (a test measures both). Fewer window bits and a lower [`DeflaterConfig::memory_level`]
//! make a deflater smaller: 136 KiB with 10 bits and level 1. Without context take-over all of it is freed behind each
//! message, so that only messages on their way take memory: the choice for thousands of connections.
//!
//! # In scope, and not
//!
//! The negotiation of the parameters is in the core, and so are the frames and the limit of a message.

mod compression;
mod deflater;
mod error;
mod inflater;
mod progress;

pub use compression::PerMessageDeflate;
pub use deflater::{Deflater, DeflaterConfig};
pub use error::InflateError;
pub use inflater::Inflater;
pub use progress::{Context, Finished, Progress};
