//! Which content codings a client takes (RFC 9110 §12.5.3).

use crate::bytes;
use crate::http::message::fields::Fields;

/// The Accept-Encoding of a request.
///
/// ```
/// use wirenut::http::{AcceptEncoding, Fields};
/// let nothing_said = AcceptEncoding::of(Fields::EMPTY);
/// assert_eq!((nothing_said.weight("identity"), nothing_said.weight("gzip")), (1, 0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AcceptEncoding<'b>(Fields<'b>);

impl<'b> AcceptEncoding<'b> {
    /// What these fields say.
    #[must_use]
    pub const fn of(fields: Fields<'b>) -> Self {
        Self(fields)
    }

    /// How much a content coding is wanted, in thousandths: 0 if it must not be sent, 1000 at most. It is the weight of the
    /// member that names it, in any case, or else of `*`.
    ///
    /// `identity`, which is no coding, has weight 1 where nothing is said of it: it will do, and whatever else is accepted
    /// is wanted more. A coding of which nothing is said has weight 0, also where there is no such field at all: that
    /// anything would be acceptable then is not what clients without a decoder mean. A malformed member counts as not
    /// there.
    #[must_use]
    pub fn weight(self, coding: &str) -> u16 {
        let of = |name: &str| {
            let values = self.0.get_all("Accept-Encoding");
            values
                .flat_map(|value| value.split(|&byte| byte == b','))
                .filter_map(member)
                .find(|(coding, _)| is_coding(coding, name))
                .map(|(_, weight)| weight)
        };
        let by_default = u16::from(coding == "identity");
        // `*;q=0` forbids identity, too, but `*` does not ask for it.
        let rest = || of("*").map(|weight| if coding == "identity" { weight.min(by_default) } else { weight });
        of(coding).or_else(rest).unwrap_or(by_default)
    }
}

/// Is this the coding's name, or its old one (RFC 9110 §8.4.1.3)?
fn is_coding(got: &[u8], name: &str) -> bool {
    got.eq_ignore_ascii_case(name.as_bytes()) || (name == "gzip" && got.eq_ignore_ascii_case(b"x-gzip"))
}

fn member(member: &[u8]) -> Option<(&[u8], u16)> {
    let mut parts = member.split(|&byte| byte == b';').map(bytes::trim);
    let coding = parts.next().filter(|coding| bytes::is_token(coding))?;
    let weight = match parts.next() {
        None => 1000,
        Some([b'q' | b'Q', b'=', weight @ ..]) => qvalue(weight)?,
        Some(_) => return None,
    };
    parts.next().is_none().then_some((coding, weight))
}

/// RFC 9110 §12.4.2, in thousandths.
fn qvalue(text: &[u8]) -> Option<u16> {
    let (&whole, fraction) = text.split_first()?;
    let digits = match fraction {
        [] => fraction,
        [b'.', digits @ ..] if digits.len() <= 3 => digits,
        _ => return None,
    };
    let whole = bytes::decimal(&[whole]).filter(|whole| *whole <= 1)?;
    let number =
        [digits, b"000"].into_iter().flatten().take(3).try_fold(whole, |number, digit| {
            Some(number.saturating_mul(10).saturating_add(bytes::decimal(&[*digit])?))
        })?;
    u16::try_from(number).ok().filter(|weight| *weight <= 1000)
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;

    #[test]
    fn weights() {
        for (value, identity, gzip, br) in [
            ("", 1, 0, 0),
            ("gzip", 1, 1000, 0),
            ("gzip, br", 1, 1000, 1000),
            ("GZip;q=0.5, Br ; q=1", 1, 500, 1000),
            ("x-gzip;Q=0.25", 1, 250, 0),
            ("gzip;q=0", 1, 0, 0),
            ("gzip;q=0.001,br;q=0.999", 1, 1, 999),
            ("gzip;q=1.000,br;q=0.", 1, 1000, 0),
            ("*", 1, 1000, 1000),
            ("*;q=0.5, br", 1, 500, 1000),
            ("br, *;q=0", 0, 0, 1000),
            ("identity;q=0, gzip", 0, 1000, 0),
            ("identity, gzip;q=0.5", 1000, 500, 0),
            ("identity;q=0.5, *;q=0", 500, 0, 0),
            ("gzip;q=1.001, br;q=2", 1, 0, 0),
            ("gzip;q=0.1234, br;q=.5", 1, 0, 0),
            ("gzip;q=, br;q", 1, 0, 0),
            ("gzip;level=9, br;q=1;x=1", 1, 0, 0),
            ("gz ip, , br", 1, 0, 1000),
            ("gzip;q=-1, br;q=1e0", 1, 0, 0),
            ("gzip\r\nAccept-Encoding: br;q=0.3", 1, 1000, 300),
        ] {
            let lines = alloc::format!("accept-encoding: {value}\r\n");
            let accepted = AcceptEncoding::of(Fields::validated(lines.as_bytes(), None));
            let got = (accepted.weight("identity"), accepted.weight("gzip"), accepted.weight("br"));
            assert_eq!(got, (identity, gzip, br), "{value}");
        }
    }
}
