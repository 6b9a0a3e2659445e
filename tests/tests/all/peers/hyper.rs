//! What hyper reads.

use alloc::rc::Rc;
use core::cell::RefCell;
use core::convert::Infallible;
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::io;

use hyper::body::{Body, Incoming};
use hyper::header::{HOST, HeaderMap};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Version, client, server};

use super::reading::{Field, Reading, Step};

/// A future that makes no progress in so many polls has nothing to wait for.
const PATIENCE: usize = 1_000;

/// A stream to be read, and nobody at its other end who would look at what is written.
struct Wire<'a> {
    unread: &'a [u8],
    /// A client reads nothing before it has asked.
    is_held: bool,
}

impl Read for Wire<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        if self.is_held {
            return Poll::Pending;
        }
        let (now, later) = self.unread.split_at(self.unread.len().min(buf.remaining()));
        buf.put_slice(now);
        self.unread = later;
        Poll::Ready(Ok(()))
    }
}

impl Write for Wire<'_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.is_held = false;
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

type Shared = Rc<RefCell<Reading<String>>>;

/// All requests in `stream`, each answered at its end.
pub(crate) fn requests(stream: &[u8]) -> Reading<String> {
    let shared = Shared::new(RefCell::new(Reading::EMPTY));
    let service = service_fn(|request: Request<Incoming>| {
        let shared = Rc::clone(&shared);
        async move {
            let is_connect = request.method() == Method::CONNECT;
            let version = if request.version() == Version::HTTP_10 { "1.0" } else { "1.1" };
            let line = format!("{} {} {version}", request.method(), request.uri());
            shared.borrow_mut().steps.push(Step::head(line.into_bytes(), owned(request.headers())));
            read_content(request.into_body(), &shared).await;
            let mut response = Response::new(String::new());
            if is_connect {
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            }
            Ok::<_, Infallible>(response)
        }
    });
    let wire = Wire { unread: stream, is_held: false };
    let connection = server::conn::http1::Builder::new().half_close(true).serve_connection(wire, service);
    let outcome = run(connection);
    note(&shared, outcome.err());
    shared.replace(Reading::EMPTY)
}

/// The final response in `stream`, to a request with this method.
pub(crate) fn response(method: &[u8], stream: &[u8]) -> Reading<String> {
    let shared = Shared::new(RefCell::new(Reading::EMPTY));
    let wire = Wire { unread: stream, is_held: true };
    let _ = run(async {
        let (mut sender, connection) = client::conn::http1::handshake(wire).await?;
        let mut connection = pin!(connection);
        let request = Request::builder().method(method).uri("/").header(HOST, "a").body(String::new()).expect("right");
        let mut exchange = pin!(async {
            match sender.send_request(request).await {
                Ok(response) => {
                    let line = response.status().as_str().into();
                    shared.borrow_mut().steps.push(Step::head(line, owned(response.headers())));
                    read_content(response.into_body(), &shared).await;
                }
                Err(error) => note(&shared, Some(error)),
            }
        });
        // Both at once, until all that was asked for is here.
        poll_fn(|cx| {
            let _ = connection.as_mut().poll(cx);
            exchange.as_mut().poll(cx).map(Ok)
        })
        .await
    });
    shared.replace(Reading::EMPTY)
}

async fn read_content(mut body: Incoming, shared: &Shared) {
    let (mut content, mut trailers) = (Vec::new(), Vec::new());
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) => content.extend(&data),
            Ok(Err(frame)) => trailers = frame.trailers_ref().map(owned).unwrap_or_default(),
            Err(error) => return note(shared, Some(error)),
        }
    }
    shared.borrow_mut().steps.push(Step::end(content, trailers));
}

/// The first error is the one that counts.
fn note(shared: &Shared, error: Option<hyper::Error>) {
    let reason = error.map(|error| {
        let source = core::error::Error::source(&error).map(|source| format!(": {source}"));
        format!("{error}{}", source.unwrap_or_default())
    });
    let refused = &mut shared.borrow_mut().refused;
    *refused = refused.take().or(reason);
}

fn run<F: Future<Output = hyper::Result<()>>>(future: F) -> hyper::Result<()> {
    let mut future = pin!(future);
    for _ in 0..PATIENCE {
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return outcome;
        }
    }
    panic!("hyper waits for something that will not come");
}

fn owned(fields: &HeaderMap) -> Vec<Field> {
    fields.iter().map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec())).collect()
}
