//! What an event does.

use core::fmt;

use super::connection_state::State;

/// What an event does to a connection.
///
/// ```
/// use wirenut::tcp::state::{Call, Event, Open, Sends, State};
/// let transition = State::CloseWait.handle(Open::Active, Event::Call(Call::Close))?;
/// assert_eq!((transition.to, transition.sends), (State::LastAck, Sends::Fin));
/// assert_eq!(transition.paragraph.to_string(), "RFC 9293 3.10.4");
/// # Ok::<(), wirenut::tcp::state::Refusal>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Transition {
    /// The state that follows, which may be the one that was.
    pub to: State,
    /// What is sent.
    pub sends: Sends,
    /// What the user learns.
    pub signal: Signal,
    /// The time of TIME-WAIT begins, or begins again.
    pub starts_time_wait: bool,
    /// Where that is written.
    pub paragraph: Paragraph,
}

/// How a connection was opened. It matters in SYN-RECEIVED only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Open {
    /// By a passive OPEN: it came from LISTEN, or anew out of TIME-WAIT.
    #[default]
    Passive,
    /// By an active OPEN: it came from SYN-SENT.
    Active,
}

impl Open {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Passive, Self::Active];
}

/// What is sent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Sends {
    /// Nothing.
    Nothing,
    /// `<SEQ=ISS><CTL=SYN>`.
    Syn,
    /// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`.
    SynAck,
    /// `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`.
    Ack,
    /// The same, as the answer to what may be forged; so many at most in a time (RFC 5961, section 7).
    ChallengeAck,
    /// What the user has given, as far as the windows allow.
    Data,
    /// FIN, behind all data.
    Fin,
    /// RST, so that its receiver accepts it: to a segment `<SEQ=SEG.ACK>`, or, if it has no ACK,
    /// `<SEQ=0><ACK=SEG.SEQ+SEG.LEN>`; to ABORT `<SEQ=SND.NXT>`.
    Rst,
    /// Once more what was sent first of all that is not acknowledged.
    Retransmission,
}

/// What the user learns; of several, the last.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Signal {
    /// Nothing; of a call, that it was taken.
    Nothing,
    /// The connection is open.
    Connected,
    /// There is data to receive.
    Data,
    /// The peer has ended its direction: "connection closing".
    Closing,
    /// Nobody wants the connection: "connection refused" (of SYN-SENT the RFC says "reset"; connect(2) says ECONNREFUSED).
    Refused,
    /// The peer has given the connection up: "connection reset".
    Reset,
    /// The peer has been silent for too long: "connection aborted due to user timeout".
    TimedOut,
}

/// Why nothing happens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// CLOSED: there is no connection to call.
    NoConnection,
    /// OPEN of what is open.
    AlreadyExists,
    /// LISTEN, and the call names no peer.
    RemoteUnspecified,
    /// The user has ended this direction, or both are over.
    Closing,
    /// Nothing runs in this state whose time could be over.
    NoTimer,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConnection => "the connection does not exist",
            Self::AlreadyExists => "the connection already exists",
            Self::RemoteUnspecified => "the peer is not specified",
            Self::Closing => "the connection is closing",
            Self::NoTimer => "no such timer runs in this state",
        })
    }
}

impl core::error::Error for Refusal {}

/// Where a transition is written: a paragraph of RFC 9293.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Paragraph {
    /// 3.10.1.
    OpenCall,
    /// 3.10.2.
    SendCall,
    /// 3.10.3.
    ReceiveCall,
    /// 3.10.4.
    CloseCall,
    /// 3.10.5.
    AbortCall,
    /// 3.10.6.
    StatusCall,
    /// 3.10.7.1.
    Closed,
    /// 3.10.7.2, first.
    ListenRst,
    /// 3.10.7.2, second.
    ListenAck,
    /// 3.10.7.2, third.
    ListenSyn,
    /// 3.10.7.2, fourth.
    ListenOther,
    /// 3.10.7.3, first.
    SynSentAck,
    /// 3.10.7.3, second.
    SynSentRst,
    /// 3.10.7.3, fourth.
    SynSentSyn,
    /// 3.10.7.3, fifth.
    SynSentOther,
    /// 3.10.7.4, first.
    Sequence,
    /// 3.10.7.4, second.
    Rst,
    /// 3.10.7.4, fourth.
    Syn,
    /// 3.10.7.4, fifth.
    Ack,
    /// 3.10.7.4, seventh.
    Text,
    /// 3.10.7.4, eighth.
    Fin,
    /// 3.5, figure 7.
    SimultaneousOpen,
    /// 3.6.1, MAY-2.
    Reuse,
    /// 3.8.3.
    GivenUp,
    /// 3.10.8.
    TimeOuts,
}

impl fmt::Display for Paragraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RFC 9293 ")?;
        f.write_str(match self {
            Self::OpenCall => "3.10.1",
            Self::SendCall => "3.10.2",
            Self::ReceiveCall => "3.10.3",
            Self::CloseCall => "3.10.4",
            Self::AbortCall => "3.10.5",
            Self::StatusCall => "3.10.6",
            Self::Closed => "3.10.7.1",
            Self::ListenRst => "3.10.7.2 first",
            Self::ListenAck => "3.10.7.2 second",
            Self::ListenSyn => "3.10.7.2 third",
            Self::ListenOther => "3.10.7.2 fourth",
            Self::SynSentAck => "3.10.7.3 first",
            Self::SynSentRst => "3.10.7.3 second",
            Self::SynSentSyn => "3.10.7.3 fourth",
            Self::SynSentOther => "3.10.7.3 fifth",
            Self::Sequence => "3.10.7.4 first",
            Self::Rst => "3.10.7.4 second",
            Self::Syn => "3.10.7.4 fourth",
            Self::Ack => "3.10.7.4 fifth",
            Self::Text => "3.10.7.4 seventh",
            Self::Fin => "3.10.7.4 eighth",
            Self::SimultaneousOpen => "3.5 figure 7",
            Self::Reuse => "3.6.1 MAY-2",
            Self::GivenUp => "3.8.3",
            Self::TimeOuts => "3.10.8",
        })
    }
}
