//! What is sent and received on an open WebSocket.
//!
//! It speaks through the [`Connection`] itself, and not as one of its handlers: what the server sends before it answers our
//! Close is printed, too.

use alloc::collections::VecDeque;
use std::io;

use wirenut::transport::Progress;
use wirenut::websocket::{
    Abnormal, Client, CloseCode, CloseReason, Connection, Context, Error, Event, Kind, Piece, SendError,
};
use wirenut_deflate::PerMessageDeflate;

use super::keys::Keys;
use super::shown::Shown;

/// An open WebSocket.
pub(super) type WebSocket = Connection<Client<Keys>, Option<PerMessageDeflate>>;

/// The longest control frame of a client: there must be room for a Pong before anything is read.
const CONTROL_FRAME: usize = 131;

/// Messages leave so much room: while the server takes none of them, what it sends is still read, and its Pings answered.
const RESERVE: usize = 8 * CONTROL_FRAME;

/// Sends what waits, and prints what comes, or sends it back.
#[derive(Debug)]
pub(super) struct Speaker {
    /// `None`: what comes is sent back.
    shown: Option<Shown>,
    incoming: Vec<u8>,
    waiting: VecDeque<Outgoing>,
    /// Nothing more will be sent: Close follows what waits.
    is_last: bool,
    /// Standard output did not take a message.
    unprinted: Option<io::Error>,
    end: Option<End>,
}

/// A message, or a piece of one.
#[derive(Debug)]
struct Outgoing {
    kind: Kind,
    bytes: Vec<u8>,
    sent: usize,
    is_last: bool,
}

/// How the connection ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum End {
    Clean(Option<(CloseCode, String)>),
    Failed(Error),
    Abnormal(Abnormal),
}

impl Speaker {
    pub(super) const fn new(shown: Option<Shown>) -> Self {
        Self { shown, incoming: Vec::new(), waiting: VecDeque::new(), is_last: false, unprinted: None, end: None }
    }

    /// Sends a message, behind those that wait.
    pub(super) fn queue(&mut self, kind: Kind, bytes: Vec<u8>) {
        self.waiting.push_back(Outgoing { kind, bytes, sent: 0, is_last: true });
    }

    /// Closes, behind what waits.
    pub(super) const fn finish(&mut self) {
        self.is_last = true;
    }

    /// Is all sent that was queued, so that more may come?
    pub(super) fn wants_more(&self) -> bool {
        self.waiting.is_empty() && !self.is_last && self.end.is_none()
    }

    /// Was this end the one that wanted to close?
    pub(super) const fn is_finished(&self) -> bool {
        self.is_last
    }

    pub(super) const fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    pub(super) const fn take_unprinted(&mut self) -> Option<io::Error> {
        self.unprinted.take()
    }

    /// Sends and receives what can be.
    pub(super) fn speak(
        &mut self,
        connection: &mut WebSocket,
        cx: &Context<'_>,
        input: &[u8],
        store: &mut [u8],
        output: &mut [u8],
    ) -> Progress {
        let mut done = Progress::default();
        loop {
            let room = output.get_mut(done.written..).unwrap_or_default();
            let written = self.send(connection, cx, room);
            done.written += written;
            if written > 0 {
                continue;
            }
            // What is sent back is not piled up.
            if room.len() < CONTROL_FRAME || (self.shown.is_none() && !self.waiting.is_empty()) {
                return done;
            }
            let rest = input.get(done.taken..).unwrap_or_default();
            match connection.receive(cx, rest, store) {
                Ok((taken, event)) => {
                    done.taken += taken;
                    match event {
                        Event::NeedMore | Event::Closed => return done,
                        Event::Piece(piece) => self.take(&piece),
                        // Behind our Close none is sent.
                        Event::Ping(payload) => done.written += connection.send_pong(payload, room).unwrap_or(0),
                        Event::Pong(_) => {}
                        Event::Close(reason) => self.note_end(End::Clean(reason.map(owned))),
                    }
                }
                Err(error) if self.end.is_none() => self.note_end(End::Failed(error)),
                Err(_) => return Progress { taken: input.len(), ..done },
            }
        }
    }

    /// Of how it ends, the first is what counts.
    pub(super) fn note_end(&mut self, end: End) {
        self.end.get_or_insert(end);
    }

    /// Sends the next frame: returns its length, if there is one and room for it.
    fn send(&mut self, connection: &mut WebSocket, cx: &Context<'_>, room: &mut [u8]) -> usize {
        let written = connection.poll_transmit(cx, room);
        if written > 0 || !connection.is_open() {
            return written;
        }
        // Nor does a message begin a frame of a few bytes only.
        let most = room.len().checked_sub(RESERVE).filter(|most| *most >= RESERVE).unwrap_or(0);
        while let Some(Outgoing { kind, bytes, sent, is_last }) = self.waiting.front_mut() {
            let room = &mut room[..most];
            let piece = match connection.send_piece(*kind, bytes.get(*sent..).unwrap_or_default(), *is_last, room) {
                Ok(piece) => piece,
                Err(SendError::NoRoom) => return 0,
                // It was open, and pieces come in their order.
                Err(_) => return connection.close(cx, CloseCode::INTERNAL_ERROR, "", room).unwrap_or(0),
            };
            *sent += piece.taken;
            if piece.is_done || (!*is_last && *sent == bytes.len()) {
                self.waiting.pop_front();
            }
            if piece.written > 0 || piece.taken == 0 {
                return piece.written;
            }
        }
        let code = if self.unprinted.is_some() { CloseCode::GOING_AWAY } else { CloseCode::NORMAL };
        if self.is_last { connection.close(cx, code, "", room).unwrap_or(0) } else { 0 }
    }

    fn take(&mut self, piece: &Piece<'_>) {
        let Piece { kind, is_last, bytes, .. } = *piece;
        let Some(shown) = &self.shown else {
            return self.waiting.push_back(Outgoing { kind, bytes: bytes.to_vec(), sent: 0, is_last });
        };
        self.incoming.extend_from_slice(bytes);
        if !is_last || self.unprinted.is_some() {
            return;
        }
        if let Err(error) = shown.print(kind, &core::mem::take(&mut self.incoming)) {
            self.unprinted = Some(error);
            self.waiting.clear();
            self.is_last = true;
        }
    }
}

fn owned(close: CloseReason<'_>) -> (CloseCode, String) {
    (close.code, close.reason().to_owned())
}
