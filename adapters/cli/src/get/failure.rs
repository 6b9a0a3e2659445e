//! Why a URL was not got, and curl's number for it.

use core::fmt;
use std::io;
use std::path::PathBuf;

use wirenut::http::Rule;
use wirenut_client::{Cause, Error, Phase};

use crate::log::{Name, OneLine};
use crate::route::{RouteError, advice};

/// Why a URL was not got. Its `Display` is the line for the user.
#[derive(Debug)]
#[non_exhaustive]
pub enum GetFailure {
    /// The client says so.
    Client(Error),
    /// The same, where the client connects to a proxy.
    Proxy(Error),
    /// The status is that of an error, and `--fail` or `-C -` was given: the status as it is shown.
    Status(String),
    /// The server does not go on where what is there ends: why not, and whether what was written could not be replaced.
    Range(&'static str),
    /// The content is not coded as its head says.
    Coding(&'static str),
    /// A coding that is not known here.
    UnknownCoding(Vec<u8>),
    /// A URL of another scheme than `http` and `https`.
    Scheme(String),
    /// There are more bytes than that.
    TooLarge(u64),
    /// Something could not be written.
    Output {
        /// As the user wrote it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A file is there already.
    Exists(PathBuf),
    /// Another process is writing the same file.
    Busy(PathBuf),
    /// A URL has no name for a file.
    Nameless(String),
    /// Something could not be read.
    Input {
        /// As the user wrote it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A line in a file of fields is not a field.
    HeaderLine {
        /// As the user wrote it.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The certificates that `--cacert` names could not be read.
    Certificates {
        /// As the user wrote it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The password cannot be read.
    Password(io::Error),
    /// The server asks for a longer pause than we wait.
    RetryLater(u64),
    /// The time limit has passed.
    TimedOut,
    /// The system would not give what is needed.
    System(&'static str, io::Error),
    /// Whoever read this stream has gone.
    Closed(PathBuf),
    /// A signal came: nothing is to be said.
    Quiet,
}

/// Why a writer does not want the content. It travels as the inner error of an [`io::Error`].
#[derive(Debug)]
pub(super) enum Stop {
    Coding(&'static str),
    TooLarge(u64),
    TimedOut,
    Cancelled,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coding(what) => f.write_str(what),
            Self::TooLarge(limit) => write!(f, "it is longer than {limit} bytes"),
            Self::TimedOut => f.write_str("its time is over"),
            Self::Cancelled => f.write_str("cancelled"),
        }
    }
}

impl core::error::Error for Stop {}

impl Stop {
    pub(super) fn error(self) -> io::Error {
        io::Error::other(self)
    }

    /// What a writer's error means, if it is one of these.
    pub(super) fn of(error: &io::Error) -> Option<GetFailure> {
        Some(match error.get_ref()?.downcast_ref::<Self>()? {
            Self::Coding(what) => GetFailure::Coding(what),
            Self::TooLarge(limit) => GetFailure::TooLarge(*limit),
            Self::TimedOut => GetFailure::TimedOut,
            Self::Cancelled => GetFailure::Quiet,
        })
    }
}

impl GetFailure {
    /// That a file did not get its name.
    pub(super) fn named(path: PathBuf, error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::AlreadyExists { Self::Exists(path) } else { Self::Output { path, error } }
    }

    /// The exit status: curl's number.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Client(error) => of_client(error),
            Self::Proxy(error) if matches!(error.phase(), Phase::Prepare | Phase::LookUp) => 5,
            Self::Proxy(error) => of_client(error),
            Self::Scheme(_) => 1,
            Self::Status(_) | Self::RetryLater(_) => 22,
            Self::Range(_) => 33,
            Self::Coding(_) | Self::UnknownCoding(_) => 61,
            Self::TooLarge(_) => 63,
            Self::Output { .. } | Self::Closed(_) | Self::Exists(_) | Self::Busy(_) | Self::Nameless(_) => 23,
            Self::Input { .. } => 26,
            Self::HeaderLine { .. } | Self::Password(_) | Self::System(..) => 2,
            Self::Certificates { .. } => 77,
            Self::TimedOut => 28,
            Self::Quiet => 0,
        }
    }
}

fn of_client(error: &Error) -> u8 {
    if error.is_timeout() {
        return 28;
    }
    match (error.phase(), error.cause()) {
        (_, Cause::Refused(_) | Cause::HeadTooLong(_)) => 43,
        (_, Cause::Source(_)) => 26,
        (_, Cause::TooLarge(_)) => 63,
        (_, Cause::TooManyRedirects(_)) => 47,
        (_, Cause::RefusedRedirect(_)) => 1,
        // To a scheme that the URL on the command line may not have, either.
        (Phase::Redirect, Cause::Other(text)) if text.contains("http://") => 1,
        (Phase::Prepare, Cause::Tls(_) | Cause::System(_)) | (Phase::Pool, _) => 2,
        (Phase::Prepare | Phase::Redirect, _) => 3,
        (Phase::LookUp, _) => 6,
        (Phase::Connect, _) => 7,
        (_, Cause::Certificate(_)) => 60,
        (Phase::Tls, _) => 35,
        (Phase::Request, _) => 55,
        (Phase::Output, _) => 23,
        // A proxy that opens no tunnel, whatever it answers.
        (Phase::Proxy, Cause::Protocol(_)) => 56,
        (phase, Cause::Protocol(error)) => of_protocol(error.rule, phase),
        (Phase::Response, Cause::Other(_)) => 52,
        _ => 56,
    }
}

const fn of_protocol(rule: Rule, phase: Phase) -> u8 {
    match (rule, phase) {
        (Rule::Unanswered | Rule::NotProcessed, _) => 52,
        (Rule::Truncated, Phase::Body) => 18,
        (Rule::Truncated, _) => 56,
        (Rule::Reset, _) | (_, Phase::Body) => 56,
        _ => 8,
    }
}

impl fmt::Display for GetFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) if matches!(error.cause(), Cause::HeadTooLong(_)) => {
                write!(f, "{} (--data without --get sends text of any length as content)", OneLine(error.to_string()))
            }
            Self::Client(error) | Self::Proxy(error) => write!(f, "{}{}", OneLine(error.to_string()), advice(error)),
            Self::Status(status) => write!(f, "the server answered {}", OneLine(status.clone())),
            Self::Range(reason) => write!(f, "cannot go on where it broke off: {reason}"),
            Self::Coding(what) => write!(f, "cannot decompress the content: {what}"),
            Self::UnknownCoding(coding) => write!(
                f,
                "cannot decompress the content: its coding '{}' is not known here (known are gzip, br and deflate; without \
                 --compressed it is written as it is)",
                Name(coding)
            ),
            Self::Scheme(scheme) => {
                write!(f, "cannot get URLs of the scheme '{}': only http and https", Name(scheme.as_bytes()))
            }
            Self::TooLarge(limit) => {
                write!(f, "the content is longer than {limit} bytes (--max-filesize says how long it may be)")
            }
            Self::Output { path, error } => write!(f, "cannot write to '{}': {error}", Name::of(path)),
            Self::Closed(path) => write!(f, "cannot write to '{}': its reader has gone", Name::of(path)),
            Self::Exists(path) => write!(
                f,
                "cannot write to '{0}': there is such a file (remove it, or name it by -o '{0}' to replace it)",
                Name::of(path)
            ),
            Self::Busy(path) => {
                write!(f, "cannot go on with '{}': another process is writing it", Name::of(path))
            }
            Self::Nameless(url) => write!(
                f,
                "cannot name a file after {}: its path does not end in a name (-o FILE names one)",
                OneLine(url.clone())
            ),
            Self::Input { path, error } => write!(f, "cannot read '{}': {error}", Name::of(path)),
            Self::HeaderLine { path, line, reason } => {
                write!(f, "cannot use line {line} of '{}' as a field: {reason}", Name::of(path))
            }
            Self::Certificates { path, error } => {
                write!(f, "cannot read the certificates of '{}': {error}", Name::of(path))
            }
            Self::Password(error) => {
                write!(f, "cannot read the password: {error} (give it by --user USER:PASSWORD)")
            }
            Self::RetryLater(seconds) => {
                write!(f, "the server asks to try again in {seconds} seconds, which is too long to wait")
            }
            Self::TimedOut => f.write_str("the time of --max-time is over"),
            Self::System(what, error) => write!(f, "cannot {what}: {error}"),
            Self::Quiet => Ok(()),
        }
    }
}

impl core::error::Error for GetFailure {}

impl From<RouteError> for GetFailure {
    fn from(error: RouteError) -> Self {
        match error {
            RouteError::Certificates { path, error } => Stop::of(&error).unwrap_or(Self::Certificates { path, error }),
            RouteError::Proxy(error) => Self::Proxy(error),
        }
    }
}

impl From<Error> for GetFailure {
    fn from(error: Error) -> Self {
        if let Cause::Output(inner) | Cause::Source(inner) = error.cause() {
            return Stop::of(inner).unwrap_or(Self::Client(error));
        }
        if matches!(error.cause(), Cause::Cancelled) { Self::Quiet } else { Self::Client(error) }
    }
}
