//! Which rule a byte breaks that has no row in its state.

use super::state::State as S;
use crate::bytes::{self, CR, HTAB, LF, SP};
use crate::http::error::Rule;
use crate::http::flags::Flags;

/// A part of a message: states that stand together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Method,
    Target,
    Version,
    Status,
    StartLineEnd,
    Line,
    Name,
    Value,
    TransferEncoding,
    ContentLength,
    Expect,
    Host,
    LineEnd,
    ChunkSize,
    ChunkExtension,
    ChunkLineEnd,
    ChunkEnd,
}

/// The last state of each part.
const PARTS: [(S, Part); 17] = [
    (S::Method, Part::Method),
    (S::Path, Part::Target),
    (S::VersionEnd, Part::Version),
    (S::Reason, Part::Status),
    (S::StartLineLf, Part::StartLineEnd),
    (S::Line, Part::Line),
    (S::Name, Part::Name),
    (S::OptionGap, Part::Value),
    (S::CodingEscape, Part::TransferEncoding),
    (S::LengthGap, Part::ContentLength),
    (S::ExpectEnd, Part::Expect),
    (S::HostGap, Part::Host),
    (S::SectionLf, Part::LineEnd),
    (S::Size, Part::ChunkSize),
    (S::ExtensionQuoteEnd, Part::ChunkExtension),
    (S::SizeLf, Part::ChunkLineEnd),
    (S::ChunkDataLf, Part::ChunkEnd),
];

fn part(state: S) -> Part {
    PARTS.iter().find(|(last, _)| state <= *last).map_or(Part::ChunkEnd, |(_, part)| *part)
}

/// The rule that `byte` breaks in `state`. `is_target`: a host is read that is a part of the target.
#[cold]
#[inline(never)]
pub(super) fn broken_rule(state: S, byte: u8, is_target: bool) -> Rule {
    let is_value = byte == CR || bytes::is_field_value(&[byte]);
    match part(state) {
        Part::Method if state == S::RequestStartLf => Rule::BareCarriageReturn,
        Part::Method => Rule::InvalidMethod,
        Part::Host if is_target => Rule::InvalidTarget,
        Part::Target => Rule::InvalidTarget,
        Part::StartLineEnd | Part::LineEnd | Part::ChunkLineEnd => Rule::BareCarriageReturn,
        Part::ChunkEnd => Rule::MissingChunkEnd,
        _ if byte == LF => Rule::BareLineFeed,
        Part::Version => Rule::InvalidVersion,
        Part::Status => Rule::InvalidStatusLine,
        Part::Line if matches!(byte, SP | HTAB) => Rule::ObsoleteLineFolding,
        Part::Name if matches!(byte, SP | HTAB) => Rule::SpaceBeforeColon,
        Part::Name if byte == CR => Rule::MissingColon,
        Part::Line | Part::Name => Rule::InvalidFieldName,
        Part::ChunkSize => Rule::InvalidChunkSize,
        Part::ChunkExtension => Rule::InvalidChunkExtension,
        // No value of a field has such a byte, or only not of this one.
        Part::Value => Rule::InvalidFieldValue,
        _ if !is_value => Rule::InvalidFieldValue,
        Part::TransferEncoding => Rule::InvalidTransferEncoding,
        Part::ContentLength => Rule::InvalidContentLength,
        Part::Expect => Rule::UnknownExpectation,
        Part::Host => Rule::InvalidHost,
    }
}

/// The rule of the limit that is reached in `state`, in a message of which `flags` are known.
#[cold]
#[inline(never)]
pub(super) fn broken_limit(state: S, flags: Flags, is_target: bool) -> Rule {
    match part(state) {
        Part::ChunkSize | Part::ChunkExtension | Part::ChunkLineEnd => Rule::ChunkLineTooLong,
        _ if flags.has(Flags::TRAILERS) => Rule::TrailersTooLarge,
        _ if flags.has(Flags::RESPONSE) => Rule::HeadTooLarge,
        Part::Method => Rule::MethodTooLong,
        Part::Target | Part::Version | Part::StartLineEnd => Rule::RequestLineTooLong,
        Part::Host if is_target => Rule::RequestLineTooLong,
        Part::Status | Part::Line | Part::Name | Part::Value | Part::LineEnd | Part::ChunkEnd => Rule::HeadTooLarge,
        Part::TransferEncoding | Part::ContentLength | Part::Expect | Part::Host => Rule::HeadTooLarge,
    }
}
