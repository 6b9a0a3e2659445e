//! Another wire: the adapter for embedded-io, on one socket of the standard library.

use core::net::SocketAddr;
use std::net::TcpListener;
use std::thread;

use wirenut_embedded_io::{Connection, SystemClock, Tcp};
use wirenut_reference::{DEVICE_LIMITS, Reference};
use wirenut_tests::parity::{Case, State, Transcript};

use super::client;

/// What the client of `case` gets of a server of one connection.
pub(crate) fn ask(case: &Case, state: State, is_answered: bool) -> Result<Transcript, String> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address: SocketAddr = listener.local_addr().expect("an address");
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut input, mut output) = ([0; 2048], [0; 2048]);
            let mut socket = Tcp::new(listener.accept().expect("a connection").0).expect("a socket");
            let (service, clock) = (Reference { device: state.device() }, SystemClock::new());
            let connection = Connection::new(&DEVICE_LIMITS, &mut input, &mut output);
            // What went wrong is what the client is told.
            let _ =
                connection.serve_blocking(&mut socket, &service, &clock, |socket, wanted| socket.wait(wanted, &clock));
        });
        client::converse(address, case, is_answered).map_err(|failure| format!("{failure:?}"))
    })
}
