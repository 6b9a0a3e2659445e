//! A segment with numbers.

/// A segment with numbers, which do not wrap: they are small.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Numbered {
    /// SEG.SEQ.
    pub sequence: u8,
    /// SEG.ACK, if the ACK bit is set.
    pub acknowledgement: Option<u8>,
    /// SYN.
    pub is_syn: bool,
    /// FIN.
    pub is_fin: bool,
    /// RST.
    pub is_rst: bool,
    /// So many units of text.
    pub text: u8,
}

impl Numbered {
    /// SEG.LEN: how many numbers it takes.
    #[must_use]
    pub fn length(&self) -> u8 {
        u8::from(self.is_syn) + self.text + u8::from(self.is_fin)
    }

    /// The reset that answers it (RFC 9293, section 3.10.7.1).
    #[must_use]
    pub fn reset(&self) -> Self {
        match self.acknowledgement {
            Some(acknowledgement) => Self { sequence: acknowledgement, is_rst: true, ..Self::default() },
            None => Self { acknowledgement: Some(self.sequence + self.length()), is_rst: true, ..Self::default() },
        }
    }
}
