extern crate alloc;

use alloc::format;

use super::*;
use crate::http::{Limits, Method, Request};
use crate::websocket::handshake::WindowBits;

fn handshake() -> ClientHandshake<'static> {
    ClientHandshake::new(*b"the sample nonce")
}

fn verify(
    handshake: &ClientHandshake<'_>,
    start: &str,
    lines: &[&str],
) -> Result<(Option<alloc::string::String>, bool), ResponseError> {
    let text = format!("HTTP/1.1 {start}\r\n{}\r\n\r\n", lines.join("\r\n"));
    let mut store = [0; Limits::DEFAULT.store_bytes()];
    let fields = handshake.fields();
    let request = Request::new(Method::Get, "/", "a").with_fields(&fields);
    let (_, head) = ResponseHead::parse(&Limits::DEFAULT, &request, text.as_bytes(), &mut store).unwrap().unwrap();
    handshake.verify(&head).map(|verified| (verified.subprotocol.map(Into::into), verified.deflate.is_some()))
}

const ACCEPT: &str = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

#[test]
fn a_response_is_judged_by_each_rule() {
    use ResponseError as E;
    let client = handshake().with_subprotocols(&["v1", "v2"]).with_deflate(DeflateSupport::DEFAULT);
    let good = ["Connection: Upgrade", "Upgrade: websocket", ACCEPT];
    let mut with = good.to_vec();
    assert_eq!(verify(&client, "101 ", &good), Ok((None, false)));
    for (line, expected) in [
        ("Sec-WebSocket-Protocol: v2", Ok((Some("v2".into()), false))),
        ("Sec-WebSocket-Protocol: v3", Err(E::UnrequestedSubprotocol)),
        ("Sec-WebSocket-Protocol: V1", Err(E::UnrequestedSubprotocol)),
        ("Sec-WebSocket-Protocol: v1, v2", Err(E::UnrequestedSubprotocol)),
        ("Sec-WebSocket-Protocol: v1\r\nSec-WebSocket-Protocol: v2", Err(E::UnrequestedSubprotocol)),
        ("Sec-WebSocket-Protocol:", Err(E::UnrequestedSubprotocol)),
        ("Sec-WebSocket-Extensions: permessage-deflate", Ok((None, true))),
        ("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover", Ok((None, true))),
        ("Sec-WebSocket-Extensions: permessage-deflate; x", Err(E::InvalidDeflate)),
        ("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=8", Err(E::InvalidDeflate)),
        ("Sec-WebSocket-Extensions: permessage-deflate, permessage-deflate", Err(E::UnrequestedExtension)),
        ("Sec-WebSocket-Extensions: x-other", Err(E::UnrequestedExtension)),
        ("Sec-WebSocket-Extensions: ,", Ok((None, false))),
    ] {
        with.truncate(3);
        with.push(line);
        assert_eq!(verify(&client, "101 ", &with), expected, "{line}");
    }
    for (lines, expected) in [
        (["Connection: keep-alive, upgrade", "Upgrade: WebSocket", ACCEPT], Ok((None, false))),
        (
            ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOp="],
            Err(E::WrongAccept),
        ),
        (["Connection: Upgrade", "Upgrade: websocket", "X: 1"], Err(E::WrongAccept)),
        (["Connection: Upgrade", "Upgrade: h2c", ACCEPT], Err(E::NoUpgrade)),
        (["Connection: Upgrade", "Upgrade: websocket, h2c", ACCEPT], Err(E::NoUpgrade)),
    ] {
        assert_eq!(verify(&client, "101 ", &lines), expected, "{lines:?}");
    }
    let twice = ["Connection: Upgrade", "Upgrade: websocket", ACCEPT, ACCEPT];
    assert_eq!(verify(&client, "101 ", &twice), Err(E::WrongAccept));
    assert_eq!(
        verify(
            &handshake(),
            "101 ",
            &["Connection: Upgrade", "Upgrade: websocket", ACCEPT, "Sec-WebSocket-Protocol: v1"]
        ),
        Err(E::UnrequestedSubprotocol)
    );
}

#[test]
fn what_is_no_101_is_left_to_the_caller() {
    for (start, code) in [("302 Found", 302), ("401 ", 401), ("426 ", 426), ("200 OK", 200)] {
        let lines = ["Content-Length: 0", "Location: /"];
        assert_eq!(verify(&handshake(), start, &lines), Err(ResponseError::NotSwitched(Status::new(code, ""))));
    }
}

#[test]
fn the_request_says_what_is_asked() {
    let text = |handshake: &ClientHandshake<'_>| {
        let fields = handshake.fields();
        let line = |field: &Field<'_>| format!("{}: {}|", field.name.escape_ascii(), field.value.escape_ascii());
        fields.iter().map(line).collect::<alloc::string::String>()
    };
    let plain = "Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|";
    assert_eq!(text(&handshake()), plain);
    assert_eq!(text(&handshake().with_subprotocols(&["v1", "v2"])), format!("{plain}Sec-WebSocket-Protocol: v1, v2|"));
    let long = "n".repeat(100);
    let names = [&*long, "twenty-seven-bytes-and-more", "v3"];
    assert_eq!(text(&handshake().with_subprotocols(&names)), format!("{plain}Sec-WebSocket-Protocol: {long}|"));
    let deflate = handshake().with_deflate(DeflateSupport::DEFAULT);
    let offers = "permessage-deflate; client_max_window_bits, permessage-deflate";
    assert_eq!(text(&deflate), format!("{plain}Sec-WebSocket-Extensions: {offers}|"));
    let small = DeflateSupport { max_inflate: WindowBits::NINE, ..DeflateSupport::DEFAULT };
    let offers = "permessage-deflate; server_max_window_bits=9; client_max_window_bits";
    assert_eq!(text(&handshake().with_deflate(small)), format!("{plain}Sec-WebSocket-Extensions: {offers}|"));
}
