//! `wirenut lookup`: addresses of names, and names of addresses.

use core::net::IpAddr;
use std::io::{self, Write};

use clap::Args;
use wirenut_linux::lookup::{self, Transport};

use crate::failure::Failure;
use crate::log::OneLine;

/// The arguments of `wirenut lookup`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut lookup localhost         its addresses, the best one first
  wirenut lookup localhost http    with the port of the service
  wirenut lookup 127.0.0.1         the name of an address")]
pub struct LookupArguments {
    /// The name of a host, or an address
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The name of a service, or a port
    #[arg(value_name = "SERVICE")]
    pub service: Option<String>,
    /// The service is one of UDP, and not of TCP
    #[arg(long, requires = "service")]
    pub udp: bool,
}

/// Prints what was found, one in a line.
///
/// # Errors
/// [`Failure::Network`] says what was not found, and why; [`Failure::Nameless`], that an address has no name.
pub fn lookup(arguments: &LookupArguments) -> Result<(), Failure> {
    let lines = match (&arguments.service, arguments.name.parse::<IpAddr>()) {
        (Some(service), _) => {
            let transport = if arguments.udp { Transport::Udp } else { Transport::Tcp };
            let found = lookup::addresses(&arguments.name, service, transport)?;
            found.iter().map(lookup::address_to_text).collect::<Vec<_>>()
        }
        (None, Ok(address)) => vec![lookup::name_of(address)?.ok_or(Failure::Nameless(address))?],
        (None, Err(_)) => lookup::host(&arguments.name)?.iter().map(ToString::to_string).collect(),
    };
    // The name of an address says whatever its owner likes.
    let lines: String = lines.into_iter().map(|line| format!("{}\n", OneLine(line))).collect();
    // Not `print!`, which panics where standard output is closed.
    let _ = io::stdout().write_all(lines.as_bytes());
    Ok(())
}
