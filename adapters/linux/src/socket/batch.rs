//! Many datagrams in one call.

use rustix::net::addr::SocketAddrArg;
use rustix::net::sockopt::Timeout;

use super::address::Address;
use super::address::sealed::Address as _;
use super::attempt::Attempt;
use super::interrupted::retry;
use super::message::Message;
use super::protocol::{Datagrams, Open};
use super::typed::Socket;
use crate::error::Error;
use crate::sys::mmsg;

/// Room for datagrams that are received together, and what came last: see [`Socket::recv_batch`].
#[derive(Debug)]
pub struct Batch<A> {
    storage: Box<[u8]>,
    size: usize,
    received: Vec<(Message, A)>,
}

impl<A: Address> Batch<A> {
    /// How many datagrams one call receives at most.
    pub const MAX: usize = mmsg::MAX;

    /// Room for so many datagrams (1 to [`Self::MAX`]; others are clamped), of so many bytes each: what is longer is
    /// truncated.
    ///
    /// ```
    /// use wirenut_linux::socket::{Batch, UnixAddress};
    /// assert_eq!(Batch::<UnixAddress>::new(10, 1_500).iter().count(), 0); // nothing came yet
    /// ```
    #[must_use]
    pub fn new(count: usize, size: usize) -> Self {
        let count = count.clamp(1, Self::MAX);
        // One of no size has no place of its own.
        let size = size.max(1);
        Self { storage: vec![0; count * size].into_boxed_slice(), size, received: Vec::with_capacity(count) }
    }

    /// What came last, in its order: the bytes, how long they were, and from whom.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Batch, Socket, UnixAddress};
    /// let name = UnixAddress::abstract_name(format!("batch {}", std::process::id()).as_bytes())?;
    /// let socket = Socket::datagram()?;
    /// socket.bind(&name)?;
    /// assert_eq!(socket.send_batch(&[(b"one", &name), (b"two", &name)])?, Attempt::Done(2));
    /// let mut batch = Batch::new(2, 3);
    /// assert_eq!(socket.recv_batch(&mut batch)?, Attempt::Done(2));
    /// for ((bytes, message, from), sent) in batch.iter().zip([b"one", b"two"]) {
    ///     assert_eq!((bytes, message.is_truncated(), from), (&sent[..], false, &name));
    /// }
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Message, &A)> {
        let places = self.storage.chunks_exact(self.size);
        self.received.iter().zip(places).map(|((message, from), place)| (&place[..message.length], *message, from))
    }
}

impl<P: Datagrams> Socket<P, Open> {
    /// Receives all datagrams that are there and for which there is room, and waits for the first one only: recvmmsg(2). Says
    /// how many; the batch has them.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Batch, UdpSocket};
    /// let (one, other) = (UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?, UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?);
    /// let to = other.local_address()?;
    /// assert_eq!(one.send_batch(&[(b"a", &to), (b"", &to), (b"long", &to)])?, Attempt::Done(3));
    /// let mut batch = Batch::new(10, 2);
    /// assert_eq!(other.recv_batch(&mut batch)?, Attempt::Done(3));
    /// let texts: Vec<_> = batch.iter().map(|(bytes, message, _from)| (bytes, message.is_truncated())).collect();
    /// assert_eq!(texts, [(&b"a"[..], false), (b"", false), (b"lo", true)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Self::recv_from`].
    pub fn recv_batch(&self, batch: &mut Batch<P::Address>) -> Result<Attempt<usize>, Error> {
        let Batch { storage, size, received } = batch;
        received.clear();
        let mut outcome = Ok(());
        let attempt = retry(self, Timeout::Recv, || {
            mmsg::recv(self, storage, *size, |full_length, from| {
                match from.map_or_else(P::Address::nobody, P::Address::from_any) {
                    Ok(from) => received.push((Message::new(full_length, *size), from)),
                    Err(errno) => outcome = Err(errno),
                }
            })
        });
        outcome.and_then(|()| Attempt::of(attempt)).map_err(self.failed("receive on"))
    }

    /// Sends datagrams, each to its own address, [`Batch::MAX`] in one call: sendmmsg(2). Says how many were sent, from
    /// the first one on, which is fewer than all where there is no room or one fails; an error is that of the first.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, UdpSocket};
    /// let socket = UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?;
    /// let to = socket.local_address()?;
    /// let too_long = [0; 65_508];
    /// assert_eq!(socket.send_batch(&[(b"sent", &to), (&too_long, &to), (b"not sent", &to)])?, Attempt::Done(1));
    /// let error = socket.send_batch(&[(&too_long, &to), (b"not sent", &to)]).unwrap_err();
    /// assert!(error.to_string().starts_with(&format!("cannot send to {to}: Message too long")), "{error}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Self::send_to`].
    pub fn send_batch(&self, datagrams: &[(&[u8], &P::Address)]) -> Result<Attempt<usize>, Error> {
        let [(_, first), ..] = datagrams else { return Ok(Attempt::Done(0)) };
        let mut total = 0;
        for together in datagrams.chunks(mmsg::MAX) {
            let sent = retry(self, Timeout::Send, || {
                mmsg::send(self, together.iter().map(|(bytes, to)| (*bytes, to.raw().as_any())))
            });
            match Attempt::of(sent) {
                Ok(Attempt::Done(sent)) => {
                    total += sent;
                    if sent < together.len() {
                        break;
                    }
                }
                // The next call meets the reason again.
                _ if total > 0 => break,
                Ok(Attempt::WouldBlock) => return Ok(Attempt::WouldBlock),
                Err(errno) => return Err(Error::of("send to", first, errno)),
            }
        }
        Ok(Attempt::Done(total))
    }
}
