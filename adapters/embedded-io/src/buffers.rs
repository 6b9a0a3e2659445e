//! The memory that a connection works in.

use wirenut::http::Limits;

/// What one end of a connection works in: the caller's memory, borrowed until the connection is over.
///
/// None of them has to hold a whole head or content. What they hold when they are lent does not matter.
///
/// ```
/// use wirenut::http::{FieldFilter, Limits};
/// use wirenut_embedded_io::{Buffers, Server};
///
/// /// A device whose service asks for one field: 128 bytes are enough for what is kept of a head of any size.
/// const FILTER: FieldFilter = FieldFilter { names: &["Accept"], bytes: 109 };
/// const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
///
/// let (mut input, mut store, mut output) = ([0; 256], [0; LIMITS.store_bytes()], [0; 512]);
/// let buffers = Buffers { input: &mut input, store: &mut store, output: &mut output };
/// let connection = Server::new(&LIMITS, buffers);
/// # let _ = connection;
/// ```
#[derive(Debug)]
pub struct Buffers<'b> {
    /// What is read lies here until it is taken. Of any size but zero: more means fewer reads. 256 bytes are good on a
    /// device.
    pub input: &'b mut [u8],
    /// What is known of a head, or of a trailer section, of which not all has come: [`Limits::store_bytes`].
    pub store: &'b mut [u8],
    /// What is to be written is made here. A server's must hold the head of a response, and 160 bytes for the answers that
    /// the connection makes itself; a client's the head of a request. 512 bytes are good on a device.
    pub output: &'b mut [u8],
}

impl Buffers<'_> {
    /// # Panics
    /// Where they are too small for these limits: messages would be refused that the limits allow.
    pub(crate) const fn check(&self, limits: &Limits) {
        assert!(!self.input.is_empty(), "an input buffer without a byte");
        assert!(limits.store_bytes() <= self.store.len(), "a store smaller than Limits::store_bytes");
    }
}
