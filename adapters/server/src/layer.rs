//! What lies between a worker's sockets and what is spoken over them: nothing, or TLS.

use core::fmt::Display;
use std::io;

use wirenut::proxy;
use wirenut::time::Instant;
use wirenut_linux::connection::Transport;
use wirenut_linux::socket::AnyByteStream;

/// What lies between a worker's sockets and what is spoken over them.
pub(crate) trait Layer {
    /// False if there is nothing: then the compiler leaves out all that only a layer needs.
    const IS_SECURE: bool;

    /// What is kept of a connection.
    type State;

    /// The state with its socket, for one call.
    type Lent<'l>: Carrier
    where
        Self: 'l;

    /// A connection has come.
    fn begin(&self, start: Start, now: Instant) -> Self::State;

    /// For a call.
    fn lend<'l>(&'l self, state: &'l mut Self::State, socket: &'l AnyByteStream) -> Self::Lent<'l>;

    /// Goes on with the handshake; called before each turn. `is_ready`: a poller has reported the socket. `None`: the handshake has
    /// not ended in this call.
    fn greet(&self, _: &mut Self::State, _: &AnyByteStream, _is_ready: bool) -> Option<Greeting> {
        None
    }

    /// When the handshake must have ended, if it has not.
    fn deadline(&self, _: &Self::State) -> Option<Instant> {
        None
    }

    /// The handshake took too long: from now on nothing is encrypted, and the connection ends.
    fn give_up(&self, _: &mut Self::State) {}

    /// Does it hold something that came and was not received?
    fn holds_unread(&self, _: &mut Self::State) -> bool {
        false
    }

    /// Does it hold a part of something that came, and waits for the rest?
    fn holds_part(&self, _: &Self::State) -> bool {
        false
    }

    /// Has the last receive of what is lent now left something that came?
    fn has_left(&self) -> bool {
        false
    }

    /// The same as [`Self::holds_part`], of what is lent now.
    fn lent_holds_part(&self) -> bool {
        false
    }
}

/// How a connection begins.
#[derive(Clone, Debug)]
pub(crate) enum Start {
    /// With the first byte of the peer.
    AtOnce,
    /// Behind the header of a proxy, within these bounds.
    BehindHeader(
        #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only what is secure needs it"))] proxy::Limits,
    ),
    /// Not at all: all is in the clear.
    Never,
}

/// How agreeing with a peer ended.
#[derive(Debug)]
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only what is secure needs it"))]
pub(crate) enum Greeting {
    /// It has succeeded; `is_resumed`: by an earlier session.
    Agreed { is_resumed: bool },
    /// The peer speaks HTTP without TLS. From now on all is in the clear.
    Cleartext,
    /// It has failed, and the peer has got an alert. From now on all is in the clear.
    Failed(String),
}

/// Moves what a service does not write itself.
pub(crate) trait Carrier: Transport {
    /// Moves up to so many bytes of the source. Returns how many.
    ///
    /// # Errors
    /// `WouldBlock`; those of the socket; those of the source.
    fn carry(&mut self, source: &mut impl Source, length: u64) -> io::Result<u64>;
}

/// Where such bytes come from.
pub(crate) trait Source {
    /// Moves some into the socket.
    fn transfer(&mut self, socket: &AnyByteStream, length: u64) -> io::Result<u64>;

    /// Copies some.
    #[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "only what is secure needs it"))]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize>;
}

/// No layer: bytes go through the socket as they are.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Plain;

impl Layer for Plain {
    const IS_SECURE: bool = false;
    type State = ();
    type Lent<'l> = &'l AnyByteStream;

    #[inline]
    fn begin(&self, _: Start, _: Instant) {}

    #[inline]
    fn lend<'l>(&'l self, (): &'l mut (), socket: &'l AnyByteStream) -> &'l AnyByteStream {
        socket
    }
}

impl Carrier for &AnyByteStream {
    fn carry(&mut self, source: &mut impl Source, length: u64) -> io::Result<u64> {
        source.transfer(self, length)
    }
}

/// Of what a peer makes us say, so many characters are logged.
const MAX_LOGGED: usize = 200;

/// Logs why both have not agreed, in one line.
pub(crate) fn log_failure(peer: Option<impl Display>, why: &str) {
    let why = logged(why);
    match peer {
        Some(peer) => log::warn!("{peer}: no agreement on TLS: {why}"),
        None => log::warn!("unknown peer: no agreement on TLS: {why}"),
    }
}

/// So that it stays one line, and shows what it is: controls, signs that are not seen, and backslashes are escaped. Quotes stand
/// as they are, for nothing encloses the text.
fn logged(why: &str) -> String {
    let escape = |sign: char| {
        let is_quote = matches!(sign, '\'' | '"');
        (!is_quote).then(|| sign.escape_debug()).into_iter().flatten().chain(is_quote.then_some(sign))
    };
    why.chars().flat_map(escape).take(MAX_LOGGED).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_logged_of_a_failure_is_one_readable_line() {
        for (why, expected) in [
            ("peer doesn't support any known \"protocol\"", "peer doesn't support any known \"protocol\""),
            ("a\nwirenut: b\r\t\0", r"a\nwirenut: b\r\t\0"),
            ("\x1b[2J\u{9b}\u{202e}\u{200b}", r"\u{1b}[2J\u{9b}\u{202e}\u{200b}"),
            (r"C:\n", r"C:\\n"),
            ("m\u{fc}ll.example", "m\u{fc}ll.example"),
        ] {
            assert_eq!(logged(why), expected);
        }
        assert_eq!(logged(&"'".repeat(1_000)).len(), MAX_LOGGED);
    }
}
