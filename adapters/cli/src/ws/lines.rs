//! Standard input, line by line: what is to be sent.

use rustix::io::Errno;
use wirenut::websocket::Kind;

use super::options::WsArguments;

const READ_BYTES: usize = 64 * 1024;

/// A line that cannot be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum BadLine {
    TooLong,
    NotUtf8,
    NotHex,
}

impl BadLine {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::TooLong => "it is longer than --limit",
            Self::NotUtf8 => "it is not UTF-8 (use --binary)",
            Self::NotHex => "it is not pairs of hexadecimal digits",
        }
    }
}

/// A message, or what is wrong with the line.
pub(super) type Line = Result<(Kind, Vec<u8>), BadLine>;

/// Lines of bytes that come in any pieces. An LF ends a line, and the last one may have none; a CR before it does not
/// belong to the line.
#[derive(Debug)]
pub(super) struct Lines {
    form: Form,
    limit: usize,
    /// The beginning of a line.
    begun: Vec<u8>,
    /// The line that has begun is too long: it is thrown away.
    is_overlong: bool,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    Binary,
    Hex,
}

impl Lines {
    pub(super) fn new(arguments: &WsArguments) -> Self {
        let form = match arguments {
            WsArguments { hex: true, .. } => Form::Hex,
            WsArguments { binary: true, .. } => Form::Binary,
            _ => Form::Text,
        };
        Self {
            form,
            limit: usize::try_from(arguments.limit).unwrap_or(usize::MAX),
            begun: Vec::new(),
            is_overlong: false,
        }
    }

    /// Reads what is there, once. `None`: the end, which also ends the last line.
    ///
    /// # Errors
    /// What the system said.
    pub(super) fn read(&mut self, take: &mut impl FnMut(Line)) -> Result<Option<()>, Errno> {
        let mut buffer = [0; READ_BYTES];
        match rustix::io::read(std::io::stdin(), &mut buffer) {
            Ok(0) => {
                self.end(take);
                Ok(None)
            }
            Ok(count) => {
                self.receive(&buffer[..count], take);
                Ok(Some(()))
            }
            Err(Errno::INTR | Errno::AGAIN) => Ok(Some(())),
            Err(errno) => Err(errno),
        }
    }

    fn receive(&mut self, bytes: &[u8], take: &mut impl FnMut(Line)) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (piece, is_whole) = piece.strip_suffix(b"\n").map_or((piece, false), |line| (line, true));
            if self.begun.len() + piece.len() > self.longest() {
                self.is_overlong = true;
                self.begun = Vec::new();
            }
            if !self.is_overlong {
                self.begun.extend_from_slice(piece);
            }
            if is_whole {
                self.finish(take);
            }
        }
    }

    fn end(&mut self, take: &mut impl FnMut(Line)) {
        if !self.begun.is_empty() || self.is_overlong {
            self.finish(take);
        }
    }

    /// Of a line: a byte is two digits and a space.
    const fn longest(&self) -> usize {
        match self.form {
            Form::Hex => self.limit.saturating_mul(3),
            Form::Text | Form::Binary => self.limit,
        }
    }

    fn finish(&mut self, take: &mut impl FnMut(Line)) {
        let mut line = core::mem::take(&mut self.begun);
        if core::mem::take(&mut self.is_overlong) {
            return take(Err(BadLine::TooLong));
        }
        if line.ends_with(b"\r") {
            line.pop();
        }
        take(match self.form {
            Form::Text => {
                String::from_utf8(line).map_or(Err(BadLine::NotUtf8), |text| Ok((Kind::Text, text.into_bytes())))
            }
            Form::Binary => Ok((Kind::Binary, line)),
            Form::Hex => from_hex(&line).map(|bytes| (Kind::Binary, bytes)),
        });
    }
}

/// Pairs of digits, with or without blanks between them.
fn from_hex(line: &[u8]) -> Result<Vec<u8>, BadLine> {
    let digit = |sign: u8| char::from(sign).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::new();
    for word in line.split(u8::is_ascii_whitespace) {
        let (pairs, rest) = word.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(BadLine::NotHex);
        }
        for &[high, low] in pairs {
            bytes.push(digit(high).ok_or(BadLine::NotHex)? << 4 | digit(low).ok_or(BadLine::NotHex)?);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(form: Form, limit: usize, pieces: &[&[u8]]) -> Vec<Line> {
        let mut lines = Lines { form, limit, begun: Vec::new(), is_overlong: false };
        let mut taken = Vec::new();
        for piece in pieces {
            lines.receive(piece, &mut |line| taken.push(line));
        }
        lines.end(&mut |line| taken.push(line));
        taken
    }

    fn text(line: &str) -> Line {
        Ok((Kind::Text, line.into()))
    }

    #[test]
    fn lines_come_in_any_pieces() {
        let whole = b"one\r\n\ntwo three";
        for cut in 0..=whole.len() {
            let (before, behind) = whole.split_at(cut);
            assert_eq!(
                lines(Form::Text, 10, &[before, behind]),
                [text("one"), text(""), text("two three")],
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn lines_that_cannot_be_sent_are_named_and_the_next_is_read() {
        assert_eq!(lines(Form::Text, 4, &[b"lon", b"ger\n", b"ok\n"]), [Err(BadLine::TooLong), text("ok")]);
        assert_eq!(lines(Form::Text, 4, &[b"longer"]), [Err(BadLine::TooLong)]);
        assert_eq!(lines(Form::Text, 4, &[b"a\xff\nb\n"]), [Err(BadLine::NotUtf8), text("b")]);
        assert_eq!(lines(Form::Binary, 4, &[b"a\xff\n"]), [Ok((Kind::Binary, b"a\xff".to_vec()))]);
        for line in ["0", "0g", "01 2", "+1"] {
            assert_eq!(lines(Form::Hex, 4, &[line.as_bytes()]), [Err(BadLine::NotHex)], "{line}");
        }
        assert_eq!(
            lines(Form::Hex, 2, &[b" 01fF \n\n"]),
            [Ok((Kind::Binary, vec![1, 255])), Ok((Kind::Binary, vec![]))]
        );
    }
}
