//! What the tracker takes from a segment.

use crate::ip::Captured;
use crate::tcp::SequenceNumber;
use crate::tcp::segment::{Flags, OptionValues, Segment, Timestamps};

/// What one segment says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) start: SequenceNumber,
    /// Behind its last number, SYN and FIN counted.
    pub(super) end: SequenceNumber,
    pub(super) acknowledgment: SequenceNumber,
    pub(super) flags: Flags,
    pub(super) window: u16,
    /// Bytes of data.
    pub(super) length: u32,
    pub(super) timestamps: Option<Timestamps>,
    /// Of a SYN.
    pub(super) scale: Option<u8>,
    pub(super) has_malformed_options: bool,
}

impl Facts {
    #[inline]
    pub(super) fn new(segment: &Segment<'_>) -> Self {
        let flags = segment.flags();
        let (timestamps, scale, has_malformed_options) = options(segment, flags.intersects(Flags::SYN));
        Self {
            start: segment.sequence(),
            end: segment.end(),
            acknowledgment: segment.acknowledgment(),
            flags,
            window: segment.window(),
            length: u32::try_from(segment.payload().length()).unwrap_or(u32::MAX),
            timestamps,
            scale,
            has_malformed_options,
        }
    }

    pub(super) fn has(&self, flags: Flags) -> bool {
        self.flags.intersects(flags)
    }

    /// Does it take sequence numbers?
    pub(super) fn is_long(&self) -> bool {
        self.start != self.end
    }

    /// An ACK, and nothing else?
    pub(super) fn is_bare_ack(&self) -> bool {
        const OTHERS: Flags = Flags::from_bits(Flags::SYN.bits() | Flags::FIN.bits() | Flags::RST.bits());
        self.has(Flags::ACK) && !self.has(OTHERS) && self.length == 0
    }

    /// Does any end send such flags?
    pub(super) fn is_valid(&self) -> bool {
        let is = |flag| u8::from(self.has(flag));
        let one = is(Flags::SYN).wrapping_add(is(Flags::FIN)).wrapping_add(is(Flags::RST)) <= 1;
        // Behind the first SYN, all but resets acknowledge.
        one && self.has(Flags::ACK | Flags::SYN | Flags::RST)
    }
}

/// Time stamps, and the scale of windows, which only a SYN tells; and whether the options are malformed. Most segments of a
/// connection have time stamps in the same twelve bytes, as RFC 7323, appendix A, recommends, or nothing.
#[inline]
fn options(segment: &Segment<'_>, is_syn: bool) -> (Option<Timestamps>, Option<u8>, bool) {
    let raw: Captured<'_> = segment.raw_options();
    match *raw.bytes() {
        [] if raw.length() == 0 => return (None, None, false),
        [1, 1, 8, 10, a, b, c, d, e, f, g, h] if raw.is_whole() => {
            let (value, echo) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
            return (Some(Timestamps { value, echo }), None, false);
        }
        _ => {}
    }
    match OptionValues::parse(segment.options()) {
        Ok(values) => (values.timestamps, values.window_scale.filter(|_| is_syn), false),
        // What was not captured is nobody's fault.
        Err(_) => (None, None, raw.is_whole()),
    }
}
