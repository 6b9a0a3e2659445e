//! The command line. What is wrong with it is said by `clap`, with exit status 2.

use core::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Serve files over HTTP, or try the server out.
#[derive(Debug, Parser)]
#[command(name = "wirenut", version, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the command can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the files of a directory
    ///
    /// Only files inside the directory are served: a path or a symbolic link that leads out of it is not found. For a
    /// directory, its index.html is sent. Files may be of any size, and are only read.
    Serve(ServeArguments),
    /// Run the reference service, to try clients and load generators on
    ///
    /// The same service runs on every server and every board that Wirenut supports, and gives the same answers.
    Demo(DemoArguments),
}

/// What `wirenut serve` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut serve                               this directory, to this machine only
  wirenut serve public --listen 0.0.0.0:8080  public/, to whoever can reach this machine
  wirenut serve --listen '[::1]:0'            over IPv6, at a free port of the system's choice")]
pub struct ServeArguments {
    /// The directory to serve
    #[arg(value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
    /// Where to listen.
    #[command(flatten)]
    pub server: ServerArguments,
    /// Print no line for each request
    #[arg(long, short)]
    pub quiet: bool,
}

/// What `wirenut demo` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  wirenut demo --listen 127.0.0.1:9000")]
pub struct DemoArguments {
    /// Where to listen.
    #[command(flatten)]
    pub server: ServerArguments,
}

/// What every server is told.
#[derive(Debug, Args)]
pub struct ServerArguments {
    /// The address and port to listen at; port 0 lets the system choose
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    pub listen: SocketAddr,
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_error| "expected a numeric address and a port, such as 127.0.0.1:8080 or [::1]:8080")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn definition_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn serve_takes_what_it_is_given() {
        for (line, directory, listen, quiet) in [
            ("wirenut serve", ".", "127.0.0.1:8080", false),
            ("wirenut serve public", "public", "127.0.0.1:8080", false),
            ("wirenut serve --listen [::1]:0 -q /srv", "/srv", "[::1]:0", true),
            ("wirenut serve --quiet --listen=0.0.0.0:80 -- -dir", "-dir", "0.0.0.0:80", true),
        ] {
            let Command::Serve(arguments) = parse(line).unwrap().command else { panic!("{line}") };
            assert_eq!(arguments.directory, PathBuf::from(directory), "{line}");
            assert_eq!(arguments.server.listen, listen.parse().unwrap(), "{line}");
            assert_eq!(arguments.quiet, quiet, "{line}");
        }
    }

    #[test]
    fn demo_takes_what_it_is_given() {
        for (line, listen) in [("wirenut demo", "127.0.0.1:8080"), ("wirenut demo --listen [::]:9000", "[::]:9000")] {
            let Command::Demo(arguments) = parse(line).unwrap().command else { panic!("{line}") };
            assert_eq!(arguments.server.listen, listen.parse().unwrap(), "{line}");
        }
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for (line, kind) in [
            ("wirenut", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
            ("wirenut frame", ErrorKind::InvalidSubcommand),
            ("wirenut serve a b", ErrorKind::UnknownArgument),
            ("wirenut serve --port 80", ErrorKind::UnknownArgument),
            ("wirenut serve --listen 8080", ErrorKind::ValueValidation),
            ("wirenut serve --listen localhost:8080", ErrorKind::ValueValidation),
            ("wirenut serve --listen ::1:8080", ErrorKind::ValueValidation),
            ("wirenut serve --listen 127.0.0.1:65536", ErrorKind::ValueValidation),
            ("wirenut demo --quiet", ErrorKind::UnknownArgument),
            ("wirenut demo dir", ErrorKind::UnknownArgument),
        ] {
            let error = parse(line).unwrap_err();
            assert_eq!(error.kind(), kind, "{line}");
            assert_eq!(error.exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn help_tells_defaults_and_examples() {
        for line in ["wirenut serve --help", "wirenut serve -h", "wirenut demo --help"] {
            let help = parse(line).unwrap_err();
            assert_eq!(help.kind(), ErrorKind::DisplayHelp);
            for part in ["127.0.0.1:8080", "--listen <ADDR:PORT>", "Example"] {
                assert!(help.to_string().contains(part), "{line}: {part}");
            }
        }
    }
}
