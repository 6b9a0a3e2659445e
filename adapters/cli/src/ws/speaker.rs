//! What is sent and received on an open WebSocket.

use alloc::collections::VecDeque;
use std::io;

use wirenut::websocket::{Abnormal, CloseCode, Closed, Error, Kind, Next, Outbox, Piece, PieceHandler, SendError};

use super::shown::Shown;

/// Sends what waits, and prints what comes, or sends it back.
#[derive(Debug)]
pub(super) struct Speaker {
    /// `None`: what comes is sent back.
    shown: Option<Shown>,
    incoming: Vec<u8>,
    waiting: VecDeque<(Kind, Vec<u8>)>,
    /// Bytes of the first message that waits, which are sent.
    sent: usize,
    /// Nothing more will be sent: Close follows what waits.
    is_last: bool,
    /// Standard output did not take a message.
    unprinted: Option<io::Error>,
    end: Option<End>,
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
        Self {
            shown,
            incoming: Vec::new(),
            waiting: VecDeque::new(),
            sent: 0,
            is_last: false,
            unprinted: None,
            end: None,
        }
    }

    pub(super) fn queue(&mut self, kind: Kind, message: Vec<u8>) {
        self.waiting.push_back((kind, message));
    }

    /// Closes, behind what waits.
    pub(super) const fn finish(&mut self) {
        self.is_last = true;
    }

    /// Is everything sent?
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

    fn print(&mut self, kind: Kind) -> Next {
        let message = core::mem::take(&mut self.incoming);
        let printed = self.shown.as_ref().map_or(Ok(()), |shown| shown.print(kind, &message));
        match printed {
            Ok(()) => Next::More,
            Err(error) => {
                self.unprinted = Some(error);
                self.is_last = true;
                Next::Close(CloseCode::GOING_AWAY)
            }
        }
    }
}

impl PieceHandler for Speaker {
    /// The header of a frame that is sent back.
    const ROOM: usize = 14;
    const PUSHES: bool = true;

    fn piece(&mut self, piece: Piece<'_>, outbox: &mut Outbox<'_>) -> Next {
        if self.shown.is_none() {
            return outbox.piece(piece.kind, piece.bytes, piece.is_last).into();
        }
        self.incoming.extend_from_slice(piece.bytes);
        if piece.is_last { self.print(piece.kind) } else { Next::More }
    }

    fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
        while let Some((kind, message)) = self.waiting.front() {
            match outbox.piece(*kind, message.get(self.sent..).unwrap_or_default(), true) {
                Ok(sent) if sent.is_done => {
                    self.waiting.pop_front();
                    self.sent = 0;
                }
                Ok(sent) => {
                    self.sent += sent.taken;
                    if sent.taken == 0 && sent.written == 0 {
                        return Next::More;
                    }
                }
                Err(SendError::NoRoom) => return Next::More,
                Err(_) => return Next::Close(CloseCode::INTERNAL_ERROR),
            }
        }
        if self.is_last { Next::Close(CloseCode::NORMAL) } else { Next::More }
    }

    fn closed(&mut self, how: Closed<'_>) {
        self.end = Some(match how {
            Closed::Clean(reason) => End::Clean(reason.map(|reason| (reason.code, reason.reason.to_owned()))),
            Closed::Failed(error) => End::Failed(error),
            Closed::Abnormal(how) => End::Abnormal(how),
        });
    }
}
