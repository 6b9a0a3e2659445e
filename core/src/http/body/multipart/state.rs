//! Where in a form the next byte stands.

use super::error::Rule;
use super::field_lines::Place;
use crate::bytes::{CR, HTAB, LF, SP};

/// What is read next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// What stands before the first delimiter.
    Preamble,
    /// Behind a boundary.
    Boundary,
    /// Behind a boundary and one hyphen.
    Hyphen,
    /// White space behind a boundary.
    Padding,
    /// Behind the CR of a delimiter.
    DelimiterEnd,
    /// The head of a part.
    Head(Place),
    /// The content of a part.
    Content,
    /// Behind the closing delimiter, and white space.
    ClosePadding,
    /// Behind the CR of the closing delimiter.
    CloseEnd,
    /// Behind the line of the closing delimiter.
    Epilogue,
}

impl State {
    /// What stands behind a byte that follows a boundary.
    pub(super) fn behind(self, byte: u8) -> Result<Self, Rule> {
        match (self, byte) {
            (Self::Boundary, b'-') => Ok(Self::Hyphen),
            (Self::Hyphen, b'-') => Ok(Self::ClosePadding),
            (Self::Boundary | Self::Padding, SP | HTAB) => Ok(Self::Padding),
            (Self::ClosePadding, SP | HTAB) => Ok(Self::ClosePadding),
            (Self::Boundary | Self::Padding, CR) => Ok(Self::DelimiterEnd),
            (Self::ClosePadding, CR) => Ok(Self::CloseEnd),
            (Self::DelimiterEnd, LF) => Ok(Self::Head(Place::Start)),
            (Self::CloseEnd, LF) => Ok(Self::Epilogue),
            (Self::DelimiterEnd | Self::CloseEnd, _) => Err(Rule::BareCarriageReturn),
            (_, LF) => Err(Rule::BareLineFeed),
            _ => Err(Rule::InvalidDelimiter),
        }
    }
}
