//! One request and how it ended, as a line.

use core::fmt::{self, Write as _};
use core::net::SocketAddr;
use core::time::Duration;
use std::time::SystemTime;

use wirenut::http::HttpDate;

use super::request_lines::Lines;
use super::text::{Escaped, Quoted};

/// One request and how it ended. `Display` is its line, without the end of line.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// Who asked.
    pub peer: SocketAddr,
    /// Who has asked, with the right password; empty where nobody was asked for one.
    pub user: &'a [u8],
    /// As it was on the wire; empty if it did not come.
    pub method: &'a [u8],
    /// As it was on the wire; empty if it did not come.
    pub target: &'a [u8],
    /// As it was on the wire; empty if it did not come.
    pub version: &'a [u8],
    /// As it was on the wire; empty if it was not there.
    pub referer: &'a [u8],
    /// As it was on the wire; empty if it was not there.
    pub user_agent: &'a [u8],
    /// When the request came.
    pub date: SystemTime,
    /// What was answered, if anything was: `-` otherwise.
    pub status: Option<u16>,
    /// Bytes of the body that went out.
    pub sent: u64,
    /// From the request's head to the end of the answer. `None`: the request was refused before its head was there.
    pub took: Option<Duration>,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { peer, user, method, target, status, sent, took, .. } = self;
        write!(f, "{peer} {} {} ", Escaped(method), Escaped(target))?;
        match status {
            Some(status) => write!(f, "{status}")?,
            None => f.write_char('-')?,
        }
        match took {
            Some(took) => write!(f, " {sent} {}.{:03}ms", took.as_millis(), took.subsec_micros() % 1000)?,
            None => write!(f, " {sent} -")?,
        }
        if user.is_empty() { Ok(()) } else { write!(f, " {}", Escaped(user)) }
    }
}

/// How a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Address, method, target, status, bytes sent, time taken, and the user if there is one
    Short,
    /// The Common Log Format, in UTC
    Common,
    /// The Common Log Format with Referer and User-Agent
    Combined,
}

/// A log of requests.
#[derive(Debug)]
pub struct AccessLog {
    /// Where the lines go.
    pub lines: Lines,
    /// How they look.
    pub format: Format,
}

impl AccessLog {
    /// Has the line written. Never blocks for long, never fails, never panics.
    pub fn record(&self, line: &Line<'_>) {
        match self.format {
            Format::Short => self.lines.record(line),
            Format::Common => self.lines.record(&Common(line)),
            Format::Combined => {
                let (referer, agent) = (Quoted(line.referer), Quoted(line.user_agent));
                self.lines.record(&format_args!("{} \"{referer}\" \"{agent}\"", Common(line)));
            }
        }
    }
}

/// A line in the Common Log Format of NCSA's server: `host ident user [date] "request" status bytes`.
struct Common<'a>(&'a Line<'a>);

impl fmt::Display for Common<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { peer, user, method, target, version, status, sent, date, .. } = self.0;
        let seconds = date.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let date = HttpDate::from_unix(seconds);
        // Of `Sun, 06 Nov 1994 08:49:37 GMT`.
        let part = |range: core::ops::Range<usize>| String::from_utf8_lossy(&date.as_bytes()[range]);
        let (day, month, year, time) = (part(5..7), part(8..11), part(12..16), part(17..25));
        let (ip, method, target, version) = (peer.ip(), Quoted(method), Quoted(target), Quoted(version));
        let user = Escaped(user);
        write!(f, "{ip} - {user} [{day}/{month}/{year}:{time} +0000] \"{method} {target} {version}\" ")?;
        match status {
            Some(status) => write!(f, "{status} {sent}"),
            None => write!(f, "- {sent}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::LineLog;
    use super::super::lines::tests::Page;
    use super::super::text::LONGEST_TEXT;
    use super::*;
    use core::net::Ipv6Addr;

    const PEER: SocketAddr = SocketAddr::new(core::net::IpAddr::V6(Ipv6Addr::LOCALHOST), 80);

    fn line<'a>(method: &'a [u8], target: &'a [u8]) -> Line<'a> {
        Line {
            peer: PEER,
            user: b"",
            method,
            target,
            version: b"HTTP/1.1",
            referer: b"",
            user_agent: b"a \"b\"\x1b\\\xff",
            date: SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777),
            status: Some(200),
            sent: 1234,
            took: Some(Duration::from_micros(61_000_482)),
        }
    }

    #[test]
    fn lines_are_six_words_of_printable_ascii() {
        let long = [b'a'; LONGEST_TEXT + 1];
        let shown = format!("{}...", "a".repeat(LONGEST_TEXT));
        let cases: &[(&[u8], &str)] = &[
            (b"/", "/"),
            (b"/a%20b?c=d&e", "/a%20b?c=d&e"),
            (b"", "-"),
            (b"/ a", "/\\x20a"),
            (b"/\r\n1.2.3.4 GET", "/\\x0d\\x0a1.2.3.4\\x20GET"),
            (b"/\x1b[2J\x7f\0", "/\\x1b[2J\\x7f\\x00"),
            (b"/\xc3\xa4\x9b", "/\\xc3\\xa4\\x9b"),
            (b"/\\x0a", "/\\x5cx0a"),
            (&long, &shown),
        ];
        for (target, shown) in cases {
            assert_eq!(line(b"GET", target).to_string(), format!("[::1]:80 GET {shown} 200 1234 61000.482ms"));
            assert_eq!(line(target, b"/").to_string(), format!("[::1]:80 {shown} / 200 1234 61000.482ms"));
        }
    }

    #[test]
    fn lines_of_other_servers_cannot_be_forged_either() {
        for (format, target, expected) in [
            (Format::Common, &b"/"[..], "::1 - - [06/Nov/1994:08:49:37 +0000] \"GET / HTTP/1.1\" 200 1234\n"),
            (
                Format::Combined,
                b"/\" 200 1\r\n",
                "::1 - - [06/Nov/1994:08:49:37 +0000] \"GET /\\x22 200 1\\x0d\\x0a HTTP/1.1\" 200 1234 \"-\" \
                 \"a \\x22b\\x22\\x1b\\x5c\\xff\"\n",
            ),
        ] {
            let page = Page::default();
            let log = AccessLog { lines: LineLog::new(page.clone()).unwrap().into(), format };
            log.record(&line(b"GET", target));
            drop(log);
            assert_eq!(page.text(), expected);
        }
    }

    #[test]
    fn users_are_words() {
        let of_user = |user| Line { user, ..line(b"GET", b"/") };
        assert!(of_user(b"ann").to_string().ends_with(" 1234 61000.482ms ann"));
        assert!(of_user(b"a b\n\"").to_string().ends_with("ms a\\x20b\\x0a\""));
        assert!(Common(&of_user(b"a b")).to_string().starts_with("::1 - a\\x20b [06/Nov"));
    }

    #[test]
    fn what_was_not_answered_has_no_status() {
        let line = Line { status: None, sent: 0, ..line(b"GET", b"/") };
        assert_eq!(line.to_string(), "[::1]:80 GET / - 0 61000.482ms");
    }

    #[test]
    fn what_did_not_come_is_a_hyphen() {
        let line = Line { version: b"", status: Some(400), sent: 0, took: None, ..line(b"", b"") };
        assert_eq!(line.to_string(), "[::1]:80 - - 400 0 -");
        assert_eq!(Common(&line).to_string(), "::1 - - [06/Nov/1994:08:49:37 +0000] \"- - -\" 400 0");
    }
}
