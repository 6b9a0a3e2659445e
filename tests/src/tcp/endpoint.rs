//! One end with sequence numbers, which takes each step from the table.

use wirenut::tcp::state::{
    Acknowledgement, Call, Connection, Event, Kind, Refusal, Segment, Sends, Sequence, Signal, State, TimeOut,
    Transition,
};

use super::segment::Numbered;

/// More than is ever on its way, and less than lies between two connections.
const WINDOW: u8 = 10;
/// So far apart are the first sequence numbers of connections that follow each other.
const INCARNATION: u8 = 16;

/// What the user of an end may do, and how often.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Program {
    /// OPENs, passive first.
    pub passive_opens: u8,
    /// OPENs, active.
    pub active_opens: u8,
    /// Units to SEND.
    pub sends: u8,
    /// The first SEND may open the connection.
    pub may_send_to: bool,
    /// ABORTs.
    pub aborts: u8,
    /// The machine loses all that it knows, without a word.
    pub crashes: u8,
}

/// One end: what RFC 9293 calls the TCB, in small numbers, and its user.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct End {
    connection: Connection,
    /// What is left of it.
    pub program: Program,
    /// ISS of the next connection, or behind it.
    next_iss: u8,
    is_iss_used: bool,
    send_unacknowledged: u8,
    send_next: u8,
    iss: u8,
    receive_next: u8,
    /// Units that the user has given and that have not left: before the connection is open.
    queued: u8,
    /// CLOSE waits behind them.
    is_close_queued: bool,
    has_sent_fin: bool,
    /// Units that were ever SENT on this connection, and that have come.
    pub sent: u8,
    /// Units that have come on this connection.
    pub received: u8,
    /// The user knows that the peer has ended its direction.
    pub has_seen_end: bool,
    /// After a crash, or a connection that was given up: no OPEN while old segments may come (RFC 9293, section 3.4.3).
    pub is_quiet: bool,
}

impl End {
    /// CLOSED.
    #[must_use]
    pub fn new(program: Program, iss: u8) -> Self {
        Self {
            connection: Connection::new(),
            program,
            next_iss: iss,
            is_iss_used: false,
            send_unacknowledged: 0,
            send_next: 0,
            iss: 0,
            receive_next: 0,
            queued: 0,
            is_close_queued: false,
            has_sent_fin: false,
            sent: 0,
            received: 0,
            has_seen_end: false,
            is_quiet: false,
        }
    }

    /// Its state.
    #[must_use]
    pub fn state(&self) -> State {
        self.connection.state()
    }

    /// What its user would be told.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Something it sent is not acknowledged.
    #[must_use]
    pub fn has_unacknowledged(&self) -> bool {
        self.send_unacknowledged < self.send_next
    }

    /// CLOSE waits until the connection is open.
    #[must_use]
    pub fn is_close_queued(&self) -> bool {
        self.is_close_queued
    }

    /// How the abstract table sees a segment.
    #[must_use]
    pub fn classify(&self, segment: &Numbered) -> Segment {
        Segment { kind: self.kind(segment), sequence: self.place(segment), acknowledgement: self.acknowledged(segment) }
    }

    fn kind(&self, segment: &Numbered) -> Kind {
        match segment {
            Numbered { is_rst: true, .. } => Kind::Rst,
            // Whoever has another passive OPEN listens on the same port.
            Numbered { is_syn: true, acknowledgement: None, sequence, .. }
                if *sequence > self.receive_next && self.program.passive_opens > 0 =>
            {
                Kind::NewSyn
            }
            Numbered { is_syn: true, .. } => Kind::Syn,
            Numbered { is_fin: true, .. } => Kind::Fin,
            Numbered { text: 1.., .. } => Kind::Text,
            Numbered { .. } => Kind::Empty,
        }
    }

    fn place(&self, segment: &Numbered) -> Sequence {
        let (first, next) = (segment.sequence, self.receive_next);
        let end = first + segment.length();
        let is_acceptable = if segment.length() == 0 {
            (next..next + WINDOW).contains(&first)
        } else {
            first < next + WINDOW && end > next
        };
        // A RST counts there only where it begins.
        match (is_acceptable, if segment.is_rst { first == next } else { first <= next }) {
            (true, true) => Sequence::InOrder,
            (true, false) => Sequence::Ahead,
            (false, _) if first < next => Sequence::Old,
            (false, _) => Sequence::Beyond,
        }
    }

    fn acknowledged(&self, segment: &Numbered) -> Acknowledgement {
        let Some(acknowledgement) = segment.acknowledgement else { return Acknowledgement::Absent };
        match acknowledgement {
            ack if ack > self.send_next => Acknowledgement::Unacceptable,
            ack if ack + WINDOW < self.send_unacknowledged => Acknowledgement::Unacceptable,
            ack if self.has_sent_fin && ack == self.send_next => Acknowledgement::Fin,
            ack if ack > self.send_unacknowledged => Acknowledgement::New,
            _ => Acknowledgement::Old,
        }
    }

    /// A segment arrives; what is sent.
    pub fn arrives(&mut self, segment: &Numbered, out: &mut Vec<Numbered>) {
        let (before, facts) = (self.state(), self.classify(segment));
        let transition = self.connection.handle(Event::Segment(facts)).expect("no segment is refused");
        self.begin_connection(before, segment, &transition);
        // The acknowledgement of what was looked at to the fifth step counts, and that of a SYN that opens the connection.
        let is_looked_at = match facts.kind {
            Kind::Fin | Kind::Text | Kind::Empty => {
                let is_acceptable = matches!(facts.sequence, Sequence::InOrder | Sequence::Ahead);
                is_acceptable && (before.is_synchronized() || before == State::SynReceived)
            }
            Kind::Syn | Kind::NewSyn => transition.to == State::Established && !before.is_synchronized(),
            Kind::Rst => false,
        };
        let is_acceptable = matches!(facts.acknowledgement, Acknowledgement::New | Acknowledgement::Fin);
        if let Some(acknowledgement) = segment.acknowledgement.filter(|_| is_looked_at && is_acceptable) {
            self.send_unacknowledged = self.send_unacknowledged.max(acknowledgement);
        }
        let is_data = transition.signal == Signal::Data
            || transition.signal == Signal::Closing
            || transition.to == State::Established && before == State::SynReceived && facts.kind == Kind::Text;
        if is_data && facts.sequence == Sequence::InOrder {
            let (old, end) = (self.receive_next, segment.sequence + segment.length());
            self.receive_next = end;
            self.has_seen_end |= transition.signal == Signal::Closing;
            self.received += end - old - u8::from(transition.signal == Signal::Closing);
        }
        self.obey(before, &transition, Some(segment), out);
        self.flush(out);
    }

    /// The peer's first sequence number, and in LISTEN and TIME-WAIT ours.
    fn begin_connection(&mut self, before: State, segment: &Numbered, transition: &Transition) {
        let is_begun = matches!(
            (before, transition.to),
            (State::Listen | State::TimeWait, State::SynReceived)
                | (State::SynSent, State::SynReceived | State::Established)
        );
        if is_begun {
            if before != State::SynSent {
                self.choose_iss();
            }
            if before == State::TimeWait {
                self.program.passive_opens -= 1;
            }
            self.receive_next = segment.sequence + 1;
        }
    }

    /// The first sequence number of a connection is later than those of all before it. Between LISTEN and SYN-RECEIVED,
    /// which may follow each other without end, it stays the same until a connection was synchronized.
    fn choose_iss(&mut self) {
        if self.is_iss_used {
            self.next_iss += INCARNATION;
            self.is_iss_used = false;
        }
        self.iss = self.next_iss;
        (self.send_unacknowledged, self.send_next) = (self.iss, self.iss + 1);
        self.has_sent_fin = false;
        self.is_close_queued = false;
        (self.sent, self.received, self.has_seen_end) = (0, 0, false);
        self.queued = 0;
    }

    /// The user calls.
    ///
    /// # Errors
    /// The table refuses.
    pub fn call(&mut self, call: Call, out: &mut Vec<Numbered>) -> Result<(), Refusal> {
        let before = self.state();
        let call = if call == Call::Close && self.queued > 0 { Call::CloseBehindData } else { call };
        let transition = self.connection.handle(Event::Call(call))?;
        self.is_quiet &= before != State::Closed;
        if transition.to == State::SynSent && before != State::SynSent {
            self.choose_iss();
        }
        if matches!(call, Call::Send | Call::SendTo) {
            self.queued += 1;
        }
        self.is_close_queued |= call == Call::CloseBehindData && transition.to == State::SynReceived;
        self.obey(before, &transition, None, out);
        self.flush(out);
        Ok(())
    }

    /// A time is over.
    ///
    /// # Errors
    /// No such timer runs.
    pub fn times_out(&mut self, time_out: TimeOut, out: &mut Vec<Numbered>) -> Result<(), Refusal> {
        let before = self.state();
        let transition = self.connection.handle(Event::TimeOut(time_out))?;
        self.obey(before, &transition, None, out);
        Ok(())
    }

    /// The machine starts anew, and knows nothing but the time: so its next ISS is later.
    pub fn crash(&mut self) {
        *self = Self { is_iss_used: true, is_quiet: true, ..Self::new(self.program, self.next_iss) };
    }

    /// Sends what a transition says.
    fn obey(&mut self, before: State, transition: &Transition, to: Option<&Numbered>, out: &mut Vec<Numbered>) {
        let here = Numbered { sequence: self.send_next, ..Numbered::default() };
        let acknowledgement = Some(self.receive_next);
        match transition.sends {
            Sends::Nothing | Sends::Data => {}
            Sends::Syn => out.push(Numbered { sequence: self.iss, is_syn: true, ..here }),
            Sends::SynAck => out.push(Numbered { sequence: self.iss, is_syn: true, acknowledgement, ..here }),
            Sends::Ack | Sends::ChallengeAck => out.push(Numbered { acknowledgement, ..here }),
            Sends::Fin => {
                // Behind all data.
                self.send_queued(out);
                self.send_fin(out);
            }
            Sends::Rst => match to {
                Some(segment) => out.push(segment.reset()),
                None => out.push(Numbered { is_rst: true, acknowledgement, ..here }),
            },
            Sends::Retransmission => out.extend(self.front(before)),
        }
        self.is_iss_used |= transition.to.is_synchronized() || transition.to == State::SynSent;
        let is_given_up = transition.to == State::Closed && !matches!(before, State::LastAck | State::TimeWait);
        self.is_quiet |= is_given_up && before != State::Closed;
        if matches!(transition.to, State::Closed | State::Listen) {
            (self.send_unacknowledged, self.send_next, self.receive_next) = (0, 0, 0);
            (self.queued, self.is_close_queued, self.has_sent_fin) = (0, false, false);
        }
    }

    fn send_fin(&mut self, out: &mut Vec<Numbered>) {
        let acknowledgement = Some(self.receive_next);
        out.push(Numbered { sequence: self.send_next, acknowledgement, is_fin: true, ..Numbered::default() });
        self.send_next += 1;
        self.has_sent_fin = true;
    }

    /// Sends what waited until the connection was open.
    fn flush(&mut self, out: &mut Vec<Numbered>) {
        if !self.state().can_send() {
            return;
        }
        self.send_queued(out);
        if self.is_close_queued {
            self.is_close_queued = false;
            self.call(Call::Close, out).expect("the connection is open");
        }
    }

    fn send_queued(&mut self, out: &mut Vec<Numbered>) {
        while self.queued > 0 {
            let acknowledgement = Some(self.receive_next);
            out.push(Numbered { sequence: self.send_next, acknowledgement, text: 1, ..Numbered::default() });
            self.send_next += 1;
            self.queued -= 1;
            self.sent += 1;
        }
    }

    /// The first segment that is not acknowledged.
    fn front(&self, state: State) -> Option<Numbered> {
        if !self.has_unacknowledged() {
            return None;
        }
        let is_syn = self.send_unacknowledged == self.iss;
        let is_fin = !is_syn && self.has_sent_fin && self.send_unacknowledged + 1 == self.send_next;
        let acknowledgement = Some(self.receive_next).filter(|_| state != State::SynSent);
        let text = u8::from(!is_syn && !is_fin);
        Some(Numbered { sequence: self.send_unacknowledged, acknowledgement, is_syn, is_fin, is_rst: false, text })
    }
}
