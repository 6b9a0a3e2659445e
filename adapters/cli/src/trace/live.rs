//! Packets that pass an interface, until a signal, a number of packets or a time ends the capture.

use std::io::{self, Write};
use std::os::fd::AsFd;

use wirenut::ip::{Captured, LinkType};
use wirenut::time::{Duration, Instant};
use wirenut_linux::monotonic_time;
use wirenut_linux::packet::{Filter, LinkLayer, PacketSocket};
use wirenut_linux::poller::{Interest, Poll, Poller, Token};
use wirenut_linux::signal::{self, Signal};
use wirenut_linux::socket::Attempt;

use super::capture::Packet;
use super::copy::Copy;
use super::options::TraceArguments;
use super::progress::Progress;
use crate::failure::Failure;
use crate::log::Name;

/// Bytes. Larger than any packet, even one that a network card has joined of several.
const LARGEST_PACKET: usize = 1 << 18;
/// How many bytes of packets may wait, as far as the system allows.
const RECEIVE_BUFFER: usize = 16 << 20;
/// How many packets are taken between two looks at signals and the clock.
const BATCH: usize = 256;
/// How many packets are read at the end, at most: more than can wait.
const MOST_QUEUED: usize = 1 << 17;
const PACKETS: Token = Token(0);
const SIGNALS: Token = Token(1);

/// Captures: calls `each` with every packet, and returns how many the kernel dropped. SIGINT and SIGTERM end the capture as
/// `--seconds` and `--packets` do, after it has read what is queued; later they end the process, as usual.
///
/// # Errors
/// The outer one: the capture did not begin. The inner one: it broke off.
pub(super) fn capture(
    interface: &str,
    arguments: &TraceArguments,
    mut each: impl FnMut(&Packet<'_>),
) -> Result<(u64, Result<(), Failure>), Failure> {
    let socket =
        PacketSocket::open(interface, arguments.port.map_or(Filter::All, Filter::Port)).map_err(Failure::Interface)?;
    socket.set_receive_buffer_size(RECEIVE_BUFFER)?;
    let number = link(&socket).map_or(0, |(_, number)| number);
    let mut copy = arguments.write.as_deref().map(|path| Copy::create(path, number)).transpose()?;
    // Behind what may wait for somebody, such as the reader of a named pipe: until here, a signal ends the process.
    let termination = signal::termination()?;
    let mut poller = Poll::new();
    poller.register(socket.as_fd(), PACKETS, Interest::READABLE)?;
    poller.register(termination.as_fd(), SIGNALS, Interest::READABLE)?;
    let until = arguments.seconds.map(|seconds| monotonic_time().saturating_add(Duration::from_secs(seconds)));
    let port = arguments.port.map_or(String::new(), |port| format!(", port {port}"));
    // Not `eprintln!`, which panics where standard error is closed.
    let _ = writeln!(
        io::stderr(),
        "capturing on {}{port}; Ctrl-C ends it and shows the result",
        Name(interface.as_bytes())
    );
    let mut left = arguments.packets.unwrap_or(u64::MAX);
    let progress = Progress::of_live();
    let outcome = run(&socket, &mut poller, &mut left, until, |packet, count| {
        each(packet);
        progress.count(count);
        copy.as_mut().map_or(Ok(()), |copy| copy.add(packet))
    });
    drop(progress);
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let _ = signal::set_default(signal);
    }
    let outcome = outcome.and_then(|()| copy.map_or(Ok(()), Copy::finish));
    Ok((socket.statistics()?.dropped, outcome))
}

/// The link layer, and its number in captures. None: unknown here.
fn link(socket: &PacketSocket) -> Option<(LinkType, u32)> {
    match socket.link_layer() {
        LinkLayer::Ethernet => Some((LinkType::Ethernet, 1)),
        LinkLayer::Cooked => Some((LinkType::LinuxCooked, 113)),
        _ => None,
    }
}

fn run(
    socket: &PacketSocket,
    poller: &mut Poll,
    left: &mut u64,
    until: Option<Instant>,
    mut each: impl FnMut(&Packet<'_>, u64) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; LARGEST_PACKET];
    let link = link(socket).map(|(link, _)| link);
    let (mut time, mut count) = (Instant::START, 0);
    loop {
        let mut is_over = !poller.wait_until(until, monotonic_time)?;
        while let Some(event) = poller.next_event() {
            is_over |= event.token == SIGNALS;
        }
        // Where packets never cease, the time is over, too.
        is_over |= until.is_some_and(|until| until <= monotonic_time());
        for _ in 0..if is_over { MOST_QUEUED } else { BATCH } {
            if *left == 0 {
                return Ok(());
            }
            let Attempt::Done(frame) = socket.receive(&mut buffer).map_err(Failure::Interface)? else { break };
            time = frame.micros.map_or(time, Instant::from_micros);
            (*left, count) = (*left - 1, count + 1);
            each(&Packet { time, link, frame: Captured::cut(frame.bytes, frame.length) }, count)?;
        }
        if is_over {
            return Ok(());
        }
    }
}
