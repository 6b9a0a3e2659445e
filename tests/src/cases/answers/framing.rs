//! How long a response is: RFC 9112 §6.3, in its order.

use wirenut::http::Rule::*;

use super::{CONNECT, Case, GET, HEAD, POST, UPGRADE, ok};

/// See [`super::Case`].
pub(super) const CASES: &[Case] = &[
    // 1. HEAD, 1xx, 204 and 304 have no content, whatever the fields say.
    Case::accept("9112 6.3", ok!("Content-Length: 5↵↵"), &["200 0."]).to(&[HEAD]),
    Case::accept("9112 6.3", ok!("Transfer-Encoding: chunked↵↵"), &["200 0."]).to(&[HEAD]),
    Case::accept("9112 6.3", ok!("↵"), &["200 0."]).to(&[HEAD]),
    Case::accept("9112 6.3", "HTTP/1.1 404 No↵Content-Length: 5↵↵", &["404 0."]).to(&[HEAD]),
    Case::accept("9112 6.3", "HTTP/1.0 200 OK↵↵", &["200 0."]).to(&[HEAD]).closes(),
    Case::accept("9112 6.3", ok!("Transfer-Encoding: gzip↵↵"), &["200 0."]).to(&[HEAD]),
    // Longer than any content may be: it does not come.
    Case::accept("9112 6.3", ok!("Content-Length: 99999999↵↵"), &["200 0."]).to(&[HEAD]).small(),
    Case::refuse("9112 9.2", ok!("Content-Length: 5↵↵‖‸hello"), UnsolicitedResponse).to(&[HEAD]).after(&["200 0."]),
    Case::accept("9112 6.3", "HTTP/1.1 204 No↵↵", &["204 0."]),
    Case::accept("9112 6.3", "HTTP/1.1 204 No↵Content-Length: 5↵↵", &["204 0."]),
    Case::accept("9112 6.3", "HTTP/1.1 204 No↵Transfer-Encoding: chunked↵↵", &["204 0."]),
    Case::refuse("9112 9.2", "HTTP/1.1 204 No↵Content-Length: 5↵↵‖‸hello", UnsolicitedResponse).after(&["204 0."]),
    Case::accept("9112 6.3", "HTTP/1.1 304 Same↵Content-Length: 5↵↵", &["304 0."]),
    Case::accept("9112 6.3", "HTTP/1.1 304 Same↵Transfer-Encoding: chunked↵↵", &["304 0."]),
    Case::accept("9112 6.3", "HTTP/1.1 304 Same↵Connection: close↵↵", &["304 0."]).closes(),
    // 205 has no content of its own accord (RFC 9110 §15.3.6): it is framed as any other.
    Case::accept("9110 15.3.6", "HTTP/1.1 205 Reset↵Content-Length: 0↵↵", &["205 0."]),
    Case::accept("9110 15.3.6", "HTTP/1.1 205 Reset↵Transfer-Encoding: chunked↵↵0↵↵", &["205 chunked."]),
    Case::accept("9110 15.3.6", "HTTP/1.1 205 Reset↵↵", &["205 close"]),
    // What frames is checked also where it frames nothing.
    Case::refuse("9110 8.6", "HTTP/1.1 204 No↵Content-Length: ‸x↵↵", InvalidContentLength),
    Case::refuse("9110 8.6", "HTTP/1.1 304 Same↵Content-Length: ‸-1↵↵", InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: 5↵Content-Length‸: 6↵↵"), DuplicateContentLength).to(&[HEAD]),
    Case::refuse("9112 6.1", ok!("Content-Length: 5↵Transfer-Encoding‸: chunked↵↵"), ContentLengthWithTransferEncoding)
        .to(&[HEAD]),
    // 2. A 2xx to CONNECT is the beginning of a tunnel; its fields frame nothing.
    Case::accept("9110 9.3.6", ok!("↵"), &["200 tunnel"]).to(&[CONNECT]),
    Case::accept("9110 9.3.6", ok!("↵HTTP/1.1 404 No↵↵"), &["200 tunnel HTTP/1.1 404 No\\r\\n\\r\\n"]).to(&[CONNECT]),
    Case::accept("9110 9.3.6", ok!("Content-Length: 2↵↵hello"), &["200 tunnel hello"]).to(&[CONNECT]),
    Case::accept("9110 9.3.6", ok!("Transfer-Encoding: chunked↵↵5↵hello↵"), &["200 tunnel 5\\r\\nhello\\r\\n"])
        .to(&[CONNECT]),
    Case::accept("9110 9.3.6", "HTTP/1.0 200 Connection established↵↵\u{16}\u{3}", &["200 tunnel \\x16\\x03"])
        .to(&[CONNECT]),
    Case::accept("9110 9.3.6", "HTTP/1.1 204 No↵↵hello", &["204 tunnel hello"]).to(&[CONNECT]),
    Case::accept("9110 9.3.6", ok!("Content-Length: 2↵Transfer-Encoding: chunked↵↵hello"), &["200 tunnel hello"])
        .to(&[CONNECT]),
    Case::accept("9110 9.3.6", ok!("Content-Length: x↵Content-Length: y↵Transfer-Encoding:↵↵"), &["200 tunnel"])
        .to(&[CONNECT]),
    Case::refuse("9112 6.3", "HTTP/1.1 300 Many↵Content-Length: ‸x↵↵", InvalidContentLength).to(&[CONNECT]),
    Case::accept("9110 9.3.6", "HTTP/1.1 299 Fine↵↵hello", &["299 tunnel hello"]).to(&[CONNECT]),
    Case::accept("9110 9.3.6", "HTTP/1.1 407 Who↵Content-Length: 2↵↵no", &["407 2 no."]).to(&[CONNECT]),
    Case::accept("9110 9.3.6", "HTTP/1.1 502 No↵↵no", &["502 close no."]).to(&[CONNECT]).ended().closes(),
    Case::accept("9110 9.3.6", "HTTP/1.1 300 Many↵Transfer-Encoding: chunked↵↵0↵↵", &["300 chunked."]).to(&[CONNECT]),
    // 3. Both: refused, not repaired.
    Case::refuse(
        "9112 6.3",
        ok!("Transfer-Encoding: chunked↵Content-Length‸: 5↵↵0↵↵"),
        ContentLengthWithTransferEncoding,
    ),
    Case::refuse(
        "9112 6.3",
        ok!("Content-Length: 0↵A: b↵Transfer-Encoding‸: chunked↵↵0↵↵"),
        ContentLengthWithTransferEncoding,
    ),
    Case::refuse("9112 6.3", ok!("Content-Length: 5↵Transfer-Encoding‸: gzip↵↵"), ContentLengthWithTransferEncoding),
    Case::refuse(
        "9112 6.3",
        ok!("Content-Length: 5↵Transfer-Encoding‸: identity↵↵"),
        ContentLengthWithTransferEncoding,
    ),
    // 4. Transfer codings: chunked is the last, or the connection's end is the content's.
    Case::accept("9112 6.3", ok!("Transfer-Encoding: chunked↵↵5↵hello↵0↵↵"), &["200 chunked hello."]),
    Case::accept("9112 7", ok!("transfer-ENCODING:␉CHUNKED ␉↵↵0↵↵"), &["200 chunked."]),
    Case::accept("9112 6.3", ok!("Transfer-Encoding: gzip↵↵x"), &["200 close x"]),
    Case::accept("9112 6.3", ok!("Transfer-Encoding: gzip↵↵x"), &["200 close x."]).ended().closes(),
    Case::accept("9112 6.3", ok!("Transfer-Encoding: identity↵↵0↵↵"), &["200 close 0\\r\\n\\r\\n"]),
    Case::accept("9112 6.3", ok!("Transfer-Encoding: xchunked↵↵0↵↵"), &["200 close 0\\r\\n\\r\\n"]),
    Case::refuse("9112 7.1", ok!("Transfer-Encoding: chunked‸;a=b↵↵0↵↵"), InvalidTransferEncoding),
    Case::accept("9110 5.6.4", ok!("Transfer-Encoding: a;b=\"c, \\\"d\"↵↵0↵↵"), &["200 close 0\\r\\n\\r\\n"]),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: gzip, chunked↵‸↵0↵↵"), UnknownTransferCoding),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: gzip↵Transfer-Encoding: chunked↵‸↵0↵↵"), UnknownTransferCoding),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: chunked‸, gzip↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: chunked‸, identity↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: chunked‸, chunked↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: chunked↵Transfer-Encoding‸: chunked↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: chunked‸,↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: ‸,chunked↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding:‸↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: x ‸chunked↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", ok!("Transfer-Encoding: ‸\"chunked\"↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9110 5.5", ok!("Transfer-Encoding: ‸\u{b}chunked↵↵0↵↵"), InvalidFieldValue),
    Case::refuse("9112 5.2", ok!("Transfer-Encoding:‸↵ chunked↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", "HTTP/1.0 200 OK↵Transfer-Encoding‸: chunked↵↵0↵↵", TransferEncodingInHttp10),
    Case::refuse("9112 6.1", "HTTP/1.0 200 OK↵Transfer-Encoding‸: gzip↵↵", TransferEncodingInHttp10),
    // 5. A Content-Length that is none.
    Case::refuse("9112 6.3", ok!("Content-Length: ‸↵↵"), InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: ‸+5↵↵hello"), InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: ‸-1↵↵"), InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: 0‸x5↵↵hello"), InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: 5 ‸5↵↵hello"), InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: 5‸;a↵↵hello"), InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: ‸five↵↵hello"), InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: 1844674407370955161‸6↵↵"), InvalidContentLength),
    // Twice is refused, equal or not, in one line or in two.
    Case::refuse("9112 6.3", ok!("Content-Length: 5‸, 5↵↵hello"), InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: 5‸, 6↵↵hello"), InvalidContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: 5↵Content-Length‸: 5↵↵hello"), DuplicateContentLength),
    Case::refuse("9112 6.3", ok!("Content-Length: 5↵content-length‸: 0↵↵hello"), DuplicateContentLength),
    Case::refuse("9112 6.3", "HTTP/1.0 200 OK↵Content-Length: 5↵Content-Length‸: 0↵↵hello", DuplicateContentLength),
    Case::accept("9112 6.3", ok!("Content_Length: 9↵Content-Length: 5↵Content-Length-X: 9↵↵hello"), &["200 5 hello."]),
    // 6. A Content-Length.
    Case::accept("9112 6.3", ok!("Content-Length: 5↵↵hello"), &["200 5 hello."]),
    Case::accept("9112 6.3", ok!("Content-Length: 5↵↵hel"), &["200 5 hel"]),
    Case::accept("9112 6.3", ok!("content-LENGTH:0005↵↵hello"), &["200 5 hello."]),
    Case::accept("9112 6.3", ok!("Content-Length:␉ 5 ␉↵↵␀␡é␊a"), &["200 5 \\x00\\x7f\\xe9\\na."]),
    Case::accept("9112 6.3", "HTTP/1.1 500 Oh↵Content-Length: 2↵↵no", &["500 2 no."]).to(&[POST]),
    Case::accept("9112 6.3", "HTTP/1.1 302 Go↵Content-Length: 2↵Location: /↵↵no", &["302 2 no."]),
    // Content that looks like a head.
    Case::accept("9112 6.3", ok!("Content-Length: 20↵↵HTTP/1.1 500 X↵a: b"), &["200 20 HTTP/1.1 500 X\\r\\na: b."]),
    // 8. Neither: all that comes.
    Case::accept("9112 6.3", ok!("↵hello"), &["200 close hello"]),
    Case::accept("9112 6.3", ok!("↵hello"), &["200 close hello."]).ended().closes(),
    Case::accept("9112 6.3", ok!("↵"), &["200 close."]).ended().closes(),
    Case::accept("9112 6.3", "HTTP/1.0 200 OK↵↵hello", &["200 close hello."]).ended().closes(),
    Case::accept("9112 6.3", ok!("Connection: keep-alive↵↵hello"), &["200 close hello."]).ended().closes(),
    Case::accept("9112 6.3", ok!("↵HTTP/1.1 200 OK↵↵"), &["200 close HTTP/1.1 200 OK\\r\\n\\r\\n"]),
    Case::accept("9112 6.3", "HTTP/1.1 404 No↵↵no", &["404 close no."]).to(&[UPGRADE]).ended().closes(),
    Case::refuse("9112 9.3.1", ok!("↵hello‖‸"), Unanswered)
        .to(&[GET, GET])
        .after(&["200 close hello."])
        .ended()
        .again(1),
    // Bounds: ten bytes of content.
    Case::accept("9110 8.6", ok!("Content-Length: 10↵↵hellohello"), &["200 10 hellohello."]).small(),
    Case::refuse("9110 8.6", ok!("Content-Length: 11↵‸↵hellohello!"), BodyTooLarge).small(),
    Case::refuse("9110 8.6", ok!("Content-Length: 18446744073709551615↵‸↵"), BodyTooLarge),
    Case::accept("9112 6.3", ok!("↵hellohello"), &["200 close hellohello."]).small().ended().closes(),
    Case::refuse("9112 6.3", ok!("↵hellohello‸!"), BodyTooLarge).small().after(&["200 close hellohello"]),
    // Cut off.
    Case::refuse("9112 8", ok!("Content-Length: 5↵↵‸"), Truncated).after(&["200 5"]).ended(),
    Case::refuse("9112 8", ok!("Content-Length: 5↵↵hell‸"), Truncated).after(&["200 5 hell"]).ended(),
    Case::refuse("9112 8", "HTTP/1.0 200 OK↵Content-Length: 5↵↵hell‸", Truncated).after(&["200 5 hell"]).ended(),
    Case::refuse("9112 8", ok!("Content-Length: 5↵↵hell‸"), Truncated)
        .to(&[GET, GET])
        .after(&["200 5 hell"])
        .ended()
        .again(1),
    Case::accept("9112 8", ok!("Content-Length: 5↵↵hello"), &["200 5 hello."]).ended().closes(),
];
