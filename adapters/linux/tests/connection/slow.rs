//! Peers that do not read.

use std::io::{Read, Write};
use std::thread;

use wirenut::time::Duration;
use wirenut_linux::connection::Next;
use wirenut_linux::socket::{Stream as UnixStreams, Tcp};

use crate::echo::{BIG, Echo};
use crate::serve::{Stream, read_all, serve};

fn who_reads_late_gets_all<P: Stream>() {
    let (peer, server) = serve::<P>(Echo::NEW);
    (&peer).write_all(b"big\nhello\n").unwrap();
    thread::sleep(core::time::Duration::from_millis(100));
    let mut all = vec![0; 4 + BIG + 6];
    (&peer).read_exact(&mut all).unwrap();
    assert!(all.ends_with(b"xhello\n"));
    drop(peer);
    let ended = server.join().unwrap();
    assert_eq!((ended.next, ended.has_left), (Next::Close, true));
}

#[test]
fn who_reads_late_gets_all_over_tcp() {
    who_reads_late_gets_all::<Tcp>();
}

#[test]
fn who_reads_late_gets_all_over_unix_sockets() {
    who_reads_late_gets_all::<UnixStreams>();
}

/// Nor is who does not read what comes before an abort.
fn who_reads_nothing_is_not_waited_for<P: Stream>() {
    for asked in ["big\n", "big\nabort\n"] {
        let (peer, server) = serve::<P>(Echo { patience: Some(Duration::from_millis(100)), ..Echo::NEW });
        (&peer).write_all(asked.as_bytes()).unwrap();
        let ended = server.join().unwrap();
        assert_eq!((ended.next, ended.echo.told), (Next::Reset, vec!["time-out"]));
        let (all, was_reset) = read_all(&peer);
        assert!(all.len() < BIG);
        // Of what comes back over TCP, nothing may be left; a Unix socket has an end, or a reset where input was unread.
        assert!(was_reset || !P::HAS_RESET);
    }
}

#[test]
fn who_reads_nothing_is_not_waited_for_over_tcp() {
    who_reads_nothing_is_not_waited_for::<Tcp>();
}

#[test]
fn who_reads_nothing_is_not_waited_for_over_unix_sockets() {
    who_reads_nothing_is_not_waited_for::<UnixStreams>();
}
