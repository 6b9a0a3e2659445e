//! URI references resolved (RFC 3986 §5.2) and normalised (§6.2.2).

use core::cell::Cell;

use super::uri_reference::{Authority, Parts, UriReference};
use crate::bytes;
use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::output::Output;

impl UriReference<'_> {
    /// Resolves a reference against this URI (RFC 3986 §5.2), strictly, and lays the result into `out`: that has room
    /// enough if it is as long as both and three bytes more. The fragment of this URI does not count. On failure the
    /// content of `out` is undefined.
    ///
    /// A path that would begin with `//` where there is no authority, which RFC 3986 §3.3 forbids, gets `/.` before it.
    ///
    /// # Errors
    /// [`ValueRule::RelativeBase`]: this is no URI but a relative reference. [`ValueRule::BufferTooShort`], with the
    /// length of `out`.
    pub fn resolve<'o>(&self, reference: &UriReference<'_>, out: &'o mut [u8]) -> Result<UriReference<'o>, ValueError> {
        resolve(&self.parts, &reference.parts, out)
    }

    /// Writes the same in the normal form of RFC 3986 §6.2.2, and lays it into `out`: that has room enough if it is as
    /// long as this and two bytes more. The scheme and the host are in small letters, hexadecimal digits in capitals, what
    /// needs no percent-encoding has none, and the path of a URI has no dot segments. On failure the content of `out` is
    /// undefined.
    ///
    /// ```
    /// use wirenut::http::UriReference;
    /// let uri = UriReference::parse(b"eXAMPLE://a/./b/../b/%63/%7bfoo%7d")?;
    /// let mut room = [0; 64];
    /// assert_eq!(uri.normalize(&mut room)?.as_str(), "example://a/b/c/%7Bfoo%7D");
    /// # Ok::<(), wirenut::http::ValueError>(())
    /// ```
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], with the length of `out`.
    pub fn normalize<'o>(&self, out: &'o mut [u8]) -> Result<UriReference<'o>, ValueError> {
        normalize(&self.parts, out)
    }
}

/// RFC 3986 §5.2.2, strictly.
fn resolve<'o>(base: &Parts<'_>, reference: &Parts<'_>, out: &'o mut [u8]) -> Result<UriReference<'o>, ValueError> {
    if base.scheme.is_none() {
        return Err(ValueError::new(ValueRule::RelativeBase, 0));
    }
    let rest = Parts { fragment: reference.fragment, ..*base };
    let (directory, target, removes_dots) = if reference.scheme.is_some() {
        ("", *reference, true)
    } else if reference.authority.is_some() {
        ("", Parts { scheme: base.scheme, ..*reference }, true)
    } else if !reference.path.is_empty() {
        let directory = if reference.path.starts_with('/') { "" } else { directory(base) };
        (directory, Parts { path: reference.path, query: reference.query, ..rest }, true)
    } else {
        ("", Parts { query: reference.query.or(base.query), ..rest }, false)
    };
    assemble(directory, &target, removes_dots, Form::AsItIs, out)
}

/// RFC 3986 §6.2.2. The dot segments of a relative reference mean something.
fn normalize<'o>(parts: &Parts<'_>, out: &'o mut [u8]) -> Result<UriReference<'o>, ValueError> {
    assemble("", parts, parts.scheme.is_some(), Form::Normal, out)
}

/// What a relative path is put behind (RFC 3986 §5.2.3).
fn directory<'b>(base: &Parts<'b>) -> &'b str {
    if base.authority.is_some() && base.path.is_empty() {
        return "/";
    }
    let end = base.path.rfind('/').map_or(0, |slash| slash.saturating_add(1));
    base.path.get(..end).unwrap_or_default()
}

/// How the components are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    AsItIs,
    Normal,
}

/// Puts the components together (RFC 3986 §5.3).
fn assemble<'o>(
    directory: &str,
    parts: &Parts<'_>,
    removes_dots: bool,
    form: Form,
    out: &'o mut [u8],
) -> Result<UriReference<'o>, ValueError> {
    let mut output = Output::new(out);
    output.add(|writer| {
        if let Some(scheme) = parts.scheme {
            form.put(writer, scheme, Letters::Small);
            writer.put(b":");
        }
    })?;
    let scheme_end = output.length();
    output.add(|writer| {
        if let Some(authority) = parts.authority {
            let Authority { user_info, host, port } = Authority::split(authority);
            writer.put(b"//");
            form.put(writer, user_info, Letters::AsTheyAre);
            form.put(writer, host, Letters::Small);
            if let Some(port) = port {
                writer.put(b":");
                writer.put(port.as_bytes());
            }
        }
    })?;
    let authority_end = output.length();
    output.fill(|room| {
        let mut writer = Writer::new(room);
        form.put(&mut writer, directory, Letters::AsTheyAre);
        form.put(&mut writer, parts.path, Letters::AsTheyAre);
        let length = writer.finish().ok()?;
        let length = if removes_dots { remove_dot_segments(room.get_mut(..length)?) } else { length };
        let is_ambiguous = parts.authority.is_none() && room.get(..length)?.starts_with(b"//");
        if is_ambiguous { insert_dot_segment(room, length) } else { Some(length) }
    })?;
    let path_end = output.length();
    output.add(|writer| form.put_behind(writer, b"?", parts.query))?;
    let query_end = output.length();
    output.add(|writer| form.put_behind(writer, b"#", parts.fragment))?;
    UriReference::assembled(output.finish(), parts, [scheme_end, authority_end, path_end, query_end])
}

/// In which case letters are written in the normal form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    AsTheyAre,
    Small,
}

impl Form {
    fn put_behind(self, writer: &mut Writer<'_>, mark: &[u8], text: Option<&str>) {
        if let Some(text) = text {
            writer.put(mark);
            self.put(writer, text, Letters::AsTheyAre);
        }
    }

    fn put(self, writer: &mut Writer<'_>, text: &str, letters: Letters) {
        if self == Self::AsItIs {
            return writer.put(text.as_bytes());
        }
        let cased = |byte: u8| if letters == Letters::Small { byte.to_ascii_lowercase() } else { byte };
        let mut rest = text.as_bytes();
        while let [first, behind @ ..] = rest {
            rest = behind;
            let code = (*first == b'%').then(|| behind.split_first_chunk()).flatten();
            let Some((&[high, low], behind)) = code else {
                writer.put(&[cased(*first)]);
                continue;
            };
            rest = behind;
            let byte = bytes::digit(high) << 4 | bytes::digit(low);
            match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                true => writer.put(&[cased(byte)]),
                false => writer.put(&[b'%', high.to_ascii_uppercase(), low.to_ascii_uppercase()]),
            }
        }
    }
}

/// RFC 3986 §5.2.4, where the path is; gives its new length.
fn remove_dot_segments(path: &mut [u8]) -> usize {
    if !path.starts_with(b".") && !path.windows(2).any(|pair| pair == b"/.") {
        return path.len();
    }
    let (mut read, mut written) = (0_usize, 0_usize);
    loop {
        let rest = bytes::from(path, read);
        match rest {
            [b'.', b'.', b'/', ..] => read = read.saturating_add(3),
            [b'.', b'/', ..] => read = read.saturating_add(2),
            [b'/', b'.', b'/', ..] => read = read.saturating_add(2),
            [b'/', b'.', b'.', b'/', ..] => {
                read = read.saturating_add(3);
                written = parent(path, written);
            }
            [b'/', b'.', b'.'] | [b'/', b'.'] => {
                if rest.len() == 3 {
                    written = parent(path, written);
                }
                put(path, &mut written, b'/');
                return written;
            }
            [] | [b'.'] | [b'.', b'.'] => return written,
            [first, others @ ..] => {
                let first = *first;
                let segment = others.iter().position(|byte| *byte == b'/').unwrap_or(others.len());
                put(path, &mut written, first);
                let start = read.saturating_add(1);
                read = start.saturating_add(segment);
                // What was read is never before what is written.
                let cells = Cell::from_mut(&mut *path).as_slice_of_cells();
                let (from, to) = (cells.get(start..read).unwrap_or(&[]), cells.iter().skip(written));
                from.iter().zip(to).for_each(|(from, to)| to.set(from.get()));
                written = written.saturating_add(segment);
            }
        }
    }
}

fn put(path: &mut [u8], written: &mut usize, byte: u8) {
    if let Some(place) = path.get_mut(*written) {
        *place = byte;
    }
    *written = written.saturating_add(1);
}

/// Where the last segment of what was written begins, with the slash before it.
fn parent(path: &[u8], written: usize) -> usize {
    path.get(..written).and_then(|path| path.iter().rposition(|byte| *byte == b'/')).unwrap_or(0)
}

/// Puts `/.` before a path of this length; `None` without room.
fn insert_dot_segment(region: &mut [u8], length: usize) -> Option<usize> {
    let end = length.checked_add(2)?;
    let (front, _) = region.get_mut(..end)?.split_first_chunk_mut()?;
    let mut carried = core::mem::replace(front, *b"/.");
    // Each pair of bytes makes room for the one before it.
    for pair in region.get_mut(2..end)?.chunks_mut(2) {
        for (byte, carried) in pair.iter_mut().zip(&mut carried) {
            core::mem::swap(byte, carried);
        }
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, reference: &str, expected: &str) {
        let [base, reference] = [base, reference].map(|text| UriReference::parse(text.as_bytes()).unwrap());
        let mut room = [0; 128];
        let resolved = base.resolve(&reference, &mut room).unwrap();
        assert_eq!(resolved.as_str(), expected, "{base} {reference}");
        let most = base.as_str().len() + reference.as_str().len() + 3;
        assert!(base.resolve(&reference, &mut room[..most]).is_ok(), "{base} {reference}");
    }

    /// RFC 3986 §5.4.1 and §5.4.2, all of them.
    #[test]
    fn the_examples_of_the_rfc() {
        for (reference, expected) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g#s", "http://a/b/c/g#s"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"),
            ("g;x", "http://a/b/c/g;x"),
            ("g;x?y#s", "http://a/b/c/g;x?y#s"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("./", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            (".g", "http://a/b/c/.g"),
            ("g..", "http://a/b/c/g.."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/./x", "http://a/b/c/g?y/./x"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/./x", "http://a/b/c/g#s/./x"),
            ("g#s/../x", "http://a/b/c/g#s/../x"),
            // For strict parsers.
            ("http:g", "http:g"),
        ] {
            check("http://a/b/c/d;p?q", reference, expected);
        }
    }

    #[test]
    fn other_bases() {
        for (base, reference, expected) in [
            ("http://a", "b", "http://a/b"),
            ("http://a?q", "", "http://a?q"),
            ("http://a?q#f", "#g", "http://a?q#g"),
            ("http://a#f", "", "http://a"),
            ("mailto:a@b", "c", "mailto:c"),
            ("urn:a", "?b", "urn:a?b"),
            ("a:b/c", "../../d", "a:/d"),
            ("a:b/c", ".", "a:b/"),
            ("a:/b//c", "..", "a:/b/"),
            ("http://a/b/c", "http://d/../e", "http://d/e"),
            // A path that begins with // is no authority.
            ("a:/b", "..//c", "a:/.//c"),
            ("a:/b", "/.//c/../d", "a:/.//d"),
            ("http://a/b", "..//c", "http://a//c"),
        ] {
            check(base, reference, expected);
        }
        let [relative, other] = ["/a", "http://a"].map(|text| UriReference::parse(text.as_bytes()).unwrap());
        assert_eq!(relative.resolve(&other, &mut []), Err(ValueError::new(ValueRule::RelativeBase, 0)));
    }

    #[test]
    fn a_result_fits_or_is_none() {
        let [base, reference] = ["a:/b?c", "/.//d?e#f"].map(|text| UriReference::parse(text.as_bytes()).unwrap());
        let mut room = [0; 32];
        let length = base.resolve(&reference, &mut room).unwrap().as_str().len();
        for size in 0..length {
            let error = base.resolve(&reference, &mut room[..size]).unwrap_err();
            assert_eq!(error, ValueError::new(ValueRule::BufferTooShort, size));
        }
        assert!(base.resolve(&reference, &mut room[..length]).is_ok());
    }

    #[test]
    fn normal_forms() {
        for (text, expected) in [
            // RFC 3986 §6.2.2.
            ("eXAMPLE://a/./b/../b/%63/%7bfoo%7d", "example://a/b/c/%7Bfoo%7D"),
            ("HTTP://www.EXAMPLE.com/", "http://www.example.com/"),
            ("http://User@HoSt%4a%c3:80/A?B%2f#C%7E", "http://User@hostj%C3:80/A?B%2F#C~"),
            ("http://a/%2e%2E/b", "http://a/b"),
            ("http://[2001:DB8::1]/", "http://[2001:db8::1]/"),
            ("../A/%2e/b", "../A/./b"),
            ("a:/.//b", "a:/.//b"),
            ("", ""),
        ] {
            let uri = UriReference::parse(text.as_bytes()).unwrap();
            let mut room = [0; 64];
            assert_eq!(uri.normalize(&mut room).unwrap().as_str(), expected);
        }
    }
}
