//! URLs as people type them.

use wirenut_client::Url;

use super::failure::GetFailure;

/// Reads a URL. `http://` is added where no scheme is; signs beyond ASCII behind the host are encoded, and blanks are not.
pub(super) fn read(text: &str) -> Result<Url, GetFailure> {
    let text = match text.split_once("://") {
        Some((scheme, _)) if ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
            text.to_owned()
        }
        Some((scheme, _)) if is_scheme(scheme) => return Err(GetFailure::Scheme(scheme.to_owned())),
        _ => format!("http://{text}"),
    };
    let after_host = text.find("://").map_or(0, |at| at + 3);
    let after_host = text[after_host..].find(['/', '?', '#']).map_or(text.len(), |at| after_host + at);
    let (mut encoded, rest) = (text[..after_host].to_owned(), &text[after_host..]);
    for byte in rest.bytes() {
        match byte {
            0x80.. => encoded += &format!("%{byte:02X}"),
            _ => encoded.push(char::from(byte)),
        }
    }
    Ok(encoded.parse::<Url>()?)
}

/// Adds to the query of a URL: behind what stands there, and before a fragment. What must not stand in a query is encoded, also
/// a `%` that encodes nothing; but for blanks, which [`read`] refuses. Those around the URL itself are dropped.
pub(super) fn with_query(url: &str, query: &[u8]) -> String {
    let url = url.trim();
    if query.is_empty() {
        return url.to_owned();
    }
    let (before, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let mark = match before.split_once('?') {
        None => "?",
        Some((_, there)) if there.is_empty() || there.ends_with('&') => "",
        Some(_) => "&",
    };
    let mut url = format!("{before}{mark}");
    for (at, byte) in query.iter().enumerate() {
        match byte {
            b'%' if !query[at + 1..]
                .first_chunk()
                .is_some_and(|code: &[u8; 2]| code.iter().all(u8::is_ascii_hexdigit)) =>
            {
                url += "%25";
            }
            b'#' | b'"' | b'<' | b'>' | b'[' | b'\\' | b']' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80.. => {
                url += &format!("%{byte:02X}");
            }
            _ => url.push(char::from(*byte)),
        }
    }
    url + fragment
}

fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_goes_behind_what_stands_there() {
        for (url, query, expected) in [
            ("a", "", "a"),
            ("a?b#c", "", "a?b#c"),
            (" a ", "b", "a?b"),
            (" a ", "", "a"),
            ("a", "b=c", "a?b=c"),
            ("http://a/?", "b", "http://a/?b"),
            ("a?b", "c", "a?b&c"),
            ("a?b&", "c", "a?b&c"),
            ("a#?b", "c", "a?c#?b"),
            ("a", "b=#{\u{fc}%20}+?/", "a?b=%23%7B%C3%BC%20%7D+?/"),
            ("a", "b c", "a?b c"),
            ("a", "%", "a?%25"),
            ("a", "b=100%&c=%4&d=%zz&e=%%41%", "a?b=100%25&c=%254&d=%25zz&e=%25%41%25"),
        ] {
            assert_eq!(with_query(url, query.as_bytes()), expected, "{url} {query}");
        }
    }

    /// Wherever they stand: at its end, a blank is no less of the query.
    #[test]
    fn blanks_of_a_query_are_refused() {
        for query in [" b", "b c", "b ", "b=\t", "b\n", "b\r\n", " "] {
            let failed = read(&with_query("http://a/", query.as_bytes())).map_err(|failure| failure.status());
            assert_eq!(failed, Err(3), "{query:?}");
        }
    }

    #[test]
    fn urls_as_they_are_typed() {
        for (text, expected) in [
            ("localhost:8080/a", Ok("http://localhost:8080/a")),
            (" a ", Err(3)),
            ("HTTPS://a/b?c=http://d", Ok("https://a/b?c=http://d")),
            ("a/?u=ftp://b/", Ok("http://a/?u=ftp://b/")),
            ("http://a/\u{fc}?\u{20ac}", Ok("http://a/%C3%BC?%E2%82%AC")),
            ("ftp://a/", Err(1)),
            ("http://a b/", Err(3)),
            ("http://a/b c", Err(3)),
            ("http://\u{fc}/", Err(3)),
            ("", Err(3)),
            ("http://a/{b,c}", Err(3)),
        ] {
            let url = read(text).map(|url| url.to_string()).map_err(|failure| failure.status());
            assert_eq!(url, expected.map(str::to_owned), "{text}");
        }
    }
}
