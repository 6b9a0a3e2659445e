//! A protocol without an adapter, and without the loop that all adapters have.

use core::hint::black_box;

use wirenut::transport::Protocol;

use crate::{receive, send};

/// One turn of a loop. Returns how many bytes of `input` it took.
#[inline(always)]
pub fn turn(protocol: &mut impl Protocol, input: &mut [u8], store: &mut [u8], out: &mut [u8]) -> usize {
    let length = receive(input);
    if length == 0 {
        protocol.handle_eof();
    }
    let progress = protocol.drive(input.get(..length).unwrap_or(&[]), store, out);
    let sent = send(out.get(..progress.written).unwrap_or(&[]));
    protocol.handle_sent(sent, progress.written - sent);
    black_box((protocol.disposition(), protocol.is_readable(), protocol.poll_timeout(), protocol.standing()));
    black_box(protocol.stored());
    protocol.handle_timeout();
    protocol.handle_reset();
    protocol.retire();
    progress.taken
}
