//! Which route a request takes: a table that is checked while the program is compiled.

use crate::bytes;
use crate::http::message::request_head::RequestHead;
use crate::http::method::Method;

/// The methods that a route answers, as a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Methods(u8);

/// The names of methods, in the order of their bits.
static NAMES: &str = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS";
/// As long as all of them.
pub(super) const ALLOW_BYTES: usize = 44;

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

    const NONE: Self = Self(0);
    const HEAD: Self = Self(1 << 1);
    /// Answered everywhere.
    const OPTIONS: Self = Self(1 << 6);
    const NAMED: Self = Self(0x7f);
    const OTHER: Self = Self(1 << 7);

    const fn of(method: Method<'_>) -> Self {
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

    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The value of an Allow field (RFC 9110 §10.2.1), written into `out`.
    pub(super) fn allow(self, out: &mut [u8; ALLOW_BYTES]) -> &[u8] {
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
pub mod methods {
    use super::Methods;
    pub const get: Methods = Methods::GET;
    pub const post: Methods = Methods::POST;
    pub const put: Methods = Methods::PUT;
    pub const delete: Methods = Methods::DELETE;
    pub const patch: Methods = Methods::PATCH;
    pub const any: Methods = Methods::ANY;
}

/// Methods and a pattern: `/items/:id` (one segment, not empty), `/files/*path` (all that is left, perhaps nothing).
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Route {
    methods: Methods,
    /// How many bytes of the pattern stand before its first parameter.
    literal: u16,
    /// The first of them, and which these are.
    word: usize,
    mask: usize,
    pattern: &'static str,
}

/// The bytes that are compared at once.
const WORD: usize = size_of::<usize>();

impl Route {
    /// In a constant, a pattern that is none does not compile, and says this.
    #[must_use]
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
    pub const fn new(methods: Methods, pattern: &'static str, message: &'static str) -> Self {
        let bytes = pattern.as_bytes();
        assert!(is_pattern(bytes), "{}", message);
        let literal = literal_length(bytes);
        let (mut word, mut mask, mut at) = ([0; WORD], [0; WORD], 0);
        while at < WORD && at < literal {
            (word[at], mask[at]) = (bytes[at], 0xff);
            at += 1;
        }
        #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a pattern is not longer")]
        let length = literal as u16;
        Self { methods, literal: length, word: usize::from_ne_bytes(word), mask: usize::from_ne_bytes(mask), pattern }
    }

    /// Does this take everything that `other` does? Then `other` is never reached behind it.
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
    const fn covers(&self, other: &Self) -> bool {
        if !self.methods.has_all(other.methods) {
            return false;
        }
        let (a, b) = (self.pattern.as_bytes(), other.pattern.as_bytes());
        let (mut i, mut j) = (0, 0);
        while i < a.len() && j < b.len() {
            match a[i] {
                b'*' => return true,
                b':' if b[j] == b'*' || b[j] == b'/' => return false,
                b':' => (i, j) = (segment_end(a, i), segment_end(b, j)),
                byte if byte == b[j] => (i, j) = (i + 1, j + 1),
                _ => return false,
            }
        }
        // `/*rest` takes `/`, too.
        (i == a.len() || a[i] == b'*') && j == b.len()
    }

    /// Does the path match, which begins with this word?
    #[inline]
    fn matches(&self, path: &[u8], word: usize) -> bool {
        if (word ^ self.word) & self.mask != 0 {
            return false;
        }
        let literal = usize::from(self.literal);
        let pattern = self.pattern.as_bytes();
        if literal > WORD && pattern.get(WORD..literal) != path.get(WORD..literal) {
            return false;
        }
        match (bytes::from(pattern, literal), bytes::from(path, literal)) {
            ([], rest) => rest.is_empty(),
            (parameters, rest) => walk(parameters, rest, None).is_some(),
        }
    }
}

/// The first bytes of a path, as [`Route`] has those of its pattern. A path holds no NUL, so what is missing of it is
/// equal to nothing.
fn first_word(path: &[u8]) -> usize {
    usize::from_ne_bytes(path.first_chunk().copied().unwrap_or_else(|| {
        let mut word = [0; WORD];
        word.iter_mut().zip(path).for_each(|(place, byte)| *place = *byte);
        word
    }))
}

/// The value of the parameter `name` in a path that matches the pattern, as it came.
pub(super) fn parameter<'p>(pattern: &str, path: &'p [u8], name: &str) -> Option<&'p [u8]> {
    let literal = literal_length(pattern.as_bytes());
    walk(bytes::from(pattern.as_bytes(), literal), bytes::from(path, literal), Some(name.as_bytes())).flatten()
}

/// Does the path match a pattern that begins with a parameter, or is empty? Then what the parameter has that is `wanted`,
/// if there is one of that name.
fn walk<'p>(mut pattern: &[u8], mut path: &'p [u8], wanted: Option<&[u8]>) -> Option<Option<&'p [u8]>> {
    let mut found = None;
    while let Some((&kind, rest)) = pattern.split_first() {
        let (name, value);
        (name, pattern) = segment(rest);
        (value, path) = if kind == b'*' { (path, &[][..]) } else { segment(path) };
        if kind == b':' && value.is_empty() {
            return None;
        }
        if wanted == Some(name) {
            found = Some(value);
        }
        if !pattern.is_empty() {
            let (literal, rest) = pattern.split_at_checked(literal_length(pattern))?;
            (path, pattern) = (path.strip_prefix(literal)?, rest);
        }
    }
    path.is_empty().then_some(found)
}

/// What stands before the next `/`, and the rest from there.
fn segment(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at_checked(segment_end(bytes, 0)).unwrap_or((bytes, &[]))
}

/// How many bytes stand before the first parameter.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "its bounds are looked at")]
const fn literal_length(pattern: &[u8]) -> usize {
    let mut at = 0;
    while at < pattern.len() && !matches!(pattern[at], b':' | b'*') {
        at += 1;
    }
    at
}

/// Where the segment ends that `at` is in.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "its bounds are looked at")]
const fn segment_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'/' {
        at += 1;
    }
    at
}

/// Begins with `/`, holds nothing that a path cannot hold, and parameters are whole segments with names of their own, of
/// which a `*rest` is the last.
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn is_pattern(bytes: &[u8]) -> bool {
    if bytes.is_empty() || bytes[0] != b'/' || bytes.len() > 1024 {
        return false;
    }
    let mut at = 1;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte <= b' '
            || byte >= 127
            || matches!(byte, b'?' | b'#' | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
        {
            return false;
        }
        if matches!(byte, b':' | b'*') {
            let end = segment_end(bytes, at);
            let is_whole = bytes[at - 1] == b'/' && end > at + 1;
            if !is_whole || (byte == b'*' && end < bytes.len()) || is_named_before(bytes, at, end) {
                return false;
            }
            at += 1;
            while at < end {
                if !(bytes[at].is_ascii_alphanumeric() || bytes[at] == b'_') {
                    return false;
                }
                at += 1;
            }
        } else {
            at += 1;
        }
    }
    true
}

/// Does a parameter before `start` have the name that stands behind `start`, up to `end`?
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
const fn is_named_before(bytes: &[u8], start: usize, end: usize) -> bool {
    let mut at = 0;
    while at < start {
        if bytes[at] == b':' && segment_end(bytes, at) - at == end - start {
            let mut index = 1;
            while index < end - start && bytes[at + index] == bytes[start + index] {
                index += 1;
            }
            if index == end - start {
                return true;
            }
        }
        at += 1;
    }
    false
}

/// Refuses, while compiling, a route that is never reached. Returns the index of the next.
#[doc(hidden)]
#[must_use]
#[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated by the compiler")]
pub const fn reached(table: &[Route], later: usize, message: &'static str) -> usize {
    let mut earlier = 0;
    while earlier < later {
        assert!(!table[earlier].covers(&table[later]), "{}", message);
        earlier += 1;
    }
    later + 1
}

/// What a table says of a request.
pub(super) enum Found {
    /// The route of that index, and its pattern.
    Route(usize, &'static str),
    /// No route has that path.
    Nothing,
    /// OPTIONS, or a method that no route of that path has: those that it has.
    Other(Methods),
}

/// The first route that the request can take.
pub(super) fn find(table: &'static [Route], head: &RequestHead<'_>) -> Found {
    let path = head.target.path();
    let word = first_word(path);
    let method = Methods::of(head.method);
    let found = table.iter().position(|route| route.methods.has_all(method) && route.matches(path, word));
    match found.and_then(|index| Some((index, table.get(index)?))) {
        Some((index, route)) => Found::Route(index, route.pattern),
        None => find_others(table, path, word),
    }
}

#[cold]
fn find_others(table: &[Route], path: &[u8], word: usize) -> Found {
    let routes = table.iter().filter(|route| route.matches(path, word));
    match (routes.fold(Methods::NONE, |methods, route| methods.with(route.methods)), path) {
        (Methods::NONE, b"*") => Found::Other(Methods::NAMED),
        (Methods::NONE, _) => Found::Nothing,
        (others, _) => Found::Other(others),
    }
}

#[cfg(test)]
mod tests;
