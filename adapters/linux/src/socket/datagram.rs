//! Messages: each comes whole, or not at all, or is known to have been cut.

use std::io::{IoSlice, IoSliceMut};

use rustix::io::Errno;
use rustix::net::sockopt::Timeout;
use rustix::net::{
    RecvAncillaryBuffer, RecvFlags, RecvMsg, ReturnFlags, SendAncillaryBuffer, SendFlags, SocketAddrAny,
};

use super::address::sealed::Address as _;
use super::attempt::{Attempt, Received};
use super::interrupted::retry;
use super::message::Message;
use super::protocol::{Connected, Datagrams, Messages, Open, Protocol, Seqpacket, State};
use super::typed::Socket;
use crate::error::Error;

impl<P: Datagrams> Socket<P, Open> {
    /// Receives the next datagram, and tells from whom: recvfrom(2). It may have no bytes at all.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, UdpSocket};
    /// let (one, other) = (UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?, UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?);
    /// assert_eq!(one.send_to(b"hello", &other.local_address()?)?, Attempt::Done(()));
    /// let mut bytes = [0; 4];
    /// let (message, from) = other.recv_from(&mut bytes)?.done().unwrap();
    /// assert_eq!((message.length, message.full_length, from), (4, 5, one.local_address()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The system has no memory left.
    pub fn recv_from(&self, into: &mut [u8]) -> Result<Attempt<(Message, P::Address)>, Error> {
        self.recv_from_with(into, RecvFlags::TRUNC)
    }

    /// Receives without taking: the next call gives the same datagram again (MSG_PEEK).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, UdpSocket};
    /// let (one, other) = (UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?, UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?);
    /// assert_eq!(one.send_to(b"hello", &other.local_address()?)?, Attempt::Done(()));
    /// let (peeked, from) = other.peek_from(&mut [0; 1])?.done().unwrap();
    /// assert_eq!((peeked.is_truncated(), from), (true, one.local_address()?));
    /// let mut bytes = vec![0; peeked.full_length];
    /// assert!(other.recv_from(&mut bytes)?.done().is_some());
    /// assert_eq!(bytes, b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv_from`].
    pub fn peek_from(&self, into: &mut [u8]) -> Result<Attempt<(Message, P::Address)>, Error> {
        self.recv_from_with(into, RecvFlags::TRUNC | RecvFlags::PEEK)
    }

    fn recv_from_with(&self, into: &mut [u8], flags: RecvFlags) -> Result<Attempt<(Message, P::Address)>, Error> {
        let room = into.len();
        let received = retry(self, Timeout::Recv, || rustix::net::recvfrom(self, &mut *into, flags));
        self.received_from(received.map(|(_, full_length, from)| (full_length, from)), room)
    }

    /// Receives the next datagram into several buffers, in their order: recvmsg(2).
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use wirenut_linux::socket::{Attempt, UdpSocket};
    /// let (one, other) = (UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?, UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?);
    /// assert_eq!(one.send_to(b"headbody", &other.local_address()?)?, Attempt::Done(()));
    /// let (mut head, mut body) = ([0; 4], [0; 100]);
    /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// let (message, from) = other.recv_from_vectored(&mut buffers)?.done().unwrap();
    /// assert_eq!((message.length, from, &head, &body[..4]), (8, one.local_address()?, b"head", &b"body"[..]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv_from`]; and there may be 1024 buffers at most.
    pub fn recv_from_vectored(&self, into: &mut [IoSliceMut<'_>]) -> Result<Attempt<(Message, P::Address)>, Error> {
        let room = room_of(into);
        let received = self.recv_pieces(into, RecvFlags::empty());
        self.received_from(received.map(|message| (message.bytes, message.address)), room)
    }

    fn received_from(
        &self,
        received: Result<(usize, Option<SocketAddrAny>), Errno>,
        room: usize,
    ) -> Result<Attempt<(Message, P::Address)>, Error> {
        let attempt = Attempt::of(received.and_then(|(full_length, from)| {
            let from = from.map_or_else(P::Address::nobody, P::Address::from_any)?;
            Ok((Message::new(full_length, room), from))
        }));
        attempt.map_err(self.failed("receive on"))
    }

    /// Sends one datagram to somebody, whole or not at all: sendto(2). A socket that is not bound is bound now. That it
    /// was sent does not say that it arrives.
    ///
    /// ```
    /// use wirenut_linux::socket::{Socket, UdpSocket};
    /// let socket = UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?;
    /// let error = socket.send_to(&[0; 65_508], &socket.local_address()?).unwrap_err();
    /// assert!(error.to_string().ends_with("Message too long (os error 90)"), "{error}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The bytes are more than a datagram holds (65,507 for IPv4, 65,527 for IPv6). `PermissionDenied`: a broadcast that was not
    /// [allowed](Socket::set_broadcast). `NetworkUnreachable`. Of Unix sockets: `NotFound`, `ConnectionRefused`.
    pub fn send_to(&self, bytes: &[u8], to: &P::Address) -> Result<Attempt<()>, Error> {
        let sent = retry(self, Timeout::Send, || rustix::net::sendto(self, bytes, SendFlags::NOSIGNAL, to.raw()));
        Attempt::of(sent.map(|_| ())).map_err(|errno| Error::of("send to", to, errno))
    }

    /// Sends several pieces, in their order, as one datagram: sendmsg(2).
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use wirenut_linux::socket::{Attempt, UdpSocket};
    /// let (one, other) = (UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?, UdpSocket::bind_to(&"127.0.0.1:0".parse()?)?);
    /// let pieces = [IoSlice::new(b"head"), IoSlice::new(b"body")];
    /// assert_eq!(one.send_to_vectored(&pieces, &other.local_address()?)?, Attempt::Done(()));
    /// assert_eq!(other.recv_from(&mut [0; 100])?.done().unwrap().0.length, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send_to`]; and there may be 1024 pieces at most.
    pub fn send_to_vectored(&self, pieces: &[IoSlice<'_>], to: &P::Address) -> Result<Attempt<()>, Error> {
        let mut control = SendAncillaryBuffer::default();
        let send = || rustix::net::sendmsg_addr(self, to.raw(), pieces, &mut control, SendFlags::NOSIGNAL);
        Attempt::of(retry(self, Timeout::Send, send).map(|_| ())).map_err(|errno| Error::of("send to", to, errno))
    }
}

impl<P: Datagrams, S: State> Socket<P, S> {
    /// How long the next datagram is, without taking it: to have room for it.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Connected, Datagram, Socket};
    /// let (one, other) = Socket::<Datagram, Connected>::pair()?;
    /// assert_eq!(one.send_message(&[0; 70_000])?, Attempt::Done(()));
    /// assert_eq!(other.next_length()?, Attempt::Done(70_000));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv_from`].
    pub fn next_length(&self) -> Result<Attempt<usize>, Error> {
        let peeked =
            retry(self, Timeout::Recv, || rustix::net::recv(self, &mut [0_u8; 0], RecvFlags::PEEK | RecvFlags::TRUNC));
        Attempt::of(peeked.map(|(_, full_length)| full_length)).map_err(self.failed("receive on"))
    }
}

impl<P: Datagrams> Socket<P, Connected> {
    /// Receives the next datagram of the peer: recv(2). It may have no bytes at all.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Connected, Datagram, Message, Socket};
    /// let (one, other) = Socket::<Datagram, Connected>::pair()?;
    /// assert_eq!(one.send_message(b"hello")?, Attempt::Done(()));
    /// let message = other.recv_message(&mut [0; 10])?.done();
    /// assert_eq!(message, Some(Message { length: 5, full_length: 5 }));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ConnectionRefused`: what was sent by UDP before could not be delivered. `ConnectionReset`: the peer of a Unix socket
    /// is gone.
    pub fn recv_message(&self, into: &mut [u8]) -> Result<Attempt<Message>, Error> {
        self.recv_message_with(into, RecvFlags::TRUNC)
    }

    /// Receives without taking: the next call gives the same datagram again (MSG_PEEK).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Connected, Datagram, Message, Socket};
    /// let (one, other) = Socket::<Datagram, Connected>::pair()?;
    /// assert_eq!(one.send_message(b"hello")?, Attempt::Done(()));
    /// assert_eq!(other.peek_message(&mut [0; 2])?.done(), Some(Message { length: 2, full_length: 5 }));
    /// assert_eq!(other.recv_message(&mut [0; 9])?.done(), Some(Message { length: 5, full_length: 5 }));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv_message`].
    pub fn peek_message(&self, into: &mut [u8]) -> Result<Attempt<Message>, Error> {
        self.recv_message_with(into, RecvFlags::TRUNC | RecvFlags::PEEK)
    }

    fn recv_message_with(&self, into: &mut [u8], flags: RecvFlags) -> Result<Attempt<Message>, Error> {
        let room = into.len();
        let received = retry(self, Timeout::Recv, || rustix::net::recv(self, &mut *into, flags));
        Attempt::of(received.map(|(_, full_length)| Message::new(full_length, room))).map_err(self.failed("receive on"))
    }

    /// Receives the next datagram of the peer into several buffers, in their order: recvmsg(2).
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use wirenut_linux::socket::{Attempt, Connected, Datagram, Message, Socket};
    /// let (one, other) = Socket::<Datagram, Connected>::pair()?;
    /// assert_eq!(one.send_message(b"headbody")?, Attempt::Done(()));
    /// let (mut head, mut body) = ([0; 4], [0; 3]);
    /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// assert_eq!(other.recv_message_vectored(&mut buffers)?.done(), Some(Message { length: 7, full_length: 8 }));
    /// assert_eq!((&head, &body), (b"head", b"bod"));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv_message`]; and there may be 1024 buffers at most.
    pub fn recv_message_vectored(&self, into: &mut [IoSliceMut<'_>]) -> Result<Attempt<Message>, Error> {
        let room = room_of(into);
        let received = self.recv_pieces(into, RecvFlags::empty());
        Attempt::of(received.map(|message| Message::new(message.bytes, room))).map_err(self.failed("receive on"))
    }
}

impl Socket<Seqpacket, Connected> {
    /// Receives the next message: recvmsg(2). One without bytes and the end are told apart.
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Message, Received, SeqpacketStream};
    /// let (one, other) = SeqpacketStream::pair()?;
    /// assert_eq!(one.send_message(b"")?, Attempt::Done(()));
    /// drop(one);
    /// assert_eq!(other.recv_message(&mut [0; 10])?, Received::Data(Message { length: 0, full_length: 0 }));
    /// assert_eq!(other.recv_message(&mut [0; 10])?, Received::End);
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ConnectionReset`: the peer has closed it without receiving all that we sent.
    pub fn recv_message(&self, into: &mut [u8]) -> Result<Received<Message>, Error> {
        self.recv_message_with(&mut [IoSliceMut::new(into)], RecvFlags::empty())
    }

    /// Receives without taking: the next call gives the same message again (MSG_PEEK).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Message, Received, SeqpacketStream};
    /// let (one, other) = SeqpacketStream::pair()?;
    /// assert_eq!(one.send_message(b"hello")?, Attempt::Done(()));
    /// assert_eq!(other.peek_message(&mut [])?, Received::Data(Message { length: 0, full_length: 5 }));
    /// assert_eq!(other.recv_message(&mut [0; 5])?, Received::Data(Message { length: 5, full_length: 5 }));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv_message`].
    pub fn peek_message(&self, into: &mut [u8]) -> Result<Received<Message>, Error> {
        self.recv_message_with(&mut [IoSliceMut::new(into)], RecvFlags::PEEK)
    }

    /// Receives the next message into several buffers, in their order: recvmsg(2).
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use wirenut_linux::socket::{Attempt, Message, Received, SeqpacketStream};
    /// let (one, other) = SeqpacketStream::pair()?;
    /// assert_eq!(one.send_message(b"headbody")?, Attempt::Done(()));
    /// let (mut head, mut body) = ([0; 4], [0; 100]);
    /// let mut buffers = [IoSliceMut::new(&mut head), IoSliceMut::new(&mut body)];
    /// let received = other.recv_message_vectored(&mut buffers)?;
    /// assert_eq!(received, Received::Data(Message { length: 8, full_length: 8 }));
    /// assert_eq!((&head, &body[..4]), (b"head", &b"body"[..]));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::recv_message`]; and there may be 1024 buffers at most.
    pub fn recv_message_vectored(&self, into: &mut [IoSliceMut<'_>]) -> Result<Received<Message>, Error> {
        self.recv_message_with(into, RecvFlags::empty())
    }

    fn recv_message_with(&self, into: &mut [IoSliceMut<'_>], flags: RecvFlags) -> Result<Received<Message>, Error> {
        let room = room_of(into);
        match self.recv_pieces(into, flags) {
            // The time of a message (see `Protocol::prepare`) finds no room here, and that is told.
            Ok(end) if end.bytes == 0 && !end.flags.contains(ReturnFlags::CTRUNC) => Ok(Received::End),
            Ok(message) => Ok(Received::Data(Message::new(message.bytes, room))),
            Err(Errno::AGAIN) => Ok(Received::WouldBlock),
            Err(errno) => Err(Error::on("receive on", self, errno)),
        }
    }
}

impl<P: Messages> Socket<P, Connected> {
    /// Sends one message to the peer, whole or not at all: send(2).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Mode, SeqpacketStream};
    /// let (one, _other) = SeqpacketStream::pair()?;
    /// one.set_mode(Mode::NonBlocking)?;
    /// while one.send_message(b"nobody receives")? == Attempt::Done(()) {}
    /// let (one, _) = SeqpacketStream::pair()?;
    /// assert_eq!(one.send_message(b"").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe); // and no SIGPIPE
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// The bytes are more than a datagram holds, or than the buffer for sending. `ConnectionRefused`: what was sent before could
    /// not be delivered. `ConnectionReset`, and then `BrokenPipe`: the peer has closed it.
    pub fn send_message(&self, bytes: &[u8]) -> Result<Attempt<()>, Error> {
        let sent = retry(self, Timeout::Send, || rustix::net::send(self, bytes, SendFlags::NOSIGNAL));
        Attempt::of(sent.map(|_| ())).map_err(self.failed("send on"))
    }

    /// Sends several pieces, in their order, as one message: sendmsg(2).
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use wirenut_linux::socket::{Attempt, Connected, Datagram, Message, Socket};
    /// let (one, other) = Socket::<Datagram, Connected>::pair()?;
    /// assert_eq!(one.send_message_vectored(&[IoSlice::new(b"head"), IoSlice::new(b"body")])?, Attempt::Done(()));
    /// assert_eq!(other.recv_message(&mut [0; 9])?.done(), Some(Message { length: 8, full_length: 8 }));
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Self::send_message`]; and there may be 1024 pieces at most.
    pub fn send_message_vectored(&self, pieces: &[IoSlice<'_>]) -> Result<Attempt<()>, Error> {
        let mut control = SendAncillaryBuffer::default();
        let sent = retry(self, Timeout::Send, || rustix::net::sendmsg(self, pieces, &mut control, SendFlags::NOSIGNAL));
        Attempt::of(sent.map(|_| ())).map_err(self.failed("send on"))
    }
}

impl<P: Protocol, S: State> Socket<P, S> {
    /// The next message, and its full length, whatever there is room for.
    fn recv_pieces(&self, into: &mut [IoSliceMut<'_>], flags: RecvFlags) -> Result<RecvMsg, Errno> {
        let mut control = RecvAncillaryBuffer::default();
        retry(self, Timeout::Recv, || rustix::net::recvmsg(self, into, &mut control, flags | RecvFlags::TRUNC))
    }
}

fn room_of(buffers: &[IoSliceMut<'_>]) -> usize {
    buffers.iter().map(|buffer| buffer.len()).sum()
}
