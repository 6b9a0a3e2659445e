//! `wirenut frame`: messages out of a stream of bytes, and into one.
//!
//! | module | what lives there |
//! |---|---|
//! | `options` | the command line |
//! | `codec`, `checksum` | the framings of the core by their names |
//! | `wire`, `serial` | where the bytes come from and go to |
//! | `decode`, `report` | items out of bytes, and how they are shown |
//! | `encode` | bytes out of items |
//! | `store` | memory for what comes in pieces |

mod checksum;
mod codec;
mod decode;
mod encode;
mod options;
mod report;
mod serial;
mod store;
mod wire;

use wirenut::framing::{Checksum, Frames, NoTrailer, Overlong, Trailer};

pub use self::options::{FrameArguments, InvalidFraming};

use self::checksum::{Crc, Sum};
use self::codec::AnyCodec;
use self::options::Action;
use self::wire::Wire;
use crate::failure::Failure;

/// Reads items out of a stream, or writes them into one, until its end, SIGTERM or SIGINT.
///
/// # Errors
/// [`Failure::Network`], [`Failure::Serial`]: the stream cannot be opened. [`Failure::Read`], [`Failure::Write`]: it fails.
/// [`Failure::Skipped`]: some of it was no item; all others were shown. [`Failure::Lost`]: nobody can tell where the next item
/// begins. [`Failure::Item`]: an item cannot be encoded; those before it were.
pub fn frame(arguments: &FrameArguments) -> Result<(), Failure> {
    let (codec, limit) = arguments.codec().map_err(Failure::Framing)?;
    let frames = Frames::new(codec).with_limit(limit, Overlong::Skip);
    match arguments.checksum() {
        None => run(arguments, frames.with_trailer(NoTrailer), limit),
        Some(Crc { sum: Sum::Of8(crc), order, .. }) => {
            run(arguments, frames.with_trailer(Trailer::new(crc, order)), limit)
        }
        Some(Crc { sum: Sum::Of16(crc), order, .. }) => {
            run(arguments, frames.with_trailer(Trailer::new(crc, order)), limit)
        }
        Some(Crc { sum: Sum::Of32(crc), order, .. }) => {
            run(arguments, frames.with_trailer(Trailer::new(crc, order)), limit)
        }
    }
}

fn run<C: Checksum>(arguments: &FrameArguments, frames: Frames<AnyCodec, C>, limit: usize) -> Result<(), Failure> {
    let mut wire = Wire::open(arguments)?;
    match arguments.action {
        Action::Decode => decode::decode(&mut wire, frames, limit, arguments.look()),
        Action::Encode => encode::encode(&mut wire, &frames, limit, arguments.items()),
    }
}
