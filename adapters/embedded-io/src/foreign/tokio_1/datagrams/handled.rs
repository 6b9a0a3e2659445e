//! One datagram, from the handler to its reply.

use alloc::vec::Vec;
use std::io;

use tokio::time;
use wirenut::time::Duration;

use super::report::TokioDatagramFailure;
use super::socket::TokioDatagramSocket;
use crate::foreign::tokio_1::panics::{Contained, Panicked};

/// When a reply is tried again that the socket did not take. Readiness is no help: a Unix socket whose peer's queue is full counts
/// as writable, and each attempt that fails wakes whoever waits for that; so one would try all the time.
const RETRY: core::time::Duration = core::time::Duration::from_millis(5);

/// Handles a datagram. Whether a reply was sent.
pub(super) async fn handled<D: TokioDatagramSocket>(
    socket: &D::Socket,
    handler: &impl AsyncFn(Vec<u8>, &D::Peer) -> Option<Vec<u8>>,
    datagram: Vec<u8>,
    peer: D::Peer,
    patience: Duration,
) -> Result<bool, TokioDatagramFailure<D::Peer>> {
    let handling = async {
        let Some(reply) = handler(datagram, &peer).await else { return Ok(false) };
        reply_to::<D>(socket, &reply, &peer).await.map(|()| true)
    };
    match Contained::new(time::timeout(patience.into(), handling)).await {
        Ok(Ok(Ok(is_sent))) => Ok(is_sent),
        Ok(Ok(Err(error))) => Err(TokioDatagramFailure::Reply(peer, error)),
        Ok(Err(_)) => Err(TokioDatagramFailure::TimedOut(peer)),
        Err(Panicked) => Err(TokioDatagramFailure::Panic(peer)),
    }
}

async fn reply_to<D: TokioDatagramSocket>(socket: &D::Socket, reply: &[u8], peer: &D::Peer) -> io::Result<()> {
    loop {
        match D::send_to(socket, reply, peer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                time::sleep(RETRY).await;
            }
            // A datagram is sent whole, or not.
            sent => return sent.map(drop),
        }
    }
}
