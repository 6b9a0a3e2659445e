//! One datagram, from the handler to its reply.

use alloc::vec::Vec;
use std::io;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time;
use wirenut::time::Duration;

use super::report::TokioDatagramFailure;
use super::socket::TokioDatagramSocket;
use crate::foreign::tokio_1::panics::{Contained, Panicked};

/// When a reply is tried again that a Unix socket did not take: the system tells nobody when the peer's queue has room.
const RETRY: core::time::Duration = core::time::Duration::from_millis(10);

/// Handles a datagram. Whether a reply was sent.
pub(super) async fn handled<D: TokioDatagramSocket>(
    socket: &AsyncFd<D::Socket>,
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

async fn reply_to<D: TokioDatagramSocket>(socket: &AsyncFd<D::Socket>, reply: &[u8], peer: &D::Peer) -> io::Result<()> {
    loop {
        match socket.try_io(Interest::WRITABLE, |socket| D::send_to(socket, reply, peer)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let _ = time::timeout(RETRY, socket.writable()).await;
            }
            // A datagram is sent whole, or not.
            sent => return sent.map(drop),
        }
    }
}
