//! Descriptors that are passed to another process, and who that is: unix(7).

use core::mem::MaybeUninit;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::sockopt::Timeout;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketAddrAny, SocketType,
};

use super::address::UnixAddress;
use super::address::sealed::Address as _;
use super::attempt::{Attempt, Received};
use super::interrupted::retry;
use super::message::Message;
use super::protocol::{Connected, Datagram, Local, Open, State};
use super::typed::Socket;
use crate::error::Error;
use crate::sys::socket;

/// How many descriptors can go with one message (SCM_MAX_FD).
pub const MAX_DESCRIPTORS: usize = 253;

/// Bytes, and the descriptors that came with them: see [`Socket::recv_descriptors`].
#[derive(Debug)]
pub struct Delivery {
    /// The bytes.
    pub message: Message,
    /// The descriptors, closed on exec(2), and closed when this is dropped.
    pub descriptors: Vec<OwnedFd>,
    /// More were sent, but this process may have no more descriptors: the others are closed.
    pub is_incomplete: bool,
}

/// Who is at the other end, as of when it connected or listened: see [`Socket::peer_credentials`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Credentials {
    /// Its process; 0 if that is invisible from here (another PID namespace).
    pub process: u32,
    /// Its effective user.
    pub user: u32,
    /// Its effective group.
    pub group: u32,
}

impl<P: Local> Socket<P, Connected> {
    /// Sends bytes, and duplicates of descriptors with the first of them (SCM_RIGHTS): sendmsg(2). The caller keeps its own.
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use wirenut_linux::socket::{Attempt, Received, UnixStream};
    /// let (one, other) = UnixStream::pair()?;
    /// let (left, right) = UnixStream::pair()?;
    /// assert_eq!(one.send_descriptors(b"!", &[right.as_fd()])?, Attempt::Done(1));
    /// let Received::Data(mut delivery) = other.recv_descriptors(&mut [0; 10])? else { unreachable!() };
    /// let right = UnixStream::try_from(delivery.descriptors.remove(0))?;
    /// assert_eq!(right.send(b"it is the same")?, Attempt::Done(14));
    /// assert_eq!(left.recv(&mut [0; 100])?, Received::Data(14));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: more than [`MAX_DESCRIPTORS`], or descriptors without any byte on a stream, which would be lost. Too many
    /// of this user are on their way and not yet received. And those of sending.
    pub fn send_descriptors(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<Attempt<usize>, Error> {
        let failed = self.failed("send descriptors on");
        if bytes.is_empty() && P::TYPE == SocketType::STREAM {
            return Err(failed(Errno::INVAL));
        }
        let sent = with_rights(self, descriptors, |control| {
            rustix::net::sendmsg(self, &[IoSlice::new(bytes)], control, SendFlags::NOSIGNAL)
        });
        Attempt::of(sent).map_err(failed)
    }

    /// Receives bytes, and the descriptors that come with them: recvmsg(2). Other ways of receiving close those unseen.
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use wirenut_linux::socket::{Attempt, Received, SeqpacketStream};
    /// let (one, other) = SeqpacketStream::pair()?;
    /// assert_eq!(one.send_descriptors(b"", &[one.as_fd(), other.as_fd()])?, Attempt::Done(0));
    /// drop(one);
    /// let Received::Data(delivery) = other.recv_descriptors(&mut [0; 10])? else { unreachable!() };
    /// assert_eq!((delivery.message.length, delivery.descriptors.len()), (0, 2));
    /// drop(delivery); // there was a duplicate of `one` in it
    /// assert!(matches!(other.recv_descriptors(&mut [0; 10])?, Received::End));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of receiving.
    pub fn recv_descriptors(&self, into: &mut [u8]) -> Result<Received<Delivery>, Error> {
        let has_room = !into.is_empty();
        let arrival = match self.recv_rights(into) {
            Err(Errno::AGAIN) => return Ok(Received::WouldBlock),
            arrival => arrival.map_err(self.failed("receive descriptors on"))?,
        };
        let is_end = match P::TYPE {
            SocketType::STREAM => has_room,
            SocketType::SEQPACKET => arrival.came_alone,
            _ => false,
        };
        if arrival.delivery.message.full_length == 0 && is_end {
            return Ok(Received::End);
        }
        Ok(Received::Data(arrival.delivery))
    }

    /// Who is at the other end (SO_PEERCRED): what the system noted when the peer connected, or began to listen, or made
    /// the pair. What the peer has passed on since then is not known.
    ///
    /// ```
    /// use wirenut_linux::socket::UnixStream;
    /// let (one, _other) = UnixStream::pair()?;
    /// assert_eq!(one.peer_credentials()?.process, std::process::id());
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn peer_credentials(&self) -> Result<Credentials, Error> {
        let credentials = socket::peer_credentials(self).map_err(self.failed("tell the peer of"))?;
        Ok(Credentials { process: credentials.pid.cast_unsigned(), user: credentials.uid, group: credentials.gid })
    }
}

impl Socket<Datagram, Open> {
    /// Sends a datagram to somebody, and duplicates of descriptors with it, as [`Socket::send_descriptors`] does.
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use wirenut_linux::socket::{Attempt, Socket, UnixAddress, UnixDatagram};
    /// let name = UnixAddress::abstract_name(format!("descriptors {}", std::process::id()).as_bytes())?;
    /// let (one, other) = (Socket::datagram()?, Socket::datagram()?);
    /// other.bind(&name)?;
    /// assert_eq!(one.send_descriptors_to(b"", &[other.as_fd()], &name)?, Attempt::Done(()));
    /// let (mut delivery, from) = other.recv_descriptors_from(&mut [])?.done().unwrap();
    /// assert!(from.is_unnamed());
    /// assert_eq!(UnixDatagram::try_from(delivery.descriptors.remove(0))?.local_address()?, name);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: more than [`MAX_DESCRIPTORS`]. Too many of this user are on their way and not yet received. And those of
    /// [`Self::send_to`].
    pub fn send_descriptors_to(
        &self,
        bytes: &[u8],
        descriptors: &[BorrowedFd<'_>],
        to: &UnixAddress,
    ) -> Result<Attempt<()>, Error> {
        let sent = with_rights(self, descriptors, |control| {
            rustix::net::sendmsg_addr(self, to.raw(), &[IoSlice::new(bytes)], control, SendFlags::NOSIGNAL)
        });
        Attempt::of(sent.map(|_| ())).map_err(|errno| Error::of("send descriptors to", to, errno))
    }

    /// Receives a datagram, and the descriptors that come with it, and tells from whom: recvmsg(2).
    ///
    /// ```
    /// use std::os::fd::AsFd;
    /// use wirenut_linux::socket::{Attempt, Mode, Socket, UnixAddress};
    /// let name = UnixAddress::abstract_name(format!("to itself {}", std::process::id()).as_bytes())?;
    /// let socket = Socket::datagram()?;
    /// socket.bind(&name)?;
    /// assert_eq!(socket.send_descriptors_to(b"hello", &[socket.as_fd()], &name)?, Attempt::Done(()));
    /// let (delivery, from) = socket.recv_descriptors_from(&mut [0; 2])?.done().unwrap();
    /// assert_eq!((delivery.message.is_truncated(), delivery.descriptors.len(), from), (true, 1, name));
    /// socket.set_mode(Mode::NonBlocking)?;
    /// assert!(matches!(socket.recv_descriptors_from(&mut [])?, Attempt::WouldBlock));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Self::recv_from`].
    pub fn recv_descriptors_from(&self, into: &mut [u8]) -> Result<Attempt<(Delivery, UnixAddress)>, Error> {
        let received = self.recv_rights(into).and_then(|arrival| {
            let from = arrival.from.map_or_else(UnixAddress::nobody, UnixAddress::from_any)?;
            Ok((arrival.delivery, from))
        });
        Attempt::of(received).map_err(self.failed("receive descriptors on"))
    }
}

/// What one call brings.
struct Arrival {
    delivery: Delivery,
    from: Option<SocketAddrAny>,
    /// Nothing came beside the bytes.
    came_alone: bool,
}

impl<P: Local, S: State> Socket<P, S> {
    fn recv_rights(&self, into: &mut [u8]) -> Result<Arrival, Errno> {
        let room = into.len();
        // Room for more than can come: the second is for the time of a message (see `Protocol::prepare`).
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS), ScmCredentials(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = match P::TYPE {
            SocketType::STREAM => RecvFlags::CMSG_CLOEXEC,
            _ => RecvFlags::CMSG_CLOEXEC | RecvFlags::TRUNC,
        };
        let mut slices = [IoSliceMut::new(into)];
        let received = retry(self, Timeout::Recv, || rustix::net::recvmsg(self, &mut slices, &mut control, flags))?;
        let messages = control.drain();
        let came_alone = messages.size_hint().1 == Some(0);
        let mut descriptors = Vec::new();
        for message in messages {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        let is_incomplete = received.flags.contains(ReturnFlags::CTRUNC);
        let delivery = Delivery { message: Message::new(received.bytes, room), descriptors, is_incomplete };
        Ok(Arrival { delivery, from: received.address, came_alone })
    }
}

/// Makes a call with descriptors beside its bytes, again where a signal interrupts it.
fn with_rights(
    socket: &impl AsFd,
    descriptors: &[BorrowedFd<'_>],
    mut send: impl FnMut(&mut SendAncillaryBuffer<'_, '_, '_>) -> Result<usize, Errno>,
) -> Result<usize, Errno> {
    if descriptors.len() > MAX_DESCRIPTORS {
        return Err(Errno::INVAL);
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    retry(socket, Timeout::Send, || send(&mut control))
}
