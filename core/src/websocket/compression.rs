//! Where permessage-deflate (RFC 7692) plugs in.

/// What [`Compression::inflate`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Inflated {
    /// Bytes of the input that were used.
    pub taken: usize,
    /// Bytes that were written to the output.
    pub written: usize,
    /// The message has ended, and all of it is written.
    pub is_done: bool,
}

/// What [`Compression::deflate`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Deflated {
    /// Bytes of the input that were used.
    pub taken: usize,
    /// Bytes that were written to the output.
    pub written: usize,
    /// The message has ended, and all of it is written.
    pub is_done: bool,
}

/// The compressed bytes are damaged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InvalidData;

/// An inflater and a deflater with what was negotiated for one connection: permessage-deflate (RFC 7692).
///
/// The connection calls it for compressed messages only, in their order. So an uncompressed message leaves the windows as they
/// are. The connection bounds the inflated size by the room that it lends.
pub trait Compression {
    /// Was it negotiated? Otherwise RSV1 breaks the protocol, and nothing is compressed.
    fn is_negotiated(&self) -> bool;

    /// Inflates the next bytes of a message. `is_end`: the last bytes of the message are among them; the empty block
    /// `00 00 ff ff` behind them (RFC 7692 §7.2.2) is added by the implementation. It is called again, also with no input,
    /// until [`Inflated::is_done`]; or, if this is not the end, until it takes and writes nothing. With room left it takes all
    /// input. After a message it resets its window if so negotiated.
    ///
    /// # Errors
    /// The data cannot be inflated. The connection is closed, and this is not called again.
    fn inflate(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Result<Inflated, InvalidData>;

    /// Is a message to be compressed that has so many bytes? `None`: not known yet.
    fn wants_to_deflate(&self, length: Option<usize>) -> bool;

    /// How many bytes a message of so many bytes has at most once it is deflated. `None`: not known.
    fn max_deflated_len(&self, length: usize) -> Option<usize>;

    /// Deflates the next bytes of a message. `is_end`: they are its last ones; then what was written ends at a byte, without
    /// the `00 00 ff ff` of the last empty block (RFC 7692 §7.2.1). It is called again, also with no input, until
    /// [`Deflated::is_done`]. With room left it takes all input, and may keep what it is not ready to write. After a message it
    /// resets its window if so negotiated.
    fn deflate(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Deflated;
}

/// Nothing was negotiated. Costs nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NoCompression;

impl Compression for NoCompression {
    #[inline(always)]
    fn is_negotiated(&self) -> bool {
        false
    }

    fn inflate(&mut self, _: &[u8], _: &mut [u8], _: bool) -> Result<Inflated, InvalidData> {
        Err(InvalidData)
    }

    #[inline(always)]
    fn wants_to_deflate(&self, _: Option<usize>) -> bool {
        false
    }

    fn max_deflated_len(&self, _: usize) -> Option<usize> {
        None
    }

    fn deflate(&mut self, _: &[u8], _: &mut [u8], _: bool) -> Deflated {
        Deflated::default()
    }
}

/// Negotiated or not: what a server has that offers it.
impl<C: Compression> Compression for Option<C> {
    fn is_negotiated(&self) -> bool {
        self.as_ref().is_some_and(Compression::is_negotiated)
    }

    fn inflate(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Result<Inflated, InvalidData> {
        self.as_mut().ok_or(InvalidData)?.inflate(input, output, is_end)
    }

    fn wants_to_deflate(&self, length: Option<usize>) -> bool {
        self.as_ref().is_some_and(|codec| codec.wants_to_deflate(length))
    }

    fn max_deflated_len(&self, length: usize) -> Option<usize> {
        self.as_ref()?.max_deflated_len(length)
    }

    fn deflate(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Deflated {
        self.as_mut().map(|codec| codec.deflate(input, output, is_end)).unwrap_or_default()
    }
}
