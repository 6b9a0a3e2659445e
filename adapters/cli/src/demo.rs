//! `wirenut demo`: the reference service, the same as on boards.

use std::io;

use wirenut_reference::{MemoryDevice, Reference};

use crate::arguments::DemoArguments;
use crate::failure::Failure;
use crate::server;

/// Runs the reference service until it is told to stop.
///
/// # Errors
///
/// [`Failure::Network`] where the address cannot be listened on, and what else ended the server.
pub fn demo(arguments: &DemoArguments) -> Result<(), Failure> {
    let mut servers = server::listen(&arguments.server.listen)?;
    let (Some(server), true) = (servers.pop(), servers.is_empty()) else {
        let error = io::Error::new(io::ErrorKind::Unsupported, "it runs at one address (one of a name may be given)");
        return Err(Failure::System { what: "run the demo at several addresses", error });
    };
    server::run(server, &Reference { device: MemoryDevice::new() })
}
