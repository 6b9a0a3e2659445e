//! What we read.

use wirenut::http::{
    Context, Disposition, Fields, Limits, Method, Request, RequestHead, Response, Rule, ServerConnection, ServerEvent,
    Status, Version,
};
use wirenut::time::Instant;
use wirenut_tests::answers::{self, Heard};

use super::reading::{Field, Reading, Step};

/// All requests in `stream`, each answered at its end.
pub(crate) fn requests(stream: &[u8]) -> Reading<Rule> {
    let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    let mut connection = ServerConnection::new(&cx);
    let mut reading = Reading::EMPTY;
    let (mut unread, mut content, mut has_ended) = (stream, Vec::new(), false);
    let mut status = Status::OK;
    let mut store = vec![0; cx.limits.store_bytes()];
    while connection.disposition() == Disposition::Open {
        let (used, event) = match connection.receive(&cx, unread, &mut store) {
            Ok(received) => received,
            Err(error) => {
                reading.refused = Some(error.rule);
                break;
            }
        };
        unread = &unread[used..];
        match event {
            ServerEvent::Head(head) => {
                // A tunnel is not what is tested here.
                status = if head.method == Method::Connect { Status::METHOD_NOT_ALLOWED } else { Status::OK };
                reading.steps.push(read_head(&head));
            }
            ServerEvent::Body(piece) => {
                content.extend(piece);
                connection.take_body(&cx, piece.len());
                unread = &unread[piece.len()..];
            }
            ServerEvent::End(trailers) => {
                reading.steps.push(Step::end(core::mem::take(&mut content), owned(trailers)));
                connection.respond(&cx, &Response::new(status), &mut [0; 256]).expect("room");
                connection.finish(&cx).expect("complete");
            }
            ServerEvent::NeedMore if !has_ended => {
                has_ended = true;
                // What is wrong comes out of `receive`.
                let _ = connection.handle_eof(&cx);
            }
            ServerEvent::NeedMore | ServerEvent::Paused | ServerEvent::Closed => break,
        }
        let _ = connection.poll_transmit(&cx, &mut [0; 256]);
    }
    // An error that the end of the stream brought out, too.
    reading.refused = reading.refused.or(connection.error().map(|error| error.rule));
    reading
}

fn read_head(head: &RequestHead<'_>) -> Step {
    let version = if head.version == Version::Http10 { b"1.0" } else { b"1.1" };
    Step::head([head.method.as_bytes(), head.target.raw(), version].join(&b' '), owned(head.fields))
}

fn owned(fields: Fields<'_>) -> Vec<Field> {
    fields.into_iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

/// The final response in `stream`, to a request with this method. What follows it is not looked at.
pub(crate) fn response(method: Method<'_>, stream: &[u8]) -> Reading<Rule> {
    let mut reading = Reading::EMPTY;
    let mut content = Vec::new();
    for heard in answers::hear(&Limits::DEFAULT, &[Request::new(method, "/", "a")], &[stream], true) {
        match heard {
            Heard::Interim(..) | Heard::Closed => {}
            Heard::Head(code, _, fields, _) => reading.steps.push(Step::head(code.to_string().into_bytes(), fields)),
            Heard::Body(body) => content = body,
            Heard::End(trailers) => {
                reading.steps.push(Step::end(content, trailers));
                break;
            }
            Heard::Failed(error, _) => reading.refused = Some(error.rule),
        }
    }
    reading
}
