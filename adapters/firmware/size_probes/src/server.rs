//! The server's end of a connection, without a service.

use core::hint::black_box;

use wirenut::http::{Context, Response, ServerConnection, ServerEvent, Status};

use crate::{receive, send};

/// One turn of a server's loop: whatever is asked, it says hello. Returns how many bytes of `input` it took.
pub fn turn(
    connection: &mut ServerConnection,
    cx: &Context<'_>,
    input: &mut [u8],
    store: &mut [u8],
    out: &mut [u8],
) -> usize {
    let length = receive(input);
    if length == 0 {
        black_box(connection.handle_eof(cx).is_err());
    }
    let bytes = input.get(..length).unwrap_or(&[]);
    let mut written = 0;
    let taken = match connection.receive(cx, bytes, store) {
        Ok((used, ServerEvent::Head(head))) => {
            black_box(&head);
            used
        }
        Ok((used, ServerEvent::Body(piece))) => {
            let taken = send(piece);
            connection.take_body(cx, taken);
            used + taken
        }
        Ok((used, ServerEvent::End(_))) => {
            written = answer(connection, cx, out);
            used
        }
        Ok((used, ServerEvent::NeedMore | ServerEvent::Paused | ServerEvent::Closed)) => used,
        Err(error) => {
            black_box(error);
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

fn answer(connection: &mut ServerConnection, cx: &Context<'_>, out: &mut [u8]) -> usize {
    let Ok(head) = connection.respond(cx, &Response::new(Status::OK).with_length(13), out) else { return 0 };
    let rest = out.get_mut(head..).unwrap_or(&mut []);
    let Ok((_, body)) = connection.send_body(cx, b"Hello, world\n", rest) else { return head };
    black_box(connection.finish(cx).is_err());
    head + body
}
