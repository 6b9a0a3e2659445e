//! `wirenut demo`: the reference service, the same as on boards.

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
    let server = server::listen(&arguments.server.listen)?;
    server::run(server, &Reference { device: MemoryDevice::new() })
}
