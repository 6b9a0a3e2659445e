//! The methods that a route answers.

use crate::http::method::Method;

/// The methods that a route answers, as a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Methods(u8);

/// The names of methods, in the order of their bits.
static NAMES: &str = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS";
/// As long as all of them.
pub(in crate::http::service) const ALLOW_BYTES: usize = 44;

impl Methods {
    /// GET, and HEAD with it.
    pub const GET: Self = Self(0b11);
    /// POST.
    pub const POST: Self = Self(1 << 2);
    /// PUT.
    pub const PUT: Self = Self(1 << 3);
    /// DELETE.
    pub const DELETE: Self = Self(1 << 4);
    /// PATCH.
    pub const PATCH: Self = Self(1 << 5);
    /// Every method, whatever its name; the handler looks at it.
    pub const ANY: Self = Self(0xff);

    pub(in crate::http::service) const NONE: Self = Self(0);
    const HEAD: Self = Self(1 << 1);
    /// Answered everywhere.
    pub(in crate::http::service) const OPTIONS: Self = Self(1 << 6);
    pub(super) const NAMED: Self = Self(0x7f);
    const OTHER: Self = Self(1 << 7);

    pub(super) const fn of(method: Method<'_>) -> Self {
        match method {
            Method::Get => Self(1),
            Method::Head => Self::HEAD,
            Method::Post => Self::POST,
            Method::Put => Self::PUT,
            Method::Delete => Self::DELETE,
            Method::Patch => Self::PATCH,
            Method::Options => Self::OPTIONS,
            Method::Connect | Method::Trace | Method::Other(_) => Self::OTHER,
        }
    }

    pub(super) const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(in crate::http::service) const fn has_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The value of an Allow field (RFC 9110 §10.2.1), written into `out`.
    pub(in crate::http::service) fn allow(self, out: &mut [u8; ALLOW_BYTES]) -> &[u8] {
        let (mut methods, mut length) = (self.with(Self::OPTIONS).0, 0_usize);
        for &byte in NAMES.as_bytes() {
            if let Some(place) = out.get_mut(length).filter(|_| methods & 1 != 0) {
                *place = byte;
                length = length.wrapping_add(1);
            }
            if byte == b' ' {
                methods >>= 1;
            }
        }
        out.get(..length).unwrap_or(&[])
    }
}

/// The names that [`routes!`](crate::routes) knows methods by.
#[doc(hidden)]
#[expect(non_upper_case_globals, reason = "they are written as functions are")]
pub mod names {
    use super::Methods;
    pub const get: Methods = Methods::GET;
    pub const post: Methods = Methods::POST;
    pub const put: Methods = Methods::PUT;
    pub const delete: Methods = Methods::DELETE;
    pub const patch: Methods = Methods::PATCH;
    pub const any: Methods = Methods::ANY;
}
