//! Values as messages.

use serde::Serialize;
use serde::de::DeserializeOwned;
use wirenut::time::Duration;

use super::direction::{Receives, Sends};
use super::end::End;
use super::failed::{RecvError, SendError};
use super::wait::Wait;
use crate::socket::{Attempt, Received};
use crate::value::{from_bytes, to_bytes};

impl<D: Sends> End<D> {
    /// Sends a value as one message. Waits while the pipe is full.
    ///
    /// ```
    /// let (sender, receiver) = wirenut_linux::process::pipe::pipe()?;
    /// sender.send_value(&("a point", [1.5, -2.0]))?;
    /// assert_eq!(receiver.recv_value::<(String, [f64; 2])>()?, Some(("a point".to_owned(), [1.5, -2.0])));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SendError::Value`]: it cannot be written as bytes (a sequence of unknown length). And those of [`Self::send`].
    pub fn send_value<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), SendError> {
        self.send(&to_bytes(value).map_err(SendError::Value)?)
    }

    /// The same, but waits for so long at most, and not at all if that is zero.
    ///
    /// # Errors
    /// As for [`Self::send_value`].
    pub fn send_value_timeout<T: Serialize + ?Sized>(
        &self,
        value: &T,
        limit: Duration,
    ) -> Result<Attempt<()>, SendError> {
        self.send_timeout(&to_bytes(value).map_err(SendError::Value)?, limit)
    }
}

impl<D: Receives> End<D> {
    /// Receives the next message as a value. Waits while there is none; `None` is the end.
    ///
    /// ```
    /// use wirenut_linux::process::pipe::{RecvError, pipe};
    /// let (sender, receiver) = pipe()?;
    /// sender.send(b"no bool")?;
    /// sender.send_value(&true)?;
    /// assert!(matches!(receiver.recv_value::<bool>(), Err(RecvError::Value(_))));
    /// assert_eq!(receiver.recv_value::<bool>()?, Some(true));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`RecvError::Value`]: the message is no such value, or more than that. It is lost; the next one can be received. And
    /// those of [`Self::recv`].
    pub fn recv_value<T: DeserializeOwned>(&self) -> Result<Option<T>, RecvError> {
        match self.recv_value_waiting(Wait::Forever)? {
            Received::Data(value) => Ok(Some(value)),
            Received::End | Received::WouldBlock => Ok(None),
        }
    }

    /// The same, but waits for so long at most, and not at all if that is zero.
    ///
    /// # Errors
    /// As for [`Self::recv_value`].
    pub fn recv_value_timeout<T: DeserializeOwned>(&self, limit: Duration) -> Result<Received<T>, RecvError> {
        self.recv_value_waiting(Wait::within(limit))
    }

    fn recv_value_waiting<T: DeserializeOwned>(&self, wait: Wait) -> Result<Received<T>, RecvError> {
        match self.recv_lent(wait, from_bytes)? {
            Received::Data(value) => value.map(Received::Data).map_err(RecvError::Value),
            Received::End => Ok(Received::End),
            Received::WouldBlock => Ok(Received::WouldBlock),
        }
    }
}
