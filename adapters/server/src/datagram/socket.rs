//! A socket as where datagrams come from.

use core::cell::RefCell;
use std::net::ToSocketAddrs;
use std::os::fd::{AsFd, BorrowedFd};

use wirenut_linux::Error;
use wirenut_linux::socket::{AnyAddress, AnyDatagramSocket, Attempt, Family, Socket};

use crate::crew::{Job, Source};
use crate::listen::first_of;

/// A UDP socket at the first of the addresses that can be had.
pub(super) fn bind(address: &impl ToSocketAddrs) -> Result<AnyDatagramSocket, Error> {
    first_of(address, |address, family: Family| {
        let socket = Socket::udp(family)?;
        socket.bind(&address)?;
        Ok(socket.into())
    })
}

/// A datagram, and whose it is.
pub(super) struct Datagram {
    pub(super) bytes: Box<[u8]>,
    /// How long it was. If that is more than there are bytes, it did not fit.
    pub(super) length: usize,
    pub(super) peer: AnyAddress,
}

impl Job for Datagram {
    fn peer(&self) -> &AnyAddress {
        &self.peer
    }
}

/// A socket that does not block, and room for one datagram.
pub(super) struct Inbox {
    socket: AnyDatagramSocket,
    room: RefCell<Box<[u8]>>,
}

impl Inbox {
    pub(super) fn new(socket: AnyDatagramSocket, max_datagram: usize) -> Self {
        Self { socket, room: RefCell::new(vec![0; max_datagram].into()) }
    }
}

impl AsFd for Inbox {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Source for Inbox {
    type Job = Datagram;

    fn take(&self) -> Result<Attempt<Datagram>, Error> {
        let mut room = self.room.borrow_mut();
        Ok(self.socket.recv_from(&mut room)?.map(|(message, peer)| Datagram {
            bytes: room[..message.length].into(),
            length: message.full_length,
            peer,
        }))
    }

    fn has_waiting(&self) -> bool {
        matches!(self.socket.next_length(), Ok(Attempt::Done(_)))
    }
}
