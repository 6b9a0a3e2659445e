//! Which failures may pass, and when to try again.

use core::time::Duration;

use wirenut::http::HttpDate;
use wirenut_client::{Cause, Error, Phase};

/// The longest pause between two tries that is of our own choice.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// A server that asks for a longer one is not waited for.
pub(super) const MAX_RETRY_AFTER: u64 = 600;

/// May a request of this method be sent again without harm (RFC 9110 §9.2.2)?
pub(super) fn is_idempotent(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "PUT" | "DELETE" | "OPTIONS" | "TRACE" | "PROPFIND")
}

/// May another try succeed? Before the request is sent, for any method; later only where it does no harm.
pub(super) fn may_pass(error: &Error, is_idempotent: bool) -> bool {
    let phase = error.phase();
    let is_before = matches!(phase, Phase::LookUp | Phase::Connect | Phase::Tls | Phase::Proxy | Phase::Pool);
    let is_after = matches!(phase, Phase::Request | Phase::Response | Phase::Body);
    let is_passing = match error.cause() {
        // A certificate does not get better; a handshake that was cut off may.
        Cause::System(_) | Cause::TimedOut(_) | Cause::Protocol(_) | Cause::Tls(_) => true,
        Cause::Other(_) => is_after,
        Cause::Status(status) => phase == Phase::Proxy && is_passing_status(*status, is_idempotent),
        Cause::InvalidUrl(_) | Cause::Refused(_) | Cause::HeadTooLong(_) | Cause::Certificate(_) => false,
        Cause::Cancelled | Cause::Source(_) | Cause::Output(_) | Cause::TooLarge(_) | Cause::InvalidText => false,
        Cause::TooManyRedirects(_) | Cause::RefusedRedirect(_) | _ => false,
    };
    is_passing && (is_before || (is_after && is_idempotent))
}

/// The same of a status. 408, 429 and 503 say that the server has not done what was asked.
pub(super) const fn is_passing_status(status: u16, is_idempotent: bool) -> bool {
    match status {
        408 | 429 | 503 => true,
        500 | 502 | 504 => is_idempotent,
        _ => false,
    }
}

/// How long to wait before the try of this number, from 1.
pub(super) fn pause(number: u32, delay: Option<Duration>) -> Duration {
    delay.unwrap_or_else(|| Duration::from_secs(1 << number.saturating_sub(1).min(6)).min(MAX_PAUSE))
}

/// The seconds that a Retry-After field asks for (RFC 9110 §10.2.3). A date counts from that of the answer, so that it does not
/// matter what our clock says.
pub(super) fn retry_after(value: &[u8], date: Option<&[u8]>, now: u64) -> Option<u64> {
    let text = str::from_utf8(value).ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(text.parse().unwrap_or(u64::MAX));
    }
    let now = date.and_then(HttpDate::parse).unwrap_or(now);
    HttpDate::parse(value).map(|at| at.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_minute() {
        let seconds: Vec<u64> = (1..9).map(|number| pause(number, None).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pause(u32::MAX, None), MAX_PAUSE);
        assert_eq!(pause(5, Some(Duration::from_millis(5))), Duration::from_millis(5));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let (then, later) = (b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sun, 06 Nov 1994 08:50:37 GMT");
        for (value, date, expected) in [
            (&b"5"[..], None, Some(5)),
            (b"99999999999999999999", None, Some(u64::MAX)),
            (b"-1", None, None),
            (b"", None, None),
            (b"soon", None, None),
            (later, Some(&then[..]), Some(60)),
            (then, Some(&later[..]), Some(0)),
            (later, None, Some(0)),
        ] {
            assert_eq!(retry_after(value, date, 4_000_000_000), expected, "{value:?}");
        }
    }

    #[test]
    fn statuses_that_pass() {
        for (status, of_get, of_post) in [
            (503, true, true),
            (429, true, true),
            (408, true, true),
            (500, true, false),
            (504, true, false),
            (404, false, false),
        ] {
            assert_eq!(
                (is_passing_status(status, true), is_passing_status(status, false)),
                (of_get, of_post),
                "{status}"
            );
        }
    }
}
