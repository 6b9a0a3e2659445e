//! The table: in each state, what each event does.
//!
//! Rows do not overlap, and leave nothing out: the compiler checks both. So their order is the RFC's and decides nothing.
//!
//! Where RFC 9293 leaves a choice, the table does what RFC 5961 asks for: challenge ACKs. Where the RFC says two things, or
//! less than stacks do:
//!
//! - The acknowledgement of a segment that is ahead counts at once, as with all stacks that were tried; its text and its FIN
//!   wait.
//! - In an active SYN-RECEIVED, the peer's SYN with the acknowledgement of ours opens the connection, as figure 7 and Linux
//!   have it. By the letter of 3.10.7.4 it is a duplicate that is only acknowledged, and these acknowledgements open both.
//! - In SYN-RECEIVED, an acknowledgement of what was never sent is reset, also by an end that follows RFC 5961.
//! - A FIN in TIME-WAIT restarts the time although its sequence number is old, which is how it comes.

use super::connection_state::State;
use super::event::{Acknowledgement, Call, Kind, Segment, Sequence, TimeOut};
use super::transition::{Open, Paragraph, Refusal, Sends, Signal};

/// One row: what an event of some does in each of some states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// In these states.
    pub from: &'static [State],
    /// Only if the connection was opened so.
    pub open: Option<Open>,
    /// These events.
    pub on: On,
    /// `None`: the state stays.
    pub to: Option<State>,
    /// What is sent.
    pub sends: Sends,
    /// What the user learns.
    pub signal: Signal,
    /// The time of TIME-WAIT begins, or begins again.
    pub starts_time_wait: bool,
    /// If so, nothing happens at all.
    pub refusal: Option<Refusal>,
    /// Where that is written.
    pub paragraph: Paragraph,
}

/// The events of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    /// Any of these calls.
    Calls(&'static [Call]),
    /// Any of these time-outs.
    TimeOuts(&'static [TimeOut]),
    /// Segments of any of these kinds, at any of these places, with any of these acknowledgements.
    Segments(&'static [Kind], &'static [Sequence], &'static [Acknowledgement]),
}

impl On {
    /// Is a segment one of them?
    ///
    /// ```
    /// use wirenut::tcp::state::{Acknowledgement, Kind, On, Segment, Sequence};
    /// let fins = On::Segments(&[Kind::Fin], &[Sequence::InOrder], &[Acknowledgement::Old, Acknowledgement::New]);
    /// let fin = Segment { kind: Kind::Fin, sequence: Sequence::InOrder, acknowledgement: Acknowledgement::New };
    /// assert!(fins.has(fin) && !fins.has(Segment { sequence: Sequence::Ahead, ..fin }));
    /// ```
    #[must_use]
    pub fn has(&self, segment: Segment) -> bool {
        let Self::Segments(kinds, sequences, acknowledgements) = self else { return false };
        kinds.contains(&segment.kind)
            && sequences.contains(&segment.sequence)
            && acknowledgements.contains(&segment.acknowledgement)
    }
}

use Acknowledgement::{Absent, New, Old, Unacceptable};
use Call::{Abort, Close, CloseBehindData, OpenActive, OpenPassive, Receive, Send, SendTo, Status};
use Kind::{Empty, NewSyn, Rst, Syn, Text};
use Open::{Active, Passive};
use Paragraph as P;
use Sequence::{Ahead, Beyond, InOrder};
use State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent, TimeWait,
};

/// All that may happen.
///
/// ```
/// use wirenut::tcp::state::{ROWS, State};
/// let before_time_wait = ROWS.iter().filter(|row| row.to == Some(State::TimeWait)).flat_map(|row| row.from);
/// let is_expected = |state: &State| matches!(state, State::FinWait1 | State::FinWait2 | State::Closing);
/// assert!(before_time_wait.into_iter().all(is_expected));
/// ```
pub const ROWS: &[Row] = &[
    // Calls of the user.
    call(&[Closed], &[OpenPassive]).enters(Listen).by(P::OpenCall),
    call(&[Closed, Listen], &[OpenActive]).enters(SynSent).sends(Sends::Syn).by(P::OpenCall),
    call(&[Listen], &[OpenPassive]).refused(Refusal::RemoteUnspecified).by(P::OpenCall),
    call(OPENED, &[OpenPassive, OpenActive]).refused(Refusal::AlreadyExists).by(P::OpenCall),
    call(&[Closed], &[Send, SendTo]).refused(Refusal::NoConnection).by(P::SendCall),
    call(&[Listen], &[Send]).refused(Refusal::RemoteUnspecified).by(P::SendCall),
    call(&[Listen], &[SendTo]).enters(SynSent).sends(Sends::Syn).by(P::SendCall),
    call(&[SynSent, SynReceived], &[Send, SendTo]).by(P::SendCall),
    call(&[Established, CloseWait], &[Send, SendTo]).sends(Sends::Data).by(P::SendCall),
    call(ENDED, &[Send, SendTo]).refused(Refusal::Closing).by(P::SendCall),
    call(&[Closed], &[Receive]).refused(Refusal::NoConnection).by(P::ReceiveCall),
    call(&[Listen, SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait], &[Receive]).by(P::ReceiveCall),
    call(&[Closing, LastAck, TimeWait], &[Receive]).refused(Refusal::Closing).by(P::ReceiveCall),
    call(&[Closed], CLOSES).refused(Refusal::NoConnection).by(P::CloseCall),
    call(&[Listen, SynSent], CLOSES).enters(Closed).by(P::CloseCall),
    call(&[SynReceived], &[Close]).enters(FinWait1).sends(Sends::Fin).by(P::CloseCall),
    call(&[SynReceived], &[CloseBehindData]).by(P::CloseCall),
    call(&[Established], CLOSES).enters(FinWait1).sends(Sends::Fin).by(P::CloseCall),
    call(&[CloseWait], CLOSES).enters(LastAck).sends(Sends::Fin).by(P::CloseCall),
    call(ENDED, CLOSES).refused(Refusal::Closing).by(P::CloseCall),
    call(&[Closed], &[Abort]).refused(Refusal::NoConnection).by(P::AbortCall),
    call(&[Listen, SynSent], &[Abort]).enters(Closed).by(P::AbortCall),
    call(&[SynReceived, Established, FinWait1, FinWait2, CloseWait], &[Abort])
        .enters(Closed)
        .sends(Sends::Rst)
        .by(P::AbortCall),
    call(&[Closing, LastAck, TimeWait], &[Abort]).enters(Closed).by(P::AbortCall),
    call(&[Closed], &[Status]).refused(Refusal::NoConnection).by(P::StatusCall),
    call(NOT_CLOSED, &[Status]).by(P::StatusCall),
    // Segments in CLOSED.
    arrives(&[Closed], &[Rst], ANYWHERE, ANY).by(P::Closed),
    arrives(&[Closed], NO_RST, ANYWHERE, ANY).sends(Sends::Rst).by(P::Closed),
    // In LISTEN.
    arrives(&[Listen], &[Rst], ANYWHERE, ANY).by(P::ListenRst),
    arrives(&[Listen], NO_RST, ANYWHERE, PRESENT).sends(Sends::Rst).by(P::ListenAck),
    arrives(&[Listen], SYNS, ANYWHERE, &[Absent]).enters(SynReceived).sends(Sends::SynAck).by(P::ListenSyn),
    arrives(&[Listen], REST, ANYWHERE, &[Absent]).by(P::ListenOther),
    // In SYN-SENT. There is no FIN to be acknowledged.
    arrives(&[SynSent], &[Rst], ANYWHERE, NOT_OF_SYN).by(P::SynSentAck),
    arrives(&[SynSent], NO_RST, ANYWHERE, NOT_OF_SYN).sends(Sends::Rst).by(P::SynSentAck),
    arrives(&[SynSent], &[Rst], ANYWHERE, &[Absent]).by(P::SynSentRst),
    arrives(&[SynSent], &[Rst], ANYWHERE, &[New]).enters(Closed).signals(Signal::Refused).by(P::SynSentRst),
    arrives(&[SynSent], SYNS, ANYWHERE, &[New]).opens(Established).sends(Sends::Ack).by(P::SynSentSyn),
    arrives(&[SynSent], SYNS, ANYWHERE, &[Absent]).enters(SynReceived).sends(Sends::SynAck).by(P::SynSentSyn),
    arrives(&[SynSent], REST, ANYWHERE, &[Absent, New]).by(P::SynSentOther),
    // In the other states. First, is the sequence number acceptable?
    arrives(OTHERS, &[Rst], OUTSIDE, ANY).by(P::Sequence),
    arrives(&[SynReceived], SYNS, OUTSIDE, ANY).if_opened(Passive).sends(Sends::Ack).by(P::Sequence),
    arrives(&[SynReceived], SYNS, &[Beyond], ANY).if_opened(Active).sends(Sends::Ack).by(P::Sequence),
    arrives(&[SynReceived], SYNS, &[BEFORE], NOT_NEW).if_opened(Active).sends(Sends::Ack).by(P::Sequence),
    arrives(&[SynReceived], SYNS, &[BEFORE], &[New]).if_opened(Active).opens(Established).by(P::SimultaneousOpen),
    arrives(OTHERS, NO_FIN, OUTSIDE, ANY).sends(Sends::Ack).by(P::Sequence),
    arrives(&[SynReceived], FIN, OUTSIDE, ANY).sends(Sends::Ack).by(P::Sequence),
    arrives(LIVE, FIN, OUTSIDE, ANY).sends(Sends::Ack).by(P::Sequence),
    arrives(&[TimeWait], FIN, OUTSIDE, ANY).sends(Sends::Ack).starts_time_wait().by(P::Ack),
    // Second, is it a RST?
    arrives(OTHERS, &[Rst], &[Ahead], ANY).sends(Sends::ChallengeAck).by(P::Rst),
    arrives(&[SynReceived], &[Rst], &[InOrder], ANY).if_opened(Passive).enters(Listen).by(P::Rst),
    arrives(&[SynReceived], &[Rst], &[InOrder], ANY).if_opened(Active).refuses().by(P::Rst),
    arrives(USED, &[Rst], &[InOrder], ANY).enters(Closed).signals(Signal::Reset).by(P::Rst),
    arrives(&[Closing, LastAck, TimeWait], &[Rst], &[InOrder], ANY).enters(Closed).by(P::Rst),
    // Fourth, is it a SYN?
    arrives(&[SynReceived], SYNS, INSIDE, ANY).if_opened(Passive).enters(Listen).by(P::Syn),
    arrives(&[SynReceived], SYNS, INSIDE, ANY).if_opened(Active).sends(Sends::ChallengeAck).by(P::Syn),
    arrives(LIVE, SYNS, ANYWHERE, ANY).sends(Sends::ChallengeAck).by(P::Syn),
    arrives(&[TimeWait], &[Syn], ANYWHERE, ANY).sends(Sends::ChallengeAck).by(P::Syn),
    arrives(&[TimeWait], &[NewSyn], ANYWHERE, ANY).enters(SynReceived).sends(Sends::SynAck).by(P::Reuse),
    // Fifth, what does it acknowledge? Is what it acknowledges there?
    arrives(OTHERS, REST, INSIDE, &[Absent]).by(P::Ack),
    arrives(&[SynReceived], REST, INSIDE, NOT_OF_SYN).sends(Sends::Rst).by(P::Ack),
    arrives(&[Established, CloseWait], REST, INSIDE, &[OUR_FIN, Unacceptable]).sends(Sends::Ack).by(P::Ack),
    arrives(&[FinWait1, Closing, LastAck], REST, INSIDE, &[Unacceptable]).sends(Sends::Ack).by(P::Ack),
    arrives(&[FinWait2, TimeWait], REST, INSIDE, &[New, Unacceptable]).sends(Sends::Ack).by(P::Ack),
    // Seventh and eighth, text and FIN. In SYN-RECEIVED, of which the SYN is acknowledged now:
    arrives(&[SynReceived], &[Empty], INSIDE, &[New]).opens(Established).by(P::Ack),
    arrives(&[SynReceived], &[Text], &[InOrder], &[New]).opens(Established).sends(Sends::Ack).by(P::Text),
    arrives(&[SynReceived], LONG, &[Ahead], &[New]).opens(Established).sends(Sends::Ack).by(P::Text),
    arrives(&[SynReceived], FIN, &[InOrder], &[New]).ends(CloseWait).by(P::Fin),
    // in ESTABLISHED:
    arrives(&[Established], &[Empty], INSIDE, &[Old, New]).by(P::Ack),
    arrives(&[Established], &[Text], &[InOrder], &[Old, New]).delivers().by(P::Text),
    arrives(&[Established], LONG, &[Ahead], &[Old, New]).sends(Sends::Ack).by(P::Text),
    arrives(&[Established], FIN, &[InOrder], &[Old, New]).ends(CloseWait).by(P::Fin),
    // in FIN-WAIT-1, whose FIN may be acknowledged now:
    arrives(&[FinWait1], &[Empty], INSIDE, &[Old, New]).by(P::Ack),
    arrives(&[FinWait1], &[Text], &[InOrder], &[Old, New]).delivers().by(P::Text),
    arrives(&[FinWait1], LONG, &[Ahead], &[Old, New]).sends(Sends::Ack).by(P::Text),
    arrives(&[FinWait1], FIN, &[InOrder], &[Old, New]).ends(Closing).by(P::Fin),
    arrives(&[FinWait1], &[Empty], INSIDE, &[OUR_FIN]).enters(FinWait2).by(P::Ack),
    arrives(&[FinWait1], &[Text], &[InOrder], &[OUR_FIN]).enters(FinWait2).delivers().by(P::Text),
    arrives(&[FinWait1], LONG, &[Ahead], &[OUR_FIN]).enters(FinWait2).sends(Sends::Ack).by(P::Text),
    arrives(&[FinWait1], FIN, &[InOrder], &[OUR_FIN]).ends(TimeWait).starts_time_wait().by(P::Fin),
    // in FIN-WAIT-2:
    arrives(&[FinWait2], &[Empty], INSIDE, &[Old, OUR_FIN]).by(P::Ack),
    arrives(&[FinWait2], &[Text], &[InOrder], &[Old, OUR_FIN]).delivers().by(P::Text),
    arrives(&[FinWait2], LONG, &[Ahead], &[Old, OUR_FIN]).sends(Sends::Ack).by(P::Text),
    arrives(&[FinWait2], FIN, &[InOrder], &[Old, OUR_FIN]).ends(TimeWait).starts_time_wait().by(P::Fin),
    // and where the peer has ended its direction:
    arrives(&[CloseWait], NO_FIN, INSIDE, &[Old, New]).by(P::Text),
    arrives(&[CloseWait], FIN, INSIDE, &[Old, New]).sends(Sends::Ack).by(P::Fin),
    arrives(&[Closing], REST, INSIDE, &[Old, New]).by(P::Ack),
    arrives(&[Closing], NO_FIN, INSIDE, &[OUR_FIN]).enters(TimeWait).starts_time_wait().by(P::Ack),
    arrives(&[Closing], FIN, INSIDE, &[OUR_FIN]).enters(TimeWait).starts_time_wait().sends(Sends::Ack).by(P::Fin),
    arrives(&[LastAck], NO_FIN, INSIDE, &[Old, New]).by(P::Text),
    arrives(&[LastAck], FIN, INSIDE, &[Old, New]).sends(Sends::Ack).by(P::Fin),
    arrives(&[LastAck], REST, INSIDE, &[OUR_FIN]).enters(Closed).by(P::Ack),
    arrives(&[TimeWait], NO_FIN, INSIDE, &[Old, OUR_FIN]).by(P::Text),
    arrives(&[TimeWait], FIN, INSIDE, &[Old, OUR_FIN]).sends(Sends::Ack).starts_time_wait().by(P::Fin),
    // Time-outs.
    times_out(&[Closed], TimeOut::User).refused(Refusal::NoTimer).by(P::TimeOuts),
    times_out(NOT_CLOSED, TimeOut::User).enters(Closed).signals(Signal::TimedOut).by(P::TimeOuts),
    times_out(UNACKNOWLEDGED, TimeOut::Retransmission).sends(Sends::Retransmission).by(P::TimeOuts),
    times_out(ALL_ACKNOWLEDGED, TimeOut::Retransmission).refused(Refusal::NoTimer).by(P::TimeOuts),
    times_out(UNACKNOWLEDGED, TimeOut::GivenUp).enters(Closed).signals(Signal::TimedOut).by(P::GivenUp),
    times_out(ALL_ACKNOWLEDGED, TimeOut::GivenUp).refused(Refusal::NoTimer).by(P::GivenUp),
    times_out(&[TimeWait], TimeOut::TimeWait).enters(Closed).by(P::TimeOuts),
    times_out(&[Closed, Listen, SynSent, SynReceived], TimeOut::TimeWait).refused(Refusal::NoTimer).by(P::TimeOuts),
    times_out(LIVE, TimeOut::TimeWait).refused(Refusal::NoTimer).by(P::TimeOuts),
];

// States.
/// Neither CLOSED nor LISTEN.
const OPENED: &[State] =
    &[SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait];
const NOT_CLOSED: &[State] =
    &[Listen, SynSent, SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait];
/// The "other states" of section 3.10.7.4: the peer's first sequence number is known.
const OTHERS: &[State] = &[SynReceived, Established, FinWait1, FinWait2, CloseWait, Closing, LastAck, TimeWait];
/// Synchronized, and they do not wait for old segments only.
const LIVE: &[State] = &[Established, FinWait1, FinWait2, CloseWait, Closing, LastAck];
/// Of these, those that may give or take data.
const USED: &[State] = &[Established, FinWait1, FinWait2, CloseWait];
/// The user has ended this direction.
const ENDED: &[State] = &[FinWait1, FinWait2, Closing, LastAck, TimeWait];
/// Something that was sent may not be acknowledged yet.
const UNACKNOWLEDGED: &[State] = &[SynSent, SynReceived, Established, FinWait1, CloseWait, Closing, LastAck];
/// Nothing is.
const ALL_ACKNOWLEDGED: &[State] = &[Closed, Listen, FinWait2, TimeWait];

// Calls.
const CLOSES: &[Call] = &[Close, CloseBehindData];

// Kinds.
const SYNS: &[Kind] = &[Syn, NewSyn];
const FIN: &[Kind] = &[Kind::Fin];
const NO_RST: &[Kind] = &[Syn, NewSyn, Kind::Fin, Text, Empty];
/// Neither RST nor SYN.
const REST: &[Kind] = &[Kind::Fin, Text, Empty];
/// It takes numbers of the sequence.
const LONG: &[Kind] = &[Kind::Fin, Text];
/// Neither RST, SYN nor FIN.
const NO_FIN: &[Kind] = &[Text, Empty];

// Places.
const ANYWHERE: &[Sequence] = &[BEFORE, InOrder, Ahead, Beyond];
const INSIDE: &[Sequence] = &[InOrder, Ahead];
const OUTSIDE: &[Sequence] = &[BEFORE, Beyond];
const BEFORE: Sequence = Sequence::Old;

// Acknowledgements.
const OUR_FIN: Acknowledgement = Acknowledgement::Fin;
const ANY: &[Acknowledgement] = &[Absent, Old, New, OUR_FIN, Unacceptable];
const PRESENT: &[Acknowledgement] = &[Old, New, OUR_FIN, Unacceptable];
const NOT_NEW: &[Acknowledgement] = &[Absent, Old, OUR_FIN, Unacceptable];
/// Not of the SYN, which is all that was sent.
const NOT_OF_SYN: &[Acknowledgement] = &[Old, OUR_FIN, Unacceptable];

const fn call(from: &'static [State], calls: &'static [Call]) -> Row {
    row(from, On::Calls(calls))
}

const fn times_out(from: &'static [State], time_out: TimeOut) -> Row {
    let all: &'static [TimeOut; 4] = &TimeOut::ALL;
    let [user, retransmission, given_up, time_wait] = all;
    let time_out = match time_out {
        TimeOut::User => user,
        TimeOut::Retransmission => retransmission,
        TimeOut::GivenUp => given_up,
        TimeOut::TimeWait => time_wait,
    };
    row(from, On::TimeOuts(core::slice::from_ref(time_out)))
}

const fn arrives(
    from: &'static [State],
    kinds: &'static [Kind],
    sequences: &'static [Sequence],
    acknowledgements: &'static [Acknowledgement],
) -> Row {
    row(from, On::Segments(kinds, sequences, acknowledgements))
}

/// The event changes nothing.
const fn row(from: &'static [State], on: On) -> Row {
    Row {
        from,
        open: None,
        on,
        to: None,
        sends: Sends::Nothing,
        signal: Signal::Nothing,
        starts_time_wait: false,
        refusal: None,
        paragraph: P::TimeOuts,
    }
}

impl Row {
    const fn if_opened(self, open: Open) -> Self {
        Self { open: Some(open), ..self }
    }

    const fn enters(self, to: State) -> Self {
        Self { to: Some(to), ..self }
    }

    const fn sends(self, sends: Sends) -> Self {
        Self { sends, ..self }
    }

    const fn signals(self, signal: Signal) -> Self {
        Self { signal, ..self }
    }

    /// The connection is open.
    const fn opens(self, to: State) -> Self {
        self.enters(to).signals(Signal::Connected)
    }

    /// Nobody wants the connection.
    const fn refuses(self) -> Self {
        self.enters(Closed).signals(Signal::Refused)
    }

    /// Text that is acceptable.
    const fn delivers(self) -> Self {
        self.sends(Sends::Ack).signals(Signal::Data)
    }

    /// The peer ends its direction.
    const fn ends(self, to: State) -> Self {
        self.enters(to).sends(Sends::Ack).signals(Signal::Closing)
    }

    const fn starts_time_wait(self) -> Self {
        Self { starts_time_wait: true, ..self }
    }

    const fn refused(self, refusal: Refusal) -> Self {
        Self { refusal: Some(refusal), ..self }
    }

    const fn by(self, paragraph: Paragraph) -> Self {
        Self { paragraph, ..self }
    }
}
