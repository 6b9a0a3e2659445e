//! What a head said, and what the connection has to remember, in one word.

/// A set of facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Flags(u32);

impl Flags {
    pub(crate) const NONE: Self = Self(0);
    /// A Host field came.
    pub(crate) const HOST: Self = Self(1);
    /// A Content-Length field came.
    pub(crate) const CONTENT_LENGTH: Self = Self(1 << 1);
    /// A Transfer-Encoding field came.
    pub(crate) const TRANSFER_ENCODING: Self = Self(1 << 2);
    /// `chunked` is the last transfer coding so far.
    pub(crate) const CHUNKED: Self = Self(1 << 3);
    /// Another transfer coding came.
    pub(crate) const OTHER_CODING: Self = Self(1 << 4);
    /// `Connection: close`.
    pub(crate) const CLOSE: Self = Self(1 << 5);
    /// `Connection: keep-alive`.
    pub(crate) const KEEP_ALIVE: Self = Self(1 << 6);
    /// `Connection: upgrade`.
    pub(crate) const UPGRADE_OPTION: Self = Self(1 << 7);
    /// An Upgrade field came.
    pub(crate) const UPGRADE_FIELD: Self = Self(1 << 8);
    /// `Expect: 100-continue`, and neither a 100 nor a final response has been sent.
    pub(crate) const EXPECT_CONTINUE: Self = Self(1 << 9);
    /// The message is HTTP/1.0.
    pub(crate) const HTTP10: Self = Self(1 << 10);
    /// The method is HEAD.
    pub(crate) const HEAD: Self = Self(1 << 11);
    /// The method is CONNECT. While a client reads: and the response is 2xx.
    pub(crate) const CONNECT: Self = Self(1 << 12);
    /// The method is OPTIONS.
    pub(crate) const OPTIONS: Self = Self(1 << 13);
    /// A byte of a message has come.
    pub(crate) const BEGUN: Self = Self(1 << 14);
    /// The peer has ended its direction.
    pub(crate) const EOF: Self = Self(1 << 15);
    /// The message is a response.
    pub(crate) const RESPONSE: Self = Self(1 << 16);
    /// The target has an authority, which the Host field must name.
    pub(crate) const AUTHORITY: Self = Self(1 << 17);
    /// What is read goes into the store.
    pub(crate) const KEEPS: Self = Self(1 << 18);
    /// The trailer section is read.
    pub(crate) const TRAILERS: Self = Self(1 << 19);
    /// A client's: the method of the request is CONNECT, so that a 2xx begins a tunnel.
    pub(crate) const CONNECT_ASKED: Self = Self(1 << 20);
    /// A client's: the method of the request is HEAD, so that no content follows.
    pub(crate) const HEAD_ASKED: Self = Self(1 << 23);
    /// A client's: the request may switch protocols, so that a 101 does.
    pub(crate) const UPGRADE_ASKED: Self = Self(1 << 24);
    /// What was asked.
    pub(crate) const ASKED: Self = Self::CONNECT_ASKED.with(Self::HEAD_ASKED).with(Self::UPGRADE_ASKED);
    /// A client's: a byte of the answer to the oldest request has come.
    pub(crate) const SEEN: Self = Self(1 << 21);
    /// A client's: the server has answered in HTTP/1.0.
    pub(crate) const OLD_PEER: Self = Self(1 << 22);

    /// A server's: nothing is under way in the tunnel, so that it may give way.
    pub(crate) const TUNNEL_IDLE: Self = Self(1 << 25);

    /// A server's: the tunnel is to end at once, for another connection to have its place.
    pub(crate) const TUNNEL_EVICTED: Self = Self(1 << 26);
    /// Something that was sent waited for the peer.
    pub(crate) const SENT_WAITED: Self = Self(1 << 27);

    /// What stays from one message to the next.
    pub(crate) const OF_CONNECTION: Self = Self::EOF;
    /// What stays with a client from one response to the next.
    pub(crate) const OF_CLIENT: Self = Self::EOF.with(Self::RESPONSE).with(Self::OLD_PEER).with(Self::EXPECT_CONTINUE);

    pub(crate) const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    pub(crate) const fn has_all(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    pub(crate) const fn with(self, flag: Self) -> Self {
        Self(self.0 | flag.0)
    }

    pub(crate) const fn set(&mut self, flag: Self) {
        self.0 |= flag.0;
    }

    pub(crate) const fn clear(&mut self, flag: Self) {
        self.0 &= !flag.0;
    }

    pub(crate) const fn keep(&mut self, flags: Self) {
        self.0 &= flags.0;
    }
}
