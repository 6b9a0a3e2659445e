//! Messages of any length: one that the pipe does not take goes as a file of no name, whose descriptor the pipe takes.

use alloc::borrow::Cow;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::fd::AsFd;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;
use wirenut::time::Duration;

use super::wire::{HEAD, Head, put_head};
use crate::error::Error;
use crate::process::pipe::{Delivery, Duplex, SendError};
use crate::socket::{Attempt, Received};

/// A message, to be sent or received.
#[derive(Debug)]
pub(super) struct Parcel {
    /// The head, and the items if they are not in the file.
    bytes: Vec<u8>,
    file: Option<File>,
    /// The file was lost on its way: this process may have no more descriptors.
    is_torn: bool,
}

impl Parcel {
    /// A message that has room for its head.
    pub(super) fn new(head: Head, mut message: Vec<u8>, limit: usize) -> Result<Self, Error> {
        put_head(&mut message, head);
        if message.len() <= limit {
            return Ok(Self { bytes: message, file: None, is_torn: false });
        }
        let failed = |error| Error::plain("keep a large message in memory", error);
        let file = memfd_create("message", MemfdFlags::CLOEXEC).map_err(|errno| failed(errno.into()))?;
        let mut file = File::from(file);
        file.write_all(&message[HEAD..]).and_then(|()| file.rewind()).map_err(failed)?;
        message.truncate(HEAD);
        message.shrink_to_fit();
        Ok(Self { bytes: message, file: Some(file), is_torn: false })
    }

    /// A message without items.
    pub(super) fn bare(head: Head) -> Self {
        Self { bytes: head.to_bytes().to_vec(), file: None, is_torn: false }
    }

    /// `None`: it has none, so it is none of ours.
    pub(super) fn head(&self) -> Option<Head> {
        Head::of(&self.bytes)
    }

    pub(super) const fn is_large(&self) -> bool {
        self.file.is_some()
    }

    pub(super) const fn is_torn(&self) -> bool {
        self.is_torn
    }

    /// The bytes of the items.
    pub(super) fn items(&self) -> Result<Cow<'_, [u8]>, Error> {
        if self.is_torn {
            return Err(Error::plain("receive a large message", Errno::MFILE));
        }
        let Some(mut file) = self.file.as_ref() else {
            return Ok(Cow::Borrowed(self.bytes.get(HEAD..).unwrap_or(&[])));
        };
        let mut bytes = Vec::new();
        // The place in the file belongs to all copies of the descriptor; one that was tried before stands at its end.
        let read = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
        read.map_err(|error| Error::plain("read a large message", error))?;
        Ok(Cow::Owned(bytes))
    }

    pub(super) fn send(&self, to: &Duplex) -> Result<(), SendError> {
        match &self.file {
            None => to.send(&self.bytes),
            Some(file) => to.send_descriptors(&self.bytes, &[file.as_fd()]),
        }
    }

    pub(super) fn try_send(&self, to: &Duplex) -> Result<Attempt<()>, SendError> {
        match &self.file {
            None => to.try_send(&self.bytes),
            Some(file) => to.send_descriptors_timeout(&self.bytes, &[file.as_fd()], Duration::default()),
        }
    }

    /// `None` is the end.
    pub(super) fn recv(from: &Duplex) -> Result<Option<Self>, Error> {
        Ok(from.recv_descriptors()?.map(Self::of))
    }

    pub(super) fn try_recv(from: &Duplex) -> Result<Received<Self>, Error> {
        Ok(from.recv_descriptors_timeout(Duration::default())?.map(Self::of))
    }

    fn of(delivery: Delivery) -> Self {
        let file = delivery.descriptors.into_iter().next().map(File::from);
        Self { bytes: delivery.bytes, file, is_torn: delivery.is_incomplete }
    }
}
