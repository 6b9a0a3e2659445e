//! Frames: RFC 6455 §5.2.

mod decoder;
mod header;
mod opcode;

pub use decoder::{Expected, HeaderDecoder, InvalidHeader};
pub use header::{FrameHeader, MAX_CONTROL_LEN, MAX_HEADER_LEN};
pub use opcode::Opcode;

pub(super) use bits::FIN;
pub(super) use header::{first_byte, header_len, write_header};

/// The bits of the first two bytes.
mod bits {
    pub(in crate::websocket) const FIN: u8 = 0x80;
    pub(super) const RSV1: u8 = 0x40;
    pub(super) const RSV2_AND_3: u8 = 0x30;
    pub(super) const RSV: u8 = RSV1 | RSV2_AND_3;
    pub(super) const OPCODE: u8 = 0x0f;
    /// Of an opcode: that of a control frame.
    pub(super) const CONTROL: u8 = 0x08;
    pub(super) const MASK: u8 = 0x80;
    pub(super) const LENGTH: u8 = 0x7f;
    /// The length follows in 16 bits,
    pub(super) const LENGTH_16: u8 = 126;
    /// or in 64.
    pub(super) const LENGTH_64: u8 = 127;
}
