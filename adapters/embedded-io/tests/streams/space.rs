//! The memory of one connection.

use wirenut_embedded_io::Buffers;
use wirenut_reference::DEVICE_LIMITS;

/// So many bytes for input and for output, and the store of [`DEVICE_LIMITS`].
pub(crate) struct Space<const INPUT: usize, const OUTPUT: usize> {
    input: [u8; INPUT],
    store: [u8; DEVICE_LIMITS.store_bytes()],
    output: [u8; OUTPUT],
}

impl<const INPUT: usize, const OUTPUT: usize> Space<INPUT, OUTPUT> {
    pub(crate) const fn new() -> Self {
        Self { input: [0; INPUT], store: [0; DEVICE_LIMITS.store_bytes()], output: [0; OUTPUT] }
    }

    pub(crate) const fn buffers(&mut self) -> Buffers<'_> {
        Buffers { input: &mut self.input, store: &mut self.store, output: &mut self.output }
    }
}
