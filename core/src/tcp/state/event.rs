//! What happens to a connection: calls of the user, segments, time-outs.

/// What changes a state: RFC 9293, section 3.10.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// The user wants something.
    Call(Call),
    /// A segment of the peer has come.
    Segment(Segment),
    /// A time is over.
    TimeOut(TimeOut),
}

/// What a user may want: RFC 9293, section 3.9.1.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Call {
    /// OPEN, and wait for any peer: listen(2).
    OpenPassive,
    /// OPEN a connection to a peer that is named: connect(2).
    OpenActive,
    /// SEND to the peer there is: send(2).
    Send,
    /// SEND to a peer that is named, which opens the connection: sendto(2) with MSG_FASTOPEN.
    SendTo,
    /// RECEIVE: recv(2). What it gives, [`Connection::recv`](super::Connection::recv) says.
    Receive,
    /// CLOSE, when all that was SENT has left: shutdown(2) of the direction for sending. A close(2) that leaves data
    /// unread is [`Self::Abort`] (RFC 9293, section 3.6.1, SHLD-3).
    Close,
    /// CLOSE, when data waits to be sent. It differs from [`Self::Close`] in SYN-RECEIVED only, where it waits for
    /// ESTABLISHED: whoever keeps the data hands [`Self::Close`] then.
    CloseBehindData,
    /// ABORT: what was not sent is thrown away.
    Abort,
    /// STATUS.
    Status,
}

/// What a time-out means: RFC 9293, section 3.10.8.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum TimeOut {
    /// The peer has not acknowledged for as long as the user is ready to wait. Also the time that a system gives to
    /// FIN-WAIT-2 of its own accord.
    User,
    /// Something that was sent is not acknowledged, and is sent again.
    Retransmission,
    /// It was sent often enough: R2 of section 3.8.3.
    GivenUp,
    /// Two maximum segment lifetimes are over.
    TimeWait,
}

/// A segment, as far as it matters to the state: what it is, and how it lies to what both ends have sent. Whoever keeps
/// sequence numbers makes one of a header.
///
/// ```
/// use wirenut::tcp::state::{Acknowledgement, Kind, Segment, Sequence};
/// // What answers our SYN.
/// let syn_ack = Segment { kind: Kind::Syn, sequence: Sequence::InOrder, acknowledgement: Acknowledgement::New };
/// assert!(Segment::all().any(|segment| segment == syn_ack));
/// assert_eq!(Segment::all().count(), 120);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Segment {
    /// What it is there for.
    pub kind: Kind,
    /// Where it lies in what the peer sends. Nothing looks at it in CLOSED, LISTEN and SYN-SENT.
    pub sequence: Sequence,
    /// What it acknowledges of what we sent.
    pub acknowledgement: Acknowledgement,
}

/// What a segment is there for: of several, the first that RFC 9293 looks at. Text or a FIN that comes with a SYN is
/// handed once more, as a segment of its own behind the SYN (section 3.10.7.2, third, and 3.10.7.3, fourth).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Kind {
    /// RST.
    Rst,
    /// SYN.
    Syn,
    /// A SYN that may open the connection anew in TIME-WAIT (section 3.6.1, MAY-2): the user listens, and its sequence
    /// number or its timestamp is later than all that came (RFC 6191). In every other state it is a SYN.
    NewSyn,
    /// FIN, with text or without.
    Fin,
    /// Text.
    Text,
    /// Neither control nor text: an acknowledgement, and a window.
    Empty,
}

/// Where a segment lies: RFC 9293, section 3.10.7.4, first, and RFC 5961, section 3.2.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Sequence {
    /// Not acceptable: all of it has come before.
    Old,
    /// It begins at RCV.NXT, once what came before is cut off. A RST begins there as it is. Where the window is zero, an
    /// acknowledgement or a reset at RCV.NXT counts as this.
    InOrder,
    /// It is acceptable, and begins behind RCV.NXT. Its text and its FIN are kept, or lost: when what lies before has come,
    /// they count as [`Self::InOrder`].
    Ahead,
    /// Not acceptable: it lies behind the window.
    Beyond,
}

/// What a segment acknowledges.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Acknowledgement {
    /// No ACK bit.
    Absent,
    /// Nothing new.
    Old,
    /// Something new, but not our FIN. Of a SYN that is not acknowledged: the SYN.
    New,
    /// All up to our FIN, now or again.
    Fin,
    /// What was never sent, or so old that the segment may be forged (RFC 5961, section 5.2).
    Unacceptable,
}

impl Call {
    /// Every call.
    pub const ALL: [Self; 9] = [
        Self::OpenPassive,
        Self::OpenActive,
        Self::Send,
        Self::SendTo,
        Self::Receive,
        Self::Close,
        Self::CloseBehindData,
        Self::Abort,
        Self::Status,
    ];
}

impl TimeOut {
    /// Every time-out.
    pub const ALL: [Self; 4] = [Self::User, Self::Retransmission, Self::GivenUp, Self::TimeWait];
}

impl Kind {
    /// Every kind, in the order in which RFC 9293 looks for them.
    pub const ALL: [Self; 6] = [Self::Rst, Self::Syn, Self::NewSyn, Self::Fin, Self::Text, Self::Empty];
}

impl Sequence {
    /// Every place.
    pub const ALL: [Self; 4] = [Self::Old, Self::InOrder, Self::Ahead, Self::Beyond];
}

impl Acknowledgement {
    /// Every acknowledgement.
    pub const ALL: [Self; 5] = [Self::Absent, Self::Old, Self::New, Self::Fin, Self::Unacceptable];
}

impl Segment {
    /// Every segment.
    pub fn all() -> impl Iterator<Item = Self> {
        Kind::ALL.into_iter().flat_map(|kind| {
            Sequence::ALL.into_iter().flat_map(move |sequence| {
                Acknowledgement::ALL.into_iter().map(move |acknowledgement| Self { kind, sequence, acknowledgement })
            })
        })
    }
}

impl Event {
    /// How many there are.
    pub(super) const COUNT: usize = Call::ALL.len() + TimeOut::ALL.len() + SEGMENTS;

    /// Every event.
    ///
    /// ```
    /// use wirenut::tcp::state::{Call, Event};
    /// assert_eq!(Event::all().next(), Some(Event::Call(Call::OpenPassive)));
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        let calls = Call::ALL.into_iter().map(Self::Call);
        let time_outs = TimeOut::ALL.into_iter().map(Self::TimeOut);
        calls.chain(time_outs).chain(Segment::all().map(Self::Segment))
    }

    /// Its number, less than [`Self::COUNT`].
    #[expect(clippy::as_conversions, clippy::arithmetic_side_effects, reason = "discriminants are small")]
    pub(super) const fn number(self) -> usize {
        match self {
            Self::Call(call) => call as usize,
            Self::TimeOut(time_out) => Call::ALL.len() + time_out as usize,
            Self::Segment(Segment { kind, sequence, acknowledgement }) => {
                let place = kind as usize * Sequence::ALL.len() + sequence as usize;
                Call::ALL.len() + TimeOut::ALL.len() + place * Acknowledgement::ALL.len() + acknowledgement as usize
            }
        }
    }
}

const SEGMENTS: usize = Kind::ALL.len() * Sequence::ALL.len() * Acknowledgement::ALL.len();
