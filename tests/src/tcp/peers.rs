//! Which states both ends can be in.

use wirenut::tcp::state::State;

use State::{
    CloseWait, Closed, Closing, Established, FinWait1, FinWait2, LastAck, Listen, SynReceived, SynSent, TimeWait,
};

/// In which states the other end may be, as long as no user aborts, no machine crashes, and there was no connection before.
///
/// Who is not synchronized knows nothing of the other, and who has left before it was synchronized told nothing to it.
/// Where our FIN is acknowledged, the other end has it; where we have the other's FIN, it has sent it, and where it
/// has acknowledged ours before, we know.
pub const PEERS: [(State, &[State]); 11] = [
    (Closed, &[Closed, Listen, SynSent, SynReceived, FinWait1, Closing, LastAck, TimeWait]),
    (Listen, &[Closed, Listen, SynSent]),
    (SynSent, &[Closed, Listen, SynSent, SynReceived, FinWait1]),
    (SynReceived, &[Closed, SynSent, SynReceived, Established, FinWait1]),
    (Established, &[SynReceived, Established, FinWait1]),
    (FinWait1, &[Closed, SynSent, SynReceived, Established, FinWait1, CloseWait, Closing, LastAck]),
    (FinWait2, &[CloseWait, Closing, LastAck]),
    (CloseWait, &[FinWait1, FinWait2]),
    (Closing, &[Closed, FinWait1, FinWait2, Closing, TimeWait]),
    (LastAck, &[Closed, FinWait1, FinWait2, TimeWait]),
    (TimeWait, &[Closed, Closing, LastAck, TimeWait]),
];
