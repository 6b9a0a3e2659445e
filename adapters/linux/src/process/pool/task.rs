//! A function that workers know, as the parent names it.

#[cfg(feature = "serde")]
use core::borrow::Borrow;
#[cfg(feature = "serde")]
use core::marker::PhantomData;

#[cfg(feature = "serde")]
use serde::Serialize;
#[cfg(feature = "serde")]
use serde::de::DeserializeOwned;

use super::failed::TaskError;

/// What a pool can be asked for: a [`Task`], or, with the feature `serde`, a `ValueTask`.
pub trait Call: sealed::Call {}

/// What [`Pool::map`](super::Pool::map) takes as an argument for a task: for a [`Task`] whatever is bytes, also a text; for a
/// `ValueTask` the value or a reference to it.
pub trait Argument<T: Call> {
    /// The argument itself.
    fn argument(&self) -> &T::Argument;
}

impl<B: AsRef<[u8]>> Argument<Task> for B {
    fn argument(&self) -> &[u8] {
        self.as_ref()
    }
}

#[cfg(feature = "serde")]
impl<A: Serialize, R: DeserializeOwned, B: Borrow<A>> Argument<ValueTask<A, R>> for B {
    fn argument(&self) -> &A {
        self.borrow()
    }
}

pub(super) mod sealed {
    use super::{Place, TaskError};

    /// How arguments and results are bytes.
    pub trait Call: Copy {
        /// What the function takes.
        type Argument: ?Sized;
        /// What it returns.
        type Output;

        /// Where the function is.
        fn place(&self) -> Place;

        /// Appends the argument.
        fn write(argument: &Self::Argument, message: &mut Vec<u8>) -> Result<(), TaskError>;

        /// Reads the result.
        fn read(bytes: &[u8]) -> Result<Self::Output, TaskError>;
    }
}

/// Where a function is: in which builder's table, and at which place of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(unnameable_types, reason = "of a trait that is sealed")]
pub struct Place {
    pub(super) builder: u64,
    pub(super) index: u32,
}

/// A function from bytes to bytes: see [`Builder::task`](super::Builder::task).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Task(pub(super) Place);

impl Call for Task {}
impl sealed::Call for Task {
    type Argument = [u8];
    type Output = Vec<u8>;

    fn place(&self) -> Place {
        self.0
    }

    fn write(argument: &[u8], message: &mut Vec<u8>) -> Result<(), TaskError> {
        message.extend_from_slice(argument);
        Ok(())
    }

    fn read(bytes: &[u8]) -> Result<Vec<u8>, TaskError> {
        Ok(bytes.to_vec())
    }
}

/// A function from an `A` to an `R`: see [`Builder::value_task`](super::Builder::value_task).
#[cfg(feature = "serde")]
#[derive(Debug)]
pub struct ValueTask<A, R>(pub(super) Place, pub(super) PhantomData<fn(A) -> R>);

#[cfg(feature = "serde")]
impl<A, R> Clone for ValueTask<A, R> {
    fn clone(&self) -> Self {
        *self
    }
}

#[cfg(feature = "serde")]
impl<A, R> Copy for ValueTask<A, R> {}

#[cfg(feature = "serde")]
impl<A: Serialize, R: DeserializeOwned> Call for ValueTask<A, R> {}
#[cfg(feature = "serde")]
impl<A: Serialize, R: DeserializeOwned> sealed::Call for ValueTask<A, R> {
    type Argument = A;
    type Output = R;

    fn place(&self) -> Place {
        self.0
    }

    fn write(argument: &A, message: &mut Vec<u8>) -> Result<(), TaskError> {
        crate::value::append(argument, message).map_err(TaskError::Value)
    }

    fn read(bytes: &[u8]) -> Result<R, TaskError> {
        crate::value::from_bytes(bytes).map_err(TaskError::Value)
    }
}
