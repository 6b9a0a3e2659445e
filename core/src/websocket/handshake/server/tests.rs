extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::*;
use crate::http::Limits;

const GOOD: &[&str] = &[
    "Host: a.example",
    "Connection: keep-alive, Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// What becomes of these lines: the status, and the fields of the answer.
fn answer(server: &ServerHandshake<'_>, start: &str, lines: &[&str]) -> Result<String, RequestError> {
    let text = format!("{start}\r\n{}\r\n\r\n", lines.join("\r\n"));
    let mut store = [0; Limits::DEFAULT.store_bytes()];
    let (_, head) = RequestHead::parse(&Limits::DEFAULT, text.as_bytes(), &mut store).unwrap().unwrap();
    server.accept(&head).map(|accepted| {
        let fields = accepted.fields();
        let line = |field: &Field<'_>| format!("{}: {}", field.name.escape_ascii(), field.value.escape_ascii());
        fields.iter().map(line).collect::<Vec<_>>().join("|")
    })
}

/// The good request with one line in place of another of the same name, or without it, or with one more.
fn changed(name: &str, lines: &[&'static str]) -> Vec<&'static str> {
    let mut all: Vec<&str> = GOOD.iter().copied().filter(|line| !line.starts_with(&format!("{name}:"))).collect();
    all.extend(lines);
    all
}

const GET: &str = "GET /chat HTTP/1.1";
const ACCEPT: &str = "Upgrade: websocket|Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

#[test]
fn a_request_is_judged_by_each_rule() {
    use RequestError as E;
    let accept = || Ok(ACCEPT.to_string());
    let table: [(&str, &[&'static str], Result<String, E>); 31] = [
        ("X", &[], accept()),
        ("Connection", &["Connection: Upgrade"], accept()),
        ("Connection", &["Connection: keep-alive", "Connection: UPGRADE"], accept()),
        ("Connection", &["Connection: keep-alive"], Err(E::NoConnectionUpgrade)),
        ("Connection", &["Connection: x-upgrade, upgrader"], Err(E::NoConnectionUpgrade)),
        ("Connection", &[], Err(E::NoConnectionUpgrade)),
        ("Upgrade", &["Upgrade: WebSocket"], accept()),
        ("Upgrade", &["Upgrade: h2c, websocket"], accept()),
        ("Upgrade", &["Upgrade: h2c", "Upgrade: websocket"], accept()),
        ("Upgrade", &["Upgrade: h2c"], Err(E::NoUpgrade)),
        ("Upgrade", &["Upgrade: websocket/13"], Err(E::NoUpgrade)),
        ("Upgrade", &[], Err(E::NoUpgrade)),
        ("Sec-WebSocket-Version", &[], Err(E::UnsupportedVersion)),
        ("Sec-WebSocket-Version", &["Sec-WebSocket-Version: 8"], Err(E::UnsupportedVersion)),
        ("Sec-WebSocket-Version", &["Sec-WebSocket-Version: 013"], Err(E::UnsupportedVersion)),
        ("Sec-WebSocket-Version", &["Sec-WebSocket-Version: 13, 8"], Err(E::UnsupportedVersion)),
        ("X", &["Sec-WebSocket-Version: 13"], Err(E::UnsupportedVersion)),
        ("Sec-WebSocket-Key", &[], Err(E::NotOneKey)),
        ("X", &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="], Err(E::NotOneKey)),
        ("Sec-WebSocket-Key", &["Sec-WebSocket-Key:"], Err(E::InvalidKey)),
        ("Sec-WebSocket-Key", &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ"], Err(E::InvalidKey)),
        ("Sec-WebSocket-Key", &["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==, x"], Err(E::InvalidKey)),
        ("Sec-WebSocket-Key", &["Sec-WebSocket-Key: c2hvcnQ="], Err(E::InvalidKey)),
        ("X", &["Content-Length: 0"], accept()),
        ("X", &["Content-Length: 1"], Err(E::HasContent)),
        ("X", &["Transfer-Encoding: chunked"], Err(E::HasContent)),
        ("X", &["Origin: http://a.example"], accept()),
        ("X", &["Origin: http://b.example"], Err(E::ForbiddenOrigin)),
        ("X", &["Origin: http://a.example", "Origin: http://b.example"], Err(E::ForbiddenOrigin)),
        ("X", &["Origin: null"], Err(E::ForbiddenOrigin)),
        ("X", &["Sec-WebSocket-Extensions: permessage-deflate"], accept()),
    ];
    for (name, lines, expected) in table {
        assert_eq!(answer(&ServerHandshake::DEFAULT, GET, &changed(name, lines)), expected, "{lines:?} for {name}");
    }
    assert_eq!(answer(&ServerHandshake::DEFAULT, "POST /chat HTTP/1.1", GOOD), Err(E::NotGet));
    assert_eq!(answer(&ServerHandshake::DEFAULT, "GET /chat HTTP/1.0", GOOD), Err(E::NotHttp11));
}

#[test]
fn a_refusal_has_the_status_of_its_rule() {
    for rule in RequestError::ALL {
        let expected = match rule {
            RequestError::NotGet => 405,
            RequestError::NotHttp11 | RequestError::NoUpgrade | RequestError::UnsupportedVersion => 426,
            RequestError::ForbiddenOrigin => 403,
            RequestError::NoConnectionUpgrade | RequestError::HasContent => 400,
            RequestError::NotOneKey | RequestError::InvalidKey | RequestError::InvalidSubprotocols => 400,
        };
        assert_eq!(rule.status().code(), expected, "{rule}");
        assert!(rule.section().starts_with("RFC 6455 "));
    }
    assert_eq!(REFUSAL_FIELDS.map(|field| field.value), [&b"websocket"[..], b"13"]);
}

#[test]
fn of_the_subprotocols_that_both_speak_the_servers_first_is_chosen() {
    let server = ServerHandshake { subprotocols: &["v2", "v1"], ..ServerHandshake::DEFAULT };
    let chosen = |name: &str| Ok(format!("{ACCEPT}|Sec-WebSocket-Protocol: {name}"));
    let table: [(&[&'static str], Result<String, RequestError>); 9] = [
        (&["Sec-WebSocket-Protocol: v1, v2"], chosen("v2")),
        (&["Sec-WebSocket-Protocol: v1"], chosen("v1")),
        (&["Sec-WebSocket-Protocol: v3", "Sec-WebSocket-Protocol: v1, v4"], chosen("v1")),
        (&["Sec-WebSocket-Protocol: V2"], Ok(ACCEPT.to_string())),
        (&["Sec-WebSocket-Protocol: v3"], Ok(ACCEPT.to_string())),
        (&[], Ok(ACCEPT.to_string())),
        (&["Sec-WebSocket-Protocol: v1, v1"], Err(RequestError::InvalidSubprotocols)),
        (&["Sec-WebSocket-Protocol: v1", "Sec-WebSocket-Protocol: v1"], Err(RequestError::InvalidSubprotocols)),
        (&["Sec-WebSocket-Protocol: v1, a/b"], Err(RequestError::InvalidSubprotocols)),
    ];
    for (lines, expected) in table {
        assert_eq!(answer(&server, GET, &changed("X", lines)), expected, "{lines:?}");
    }
}

#[test]
fn compression_is_agreed_on_where_there_is_a_codec() {
    let server = ServerHandshake { deflate: Some(DeflateSupport::DEFAULT), ..ServerHandshake::DEFAULT };
    let table: [(&[&'static str], &str); 4] = [
        (&[], ""),
        (&["Sec-WebSocket-Extensions: x-other"], ""),
        (&["Sec-WebSocket-Extensions: Permessage-Deflate"], "|Sec-WebSocket-Extensions: permessage-deflate"),
        (
            &[
                "Sec-WebSocket-Extensions: x-other",
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10",
            ],
            "|Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10",
        ),
    ];
    for (lines, expected) in table {
        assert_eq!(answer(&server, GET, &changed("X", lines)), Ok(format!("{ACCEPT}{expected}")), "{lines:?}");
    }
}
