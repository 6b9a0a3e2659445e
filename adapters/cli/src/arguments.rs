//! The command line: the commands that there are. Each module of a command has its arguments. Mistakes are reported by
//! `clap`, with exit status 2.

use clap::{Parser, Subcommand};

use crate::demo::DemoArguments;
use crate::echo::EchoArguments;
use crate::frame::FrameArguments;
use crate::get::options::GetArguments;
use crate::lookup::LookupArguments;
use crate::manual::{CompletionsArguments, ManArguments};
use crate::password::HashPasswordArguments;
use crate::ps::PsArguments;
use crate::serve::ServeArguments;
use crate::server::{Combination, permissions};
use crate::trace::TraceArguments;
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
    /// served nor listed. Files may be of any size, and are only read unless --upload is
    /// given; ranges and conditional requests are understood.
    ///
    /// A list has directories first, and is sorted by name (file2 before File10), size or date: by a click, or by
    /// ?sort=size&order=desc. It has 1000 entries a page: ?page=2. Where nothing is found, browsers get a page, and programs
    /// two lines of text.
    ///
    /// With --upload, a PUT stores a file (201, or 204 where one was replaced), and a form on each list stores several. A name
    /// never stands for less than a whole file, and whoever is being sent the one before gets all of it. If-Match and
    /// If-None-Match: * are understood; files and directories are neither removed nor made otherwise.
    ///
    /// With --auth, everything is for users with a password: it must not pass networks without TLS. Passwords are checked by
    /// as many threads as half of the processors, for each address one after the other, and remembered for 15 minutes.
    ///
    /// It runs until SIGTERM or SIGINT: then it sends what it has begun to, for as long as --drain says at most; a second
    /// one ends it at once. SIGHUP has it begin its log file anew. SIGUSR2 has it start the program that is at its path now in
    /// its place: both have the same sockets, no connection is lost, and if the new one fails, the old one goes on. Under
    /// systemd it speaks sd_notify(3), and takes its sockets by --listen fd:NAME.
    Serve(ServeArguments),
    /// Hash a password for 'wirenut serve --auth'
    ///
    /// The password is asked for twice and not shown, or is the first line of standard input. What is printed is the hash
    /// (argon2id), behind the user and a colon if one is named.
    HashPassword(HashPasswordArguments),
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
    /// Show what the TCP connections in a capture, or on an interface, did
    ///
    /// A line for each connection: its ends, the states that they are in after the last packet, how long it was seen,
    /// packets and bytes of data of client and server, the shortest round trip of both ways, and what was unusual. Beneath
    /// them: how many packets there were, and which were skipped for which reason. --timeline draws the segments of a
    /// connection in the terminal, --svg in a picture.
    ///
    /// Captures are pcap or pcapng, of Ethernet, loopback, Linux "cooked" or raw IP; or what passes an interface, live. Packets
    /// that are malformed are counted, and a capture that is damaged is read up to the damage; then the exit status is 1.
    ///
    /// It is taken for granted that what was captured has arrived. Fragments are counted and not put together.
    Trace(TraceArguments),
    /// Read items out of a stream of bytes, or write items into one
    ///
    /// A stream is standard input or output, a connection, or a serial device. How its items stand in it is said by --codec.
    ///
    /// 'decode' shows each item as bytes and as text, with its length, and how many bytes of the stream it took, from where on.
    /// What is no item (a wrong checksum, an escape that there is not, more than --limit) is skipped up to where the next item
    /// begins, and reported with its rule, its place and its length. The last line has the counts.
    ///
    /// 'encode' reads items from standard input: each line is one, or see --hex and --whole.
    ///
    /// The exit status is 0 if every byte was of an item; 1 if something was skipped, the stream was lost (lengths and
    /// netstrings cannot be resynchronised), or something failed; 2 if the command line is wrong. SIGINT and SIGTERM are the end
    /// of the input; an item that was being received is not counted then.
    Frame(FrameArguments),
    /// Get what URLs lead to, over HTTP and HTTPS, with the options of curl
    ///
    /// The content goes to standard output, or by -o and -O to files. A file gets its name once it is whole: a download that
    /// breaks off leaves nothing under it. -C - keeps what came in FILE.part, and goes on there, unless the server has another
    /// version by then. Several URLs are got one after the other, over one connection where the server is the same, also if
    /// one of them fails; the exit status is that of the first failure.
    ///
    /// Options are those of curl. What is different: a method given by -X does not survive a redirect that makes a GET of the
    /// request; no redirect leads from https to http; -O never replaces a file; nothing waits for ever, also without
    /// --max-time, but for files that somebody else must read or write; {} and [] in URLs mean nothing; url_effective of
    /// --write-out has no user, no password and no fragment; there are no files of cookies and no SOCKS proxies.
    ///
    /// A progress bar is shown on terminals only. SIGINT and SIGTERM end a transfer in good order.
    #[command(name = "get")]
    Get(Box<GetArguments>),
    /// Speak to a WebSocket: lines of the input are sent, and what comes is printed
    ///
    /// Each line is sent as a text, and each text that comes is printed as a line; binary messages are printed in hexadecimal
    /// digits. It works typed and in a pipe. The end of the input (Ctrl-D) closes the connection with 1000; what the server
    /// sends before it answers is printed. Pings are answered. Messages are compressed if the server agrees.
    ///
    /// The exit status is 0 if this end closed the connection, or the server did with 1000 or without a code; 1 if there was no
    /// connection, no WebSocket or another end, of which a line tells, or if a line of the input could not be sent.
    Ws(WsArguments),
    /// Print completions for a shell
    Completions(CompletionsArguments),
    /// Write the man pages of this command to a directory
    Man(ManArguments),
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
            Command::Frame(arguments) => return arguments.check().map_err(Combination::Framing),
            Command::Trace(arguments) => return arguments.check(),
            Command::Get(arguments) => return arguments.check(),
            Command::HashPassword(_)
            | Command::Lookup(_)
            | Command::Ps(_)
            | Command::Ws(_)
            | Command::Completions(_)
            | Command::Man(_) => return Ok(()),
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
    use std::path::PathBuf;

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
            ("wirenut http", ErrorKind::InvalidSubcommand),
            ("wirenut frame", ErrorKind::MissingRequiredArgument),
            ("wirenut frame decode", ErrorKind::MissingRequiredArgument),
            ("wirenut frame decode --codec slap", ErrorKind::ValueValidation),
            ("wirenut frame decode --codec slip --crc crc-17", ErrorKind::ValueValidation),
            ("wirenut frame decode --codec slip --limit 0", ErrorKind::ValueValidation),
            ("wirenut frame decode --codec slip --connect fd:3", ErrorKind::ValueValidation),
            ("wirenut frame decode --codec slip --connect :1 --serial x", ErrorKind::ArgumentConflict),
            ("wirenut frame decode --codec slip --parity odd", ErrorKind::MissingRequiredArgument),
            ("wirenut frame decode --codec slip --raw --json", ErrorKind::ArgumentConflict),
            ("wirenut serve a b", ErrorKind::UnknownArgument),
            ("wirenut serve --port 80", ErrorKind::UnknownArgument),
            ("wirenut serve --upload --upload-limit 0", ErrorKind::ValueValidation),
            ("wirenut serve --upload-limit 1G", ErrorKind::MissingRequiredArgument),
            ("wirenut hash-password a:b", ErrorKind::ValueValidation),
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
