//! Sockets that this process was started with, by systemd or by the process that it replaces.

use std::os::fd::RawFd;

use wirenut_linux::socket::{AnyListener, Inherited, inherited};

use crate::failure::Failure;

/// The number of the first of them: sd_listen_fds(3).
const FIRST: RawFd = 3;

/// The sockets that were passed and that nobody has taken yet.
#[derive(Debug)]
pub struct Passed(Vec<(RawFd, Inherited)>);

impl Passed {
    /// All of them. Asked again, there are none.
    ///
    /// # Errors
    /// [`Failure::Network`]: the environment says something that cannot be.
    pub fn take() -> Result<Self, Failure> {
        Ok(Self((FIRST..).zip(inherited()?).collect()))
    }

    /// The one with this number.
    ///
    /// # Errors
    /// [`Failure::NotPassed`]: there is none. [`Failure::Network`]: it is no socket that listens for connections of bytes.
    pub(super) fn number(&mut self, number: RawFd) -> Result<AnyListener, Failure> {
        let at = self.0.iter().position(|(own, _)| *own == number);
        let at = at.ok_or_else(|| Failure::NotPassed(format!("fd:{number}")))?;
        Ok(self.0.remove(at).1.into_socket()?)
    }

    /// Those of this name, at least one.
    ///
    /// # Errors
    /// As of [`Self::number`].
    pub(super) fn named(&mut self, name: &str) -> Result<Vec<AnyListener>, Failure> {
        let (named, others) = core::mem::take(&mut self.0).into_iter().partition(|(_, passed)| passed.name() == name);
        self.0 = others;
        let named: Vec<(RawFd, Inherited)> = named;
        if named.is_empty() {
            return Err(Failure::NotPassed(format!("fd:{name}")));
        }
        named.into_iter().map(|(_, passed)| Ok(passed.into_socket()?)).collect()
    }

    /// All of them must have been asked for: nobody would answer at the others.
    ///
    /// # Errors
    /// [`Failure::Unclaimed`]: the first that was not.
    pub fn finish(self) -> Result<(), Failure> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((number, passed)) => Err(Failure::Unclaimed { number, name: passed.name().into() }),
        }
    }
}
