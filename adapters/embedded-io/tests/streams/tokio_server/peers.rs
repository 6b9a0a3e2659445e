//! Who a peer is, and who is not wanted.

use core::cell::RefCell;
use core::net::SocketAddr;

use tokio::io::AsyncWriteExt;
use wirenut::readiness::Policy;
use wirenut_embedded_io::{TokioConfig, TokioFailure, TokioListener, TokioUnixPeer};

use super::handlers::{Connection, accepted};
use super::{Failures, POLICY, Tcp, Unix, World, beside, config, rest, run};

#[test]
fn whoever_is_not_wanted_is_closed_before_it_has_a_place() {
    let seen = RefCell::new(Vec::new());
    let (report, failures) = run(async {
        let serve = async |server: TokioListener<_>, stopped, failures: &RefCell<Failures<Tcp>>| {
            let verify = |peer: &SocketAddr| {
                seen.borrow_mut().push(*peer);
                match seen.borrow().len() {
                    1 => false,
                    2 => panic!("on purpose"),
                    _ => true,
                }
            };
            let handler = async |connection: &mut Connection<'_, Tcp>, _: &_| connection.write_all(b"hello\n").await;
            server.with_verify(verify).handle(handler, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        beside::<Tcp>(config(Policy { slots: 1, ..POLICY }), serve, async |world: World<'_, Tcp>| {
            for (answer, was_reset) in [("", false), ("", true), ("hello\n", false)] {
                let mut stream = world.connect().await;
                let address = stream.local_addr().expect("an address");
                assert_eq!(rest(&mut stream).await, (answer.to_owned(), was_reset));
                assert_eq!(seen.borrow().last(), Some(&address));
            }
            world.stop();
        })
        .await
    });
    assert_eq!((report.accepted, report.rejected, report.panics), (1, 1, 1));
    assert!(matches!(failures[..], [TokioFailure::Panic(_)]), "{failures:?}");
}

#[test]
fn a_unix_peer_is_known_by_its_process() {
    let (report, _) = run(async {
        let serve = async |server: TokioListener<_>, stopped, failures: &RefCell<Failures<Unix>>| {
            let handler = async |connection: &mut Connection<'_, Unix>, peer: &TokioUnixPeer| {
                let process = peer.credentials().and_then(|credentials| credentials.pid());
                connection.write_all(format!("{process:?} {peer}").as_bytes()).await
            };
            server.handle(handler, stopped, |failure| failures.borrow_mut().push(failure)).await
        };
        beside::<Unix>(TokioConfig::DEFAULT, serve, async |world: World<'_, Unix>| {
            let mut stream = world.connect().await;
            let id = std::process::id();
            let (known, _) = rest(&mut stream).await;
            assert!(known.starts_with(&format!("Some({id}) (unnamed) pid {id} uid ")), "{known}");
            world.stop();
        })
        .await
    });
    assert_eq!(report, accepted(1));
}
