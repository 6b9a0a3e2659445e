//! Messages: each comes whole, or not at all, or is known to have been cut.

use std::io::IoSliceMut;

use rustix::io::{Errno, retry_on_intr};
use rustix::net::{RecvAncillaryBuffer, RecvFlags, ReturnFlags, SendFlags};

use super::address::sealed::Address as _;
use super::protocol::{Connected, Datagrams, Open, Protocol, Seqpacket, State};
use super::{Attempt, Message, Received, Socket};
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
        let room = into.len();
        let failed = self.failed("receive on");
        let received = retry_on_intr(|| rustix::net::recvfrom(self, &mut *into, RecvFlags::TRUNC));
        match Attempt::of(received).map_err(&failed)? {
            Attempt::Done((_, full_length, from)) => {
                let from = from.map_or_else(P::Address::nobody, P::Address::from_any).map_err(failed)?;
                Ok(Attempt::Done((Message::new(full_length, room), from)))
            }
            Attempt::WouldBlock => Ok(Attempt::WouldBlock),
        }
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
        let sent = retry_on_intr(|| rustix::net::sendto(self, bytes, SendFlags::NOSIGNAL, to.raw()));
        Attempt::of(sent.map(|_| ())).map_err(|errno| Error::of("send to", to, errno))
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
        let peeked = retry_on_intr(|| rustix::net::recv(self, &mut [0_u8; 0], RecvFlags::PEEK | RecvFlags::TRUNC));
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
        let room = into.len();
        let received = retry_on_intr(|| rustix::net::recv(self, &mut *into, RecvFlags::TRUNC));
        Attempt::of(received.map(|(_, full_length)| Message::new(full_length, room))).map_err(self.failed("receive on"))
    }

    /// Sends one datagram to the peer, whole or not at all: send(2).
    ///
    /// # Errors
    /// `ConnectionRefused`: what was sent before could not be delivered. The bytes are more than a datagram holds.
    pub fn send_message(&self, bytes: &[u8]) -> Result<Attempt<()>, Error> {
        self.send_whole(bytes)
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
        let room = into.len();
        let mut control = RecvAncillaryBuffer::default();
        let mut slices = [IoSliceMut::new(into)];
        match retry_on_intr(|| rustix::net::recvmsg(self, &mut slices, &mut control, RecvFlags::TRUNC)) {
            // The time of a message (see `Protocol::prepare`) finds no room here, and that is told.
            Ok(end) if end.bytes == 0 && !end.flags.contains(ReturnFlags::CTRUNC) => Ok(Received::End),
            Ok(message) => Ok(Received::Data(Message::new(message.bytes, room))),
            Err(Errno::AGAIN) => Ok(Received::WouldBlock),
            Err(errno) => Err(Error::on("receive on", self, errno)),
        }
    }

    /// Sends one message, whole or not at all: send(2).
    ///
    /// # Errors
    /// `BrokenPipe`: the connection has ended. The bytes are more than the buffer for sending holds.
    pub fn send_message(&self, bytes: &[u8]) -> Result<Attempt<()>, Error> {
        self.send_whole(bytes)
    }
}

impl<P: Protocol> Socket<P, Connected> {
    fn send_whole(&self, bytes: &[u8]) -> Result<Attempt<()>, Error> {
        let sent = retry_on_intr(|| rustix::net::send(self, bytes, SendFlags::NOSIGNAL));
        Attempt::of(sent.map(|_| ())).map_err(self.failed("send on"))
    }
}
