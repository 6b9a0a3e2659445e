//! Prints how many bytes the future is that serves one connection: ours, and those of peers.
//!
//! All say hello, over a stream and a timer whose own futures are empty. Buffers lie outside, where that is possible: what
//! a peer keeps in its future, it keeps.

use core::convert::Infallible;

use embedded_io_async::{ErrorType, Read, Write};
use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Limits, RequestHead, Response, Status, WriteError};
use wirenut::time::Instant;
use wirenut_embedded_io::{Buffers, Clock, Halves, NoShutdown, Server};

/// A stream on which nothing comes, and a timer.
#[derive(Debug)]
struct Bare;

impl ErrorType for Bare {
    type Error = Infallible;
}

impl Read for Bare {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        Ok(0)
    }
}

impl Write for Bare {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Clock for Bare {
    fn now(&self) -> Instant {
        Instant::START
    }
}

impl wirenut_embedded_io::Timer for Bare {
    async fn wait_until(&self, _: Instant) {}
}

struct Hello;

impl Service for Hello {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        responder.send(&Response::new(Status::OK), b"Hello, world\n")?;
        Ok(((), Step::Done))
    }
}

fn wirenut() -> usize {
    let mut stream = Halves { reader: Bare, writer: NoShutdown(Bare) };
    let (mut input, mut store, mut output) = ([0; 256], [0; Limits::DEFAULT.store_bytes()], [0; 512]);
    let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
    size_of_val(&Server::new(&Limits::DEFAULT, buffers).serve(&mut stream, &Hello, &Bare))
}

mod with_picoserve {
    use picoserve::mem::{BorrowedBuffer, BorrowedCursor};
    use picoserve::{Config, Error, Router, Server, Timeouts, io, routing, time};

    use super::{Bare, Infallible};

    impl io::Write for Bare {
        async fn write_with<F: FnOnce(BorrowedCursor<'_>) -> R, R>(&mut self, write: F) -> Result<R, Infallible> {
            Ok(write(BorrowedBuffer::new(&mut []).unfilled()))
        }
    }

    impl io::Socket<()> for Bare {
        type Error = Infallible;
        type ReadHalf<'a> = Self;
        type WriteHalf<'a> = Self;

        fn split(&mut self) -> (Self, Self) {
            (Self, Self)
        }

        async fn abort<T: time::Timer<()>>(self, _: &Timeouts, _: &T) -> Result<(), Error<Infallible>> {
            Ok(())
        }

        async fn shutdown<T: time::Timer<()>>(self, _: &Timeouts, _: &T) -> Result<(), Error<Infallible>> {
            Ok(())
        }
    }

    impl time::Timer<()> for Bare {
        fn delay(&self, _: time::Duration) -> impl Future<Output = ()> {
            core::future::ready(())
        }
    }

    pub(super) fn size() -> usize {
        let app = Router::new().route("/", routing::get(|| async { "Hello, world\n" }));
        let config = Config::const_default().keep_connection_alive();
        size_of_val(&Server::custom(&app, Bare, &config, &mut []).serve(Bare))
    }
}

mod with_edge_http {
    use core::fmt::{Debug, Display};

    use edge_http::io::Error;
    use edge_http::io::server::{Connection, Handler, handle_connection};
    use edge_nal::{Close, Readable, TcpShutdown, TcpSplit};
    use embedded_io_async::{Read, Write};

    use super::{Bare, Infallible};

    impl Readable for Bare {
        async fn readable(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    impl TcpSplit for Bare {
        type Read<'a> = Self;
        type Write<'a> = Self;

        fn split(&mut self) -> (Self, Self) {
            (Self, Self)
        }
    }

    impl TcpShutdown for Bare {
        async fn close(&mut self, _: Close) -> Result<(), Infallible> {
            Ok(())
        }

        async fn abort(&mut self) -> Result<(), Infallible> {
            Ok(())
        }
    }

    struct Hello;

    impl Handler for Hello {
        type Error<E: Debug> = Error<E>;

        async fn handle<T: Read + Write + TcpSplit, const N: usize>(
            &self,
            _: impl Display + Copy,
            connection: &mut Connection<'_, T, N>,
        ) -> Result<(), Error<T::Error>> {
            connection.initiate_response(200, None, &[("Content-Length", "13")]).await?;
            connection.write_all(b"Hello, world\n").await
        }
    }

    pub(super) fn size() -> usize {
        size_of_val(&handle_connection::<_, _, 16>(Bare, &mut [], Some(5_000), 0, Hello))
    }
}

fn main() {
    println!("| server | bytes of the future |\n|---|---:|");
    let sizes = [
        ("**wirenut**", wirenut()),
        ("picoserve 0.20.1", with_picoserve::size()),
        ("edge-http 0.8.0, 16 header fields", with_edge_http::size()),
    ];
    for (name, size) in sizes {
        println!("| {name} | {size} ({:.2}) |", size as f64 / sizes[0].1 as f64);
    }
}
