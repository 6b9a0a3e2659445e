//! Protocols that know nothing of HTTP, spoken in a tunnel.

use core::cell::Cell;

use super::*;
use crate::transport::Progress;

/// Sends back each line: a protocol that knows nothing of HTTP. It keeps the beginning of a line in its store.
struct Lines<'d> {
    kept: usize,
    /// How often it was driven.
    drives: &'d Cell<u32>,
    now: Instant,
    deadline: Instant,
    disposition: Disposition,
}

impl Protocol for Lines<'_> {
    fn drive(&mut self, input: &[u8], store: &mut [u8], output: &mut [u8]) -> Progress {
        self.drives.set(self.drives.get() + 1);
        let taken = input.iter().position(|&byte| byte == b'\n').map_or(input.len(), |end| end + 1);
        let length = self.kept + taken;
        store[self.kept..length].copy_from_slice(&input[..taken]);
        let is_whole = input[..taken].ends_with(b"\n") || (self.disposition == Disposition::Close && length > 0);
        let written = if is_whole { length } else { 0 };
        output[..written].copy_from_slice(&store[..written]);
        if store[..written] == *b"bye\n" {
            self.disposition = Disposition::ShutdownWrite;
        }
        self.kept = length - written;
        if taken > 0 {
            self.deadline = self.now.saturating_add(Duration::from_secs(if self.kept > 0 { 30 } else { 300 }));
        }
        Progress { taken, written }
    }
    fn stored(&self) -> usize {
        self.kept
    }
    fn handle_eof(&mut self) {
        self.disposition = Disposition::Close;
    }
    fn handle_sent(&mut self, _: usize, _: usize) {}
    fn handle_timeout(&mut self) {
        self.disposition = if self.kept > 0 { Disposition::Abort } else { Disposition::ShutdownWrite };
    }
    fn handle_reset(&mut self) {}
    fn handle_now(&mut self, now: Instant) {
        self.now = now;
    }
    fn retire(&mut self) {
        self.disposition = Disposition::ShutdownWrite;
    }
    fn poll_timeout(&self) -> Option<Instant> {
        Some(self.deadline)
    }
    fn is_readable(&self) -> bool {
        true
    }
    fn standing(&self) -> Standing {
        if self.kept > 0 { Standing::Busy } else { Standing::Idle }
    }
    fn disposition(&self) -> Disposition {
        self.disposition
    }
}

struct Spoken<'d>(Lines<'d>);

impl Spoken<'_> {
    fn speak<S>(&mut self, piece: &[u8], has_ended: bool, responder: &mut Responder<'_>) -> (usize, Step<S>) {
        let Some(mut tunnel) = responder.tunnel() else { return (0, Step::More) };
        if has_ended {
            self.0.handle_eof();
        }
        tunnel.speak(piece, &mut self.0)
    }
}

impl<S> Exchange<(), S> for Spoken<'_> {
    const UPGRADES: bool = true;

    fn proceed(&mut self, (): (), responder: &mut Responder<'_>) -> Result<Step<S>> {
        Ok(self.speak(&[], false, responder).1)
    }
    fn body(&mut self, (): (), piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step<S>)> {
        Ok(self.speak(piece, false, responder))
    }
    fn end(&mut self, (): (), _: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step<S>> {
        Ok(self.speak(&[], true, responder).1)
    }
}

fn spoken(drives: &Cell<u32>) -> impl Service<Source = core::convert::Infallible> {
    service_fn(move |_, responder| {
        switch(responder)?;
        let now = responder.now();
        let deadline = now.saturating_add(Duration::from_secs(300));
        Ok(Spoken(Lines { kept: 0, drives, now, deadline, disposition: Disposition::Open }))
    })
}

#[test]
fn any_protocol_can_be_spoken_however_its_bytes_are_cut() {
    let drives = Cell::new(0);
    let service = spoken(&drives);
    let stream = [REQUEST, b"one\ntwo\nthr"].concat();
    for cut in 0..=stream.len() {
        let mut ends = Ends::new(&service);
        let mut written = ends.drive(0, &stream[..cut]);
        written.extend(ends.drive(0, &stream[cut..]));
        assert_eq!(written, [ACCEPTED, b"one\ntwo\n"].concat(), "cut at {cut}");
        assert_eq!((ends.stored.as_slice(), ends.session.standing()), (&b"thr"[..], Standing::Busy));
        assert_eq!(ends.session.poll_timeout(at(0).now), Some(at(30).now));
        assert_eq!(ends.drive(1, b"ee\n"), b"three\n");
        assert_eq!((ends.stored.len(), ends.session.standing()), (0, Standing::Idle));
        assert_eq!(ends.drive(1, b"bye\nmore\n"), b"bye\n");
        assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);
    }
}

#[test]
fn what_is_idle_and_has_taken_all_is_not_driven_again() {
    let drives = Cell::new(0);
    let service = spoken(&drives);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST);
    // It takes a line at a time. After a part of one it may have more to say.
    for (bytes, expected) in [(&b"one\n"[..], 1), (b"one\ntwo\n", 2), (b"thr", 2), (b"ee\n", 1)] {
        drives.set(0);
        ends.drive(0, bytes);
        assert_eq!(drives.get(), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn the_deadlines_of_what_is_spoken_are_the_connections() {
    let drives = Cell::new(0);
    let service = spoken(&drives);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST);
    assert_eq!(ends.session.poll_timeout(at(0).now), Some(at(300).now));
    ends.session.handle_timeout(&at(300), &service);
    assert_eq!(ends.drive(300, b""), b"");
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite, "between two messages it ends in good order");

    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST);
    ends.drive(0, b"half a li");
    ends.session.handle_timeout(&at(30), &service);
    ends.drive(30, b"");
    assert_eq!(ends.session.disposition(), Disposition::Abort);
}

#[test]
fn a_drain_retires_what_is_spoken_and_so_does_the_peers_end() {
    let drives = Cell::new(0);
    let service = spoken(&drives);
    let mut ends = Ends::new(&service);
    ends.drive(0, REQUEST);
    ends.session.retire();
    ends.drive(0, b"");
    assert_eq!(ends.session.disposition(), Disposition::ShutdownWrite);

    let mut ends = Ends::new(&service);
    ends.drive(0, &[REQUEST, b"the last"].concat());
    ends.session.handle_eof(&at(0), &service);
    assert_eq!(ends.drive(0, b""), b"the last");
    assert_eq!(ends.session.disposition(), Disposition::Close);
}
