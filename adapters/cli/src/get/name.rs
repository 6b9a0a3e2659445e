//! Names for files that somebody else has chosen: a URL, or a server.

use std::path::PathBuf;

use wirenut::http::{ContentDisposition, PercentEncoded, safe_file_name};
use wirenut_client::{Response, Url};

use super::failure::GetFailure;

/// The name that a URL has for a file: the last part of its path, decoded, which leads nowhere else.
pub(super) fn of_url(url: &Url) -> Result<PathBuf, GetFailure> {
    let path = url.target().split('?').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let mut room = vec![0; last.len()];
    let name = PercentEncoded::new(last.as_bytes()).decode_str(&mut room).ok();
    // A name that would have to be changed to be safe is not used at all.
    let name = name.filter(|name| safe_file_name(name) == Some(name));
    name.map(PathBuf::from).ok_or_else(|| GetFailure::Nameless(url.to_string()))
}

/// The name that a server gives (RFC 6266), if that leads nowhere else. The page of an error is not what has the name.
pub(super) fn of_answer(response: &Response) -> Option<PathBuf> {
    let is_success = (200..300).contains(&response.status().code());
    response.headers().get("Content-Disposition").filter(|_| is_success).and_then(of_disposition)
}

fn of_disposition(value: &[u8]) -> Option<PathBuf> {
    let mut room = vec![0; value.len()];
    let name = match ContentDisposition::parse(value) {
        Ok(disposition) => disposition.file_name(&mut room).ok()??,
        Err(_) => unquoted(value)?,
    };
    // A path says where the server has the file, which means nothing here: RFC 6266 §4.3.
    safe_file_name(name).map(PathBuf::from)
}

/// A name with blanks and without the quotes that it must have (RFC 6266 §4.1), which servers send all the same and browsers
/// take: it ends at a semicolon, as in curl. Nothing, where a quote or a second name makes it doubtful what is meant.
fn unquoted(value: &[u8]) -> Option<&str> {
    let value = str::from_utf8(value).ok().filter(|value| !value.contains(['"', '\\']))?;
    let mut names = value.split(';').skip(1).filter_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().to_ascii_lowercase().starts_with("filename").then_some((name.trim(), value.trim()))
    });
    match (names.next()?, names.next()) {
        ((name, value), None) if name.eq_ignore_ascii_case("filename") && !value.starts_with('\'') => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_servers_lead_nowhere_else() {
        for (value, expected) in [
            ("attachment; filename=a.txt", Some("a.txt")),
            ("attachment; filename=\"a b.txt\"", Some("a b.txt")),
            ("attachment; filename=a; filename*=UTF-8''%c3%bc", Some("\u{fc}")),
            ("attachment; filename=\"../../etc/passwd\"", Some("passwd")),
            ("attachment; filename=\"c:\\\\x\\\\y\"", Some("y")),
            ("attachment; filename=\"/\"", None),
            ("attachment; filename=..", None),
            ("attachment; filename=\"\"", None),
            ("attachment; filename*=UTF-8''a%00b", None),
            ("attachment; filename*=UTF-8''a%0ab", None),
            ("attachment", None),
            ("inline; filename=a", Some("a")),
            ("attachment; filename=a; filename=b", None),
            ("", None),
            // Without the quotes that a blank needs.
            ("attachment; filename=a b.txt", Some("a b.txt")),
            ("attachment; FileName = a b ; size=3", Some("a b")),
            ("attachment; filename=\u{fc} b.txt", Some("\u{fc} b.txt")),
            ("attachment; filename=../up/a b", Some("a b")),
            ("attachment; filename=a b; filename=c d", None),
            ("attachment; filename=a b; filename*=UTF-8''c", None),
            ("attachment; filename=a \"b", None),
            ("attachment; filename='a b'", None),
            ("attachment; filename=a's b", Some("a's b")),
            ("attachment; filename=a\tb", None),
            ("attachment; filename= ", None),
            ("attachment; filename=..", None),
            ("filename=a b", None),
        ] {
            assert_eq!(of_disposition(value.as_bytes()), expected.map(PathBuf::from), "{value}");
        }
    }

    #[test]
    fn names_of_urls_are_the_last_part_of_the_path() {
        for (url, expected) in [
            ("http://a/b/c.txt?d/e#f", Some("c.txt")),
            ("http://a/%C3%BC", Some("\u{fc}")),
            ("http://a/b/", None),
            ("http://a", None),
            ("http://a/%2e%2e", None),
            ("http://a/b%2fc", None),
            ("http://a/%ff", None),
            ("http://a/%00", None),
        ] {
            let name = of_url(&url.parse().unwrap()).ok();
            assert_eq!(name, expected.map(PathBuf::from), "{url}");
        }
    }
}
