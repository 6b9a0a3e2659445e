//! The command line. What is wrong with it is said by `clap`, with exit status 2.

use core::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::listen::{EchoPlaceOptions, PlaceOptions};
use crate::log::Format;
use crate::manual::{CompletionsArguments, ManArguments};
use crate::serve::path::RelativePath;
use crate::serve::policy::{Pattern, Policy};
use crate::server::{Combination, ServerOptions, permissions};
use crate::ws::options::WsArguments;

/// Serve files over HTTP, or try servers, clients and networks out.
#[derive(Debug, Parser)]
#[command(name = "wirenut", bin_name = "wirenut", version, arg_required_else_help = true)]
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
    /// directory, its index.html is sent, or a page that lists what is in it. Names that begin with a dot are neither
    /// served nor listed. Files may be of any size, and are only read; ranges and conditional requests are understood.
    ///
    /// A list has directories first, and is sorted by name (file2 before File10), size or date: by a click, or by
    /// ?sort=size&order=desc. It has 1000 entries a page: ?page=2. Where nothing is found, browsers get a page, and programs
    /// two lines of text.
    ///
    /// It runs until SIGTERM or SIGINT: then it sends what it has begun to, for as long as --drain says at most; a second
    /// one ends it at once. SIGHUP has it begin its log file anew. SIGUSR2 has it start the program that is at its path now in
    /// its place: both have the same sockets, no connection is lost, and if the new one fails, the old one goes on. Under
    /// systemd it speaks sd_notify(3), and takes its sockets by --listen fd:NAME.
    Serve(ServeArguments),
    /// Run the reference service, to try clients and load generators on
    ///
    /// The same service runs on every server and every board that Wirenut supports, and gives the same answers. Signals do
    /// what they do to 'wirenut serve'.
    Demo(DemoArguments),
    /// Send back what comes, over TCP, UDP and Unix sockets
    ///
    /// Until it is told to stop, by SIGTERM or SIGINT: then it sends back what it has, for as long as --drain says at most.
    /// Other signals do what they do to 'wirenut serve'.
    Echo(EchoArguments),
    /// Find the addresses of a name, or the name of an address
    ///
    /// As this machine looks them up: its files, its name servers, whatever /etc/nsswitch.conf says.
    Lookup(LookupArguments),
    /// Show processes: their states, times and names
    ///
    /// STAT is the state: R runs or is ready to, S sleeps, D sleeps and cannot be woken, T was stopped, t is traced, Z has
    /// ended and waits for its parent, I is an idle thread of the kernel. Behind it: < has a high priority, N a low one,
    /// L has locked pages, s leads a session, l has several threads, + is in the foreground of its terminal. NI is the nice
    /// value, THR the number of threads, RSS its memory in KiB, START is in UTC, TIME was spent on processors.
    Ps(PsArguments),
    /// Show what the TCP connections in a capture did
    ///
    /// A line for each connection: its ends, the states that they are in after the last packet, how long it was seen,
    /// packets and bytes of data of client and server, the shortest round trip of both ways, and what was unusual. Captures
    /// are pcap or pcapng, of Ethernet, loopback, Linux "cooked" or raw IP. Packets that are malformed are counted, and a
    /// capture that is damaged is read up to the damage; then the exit status is 1.
    ///
    /// It is taken for granted that what was captured has arrived. Fragments are counted and not put together.
    Trace(TraceArguments),
    /// Speak to a WebSocket: lines of the input are sent, and what comes is printed
    ///
    /// Each line is sent as a text, and each text that comes is printed as a line; binary messages are printed in hexadecimal
    /// digits. It works typed and in a pipe. The end of the input (Ctrl-D) closes the connection with 1000; what the server
    /// sends before it answers is printed. Pings are answered. Messages are compressed if the server agrees.
    ///
    /// The exit status is 0 if this end closed the connection, or the server did with 1000 or without a code; 1 if there was no
    /// connection, no WebSocket or another end, of which a line tells, or if a line of the input could not be sent.
    ///
    /// wss: is not supported yet.
    Ws(WsArguments),
    /// Print completions for a shell
    Completions(CompletionsArguments),
    /// Write the man pages of this command to a directory
    Man(ManArguments),
}

/// What `wirenut serve` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut serve                               this directory, to this machine only
  wirenut serve public --listen :8080         public/, to whoever can reach this machine
  wirenut serve --listen '[::1]:0'            over IPv6, at a free port of the system's choice
  wirenut serve dist --spa --precompressed --cache no-cache --immutable '*-????????.*'
                                              an application as its bundler left it")]
pub struct ServeArguments {
    /// The directory to serve; when it is made again, or is a link that is switched, the new one is served
    #[arg(value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
    /// Where to listen.
    #[command(flatten)]
    pub places: PlaceOptions,
    /// Which files, and how.
    #[command(flatten)]
    pub files: FileOptions,
    /// The log.
    #[command(flatten)]
    pub log: LogOptions,
    /// Who serves, and how the service lives.
    #[command(flatten)]
    pub server: ServerOptions,
}

/// Which files are served, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub struct FileOptions {
    /// The page that is sent for a directory that has one of this name
    #[arg(long, value_name = "NAME", default_value = "index.html", value_parser = file_name)]
    pub index: String,
    /// Do not list what is in directories without such a page: they are not found
    #[arg(long)]
    pub no_list: bool,
    /// Serve and list names that begin with a dot, too (those beneath /.well-known/ are always served)
    #[arg(long)]
    pub hidden: bool,
    /// Follow no symbolic links, not even those that stay inside the directory
    #[arg(long)]
    pub no_symlinks: bool,
    /// Send FILE.br, FILE.zst or FILE.gz in place of FILE to clients that take it, unless FILE has changed since
    #[arg(long)]
    pub precompressed: bool,
    /// Send this Cache-Control with files, such as 'max-age=3600' or 'no-cache'
    #[arg(long, value_name = "VALUE", value_parser = field_value)]
    pub cache: Option<String>,
    /// Have files be cached for ever whose names fit ('*' and '?' stand for any bytes and for one; with a slash in it,
    /// the whole path must fit); may be given again
    #[arg(long, value_name = "PATTERN")]
    pub immutable: Vec<String>,
    /// Where nothing is found, send this page, for an application that finds its way itself; not for names with a dot
    /// in them, which are of files. Directories are not listed then. It must be there from the start
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "index.html",
          value_parser = inside)]
    pub spa: Option<RelativePath>,
    /// Where nothing is found, send this page of the directory with status 404, to programs as well; it must be there from
    /// the start
    #[arg(long, value_name = "FILE", value_parser = inside)]
    pub error_page: Option<RelativePath>,
}

/// The log of requests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Log")]
pub struct LogOptions {
    /// How the line for each request looks
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Short)]
    pub log_format: Format,
    /// Append these lines to a file, not to standard output; once it is moved away, a new one is begun. SIGHUP does so at
    /// once
    #[arg(long, value_name = "FILE", conflicts_with = "quiet")]
    pub log_file: Option<PathBuf>,
    /// Print no line for each request
    #[arg(long, short)]
    pub quiet: bool,
}

impl FileOptions {
    /// How files are served.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            index: self.index.clone(),
            lists: !self.no_list,
            shows_hidden: self.hidden,
            is_precompressed: self.precompressed,
            cache: self.cache.clone(),
            immutable: self.immutable.iter().cloned().map(Pattern::new).collect(),
            fallback: self.spa.clone(),
            error_page: self.error_page.clone(),
        }
    }
}

fn file_name(text: &str) -> Result<String, &'static str> {
    let is_name = !matches!(text, "" | "." | "..") && !text.contains(['/', '\0']);
    is_name.then(|| text.to_owned()).ok_or("expected the name of a file, without a directory, such as index.htm")
}

fn field_value(text: &str) -> Result<String, &'static str> {
    let is_value = !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    is_value.then(|| text.to_owned()).ok_or("expected the value of a Cache-Control field, such as max-age=3600")
}

fn inside(text: &str) -> Result<RelativePath, String> {
    let expected = "expected a file inside the served directory, such as 404.html";
    match RelativePath::plain(text.as_bytes()) {
        Ok(path) if !path.is_directory() => Ok(path),
        Ok(_) => Err(expected.into()),
        Err(error) => Err(format!("{error}; {expected}")),
    }
}

/// What `wirenut demo` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut demo --listen 127.0.0.1:9000
  wirenut demo --model forking --workers 40   a process for each connection, 40 at most
  wirenut demo --metrics 127.0.0.1:9100       then: curl 127.0.0.1:9100/metrics")]
pub struct DemoArguments {
    /// Where to listen.
    #[command(flatten)]
    pub places: PlaceOptions,
    /// Who serves, and how the service lives.
    #[command(flatten)]
    pub server: ServerOptions,
}

/// What `wirenut echo` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut echo                                over TCP, at 127.0.0.1:7007
  wirenut echo --listen '[::1]:0' --listen 'udp:[::1]:0'
                                              over IPv6, at free ports of the system's choice
  wirenut echo --listen unix:/tmp/echo.sock   then: socat - UNIX-CONNECT:/tmp/echo.sock
  wirenut echo --model threading --workers 9  a thread for each connection, nine at most")]
pub struct EchoArguments {
    /// Where to listen.
    #[command(flatten)]
    pub places: EchoPlaceOptions,
    /// Who serves, and how the service lives.
    #[command(flatten)]
    pub server: ServerOptions,
}

/// What `wirenut lookup` is told.
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

/// What `wirenut ps` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut ps               all processes
  wirenut ps $$            this shell
  wirenut ps --tree 1      the first process, and all beneath it")]
pub struct PsArguments {
    /// The ids of processes [default: all]
    #[arg(value_name = "PID", value_parser = clap::value_parser!(u32).range(1..))]
    pub pids: Vec<u32>,
    /// Show children beneath their parents, also those of processes that are named
    #[arg(long)]
    pub tree: bool,
}

/// What `wirenut trace` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut trace capture.pcapng                 a table of all connections
  wirenut trace --timeline=3 capture.pcapng    every segment of the third one
  tcpdump -w - -c 100 | wirenut trace -        what tcpdump captures")]
pub struct TraceArguments {
    /// The capture; - is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Draw each connection: segments as arrows, the states of both ends where they change, messages of HTTP/1 by their
    /// first line, and behind a '!' what is unusual; with a number, only the connection of that number
    #[arg(long, value_name = "NUMBER", num_args = 0..=1, require_equals = true, value_parser = number)]
    pub timeline: Option<Option<usize>>,
    /// Print one object of JSON
    #[arg(long, conflicts_with = "timeline")]
    pub json: bool,
    /// How many connections are followed at a time, and listed at most
    #[arg(long, value_name = "COUNT", default_value = "100000", value_parser = connections)]
    pub connections: NonZeroUsize,
}

fn number(text: &str) -> Result<usize, &'static str> {
    text.parse().ok().filter(|number| *number > 0).ok_or("expected the number of a connection, from 1")
}

fn connections(text: &str) -> Result<NonZeroUsize, &'static str> {
    let count = text.parse().ok().filter(|count: &NonZeroUsize| count.get() <= 10_000_000);
    count.ok_or("expected a number of connections from 1 to 10000000")
}

impl Arguments {
    /// Looks whether the options go together.
    ///
    /// # Errors
    /// The first that do not.
    pub fn check(&self) -> Result<(), Combination> {
        let (server, listen, mode) = match &self.command {
            Command::Serve(ServeArguments { server, places, .. }) | Command::Demo(DemoArguments { server, places }) => {
                (server, &places.listen, places.socket_mode)
            }
            Command::Echo(EchoArguments { server, places }) => (server, &places.listen, places.socket_mode),
            Command::Lookup(_)
            | Command::Ps(_)
            | Command::Trace(_)
            | Command::Ws(_)
            | Command::Completions(_)
            | Command::Man(_) => {
                return Ok(());
            }
        };
        permissions(mode, listen)?;
        server.check_places(listen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::Place;
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
            assert_eq!(arguments.places.listen, [Place::parse(listen.as_ref()).unwrap()], "{line}");
            assert_eq!(arguments.log.quiet, quiet, "{line}");
        }
    }

    #[test]
    fn demo_takes_what_it_is_given() {
        for (line, listen) in [("wirenut demo", "127.0.0.1:8080"), ("wirenut demo --listen [::]:9000", "[::]:9000")] {
            let Command::Demo(arguments) = parse(line).unwrap().command else { panic!("{line}") };
            assert_eq!(arguments.places.listen, [Place::parse(listen.as_ref()).unwrap()], "{line}");
        }
    }

    #[test]
    fn places_to_listen_at_add_up_and_replace_the_default() {
        let line = "wirenut serve --listen 80 --listen=:81 dir --listen localhost:82";
        let Command::Serve(arguments) = parse(line).unwrap().command else { panic!("{line}") };
        let places = ["80", ":81", "localhost:82"].map(|place| Place::parse(place.as_ref()).unwrap());
        assert_eq!(arguments.places.listen, places);
        assert_eq!(arguments.directory, PathBuf::from("dir"));
    }

    #[test]
    fn echo_is_of_whatever_is_asked_for() {
        for (line, listen) in [
            ("wirenut echo", &["127.0.0.1:7007"][..]),
            ("wirenut echo --listen udp:[::1]:7", &["udp:[::1]:7"]),
            (
                "wirenut echo --listen unix:a --listen unix-datagram:b --listen fd:3",
                &["unix:a", "unix-datagram:b", "fd:3"],
            ),
        ] {
            let Command::Echo(arguments) = parse(line).unwrap().command else { panic!("{line}") };
            let places: Vec<_> = listen.iter().map(|place| Place::parse_any(place.as_ref()).unwrap()).collect();
            assert_eq!(arguments.places.listen, places, "{line}");
        }
    }

    #[test]
    fn lookup_takes_a_name_and_a_service() {
        for (line, name, service, udp) in [
            ("wirenut lookup localhost", "localhost", None, false),
            ("wirenut lookup --udp ::1 domain", "::1", Some("domain"), true),
        ] {
            let Command::Lookup(arguments) = parse(line).unwrap().command else { panic!("{line}") };
            let taken = (arguments.name.as_str(), arguments.service.as_deref(), arguments.udp);
            assert_eq!(taken, (name, service, udp), "{line}");
        }
    }

    #[test]
    fn ps_takes_ids() {
        for (line, pids, tree) in [
            ("wirenut ps", &[][..], false),
            ("wirenut ps 7 4194304", &[7, 4_194_304], false),
            ("wirenut ps --tree 1", &[1], true),
        ] {
            let Command::Ps(arguments) = parse(line).unwrap().command else { panic!("{line}") };
            assert_eq!((arguments.pids.as_slice(), arguments.tree), (pids, tree), "{line}");
        }
    }

    #[test]
    fn mistakes_are_usage_errors() {
        for (line, kind) in [
            ("wirenut", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
            ("wirenut frame", ErrorKind::InvalidSubcommand),
            ("wirenut serve a b", ErrorKind::UnknownArgument),
            ("wirenut serve --port 80", ErrorKind::UnknownArgument),
            ("wirenut serve --listen localhost", ErrorKind::ValueValidation),
            ("wirenut serve --listen ::1:8080", ErrorKind::ValueValidation),
            ("wirenut serve --listen 127.0.0.1:65536", ErrorKind::ValueValidation),
            ("wirenut demo --quiet", ErrorKind::UnknownArgument),
            ("wirenut demo dir", ErrorKind::UnknownArgument),
            ("wirenut echo 127.0.0.1:7", ErrorKind::UnknownArgument),
            ("wirenut echo --listen udp:a", ErrorKind::ValueValidation),
            ("wirenut demo --listen udp:7", ErrorKind::ValueValidation),
            ("wirenut echo --max-connections 0", ErrorKind::ValueValidation),
            ("wirenut echo --workers 1025", ErrorKind::ValueValidation),
            ("wirenut echo --model forked", ErrorKind::InvalidValue),
            ("wirenut demo --socket-mode 8", ErrorKind::ValueValidation),
            ("wirenut demo --socket-mode 1777", ErrorKind::ValueValidation),
            ("wirenut demo --drain 1s", ErrorKind::ValueValidation),
            ("wirenut demo --drain 1.0001", ErrorKind::ValueValidation),
            ("wirenut demo --proxy-protocol all", ErrorKind::ValueValidation),
            ("wirenut demo --metrics udp:7", ErrorKind::ValueValidation),
            ("wirenut echo --poller kqueue", ErrorKind::InvalidValue),
            ("wirenut ps 0", ErrorKind::ValueValidation),
            ("wirenut ps -1", ErrorKind::UnknownArgument),
            ("wirenut ps init", ErrorKind::ValueValidation),
            ("wirenut lookup", ErrorKind::MissingRequiredArgument),
            ("wirenut lookup --udp localhost", ErrorKind::MissingRequiredArgument),
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
            for part in ["127.0.0.1:8080", "--listen <PLACE>", "Example"] {
                assert!(help.to_string().contains(part), "{line}: {part}");
            }
        }
    }
}
