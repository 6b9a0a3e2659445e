//! The same headers by `nom`, from complete slices: what plain code is measured against.

use nom::bytes::complete::take;
use nom::combinator::verify;
use nom::number::complete::{be_u8, be_u16, be_u32};
use nom::{IResult, Parser};

/// What is summed up of a segment.
pub(super) struct Segment<'p> {
    pub(super) sequence: u32,
    pub(super) flags: u8,
    pub(super) payload: &'p [u8],
}

/// Ethernet, IPv4 without options, TCP.
pub(super) fn segment(frame: &[u8]) -> IResult<&[u8], Segment<'_>> {
    let (packet, _) = (take(12_usize), verify(be_u16, |number| *number == 0x0800)).parse(frame)?;
    let (rest, first) = verify(be_u8, |first| first >> 4 == 4 && first & 15 >= 5).parse(packet)?;
    let (rest, (_, total, _, _, _, _, _, _, _)) =
        (be_u8, be_u16, be_u16, be_u16, be_u8, verify(be_u8, |protocol| *protocol == 6), be_u16, be_u32, be_u32)
            .parse(rest)?;
    let (rest, _) = take(usize::from(first & 15) * 4 - 20).parse(rest)?;
    let length = usize::from(total).saturating_sub(usize::from(first & 15) * 4);
    let (_, segment) = take(length).parse(rest)?;
    let (rest, (_, _, sequence, _, offset, flags, _, _, _)) =
        (be_u16, be_u16, be_u32, be_u32, verify(be_u8, |offset| offset >> 4 >= 5), be_u8, be_u16, be_u16, be_u16)
            .parse(segment)?;
    let (payload, _) = take(usize::from(offset >> 4) * 4 - 20).parse(rest)?;
    Ok((&[], Segment { sequence, flags, payload }))
}
