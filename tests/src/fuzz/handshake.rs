//! Handshakes of WebSocket, in both roles: what a server accepts its client takes for accepted, and nothing else is.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wirenut::http::{Field, Limits, Method, Request, RequestHead, ResponseHead, Status};
use wirenut::websocket::handshake::{
    ClientHandshake, DeflateSupport, OriginPolicy, READ_FIELDS, RequestError, ResponseError, ServerHandshake,
    WindowBits,
};

const SUBPROTOCOLS: &[&str] = &["chat", "v2"];

/// The bytes as the head of a request to a server, and as that of a response to a client.
pub fn handshake(data: &[u8]) {
    let mut store = vec![0; Limits::DEFAULT.store_bytes()];
    if let Ok(Some((_, head))) = RequestHead::parse(&Limits::DEFAULT, data, &mut store) {
        asked(&head);
    }
    answered(data);
}

fn asked(head: &RequestHead<'_>) {
    let support = DeflateSupport { max_inflate: WindowBits::NINE, ..DeflateSupport::DEFAULT };
    let origins = OriginPolicy::OneOf(&["http://a"]);
    let server = ServerHandshake { subprotocols: SUBPROTOCOLS, origins, deflate: Some(support) };
    let accepted = match server.accept(head) {
        Ok(accepted) => accepted,
        Err(error) => {
            // What has nothing to do with the origin is judged in the same way for all.
            let any = ServerHandshake { origins: OriginPolicy::Any, ..server }.accept(head).map(drop);
            if error == RequestError::ForbiddenOrigin {
                assert!(matches!(any, Ok(()) | Err(RequestError::InvalidSubprotocols)));
            } else {
                assert_eq!(any, Err(error));
            }
            return;
        }
    };
    if let Some(agreed) = accepted.deflate {
        assert!(agreed.client_max_window_bits <= support.max_inflate);
        assert!(agreed.server_max_window_bits >= support.min_compress);
    }
    // A client with the same key takes the answer.
    let key = head.fields.get("Sec-WebSocket-Key").expect("a key");
    let random = STANDARD.decode(key).expect("Base64").try_into().expect("sixteen bytes");
    let client = ClientHandshake::new(random).with_subprotocols(SUBPROTOCOLS);
    let plain = accepted.without_deflate();
    let text = response(&plain.fields());
    assert_eq!(verify(&client, &text).map(|found| found.map(|found| found.0)), Some(Ok(accepted.subprotocol)));
    // And one with another does not.
    let mut other: [u8; 16] = random;
    other[0] ^= 1;
    let other = ClientHandshake::new(other).with_subprotocols(SUBPROTOCOLS);
    assert_eq!(verify(&other, &text), Some(Err(ResponseError::WrongAccept)));
    // All that was read is what a filter must keep.
    let text: String = head
        .fields
        .into_iter()
        .filter(|field| READ_FIELDS.iter().any(|name| field.is(name)))
        .map(|field| format!("{}: {}\r\n", field.name.escape_ascii(), String::from_utf8_lossy(field.value)))
        .collect();
    if text.is_ascii() {
        let text = format!("GET / HTTP/1.1\r\n{text}\r\n");
        let mut store = vec![0; Limits::DEFAULT.store_bytes()];
        let read = RequestHead::parse(&Limits::DEFAULT, text.as_bytes(), &mut store);
        let (_, head) = read.expect("a head").expect("a whole one");
        assert_eq!(server.accept(&head).map(|again| again.subprotocol), Ok(accepted.subprotocol));
    }
}

fn answered(data: &[u8]) {
    let plain = ClientHandshake::new(*b"the sample nonce").with_subprotocols(SUBPROTOCOLS);
    let deflate = plain.with_deflate(DeflateSupport::DEFAULT);
    let (Some(without), Some(with)) = (verify(&plain, data), verify(&deflate, data)) else { return };
    match (without, with) {
        (Ok((subprotocol, false)), Ok(found)) => assert_eq!(found, (subprotocol, false)),
        (Err(ResponseError::UnrequestedExtension), _) => {}
        (without, with) => assert_eq!(without, with),
    }
    if with.is_ok() {
        let accept = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        assert!(data.windows(accept.len()).any(|window| window == accept), "nobody has seen the key");
    }
}

/// What a client makes of a response: the subprotocol, and whether messages are compressed. `None`: it is none.
fn verify(
    client: &ClientHandshake<'static>,
    text: &[u8],
) -> Option<Result<(Option<&'static str>, bool), ResponseError>> {
    let fields = client.fields();
    let request = Request::new(Method::Get, "/", "a").with_fields(&fields);
    let mut store = vec![0; Limits::DEFAULT.store_bytes()];
    let (_, head) = ResponseHead::parse(&Limits::DEFAULT, &request, text, &mut store).ok()??;
    let verified = client.verify(&head);
    if head.status != Status::SWITCHING_PROTOCOLS {
        assert_eq!(verified.err(), Some(ResponseError::NotSwitched(head.status)));
    }
    Some(verified.map(|found| (found.subprotocol, found.deflate.is_some())))
}

fn response(fields: &[Field<'_>]) -> Vec<u8> {
    let mut text = b"HTTP/1.1 101 \r\nConnection: upgrade\r\n".to_vec();
    for field in fields {
        text.extend([field.name, b": ", field.value, b"\r\n"].concat());
    }
    text.extend(b"\r\n");
    text
}
