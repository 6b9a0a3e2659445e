//! Redirects: where a chain of answers leads a client, and with what.

use wirenut::http::Status;
use wirenut_client::{Redirect, Redirects, Scheme, Url};

const STATUSES: [u16; 8] = [200, 300, 301, 302, 303, 304, 307, 308];
const METHODS: [&[u8]; 4] = [b"GET", b"HEAD", b"POST", b"PUT"];

/// A byte for the policy, a URL, and then the Location fields of answers, whose first byte says the status; all in lines.
pub fn redirects(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let mut lines = rest.split(|byte| *byte == b'\n');
    let Some(Ok(first)) = lines.next().map(|line| String::from_utf8_lossy(line).parse::<Url>()) else { return };
    let policy = Redirects { limit: Some(choice & 7), may_leave_tls: choice & 8 > 0 };
    let (mut method, mut url, mut followed) = (METHODS[usize::from(choice >> 4) % 4], first.clone(), 0);
    let (mut has_credentials, mut has_left) = (true, false);
    for line in lines {
        let Some((status, location)) = line.split_first() else { continue };
        let status = STATUSES[usize::from(*status) % STATUSES.len()];
        let answer = (Status::new(status, ""), Some(location));
        assert!(Redirects::OFF.follow(answer, method, &url, 0).is_ok_and(|next| next.is_none()));
        let Ok(next) = policy.follow(answer, method, &url, followed) else { return };
        assert_eq!(next.is_some(), matches!(status, 301..=303 | 307 | 308), "{status}");
        let Some(Redirect { url: next, becomes_get, leaves_origin, .. }) = next else { continue };
        followed += 1;
        assert!(followed <= choice & 7, "more than the limit");
        assert!(url.scheme() == Scheme::Http || next.scheme() == Scheme::Https || policy.may_leave_tls);
        let keeps_method = matches!(method, b"GET" | b"HEAD") || matches!(status, 307 | 308);
        assert!(!(becomes_get && keeps_method), "{status}");
        check(&url, location, &next);
        if becomes_get {
            method = b"GET";
        }
        // As a client does it, hop by hop; and as it has to be.
        has_credentials &= !leaves_origin;
        has_left |= origin(&next) != origin(&first);
        assert_eq!(has_credentials, !has_left, "{first} … {next}");
        url = next;
    }
}

/// What is compared of two URLs, taken from their text.
fn origin(url: &Url) -> (String, u16) {
    let text = url.to_string();
    let end = text.match_indices('/').nth(2).map_or(text.len(), |(at, _)| at);
    (text[..end].to_ascii_lowercase(), url.port())
}

/// Is this where the reference leads?
fn check(base: &Url, location: &[u8], next: &Url) {
    let text = next.to_string();
    assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text:?}");
    assert!(text.len() <= base.to_string().len() + location.len() + "https://:65535/".len(), "{text}");
    let authority = text.split('/').nth(2).unwrap_or_default();
    assert!(!authority.contains('@') && !text.contains('#'), "{text}");
    assert_eq!(text.parse::<Url>().expect("what we wrote").to_string(), text);
    assert!(
        next.target().starts_with('/') && !next.target().split(['/', '?']).any(|segment| segment == "..")
            || text.contains('?')
    );
    // The URL Standard repairs what RFC 3986 refuses, and writes some signs otherwise; on the rest both agree.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/.?=&-_~:@;,+".contains(&byte);
    // Neither an address, of which it has more forms, nor a name of IDNA, which it checks.
    let has_name = |url: &Url| {
        let last = url.host().rsplit('.').next().unwrap_or_default();
        last.starts_with(|sign: char| sign.is_ascii_alphabetic()) && !url.host().contains("xn--")
    };
    // Nor a segment that might be a drive of Windows: the crate keeps it before `..`, which the standard does for `file` only.
    let has_drive = |text: &[u8]| text.split(|byte| *byte == b'/').any(|segment| matches!(segment, [_, b':']));
    let signs = [base.to_string().as_bytes(), b"/", location].concat();
    if signs.iter().copied().all(is_plain) && has_name(base) && has_name(next) && !has_drive(&signs) {
        let theirs = url::Url::parse(&base.to_string()).expect("they read it");
        let reference = str::from_utf8(location).expect("ASCII");
        let theirs = theirs.join(reference).map(|mut url| {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.to_string()
        });
        assert_eq!(Ok(text), theirs, "{base} {reference}");
    }
}
