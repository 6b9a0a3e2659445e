//! Status lines, field lines and the bounds of heads.

use wirenut::http::Rule::*;

use super::{Case, GET, ok};

const EMPTY: &[&str] = &["200 0."];

/// See [`super::Case`].
pub(super) const CASES: &[Case] = &[
    // Status lines.
    Case::accept("9112 4", "HTTP/1.1 200 OK↵Content-Length: 0↵↵", EMPTY).reads("OK", &[("Content-Length", "0")]),
    Case::accept("9112 4", "HTTP/1.1 200 ↵Content-Length: 0↵↵", EMPTY).reads("", &[("Content-Length", "0")]),
    Case::accept("9112 4", "HTTP/1.1 200  a␉b ↵Content-Length: 0↵↵", EMPTY).reads(" a\tb ", &[("Content-Length", "0")]),
    Case::accept("9112 4", "HTTP/1.1 200 é\u{80}\u{ff}↵Content-Length: 0↵↵", EMPTY)
        .reads("é\u{80}\u{ff}", &[("Content-Length", "0")]),
    Case::accept("9112 4", "HTTP/1.1 200 HTTP/1.1 500 X↵Content-Length: 0↵↵", EMPTY)
        .reads("HTTP/1.1 500 X", &[("Content-Length", "0")]),
    Case::accept("9110 15", "HTTP/1.1 599 a↵Content-Length: 0↵↵", &["599 0."]),
    Case::accept("9110 15", "HTTP/1.1 600 a↵Content-Length: 0↵↵", &["600 0."]),
    Case::accept("9110 15", "HTTP/1.1 999 a↵Content-Length: 0↵↵", &["999 0."]),
    Case::accept("9110 15", "HTTP/1.1 299 a↵Content-Length: 0↵↵", &["299 0."]),
    Case::refuse("9110 15", "HTTP/1.1 ‸099 a↵↵", InvalidStatusLine),
    Case::refuse("9110 15", "HTTP/1.1 ‸000 a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 20‸ a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 200‸0 a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 ‸-200 a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 ‸+20 a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 2‸x0 a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 20‸\u{b2} a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 200‸.1 a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 200‸␉a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1‸␉200 a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 ‸ 200 a↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 ‸OK↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1‸↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 ‸↵↵", InvalidStatusLine),
    // The phrase may be empty, its space is there (RFC 9112 §4).
    Case::refuse("9112 4", "HTTP/1.1 200‸↵Content-Length: 0↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 200 a‸␀b↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 200 a‸␡↵↵", InvalidStatusLine),
    Case::refuse("9112 4", "HTTP/1.1 200 ‸\u{1b}[31m↵↵", InvalidStatusLine),
    Case::refuse("9112 2.2", "HTTP/1.1 200 a␍‸b↵↵", BareCarriageReturn),
    Case::refuse("9112 2.2", "HTTP/1.1 200 a␍‸␍␊↵", BareCarriageReturn),
    Case::refuse("9112 2.2", "HTTP/1.1 200 a‸␊Content-Length: 0␊␊", BareLineFeed),
    Case::refuse("9112 2.2", "HTTP/1.1 200‸␊↵", BareLineFeed),
    // Versions. A higher minor one is read as 1.1 (RFC 9110 §2.5).
    Case::accept("9112 2.3", "HTTP/1.0 200 OK↵Content-Length: 0↵↵", EMPTY).closes(),
    Case::accept("9110 2.5", "HTTP/1.2 200 OK↵Content-Length: 0↵↵", EMPTY),
    Case::accept("9110 2.5", "HTTP/1.9 200 OK↵Transfer-Encoding: chunked↵↵0↵↵", &["200 chunked."]),
    Case::refuse("9112 2.3", "HTTP/‸2.0 200 OK↵↵", UnsupportedVersion),
    Case::refuse("9112 2.3", "HTTP/‸0.9 200 OK↵↵", UnsupportedVersion),
    Case::refuse("9112 2.3", "HTTP/‸3.1 200 OK↵↵", UnsupportedVersion),
    Case::refuse("9112 2.3", "HTTP/‸2 200 ↵↵", UnsupportedVersion),
    Case::refuse("9112 2.3", "HTTP/1.1‸0 200 OK↵↵", InvalidStatusLine),
    Case::refuse("9112 2.3", "HTTP/1‸1 200 OK↵↵", InvalidVersion),
    Case::refuse("9112 2.3", "HTTP/1‸,1 200 OK↵↵", InvalidVersion),
    Case::refuse("9112 2.3", "HTTP‸ 200 OK↵↵", InvalidVersion),
    Case::refuse("9112 2.3", "‸http/1.1 200 OK↵↵", InvalidVersion),
    Case::refuse("9112 2.3", "‸ICY 200 OK↵↵", InvalidVersion),
    // HTTP/0.9 has no head, and is not spoken.
    Case::refuse("9112 2.3", "‸<html>hello</html>↵", InvalidVersion),
    // Empty lines may stand before requests only (RFC 9112 §2.2).
    Case::refuse("9112 2.2", "‸↵HTTP/1.1 200 OK↵Content-Length: 0↵↵", InvalidVersion),
    Case::refuse("9112 2.2", "‸␊HTTP/1.1 200 OK↵Content-Length: 0↵↵", BareLineFeed),
    Case::refuse("9112 2.2", "‸ HTTP/1.1 200 OK↵Content-Length: 0↵↵", InvalidVersion),
    Case::refuse("9112 2.2", "‸\u{ef}\u{bb}\u{bf}HTTP/1.1 200 OK↵Content-Length: 0↵↵", InvalidVersion),
    // Field lines.
    Case::accept("9112 5", ok!("A:␉ b c ␉↵B:↵B: ↵Content-Length:0↵↵"), EMPTY)
        .reads("OK", &[("A", "b c"), ("B", ""), ("B", ""), ("Content-Length", "0")]),
    Case::accept("9110 5.5", ok!("A: é\u{80}\u{ff}␉x↵Content-Length: 0↵↵"), EMPTY)
        .reads("OK", &[("A", "é\u{80}\u{ff}\tx"), ("Content-Length", "0")]),
    Case::accept("9110 5.1", ok!("!#$%&'*+-.^_`|~0: a↵Content-Length: 0↵↵"), EMPTY)
        .reads("OK", &[("!#$%&'*+-.^_`|~0", "a"), ("Content-Length", "0")]),
    Case::accept("9112 5", ok!("A: b:c: d↵Content-Length: 0↵↵"), EMPTY)
        .reads("OK", &[("A", "b:c: d"), ("Content-Length", "0")]),
    // What a request must not hold means nothing in a response.
    Case::accept("9110 7.2", ok!("Host: a↵Host: b c↵Expect: x↵Content-Length: 0↵↵"), EMPTY),
    Case::refuse("9112 5.1", ok!("A‸ : b↵↵"), SpaceBeforeColon),
    Case::refuse("9112 5.1", ok!("A‸␉: b↵↵"), SpaceBeforeColon),
    Case::refuse("9112 5.1", ok!("Content-Length‸ : 0↵↵"), SpaceBeforeColon),
    Case::refuse("9112 5", ok!("‸: b↵↵"), InvalidFieldName),
    Case::refuse("9112 5", ok!("A‸↵↵"), MissingColon),
    Case::refuse("9110 5.1", ok!("A‸(b): c↵↵"), InvalidFieldName),
    Case::refuse("9110 5.1", ok!("A‸é: c↵↵"), InvalidFieldName),
    Case::refuse("9110 5.1", ok!("A‸␀: c↵↵"), InvalidFieldName),
    Case::refuse("9112 5.2", ok!("‸ A: b↵↵"), ObsoleteLineFolding),
    Case::refuse("9112 5.2", ok!("A: b↵‸ c↵↵"), ObsoleteLineFolding),
    Case::refuse("9112 5.2", ok!("A: b↵‸␉c↵↵"), ObsoleteLineFolding),
    Case::refuse("9112 5.2", ok!("A: b↵‸ ↵↵"), ObsoleteLineFolding),
    Case::refuse("9112 5.2", ok!("Content-Length: 1↵‸ 0↵↵a"), ObsoleteLineFolding),
    Case::refuse("9112 2.2", ok!("A: b‸␊C: d↵↵"), BareLineFeed),
    Case::refuse("9112 2.2", ok!("A: b↵‸␊"), BareLineFeed),
    Case::refuse("9112 2.2", ok!("A: b␍‸C: d↵↵"), BareCarriageReturn),
    Case::refuse("9112 2.2", ok!("A: b␍‸␍␊↵"), BareCarriageReturn),
    Case::refuse("9112 2.2", ok!("A: b↵␍‸C: d↵↵"), BareCarriageReturn),
    Case::refuse("9112 2.2", ok!("A‸␍: d↵↵"), MissingColon),
    Case::refuse("9110 5.5", ok!("A: b‸␀c↵↵"), InvalidFieldValue),
    Case::refuse("9110 5.5", ok!("A: b‸␡↵↵"), InvalidFieldValue),
    Case::refuse("9110 5.5", ok!("A: ‸\u{c}↵↵"), InvalidFieldValue),
    // Bounds. Exactly 64 bytes, and one more; without a line end at all; in the status line.
    Case::accept("9112 4", ok!("Content-Length: 0↵X: 345678901234567890123↵↵"), EMPTY).small(),
    Case::refuse("9112 4", ok!("Content-Length: 0↵X: 3456789012345678901234↵␍‸␊"), HeadTooLarge).small(),
    Case::refuse("9112 4", ok!("X: 34567890123456789012345678901234567890123456‸78"), HeadTooLarge).small(),
    Case::refuse("9112 4", "HTTP/1.1 200 345678901234567890123456789012345678901234567890123‸4", HeadTooLarge).small(),
    Case::refuse("9112 4", "HTTP/1.1 200 34567890123456789012345678901234567890123456789012␍‸␊", HeadTooLarge).small(),
    // What is wrong within the bound is wrong also where no line end comes.
    Case::refuse("9112 4", "‸xTTP/1.1 200 456789012345678901234567890123456789012345678901234567890", InvalidVersion)
        .small(),
    Case::accept("9112 5", ok!("Content-Length: 0↵B: c↵C: d↵↵"), EMPTY).small(),
    Case::refuse("9112 5", ok!("Content-Length: 0↵B: c↵C: d↵‸E: f↵↵"), TooManyFields).small(),
    // Interim responses count, and their fields do.
    Case::refuse("9110 15.2", "HTTP/1.1 100 ↵A: b↵↵‖HTTP/1.1 200 ↵C: d↵‸E: f↵↵", TooManyFields).after(&["100"]).small(),
    Case::refuse("9110 15.2", "HTTP/1.1 100 ↵↵HTTP/1.1 100 ↵↵HTTP/1.1 100 ↵↵‖HTTP/1.1 100 ↵‸↵", TooManyFields)
        .after(&["100"; 3])
        .small(),
    // Cut off.
    Case::refuse("9112 9.3.1", "‸", Unanswered).ended().again(1),
    Case::refuse("9112 9.3.1", "‸", Unanswered).to(&[GET, GET]).ended().again(2),
    Case::refuse("9112 8", "H", Truncated).ended(),
    Case::refuse("9112 8", "HTTP/1.1 200 OK", Truncated).ended(),
    Case::refuse("9112 8", "HTTP/1.1 200 OK↵", Truncated).ended(),
    Case::refuse("9112 8", "HTTP/1.1 200 OK↵Content-Length: 0↵␍", Truncated).ended(),
];
