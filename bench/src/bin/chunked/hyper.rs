//! hyper's server, which takes bytes from memory.

use core::cell::Cell;
use core::convert::Infallible;
use core::future::poll_fn;
use core::hint::black_box;
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
use std::io;

use hyper::body::{Body, Incoming};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};

/// So many polls without an end mean that there is none.
const PATIENCE: usize = 1 << 20;

/// A transport that has all bytes at once. Reading copies them, as a system call does.
struct Memory<'a>(&'a [u8]);

impl Read for Memory<'_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, mut buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let (now, later) = self.0.split_at(self.0.len().min(buf.remaining()));
        buf.put_slice(now);
        self.0 = later;
        Poll::Ready(Ok(()))
    }
}

impl Write for Memory<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(black_box(bytes).len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A connection with one request, which is answered. The content of it.
pub(crate) fn read(request: &[u8]) -> usize {
    let content = Cell::new(0);
    let service = service_fn(async |request: Request<Incoming>| {
        let mut body = request.into_body();
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let data = frame.expect("a right request").into_data().expect("no trailer fields");
            content.set(content.get() + black_box(&data).len());
        }
        Ok::<_, Infallible>(Response::new(String::new()))
    });
    let mut connection = pin!(http1::Builder::new().half_close(true).serve_connection(Memory(request), service));
    for _ in 0..PATIENCE {
        if let Poll::Ready(outcome) = connection.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            outcome.expect("a right request");
            return content.get();
        }
    }
    panic!("hyper waits for something that will not come");
}
