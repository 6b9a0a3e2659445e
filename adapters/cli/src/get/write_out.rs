//! `--write-out`: a line about each transfer, with curl's variables.

use core::time::Duration;
use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;

use wirenut::http::Version;
use wirenut_client::Url;

use super::data::read;
use super::failure::GetFailure;
use super::measured::Measured;
use super::output::Output;
use super::patience::Patience;

/// What a variable stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Variable {
    ContentType,
    ErrorMessage,
    ExitCode,
    File,
    HttpConnect,
    HttpVersion,
    LocalIp,
    LocalPort,
    Method,
    Connects,
    Redirects,
    RedirectUrl,
    RemoteIp,
    RemotePort,
    Status,
    Received,
    Sent,
    ReceivedSpeed,
    SentSpeed,
    TimeTls,
    TimeConnect,
    TimeLookUp,
    TimeRequest,
    TimeRedirect,
    TimeAnswer,
    TimeTotal,
    Url,
    EffectiveUrl,
    UrlNumber,
}

/// By their names in curl; case means nothing.
const VARIABLES: [(&str, Variable); 30] = [
    ("content_type", Variable::ContentType),
    ("errormsg", Variable::ErrorMessage),
    ("exitcode", Variable::ExitCode),
    ("filename_effective", Variable::File),
    ("http_code", Variable::Status),
    ("http_connect", Variable::HttpConnect),
    ("http_version", Variable::HttpVersion),
    ("local_ip", Variable::LocalIp),
    ("local_port", Variable::LocalPort),
    ("method", Variable::Method),
    ("num_connects", Variable::Connects),
    ("num_redirects", Variable::Redirects),
    ("redirect_url", Variable::RedirectUrl),
    ("remote_ip", Variable::RemoteIp),
    ("remote_port", Variable::RemotePort),
    ("response_code", Variable::Status),
    ("size_download", Variable::Received),
    ("size_upload", Variable::Sent),
    ("speed_download", Variable::ReceivedSpeed),
    ("speed_upload", Variable::SentSpeed),
    ("time_appconnect", Variable::TimeTls),
    ("time_connect", Variable::TimeConnect),
    ("time_namelookup", Variable::TimeLookUp),
    ("time_pretransfer", Variable::TimeRequest),
    ("time_redirect", Variable::TimeRedirect),
    ("time_starttransfer", Variable::TimeAnswer),
    ("time_total", Variable::TimeTotal),
    ("url", Variable::Url),
    ("url_effective", Variable::EffectiveUrl),
    ("urlnum", Variable::UrlNumber),
];

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Text(Vec<u8>),
    Variable(Variable),
    /// The first field of this name in the last answer.
    Header(Vec<u8>),
    /// What follows goes to standard error.
    ToErrors,
    /// What follows goes to standard output.
    ToOutput,
    /// What follows is for failures alone.
    OnError,
    Unknown(Vec<u8>),
}

/// What `--write-out` asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Format(Vec<Piece>);

/// What is known of a URL when it is over.
pub(super) struct Transferred<'t> {
    pub(super) measured: &'t Measured,
    /// As the user wrote it.
    pub(super) url: &'t str,
    /// From 0.
    pub(super) number: usize,
    pub(super) failure: Option<&'t GetFailure>,
}

impl Format {
    /// The format of the command line: `@FILE` is read from that file, `@-` from standard input; both without the ends of
    /// lines, as curl does it.
    pub(super) fn open(text: &OsStr, patience: &Patience<'_>) -> Result<Self, GetFailure> {
        match text.as_bytes().strip_prefix(b"@") {
            Some(path) => {
                let mut text = read(OsStr::from_bytes(path), patience)?;
                text.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
                Ok(Self::parse(&text))
            }
            None => Ok(Self::parse(text.as_bytes())),
        }
    }

    fn parse(mut text: &[u8]) -> Self {
        let mut pieces = Pieces::default();
        while let [first, rest @ ..] = text {
            text = match (first, rest) {
                (b'%', [b'%', rest @ ..]) => pieces.text(b"%", rest),
                (b'%', [b'{', inner @ ..]) => match braced(inner) {
                    Some((name, rest)) => pieces.variable(name, rest),
                    None => pieces.text(b"%{", inner),
                },
                (b'%', [b'h', b'e', b'a', b'd', b'e', b'r', b'{', inner @ ..]) => match braced(inner) {
                    Some((name, rest)) => pieces.header(name, rest),
                    None => pieces.text(b"%header{", inner),
                },
                (b'\\', [b'n', rest @ ..]) => pieces.text(b"\n", rest),
                (b'\\', [b'r', rest @ ..]) => pieces.text(b"\r", rest),
                (b'\\', [b't', rest @ ..]) => pieces.text(b"\t", rest),
                // What means nothing stands for itself.
                (b'\\', [other, rest @ ..]) => pieces.text(&[b'\\', *other], rest),
                (other, rest) => pieces.text(&[*other], rest),
            };
        }
        Self(pieces.0)
    }

    /// The names in it that stand for nothing.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().filter_map(|piece| if let Piece::Unknown(name) = piece { Some(name.as_slice()) } else { None })
    }

    /// Writes what is asked for of a URL.
    pub(super) fn write(&self, of: &Transferred<'_>) -> Result<(), GetFailure> {
        let (output, errors) = self.render(of);
        // Not `eprint!`, which panics where standard error is closed.
        let _ = io::stderr().write_all(&errors);
        if output.is_empty() {
            return Ok(());
        }
        let mut standard = Output::standard()?;
        standard.write_all(&output).map_err(|error| standard.failed(error))
    }

    /// What goes to standard output, and what to standard error.
    fn render(&self, of: &Transferred<'_>) -> (Vec<u8>, Vec<u8>) {
        let (mut output, mut errors, mut is_for_errors) = (Vec::new(), Vec::new(), false);
        for piece in &self.0 {
            let text = match piece {
                Piece::Text(text) => text.clone(),
                Piece::Variable(variable) => of.value(*variable),
                Piece::Header(name) => of.measured.field(name).to_vec(),
                Piece::ToErrors | Piece::ToOutput => {
                    is_for_errors = *piece == Piece::ToErrors;
                    continue;
                }
                Piece::OnError if of.failure.is_none() => break,
                Piece::OnError | Piece::Unknown(_) => continue,
            };
            if is_for_errors { errors.extend(text) } else { output.extend(text) }
        }
        (output, errors)
    }
}

/// What stands before the brace that ends it, and behind it.
fn braced(inner: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = inner.iter().position(|byte| *byte == b'}')?;
    Some((&inner[..end], &inner[end + 1..]))
}

/// The pieces of a format that is being read. What adds one returns what is to be read next.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn text<'t>(&mut self, text: &[u8], rest: &'t [u8]) -> &'t [u8] {
        match self.0.last_mut() {
            Some(Piece::Text(before)) => before.extend_from_slice(text),
            _ => self.0.push(Piece::Text(text.to_vec())),
        }
        rest
    }

    fn header<'t>(&mut self, name: &[u8], rest: &'t [u8]) -> &'t [u8] {
        self.0.push(Piece::Header(name.to_vec()));
        rest
    }

    fn variable<'t>(&mut self, name: &[u8], rest: &'t [u8]) -> &'t [u8] {
        let known = VARIABLES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
        self.0.push(match (name.to_ascii_lowercase().as_slice(), known) {
            (_, Some((_, variable))) => Piece::Variable(*variable),
            (b"stderr", None) => Piece::ToErrors,
            (b"stdout", None) => Piece::ToOutput,
            (b"onerror", None) => Piece::OnError,
            (_, None) => Piece::Unknown(name.to_vec()),
        });
        rest
    }
}

impl Transferred<'_> {
    fn value(&self, variable: Variable) -> Vec<u8> {
        let measured = self.measured;
        let speed = |count: u64| (u128::from(count) * 1_000_000 / measured.ended.as_micros().max(1)).to_string();
        let ip = |end: Option<core::net::SocketAddr>| end.map(|end| end.ip().to_string()).unwrap_or_default();
        let port = |end: Option<core::net::SocketAddr>| end.map_or(0, |end| end.port()).to_string();
        let text = match variable {
            Variable::ContentType => return measured.content_type.clone(),
            Variable::File => {
                return measured.file.as_ref().map(|file| file.as_os_str().as_bytes().to_vec()).unwrap_or_default();
            }
            Variable::ErrorMessage => self.failure.map(ToString::to_string).unwrap_or_default(),
            Variable::ExitCode => self.failure.map_or(0, GetFailure::status).to_string(),
            Variable::HttpConnect => format!("{:03}", measured.tunnel_status),
            Variable::HttpVersion => match measured.version {
                None => "0".to_owned(),
                // As curl writes it.
                Some(Version::Http10) => "1".to_owned(),
                Some(_) => "1.1".to_owned(),
            },
            Variable::LocalIp => ip(measured.local),
            Variable::LocalPort => port(measured.local),
            Variable::Method => measured.method.clone(),
            Variable::Connects => measured.connections.to_string(),
            Variable::Redirects => measured.redirects.to_string(),
            Variable::RedirectUrl => match &measured.next {
                Some(next) => next.to_string(),
                None => return measured.elsewhere.clone(),
            },
            Variable::RemoteIp => ip(measured.peer),
            Variable::RemotePort => port(measured.peer),
            Variable::Status => format!("{:03}", measured.status),
            Variable::Received => measured.received.to_string(),
            Variable::Sent => measured.sent.to_string(),
            Variable::ReceivedSpeed => speed(measured.received),
            Variable::SentSpeed => speed(measured.sent),
            Variable::TimeTls => seconds(measured.secured),
            Variable::TimeConnect => seconds(measured.connected),
            Variable::TimeLookUp => seconds(measured.looked_up),
            Variable::TimeRequest => seconds(measured.asked),
            Variable::TimeRedirect => seconds(measured.redirected),
            Variable::TimeAnswer => seconds(measured.answered),
            Variable::TimeTotal => seconds(Some(measured.ended)),
            Variable::Url => self.url.to_owned(),
            Variable::EffectiveUrl => self.effective_url(),
            Variable::UrlNumber => self.number.to_string(),
        };
        text.into_bytes()
    }

    /// Without user, password and fragment that the URL may hold. What is no URL is shown as it stands, but for a password.
    fn effective_url(&self) -> String {
        let read = match &self.measured.url {
            Some(url) => return url.to_string(),
            None => self.url.parse::<Url>(),
        };
        read.map_or_else(|error| error.subject().to_owned(), |url| url.to_string())
    }
}

fn seconds(time: Option<Duration>) -> String {
    let time = time.unwrap_or_default();
    format!("{}.{:06}", time.as_secs(), time.subsec_micros())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rendered(format: &[u8], measured: &Measured, failure: Option<&GetFailure>) -> (String, String) {
        let of = Transferred { measured, url: "a/b", number: 1, failure };
        let (output, errors) = Format::parse(format).render(&of);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output), text(errors))
    }

    #[test]
    fn formats_are_read_as_curl_reads_them() {
        let measured = Measured {
            status: 7,
            method: "PUT".into(),
            ended: Duration::from_millis(2_500),
            received: 10,
            content_type: b"text/x".to_vec(),
            fields: [("X-A", "1"), ("x-a", "2")].map(|(name, value)| (name.into(), value.into())).into(),
            ..Measured::default()
        };
        for (format, output, errors) in [
            ("", "", ""),
            ("a%%b%%", "a%b%", ""),
            ("a\\nb\\tc\\rd", "a\nb\tc\rd", ""),
            ("\\\\e\\q\\", "\\\\e\\q\\", ""),
            ("%", "%", ""),
            ("%x%", "%x%", ""),
            ("%{http_code", "%{http_code", ""),
            ("%{http_code}|%{Response_Code}", "007|007", ""),
            ("%{nope}x%{}", "x", ""),
            ("%{method} %{url} %{urlnum}", "PUT a/b 1", ""),
            ("a%{stderr}b%{method}%{stdout}c", "ac", "bPUT"),
            ("%{time_total} %{time_connect}", "2.500000 0.000000", ""),
            ("%{speed_download} %{size_download} %{size_upload}", "4 10 0", ""),
            ("%{remote_ip}:%{remote_port} %{http_version}", ":0 0", ""),
            ("%{content_type}", "text/x", ""),
            ("a%{onerror}b", "a", ""),
            ("%{exitcode}%{errormsg}", "0", ""),
            ("%header{x-a}|%header{X-A}|%header{b}|%header{}", "1|1||", ""),
            ("%header|%header{x-a|%{method}|%Header{x-a}", "%header||%Header{x-a}", ""),
            ("%header{x-a", "%header{x-a", ""),
        ] {
            assert_eq!(rendered(format.as_bytes(), &measured, None), (output.into(), errors.into()), "{format}");
        }
        let failed = rendered(b"%{onerror}%{exitcode}: %{errormsg}", &measured, Some(&GetFailure::TimedOut));
        assert_eq!(failed.0, "28: the time of --max-time is over");
        let unknown = Format::parse(b"%{a}%{http_code}%{ b}%{stderr}");
        assert_eq!(unknown.unknown().collect::<Vec<_>>(), [&b"a"[..], b" b"]);
    }

    #[test]
    fn nothing_was_measured_before_anything_happened() {
        let measured = Measured::default();
        for (name, _) in VARIABLES {
            let (output, errors) = rendered(format!("%{{{name}}}").as_bytes(), &measured, None);
            let is_empty = ["", "0", "000", "0.000000", "1", "a/b"].contains(&output.as_str());
            assert!(is_empty && errors.is_empty(), "{name}: {output}");
        }
    }

    proptest! {
        /// Any bytes are a format, and what holds neither `%` nor a backslash is written as it is.
        #[test]
        fn any_bytes_are_a_format(bytes in proptest::collection::vec(any::<u8>(), 0..60), plain in "[ -$&-\\[\\]-~]{0,30}") {
            let measured = Measured::default();
            let of = Transferred { measured: &measured, url: "", number: 0, failure: None };
            let (output, errors) = Format::parse(&bytes).render(&of);
            prop_assert!(output.len() + errors.len() <= 10 * bytes.len());
            prop_assert_eq!(Format::parse(plain.as_bytes()).render(&of).0, plain.into_bytes());
        }
    }
}
