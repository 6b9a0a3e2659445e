//! Whether a request that changes something comes from a page of this server.

use wirenut::http::Fields;

/// Whether the request was made by a page of this server, or by a program that is no browser. A page of somebody else must not
/// have its visitors upload anything here, with the password that their browser knows.
///
/// Browsers say so in Sec-Fetch-Site; those before 2023 say it in Origin, which they send with each form. Programs send
/// neither.
pub(in super::super) fn is_own(fields: Fields<'_>) -> bool {
    if let Some(site) = fields.get("Sec-Fetch-Site") {
        return matches!(site, b"same-origin" | b"none");
    }
    let Some(origin) = fields.get("Origin") else { return true };
    let host = fields.get("Host").unwrap_or_default();
    // Whether it was over TLS is not known behind a proxy.
    let authority = [&b"http://"[..], b"https://"].iter().find_map(|scheme| origin.strip_prefix(*scheme));
    authority.is_some_and(|authority| !host.is_empty() && authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_others_are_told_from_ours() {
        for (lines, expected) in [
            ("", true),
            ("Sec-Fetch-Site: same-origin\r\n", true),
            ("Sec-Fetch-Site: none\r\n", true),
            ("Sec-Fetch-Site: same-site\r\n", false),
            ("Sec-Fetch-Site: cross-site\r\n", false),
            ("Sec-Fetch-Site: cross-site\r\nOrigin: http://a:8080\r\n", false),
            ("Sec-Fetch-Site: \r\n", false),
            ("Origin: http://a:8080\r\n", true),
            ("Origin: https://A:8080\r\n", true),
            ("Origin: http://a\r\n", false),
            ("Origin: http://a:80801\r\n", false),
            ("Origin: http://b:8080\r\n", false),
            ("Origin: http://a:8080.evil.example\r\n", false),
            ("Origin: null\r\n", false),
            ("Origin: \r\n", false),
            ("Origin: ftp://a:8080\r\n", false),
        ] {
            let lines = format!("Host: a:8080\r\n{lines}");
            assert_eq!(is_own(Fields::parse(lines.as_bytes()).unwrap()), expected, "{lines}");
        }
        assert!(!is_own(Fields::parse(b"Origin: http://\r\nHost: \r\n").unwrap()));
    }
}
