//! What could not be done, with whom, and why: in one line.

use core::fmt;
use std::io;

use wirenut::http::{self, Rule, ValueError, WriteError};
use wirenut::time::Duration;
use wirenut_tls::CertificateFlaw;

/// What the client was doing when it failed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Phase {
    /// Reading the URL or the settings.
    Prepare,
    /// Waiting for a connection of the pool.
    Pool,
    /// Looking up the host.
    LookUp,
    /// Connecting to it, or to the proxy.
    Connect,
    /// Asking the proxy for a tunnel.
    Proxy,
    /// Agreeing on TLS.
    Tls,
    /// Sending the request.
    Request,
    /// Waiting for the head of the response.
    Response,
    /// Reading the content of the response.
    Body,
    /// Following a redirect.
    Redirect,
    /// Writing the content to where the caller wants it.
    Output,
}

impl Phase {
    const fn verb(self) -> &'static str {
        match self {
            Self::Prepare => "use",
            Self::Pool => "get a connection to",
            Self::LookUp => "look up",
            Self::Connect => "connect to",
            Self::Proxy => "get a tunnel through the proxy",
            Self::Tls => "agree on TLS with",
            Self::Request => "send the request to",
            Self::Response => "get a response from",
            Self::Body => "read the content from",
            Self::Redirect => "follow the redirect from",
            Self::Output => "write the content of",
        }
    }
}

/// Why it failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// The URL does not parse.
    InvalidUrl(ValueError),
    /// Something that has no type of its own: what the URL lacks, what is not supported, what the server may not do. Says
    /// what.
    Other(&'static str),
    /// The system said no.
    System(wirenut_linux::Error),
    /// The server broke a rule of the protocol, or was too slow for it.
    Protocol(http::Error),
    /// The request is invalid: its method, a field, or content that does not have the declared length.
    Refused(WriteError),
    /// The head of the request, with the URL and all fields, is longer than that many bytes
    /// ([`Limits::head_bytes`](wirenut::http::Limits::head_bytes), and 64 KiB at least).
    HeadTooLong(usize),
    /// This phase, or all of the request, took longer than that.
    TimedOut(Duration),
    /// Somebody called [`Cancel::cancel`](crate::Cancel::cancel).
    Cancelled,
    /// The content of the request could not be read.
    Source(io::Error),
    /// The content of the response could not be written.
    Output(io::Error),
    /// The content is longer than that many bytes.
    TooLarge(u64),
    /// The content is not UTF-8.
    InvalidText,
    /// More redirects than that.
    TooManyRedirects(u8),
    /// A redirect to somewhere it must not lead: says why.
    RefusedRedirect(&'static str),
    /// The status is that of an error ([`Response::checked`](crate::Response::checked)); or the proxy's answer to CONNECT.
    Status(u16),
    /// TLS failed: what it said.
    Tls(Box<str>),
    /// The server's certificate was not accepted.
    Certificate(CertificateFlaw),
}

/// Why a request failed: in which phase, with whom, and why.
///
/// ```
/// use wirenut_client::{Client, Phase};
/// let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?; // and closed again
/// let error = Client::new().get(format!("http://{address}/")).send().unwrap_err();
/// assert_eq!(error.phase(), Phase::Connect);
/// let line = format!("cannot connect to {address}: Connection refused (os error 111); is the server running?");
/// assert_eq!(error.to_string(), line);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    phase: Phase,
    subject: Box<str>,
    cause: Cause,
    is_of_proxy: bool,
}

impl Error {
    pub(crate) fn new(phase: Phase, subject: impl fmt::Display, cause: Cause) -> Self {
        let subject = subject.to_string().into_boxed_str();
        Self(Box::new(Inner { phase, subject, cause, is_of_proxy: false }))
    }

    /// The same, and whether the subject is a proxy.
    pub(crate) fn of_proxy(mut self, is_of_proxy: bool) -> Self {
        self.0.is_of_proxy = is_of_proxy;
        self
    }

    /// What the client was doing.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.phase
    }

    /// Why it failed.
    #[must_use]
    pub fn cause(&self) -> &Cause {
        &self.0.cause
    }

    pub(crate) fn into_cause(self) -> Cause {
        self.0.cause
    }

    /// With whom: an address and the host it was looked up for, a URL, or a path; behind a proxy, once it is connected, as
    /// [`Response::peer`](crate::Response::peer) names it.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// Is it a proxy that could not be looked up, or connected to?
    #[must_use]
    pub fn is_of_proxy(&self) -> bool {
        self.0.is_of_proxy
    }

    /// Has something taken too long: a phase, the whole request, or the server in the eyes of the protocol?
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.kind() == io::ErrorKind::TimedOut
    }

    /// As the standard library sorts errors.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        match &self.0.cause {
            Cause::System(error) => error.kind(),
            Cause::TimedOut(_) => io::ErrorKind::TimedOut,
            Cause::Source(error) | Cause::Output(error) => error.kind(),
            Cause::InvalidUrl(_) | Cause::Refused(_) | Cause::HeadTooLong(_) => io::ErrorKind::InvalidInput,
            Cause::Protocol(error) => kind_of(error.rule),
            Cause::TooLarge(_) | Cause::InvalidText | Cause::Tls(_) | Cause::Certificate(_) => {
                io::ErrorKind::InvalidData
            }
            // Not `Interrupted`: the standard library would go on.
            Cause::Cancelled
            | Cause::Other(_)
            | Cause::TooManyRedirects(_)
            | Cause::RefusedRedirect(_)
            | Cause::Status(_) => io::ErrorKind::Other,
        }
    }

    /// What may help, where that can be told.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        let Inner { phase, cause, is_of_proxy, .. } = &*self.0;
        Some(match (phase, cause) {
            (Phase::LookUp, Cause::System(_)) => "is the name right, and the network up?",
            (Phase::Connect, Cause::System(error))
                if *is_of_proxy && error.kind() == io::ErrorKind::ConnectionRefused =>
            {
                "is the proxy running?"
            }
            (Phase::Connect, Cause::System(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                "is the server running?"
            }
            (Phase::Proxy, Cause::Status(407)) => "the proxy wants a user and a password: http://user:password@proxy",
            (Phase::Redirect, Cause::RefusedRedirect(_)) => "allow it by the redirect policy if you trust the server",
            (Phase::Redirect, Cause::TooManyRedirects(_)) => "the server may redirect in a circle",
            (Phase::Body, Cause::TooLarge(_)) => "allow more, or stream it by copy_to",
            (_, Cause::Certificate(CertificateFlaw::Expired(_) | CertificateFlaw::NotYetValid(_))) => {
                "is the clock of this machine right?"
            }
            (Phase::Pool, Cause::TimedOut(_)) => "finish or drop other responses, or allow more connections",
            _ => return None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { phase, subject, cause, is_of_proxy } = &*self.0;
        write!(f, "cannot {}", phase.verb())?;
        if *is_of_proxy {
            f.write_str(" the proxy")?;
        }
        if !subject.is_empty() {
            // Servers choose names, too: a control in one must not command a terminal.
            f.write_str(" ")?;
            subject.chars().try_for_each(|sign| match sign.is_control() {
                true => sign.escape_default().fmt(f),
                false => fmt::Write::write_char(f, sign),
            })?;
        }
        write!(f, ": {cause}")?;
        self.hint().map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidUrl(error) => error.fmt(f),
            Self::Other(what) | Self::RefusedRedirect(what) => f.write_str(what),
            Self::System(error) => match (error.raw_os_error(), error.lookup_failure()) {
                (Some(number), _) => io::Error::from_raw_os_error(number).fmt(f),
                (None, Some(failure)) => failure.fmt(f),
                (None, None) => error.fmt(f),
            },
            Self::Protocol(error) => error.fmt(f),
            Self::Refused(error) => error.fmt(f),
            Self::HeadTooLong(limit) => {
                write!(f, "the head of the request, with its URL and all fields, is longer than {limit} bytes")
            }
            Self::TimedOut(limit) => write!(f, "it took longer than {} ms", limit.as_millis()),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Source(error) => write!(f, "the content of the request could not be read: {error}"),
            Self::Output(error) => error.fmt(f),
            Self::TooLarge(limit) => write!(f, "the content is longer than {limit} bytes"),
            Self::InvalidText => f.write_str("the content is not UTF-8"),
            Self::TooManyRedirects(limit) => write!(f, "more than {limit} redirects"),
            Self::Status(status) => write!(f, "the answer is {status}"),
            Self::Tls(text) => f.write_str(text),
            Self::Certificate(flaw) => write!(f, "the server's certificate {flaw}"),
        }
    }
}

// Without a source: the line of `Display` has it already, and a caller that prints both would repeat it.
impl core::error::Error for Error {}

#[expect(clippy::wildcard_enum_match_arm, reason = "all other rules are about what the bytes say")]
const fn kind_of(rule: Rule) -> io::ErrorKind {
    match rule {
        Rule::HeadTimeout | Rule::BodyTimeout | Rule::WriteTimeout | Rule::ResponseTimeout => io::ErrorKind::TimedOut,
        Rule::Reset => io::ErrorKind::ConnectionReset,
        Rule::Truncated | Rule::Unanswered | Rule::NotProcessed => io::ErrorKind::UnexpectedEof,
        _ => io::ErrorKind::InvalidData,
    }
}

/// Keeps the kind and the line.
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error)
    }
}

impl From<wirenut_linux::Error> for Cause {
    fn from(error: wirenut_linux::Error) -> Self {
        Self::System(error)
    }
}

impl From<wirenut_tls::Error> for Cause {
    fn from(error: wirenut_tls::Error) -> Self {
        if let wirenut_tls::Error::System(error) = error {
            return Self::System(error);
        }
        match error.certificate_flaw() {
            Some(flaw) => Self::Certificate(flaw),
            None => Self::Tls(error.to_string().into()),
        }
    }
}
