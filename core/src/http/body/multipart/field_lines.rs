//! The field lines of a part's head, byte by byte: the same verdict at the same byte in every cut.

use super::error::Rule;
use crate::bytes::{self, CR, HTAB, LF, SP};

/// Where in a head the next byte stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// At the start of a line.
    Start,
    /// In a field name.
    Name,
    /// Behind a colon.
    Value,
    /// Behind the CR of a field line.
    ValueEnd,
    /// Behind the CR of the empty line.
    End,
}

impl Place {
    /// Reads on. Returns how many bytes were taken, and whether the empty line is among them; or the rule that the byte
    /// behind them breaks.
    pub(super) fn read(&mut self, input: &[u8]) -> (usize, Result<bool, Rule>) {
        let mut at = 0_usize;
        loop {
            // What a name or a value consists of needs no look at each byte.
            at = match self {
                Self::Name => bytes::token_end(input, at),
                Self::Value => bytes::value_end(input, at),
                Self::Start | Self::ValueEnd | Self::End => at,
            };
            let Some(&byte) = input.get(at) else { return (at, Ok(false)) };
            let was = *self;
            match was.behind(byte) {
                Ok(place) => *self = place,
                Err(rule) => return (at, Err(rule)),
            }
            at = at.wrapping_add(1);
            if was == Self::End {
                return (at, Ok(true));
            }
        }
    }

    /// Where the byte behind this one stands. Of a name and a value: this one ends it.
    fn behind(self, byte: u8) -> Result<Self, Rule> {
        match (self, byte) {
            (Self::Start, CR) => Ok(Self::End),
            (Self::Start, SP | HTAB) => Err(Rule::ObsoleteLineFolding),
            (Self::Start, _) if bytes::has_class(byte, bytes::TOKEN) => Ok(Self::Name),
            (Self::Name, b':') => Ok(Self::Value),
            (Self::Name, SP | HTAB) => Err(Rule::SpaceBeforeColon),
            (Self::Name, CR) => Err(Rule::MissingColon),
            (Self::Start | Self::Name | Self::Value, LF) => Err(Rule::BareLineFeed),
            (Self::Start | Self::Name, _) => Err(Rule::InvalidFieldName),
            (Self::Value, CR) => Ok(Self::ValueEnd),
            (Self::Value, _) => Err(Rule::InvalidFieldValue),
            (Self::ValueEnd | Self::End, LF) => Ok(Self::Start),
            (Self::ValueEnd | Self::End, _) => Err(Rule::BareCarriageReturn),
        }
    }
}
