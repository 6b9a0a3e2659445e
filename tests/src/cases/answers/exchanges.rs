//! Interim responses, switched protocols, pipelines, persistence, and answers that do not wait for the request.

use wirenut::http::Rule::*;
use wirenut::http::{Method, Request};

use super::{Asked, CONNECT, Case, GET, HEAD, LAST, POST, UPGRADE, ok};

const EMPTY: &[&str] = &["200 0."];
const HELLO: Request<'static> = Request::new(Method::Post, "/", "a").with_length(5);
const SENT: Asked = Asked { request: HELLO, content: "hello", is_finished: true };
const SENDING: Asked = Asked::sending(HELLO, "he");
const SENDING_CHUNKS: Asked = Asked::sending(Request::new(Method::Post, "/", "a").with_unknown_length(), "he");
const HELD: Asked = Asked::sending(HELLO.expecting_continue(), "");
const UPGRADING: Asked = Asked::sending(
    Request::new(Method::Post, "/", "a").with_fields(&[wirenut::http::Field::new("Upgrade", "x")]).with_length(5),
    "he",
);

/// See [`super::Case`].
pub(super) const CASES: &[Case] = &[
    // Interim responses: any number, known or not, asked for or not; none has content.
    Case::accept("9110 15.2", "HTTP/1.1 100 Continue↵↵HTTP/1.1 200 OK↵Content-Length: 0↵↵", &["100", "200 0."]),
    Case::accept(
        "9110 15.2",
        "HTTP/1.1 102 ↵↵HTTP/1.1 103 ↵↵HTTP/1.1 103 ↵↵HTTP/1.1 204 ↵↵",
        &["102", "103", "103", "204 0."],
    ),
    Case::accept("9110 15.2", "HTTP/1.1 199 What↵A: b↵↵HTTP/1.1 204 No↵↵", &["199", "204 0."]).reads("No", &[]),
    Case::accept("8297 2", "HTTP/1.1 103 Early Hints↵Link: </a>; rel=preload↵↵", &["103"])
        .reads("Early Hints", &[("Link", "</a>; rel=preload")]),
    Case::accept("9110 15.2", "HTTP/1.0 100 Continue↵↵HTTP/1.0 200 OK↵Content-Length: 0↵↵", &["100", "200 0."])
        .closes(),
    Case::accept("9112 6.3", "HTTP/1.1 103 ↵Content-Length: 3↵↵HTTP/1.1 204 ↵↵", &["103", "204 0."]),
    Case::accept("9112 6.3", "HTTP/1.1 103 ↵Transfer-Encoding: chunked↵↵HTTP/1.1 204 ↵↵", &["103", "204 0."]),
    // What an interim response says of lengths and of the connection holds for it alone.
    Case::accept(
        "9110 15.2",
        "HTTP/1.1 103 ↵Content-Length: 3↵↵HTTP/1.1 200 OK↵Content-Length: 1↵↵a",
        &["103", "200 1 a."],
    ),
    Case::accept(
        "9110 15.2",
        "HTTP/1.1 103 ↵Connection: close↵↵HTTP/1.1 200 OK↵Content-Length: 1↵↵a",
        &["103", "200 1 a."],
    ),
    Case::accept(
        "9110 15.2",
        "HTTP/1.1 103 ↵Content-Length: 3↵↵HTTP/1.1 200 OK↵Content-Length: 5↵↵",
        &["103", "200 0."],
    )
    .to(&[HEAD]),
    Case::refuse("9110 8.6", "HTTP/1.1 103 ↵Content-Length: ‸x↵↵", InvalidContentLength),
    Case::refuse("9112 4", "HTTP/1.1 103 ↵↵‖HTTP/1.1 20‸↵↵", InvalidStatusLine).after(&["103"]),
    Case::refuse("9112 4", "HTTP/1.1 103 ↵Content-Length: 3↵↵‖‸abcHTTP/1.1 200 OK↵↵", InvalidVersion).after(&["103"]),
    Case::refuse("9112 8", "HTTP/1.1 100 ↵↵‖‸", Truncated).after(&["100"]).ended(),
    Case::refuse("9112 8", "HTTP/1.1 100 ↵↵‖HTTP/1.1 200", Truncated).after(&["100"]).ended(),
    Case::refuse("9112 9.2", "‸HTTP/1.1 100 ↵↵", UnsolicitedResponse).to(&[]),
    // Expectations: a 100 lets the content go, any other answer makes it superfluous.
    Case::accept("9110 10.1.1", "HTTP/1.1 100 Continue↵↵", &["100"]).to(&[HELD]),
    Case::accept("9110 10.1.1", "HTTP/1.1 100 Continue↵↵HTTP/1.1 200 OK↵Content-Length: 0↵↵", &["100", "200 0."])
        .to(&[HELD]),
    Case::accept(
        "9110 10.1.1",
        "HTTP/1.1 103 ↵↵HTTP/1.1 100 ↵↵HTTP/1.1 200 OK↵Content-Length: 0↵↵",
        &["103", "100", "200 0."],
    )
    .to(&[HELD]),
    Case::accept("9110 10.1.1", "HTTP/1.1 417 No↵Content-Length: 2↵↵no", &["417 2 no."]).to(&[HELD]).stopped().closes(),
    Case::accept("9110 10.1.1", ok!("Content-Length: 0↵↵"), EMPTY).to(&[HELD]).stopped().closes(),
    Case::accept("9110 10.1.1", "HTTP/1.1 103 ↵↵HTTP/1.1 200 OK↵Content-Length: 0↵↵", &["103", "200 0."])
        .to(&[HELD])
        .stopped()
        .closes(),
    Case::accept("9110 10.1.1", "HTTP/1.1 417 No↵Content-Length: 2↵↵", &["417 2"]).to(&[HELD]).stopped(),
    // Answers to a request that is still being sent: a 2xx lets it go on, any other stops it.
    Case::accept("9112 9.3", ok!("Content-Length: 0↵↵"), EMPTY).to(&[SENDING]),
    Case::accept("9112 9.3", ok!("Content-Length: 0↵↵"), EMPTY).to(&[SENDING_CHUNKS]),
    Case::accept("9112 9.5", "HTTP/1.1 413 Large↵Content-Length: 0↵↵", &["413 0."]).to(&[SENDING]).stopped().closes(),
    Case::accept("9112 9.5", "HTTP/1.1 302 Go↵Content-Length: 2↵↵no", &["302 2 no."])
        .to(&[SENDING_CHUNKS])
        .stopped()
        .closes(),
    Case::accept("9112 9.5", ok!("Content-Length: 0↵Connection: close↵↵"), EMPTY).to(&[SENDING]).stopped().closes(),
    Case::accept("9112 9.5", "HTTP/1.1 413 Large↵Content-Length: 0↵↵", &["413 0."]).to(&[SENT]),
    Case::refuse("9112 9.3.1", "‸", Unanswered).to(&[SENDING]).ended(),
    Case::refuse("9112 9.3.1", "‸", Unanswered).to(&[HELD]).ended(),
    // 101 only where an Upgrade was asked for, the request is complete, and it is said to what.
    Case::accept("9110 7.8", "HTTP/1.1 101 ↵Connection: upgrade↵Upgrade: x↵↵bytes", &["101 tunnel bytes"])
        .to(&[UPGRADE]),
    Case::accept("9110 7.8", "HTTP/1.1 101 ↵UPGRADE: x↵CONNECTION: a, Upgrade↵↵HTTP/1.1", &["101 tunnel HTTP/1.1"])
        .to(&[UPGRADE]),
    Case::accept("9110 7.8", "HTTP/1.1 100 ↵↵HTTP/1.1 101 ↵Connection: upgrade↵Upgrade: x↵↵", &["100", "101 tunnel"])
        .to(&[UPGRADE]),
    Case::accept(
        "9110 7.8",
        "HTTP/1.1 101 ↵Connection: upgrade↵Upgrade: x↵Content-Length: 2↵↵bytes",
        &["101 tunnel bytes"],
    )
    .to(&[UPGRADE]),
    Case::accept("9110 7.8", "HTTP/1.1 101 ↵Connection: upgrade↵Upgrade: x↵↵bytes", &["101 tunnel bytes."])
        .to(&[UPGRADE])
        .ended(),
    Case::refuse("9110 7.8", "HTTP/1.1 101 ↵Upgrade: x↵‸↵", UnrequestedSwitch).to(&[UPGRADE]),
    Case::refuse("9110 7.8", "HTTP/1.1 101 ↵Connection: upgrade↵‸↵", UnrequestedSwitch).to(&[UPGRADE]),
    Case::refuse("9110 7.8", "HTTP/1.0 101 ↵Connection: upgrade↵Upgrade: x↵‸↵", UnrequestedSwitch).to(&[UPGRADE]),
    Case::refuse("9110 7.8", "HTTP/1.1 101 ↵Connection: upgrade↵Upgrade: x↵‸↵", UnrequestedSwitch),
    Case::refuse("9110 7.8", "HTTP/1.1 101 ↵Connection: upgrade↵Upgrade: x↵‸↵", UnrequestedSwitch).to(&[CONNECT]),
    Case::refuse("9110 7.8", "HTTP/1.1 101 ↵Connection: upgrade↵Upgrade: x↵‸↵", UnrequestedSwitch).to(&[HEAD]),
    Case::refuse("9110 7.8", "HTTP/1.1 101 ↵Connection: upgrade↵Upgrade: x↵‸↵", UnrequestedSwitch).to(&[UPGRADING]),
    Case::accept("9110 7.8", ok!("Connection: upgrade↵Upgrade: x↵Content-Length: 2↵↵hi"), &["200 2 hi."])
        .to(&[UPGRADE]),
    Case::accept("9110 15.5.22", "HTTP/1.1 426 Do↵Connection: upgrade↵Upgrade: x↵Content-Length: 0↵↵", &["426 0."]),
    Case::accept("9110 9.3.6", "HTTP/1.1 100 ↵↵HTTP/1.1 200 OK↵↵bytes", &["100", "200 tunnel bytes"]).to(&[CONNECT]),
    Case::accept("9110 9.3.6", ok!("↵bytes"), &["200 tunnel bytes."]).to(&[CONNECT]).ended(),
    Case::accept("9110 9.3.6", ok!("Connection: close↵↵bytes"), &["200 tunnel bytes"]).to(&[CONNECT]),
    // Pipelines: answers in the order of the requests, each framed by its own.
    Case::accept(
        "9112 9.3.2",
        "HTTP/1.1 200 OK↵Content-Length: 2↵↵hiHTTP/1.1 404 No↵Transfer-Encoding: chunked↵↵2↵no↵0↵↵HTTP/1.1 204 No↵↵",
        &["200 2 hi.", "404 chunked no.", "204 0."],
    )
    .to(&[GET, GET, GET]),
    Case::accept(
        "9112 9.3.2",
        "HTTP/1.1 200 OK↵Content-Length: 2↵↵HTTP/1.1 200 OK↵Content-Length: 2↵↵hi",
        &["200 0.", "200 2 hi."],
    )
    .to(&[HEAD, GET]),
    Case::accept(
        "9112 9.3.2",
        "HTTP/1.1 200 OK↵Content-Length: 2↵↵hiHTTP/1.1 200 OK↵Content-Length: 2↵↵",
        &["200 2 hi.", "200 0."],
    )
    .to(&[GET, HEAD]),
    Case::accept(
        "9112 9.3.2",
        "HTTP/1.1 103 ↵↵HTTP/1.1 204 ↵↵HTTP/1.1 103 ↵↵HTTP/1.1 204 ↵↵",
        &["103", "204 0.", "103", "204 0."],
    )
    .to(&[GET, GET]),
    Case::accept("9112 9.3.2", "HTTP/1.1 204 ↵↵HTTP/1.1 204 ↵↵", &["204 0.", "204 0."]).to(&[GET, GET, POST]),
    Case::accept(
        "9112 7.1.2",
        "HTTP/1.1 200 OK↵Transfer-Encoding: chunked↵↵0↵A: b↵↵HTTP/1.1 200 OK↵C: d↵Content-Length: 0↵↵",
        &["200 chunked. A: b", "200 0."],
    )
    .to(&[GET, GET])
    .reads("OK", &[("C", "d"), ("Content-Length", "0")]),
    Case::refuse("9112 9.3.2", "HTTP/1.1 204 ↵↵‖HTTP/1.1 200 OK↵A‸ : b↵↵", SpaceBeforeColon)
        .to(&[GET, GET, GET])
        .after(&["204 0."])
        .again(1),
    // A length that is too short makes the next status line begin elsewhere.
    Case::refuse("9112 9.3.2", "HTTP/1.1 200 OK↵Content-Length: 2↵↵hi‖‸!HTTP/1.1 204 ↵↵", InvalidVersion)
        .to(&[GET, GET])
        .after(&["200 2 hi."]),
    Case::refuse("9112 9.3.2", "HTTP/1.1 200 OK↵Content-Length: 2↵↵hi‖‸↵HTTP/1.1 204 ↵↵", InvalidVersion)
        .to(&[GET, GET])
        .after(&["200 2 hi."]),
    Case::refuse("9112 9.3.1", "HTTP/1.1 204 ↵↵‖‸", Unanswered)
        .to(&[GET, POST, GET])
        .after(&["204 0."])
        .ended()
        .again(1),
    Case::refuse("9112 8", "HTTP/1.1 204 ↵↵‖HTTP", Truncated).to(&[GET, POST, GET]).after(&["204 0."]).ended().again(1),
    // Nobody asked.
    Case::refuse("9112 9.2", "‸HTTP/1.1 408 Late↵Connection: close↵↵", UnsolicitedResponse).to(&[]),
    Case::refuse("9112 9.2", "‸↵", UnsolicitedResponse).to(&[]),
    Case::refuse("9112 9.2", ok!("Content-Length: 2↵↵hi‖‸!"), UnsolicitedResponse).after(&["200 2 hi."]),
    Case::refuse("9112 9.2", ok!("Content-Length: 2↵↵hi‖‸↵"), UnsolicitedResponse).after(&["200 2 hi."]),
    Case::refuse("9112 9.2", ok!("Content-Length: 2↵↵hi‖‸HTTP/1.1 200 OK↵↵"), UnsolicitedResponse)
        .after(&["200 2 hi."]),
    Case::accept("9112 9.2", "", &[]).to(&[]).ended().closes(),
    // Persistence: what the server says, and what was asked.
    Case::accept("9112 9.3", ok!("Content-Length: 0↵Connection: keep-alive↵↵"), EMPTY),
    Case::accept("9112 9.3", ok!("Content-Length: 0↵Connection: close↵↵"), EMPTY).closes(),
    Case::accept("9112 9.3", ok!("Content-Length: 0↵Connection: a,␉CLOSE ,b↵↵"), EMPTY).closes(),
    Case::accept("9112 9.3", ok!("Content-Length: 0↵Connection: a↵Connection: close↵↵"), EMPTY).closes(),
    Case::accept("9112 9.3", ok!("Content-Length: 0↵Connection: close, keep-alive↵↵"), EMPTY).closes(),
    Case::accept("9112 9.3", ok!("Content-Length: 0↵Connection: closed, \"close\"↵↵"), EMPTY),
    Case::accept("9112 9.3", ok!("Content-Length: 0↵Proxy-Connection: close↵Close: close↵↵"), EMPTY),
    Case::accept("9112 9.3", "HTTP/1.0 200 OK↵Content-Length: 0↵↵", EMPTY).closes(),
    Case::accept("9112 9.3", "HTTP/1.0 200 OK↵Content-Length: 0↵Connection: Keep-Alive↵↵", EMPTY),
    Case::accept("9112 9.3", "HTTP/1.0 200 OK↵Content-Length: 0↵Connection: keep-alive, close↵↵", EMPTY).closes(),
    Case::accept("9112 9.3", "HTTP/1.0 200 OK↵Connection: keep-alive↵↵hello", &["200 close hello."]).ended().closes(),
    Case::accept("9112 9.3", ok!("Content-Length: 0↵↵"), EMPTY).to(&[LAST]).closes(),
    Case::accept("9112 9.3", ok!("Content-Length: 0↵Connection: keep-alive↵↵"), EMPTY).to(&[LAST]).closes(),
    // Behind the last response nothing is looked at.
    Case::accept("9112 9.6", ok!("Content-Length: 2↵Connection: close↵↵hi‸HTTP/1.1 200 OK↵↵"), &["200 2 hi."]).closes(),
    Case::accept("9112 9.6", ok!("Content-Length: 2↵↵hi‸!"), &["200 2 hi."]).to(&[LAST]).closes(),
    // A server that says "close" has not acted on what was asked behind it; from any other end nothing follows.
    Case::refuse("9112 9.6", ok!("Content-Length: 0↵Connection: close↵↵‖‸HTTP/1.1 200 OK↵↵"), NotProcessed)
        .to(&[GET, POST, GET])
        .after(EMPTY)
        .again(2),
    Case::refuse("9112 9.3.1", "HTTP/1.0 200 OK↵Content-Length: 0↵↵‖‸", Unanswered)
        .to(&[GET, POST, GET])
        .after(EMPTY)
        .again(1),
];
