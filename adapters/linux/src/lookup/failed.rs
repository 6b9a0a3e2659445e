//! What a look-up that failed is told as.

use crate::error::Error;
use crate::lookup_failure::Failure;
use crate::sys::netdb::Code;

/// To be given to `map_err`.
pub(super) fn failed(operation: &'static str, asked: &str) -> impl Fn(Code) -> Error {
    move |Code(number, errno)| match Failure::of(number) {
        Some(failure) => Error::because(operation, &asked, failure),
        None => Error::because(operation, &asked, errno),
    }
}
