//! What went wrong: which rule, at which byte, whose fault, and what to answer.

use core::fmt;

use crate::http::status::Status;

/// Who broke the rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Fault {
    /// The peer sent, or failed to send, something.
    Peer,
    /// The application used the connection wrongly, or gave up.
    Application,
    /// The transport between them, or the program that drives the connection, ended it.
    Host,
}

/// Why a connection or an exchange failed: the rule that was broken, and where.
///
/// An error poisons its connection: every later call returns the same one.
///
/// ```
/// use wirenut::http::{Error, Fault, Rule, Status};
/// let error = Error { rule: Rule::BareLineFeed, offset: 14 };
/// assert_eq!(error.rule.status(), Some(Status::BAD_REQUEST));
/// assert_eq!(error.rule.fault(), Fault::Peer);
/// assert_eq!(error.rule.section(), "RFC 9112 2.2");
/// assert_eq!(std::format!("{error}"), "line feed without carriage return at byte 14 (RFC 9112 2.2)");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Error {
    /// What was broken.
    pub rule: Rule,
    /// The byte that broke it, counted from the first byte of the message (of the empty lines before it, if any).
    /// For what no byte broke (a time-out, a lost connection): how many bytes of the message had come.
    pub offset: u64,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} ({})", self.rule.text(), self.offset, self.rule.section())
    }
}

impl core::error::Error for Error {}

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident: $fault:ident, $status:expr, $section:literal, $text:literal;)*) => {
        /// A rule that can be broken.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $name,)*
            /// The service asked for what would be an invalid message.
            Misused(Misuse),
        }

        impl Rule {
            /// Every rule, for tables and tests; [`Self::Misused`] once for each misuse.
            pub const ALL: &[Self] = &with_misuses::<{ [$(Self::$name),*].len() + Misuse::ALL.len() }>(&[$(Self::$name),*]);

            /// Whose fault it is.
            #[must_use]
            pub const fn fault(self) -> Fault {
                match self {
                    $(Self::$name => Fault::$fault,)*
                    Self::Misused(_) => Fault::Application,
                }
            }

            /// The status to answer with, if an answer is due at all.
            #[must_use]
            pub const fn status(self) -> Option<Status> {
                let place = match self {
                    $(Self::$name => const { place_of($status) },)*
                    Self::Misused(_) => const { place_of(Some(Status::INTERNAL_SERVER_ERROR)) },
                };
                #[expect(clippy::indexing_slicing, reason = "it was looked at, and this is to be const")]
                if place < ANSWERS.len() { Some(ANSWERS[place]) } else { None }
            }

            /// Where the rule is written.
            #[must_use]
            pub const fn section(self) -> &'static str {
                match self {
                    $(Self::$name => $section,)*
                    Self::Misused(_) => "RFC 9110 15.6.1",
                }
            }

            /// What was wrong, in a few words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Misused(misuse) => misuse.text(),
                }
            }
        }
    };
}

/// The statuses that rules have: a rule is a place in here, so that there is one table of bytes, not one of statuses.
const ANSWERS: [Status; 10] = [
    Status::BAD_REQUEST,
    Status::REQUEST_TIMEOUT,
    Status::CONTENT_TOO_LARGE,
    Status::URI_TOO_LONG,
    Status::EXPECTATION_FAILED,
    Status::REQUEST_HEADER_FIELDS_TOO_LARGE,
    Status::INTERNAL_SERVER_ERROR,
    Status::NOT_IMPLEMENTED,
    Status::SERVICE_UNAVAILABLE,
    Status::HTTP_VERSION_NOT_SUPPORTED,
];

/// Where a status stands among them; behind them all, if there is none.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn place_of(status: Option<Status>) -> usize {
    let Some(status) = status else { return ANSWERS.len() };
    let mut place = 0;
    while ANSWERS[place].code() != status.code() {
        place += 1;
    }
    place
}

const BAD: Option<Status> = Some(Status::BAD_REQUEST);

rules! {
    /// The method is not a token, or no space follows it.
    InvalidMethod: Peer, BAD, "RFC 9112 3.1", "invalid method";
    /// The target holds a byte that it must not hold, or is empty.
    InvalidTarget: Peer, BAD, "RFC 9112 3.2", "invalid request target";
    /// The form of the target does not fit the method, or its authority not the Host field.
    MismatchedTarget: Peer, BAD, "RFC 9112 3.2", "request target does not fit the method or the Host field";
    /// The version is not `HTTP/` digit `.` digit, or no line end follows it.
    InvalidVersion: Peer, BAD, "RFC 9112 2.3", "invalid protocol version";
    /// The major version is not 1.
    UnsupportedVersion: Peer, Some(Status::HTTP_VERSION_NOT_SUPPORTED), "RFC 9110 15.6.6", "unsupported protocol version";
    /// The method does not end within [`Limits::head_bytes`](crate::http::Limits::head_bytes) and
    /// [`FieldFilter::bytes`](crate::http::FieldFilter::bytes).
    MethodTooLong: Peer, Some(Status::NOT_IMPLEMENTED), "RFC 9112 3", "method too long";
    /// The request line does not end within [`Limits::head_bytes`](crate::http::Limits::head_bytes) and
    /// [`FieldFilter::bytes`](crate::http::FieldFilter::bytes).
    RequestLineTooLong: Peer, Some(Status::URI_TOO_LONG), "RFC 9112 3", "request line too long";
    /// The head does not end within [`Limits::head_bytes`](crate::http::Limits::head_bytes).
    HeadTooLarge: Peer, Some(Status::REQUEST_HEADER_FIELDS_TOO_LARGE), "RFC 6585 5", "head too large";
    /// More field lines than [`Limits::field_count`](crate::http::Limits::field_count); the end of the first one too
    /// many.
    TooManyFields: Peer, Some(Status::REQUEST_HEADER_FIELDS_TOO_LARGE), "RFC 6585 5", "too many field lines";
    /// The fields that are kept do not fit in [`FieldFilter::bytes`](crate::http::FieldFilter::bytes).
    FieldTooLarge: Peer, Some(Status::REQUEST_HEADER_FIELDS_TOO_LARGE), "RFC 6585 5", "field too large";
    /// A field name is empty or holds a byte that is not of a token.
    InvalidFieldName: Peer, BAD, "RFC 9110 5.1", "invalid field name";
    /// White space between field name and colon.
    SpaceBeforeColon: Peer, BAD, "RFC 9112 5.1", "white space before the colon of a field line";
    /// A field line ends before its colon.
    MissingColon: Peer, BAD, "RFC 9112 5", "field line without colon";
    /// A line begins with white space: a folded line, or white space before the first field line.
    ObsoleteLineFolding: Peer, BAD, "RFC 9112 5.2", "obsolete line folding";
    /// A carriage return without line feed.
    BareCarriageReturn: Peer, BAD, "RFC 9112 2.2", "carriage return without line feed";
    /// A line feed without carriage return.
    BareLineFeed: Peer, BAD, "RFC 9112 2.2", "line feed without carriage return";
    /// NUL or another control in a field value.
    InvalidFieldValue: Peer, BAD, "RFC 9110 5.5", "control character in a field value";
    /// HTTP/1.1 without a Host field.
    MissingHost: Peer, BAD, "RFC 9112 3.2", "missing Host field";
    /// More than one Host field.
    DuplicateHost: Peer, BAD, "RFC 9112 3.2", "more than one Host field";
    /// A Host field that is not a host with an optional port.
    InvalidHost: Peer, BAD, "RFC 9110 7.2", "invalid Host field";
    /// A Content-Length that is not digits alone, or overflows.
    InvalidContentLength: Peer, BAD, "RFC 9110 8.6", "invalid Content-Length";
    /// More than one Content-Length field, equal or not.
    DuplicateContentLength: Peer, BAD, "RFC 9112 6.3", "more than one Content-Length field";
    /// Content-Length beside Transfer-Encoding.
    ContentLengthWithTransferEncoding: Peer, BAD, "RFC 9112 6.1", "Content-Length beside Transfer-Encoding";
    /// The transfer codings of a request do not end in a single `chunked`.
    ChunkedNotFinal: Peer, BAD, "RFC 9112 6.3", "transfer codings do not end in chunked";
    /// A malformed Transfer-Encoding list.
    InvalidTransferEncoding: Peer, BAD, "RFC 9112 6.1", "invalid Transfer-Encoding";
    /// Transfer-Encoding in an HTTP/1.0 message.
    TransferEncodingInHttp10: Peer, BAD, "RFC 9112 6.1", "Transfer-Encoding in HTTP/1.0";
    /// A transfer coding before the final `chunked`.
    UnknownTransferCoding: Peer, Some(Status::NOT_IMPLEMENTED), "RFC 9112 6.1", "unknown transfer coding";
    /// An expectation other than `100-continue`.
    UnknownExpectation: Peer, Some(Status::EXPECTATION_FAILED), "RFC 9110 10.1.1", "unknown expectation";
    /// The content is longer than [`Limits::body_bytes`](crate::http::Limits::body_bytes).
    BodyTooLarge: Peer, Some(Status::CONTENT_TOO_LARGE), "RFC 9110 15.5.14", "content too large";
    /// A chunk size that is not hexadecimal digits.
    InvalidChunkSize: Peer, BAD, "RFC 9112 7.1", "invalid chunk size";
    /// A chunk size that overflows.
    ChunkSizeOverflow: Peer, BAD, "RFC 9112 7.1", "chunk size overflows";
    /// A chunk extension that is not a semicolon, a name and perhaps a value.
    InvalidChunkExtension: Peer, BAD, "RFC 9112 7.1.1", "invalid chunk extension";
    /// A chunk-size line over [`Limits::chunk_line_bytes`](crate::http::Limits::chunk_line_bytes).
    ChunkLineTooLong: Peer, BAD, "RFC 9112 7.1.1", "chunk-size line too long";
    /// The data of a chunk are not followed by a line end.
    MissingChunkEnd: Peer, BAD, "RFC 9112 7.1", "chunk data without line end";
    /// A trailer section over [`Limits::trailer_bytes`](crate::http::Limits::trailer_bytes).
    TrailersTooLarge: Peer, Some(Status::REQUEST_HEADER_FIELDS_TOO_LARGE), "RFC 9112 7.1.2", "trailer section too large";
    /// A trailer field that would have to be known before the content: for framing, routing, authentication, or as a
    /// modifier of the request or the response (RFC 9110 §6.5.1).
    ForbiddenTrailer: Peer, BAD, "RFC 9110 6.5.1", "forbidden trailer field";
    /// The peer ended the connection in the middle of a message.
    Truncated: Peer, BAD, "RFC 9112 8", "message cut off";
    /// No whole head came in [`Limits::head`](crate::http::Limits::head).
    HeadTimeout: Peer, Some(Status::REQUEST_TIMEOUT), "RFC 9110 15.5.9", "head took too long";
    /// The content came slower than [`Limits::body`](crate::http::Limits::body).
    BodyTimeout: Peer, Some(Status::REQUEST_TIMEOUT), "RFC 9110 15.5.9", "content came too slowly";
    /// The peer took the response slower than [`Limits::write`](crate::http::Limits::write).
    WriteTimeout: Peer, None, "RFC 9112 9.5", "response taken too slowly";
    /// The first line of a response is not version, space, three digits from 100 on, space, and a reason phrase (it may
    /// be empty, its space not be missing).
    InvalidStatusLine: Peer, None, "RFC 9112 4", "invalid status line";
    /// 101 where no Upgrade was asked for, before the request was complete, or without saying what to upgrade to.
    UnrequestedSwitch: Peer, None, "RFC 9110 7.8", "protocol switched without being asked";
    /// Bytes of a response that nobody asked for.
    UnsolicitedResponse: Peer, None, "RFC 9112 9.2", "response without a request";
    /// No byte of a response came in [`Limits::response`](crate::http::Limits::response).
    ResponseTimeout: Peer, None, "RFC 9112 9.5", "response took too long";
    /// The server ended the connection before the first byte of the response. Whether it has acted on the request,
    /// nobody knows ([`ClientConnection::may_retry`](crate::http::ClientConnection::may_retry)).
    Unanswered: Peer, None, "RFC 9112 9.3.1", "connection ended without an answer";
    /// The server ended the connection with the response to an earlier request, so it has not acted on this one.
    NotProcessed: Peer, None, "RFC 9112 9.6", "connection ended before the request was processed";
    /// The transport failed: the peer reset the connection, or a network on the way did.
    Reset: Host, None, "RFC 9293 3.5.3", "connection reset";
    /// The host ended the connection: it shuts down, or needed the slot.
    HostClosed: Host, None, "RFC 9112 9.6", "closed by the host";
    /// Content that the host moved itself could not be read, or was too short.
    SourceFailed: Host, None, "RFC 9112 8", "the source of the content failed";
    /// There is no room for the connection.
    Overloaded: Host, Some(Status::SERVICE_UNAVAILABLE), "RFC 9110 15.6.4", "no room for the connection";
    /// The application gave the exchange up.
    Aborted: Application, Some(Status::INTERNAL_SERVER_ERROR), "RFC 9112 9.6", "aborted by the application";
    /// The application said that it was done, or had nothing more to say, and had not begun a response.
    NoResponse: Application, Some(Status::INTERNAL_SERVER_ERROR), "RFC 9110 15.6.1", "the application ended without a response";
    /// What must be sent whole (a response head, a small response, trailer fields) is larger than
    /// [`Limits::output_reserve`](crate::http::Limits::output_reserve), or than the output buffer.
    ResponseTooLarge: Application, Some(Status::INTERNAL_SERVER_ERROR), "RFC 9110 15.6.1", "response larger than the room reserved for it";
}

/// These rules, and [`Rule::Misused`] with each misuse.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn with_misuses<const ALL: usize>(rules: &[Rule]) -> [Rule; ALL] {
    let mut all = [Rule::NoResponse; ALL];
    let mut at = 0;
    while at < ALL {
        all[at] = if at < rules.len() { rules[at] } else { Rule::Misused(Misuse::ALL[at - rules.len()]) };
        at += 1;
    }
    all
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

/// Why a command that writes did not.
///
/// ```
/// use wirenut::http::{Misuse, WriteError};
/// assert_eq!(WriteError::from(Misuse::NoRequest), WriteError::Misuse(Misuse::NoRequest));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WriteError {
    /// There is no room for it now. Nothing was written; the same call works once there is. Of a service's
    /// [`Responder`](crate::http::service::Responder): it is longer than the room that is reserved, and never will fit.
    Full,
    /// The caller asked for what would be an invalid message. Nothing was written; where a message was begun, or a
    /// response is due, the connection is poisoned.
    Misuse(Misuse),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("no room in the output buffer"),
            Self::Misuse(misuse) => misuse.fmt(f),
        }
    }
}

impl core::error::Error for WriteError {}

impl From<Misuse> for WriteError {
    fn from(misuse: Misuse) -> Self {
        Self::Misuse(misuse)
    }
}

macro_rules! misuses {
    ($($(#[$doc:meta])* $name:ident: $text:literal;)*) => {
        /// What must not be asked for: the message would be invalid.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum Misuse {
            $($(#[$doc])* $name,)*
        }

        impl Misuse {
            /// Every misuse, for tables and tests.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// What was asked for, in a few words.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

misuses! {
    /// No request is waiting for a response (or it already has one).
    NoRequest: "misuse: no request waits for a response";
    /// There is no message whose body could be sent: no head yet, or the body is complete.
    NoBody: "misuse: no body is being sent";
    /// A status that is not of three digits, or a reason phrase with a control in it.
    InvalidStatus: "misuse: invalid status code or reason phrase";
    /// A field with an invalid name or value.
    InvalidField: "misuse: invalid field name or value";
    /// A field that the connection itself writes: Content-Length, Transfer-Encoding, Connection; in a request also Host
    /// and Expect.
    FramingField: "misuse: a field that the connection itself writes";
    /// A body with a status (204, 304) or a method (CONNECT, TRACE) that has none.
    BodyNotAllowed: "misuse: a body with a status or method that has none";
    /// More body than the declared length.
    BodyTooLong: "misuse: more body than the declared length";
    /// The message ended before its declared length.
    BodyTooShort: "misuse: message ended before its declared length";
    /// Trailer fields where there is no place for them: behind a body of declared length, or in a tunnel.
    TrailersNotAllowed: "misuse: trailer fields behind a body that is not chunked";
    /// A trailer field that must stand in the head if it stands anywhere ([`Rule::ForbiddenTrailer`]).
    ForbiddenTrailer: "misuse: a field that must not be a trailer field";
    /// 101 without an Upgrade field in the request.
    UpgradeNotRequested: "misuse: 101 without an Upgrade field in the request";
    /// 101, or 2xx to CONNECT, of a service that does not say that it takes connections over
    /// ([`Service::UPGRADES`](crate::http::service::Service::UPGRADES)).
    UndeclaredUpgrade: "misuse: a service without UPGRADES takes a connection over";
    /// A method that is not a token.
    InvalidMethod: "misuse: invalid method";
    /// A target that holds a byte that it must not hold, or whose form does not fit the method or the host.
    InvalidTarget: "misuse: invalid target, or one that does not fit the method or the host";
    /// A host that is not a name or address with an optional port.
    InvalidHost: "misuse: invalid host";
    /// The request before is not finished.
    RequestUnfinished: "misuse: the request before is not finished";
    /// As many requests as possible wait for their answers, or the last of them may switch protocols.
    PipelineFull: "misuse: too many requests wait for their answers";
    /// The connection ends, or has ended: no further request can be sent on it.
    ConnectionEnding: "misuse: no further request can be sent on this connection";
    /// A 100 is expected for a request without a body.
    ExpectWithoutBody: "misuse: a 100 is expected for a request without a body";
    /// A body of unknown length for a server that speaks HTTP/1.0.
    LengthRequired: "misuse: a body of unknown length for an HTTP/1.0 server";
    /// A transfer of no bytes, which nobody could report as moved.
    EmptyTransfer: "misuse: a transfer of no bytes";
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Misuse {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_errors_that_can_go_anywhere() {
        fn check<T: core::error::Error + Copy + Send + Sync + 'static>() {}
        check::<Error>();
        check::<WriteError>();
        check::<Misuse>();
    }

    #[test]
    fn every_rule_says_what_is_wrong_and_where_that_is_written() {
        for (number, rule) in Rule::ALL.iter().enumerate() {
            assert!(rule.section().starts_with("RFC ") && !rule.text().ends_with('.'), "{rule}");
            assert!(Rule::ALL[number + 1..].iter().all(|other| other.text() != rule.text()), "{rule} twice");
            // A service that fails is still to be answered for.
            assert!(rule.status().is_some() || rule.fault() != Fault::Application, "{rule}");
        }
    }
}
