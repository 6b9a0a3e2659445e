//! Values as bytes between processes, in the format of postcard: <https://postcard.jamesmunns.com/wire-format>.
//!
//! It is compact, its specification is stable, and it needs nothing but serde. CBOR and MessagePack say of each field what
//! it is, which two processes of one program know; bincode is no longer maintained.

use core::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a value could not be written as bytes, or bytes are no such value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ValueError(postcard::Error);

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for ValueError {}

/// Appends the bytes of a value; where it has none, what is appended means nothing.
pub(crate) fn append<T: Serialize + ?Sized>(value: &T, bytes: &mut Vec<u8>) -> Result<(), ValueError> {
    struct Behind<'b>(&'b mut Vec<u8>);

    impl Extend<u8> for Behind<'_> {
        fn extend<I: IntoIterator<Item = u8>>(&mut self, more: I) {
            self.0.extend(more);
        }
    }

    postcard::to_extend(value, Behind(bytes)).map(drop).map_err(ValueError)
}

pub(crate) fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, ValueError> {
    postcard::to_allocvec(value).map_err(ValueError)
}

/// Bytes behind the value mean that another type was sent.
pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ValueError> {
    match postcard::take_from_bytes(bytes).map_err(ValueError)? {
        (value, []) => Ok(value),
        _ => Err(ValueError(postcard::Error::SerdeDeCustom)),
    }
}
