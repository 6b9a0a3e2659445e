//! Either side ends, in good order or not.

use std::io::{Read, Write};
use std::net::Shutdown;

use wirenut_linux::connection::Next;
use wirenut_linux::socket::{Stream as UnixStreams, Tcp};

use crate::echo::{BIG, Echo};
use crate::serve::{Stream, read_all, serve};

fn the_peer_ends<P: Stream>() {
    for unfinished in [&b""[..], b"and a half"] {
        let (peer, server) = serve::<P>(Echo::NEW);
        (&peer).write_all(&[b"hello\nbig\nlast\n", unfinished].concat()).unwrap();
        peer.shutdown(Shutdown::Write).unwrap();
        let (all, was_reset) = read_all(&peer);
        assert_eq!((all.len(), was_reset), (15 + BIG, false));
        assert!(all.ends_with(b"xlast\n"));
        let ended = server.join().unwrap();
        assert_eq!((ended.next, ended.echo.told), (Next::Close, vec!["end"]));
    }
}

#[test]
fn the_peer_ends_over_tcp() {
    the_peer_ends::<Tcp>();
}

#[test]
fn the_peer_ends_over_unix_sockets() {
    the_peer_ends::<UnixStreams>();
}

/// Our direction ends behind the last byte, and what still comes is read and thrown away: no reset is seen.
fn all_arrives_before_our_end_whatever_comes_behind<P: Stream>() {
    for behind in [&b""[..], b"\r\n", &[b'y'; 100_000]] {
        let (peer, server) = serve::<P>(Echo::NEW);
        std::thread::scope(|scope| {
            scope.spawn(|| (&peer).write_all(&[b"big\nclose\n", behind].concat()).unwrap());
            // Long enough for all of it to come before the first byte is taken.
            std::thread::sleep(core::time::Duration::from_millis(50));
            let mut all = vec![0; 4 + BIG + 6];
            (&peer).read_exact(&mut all).unwrap();
            assert!(all.ends_with(b"xclose\n"));
            assert_eq!(read_all(&peer), (vec![], false));
        });
        // It still takes what comes, until the peer ends too.
        (&peer).write_all(&[b'z'; 100_000]).unwrap();
        assert!(!server.is_finished());
        drop(peer);
        let ended = server.join().unwrap();
        assert_eq!((ended.next, ended.echo.told), (Next::Close, vec!["end"]));
    }
}

#[test]
fn all_arrives_before_our_end_over_tcp() {
    all_arrives_before_our_end_whatever_comes_behind::<Tcp>();
}

#[test]
fn all_arrives_before_our_end_over_unix_sockets() {
    all_arrives_before_our_end_whatever_comes_behind::<UnixStreams>();
}

fn an_abort_takes_nothing_along_that_was_sent_before<P: Stream>() {
    for before in ["", "hello\n", "big\n"] {
        let (peer, server) = serve::<P>(Echo::NEW);
        (&peer).write_all(format!("{before}abort\n").as_bytes()).unwrap();
        std::thread::sleep(core::time::Duration::from_millis(20));
        let (all, was_reset) = read_all(&peer);
        let big = if before == "big\n" { BIG } else { 0 };
        assert_eq!((all.len(), was_reset), (before.len() + big + 6, P::HAS_RESET), "{before}");
        assert!(all.ends_with(b"abort\n"));
        assert_eq!(server.join().unwrap().next, Next::Reset);
    }
}

#[test]
fn an_abort_takes_nothing_along_over_tcp() {
    an_abort_takes_nothing_along_that_was_sent_before::<Tcp>();
}

#[test]
fn an_abort_takes_nothing_along_over_unix_sockets() {
    an_abort_takes_nothing_along_that_was_sent_before::<UnixStreams>();
}

/// While a line is awaited, and while the peer takes nothing.
#[test]
fn a_reset_is_told_once() {
    for asked in [&b"hal"[..], b"big\n"] {
        let (peer, server) = serve::<Tcp>(Echo::NEW);
        (&peer).write_all(asked).unwrap();
        std::thread::sleep(core::time::Duration::from_millis(50));
        peer.abort().unwrap();
        let ended = server.join().unwrap();
        assert_eq!((ended.next, ended.echo.told), (Next::Reset, vec!["reset"]));
    }
}

/// A Unix socket has no reset, but sending says that nobody is there.
#[test]
fn a_peer_that_is_gone_is_told_once() {
    let (peer, server) = serve::<UnixStreams>(Echo::NEW);
    (&peer).write_all(b"big\n").unwrap();
    std::thread::sleep(core::time::Duration::from_millis(50));
    drop(peer);
    let ended = server.join().unwrap();
    assert_eq!((ended.next, ended.echo.told), (Next::Reset, vec!["reset"]));
}
