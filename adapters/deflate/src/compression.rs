//! The codec of one connection, as the core wants it.

use wirenut::websocket::handshake::{DeflateParameters, WindowBits};
use wirenut::websocket::{Compression, Deflated, Inflated, InvalidData};

use crate::{Context, Deflater, DeflaterConfig, Inflater};

/// Compresses what one end of a connection sends, and inflates what it receives: give it to
/// [`Connection::with_compression`](wirenut::websocket::Connection::with_compression).
///
/// Allocates nothing before the first compressed message. A connection that only receives compressed messages has no deflater,
/// and the other way round.
///
/// ```
/// use wirenut::time::Instant;
/// use wirenut::websocket::{Client, Connection, Context, Event, Kind, Limits, Server};
/// use wirenut_deflate::PerMessageDeflate;
///
/// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT };
/// let mut server = Connection::with_compression(Server, PerMessageDeflate::default(), &cx);
/// // A real client's keys are random.
/// let mut client = Connection::with_compression(Client(|| [1, 2, 3, 4]), PerMessageDeflate::default(), &cx);
///
/// let message = "to and fro ".repeat(50);
/// let (mut sent, mut room) = ([0; 1000], [0; 1000]);
/// let length = client.send_message(Kind::Text, message.as_bytes(), &mut sent)?;
/// assert!(length < 40);
/// let (_, event) = server.receive(&cx, &sent[..length], &mut room)?;
/// assert!(matches!(event, Event::Piece(piece) if piece.bytes == message.as_bytes() && piece.is_last));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct PerMessageDeflate {
    inflater: Inflater,
    deflater: Deflater,
    min_len: usize,
}

impl PerMessageDeflate {
    /// Below so many bytes a message is sent as it is: it would hardly be shorter.
    pub const MIN_LEN: usize = 64;

    /// For a peer that may, or may not, refer to earlier messages ([`Inflater::new`]), and for our own messages
    /// ([`Deflater::new`]).
    #[must_use]
    pub fn new(inflated: Context, deflated: DeflaterConfig) -> Self {
        Self { inflater: Inflater::new(inflated), deflater: Deflater::new(deflated), min_len: Self::MIN_LEN }
    }

    /// A server's, as agreed on in the handshake.
    ///
    /// ```
    /// use wirenut::websocket::handshake::{DeflateOffer, DeflateSupport};
    /// use wirenut_deflate::PerMessageDeflate;
    /// let agreed = DeflateSupport::DEFAULT.agree(&DeflateOffer::PLAIN).unwrap();
    /// let codec = PerMessageDeflate::of_server(&agreed);
    /// # let _ = codec;
    /// ```
    #[must_use]
    pub fn of_server(agreed: &DeflateParameters) -> Self {
        let (own, peer) = (agreed.server_no_context_takeover, agreed.client_no_context_takeover);
        Self::agreed(own, agreed.server_max_window_bits, peer)
    }

    /// A client's, as agreed on in the handshake.
    #[must_use]
    pub fn of_client(agreed: &DeflateParameters) -> Self {
        let (own, peer) = (agreed.client_no_context_takeover, agreed.server_no_context_takeover);
        Self::agreed(own, agreed.client_max_window_bits, peer)
    }

    fn agreed(resets_own: bool, window_bits: WindowBits, resets_peer: bool) -> Self {
        let context = |resets| if resets { Context::Reset } else { Context::TakeOver };
        let window_bits = window_bits.bits();
        Self::new(
            context(resets_peer),
            DeflaterConfig { window_bits, context: context(resets_own), ..DeflaterConfig::DEFAULT },
        )
    }

    /// Sends messages of fewer bytes as they are. By default [`Self::MIN_LEN`].
    #[must_use]
    pub const fn with_min_len(mut self, bytes: usize) -> Self {
        self.min_len = bytes;
        self
    }
}

/// What holds if the negotiation named no parameter: context take-over and 15 window bits, both ways.
impl Default for PerMessageDeflate {
    fn default() -> Self {
        Self::new(Context::TakeOver, DeflaterConfig::DEFAULT)
    }
}

impl Compression for PerMessageDeflate {
    fn is_negotiated(&self) -> bool {
        true
    }

    fn inflate(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Result<Inflated, InvalidData> {
        let progress = self.inflater.inflate(input, output).map_err(|_| InvalidData)?;
        let mut inflated = Inflated { taken: progress.taken, written: progress.written, is_done: false };
        if is_end && inflated.taken == input.len() {
            let room = output.get_mut(inflated.written..).unwrap_or_default();
            let end = self.inflater.finish(room).map_err(|_| InvalidData)?;
            inflated.written += end.written;
            inflated.is_done = end.is_done;
        }
        Ok(inflated)
    }

    fn wants_to_deflate(&self, length: Option<usize>) -> bool {
        length.is_none_or(|length| length >= self.min_len)
    }

    fn max_deflated_len(&self, length: usize) -> Option<usize> {
        Deflater::max_deflated_len(length)
    }

    fn deflate(&mut self, input: &[u8], output: &mut [u8], is_end: bool) -> Deflated {
        let progress = self.deflater.deflate(input, output);
        let mut deflated = Deflated { taken: progress.taken, written: progress.written, is_done: false };
        if is_end && deflated.taken == input.len() {
            let end = self.deflater.finish(output.get_mut(deflated.written..).unwrap_or_default());
            deflated.written += end.written;
            deflated.is_done = end.is_done;
        }
        deflated
    }
}
