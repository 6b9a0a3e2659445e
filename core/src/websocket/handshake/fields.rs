//! The fields that a handshake writes.

use core::ops::Deref;

use crate::http::Field;

/// The fields of a handshake's request or response: a slice, for `with_fields`. Those of one's own go beside them, in an
/// array: `[fields[0], fields[1], Field::new("Cookie", "a=b")]`.
#[derive(Clone, Copy, Debug)]
pub struct HandshakeFields<'f> {
    fields: [Field<'f>; MAX],
    length: usize,
}

/// What a client says that asks for everything.
const MAX: usize = 5;

impl<'f> HandshakeFields<'f> {
    pub(super) const fn new(upgrade: Field<'f>) -> Self {
        Self { fields: [upgrade; MAX], length: 1 }
    }

    pub(super) fn push(&mut self, field: Field<'f>) {
        if let Some(place) = self.fields.get_mut(self.length) {
            *place = field;
            self.length = self.length.saturating_add(1);
        }
    }
}

impl<'f> Deref for HandshakeFields<'f> {
    type Target = [Field<'f>];

    fn deref(&self) -> &[Field<'f>] {
        self.fields.get(..self.length).unwrap_or_default()
    }
}

/// `Upgrade: websocket`.
pub(in crate::websocket) const UPGRADE: Field<'static> = Field::new("Upgrade", "websocket");

/// `Sec-WebSocket-Version: 13`.
pub(super) const VERSION: Field<'static> = Field::new("Sec-WebSocket-Version", "13");
