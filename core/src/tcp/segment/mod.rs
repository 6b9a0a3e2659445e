//! TCP segments on the wire (RFC 9293 §3.1): read where they lie, and written.
//!
//! [`Segment`] is the view: it checks the header once, and reads each field where it lies. [`Header`] is the value:
//! `parse` takes it from a view, `emit` writes it with its payload and its checksum. Options are read one by one, when
//! they are asked for ([`Segment::options`]), or all of them into a value ([`OptionValues`]).
//!
//! ```
//! use wirenut::ip::Captured;
//! use wirenut::tcp::SequenceNumber;
//! use wirenut::tcp::segment::{Flags, Header, OptionValues, Segment};
//!
//! let syn = Header {
//!     sequence: SequenceNumber::new(7),
//!     flags: Flags::SYN,
//!     window: 65_535,
//!     options: OptionValues { max_segment_size: Some(1_460), window_scale: Some(7), ..OptionValues::NONE },
//!     ..Header::new(40_000, 80)
//! };
//! let mut bytes = [0; 60];
//! let length = syn.emit([10, 0, 0, 1].into(), [10, 0, 0, 2].into(), b"", &mut bytes)?;
//! let segment = Segment::parse(Captured::whole(&bytes[..length]))?;
//! assert_eq!((segment.flags(), segment.sequence_length()), (Flags::SYN, 1));
//! assert_eq!(Header::parse(&segment)?, syn);
//! # Ok::<(), wirenut::ip::PacketError>(())
//! ```

mod flags;
mod header;
mod option_values;
mod options;
mod view;

pub use flags::Flags;
pub use header::Header;
pub use option_values::{OptionValues, Timestamps};
pub use options::{Options, SackBlocks, TcpOption};
pub use view::Segment;
