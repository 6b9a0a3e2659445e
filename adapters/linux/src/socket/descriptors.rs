//! Descriptors that are passed to another process, and who that is: unix(7).

use core::mem::MaybeUninit;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketType,
};

use super::protocol::{Connected, Local};
use super::{Attempt, Message, Received, Socket};
use crate::error::Error;
use crate::sys::socket;

/// How many descriptors can go with one message (SCM_MAX_FD).
pub const MOST_DESCRIPTORS: usize = 253;

/// Bytes, and the descriptors that came with them.
#[derive(Debug)]
pub struct Delivery {
    /// The bytes.
    pub message: Message,
    /// The descriptors, closed on exec(2), and closed when this is dropped.
    pub descriptors: Vec<OwnedFd>,
    /// More were sent, but this process may have no more descriptors: the others are closed.
    pub is_incomplete: bool,
}

/// Who is at the other end, as of when it connected or listened.
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
    /// `InvalidInput`: more than [`MOST_DESCRIPTORS`], or descriptors without any byte on a stream, which would be lost. Too many
    /// of this user are on their way and not yet received. And those of sending.
    pub fn send_descriptors(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<Attempt<usize>, Error> {
        let failed = self.failed("send descriptors on");
        let is_lost = bytes.is_empty() && P::TYPE == SocketType::STREAM;
        if is_lost || descriptors.len() > MOST_DESCRIPTORS {
            return Err(failed(Errno::INVAL));
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(descriptors));
        }
        let pieces = [IoSlice::new(bytes)];
        let sent = retry_on_intr(|| rustix::net::sendmsg(self, &pieces, &mut control, SendFlags::NOSIGNAL));
        Attempt::of(sent).map_err(failed)
    }

    /// Receives bytes, and the descriptors that come with them: recvmsg(2). Other ways of receiving close those unseen.
    ///
    /// # Errors
    /// Those of receiving.
    pub fn recv_descriptors(&self, into: &mut [u8]) -> Result<Received<Delivery>, Error> {
        let room = into.len();
        // Room for more than can come: the second is for the time of a message (see `Protocol::prepare`).
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS), ScmCredentials(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let flags = match P::TYPE {
            SocketType::STREAM => RecvFlags::CMSG_CLOEXEC,
            _ => RecvFlags::CMSG_CLOEXEC | RecvFlags::TRUNC,
        };
        let mut slices = [IoSliceMut::new(into)];
        let received = match retry_on_intr(|| rustix::net::recvmsg(self, &mut slices, &mut control, flags)) {
            Err(Errno::AGAIN) => return Ok(Received::WouldBlock),
            received => received.map_err(self.failed("receive descriptors on"))?,
        };
        let messages = control.drain();
        let came_alone = messages.size_hint().1 == Some(0);
        let is_end = match P::TYPE {
            SocketType::STREAM => room > 0,
            SocketType::SEQPACKET => came_alone,
            _ => false,
        };
        if received.bytes == 0 && is_end {
            return Ok(Received::End);
        }
        let mut descriptors = Vec::new();
        for message in messages {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        Ok(Received::Data(Delivery {
            message: Message::new(received.bytes, room),
            descriptors,
            is_incomplete: received.flags.contains(ReturnFlags::CTRUNC),
        }))
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
