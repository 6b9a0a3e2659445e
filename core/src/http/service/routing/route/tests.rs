extern crate alloc;
use super::*;
use crate::http::service::routing::methods::ALLOW_BYTES;

const fn route(pattern: &'static str) -> Route {
    Route::new(Methods::GET, pattern, "a pattern")
}

#[test]
fn patterns() {
    for good in ["/", "/a", "/a/", "//", "/:a", "/:a/:b", "/*a", "/a/:b_1/c/*d", "/a.b-c~d/@x!$&'()+,;=%20", "/:ab/:a"]
    {
        assert!(is_pattern(good.as_bytes()), "{good}");
    }
    for bad in [
        "", "a", "a/", ":a", "/:", "/*", "/:a:b", "/a:b", "/a*", "/*a/", "/*a/b", "/:a/:a", "/:a/*a", "/:a-b", "/a b",
        "/a?b", "/a#b", "/ä", "/a\"", "/a\\b", "/<a>", "/{a}", "/a\n",
    ] {
        assert!(!is_pattern(bad.as_bytes()), "{bad}");
    }
}

#[test]
fn what_covers_what() {
    for (first, second, covers) in [
        ("/a", "/a", true),
        ("/a", "/b", false),
        ("/a", "/a/", false),
        ("/a", "/ab", false),
        ("/ab", "/a", false),
        ("/:x", "/a", true),
        ("/:x", "/:y", true),
        ("/:x", "/", false),
        ("/:x", "/a/b", false),
        ("/:x", "/*y", false),
        ("/a", "/:x", false),
        ("/:x/b", "/a/b", true),
        ("/:x/b", "/a/c", false),
        ("/:x/b", "/:y/:z", false),
        ("/:x/:y", "/:y/b", true),
        ("/*x", "/", true),
        ("/*x", "/a/b", true),
        ("/*x", "/:y", true),
        ("/*x", "/*y", true),
        ("/a/*x", "/a", false),
        ("/a/*x", "/a/", true),
        ("/a/*x", "/:y/", false),
        ("/:x/*y", "/a/b/c", true),
        ("/:x/*y", "/*z", false),
        ("/:x/", "//", false),
    ] {
        assert_eq!(route(first).covers(&route(second)), covers, "{first} {second}");
    }
    let put = Route::new(Methods::PUT, "/a", "a pattern");
    let any = Route::new(Methods::ANY, "/a", "a pattern");
    assert!(!put.covers(&route("/a")) && any.covers(&put) && !put.covers(&any));
}

#[test]
fn methods_as_a_field_lists_them() {
    for (methods, allow) in [
        (Methods::NONE, "OPTIONS"),
        (Methods::GET, "GET, HEAD, OPTIONS"),
        (Methods::DELETE.with(Methods::POST), "POST, DELETE, OPTIONS"),
        (Methods::ANY, "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"),
    ] {
        assert_eq!(methods.allow(&mut [0; ALLOW_BYTES]), allow.as_bytes());
    }
}

#[test]
fn parameters_of_a_path() {
    for (pattern, path, name, value) in [
        ("/a/:x", "/a/1", "x", Some("1")),
        ("/a/:x", "/a/1", "y", None),
        ("/:x/b/:y", "/1/b/2", "y", Some("2")),
        ("/longer-than-a-word/*rest", "/longer-than-a-word/a/b", "rest", Some("a/b")),
        ("/longer-than-a-word/*rest", "/longer-than-a-word/", "rest", Some("")),
    ] {
        let found = parameter(pattern, path.as_bytes(), name);
        assert_eq!(found, value.map(str::as_bytes), "{pattern} {path} {name}");
    }
}

/// On a device it is only walked, and elsewhere its beginning is compared before.
#[test]
fn a_path_matches_whether_its_beginning_is_compared_or_walked() {
    let texts = ["", "/", "/a", "/a/", "/abcdef", "/abcdefg", "/abcdefgh", "/abcdefg/", "/abcdefgX/", "/a/b", "//"];
    let patterns: alloc::vec::Vec<_> = texts[1..]
        .iter()
        .flat_map(|text| ["", ":x", ":x/b", "*y"].map(|end| alloc::format!("{}/{end}", text.trim_end_matches('/'))))
        .collect();
    let mut matched = 0;
    for pattern in patterns {
        let pattern: &'static str = pattern.leak();
        for path in
            texts.iter().flat_map(|start| ["", "/", "b", "/b", "/b/c"].map(|end| alloc::format!("{start}{end}")))
        {
            let path = path.as_bytes();
            let is_walked = walk(pattern.as_bytes(), path, None).is_some();
            assert_eq!(route(pattern).matches(path, first_word(path)), is_walked, "{pattern} {}", path.escape_ascii());
            matched += usize::from(is_walked);
        }
    }
    assert!(matched > 100, "{matched}");
}
