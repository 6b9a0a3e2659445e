//! Which route a request takes: a table that is checked while the program is compiled.

use super::methods::Methods;
use super::start::{Start, Word, first_word};
use crate::http::message::request_head::RequestHead;

/// Methods and a pattern: `/items/:id` (one segment, not empty), `/files/*path` (all that is left, perhaps nothing).
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Route {
    methods: Methods,
    start: Start,
    pattern: &'static str,
}

impl Route {
    /// In a constant, a pattern that is none does not compile, and says this.
    #[must_use]
    pub const fn new(methods: Methods, pattern: &'static str, message: &'static str) -> Self {
        assert!(is_pattern(pattern.as_bytes()), "{}", message);
        Self { methods, start: Start::of(pattern.as_bytes()), pattern }
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
    fn matches(&self, path: &[u8], word: Word) -> bool {
        let rest = self.start.strip(self.pattern.as_bytes(), path, word);
        rest.is_some_and(|(pattern, path)| walk(pattern, path, None).is_some())
    }
}

/// The value of the parameter `name` in a path that matches the pattern, as it came.
pub(super) fn parameter<'p>(pattern: &str, path: &'p [u8], name: &str) -> Option<&'p [u8]> {
    walk(pattern.as_bytes(), path, Some(name.as_bytes())).flatten()
}

/// Does the path match the pattern? Then what the parameter has that is `wanted`, if there is one of that name.
fn walk<'p>(mut pattern: &[u8], mut path: &'p [u8], wanted: Option<&[u8]>) -> Option<Option<&'p [u8]>> {
    let mut found = None;
    while let Some((&kind, rest)) = pattern.split_first() {
        if !matches!(kind, b':' | b'*') {
            (path, pattern) = (path.strip_prefix(&[kind])?, rest);
            continue;
        }
        let (name, value);
        (name, pattern) = segment(rest);
        (value, path) = if kind == b'*' { (path, &[][..]) } else { segment(path) };
        if kind == b':' && value.is_empty() {
            return None;
        }
        if wanted == Some(name) {
            found = Some(value);
        }
    }
    path.is_empty().then_some(found)
}

/// What stands before the next `/`, and the rest from there.
fn segment(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at_checked(segment_end(bytes, 0)).unwrap_or((bytes, &[]))
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

/// How many routes follow the first one that the request can take, and its pattern.
///
/// # Errors
/// There is none: the methods that the path has instead, and OPTIONS, if the request has asked for them.
pub(super) fn find(table: &'static [Route], head: &RequestHead<'_>) -> Result<(usize, &'static str), Methods> {
    let (path, method) = (head.target.path(), Methods::of(head.method));
    let word = first_word(path);
    let mut routes = table.iter();
    match routes.find(|route| route.methods.has_all(method) && route.matches(path, word)) {
        Some(route) => Ok((routes.len(), route.pattern)),
        None => Err(others(table, path, word, method)),
    }
}

#[cold]
fn others(table: &[Route], path: &[u8], word: Word, method: Methods) -> Methods {
    let routes = table.iter().filter(|route| route.matches(path, word));
    let methods = match path {
        b"*" => Methods::NAMED,
        _ => routes.fold(Methods::NONE, |methods, route| methods.with(route.methods)),
    };
    if method == Methods::OPTIONS && methods != Methods::NONE { methods.with(method) } else { methods }
}

#[cfg(test)]
mod tests;
