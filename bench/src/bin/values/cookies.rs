//! Cookies, beside cookie.

use core::fmt::Write;
use core::hint::black_box;

use wirenut::http::{Cookies, SameSite, SetCookie};

use crate::row::{Contestant, Row, reused, sum};

const BROWSER: &str = "_ga=GA1.2.1234567890.1700000000; _gid=GA1.2.987654321.1700000001; \
    csrftoken=8Jd2kLq0ZyXw3vUt5sRn7pMo9iHg1fEd; sessionid=5c2f0a9e7b4d41c8a6e3f10b2d9c8e7f; lang=en-GB; theme=dark; \
    consent=analytics%3Atrue%7Cads%3Afalse; AWSALB=Yx3kQ0mB1t9Zc7Vf5Nn2Ll8Jj6Hh4Gg0Dd9Ss7Aa5Pp3Oo1Ii8Uu6Yy4Tt2Rr0";

const SET: &str = "sessionid=5c2f0a9e7b4d41c8a6e3f10b2d9c8e7f; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Max-Age=1209600; \
    Domain=example.org; Path=/; Secure; HttpOnly; SameSite=Lax";

const SHORT: &str = "sessionid=5c2f0a9e7b4d41c8a6e3f10b2d9c8e7f; Path=/; Secure; HttpOnly; SameSite=Lax";

/// The last byte of a Set-Cookie that is written: the order of attributes differs.
const LAST_OF_OURS: u64 = b'x' as u64;
const LAST_OF_THEIRS: u64 = b'/' as u64;

const SETTERS: &[Contestant] = &[
    Contestant {
        name: "wirenut",
        run: |input| {
            let cookie = SetCookie::parse(input.as_bytes()).expect("a cookie");
            sum(cookie.value)
                + sum(cookie.path.expect("a path"))
                + cookie.max_age.unwrap_or(0)
                + cookie.expires.unwrap_or(0)
        },
    },
    Contestant {
        name: "cookie",
        run: |input| {
            let cookie = cookie::Cookie::parse(input).expect("a cookie");
            let expires = cookie.expires_datetime().map_or(0, |time| time.unix_timestamp() as u64);
            let max_age = cookie.max_age().map_or(0, |age| age.whole_seconds() as u64);
            sum(cookie.value().as_bytes()) + sum(cookie.path().expect("a path").as_bytes()) + max_age + expires
        },
    },
];

pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "cookies, read",
        input: BROWSER,
        contestants: &[
            Contestant {
                name: "wirenut",
                run: |input| {
                    let cookies = Cookies::parse(input.as_bytes()).into_iter();
                    cookies
                        .map(|cookie| cookie.expect("a cookie"))
                        .map(|cookie| sum(cookie.name) + sum(cookie.value))
                        .sum()
                },
            },
            Contestant {
                name: "cookie",
                run: |input| {
                    let cookies = cookie::Cookie::split_parse(input).map(|cookie| cookie.expect("a cookie"));
                    cookies.map(|cookie| sum(cookie.name().as_bytes()) + sum(cookie.value().as_bytes())).sum()
                },
            },
        ],
    },
    Row { name: "Set-Cookie, read", input: SHORT, contestants: SETTERS },
    Row { name: "Set-Cookie with a date, read", input: SET, contestants: SETTERS },
    Row {
        name: "Set-Cookie, written",
        input: SHORT,
        contestants: &[
            Contestant {
                name: "wirenut",
                run: |input| {
                    const COOKIE: SetCookie<'static> = SetCookie::new("sessionid", "")
                        .with_path("/")
                        .secure()
                        .http_only()
                        .with_same_site(SameSite::Lax);
                    let mut room = [0; 128];
                    sum(COOKIE.with_value(&input[10..42]).write(&mut room).expect("a cookie"))
                },
            },
            Contestant {
                name: "cookie",
                run: |input| {
                    let cookie = cookie::Cookie::build(("sessionid", &input[10..42]));
                    let cookie = cookie.path("/").secure(true).http_only(true).same_site(cookie::SameSite::Lax);
                    // It begins and ends with the same, in another order.
                    reused(|out| write!(out, "{}", black_box(cookie.build())).expect("room")) - LAST_OF_THEIRS
                        + LAST_OF_OURS
                },
            },
        ],
    },
];
