//! Why a WebSocket did not do what was wanted. Each begins with the phase that failed.

use core::fmt;
use std::io;
use std::path::PathBuf;

use wirenut::http::{Error as HttpError, Rule as HttpRule};
use wirenut::websocket::handshake::ResponseError;
use wirenut::websocket::{Abnormal, CloseCode, Error as WebSocketError, Rule};
use wirenut_client::{Cause, Error as ClientError, Phase};

use crate::failure::Failure;
use crate::log::{Name, OneLine};
use crate::route::advice;

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum WsFailure {
    /// The server was not reached, or not asked.
    Client(ClientError),
    /// The certificates that `--cacert` names could not be read.
    Certificates {
        /// As the user wrote it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The server did not answer in time.
    NoAnswer,
    /// The connection ended before the server had answered.
    EndedEarly,
    /// The server's answer is not HTTP.
    NotHttp(HttpError),
    /// The server answered, but not with a WebSocket.
    Handshake(ResponseError),
    /// The server broke the protocol.
    Broken(WebSocketError),
    /// The server closed with a code other than 1000.
    Closed(CloseCode, String),
    /// The connection ended without a Close frame.
    Lost(Abnormal),
    /// So many lines could not be sent.
    Lines(u64),
}

impl WsFailure {
    /// Of the client. What a server answers, or does not, is said in words for a WebSocket.
    #[expect(clippy::wildcard_enum_match_arm, reason = "all other causes say what failed by themselves")]
    pub(super) fn of_client(error: ClientError) -> Self {
        if error.phase() != Phase::Response {
            return Self::Client(error);
        }
        match error.cause() {
            _ if error.is_timeout() => Self::NoAnswer,
            Cause::Protocol(HttpError {
                rule: HttpRule::Unanswered | HttpRule::NotProcessed | HttpRule::Truncated | HttpRule::Reset,
                ..
            })
            | Cause::System(_) => Self::EndedEarly,
            Cause::Protocol(error) => Self::NotHttp(*error),
            _ => Self::Client(error),
        }
    }
}

impl fmt::Display for WsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(error) => write!(f, "{error}{}", advice(error)),
            Self::Certificates { path, error } => {
                write!(f, "cannot read the certificates of '{}': {error}", Name::of(path))
            }
            Self::NoAnswer => f.write_str("cannot open a WebSocket: the server does not answer"),
            Self::EndedEarly => f.write_str("cannot open a WebSocket: the server hung up before it had answered"),
            Self::NotHttp(error) => write!(f, "cannot open a WebSocket: the answer is not HTTP/1.1: {error}"),
            Self::Handshake(ResponseError::NotSwitched(status)) => {
                write!(
                    f,
                    "cannot open a WebSocket: the server answered {}",
                    OneLine(status.to_string().trim_end().to_owned())
                )
            }
            Self::Handshake(error) => {
                let article = if matches!(error, ResponseError::InvalidDeflate) {
                    ""
                } else if matches!(error, ResponseError::UnrequestedExtension) {
                    "an "
                } else {
                    "a "
                };
                write!(f, "cannot open a WebSocket: the server sent {article}{error} ({})", error.section())
            }
            Self::Broken(WebSocketError { rule: Rule::MessageTooLong | Rule::FrameTooLong, .. }) => {
                f.write_str("closed the connection: the server sent a message that is longer than --limit")
            }
            Self::Broken(error) => write!(f, "the server broke the protocol: {error}"),
            Self::Closed(code, reason) if reason.is_empty() => write!(f, "the server closed with {code}"),
            Self::Closed(code, reason) => write!(f, "the server closed with {code}: {}", OneLine(reason.clone())),
            Self::Lost(how) => f.write_str(match how {
                Abnormal::PongTimeout => "the connection was lost: the server is silent",
                Abnormal::CloseTimeout => "the connection was lost: the server did not answer our Close",
                Abnormal::WriteTimeout => "the connection was lost: the server does not take what is sent",
                Abnormal::EndOfStream | Abnormal::Reset | Abnormal::Evicted => {
                    "the connection was lost: the server hung up without a Close"
                }
            }),
            Self::Lines(1) => f.write_str("a line was not sent"),
            Self::Lines(count) => write!(f, "{count} lines were not sent"),
        }
    }
}

impl core::error::Error for WsFailure {}

impl From<WsFailure> for Failure {
    fn from(failure: WsFailure) -> Self {
        Self::WebSocket(failure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_answer_has_its_article() {
        for (error, what) in [
            (ResponseError::UnrequestedSubprotocol, "a subprotocol"),
            (ResponseError::UnrequestedExtension, "an extension"),
            (ResponseError::InvalidDeflate, "parameters"),
            (ResponseError::NoUpgrade, "a 101"),
        ] {
            let text = WsFailure::Handshake(error).to_string();
            assert!(text.starts_with(&format!("cannot open a WebSocket: the server sent {what} ")), "{text}");
        }
    }
}
