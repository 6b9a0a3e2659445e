//! Which rule a byte breaks that cannot stand where it stands.

use super::state::State as S;
use crate::bytes::{self, CR, HTAB, LF, SP};
use crate::http::error::Rule;

/// When the rule of a part is the one that is broken.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum When {
    Always,
    /// If the byte is no line feed: that is one without a carriage return.
    NoLineFeed,
    /// And if it may stand in some value of a field.
    InValues,
}

use When::{Always, InValues, NoLineFeed};

/// States that stand together, by the last one: the rule of the part.
const PARTS: [(S, Rule, When); 18] = [
    (S::RequestStart, Rule::InvalidMethod, Always),
    (S::RequestStartLf, Rule::BareCarriageReturn, Always),
    (S::Method, Rule::InvalidMethod, Always),
    (S::Path, Rule::InvalidTarget, Always),
    (S::VersionEnd, Rule::InvalidVersion, NoLineFeed),
    (S::Reason, Rule::InvalidStatusLine, NoLineFeed),
    (S::StartLineLf, Rule::BareCarriageReturn, Always),
    (S::Name, Rule::InvalidFieldName, NoLineFeed),
    (S::OtherOption, Rule::InvalidFieldValue, NoLineFeed),
    (S::CodingEscape, Rule::InvalidTransferEncoding, InValues),
    (S::LengthGap, Rule::InvalidContentLength, InValues),
    (S::ExpectEnd, Rule::UnknownExpectation, InValues),
    (S::HostGap, Rule::InvalidHost, InValues),
    (S::SectionLf, Rule::BareCarriageReturn, Always),
    (S::Size, Rule::InvalidChunkSize, NoLineFeed),
    (S::ExtensionQuoteEnd, Rule::InvalidChunkExtension, NoLineFeed),
    (S::SizeLf, Rule::BareCarriageReturn, Always),
    (S::ChunkDataLf, Rule::MissingChunkEnd, Always),
];

/// The rule that `byte` breaks in `state`, but in a target.
#[cold]
#[inline(never)]
pub(super) fn broken_rule(state: S, byte: u8) -> Rule {
    let part = PARTS.iter().find(|(last, ..)| state <= *last);
    let (_, rule, when) = part.copied().unwrap_or((S::End, Rule::MissingChunkEnd, Always));
    match byte {
        LF if when >= NoLineFeed => Rule::BareLineFeed,
        SP | HTAB if state != S::Name && rule == Rule::InvalidFieldName => Rule::ObsoleteLineFolding,
        SP | HTAB if state == S::Name => Rule::SpaceBeforeColon,
        CR if state == S::Name => Rule::MissingColon,
        CR => rule,
        _ if when == InValues && !bytes::has_class(byte, bytes::FIELD_VALUE) => Rule::InvalidFieldValue,
        _ => rule,
    }
}
