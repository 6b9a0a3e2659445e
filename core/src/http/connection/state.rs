//! The states of both sides of a connection, and how they change: one table, from which the code runs and tests and
//! diagrams are made. It does not know which side we are.
//!
//! What each state becomes, by what changes it; a gap is what cannot be. Besides these, [`Transition::Fail`] makes
//! every state [`State::Error`].
//!
//! <!-- table of the Client -->
//! | Client | Request | Switch | End | Persist | Retire | Close |
//! |---|---|---|---|---|---|---|
//! | **Idle** | SendBody |  |  |  |  | Closed |
//! | **SendBody** |  | Tunnel | Done |  | MustClose |  |
//! | **Done** | SendBody | Tunnel |  | Idle | MustClose |  |
//! | **MustClose** |  |  |  |  |  |  |
//! | **Closed** |  |  |  |  |  |  |
//! | **Tunnel** |  |  | MustClose |  |  |  |
//! <!-- end -->
//!
//! <!-- table of the Server -->
//! | Server | Request | Interim | Final | Switch | End | Persist | Retire | Close |
//! |---|---|---|---|---|---|---|---|---|
//! | **Idle** | SendHead |  |  |  |  |  |  | Closed |
//! | **SendHead** |  | SendHead | SendBody | Tunnel |  |  |  |  |
//! | **SendBody** |  |  |  |  | Done |  |  |  |
//! | **Done** |  |  |  |  |  | Idle | MustClose |  |
//! | **MustClose** |  |  |  |  |  |  |  |  |
//! | **Closed** |  |  |  |  |  |  |  |  |
//! | **Tunnel** |  |  |  |  | MustClose |  |  |  |
//! <!-- end -->

/// A side of the connection: who sends requests, and who sends responses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// Sends requests.
    Client,
    /// Sends responses.
    Server,
}

/// What a side is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Between two messages.
    Idle,
    /// The server has a request and owes the head of its response.
    SendHead,
    /// A head was sent, and its body is on its way (it may be empty).
    SendBody,
    /// The message is complete; the next one waits for the other side.
    Done,
    /// The message is complete, and there will be no other.
    MustClose,
    /// The side has ended the connection between two messages.
    Closed,
    /// No HTTP any more: bytes of another protocol, or of a tunnel.
    Tunnel,
    /// A rule was broken.
    Error,
}

/// What changes a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transition {
    /// The client's head is complete (of a pipelined request, while the server still owes responses). Of the server:
    /// it is that request's turn.
    Request,
    /// The head of an interim response (1xx except 101).
    Interim,
    /// The head of a final response.
    Final,
    /// The head of a 101, or of a 2xx to CONNECT.
    Switch,
    /// The body is complete.
    End,
    /// The message is complete and the connection persists. The server's side goes on with the next request even if
    /// the client is sending it, or a later one.
    Persist,
    /// Both messages are complete, or the rest of the request is not wanted, and the connection does not persist.
    Retire,
    /// The side ends the connection between two messages.
    Close,
    /// A rule was broken.
    Fail,
}

use Side::{Client, Server};
use State as S;
use Transition as C;

/// All that may happen. What is not here is an error: of the peer, or of the service that asked for it.
pub const TRANSITIONS: &[(Side, State, Transition, State)] = &[
    (Client, S::Idle, C::Request, S::SendBody),
    (Client, S::SendBody, C::End, S::Done),
    (Client, S::SendBody, C::Switch, S::Tunnel),
    (Client, S::Done, C::Switch, S::Tunnel),
    (Client, S::Done, C::Request, S::SendBody),
    (Client, S::Done, C::Persist, S::Idle),
    (Client, S::Done, C::Retire, S::MustClose),
    (Client, S::SendBody, C::Retire, S::MustClose),
    (Client, S::Tunnel, C::End, S::MustClose),
    (Client, S::Idle, C::Close, S::Closed),
    (Server, S::Idle, C::Request, S::SendHead),
    (Server, S::SendHead, C::Interim, S::SendHead),
    (Server, S::SendHead, C::Final, S::SendBody),
    (Server, S::SendHead, C::Switch, S::Tunnel),
    (Server, S::SendBody, C::End, S::Done),
    (Server, S::Done, C::Persist, S::Idle),
    (Server, S::Done, C::Retire, S::MustClose),
    (Server, S::Tunnel, C::End, S::MustClose),
    (Server, S::Idle, C::Close, S::Closed),
];

const SIDES: usize = 2;
const STATES: usize = 8;
const CHANGES: usize = 9;

/// [`TRANSITIONS`] as a table to look up in: by side and change, four bits for each state that it may find.
#[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "evaluated by the compiler")]
static NEXT: [[u32; CHANGES]; SIDES] = {
    let mut next = [[u32::MAX; CHANGES]; SIDES];
    let mut rows = TRANSITIONS;
    while let [(side, from, change, to), rest @ ..] = rows {
        let shift = *from as u32 * 4;
        let place = &mut next[*side as usize][*change as usize];
        *place = *place & !(15 << shift) | (*to as u32) << shift;
        rows = rest;
    }
    next[Client as usize][C::Fail as usize] = ALL_FAIL;
    next[Server as usize][C::Fail as usize] = ALL_FAIL;
    next
};

/// Whatever the state was, it is [`State::Error`].
const ALL_FAIL: u32 = 0x7777_7777;

impl Transition {
    /// Every change, for tables and tests.
    pub const ALL: [Self; CHANGES] =
        [C::Request, C::Interim, C::Final, C::Switch, C::End, C::Persist, C::Retire, C::Close, C::Fail];
}

impl State {
    /// Every state, for tables and tests.
    pub const ALL: [Self; STATES] =
        [S::Idle, S::SendHead, S::SendBody, S::Done, S::MustClose, S::Closed, S::Tunnel, S::Error];

    /// The state of `side` after `change`, if the table allows it. [`Transition::Fail`] is always allowed.
    ///
    /// ```
    /// use wirenut::http::state::{Side, State, Transition};
    /// assert_eq!(State::Idle.after(Side::Client, Transition::Request), Some(State::SendBody));
    /// assert_eq!(State::Idle.after(Side::Server, Transition::Final), None);
    /// ```
    #[must_use]
    pub fn after(self, side: Side, change: Transition) -> Option<Self> {
        #[expect(clippy::as_conversions, reason = "discriminants are small")]
        let shift = (self as u32) << 2;
        let next = row(side, change) >> shift & 15;
        // Fifteen is no state.
        u8::try_from(next).ok().filter(|next| next >> 3 == 0).map(States::of)
    }
}

/// What each state becomes. Where both are known to the compiler it is a number.
#[inline(always)]
fn row(side: Side, change: Transition) -> u32 {
    #[expect(clippy::as_conversions, reason = "discriminants are small")]
    let (side, change) = (side as usize, change as usize);
    NEXT.get(side).and_then(|rows| rows.get(change)).copied().unwrap_or(u32::MAX)
}

/// The states of both sides, three bits each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct States(u8);

impl States {
    pub(crate) const IDLE: Self = Self(0);
    /// Both after [`Transition::Fail`].
    pub(crate) const FAILED: Self = Self(0o77);

    const fn of(bits: u8) -> State {
        match bits & 7 {
            0 => S::Idle,
            1 => S::SendHead,
            2 => S::SendBody,
            3 => S::Done,
            4 => S::MustClose,
            5 => S::Closed,
            6 => S::Tunnel,
            _ => S::Error,
        }
    }

    pub(crate) const fn client(self) -> State {
        Self::of(self.0)
    }

    pub(crate) const fn server(self) -> State {
        Self::of(self.0 >> 3)
    }

    /// The same change of both.
    #[inline(always)]
    pub(crate) fn change_both(&mut self, change: Transition) {
        self.take_both(row(Client, change), row(Server, change));
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn take_both(&mut self, client: u32, server: u32) {
        self.take(client, 0);
        self.take(server, 3);
    }

    /// Changes one side. `false`, and nothing changed, where the table does not allow it.
    #[inline(always)]
    pub(crate) fn change(&mut self, side: Side, change: Transition) -> bool {
        self.take(row(side, change), if side == Client { 0 } else { 3 })
    }

    /// Changes the state at this bit to what the row says.
    #[cfg_attr(target_pointer_width = "64", inline)]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn take(&mut self, row: u32, place: u32) -> bool {
        let state = u32::from(self.0) >> place & 7;
        let next = row >> (state << 2) & 15;
        let is_state = next >> 3 == 0;
        if is_state {
            // Of three bits, at a place of which three are left.
            self.0 = self.0 & !(7 << place) | u8::try_from(next << place).unwrap_or(0);
        }
        is_state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_look_up_says_what_the_table_says() {
        for side in [Client, Server] {
            for state in State::ALL {
                for change in Transition::ALL {
                    let mut rows = TRANSITIONS.iter().filter(|row| (row.0, row.1, row.2) == (side, state, change));
                    let listed = rows.next().map(|row| row.3);
                    assert!(rows.next().is_none(), "two rows for {side:?} {state:?} {change:?}");
                    let expected = if change == C::Fail { Some(S::Error) } else { listed };
                    assert_eq!(state.after(side, change), expected, "{side:?} {state:?} {change:?}");
                }
            }
        }
    }

    #[test]
    fn packed_states_change_one_side_only() {
        for (bits, state) in State::ALL.into_iter().enumerate() {
            assert_eq!(States::of(bits as u8), state);
        }
        let mut states = States::IDLE;
        assert!(states.change(Client, C::Request) && states.change(Server, C::Request));
        assert_eq!((states.client(), states.server()), (S::SendBody, S::SendHead));
        let mut failed = states;
        failed.change_both(C::Fail);
        assert_eq!(failed, States::FAILED);
        assert!(!states.change(Server, C::End));
        assert!(states.change(Server, C::Final));
        assert_eq!((states.client(), states.server()), (S::SendBody, S::SendBody));
    }
}
