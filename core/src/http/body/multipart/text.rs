//! A name as it was sent, and as it was meant.

/// How the bytes of a value stand for others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Escapes {
    /// Not at all: a token.
    None,
    /// `%22`, `%0D` and `%0A` stand for `"`, CR and LF, and nothing else is escaped: HTML's encoding algorithm.
    Percent,
    /// A backslash stands before a byte that is meant as it is: RFC 9110 §5.6.4.
    Backslash,
}

/// The name of a part or of a file, still escaped: nothing is copied until [`Self::decode`] is called.
///
/// The bytes are most often UTF-8 (RFC 7578 §5.1), but nobody has checked that. A file name is what a stranger says: it may
/// hold slashes, dots, controls, or the name of a device.
///
/// ```
/// # use wirenut::http::multipart::{Boundary, Event, Limits, Parser};
/// # let mut parser = Parser::new(Boundary::new(b"x").unwrap());
/// let form = b"--x\r\nContent-Disposition: form-data; name=\"a %22b%22 100%\"\r\n\r\n\r\n--x--\r\n";
/// # let mut store = [0; 100];
/// let Ok((_, Event::Part(part))) = parser.receive(&Limits::DEFAULT, form, &mut store) else { panic!() };
/// assert_eq!(part.name.raw(), b"a %22b%22 100%");
/// assert!(part.name.is("a \"b\" 100%"));
/// let mut place = [0; 16];
/// assert_eq!(part.name.decode(&mut place), Some(&b"a \"b\" 100%"[..]));
/// assert_eq!(part.name.decode(&mut place[..9]), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Text<'b> {
    pub(super) raw: &'b [u8],
    pub(super) escapes: Escapes,
}

impl<'b> Text<'b> {
    /// The bytes as they came, without the quotes around them.
    #[must_use]
    pub const fn raw(self) -> &'b [u8] {
        self.raw
    }

    /// The bytes that are meant, one by one; at most as many as [`Self::raw`] has.
    pub fn bytes(self) -> impl Iterator<Item = u8> + Clone + 'b {
        Bytes(self)
    }

    /// Is it this text?
    #[must_use]
    pub fn is(self, text: &str) -> bool {
        self.bytes().eq(text.bytes())
    }

    /// Writes the bytes that are meant into `place`, and returns them; `None` if there is no room for all. A place as long
    /// as [`Self::raw`] is always enough.
    #[must_use]
    pub fn decode(self, place: &mut [u8]) -> Option<&[u8]> {
        let mut length: usize = 0;
        for byte in self.bytes() {
            *place.get_mut(length)? = byte;
            length = length.wrapping_add(1);
        }
        place.get(..length)
    }
}

#[derive(Clone)]
struct Bytes<'b>(Text<'b>);

impl Iterator for Bytes<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let Text { raw, escapes } = self.0;
        let (byte, rest) = match (escapes, raw) {
            (Escapes::Percent, [b'%', b'2', b'2', rest @ ..]) => (b'"', rest),
            (Escapes::Percent, [b'%', b'0', b'D', rest @ ..]) => (b'\r', rest),
            (Escapes::Percent, [b'%', b'0', b'A', rest @ ..]) => (b'\n', rest),
            (Escapes::Backslash, [b'\\', byte, rest @ ..]) | (_, [byte, rest @ ..]) => (*byte, rest),
            (_, []) => return None,
        };
        self.0.raw = rest;
        Some(byte)
    }
}
