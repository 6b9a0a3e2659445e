//! One session of TLS, in either role; the socket is lent to each call.

use alloc::sync::Arc;
use std::io::{self, ErrorKind, Read, Write as _};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};
use wirenut::readiness::Interest;
use wirenut_linux::socket::{AnyByteStream, Attempt, Received};

use crate::error::Error;
use crate::record::RecordPosition;

/// How many times a call receives at most: more often than one record needs.
const MAX_ROUNDS: usize = 8;

/// rustls takes as much of what is received at a time.
const PIECE: usize = 4096;

/// A call takes so many bytes to send at most.
const MAX_TAKEN: usize = 64 * 1024;

/// One session of TLS over a socket that does not block. See the [crate] for an example, and [`Wire`](crate::Wire), which
/// owns its socket.
///
/// The socket is lent to each call, and must be the same each time.
#[derive(Debug)]
pub struct Session {
    connection: Connection,
    /// How far into a record what has come reaches.
    position: RecordPosition,
}

impl Session {
    /// That of a client. `name` is whom the certificate of the server must name: a DNS name, or an IP address without brackets.
    ///
    /// # Errors
    /// [`Error::InvalidName`]; [`Error::Tls`]: the configuration offers nothing.
    pub fn client(config: &Arc<ClientConfig>, name: &str) -> Result<Self, Error> {
        let name = ServerName::try_from(name.to_owned()).map_err(|_| Error::InvalidName)?;
        Ok(Self::new(ClientConnection::new(Arc::clone(config), name)?.into()))
    }

    /// That of a server.
    ///
    /// # Errors
    /// [`Error::Tls`]: the configuration is contradictory, or the system has no random bytes.
    pub fn server(config: &Arc<ServerConfig>) -> Result<Self, Error> {
        Ok(Self::new(ServerConnection::new(Arc::clone(config))?.into()))
    }

    fn new(mut connection: Connection) -> Self {
        // Its own limit counts what TLS says itself, too: a change of keys would have it take a part of a piece.
        connection.set_buffer_limit(None);
        Self { connection, position: RecordPosition::default() }
    }

    /// What both have agreed on: version, cipher suite, ALPN, certificates.
    #[must_use]
    pub const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// True until both have agreed.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Does what can be done of the handshake now. Returns what the socket must be ready for to go on, or `None`: both have
    /// agreed.
    ///
    /// # Errors
    /// [`Error::HandshakeEnded`], [`Error::Tls`], [`Error::System`]. The peer has got an alert that says why, as far as
    /// there was room for it.
    pub fn handshake(&mut self, socket: &AnyByteStream) -> Result<Option<Interest>, Error> {
        while self.is_handshaking() {
            if !self.flush(socket)? {
                return Ok(Some(Interest::WRITABLE));
            }
            match self.receive(socket)? {
                Received::Data(_) => {}
                Received::End => return Err(Error::HandshakeEnded),
                Received::WouldBlock => return Ok(Some(Interest::READABLE)),
            }
        }
        Ok(None)
    }

    /// Receives what is there, decrypted. The bytes behind those that it returns may hold anything.
    ///
    /// `WouldBlock` may also mean that it has received much, and none of it was content: so a peer that sends tickets without
    /// end does not hold the caller up. Ask a poller again.
    ///
    /// # Errors
    /// [`Error::Truncated`]: the end came without close_notify. And those of [`Self::handshake`].
    pub fn recv(&mut self, socket: &AnyByteStream, into: &mut [u8]) -> Result<Received, Error> {
        if self.handshake(socket)?.is_some() {
            return Ok(Received::WouldBlock);
        }
        for _ in 0..MAX_ROUNDS {
            match self.take(into)? {
                Received::WouldBlock => {}
                received @ (Received::Data(_) | Received::End) => return Ok(received),
            }
            let received = if into.len() < PIECE { self.receive(socket)? } else { self.receive_much(socket, into)? };
            match received {
                // Decrypted already, at its place.
                Received::Data(count @ 1..) if into.len() >= PIECE => return Ok(Received::Data(count)),
                Received::WouldBlock => break,
                Received::Data(_) | Received::End => {}
            }
        }
        Ok(Received::WouldBlock)
    }

    /// Is there something to receive for which the socket does not become readable: decrypted bytes, or the end, also one
    /// without close_notify?
    pub fn holds_unread(&mut self) -> bool {
        let first = match &mut self.connection {
            Connection::Client(connection) => connection.reader().into_first_chunk().map(drop),
            Connection::Server(connection) => connection.reader().into_first_chunk().map(drop),
        };
        !first.is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// Has a part of a record come, and not yet its end? Then something is on its way of which [`Self::holds_unread`] and the
    /// socket know nothing: the part lies here, encrypted.
    #[must_use]
    pub const fn holds_part(&self) -> bool {
        self.position.is_inside()
    }

    /// How many bytes it has taken, or has made itself, that have not left: encrypted ones.
    pub fn unsent(&mut self) -> usize {
        if !self.connection.wants_write() {
            return 0;
        }
        let state = self.connection.process_new_packets();
        state.map_or(1, |state| state.tls_bytes_to_write().max(1))
    }

    /// Takes bytes to send, if what was taken before has left; and sends of them what the socket takes now. `WouldBlock` means:
    /// nothing was taken, and the socket must become writable; or both have not agreed yet, and [`Self::handshake`] says
    /// what for.
    ///
    /// A call takes all of 64 KiB, and no more. What was taken and has not left goes with the next call, or with
    /// [`Self::flush`].
    ///
    /// # Errors
    /// As of [`Self::handshake`].
    pub fn send(&mut self, socket: &AnyByteStream, bytes: &[u8]) -> Result<Attempt<usize>, Error> {
        if self.handshake(socket)?.is_some() || !self.flush(socket)? {
            return Ok(Attempt::WouldBlock);
        }
        let most = bytes.len().min(MAX_TAKEN);
        let count = self.connection.writer().write(&bytes[..most]).map_err(of_rustls)?;
        self.flush(socket)?;
        Ok(Attempt::Done(count))
    }

    /// Sends what was taken. Returns whether all of it has left.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn flush(&mut self, socket: &AnyByteStream) -> Result<bool, Error> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut &*socket) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(Error::System(wirenut_linux::Error::new("send", error))),
            }
        }
        Ok(true)
    }

    /// Says that nothing more comes (close_notify). Returns whether that has left; if not, [`Self::flush`] sends it.
    ///
    /// # Errors
    /// [`Error::System`].
    pub fn close(&mut self, socket: &AnyByteStream) -> Result<bool, Error> {
        self.connection.send_close_notify();
        self.flush(socket)
    }

    /// Decrypted bytes that were not received yet, or the end.
    fn take(&mut self, into: &mut [u8]) -> Result<Received, Error> {
        match self.connection.reader().read(into) {
            Ok(0) if !into.is_empty() => Ok(Received::End),
            Ok(count) => Ok(Received::Data(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(Received::WouldBlock),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(Error::Truncated),
            Err(error) => Err(of_rustls(error)),
        }
    }

    /// Takes one piece from the socket. Returns how many encrypted bytes it had, or the end of the socket.
    fn receive(&mut self, socket: &AnyByteStream) -> Result<Received, Error> {
        let received = match self.connection.read_tls(&mut self.position.follow(socket)) {
            Ok(0) => Received::End,
            Ok(count) => Received::Data(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Received::WouldBlock),
            Err(error) => return Err(Error::System(wirenut_linux::Error::new("receive", error))),
        };
        self.process(socket)?;
        Ok(received)
    }

    /// Takes from the socket as much as there is room for, with one call of the system, and decrypts it where it lies. Returns how
    /// many decrypted bytes lie there then; none, if no record was whole. More may be [held](Self::holds_unread).
    ///
    /// rustls itself would call the system for each [`PIECE`].
    fn receive_much(&mut self, socket: &AnyByteStream, into: &mut [u8]) -> Result<Received, Error> {
        let length = match socket.recv(into)? {
            Received::Data(length) => length,
            Received::End => return self.end(socket),
            Received::WouldBlock => return Ok(Received::WouldBlock),
        };
        let (mut given, mut written) = (0, 0);
        while given < length {
            let count = self.connection.read_tls(&mut self.position.follow(&into[given..length])).map_err(of_rustls)?;
            if count == 0 {
                // After close_notify nothing counts (RFC 8446 §6.1).
                break;
            }
            given += count;
            self.process(socket)?;
            // Never over what is still encrypted.
            match self.take(&mut into[written..given])? {
                Received::Data(count) => written += count,
                Received::End | Received::WouldBlock => {}
            }
        }
        Ok(Received::Data(written))
    }

    /// The socket has ended.
    fn end(&mut self, socket: &AnyByteStream) -> Result<Received, Error> {
        self.connection.read_tls(&mut io::empty()).map_err(of_rustls)?;
        self.process(socket)?;
        Ok(Received::End)
    }

    fn process(&mut self, socket: &AnyByteStream) -> Result<(), Error> {
        let processed = self.connection.process_new_packets().map(drop).map_err(Error::Tls);
        // The peer gets what it must have before it goes on; or an alert that says why it does not.
        let flushed = self.flush(socket);
        processed.and(flushed.map(drop))
    }
}

/// An error of rustls, inside of one of the standard library.
fn of_rustls(error: io::Error) -> Error {
    match error.downcast::<rustls::Error>() {
        Ok(error) => Error::Tls(error),
        Err(error) => Error::System(wirenut_linux::Error::new("speak TLS", error)),
    }
}

#[cfg(test)]
mod tests;
