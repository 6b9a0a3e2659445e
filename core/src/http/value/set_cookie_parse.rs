//! How clients read a Set-Cookie field (RFC 6265 §5.2, with the bounds and attributes of 6265bis §5.6).

use super::cookie::Cookie;
use super::cookie_date;
use super::set_cookie::{LONGEST, SameSite, SetCookie};
use crate::bytes;
use crate::http::value::error::{ValueError, ValueRule};

/// How many bytes the value of an attribute may have; a longer one is ignored.
const LONGEST_ATTRIBUTE: usize = 1024;

impl<'b> SetCookie<'b> {
    /// Reads the value of a Set-Cookie field as clients do (RFC 6265 §5.2): unknown and malformed attributes are ignored, of
    /// those that come twice the last one counts, and a missing or malformed path is that of the request.
    ///
    /// Whether the client may keep the cookie is not decided here, but [`Self::check`] tells what is true of it wherever it
    /// came from.
    ///
    /// ```
    /// use wirenut::http::SetCookie;
    /// let cookie = SetCookie::parse(b"a=b; path=/x; MAX-AGE=60; Color=red; Expires=soon")?;
    /// assert_eq!((cookie.name, cookie.value), (&b"a"[..], &b"b"[..]));
    /// assert_eq!((cookie.path, cookie.max_age, cookie.expires), (Some(&b"/x"[..]), Some(60), None));
    /// # Ok::<(), wirenut::http::ValueError>(())
    /// ```
    ///
    /// # Errors
    /// What makes clients ignore the whole field: [`ValueRule::ControlInCookie`], [`ValueRule::InvalidCookiePair`],
    /// [`ValueRule::CookieTooLong`].
    pub fn parse(value: &'b [u8]) -> Result<Self, ValueError> {
        parse(value)
    }
}

fn parse(value: &[u8]) -> Result<SetCookie<'_>, ValueError> {
    let control = bytes::value_end(value, 0);
    if control < value.len() {
        return Err(ValueError::new(ValueRule::ControlInCookie, control));
    }
    let mut parts = value.split(|byte| *byte == b';');
    let pair = parts.next().and_then(Cookie::split).ok_or(ValueError::new(ValueRule::InvalidCookiePair, 0))?;
    if pair.name.len().saturating_add(pair.value.len()) > LONGEST {
        return Err(ValueError::new(ValueRule::CookieTooLong, LONGEST));
    }
    let mut cookie = SetCookie::from_bytes(pair.name, pair.value);
    for part in parts {
        let (name, value) = match part.iter().position(|byte| *byte == b'=').and_then(|at| part.split_at_checked(at)) {
            Some((name, value)) => (bytes::trim(name), bytes::trim(bytes::from(value, 1))),
            None => (bytes::trim(part), &[][..]),
        };
        if value.len() <= LONGEST_ATTRIBUTE {
            set_attribute(&mut cookie, name, value);
        }
    }
    Ok(cookie)
}

/// The attributes that are known, in the order of [`set_attribute`].
const ATTRIBUTES: [&[u8]; 8] =
    [b"Path", b"Domain", b"Expires", b"Max-Age", b"Secure", b"HttpOnly", b"SameSite", b"Partitioned"];

fn set_attribute<'b>(cookie: &mut SetCookie<'b>, name: &[u8], value: &'b [u8]) {
    match ATTRIBUTES.iter().position(|known| known.eq_ignore_ascii_case(name)) {
        Some(0) => cookie.path = Some(value).filter(|path| path.starts_with(b"/")),
        Some(1) => {
            let domain = value.strip_prefix(b".").unwrap_or(value);
            cookie.domain = Some(domain).filter(|domain| !domain.is_empty()).or(cookie.domain);
        }
        Some(2) => cookie.expires = cookie_date::parse(value).or(cookie.expires),
        Some(3) => cookie.max_age = max_age(value).or(cookie.max_age),
        Some(4) => cookie.is_secure = true,
        Some(5) => cookie.is_http_only = true,
        Some(6) => cookie.same_site = same_site(value),
        Some(7) => cookie.is_partitioned = true,
        _ => {}
    }
}

/// Seconds: what is negative is over, and what is beyond any number is as good as the largest.
fn max_age(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number = if digits.len() < value.len() { 0 } else { bytes::decimal(digits).unwrap_or(u64::MAX) };
    is_number.then_some(number)
}

/// What is not known is the client's default.
fn same_site(value: &[u8]) -> Option<SameSite> {
    let known: [(&[u8], SameSite); 3] =
        [(b"Lax", SameSite::Lax), (b"Strict", SameSite::Strict), (b"None", SameSite::None)];
    known.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(value)).map(|(_, same_site)| same_site)
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;

    const PLAIN: SetCookie<'static> = SetCookie::new("a", "b");

    #[test]
    fn attributes_are_read_as_clients_do() {
        let cases = [
            ("a=b", PLAIN),
            ("a=b;", PLAIN),
            (" a = b ;;", PLAIN),
            ("a=b; ; =; x; y=z", PLAIN),
            ("a=\"b c, d\\\"", PLAIN.with_value("\"b c, d\\\"")),
            ("a=b=c", PLAIN.with_value("b=c")),
            ("a=", PLAIN.with_value("")),
            ("a=b;secure=no", PLAIN.secure()),
            ("a=b; HTTPONLY ; Secure", PLAIN.http_only().secure()),
            ("a=b; Partitioned", PLAIN.partitioned()),
            ("a=b; path = /x ; Path=/y", PLAIN.with_path("/y")),
            ("a=b; Path=/x; Path=y", PLAIN),
            ("a=b; Path", PLAIN),
            ("a=b; Domain=.Example.org", PLAIN.with_domain("Example.org")),
            ("a=b; Domain=x; Domain=; Domain=.", PLAIN.with_domain("x")),
            ("a=b; Max-Age=60; Max-Age=x; max-age=", PLAIN.with_max_age(60)),
            ("a=b; Max-Age=-1", PLAIN.with_max_age(0)),
            ("a=b; Max-Age=-", PLAIN),
            ("a=b; Max-Age=+1", PLAIN),
            ("a=b; Max-Age=99999999999999999999", PLAIN.with_max_age(u64::MAX)),
            ("a=b; Expires=Sun, 06-Nov-94 08:49:37; Expires=x", PLAIN.with_expires(784_111_777)),
            ("a=b; SameSite=lax", PLAIN.with_same_site(SameSite::Lax)),
            ("a=b; SameSite=NONE", PLAIN.with_same_site(SameSite::None)),
            ("a=b; SameSite=Strict", PLAIN.with_same_site(SameSite::Strict)),
            ("a=b; SameSite=Strict; SameSite=Loose", PLAIN),
        ];
        for (text, expected) in cases {
            assert_eq!(SetCookie::parse(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn fields_that_clients_ignore() {
        let cases = [
            ("", ValueRule::InvalidCookiePair, 0),
            ("a", ValueRule::InvalidCookiePair, 0),
            ("; a=b", ValueRule::InvalidCookiePair, 0),
            (" =b", ValueRule::InvalidCookiePair, 0),
            ("a=b\0", ValueRule::ControlInCookie, 3),
            ("a=b; Path=/\n", ValueRule::ControlInCookie, 11),
        ];
        for (text, rule, offset) in cases {
            assert_eq!(SetCookie::parse(text.as_bytes()), Err(ValueError::new(rule, offset)), "{text}");
        }
    }

    #[test]
    fn bounds_are_those_of_6265bis() {
        let parse = |text: &str| SetCookie::parse(text.as_bytes()).map(|cookie| cookie.path.map(<[u8]>::len));
        let long = alloc::format!("a={}", "x".repeat(4095));
        assert_eq!(parse(&long), Ok(None));
        assert_eq!(parse(&(long + "x")).unwrap_err().rule, ValueRule::CookieTooLong);
        let path = alloc::format!("a=b; Path=/{}", "x".repeat(1023));
        assert_eq!(parse(&path), Ok(Some(1024)));
        assert_eq!(parse(&(path + "x")), Ok(None));
    }
}
