//! Status codes (RFC 9110 §15).

use core::fmt;

use crate::bytes;

/// A status code with its reason phrase.
///
/// The phrase travels with the constant, so a firmware carries the phrases of the codes that it uses and no table.
/// Two codes are equal if their numbers are.
///
/// ```
/// use wirenut::http::Status;
/// const TEAPOT: Status = Status::new(418, "I'm a Teapot");
/// assert_eq!(TEAPOT.code(), 418);
/// assert!(Status::NO_CONTENT.forbids_body());
/// ```
#[derive(Clone, Copy)]
pub struct Status {
    /// Three digits, four bits each: so they are written without a division.
    digits: u16,
    is_sound: bool,
    reason: &'static str,
}

macro_rules! statuses {
    ($($name:ident $code:literal $reason:literal)*) => {
        impl Status {
            $(#[doc = concat!($code, " ", $reason)] pub const $name: Self = Self::new($code, $reason);)*

            /// All that have a name here, in order: those of IANA's registry of HTTP status codes that are registered for
            /// good and not marked as unused. Whoever names this carries all phrases.
            pub const REGISTERED: &[Self] = &[$(Self::$name),*];
        }
    };
}

statuses! {
    CONTINUE 100 "Continue"
    SWITCHING_PROTOCOLS 101 "Switching Protocols"
    PROCESSING 102 "Processing"
    EARLY_HINTS 103 "Early Hints"
    OK 200 "OK"
    CREATED 201 "Created"
    ACCEPTED 202 "Accepted"
    NON_AUTHORITATIVE_INFORMATION 203 "Non-Authoritative Information"
    NO_CONTENT 204 "No Content"
    RESET_CONTENT 205 "Reset Content"
    PARTIAL_CONTENT 206 "Partial Content"
    MULTI_STATUS 207 "Multi-Status"
    ALREADY_REPORTED 208 "Already Reported"
    IM_USED 226 "IM Used"
    MULTIPLE_CHOICES 300 "Multiple Choices"
    MOVED_PERMANENTLY 301 "Moved Permanently"
    FOUND 302 "Found"
    SEE_OTHER 303 "See Other"
    NOT_MODIFIED 304 "Not Modified"
    USE_PROXY 305 "Use Proxy"
    TEMPORARY_REDIRECT 307 "Temporary Redirect"
    PERMANENT_REDIRECT 308 "Permanent Redirect"
    BAD_REQUEST 400 "Bad Request"
    UNAUTHORIZED 401 "Unauthorized"
    PAYMENT_REQUIRED 402 "Payment Required"
    FORBIDDEN 403 "Forbidden"
    NOT_FOUND 404 "Not Found"
    METHOD_NOT_ALLOWED 405 "Method Not Allowed"
    NOT_ACCEPTABLE 406 "Not Acceptable"
    PROXY_AUTHENTICATION_REQUIRED 407 "Proxy Authentication Required"
    REQUEST_TIMEOUT 408 "Request Timeout"
    CONFLICT 409 "Conflict"
    GONE 410 "Gone"
    LENGTH_REQUIRED 411 "Length Required"
    PRECONDITION_FAILED 412 "Precondition Failed"
    CONTENT_TOO_LARGE 413 "Content Too Large"
    URI_TOO_LONG 414 "URI Too Long"
    UNSUPPORTED_MEDIA_TYPE 415 "Unsupported Media Type"
    RANGE_NOT_SATISFIABLE 416 "Range Not Satisfiable"
    EXPECTATION_FAILED 417 "Expectation Failed"
    MISDIRECTED_REQUEST 421 "Misdirected Request"
    UNPROCESSABLE_CONTENT 422 "Unprocessable Content"
    LOCKED 423 "Locked"
    FAILED_DEPENDENCY 424 "Failed Dependency"
    TOO_EARLY 425 "Too Early"
    UPGRADE_REQUIRED 426 "Upgrade Required"
    PRECONDITION_REQUIRED 428 "Precondition Required"
    TOO_MANY_REQUESTS 429 "Too Many Requests"
    REQUEST_HEADER_FIELDS_TOO_LARGE 431 "Request Header Fields Too Large"
    UNAVAILABLE_FOR_LEGAL_REASONS 451 "Unavailable For Legal Reasons"
    INTERNAL_SERVER_ERROR 500 "Internal Server Error"
    NOT_IMPLEMENTED 501 "Not Implemented"
    BAD_GATEWAY 502 "Bad Gateway"
    SERVICE_UNAVAILABLE 503 "Service Unavailable"
    GATEWAY_TIMEOUT 504 "Gateway Timeout"
    HTTP_VERSION_NOT_SUPPORTED 505 "HTTP Version Not Supported"
    VARIANT_ALSO_NEGOTIATES 506 "Variant Also Negotiates"
    INSUFFICIENT_STORAGE 507 "Insufficient Storage"
    LOOP_DETECTED 508 "Loop Detected"
    NOT_EXTENDED 510 "Not Extended"
    NETWORK_AUTHENTICATION_REQUIRED 511 "Network Authentication Required"
}

impl Status {
    /// A code of one's own. Whether both parts may be sent is checked when they are
    /// ([`Misuse::InvalidStatus`](crate::http::Misuse::InvalidStatus)).
    #[must_use]
    pub const fn new(code: u16, reason: &'static str) -> Self {
        let is_sound = code >= 100 && code < 1_000 && bytes::can_be_value(reason.as_bytes());
        let digits = (code / 100 % 10) << 8 | (code / 10 % 10) << 4 | (code % 10);
        Self { digits, is_sound, reason }
    }

    /// The code with these digits, from a message.
    pub(crate) fn from_digits(digits: [u8; 3]) -> Self {
        let digits = digits.iter().fold(0, |number, digit| number << 4 | u16::from(digit & 15));
        Self { digits, is_sound: true, reason: "" }
    }

    /// The number in digits.
    pub(crate) fn digits(self) -> [u8; 3] {
        [8, 4, 0].map(|shift| b'0' | u8::try_from(self.digits >> shift & 15).unwrap_or(0))
    }

    /// Can it be sent? Of a constant this is known before it runs.
    pub(crate) const fn is_sound(self) -> bool {
        self.is_sound
    }

    /// The number, 100 to 999 in a code that can be sent; of a larger one, its last three digits.
    #[must_use]
    pub const fn code(self) -> u16 {
        let tens = (self.digits >> 8).wrapping_mul(10).wrapping_add(self.digits >> 4 & 15);
        tens.wrapping_mul(10).wrapping_add(self.digits & 15)
    }

    /// The reason phrase.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        self.reason
    }

    /// Is this an interim response (1xx), after which the final one still has to come?
    #[must_use]
    pub const fn is_informational(self) -> bool {
        self.digits < 0x200
    }

    /// Is this a 2xx?
    pub(crate) const fn is_successful(self) -> bool {
        self.digits >> 8 == 2
    }

    /// Does this code never come with a body (1xx, 204, 304: RFC 9112 §6.3)?
    #[must_use]
    pub const fn forbids_body(self) -> bool {
        matches!(self.digits, ..0x200 | 0x204 | 0x304)
    }
}

impl PartialEq for Status {
    fn eq(&self, other: &Self) -> bool {
        self.digits == other.digits
    }
}

impl Eq for Status {}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Its number.
#[cfg(feature = "defmt")]
impl defmt::Format for Status {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=u16}", self.code());
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code(), self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registered_codes_are_in_order_and_can_be_sent() {
        assert!(Status::REGISTERED.is_sorted_by_key(|status| status.code()));
        assert_eq!(Status::REGISTERED.len(), 61);
        for status in Status::REGISTERED {
            assert!((100..600).contains(&status.code()) && !status.reason().is_empty(), "{status}");
        }
    }
}
