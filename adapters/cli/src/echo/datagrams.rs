//! Datagrams, each of which goes back to where it came from, unless that looks like another echo.

use alloc::vec;
use std::os::fd::AsFd as _;
use std::time::Instant;

use wirenut_linux::Error;
use wirenut_linux::poller::{Bell, Interest, Poll, Poller as _, Token};
use wirenut_linux::signal;
use wirenut_linux::socket::{AnyAddress, AnyDatagramSocket, Attempt, Mode};

use super::repeats::{self, MAX, Repeats, Verdict};
use crate::server::Part;

/// More than any datagram holds.
const ROOM: usize = 1 << 16;

/// Ports below are those of services. Another echo among them, or a service that answers anything, would answer for ever.
const FIRST_CLIENT_PORT: u16 = 1024;

const SOCKET: Token = Token(0);

/// What sends back the datagrams of this socket.
pub(super) fn part(socket: AnyDatagramSocket, repeats: &Repeats) -> Option<Part<'_>> {
    let place = socket.local_address().ok()?.to_string();
    let bell = Bell::new().ok()?;
    let its_bell = bell.clone();
    let run = move |_| serve(&socket, repeats, &its_bell);
    Some(Part { place, stop: Box::new(move |_| bell.ring()), run: Box::new(run) })
}

fn serve(socket: &AnyDatagramSocket, repeats: &Repeats, bell: &Bell) -> Result<(), Error> {
    socket.set_mode(Mode::NonBlocking)?;
    let mut poller = Poll::new();
    poller.register(socket.as_fd(), SOCKET, Interest::READABLE)?;
    poller.register(bell.as_fd(), Token(1), Interest::READABLE)?;
    let termination = signal::termination()?;
    poller.register(termination.as_fd(), Token(2), Interest::READABLE)?;
    let (mut buffer, begun) = (vec![0; ROOM], Instant::now());
    loop {
        let _ = poller.wait(None)?;
        while let Some(event) = poller.next_event() {
            if event.token != SOCKET {
                return Ok(());
            }
            // An address that cannot be reached is one datagram's fault. What is left is told again.
            let _ = turn(socket, repeats, &mut buffer, begun);
        }
    }
}

fn turn(socket: &AnyDatagramSocket, repeats: &Repeats, buffer: &mut [u8], begun: Instant) -> Result<(), Error> {
    while let Attempt::Done((message, from)) = socket.recv_from(buffer)? {
        let datagram = &buffer[..message.length];
        if goes_back(datagram, &from, repeats, begun) {
            // One for which there is no room now is lost, as datagrams are.
            let _ = socket.send_to(datagram, &from)?;
        }
    }
    Ok(())
}

/// Whether a datagram goes back to where it came from.
fn goes_back(datagram: &[u8], from: &AnyAddress, repeats: &Repeats, begun: Instant) -> bool {
    if from.internet().is_some_and(|address| address.port() < FIRST_CLIENT_PORT) {
        return false;
    }
    match repeats.count(&from.to_string(), datagram, begun.elapsed()) {
        Verdict::Send => true,
        Verdict::Keep => false,
        Verdict::KeepFirst => {
            let seconds = repeats::WINDOW.as_secs();
            log::warn!(
                "{from}: the same datagram came {MAX} times in {seconds} s, and is not sent back any more: another echo?"
            );
            false
        }
    }
}
