//! What both directions say of a call.

/// Whether a message may refer to the ones before it (RFC 7692, 7.1.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Context {
    /// It may: messages get smaller, and the window stays in memory between them.
    TakeOver,
    /// It may not (`server_no_context_takeover`, `client_no_context_takeover`): memory is freed behind each message.
    Reset,
}

/// What a call took and wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Progress {
    /// So many bytes of the input were used.
    pub taken: usize,
    /// So many bytes were written to the start of the output.
    pub written: usize,
}

/// What the end of a message wrote.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Finished {
    /// So many bytes were written to the start of the output.
    pub written: usize,
    /// The message is complete. If not, call again with more room.
    pub is_done: bool,
}
