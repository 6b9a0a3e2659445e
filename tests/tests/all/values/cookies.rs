//! Cookies, beside cookie.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut::http::{CookieWriter, Cookies, HttpDate, SameSite, SetCookie};
use wirenut_tests::fuzz;

/// What a field may hold, mostly what cookies are made of.
fn field_value() -> impl Strategy<Value = String> {
    let piece = prop_oneof![4 => "[a-z0-9]{1,4}", 3 => "[;=]", 2 => "[ \t]{1,2}", 1 => "[!-~]"];
    vec(piece, 0..16).prop_map(|pieces| pieces.concat())
}

/// An attribute of which both crates think alike, where it comes once.
fn attribute() -> impl Strategy<Value = String> {
    let date = (0..4_000_000_000_u64).prop_map(|seconds| {
        let date = HttpDate::from_unix(seconds);
        format!("Expires={}", str::from_utf8(date.as_bytes()).expect("ASCII"))
    });
    prop_oneof![
        "[Pp]ath ?= ?/[a-z]{0,3}",
        "[Pp]ath=[a-z]{0,3}",
        "[Dd]omain= ?\\.?[a-z]{1,3}\\.[a-z]",
        "Domain=",
        "MAX-AGE=-?[0-9]{1,9}",
        "max-age=[a-z]{1,3}",
        "(Secure|secure|secure=no| HttpOnly |Partitioned|x|x=y| |=)",
        "SameSite=(lax|Strict|NONE)",
        "Expires=[a-z]{0,3}",
        date,
    ]
}

fn same_site(theirs: cookie::SameSite) -> SameSite {
    match theirs {
        cookie::SameSite::Strict => SameSite::Strict,
        cookie::SameSite::Lax => SameSite::Lax,
        cookie::SameSite::None => SameSite::None,
    }
}

/// Theirs as one of ours.
fn from_theirs<'c>(cookie: &'c cookie::Cookie<'_>) -> SetCookie<'c> {
    let is = |attribute: Option<bool>| attribute == Some(true);
    SetCookie {
        expires: cookie.expires_datetime().map(|time| time.unix_timestamp().try_into().unwrap_or(0)),
        max_age: cookie.max_age().map(|age| age.whole_seconds().try_into().expect("not negative")),
        domain: cookie.domain().map(str::as_bytes),
        // RFC 6265 §5.2.4: any other is that of the request.
        path: cookie.path().filter(|path| path.starts_with('/')).map(str::as_bytes),
        is_secure: is(cookie.secure()),
        is_http_only: is(cookie.http_only()),
        same_site: cookie.same_site().map(same_site),
        is_partitioned: is(cookie.partitioned()),
        ..SetCookie::new(cookie.name(), cookie.value())
    }
}

/// Name, value, domain, path, expiry and greatest age, the three flags, and SameSite.
type Sound = (String, String, Option<String>, Option<String>, [Option<u64>; 2], [bool; 3], Option<SameSite>);

/// One that may be written.
fn sound() -> impl Strategy<Value = Sound> {
    (
        "(__Host-|__Secure-)?[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,8}",
        "(\"[!#-+./0-9:<-\\[\\]-~-]{0,8}\"|[!#-+./0-9:<-\\[\\]-~-]{0,8})",
        of("[a-z0-9]{1,4}(\\.[a-z]{1,3}){0,2}"),
        of("/([ -:<-~]{0,6}[!-:<-~])?"),
        [of(0..253_402_300_799_u64), of(0..u64::MAX)],
        any::<[bool; 3]>(),
        of(select(vec![SameSite::Lax, SameSite::Strict, SameSite::None])),
    )
}

proptest! {
    #[test]
    fn cookies_keep_their_laws(data in prop_oneof![
        field_value().prop_map(String::into_bytes),
        vec(any::<u8>(), 0..60),
    ]) {
        fuzz::cookies(&data);
        fuzz::set_cookie(&data);
    }

    #[test]
    fn cookies_are_read_as_cookie_has_it(text in field_value()) {
        let ours = Cookies::parse(text.as_bytes()).into_iter().flatten().map(|cookie| (cookie.name, cookie.value));
        let theirs: Vec<_> = cookie::Cookie::split_parse(&text[..]).flatten().collect();
        let theirs = theirs.iter().map(|cookie| (cookie.name().as_bytes(), cookie.value().as_bytes()));
        prop_assert!(ours.eq(theirs), "{}", text);
    }

    #[test]
    fn cookies_are_read_back(pairs in vec(("[a-z_.]{1,6}", "[!-:<-~]{0,8}"), 0..5)) {
        let mut room = [0; 128];
        let mut writer = CookieWriter::new(&mut room);
        for (name, value) in &pairs {
            writer.cookie(name, value).unwrap();
        }
        let read = Cookies::parse(writer.finish()).into_iter().map(|cookie| cookie.unwrap());
        let read = read.map(|cookie| (cookie.name, cookie.value));
        prop_assert!(read.eq(pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()))));
    }

    #[test]
    fn set_cookie_is_read_as_cookie_has_it(pair in "[a-z =]{0,6}", attributes in vec(attribute(), 0..6)) {
        let kind = |attribute: &str| attribute.trim().split(['=', ' ']).next().map(str::to_ascii_lowercase);
        let kinds: Vec<_> = attributes.iter().map(|attribute| kind(attribute)).collect();
        let first = |at: &usize| !kinds[..*at].contains(&kinds[*at]);
        let once = (0..attributes.len()).filter(first).map(|at| format!(";{}", attributes[at]));
        let text = pair + &once.collect::<String>();
        match (SetCookie::parse(text.as_bytes()), cookie::Cookie::parse(&text[..])) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, from_theirs(&theirs), "{}", text),
            (ours, theirs) => prop_assert!(ours.is_err() && theirs.is_err(), "{}", text),
        }
    }

    /// It is read back as the same, by cookie, too.
    #[test]
    fn set_cookie_is_read_back((name, value, domain, path, [expires, max_age], flags, same_site) in sound()) {
        let [is_secure, is_http_only, is_partitioned] = flags;
        let cookie = SetCookie {
            expires,
            max_age,
            domain: domain.as_deref().map(str::as_bytes),
            path: path.as_deref().map(str::as_bytes),
            is_secure,
            is_http_only,
            same_site,
            is_partitioned,
            ..SetCookie::new(&name, &value)
        };
        let mut room = [0; 256];
        match cookie.write(&mut room) {
            Ok(text) => {
                prop_assert_eq!(SetCookie::parse(text), Ok(cookie));
                let theirs = cookie::Cookie::parse(str::from_utf8(text).expect("ASCII")).expect("a cookie");
                let max_age = max_age.map(|age| age.min(i64::MAX.unsigned_abs()));
                prop_assert_eq!(SetCookie { max_age, ..cookie }, from_theirs(&theirs));
            }
            // Only prefixes and security can be wrong.
            Err(error) => prop_assert!(error.rule.section().starts_with("RFC 6265bis"), "{}", error),
        }
    }
}
