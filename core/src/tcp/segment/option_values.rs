//! The options of a segment as one value.

use crate::ip::{PacketError, PacketRule};
use crate::tcp::SequenceNumber;
use crate::tcp::segment::options::{MAX_SEGMENT_SIZE, NO_OPERATION, SACK, SACK_PERMITTED, TIMESTAMPS, WINDOW_SCALE};
use crate::tcp::segment::{Options, TcpOption};

/// The times in a segment (RFC 7323 §3): numbers of the sender's clock, whose unit only it knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Timestamps {
    /// When it was sent.
    pub value: u32,
    /// The value of the last segment that the sender acknowledges.
    pub echo: u32,
}

/// The options that the core knows, each at most once.
///
/// ```
/// use wirenut::tcp::segment::{OptionValues, Options, Timestamps};
/// let values = OptionValues::parse(Options::of(&[1, 1, 8, 10, 0, 0, 0, 5, 0, 0, 0, 4]))?;
/// assert_eq!(values, OptionValues { timestamps: Some(Timestamps { value: 5, echo: 4 }), ..OptionValues::NONE });
/// # Ok::<(), wirenut::ip::PacketError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OptionValues {
    /// The largest segment that the sender takes.
    pub max_segment_size: Option<u16>,
    /// How many bits its windows are shifted by.
    pub window_scale: Option<u8>,
    /// It takes selective acknowledgments.
    pub sack_permitted: bool,
    /// What it has behind what it acknowledges: the first of these are the ranges, and there is none behind a `None`.
    pub sack: [Option<(SequenceNumber, SequenceNumber)>; 4],
    /// Its time, and the other's.
    pub timestamps: Option<Timestamps>,
}

impl OptionValues {
    /// No options.
    pub const NONE: Self =
        Self { max_segment_size: None, window_scale: None, sack_permitted: false, sack: [None; 4], timestamps: None };

    /// Those of a segment. Unknown ones are left away, and of one that comes twice, the last counts.
    ///
    /// # Errors
    ///
    /// That of the first malformed one.
    #[inline]
    pub fn parse(options: Options<'_>) -> Result<Self, PacketError> {
        let mut values = Self::NONE;
        for option in options {
            match option? {
                TcpOption::MaxSegmentSize(size) => values.max_segment_size = Some(size),
                TcpOption::WindowScale(shift) => values.window_scale = Some(shift),
                TcpOption::SackPermitted => values.sack_permitted = true,
                TcpOption::Sack(blocks) => {
                    values.sack = [None; 4];
                    values.sack.iter_mut().zip(blocks.iter()).for_each(|(place, block)| *place = Some(block));
                }
                TcpOption::Timestamps(timestamps) => values.timestamps = Some(timestamps),
                TcpOption::Other { .. } => {}
            }
        }
        Ok(values)
    }

    /// How many bytes [`Self::emit`] writes: a multiple of four.
    #[must_use]
    pub fn len(&self) -> usize {
        let blocks = self.sack.iter().flatten().count();
        let sack = if blocks == 0 { 0 } else { blocks.saturating_mul(8).saturating_add(2) };
        let lengths = [
            if self.max_segment_size.is_some() { 4 } else { 0 },
            if self.window_scale.is_some() { 3 } else { 0 },
            if self.sack_permitted { 2 } else { 0 },
            sack,
            if self.timestamps.is_some() { 10 } else { 0 },
        ];
        lengths.into_iter().fold(0_usize, usize::saturating_add).next_multiple_of(4)
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes them to the beginning of `buffer`, with padding before the first. Returns how many bytes it wrote.
    ///
    /// # Errors
    ///
    /// [`PacketRule::DoesNotFit`], if there are more than the 40 bytes that a header has for them;
    /// [`PacketRule::BufferTooShort`].
    pub fn emit(&self, buffer: &mut [u8]) -> Result<usize, PacketError> {
        let length = self.len();
        if length > 40 {
            return Err(PacketError::new(PacketRule::DoesNotFit, 40));
        }
        let available = buffer.len();
        let written = buffer.get_mut(..length).ok_or(PacketError::new(PacketRule::BufferTooShort, available))?;
        written.fill(NO_OPERATION);
        let mut places = written.iter_mut().rev();
        // From the last byte to the first, so that what is left stays before them.
        let mut put = |kind: u8, data: &[u8]| {
            let length = u8::try_from(data.len().saturating_add(2)).unwrap_or(u8::MAX);
            let bytes = data.iter().rev().chain([&length, &kind]);
            bytes.zip(&mut places).for_each(|(byte, place)| *place = *byte);
        };
        if let Some(Timestamps { value, echo }) = self.timestamps {
            put(TIMESTAMPS, join([value, echo]).as_slice());
        }
        let mut blocks = [0_u8; 32];
        let mut count = 0_usize;
        for ((left, right), place) in self.sack.iter().flatten().zip(blocks.as_chunks_mut::<8>().0) {
            *place = join([left.value(), right.value()]);
            count = count.saturating_add(8);
        }
        if let Some(blocks) = blocks.get(..count).filter(|blocks| !blocks.is_empty()) {
            put(SACK, blocks);
        }
        if self.sack_permitted {
            put(SACK_PERMITTED, &[]);
        }
        if let Some(shift) = self.window_scale {
            put(WINDOW_SCALE, &[shift]);
        }
        if let Some(size) = self.max_segment_size {
            put(MAX_SEGMENT_SIZE, &size.to_be_bytes());
        }
        Ok(length)
    }
}

fn join([one, other]: [u32; 2]) -> [u8; 8] {
    (u64::from(one) << 32 | u64::from(other)).to_be_bytes()
}
