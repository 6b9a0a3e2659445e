//! What was received, on standard output.

use std::io::{self, IsTerminal, Write};

use wirenut::websocket::Kind;

/// Prints each message as a line: text as it is, and binary messages in hexadecimal digits, unless they are wanted as they
/// are. On a terminal a line begins with `< `, and text that could drive the terminal is escaped.
#[derive(Debug)]
pub(super) struct Shown {
    is_terminal: bool,
    is_raw: bool,
}

impl Shown {
    pub(super) fn new(is_raw: bool) -> Self {
        Self { is_terminal: io::stdout().is_terminal(), is_raw }
    }

    pub(super) fn print(&self, kind: Kind, message: &[u8]) -> io::Result<()> {
        let mut output = io::stdout().lock();
        output.write_all(&self.line(kind, message))?;
        output.flush()
    }

    fn line(&self, kind: Kind, message: &[u8]) -> Vec<u8> {
        let before = if self.is_terminal { "< " } else { "" };
        let mut line = before.as_bytes().to_vec();
        match kind {
            Kind::Text if self.is_terminal => line.extend(escaped(message).into_bytes()),
            Kind::Binary if !self.is_raw => line.extend(to_hex(message).into_bytes()),
            Kind::Text | Kind::Binary => line.extend_from_slice(message),
        }
        line.push(b'\n');
        line
    }
}

fn to_hex(message: &[u8]) -> String {
    let pairs: Vec<String> = message.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

fn escaped(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let is_plain = |sign: char| !sign.is_control() || matches!(sign, '\n' | '\t');
    text.chars().map(|sign| if is_plain(sign) { sign.to_string() } else { sign.escape_default().to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_line() {
        for (is_terminal, is_raw, kind, message, line) in [
            (false, false, Kind::Text, &b"a\x1b[2Jb"[..], &b"a\x1b[2Jb\n"[..]),
            (true, false, Kind::Text, b"a\x1b[2Jb\tc", b"< a\\u{1b}[2Jb\tc\n"),
            (false, false, Kind::Binary, b"\x00\xff", b"00 ff\n"),
            (true, false, Kind::Binary, b"\x00\xff", b"< 00 ff\n"),
            (false, true, Kind::Binary, b"\x00\xff", b"\x00\xff\n"),
            (false, false, Kind::Text, b"", b"\n"),
        ] {
            assert_eq!(Shown { is_terminal, is_raw }.line(kind, message), line, "{}", line.escape_ascii());
        }
    }
}
