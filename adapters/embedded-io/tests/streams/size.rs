//! How much memory a connection takes beside its buffers: that of its future.

use embedded_io_async::{Read, Write};
use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Method, Request, RequestHead, WriteError};
use wirenut_embedded_io::{Client, Halves, NoShutdown, Server};
use wirenut_reference::DEVICE_LIMITS;

use crate::space::Space;
use crate::world::World;

/// A stream whose futures are empty.
struct Bare;

impl embedded_io::ErrorType for Bare {
    type Error = core::convert::Infallible;
}

impl Read for Bare {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Self::Error> {
        Ok(0)
    }
}

impl Write for Bare {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        Ok(buf.len())
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A service that keeps 16 bytes about a request.
struct Small;

impl Service for Small {
    type Exchange = [u64; 2];
    type Source = core::convert::Infallible;

    fn request(&self, _: &RequestHead<'_>, _: &mut Responder<'_>) -> Result<([u64; 2], Step), WriteError> {
        Ok(([0; 2], Step::Done))
    }
}

/// Prints them; `cargo test -p wirenut-embedded-io size -- --nocapture` shows them. (With 64-bit pointers.)
#[test]
fn futures_are_small() {
    let world = World::default();
    let mut space = Space::<1, 0>::new();
    let mut stream = Halves { reader: Bare, writer: NoShutdown(Bare) };
    let connection = Server::new(&DEVICE_LIMITS, space.buffers());
    let serve = size_of_val(&connection.serve(&mut stream, &Small, &world));
    let mut client = Client::new(&mut stream, &world, &DEVICE_LIMITS, space.buffers());
    let request = Request::new(Method::Get, "/", "a");
    let send = size_of_val(&client.send(&request, &[][..], |head| head.status));
    let read = size_of_val(&client.read(&mut []));
    println!("serve: {serve}, client: {}, send: {send}, read: {read}", size_of_val(&client));
    assert!(serve <= 900 && send <= 830 && read <= 560, "{serve} {send} {read}");
}
