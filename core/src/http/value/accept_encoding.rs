//! Which content codings a client takes (RFC 9110 §12.5.3).

use super::quality_list::{QualityItem, QualityList, best};
use crate::bytes;
use crate::http::message::fields::Fields;

/// The Accept-Encoding of a request.
///
/// ```
/// use wirenut::http::{AcceptEncoding, Fields};
/// let fields = Fields::parse(b"Accept-Encoding: gzip, br;q=0.5\r\n").unwrap();
/// assert_eq!(AcceptEncoding::of(fields).best(&["br", "gzip", "identity"]), Some("gzip"));
/// let nothing_said = AcceptEncoding::of(Fields::EMPTY);
/// assert_eq!(nothing_said.best(&["br", "gzip", "identity"]), Some("identity"));
/// assert_eq!((nothing_said.weight("identity"), nothing_said.weight("gzip")), (1, 0));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AcceptEncoding<'b>(QualityList<'b>);

impl<'b> AcceptEncoding<'b> {
    /// What these fields say.
    #[must_use]
    pub const fn of(fields: Fields<'b>) -> Self {
        Self(QualityList::of(fields, "Accept-Encoding"))
    }

    /// Of the codings that a server has, the one that the client wants most; of several with the same weight, the first.
    /// Name `identity` among them, where the content is there without a coding, too. `None` if it takes none of them:
    /// send it without a coding, as RFC 9110 §12.5.3 recommends, or answer 406.
    #[must_use]
    pub fn best<'s>(self, offered: &[&'s str]) -> Option<&'s str> {
        best(offered, |offer| self.weight(offer))
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
            let mut items = self.0.into_iter().flatten().filter(is_sound);
            items.find(|item| is_coding(item.value, name)).map(|item| item.weight)
        };
        let by_default = u16::from(coding == "identity");
        // `*;q=0` forbids identity, too, but `*` does not ask for it.
        let rest = || of("*").map(|weight| if coding == "identity" { weight.min(by_default) } else { weight });
        of(coding).or_else(rest).unwrap_or(by_default)
    }
}

/// Codings have no parameters but their weight.
fn is_sound(item: &QualityItem<'_>) -> bool {
    !item.is_extended && bytes::is_token(item.value)
}

/// Is this the coding's name, or its old one (RFC 9110 §8.4.1.3)?
fn is_coding(got: &[u8], name: &str) -> bool {
    got.eq_ignore_ascii_case(name.as_bytes()) || (name == "gzip" && got.eq_ignore_ascii_case(b"x-gzip"))
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
