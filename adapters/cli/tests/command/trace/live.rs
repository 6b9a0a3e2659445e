//! What passes the loopback interface. Where packet sockets are not permitted, these tests do nothing.

use core::net::SocketAddr;
use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;

use wirenut_tests::reserved::both_protocols;

use crate::process::{run, wirenut};

/// A capture that has begun, and ends with the test.
struct Live {
    child: Child,
    /// What it says beside its result.
    errors: BufReader<ChildStderr>,
}

impl Live {
    /// None where packet sockets are not permitted.
    fn start(port: u16, options: &[&str]) -> Option<Self> {
        Self::start_on("lo", port, options)
    }

    fn start_on(interface: &str, port: u16, options: &[&str]) -> Option<Self> {
        let mut command = wirenut();
        command.args(["trace", "--interface", interface, "--port", &port.to_string()]).args(options);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        let mut live = Self { child, errors };
        if line.contains("CAP_NET_RAW") {
            live.child.wait().unwrap();
            return None;
        }
        assert_eq!(line, format!("capturing on {interface}, port {port}; Ctrl-C ends it and shows the result\n"));
        Some(live)
    }

    /// Waits for its end, and returns what it has printed.
    fn end(self) -> String {
        let (output, errors) = self.output(0);
        assert_eq!(errors, "");
        output
    }

    /// The same, with this exit status; and what it has complained about.
    fn output(mut self, status: i32) -> (String, String) {
        let (mut output, mut errors) = (String::new(), String::new());
        self.child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        self.errors.read_to_string(&mut errors).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(status), "{errors}");
        (output, errors)
    }

    fn interrupt(self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", "INT", &id]).status().unwrap().success());
        self.end()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request and a response; the client closes first.
fn exchange(listener: &TcpListener, address: SocketAddr) {
    let mut client = TcpStream::connect(address).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    client.write_all(b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    server.read_exact(&mut [0; 31]).unwrap();
    server.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    client.read_exact(&mut [0; 27]).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    server.read_exact(&mut [0]).unwrap_err();
    drop(server);
    client.read_exact(&mut [0]).unwrap_err();
}

#[test]
fn a_named_pipe_that_nobody_reads_can_be_interrupted() {
    let (folder, (_listener, _socket, address)) = (tempfile::tempdir().unwrap(), both_protocols("127.0.0.1:0"));
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let port = address.port().to_string();
    let mut command = wirenut();
    command.args(["trace", "--interface", "lo", "--port", &port, "--write"]).arg(&pipe);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let id = child.id().to_string();
    let has_socket = || {
        let mut links = fs::read_dir(format!("/proc/{id}/fd")).into_iter().flatten().flatten();
        links.any(|link| fs::read_link(link.path()).is_ok_and(|target| target.to_string_lossy().starts_with("socket:")))
    };
    for _ in 0..200 {
        // Without rights it ends by itself.
        if child.try_wait().unwrap().is_some() {
            return;
        }
        let comes_to_the_pipe = has_socket();
        thread::sleep(Duration::from_millis(50));
        if comes_to_the_pipe {
            Command::new("kill").args(["-s", "INT", &id]).status().unwrap();
        }
    }
    child.kill().unwrap();
    panic!("it waits, whatever signals come");
}

#[test]
fn each_packet_is_followed_once() {
    for (interface, place) in [("lo", "127.0.0.1:0"), ("lo", "[::1]:0"), ("any", "127.0.0.1:0")] {
        let (listener, _socket, address) = both_protocols(place);
        let (elsewhere, _other, other) = both_protocols(place);
        let Some(live) = Live::start_on(interface, address.port(), &["--json"]) else { return };
        exchange(&listener, address);
        exchange(&elsewhere, other);
        exchange(&listener, address);
        let output = live.interrupt();
        let all: serde_json::Value = serde_json::from_str(&output).unwrap();
        let connections = all["connections"].as_array().unwrap();
        assert_eq!(connections.len(), 2, "{output}");
        for connection in connections {
            assert_eq!(connection["server"]["address"], address.to_string(), "{output}");
            assert_eq!(
                (&connection["client"]["state"], &connection["client"]["bytes"]),
                (&"TIME-WAIT".into(), &31.into())
            );
            assert_eq!(
                (&connection["server"]["state"], &connection["server"]["bytes"]),
                (&"CLOSED".into(), &27.into())
            );
            assert_eq!(connection["anomalies"], serde_json::json!({}), "{output}");
            assert_eq!(connection["is_whole"], true);
        }
        // The kernel has given no others.
        let packets = &all["packets"];
        assert_eq!((&packets["all"], &packets["dropped_by_kernel"]), (&packets["tcp"], &0.into()), "{output}");
    }
}

#[test]
fn an_interrupt_shows_all_that_was_asked_for() {
    let (listener, _socket, address) = both_protocols("127.0.0.1:0");
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("picture.svg");
    let Some(live) = Live::start(address.port(), &["--timeline", "--svg", picture.to_str().unwrap()]) else { return };
    exchange(&listener, address);
    let output = live.interrupt();
    for part in ["GET /live HTTP/1.1", "HTTP/1.1 204 No Content", "TIME-WAIT", "0 packets dropped by the kernel\n"] {
        assert!(output.contains(part), "{part}: {output}");
    }
    assert!(fs::read_to_string(picture).unwrap().contains("GET /live HTTP/1.1"));
}

#[test]
fn what_was_captured_may_be_kept() {
    let (listener, _socket, address) = both_protocols("127.0.0.1:0");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("live.pcap");
    let Some(live) = Live::start(address.port(), &["--write", file.to_str().unwrap()]) else { return };
    exchange(&listener, address);
    let shown = live.interrupt();
    let (status, again, errors) = run(&["trace", file.to_str().unwrap()]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert_eq!(shown, format!("{again}0 packets dropped by the kernel\n"));
    assert!(again.contains("TIME-WAIT CLOSED"), "{again}");

    // A file that does not take it ends the capture, and what came is shown.
    let Some(live) = Live::start(address.port(), &["--write", "/dev/full", "--packets", "3000"]) else { return };
    for _ in 0..300 {
        exchange(&listener, address);
    }
    let (output, errors) = live.output(1);
    assert!(output.contains("dropped by the kernel"), "{output}");
    assert!(errors.starts_with("wirenut: cannot write to '/dev/full': No space left"), "{errors}");
}

#[test]
fn a_number_of_packets_and_a_time_end_it() {
    let (_listener, receiver, address) = both_protocols("127.0.0.1:0");
    let Some(live) = Live::start(address.port(), &["--packets", "3"]) else { return };
    for _ in 0..5 {
        receiver.send_to(b"to itself", address).unwrap();
    }
    let expected = "3 packets: 0 of TCP in 0 connections, 3 of UDP in 1 flow\n0 packets dropped by the kernel\n";
    assert_eq!(live.end(), expected);
    let Some(live) = Live::start(address.port(), &["--seconds", "1"]) else { return };
    assert_eq!(live.end(), "0 packets: 0 of TCP in 0 connections\n0 packets dropped by the kernel\n");
}

#[test]
fn what_cannot_be_watched_is_told() {
    // Root without the capability is as good as anybody.
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", env!("CARGO_BIN_EXE_wirenut")]);
    let output = command.args(["trace", "--interface", "lo", "--packets", "1"]).output();
    if let Ok(output) = output.map(|output| String::from_utf8(output.stderr).unwrap())
        && output.starts_with("wirenut: ")
    {
        assert!(output.starts_with("wirenut: cannot capture on lo: Operation not permitted"), "{output}");
        assert!(output.contains("CAP_NET_RAW") && output.lines().count() == 1, "{output}");
    }
    let (status, output, errors) = run(&["trace", "--interface", "no\nsuch0"]);
    assert_eq!((status, output.as_str(), errors.lines().count()), (Some(1), "", 1), "{errors}");
    assert!(errors.starts_with("wirenut: cannot capture on no\\nsuch0: "), "{errors}");
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for (arguments, said) in [
        (&["trace"][..], "<FILE>"),
        (&["trace", "--interface", "lo", "x.pcap"], "cannot be used with"),
        (&["trace", "--seconds", "1", "x.pcap"], "--seconds cannot be used without --interface NAME"),
        (&["trace", "--timeline=1", "--only", "2", "x.pcap"], "--only cannot be used with --timeline=NUMBER"),
        (&["trace", "--only", "2", "x.pcap"], "--only cannot be used without --timeline or --svg"),
        (&["trace", "--limit", "5", "x.pcap"], "--limit cannot be used without --timeline or --svg"),
        (&["trace", "--limit", "0", "x.pcap"], "expected a number of segments from 1 to 1000000"),
        (&["trace", "--port", "0", "x.pcap"], "0 is not in 1..=65535"),
    ] {
        let (status, output, errors) = run(arguments);
        assert_eq!((status, output.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(errors.contains(said), "{arguments:?}: {errors}");
    }
}
