//! Signals: names and numbers, what they do to this process, and sending them.
//!
//! | to | use |
//! |---|---|
//! | end when asked to, in a loop over sockets | [`termination`], [`hangups`]: readable for any poller |
//! | react to another signal in such a loop | [`handle`] with a [`Handler`] that [rings a bell](Handler::ring) |
//! | count signals, or store that one came | [`handle`] |
//! | keep signals off a piece of code | [`block`] |
//! | wait for signals, and know who sent them with what value | [`block`] and [`wait`]; beside sockets, [`SignalDescriptor`] |
//! | have a signal after some time | [`alarm`], [`Interval`] |
//! | send a signal | [`send`], [`send_to_group`], [`send_by_descriptor`], [`raise`], [`queue`], [`ThreadHandle`] |
//!
//! ```
//! use wirenut::time::Duration;
//! use wirenut_linux::signal::{self, Signal};
//!
//! let set = Signal::SIGALRM.into();
//! let _blocked = signal::block(&set);
//! signal::alarm(Duration::from_millis(1))?;
//! let info = signal::wait(&set, Some(Duration::from_secs(60)))?.done().unwrap();
//! assert_eq!((info.signal(), info.sender()), (Signal::SIGALRM, None));
//! # Ok::<(), wirenut_linux::Error>(())
//! ```
//!
//! # What a signal interrupts
//! A handler interrupts a thread in a system call. Whatever waits in this package goes on, with the rest of its time; a
//! [poller](crate::poller) says that it was interrupted.
//!
//! # What a child inherits
//! [A child](crate::process#what-the-child-inherits) begins with what is ignored, and with neither handlers, a mask, an alarm nor
//! signals that wait. A program that is executed has the mask, what is ignored, and the alarm; handlers become the default.

mod descriptor;
mod handler;
mod info;
mod interval;
mod mask;
mod number;
mod send;
mod set;
mod termination;
mod thread_handle;
mod value;
mod wait;

pub use descriptor::SignalDescriptor;
pub use handler::{Disposition, Handler, Previous, disposition, handle, ignore, set_default};
pub use info::{ChildChange, Info, Sender};
pub use interval::{Interval, alarm, cancel_alarm};
pub use mask::{MaskGuard, block, mask, pending, set_mask, unblock};
pub use number::{DefaultAction, Signal, UnknownSignal};
pub use send::{SendError, queue, raise, send, send_by_descriptor, send_to_group, send_to_own_group};
pub use set::SignalSet;
pub use termination::{Hangups, Termination, hangups, termination};
pub use thread_handle::ThreadHandle;
pub use value::Value;
pub use wait::{pause, suspend, wait};
