//! A listener, and its connections.

use wirenut_linux::Error;
use wirenut_linux::poller::Interest;
use wirenut_linux::socket::{Attempt, ByteStream, Listening, Mode, Socket};

use super::connection::Connection;
use super::watched::{Watched, Watcher};
use super::{Echo, LISTENER, token};

/// Connections of bytes, so many at most: the others wait to be accepted.
pub(super) struct Streams<S: ByteStream> {
    number: usize,
    /// None since it was told to stop.
    listener: Option<Watched<Socket<S, Listening>>>,
    connections: Box<[Option<Connection<S>>]>,
    /// The places without a connection.
    free: Vec<usize>,
}

impl<S: ByteStream> Streams<S> {
    pub(super) fn new(
        listener: Socket<S, Listening>,
        most: u16,
        number: usize,
        poller: &mut impl Watcher,
    ) -> Result<Self, Error> {
        listener.set_mode(Mode::NonBlocking)?;
        let listener = Some(Watched::new(listener, token(number, LISTENER), poller)?);
        let free: Vec<usize> = (0..most.into()).collect();
        Ok(Self { number, listener, connections: free.iter().map(|_| None).collect(), free })
    }

    /// Takes in who waits, as far as there are places.
    fn accept(&mut self, poller: &mut impl Watcher) -> Result<(), Error> {
        while let (Some(listener), Some(place)) = (&self.listener, self.free.last()) {
            let Attempt::Done((socket, _)) = listener.source.accept(Mode::NonBlocking)? else { break };
            let socket = Watched::new(socket, token(self.number, *place), poller)?;
            self.connections[*place] = Some(Connection::new(socket));
            self.free.pop();
        }
        Ok(())
    }

    /// A turn of the connection in that place, which is free afterwards if that was its end.
    fn turn(&mut self, place: usize, poller: &mut impl Watcher) -> Result<(), Error> {
        let is_stopped = self.listener.is_none();
        let ended = self.connections[place].take_if(|connection| {
            // What happens on a connection ends that connection: the peer is gone.
            !connection.turn(poller).unwrap_or(false) || is_stopped && connection.is_empty()
        });
        let Some(connection) = ended else { return Ok(()) };
        self.free.push(place);
        connection.socket.close(poller)?;
        self.listen(true, poller)
    }

    fn listen(&mut self, is_wanted: bool, poller: &mut impl Watcher) -> Result<(), Error> {
        let interest = if is_wanted { Interest::READABLE } else { Interest::NOTHING };
        self.listener.as_mut().map_or(Ok(()), |listener| listener.set_interest(interest, poller))
    }
}

impl<S: ByteStream, P: Watcher> Echo<P> for Streams<S> {
    fn handle(&mut self, place: usize, poller: &mut P) -> Result<(), Error> {
        if place != LISTENER {
            return self.turn(place, poller);
        }
        let accepted = self.accept(poller);
        self.listen(accepted.is_ok() && !self.free.is_empty(), poller)?;
        accepted
    }

    fn stop(&mut self, poller: &mut P) -> Result<(), Error> {
        self.listener.take().map_or(Ok(()), |listener| listener.close(poller))?;
        // What has come before is still sent back.
        (0..self.connections.len()).try_for_each(|place| self.turn(place, poller))
    }

    fn is_done(&self) -> bool {
        self.free.len() == self.connections.len()
    }
}
