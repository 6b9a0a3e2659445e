//! The memory of a socket that listens.

use crate::Buffers;

/// What one socket of a [`Listener`](super::Listener) and the connection on it work in: the caller's memory. Each is an array,
/// or a `&mut [u8]` of memory that lies elsewhere. What they hold does not matter.
///
/// ```
/// use wirenut::http::{FieldFilter, Limits};
/// use wirenut_embedded_io::Memory;
///
/// const FILTER: FieldFilter = FieldFilter { names: &["Accept"], bytes: 109 };
/// const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
///
/// let memory = Memory {
///     received: [0_u8; 256],
///     transmitted: [0_u8; 1024],
///     input: [0_u8; 128],
///     store: [0_u8; LIMITS.store_bytes()],
///     output: [0_u8; 512],
/// };
/// assert_eq!(size_of_val(&memory), 2048);
/// ```
#[derive(Debug)]
pub struct Memory<R, T, I, S, O> {
    /// The ring of what has come and was not read. 256 bytes are good on a device: what does not fit stays with the peer.
    pub received: R,
    /// The ring of what was written and is not acknowledged. More of it means fewer waits for acknowledgements.
    pub transmitted: T,
    /// [`Buffers::input`].
    pub input: I,
    /// [`Buffers::store`].
    pub store: S,
    /// [`Buffers::output`].
    pub output: O,
}

/// The rings of one socket.
pub(super) struct Rings<'b> {
    pub(super) received: &'b mut [u8],
    pub(super) transmitted: &'b mut [u8],
}

impl<R, T, I, S, O> Memory<R, T, I, S, O>
where
    R: AsMut<[u8]>,
    T: AsMut<[u8]>,
    I: AsMut<[u8]>,
    S: AsMut<[u8]>,
    O: AsMut<[u8]>,
{
    pub(super) fn lend(&mut self) -> (Rings<'_>, Buffers<'_>) {
        let Self { received, transmitted, input, store, output } = self;
        let rings = Rings { received: received.as_mut(), transmitted: transmitted.as_mut() };
        (rings, Buffers { input: input.as_mut(), store: store.as_mut(), output: output.as_mut() })
    }
}
