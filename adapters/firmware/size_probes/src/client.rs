//! The client's end of a connection.

use core::hint::black_box;

use wirenut::http::{ClientConnection, ClientEvent, Context, Method, Request};

use crate::{receive, send};

/// What is asked.
pub const REQUEST: Request<'_> = Request::new(Method::Put, "/reading", "device.example").with_length(2);

/// One turn of a client's loop: it sends a request with content, and reads answers. Returns how many bytes of `input` it
/// took.
pub fn turn(
    connection: &mut ClientConnection,
    cx: &Context<'_>,
    input: &mut [u8],
    store: &mut [u8],
    out: &mut [u8],
) -> usize {
    let mut written = if connection.is_idle() { ask(connection, cx, out) } else { 0 };
    let length = receive(input);
    if length == 0 {
        black_box(connection.handle_eof(cx).is_err());
    }
    let taken = match connection.receive(cx, input.get(..length).unwrap_or(&[]), store) {
        Ok((used, ClientEvent::Interim(head) | ClientEvent::Head(head))) => {
            black_box(&head);
            used
        }
        Ok((used, ClientEvent::Body(piece))) => {
            let taken = send(piece);
            connection.take_body(cx, taken);
            used + taken
        }
        Ok((used, ClientEvent::End(_) | ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Closed)) => used,
        Err(error) => {
            black_box((error, connection.may_retry(0)));
            0
        }
    };
    written += connection.poll_transmit(cx, out.get_mut(written..).unwrap_or(&mut []));
    let sent = send(out.get(..written).unwrap_or(&[]));
    connection.handle_sent(cx, sent, written - sent);
    black_box((connection.disposition(), connection.is_readable(), connection.poll_timeout(cx.now)));
    black_box(connection.handle_timeout(cx).is_err());
    taken
}

fn ask(connection: &mut ClientConnection, cx: &Context<'_>, out: &mut [u8]) -> usize {
    let Ok(head) = connection.request(cx, black_box(&REQUEST), out) else { return 0 };
    let Ok((_, body)) = connection.send_body(cx, b"23", out.get_mut(head..).unwrap_or(&mut [])) else { return head };
    black_box(connection.finish(cx).is_err());
    head + body
}
