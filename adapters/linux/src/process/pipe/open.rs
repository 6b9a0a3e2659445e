//! Making pipes.

use rustix::io::Errno;
use rustix::net::sockopt;

use super::direction::sealed::Direction;
use super::end::{Duplex, End, MAX_MESSAGE, OVERHEAD, Receiver, Sender};
use crate::error::Error;
use crate::socket::SeqpacketStream;

/// A one-way pipe: what is sent on the first can be received on the second.
///
/// ```
/// let (sender, receiver) = wirenut_linux::process::pipe::pipe()?;
/// sender.send(b"one")?;
/// sender.send(b"two")?;
/// assert_eq!([receiver.recv()?, receiver.recv()?], [Some(b"one".to_vec()), Some(b"two".to_vec())]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// No two descriptors are left, or no memory.
pub fn pipe() -> Result<(Sender, Receiver), Error> {
    pair(0)
}

/// A one-way pipe for messages of so many bytes, at least.
///
/// ```
/// let (sender, receiver) = wirenut_linux::process::pipe::pipe_with(400_000)?;
/// sender.send(&[7; 400_000])?;
/// assert_eq!(receiver.recv()?.map(|message| message.len()), Some(400_000));
///
/// let error = wirenut_linux::process::pipe::pipe_with(usize::MAX).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// `InvalidInput`: the system allows no buffer of that size. It allows `net.core.wmem_max` twice, which is 425,984 bytes as
/// most systems are set up, and 4 MiB to a process that may administrate the network. And those of [`pipe`].
///
/// A message of more than some 100 KB needs as much memory of the kernel in one piece, and sending it fails where there is
/// none (`ENOBUFS`). What is large goes better as a file (memfd_create(2)), whose descriptor [goes with a
/// message](End::send_descriptors).
pub fn pipe_with(max_message: usize) -> Result<(Sender, Receiver), Error> {
    pair(max_message)
}

/// A two-way pipe: what is sent on either can be received on the other.
///
/// ```
/// let (one, other) = wirenut_linux::process::pipe::duplex()?;
/// one.send(b"a question")?;
/// assert_eq!(other.recv()?.as_deref(), Some(&b"a question"[..]));
/// other.send(b"an answer")?;
/// assert_eq!(one.recv()?.as_deref(), Some(&b"an answer"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As for [`pipe`].
pub fn duplex() -> Result<(Duplex, Duplex), Error> {
    pair(0)
}

/// A two-way pipe for messages of so many bytes, at least, in either direction.
///
/// # Errors
/// As for [`pipe_with`].
pub fn duplex_with(max_message: usize) -> Result<(Duplex, Duplex), Error> {
    pair(max_message)
}

fn pair<D: Direction, E: Direction>(max_message: usize) -> Result<(End<D>, End<E>), Error> {
    let (one, other) = SeqpacketStream::pair()?;
    for socket in [&one, &other] {
        let raised = raise(socket, max_message);
        raised.map_err(|errno| Error::of("make a pipe for messages, in bytes, of", &max_message, errno))?;
    }
    Ok((End::new(one)?, End::new(other)?))
}

/// The kernel doubles what it is asked for, and cuts it to a limit without a word, so it is asked what came of it.
fn raise(socket: &SeqpacketStream, max_message: usize) -> Result<(), Errno> {
    if max_message > MAX_MESSAGE {
        return Err(Errno::INVAL);
    }
    let needed = max_message + OVERHEAD;
    let suffices = || Ok::<_, Errno>(sockopt::socket_send_buffer_size(socket)? >= needed);
    if suffices()? {
        return Ok(());
    }
    let half = needed.div_ceil(2);
    sockopt::set_socket_send_buffer_size(socket, half)?;
    if suffices()? {
        return Ok(());
    }
    // It fails for who has not the right to, and the limit says so in a better way.
    let _ = sockopt::set_socket_send_buffer_size_force(socket, half);
    if suffices()? { Ok(()) } else { Err(Errno::INVAL) }
}
