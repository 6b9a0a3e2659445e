//! Expectations, pipelines, persistence, and how responses end.

use wirenut::http::Disposition::{Abort, ShutdownWrite};
use wirenut::http::Rule::*;

use super::{Case, post};

const GET: &[&str] = &["GET / 1.1 0."];
const GET10: &[&str] = &["GET / 1.0 0."];
const HELLO: &[&str] = &["POST / 1.1 5 hello."];

/// See [`super::Case`].
pub(super) const CASES: &[Case] = &[
    // Expectations.
    Case::accept("9110 10.1.1", post!("Content-Length: 5↵Expect: 100-continue↵↵hello"), HELLO),
    Case::accept("9110 10.1.1", post!("Content-Length: 5↵expect: 100-Continue↵↵hello"), HELLO),
    Case::accept("9110 10.1.1", post!("Expect: 100-continue↵↵"), &["POST / 1.1 0."]),
    Case::refuse("9110 10.1.1", post!("Expect: ‸200-ok↵↵"), UnknownExpectation),
    Case::refuse("9110 10.1.1", post!("Expect: 100-continue‸, a↵↵"), UnknownExpectation),
    Case::refuse("9110 10.1.1", post!("Expect:‸↵↵"), UnknownExpectation),
    Case::accept("9110 10.1.1", "POST / HTTP/1.0↵Expect: a↵Content-Length: 5↵↵hello", &["POST / 1.0 5 hello."])
        .leaves(ShutdownWrite),
    Case::accept(
        "9110 10.1.1",
        post!("Expect: 100-continue↵Transfer-Encoding: chunked↵↵0↵↵"),
        &["POST / 1.1 chunked."],
    ),
    Case::accept("9110 10.1.1", post!("Expect: 100-continue↵Expect: 100-continue↵Content-Length: 5↵↵hello"), HELLO),
    Case::accept(
        "9110 10.1.1",
        "GET / HTTP/1.1↵Host: a↵Expect: 100-continue↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["GET / 1.1 0.", "GET / 1.1 0."],
    ),
    Case::refuse("9110 10.1.1", post!("Expect: 100-continue‸;a=b↵↵"), UnknownExpectation),
    Case::refuse("9110 10.1.1", post!("Expect: ‸\"100-continue\"↵↵"), UnknownExpectation),
    Case::refuse("9110 10.1.1", post!("Expect: 100-continue↵Expect: ‸a↵↵"), UnknownExpectation),
    // Pipelines.
    Case::accept(
        "9112 9.3.2",
        "GET /1 HTTP/1.1↵Host: a↵↵GET /2 HTTP/1.1↵Host: a↵↵GET /3 HTTP/1.1↵Host: a↵↵",
        &["GET /1 1.1 0.", "GET /2 1.1 0.", "GET /3 1.1 0."],
    ),
    Case::accept(
        "9112 9.3.2",
        "POST / HTTP/1.1↵Host: a↵Content-Length: 5↵↵helloGET / HTTP/1.1↵Host: a↵↵",
        &["POST / 1.1 5 hello.", "GET / 1.1 0."],
    ),
    Case::accept(
        "9112 2.2",
        "POST / HTTP/1.1↵Host: a↵Content-Length: 5↵↵hello↵GET / HTTP/1.1↵Host: a↵↵",
        &["POST / 1.1 5 hello.", "GET / 1.1 0."],
    ),
    Case::accept(
        "9112 9.3.2",
        "POST / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵1↵a↵0↵A: b↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["POST / 1.1 chunked a. A: b", "GET / 1.1 0."],
    ),
    // A cut trailer section says nothing about the head behind it.
    Case::refuse(
        "9112 9.3.2",
        "POST / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵0↵Trail: er↵Second: one↵↵‖‸(bad) / HTTP/1.1↵Host: a↵↵",
        InvalidMethod,
    )
    .after(&["POST / 1.1 chunked. Trail: er Second: one"]),
    Case::refuse("9112 9.3.2", "GET / HTTP/1.1↵Host: a↵↵‖GET /‸␀ HTTP/1.1↵↵", InvalidTarget).after(GET),
    Case::refuse("9112 9.3.2", "GET / HTTP/1.1↵Host: a↵↵‖GET / HTTP/1.1↵‸↵", MissingHost).after(GET),
    Case::refuse("9112 9.3.2", "POST / HTTP/1.1↵Host: a↵Content-Length: 3↵↵abc‖‸\u{1}↵", InvalidMethod)
        .after(&["POST / 1.1 3 abc."]),
    Case::refuse("9112 8", "GET / HTTP/1.1↵Host: a↵↵‖GET / HT", Truncated).after(GET).ended(),
    // Whatever is behind a request that is the last one is not looked at.
    Case::accept("9112 9.6", "GET / HTTP/1.1↵Host: a↵Connection: close↵↵GET / HTTP/1.1↵Host: a↵↵", GET)
        .leaves(ShutdownWrite),
    // Persistence.
    Case::accept("9112 9.3", "GET / HTTP/1.1↵Host: a↵Connection: close↵↵", GET).leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.1↵Host: a↵Connection: CLOSE↵↵", GET).leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.1↵Host: a↵Connection: a,␉Close , b↵↵", GET).leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.1↵Host: a↵Connection: a↵Connection: close↵↵", GET).leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.1↵Host: a↵Connection: keep-alive, close↵↵", GET).leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.1↵Host: a↵Connection: keep-alive↵↵", GET),
    Case::accept("9112 9.3", "GET / HTTP/1.1↵Host: a↵Connection: closed↵↵", GET),
    Case::accept("9112 9.3", "GET / HTTP/1.1↵Host: a↵Connection:↵↵", GET),
    Case::accept("9110 5.6.1", "GET / HTTP/1.1↵Host: a↵Connection: , ,␉close,↵↵", GET).leaves(ShutdownWrite),
    Case::accept("9110 5.6.4", "GET / HTTP/1.1↵Host: a↵Connection: \"close\"↵↵", GET),
    Case::accept("9112 9.3", "GET / HTTP/1.1↵Host: a↵Proxy-Connection: close↵↵", GET),
    Case::accept("9112 9.3", "GET / HTTP/1.2↵Host: a↵Connection: close↵↵", GET).leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.0↵Proxy-Connection: keep-alive↵↵", GET10).leaves(ShutdownWrite),
    Case::accept(
        "9112 9.3",
        "POST / HTTP/1.0↵Connection: keep-alive↵Content-Length: 2↵↵hiGET / HTTP/1.1↵Host: a↵↵",
        &["POST / 1.0 2 hi.", "GET / 1.1 0."],
    ),
    Case::accept("9112 9.3", "GET / HTTP/1.0↵↵", GET10).leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.0↵Connection: close↵↵", GET10).leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.0↵Connection: keep-alive↵↵", GET10),
    Case::accept("9112 9.3", "GET / HTTP/1.0↵Connection: a, KEEP-Alive↵↵", GET10),
    Case::accept("9112 9.3", "GET / HTTP/1.0↵Connection: keep-alive↵Connection: close↵↵", GET10).leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.0↵Connection: keep-alive, close↵↵GET / HTTP/1.0↵↵", GET10)
        .leaves(ShutdownWrite),
    Case::accept("9112 9.3", "GET / HTTP/1.0↵Connection: keep-alive↵↵GET / HTTP/1.0↵↵", &["GET / 1.0 0."; 2])
        .leaves(ShutdownWrite),
    Case::accept("9112 9.6", "GET /close HTTP/1.1↵Host: a↵↵", &["GET /close 1.1 0"]).leaves(ShutdownWrite),
    Case::accept("9112 9.6", "GET /close HTTP/1.1↵Host: a↵↵GET / HTTP/1.1↵↵", &["GET /close 1.1 0"])
        .leaves(ShutdownWrite),
    // Responses without content.
    Case::accept("9112 6.3", "HEAD / HTTP/1.1↵Host: a↵↵GET / HTTP/1.1↵Host: a↵↵", &["HEAD / 1.1 0.", "GET / 1.1 0."]),
    Case::accept(
        "9112 6.3",
        "HEAD /unknown HTTP/1.1↵Host: a↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["HEAD /unknown 1.1 0", "GET / 1.1 0."],
    ),
    Case::accept(
        "9112 6.3",
        "HEAD /big HTTP/1.1↵Host: a↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["HEAD /big 1.1 0", "GET / 1.1 0."],
    ),
    Case::accept(
        "9112 6.3",
        "GET /no-content HTTP/1.1↵Host: a↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["GET /no-content 1.1 0", "GET / 1.1 0."],
    )
    .codes(&[204, 200]),
    Case::accept(
        "9112 6.3",
        "GET /not-modified HTTP/1.1↵Host: a↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["GET /not-modified 1.1 0", "GET / 1.1 0."],
    )
    .codes(&[304, 200]),
    // Responses of unknown length.
    Case::accept(
        "9112 6.3",
        "GET /unknown HTTP/1.1↵Host: a↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["GET /unknown 1.1 0.", "GET / 1.1 0."],
    ),
    Case::accept("9112 6.3", "GET /unknown HTTP/1.0↵↵", &["GET /unknown 1.0 0."]).leaves(ShutdownWrite),
    Case::accept("9112 6.3", "GET /unknown HTTP/1.0↵Connection: keep-alive↵↵", &["GET /unknown 1.0 0."])
        .leaves(ShutdownWrite),
    Case::accept("9112 6.3", "HEAD /unknown HTTP/1.0↵Connection: keep-alive↵↵", &["HEAD /unknown 1.0 0"]),
    // Trailer fields where the client can take them; it is still there for the next request.
    Case::accept(
        "9112 7.1.2",
        "GET /trailers HTTP/1.1↵Host: a↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["GET /trailers 1.1 0.", "GET / 1.1 0."],
    ),
    Case::accept(
        "9112 7.1.2",
        "HEAD /trailers HTTP/1.1↵Host: a↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["HEAD /trailers 1.1 0.", "GET / 1.1 0."],
    ),
    Case::accept("9112 7.1.2", "GET /trailers HTTP/1.0↵↵", &["GET /trailers 1.0 0."]).leaves(ShutdownWrite),
    // Interim responses.
    Case::accept("9110 15.2", "GET /interim HTTP/1.1↵Host: a↵↵", &["GET /interim 1.1 0"]).codes(&[103, 200]),
    Case::accept("9110 15.2", "GET /interim HTTP/1.0↵↵", &["GET /interim 1.0 0"]).leaves(ShutdownWrite),
    // Answers that do not wait for the content.
    Case::accept(
        "9112 9.3",
        "POST /early HTTP/1.1↵Host: a↵Content-Length: 5↵↵helloGET / HTTP/1.1↵Host: a↵↵",
        &["POST /early 1.1 5", "GET / 1.1 0."],
    ),
    Case::accept(
        "9112 9.3",
        "POST /early HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵5↵hello↵0↵A: b↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["POST /early 1.1 chunked", "GET / 1.1 0."],
    ),
    Case::accept(
        "9112 9.6",
        "POST /early HTTP/1.1↵Host: a↵Content-Length: 5↵↵helloGET / HTTP/1.1↵Host: a↵↵",
        &["POST /early 1.1 5"],
    )
    .leaves(ShutdownWrite)
    .small(),
    Case::accept("9112 9.6", "POST /early HTTP/1.1↵Host: a↵Content-Length: 4↵↵hell", &["POST /early 1.1 4"]).small(),
    Case::accept(
        "9112 9.6",
        "POST /early HTTP/1.1↵Host: a↵Content-Length: 99999999↵↵hello",
        &["POST /early 1.1 99999999"],
    )
    .leaves(ShutdownWrite),
    Case::refuse("9112 7.1", "POST /early HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵‸x", InvalidChunkSize)
        .within(&["POST /early 1.1 chunked"], &[200]),
    Case::refuse("9112 8", "POST /early HTTP/1.1↵Host: a↵Content-Length: 9↵↵hello‸", Truncated)
        .within(&["POST /early 1.1 9"], &[200])
        .ended(),
    // Back-pressure.
    Case::accept(
        "9112 9.3.2",
        "POST /lazy HTTP/1.1↵Host: a↵Content-Length: 11↵↵hello worldGET / HTTP/1.1↵Host: a↵↵",
        &["POST /lazy 1.1 11 hello world.", "GET / 1.1 0."],
    ),
    Case::accept(
        "9112 7.1",
        "POST /echo HTTP/1.1↵Host: a↵Content-Length: 5↵↵helloGET / HTTP/1.1↵Host: a↵↵",
        &["POST /echo 1.1 5 hello.", "GET / 1.1 0."],
    ),
    Case::accept(
        "9112 7.1",
        "POST /echo HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵5↵hello↵6↵ world↵0↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["POST /echo 1.1 chunked hello world.", "GET / 1.1 0."],
    ),
    Case::refuse("9112 8", "POST /echo HTTP/1.1↵Host: a↵Content-Length: 9↵↵hello‸", Truncated)
        .within(&["POST /echo 1.1 9 hello"], &[200])
        .ended()
        .leaves(Abort),
    // Services that give up, and services that are wrong.
    Case::refuse("9112 9.6", "GET /abort HTTP/1.1↵Host: a↵↵‸", Aborted).within(&["GET /abort 1.1 0"], &[500]),
    Case::refuse("9112 9.6", "GET /abort-late HTTP/1.1↵Host: a↵↵‸", Aborted)
        .within(&["GET /abort-late 1.1 0"], &[200])
        .leaves(Abort),
    Case::refuse("9110 15.6.1", "GET /silent HTTP/1.1↵Host: a↵↵‸", Misused).within(&["GET /silent 1.1 0"], &[500]),
    Case::refuse("9110 15.6.1", "GET /short HTTP/1.1↵Host: a↵↵‸", Misused)
        .within(&["GET /short 1.1 0"], &[200])
        .leaves(Abort),
    // Tunnels.
    Case::accept("9110 9.3.6", "CONNECT a:1 HTTP/1.1↵Host: a:1↵↵hello", &["CONNECT a:1 1.1 0 hello"]),
    Case::accept("9110 9.3.6", "CONNECT a:1 HTTP/1.1↵Host: a:1↵↵hello", &["CONNECT a:1 1.1 0 hello."]).ended(),
    Case::accept(
        "9110 7.8",
        "GET /tunnel HTTP/1.1↵Host: a↵Connection: Upgrade↵Upgrade: echo↵↵hello",
        &["GET /tunnel 1.1 0 hello."],
    )
    .codes(&[101])
    .ended(),
    // Who does not know the protocol answers as if it had not been named.
    Case::accept("9110 7.8", "GET / HTTP/1.1↵Host: a↵Connection: Upgrade, HTTP2-Settings↵Upgrade: h2c↵↵", GET),
    Case::accept(
        "9110 7.8",
        "GET / HTTP/1.1↵Host: a↵Connection: upgrade↵↵GET / HTTP/1.1↵Host: a↵↵",
        &["GET / 1.1 0.", "GET / 1.1 0."],
    ),
    Case::refuse("9110 7.8", "GET /tunnel HTTP/1.1↵Host: a↵Upgrade: echo↵↵‸hello", Misused).within(&[], &[500]),
    Case::refuse("9110 7.8", "GET /tunnel HTTP/1.0↵Connection: Upgrade↵Upgrade: echo↵↵‸", Misused).within(&[], &[500]),
    Case::refuse("9110 9.3.6", "CONNECT a:1 HTTP/1.1↵Host: a:1↵Content-Length: 1↵↵‸x", Misused).within(&[], &[500]),
];
