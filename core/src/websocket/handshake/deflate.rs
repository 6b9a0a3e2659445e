//! What is agreed on permessage-deflate (RFC 7692 §7). No codec is here: an adapter has one.

use core::fmt::{self, Write};

use super::extension::{Extension, Malformed};
use crate::http::Fields;

/// The name of the extension.
pub(super) const NAME: &[u8] = b"permessage-deflate";

/// The logarithm of the size of a window of LZ77, from 8 (256 bytes) to 15 (32 KiB).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct WindowBits(u8);

impl WindowBits {
    /// 256 bytes.
    pub const MIN: Self = Self(8);
    /// 512 bytes: what zlib and its likes need to compress.
    pub const NINE: Self = Self(9);
    /// 32 KiB.
    pub const MAX: Self = Self(15);

    /// So many bits; `None` if they are not 8 to 15.
    ///
    /// ```
    /// use wirenut::websocket::handshake::WindowBits;
    /// assert_eq!(WindowBits::new(12).map(WindowBits::bytes), Some(4096));
    /// assert_eq!(WindowBits::new(7), None);
    /// ```
    #[must_use]
    pub const fn new(bits: u8) -> Option<Self> {
        if matches!(bits, 8..=15) { Some(Self(bits)) } else { None }
    }

    /// How many bits.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// How many bytes the window has.
    #[must_use]
    pub fn bytes(self) -> usize {
        1_usize.checked_shl(u32::from(self.0)).unwrap_or(0)
    }

    /// Decimal, without a sign or zeros before it.
    fn parse(value: &[u8]) -> Result<Self, Malformed> {
        let bits = match value {
            [digit @ b'8'..=b'9'] => digit.wrapping_sub(b'0'),
            [b'1', digit @ b'0'..=b'5'] => digit.wrapping_sub(b'0').wrapping_add(10),
            _ => return Err(Malformed),
        };
        Ok(Self(bits))
    }
}

/// What a codec can, and what is wanted of the peer: the same for both roles.
///
/// ```
/// use wirenut::websocket::handshake::{DeflateSupport, WindowBits};
/// // A server that keeps no window of 32 KiB for each of its clients.
/// const SMALL: DeflateSupport = DeflateSupport { keeps_own_window: false, ..DeflateSupport::DEFAULT };
/// assert_eq!(SMALL.min_compress, WindowBits::NINE);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeflateSupport {
    /// The smallest window that it can compress with: an offer that demands a smaller one is declined. zlib makes 9 of 8,
    /// which the peer could not inflate.
    ///
    /// Default: `WindowBits::NINE`.
    pub min_compress: WindowBits,
    /// The largest window that it compresses with.
    ///
    /// Default: `WindowBits::MAX`.
    pub max_compress: WindowBits,
    /// The largest window that it inflates with.
    ///
    /// Default: `WindowBits::MAX`.
    pub max_inflate: WindowBits,
    /// It keeps the window of what it compresses from message to message (context takeover), if the peer allows it: messages
    /// that resemble each other become smaller, and each connection takes the memory of the compressor while it is idle.
    ///
    /// Default: `true`.
    pub keeps_own_window: bool,
    /// It keeps the window of what it inflates, if the peer wants it to.
    ///
    /// Default: `true`.
    pub keeps_peer_window: bool,
}

impl DeflateSupport {
    /// All that zlib can.
    pub const DEFAULT: Self = Self {
        min_compress: WindowBits::NINE,
        max_compress: WindowBits::MAX,
        max_inflate: WindowBits::MAX,
        keeps_own_window: true,
        keeps_peer_window: true,
    };

    /// The best offer of a client with this codec; a second, plain one behind it is [`DeflateOffer::PLAIN`].
    ///
    /// ```
    /// use wirenut::websocket::handshake::{DeflateSupport, ExtensionsText};
    /// let text = ExtensionsText::of_offers(&[DeflateSupport::DEFAULT.offer()]);
    /// assert_eq!(text.as_bytes(), b"permessage-deflate; client_max_window_bits");
    /// ```
    #[must_use]
    pub fn offer(&self) -> DeflateOffer {
        DeflateOffer {
            server_no_context_takeover: !self.keeps_peer_window,
            client_no_context_takeover: !self.keeps_own_window,
            server_max_window_bits: Some(self.max_inflate).filter(|bits| *bits < WindowBits::MAX),
            client_max_window_bits: Some(Some(self.max_compress).filter(|bits| *bits < WindowBits::MAX)),
        }
    }

    /// What a server with this codec agrees to of an offer. `None`: the offer is declined, for it demands a smaller window than
    /// the codec can compress with, or promises no window as small as the codec wants to inflate with.
    #[must_use]
    pub fn agree(&self, offer: &DeflateOffer) -> Option<DeflateParameters> {
        let server_bits = self.max_compress.min(offer.server_max_window_bits.unwrap_or(WindowBits::MAX));
        let client_bits = match offer.client_max_window_bits {
            Some(promised) => self.max_inflate.min(promised.unwrap_or(WindowBits::MAX)),
            None => WindowBits::MAX,
        };
        (server_bits >= self.min_compress && client_bits <= self.max_inflate).then_some(DeflateParameters {
            server_no_context_takeover: offer.server_no_context_takeover || !self.keeps_own_window,
            client_no_context_takeover: offer.client_no_context_takeover || !self.keeps_peer_window,
            server_max_window_bits: server_bits,
            client_max_window_bits: client_bits,
        })
    }

    /// What a server with this codec agrees to, of what the fields of a request offer: of the offers that are well-formed and
    /// that it can keep, the first (RFC 7692 §5.1). `None`: nothing is compressed.
    ///
    /// An offer with a parameter that is unknown, comes twice or has an impossible value is passed over (§7.1).
    ///
    /// ```
    /// use wirenut::http::Fields;
    /// use wirenut::websocket::handshake::DeflateSupport;
    /// let fields = Fields::parse(b"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=8, permessage-deflate\r\n");
    /// let agreed = DeflateSupport::DEFAULT.agree_to_fields(fields.unwrap()).unwrap();
    /// assert_eq!(agreed.server_max_window_bits.bits(), 15);
    /// ```
    #[must_use]
    pub fn agree_to_fields(&self, fields: Fields<'_>) -> Option<DeflateParameters> {
        let offers = fields.members("Sec-WebSocket-Extensions").map(Extension::new);
        let offers = offers.filter(|extension| extension.name.eq_ignore_ascii_case(NAME));
        offers.filter_map(|extension| DeflateOffer::read(&extension).ok()).find_map(|offer| self.agree(&offer))
    }

    /// What a client with this codec may do after it made these offers, by the response's extension. [`Malformed`]: it
    /// answers none of them, or the codec cannot keep to it.
    pub(super) fn check(
        &self,
        offers: &[DeflateOffer],
        extension: &Extension<'_>,
    ) -> Result<DeflateParameters, Malformed> {
        let answer = DeflateOffer::read(extension)?;
        // In a response this parameter has a value (§7.1.2.2).
        let client_bits = match answer.client_max_window_bits {
            Some(bits) => Some(bits.ok_or(Malformed)?),
            None => None,
        };
        let offer = offers.iter().find(|offer| offer.is_answered_by(&answer, client_bits)).ok_or(Malformed)?;
        let promised = offer.client_max_window_bits.flatten().unwrap_or(WindowBits::MAX);
        let client_max_window_bits = client_bits.unwrap_or(promised).min(self.max_compress);
        let server_max_window_bits = answer.server_max_window_bits.unwrap_or(WindowBits::MAX);
        if client_max_window_bits < self.min_compress || server_max_window_bits > self.max_inflate {
            return Err(Malformed);
        }
        Ok(DeflateParameters {
            server_no_context_takeover: answer.server_no_context_takeover,
            client_no_context_takeover: answer.client_no_context_takeover || !self.keeps_own_window,
            server_max_window_bits,
            client_max_window_bits,
        })
    }
}

impl Default for DeflateSupport {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a client offers, with the parameters of RFC 7692 §7.1.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct DeflateOffer {
    /// The server must not keep its window from message to message.
    pub server_no_context_takeover: bool,
    /// The client will not keep its own.
    pub client_no_context_takeover: bool,
    /// The server must not use a larger window.
    pub server_max_window_bits: Option<WindowBits>,
    /// The server may name a window for the client (`Some`), which will not use a larger one than this (`Some(Some)`).
    pub client_max_window_bits: Option<Option<WindowBits>>,
}

impl DeflateOffer {
    /// Without parameters: any server that knows the extension agrees.
    pub const PLAIN: Self = Self {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: None,
        client_max_window_bits: None,
    };

    /// Reads the parameters of an offer, or of a response.
    fn read(extension: &Extension<'_>) -> Result<Self, Malformed> {
        let mut offer = Self::PLAIN;
        for parameter in extension.parameters() {
            let parameter = parameter?;
            let is_new = match (parameter.name, parameter.value) {
                (b"server_no_context_takeover", None) => {
                    !core::mem::replace(&mut offer.server_no_context_takeover, true)
                }
                (b"client_no_context_takeover", None) => {
                    !core::mem::replace(&mut offer.client_no_context_takeover, true)
                }
                (b"server_max_window_bits", Some(value)) => {
                    offer.server_max_window_bits.replace(WindowBits::parse(value)?).is_none()
                }
                (b"client_max_window_bits", value) => {
                    let bits = value.map(WindowBits::parse).transpose()?;
                    offer.client_max_window_bits.replace(bits).is_none()
                }
                _ => false,
            };
            if !is_new {
                return Err(Malformed);
            }
        }
        Ok(offer)
    }

    /// May a server answer so (§7.1.1, §7.1.2)? It may always promise more than it was asked for.
    fn is_answered_by(&self, answer: &Self, client_bits: Option<WindowBits>) -> bool {
        let fits = |asked: Option<WindowBits>| {
            asked.is_none_or(|most| answer.server_max_window_bits.is_some_and(|bits| bits <= most))
        };
        let client_fits = match (self.client_max_window_bits, client_bits) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(promised), Some(bits)) => promised.is_none_or(|most| bits <= most),
        };
        (answer.server_no_context_takeover || !self.server_no_context_takeover)
            && fits(self.server_max_window_bits)
            && client_fits
    }

    fn put(&self, text: &mut ExtensionsText) -> fmt::Result {
        text.begin()?;
        text.flag(self.server_no_context_takeover, "server_no_context_takeover")?;
        text.flag(self.client_no_context_takeover, "client_no_context_takeover")?;
        text.bits(self.server_max_window_bits, "server_max_window_bits")?;
        match self.client_max_window_bits {
            Some(None) => text.flag(true, "client_max_window_bits"),
            Some(bits) => text.bits(bits, "client_max_window_bits"),
            None => Ok(()),
        }
    }
}

/// What both ends agreed on: how each compresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DeflateParameters {
    /// The server begins each message with an empty window.
    pub server_no_context_takeover: bool,
    /// The client does.
    pub client_no_context_takeover: bool,
    /// The largest window with which the server compresses.
    pub server_max_window_bits: WindowBits,
    /// The largest window with which the client does.
    pub client_max_window_bits: WindowBits,
}

/// A value of Sec-WebSocket-Extensions, as it is sent.
#[derive(Clone, Copy)]
pub struct ExtensionsText {
    bytes: [u8; Self::MAX],
    length: usize,
}

impl ExtensionsText {
    /// Two offers with all parameters.
    const MAX: usize = 256;

    const EMPTY: Self = Self { bytes: [0; Self::MAX], length: 0 };

    /// These offers, the dearest first. What is behind the second may be left out.
    #[must_use]
    pub fn of_offers(offers: &[DeflateOffer]) -> Self {
        let mut text = Self::EMPTY;
        for offer in offers {
            let before = text.length;
            if offer.put(&mut text).is_err() {
                text.length = before;
                break;
            }
        }
        text
    }

    /// A server's answer.
    ///
    /// ```
    /// use wirenut::websocket::handshake::{DeflateOffer, DeflateSupport, ExtensionsText, WindowBits};
    /// let offer = DeflateOffer { server_max_window_bits: Some(WindowBits::NINE), ..DeflateOffer::PLAIN };
    /// let text = ExtensionsText::of_answer(&DeflateSupport::DEFAULT.agree(&offer).unwrap());
    /// assert_eq!(text.as_bytes(), b"permessage-deflate; server_max_window_bits=9");
    /// ```
    #[must_use]
    pub fn of_answer(agreed: &DeflateParameters) -> Self {
        let named = |bits| Some(bits).filter(|bits| *bits < WindowBits::MAX);
        let answer = DeflateOffer {
            server_no_context_takeover: agreed.server_no_context_takeover,
            client_no_context_takeover: agreed.client_no_context_takeover,
            server_max_window_bits: named(agreed.server_max_window_bits),
            client_max_window_bits: named(agreed.client_max_window_bits).map(Some),
        };
        Self::of_offers(&[answer])
    }

    /// The value. Empty: there were no offers, and no field is sent.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn begin(&mut self) -> fmt::Result {
        if self.length > 0 {
            self.write_str(", ")?;
        }
        self.write_str("permessage-deflate")
    }

    fn flag(&mut self, is_set: bool, name: &str) -> fmt::Result {
        if !is_set {
            return Ok(());
        }
        self.write_str("; ")?;
        self.write_str(name)
    }

    fn bits(&mut self, bits: Option<WindowBits>, name: &str) -> fmt::Result {
        let Some(WindowBits(bits)) = bits else { return Ok(()) };
        self.flag(true, name)?;
        self.write_str(if bits < 10 { "=" } else { "=1" })?;
        let digit = [bits.checked_rem(10).unwrap_or(0).wrapping_add(b'0')];
        self.write_str(str::from_utf8(&digit).unwrap_or_default())
    }
}

impl Write for ExtensionsText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.saturating_add(text.len());
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

impl fmt::Debug for ExtensionsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExtensionsText").field(&self.as_bytes().escape_ascii()).finish()
    }
}

#[cfg(test)]
mod tests;
