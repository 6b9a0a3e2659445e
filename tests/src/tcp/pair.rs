//! Two ends and the link between them.

use wirenut::tcp::state::{Call, State, TimeOut};

use super::endpoint::{End, Program};
use super::segment::Numbered;

/// Two ends, and in each direction the segments on their way, so many at most: in no order, for the link orders nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Pair<const CAPACITY: usize> {
    /// Both ends.
    pub ends: [End; 2],
    /// By who sends into them.
    links: [Link<CAPACITY>; 2],
}

/// One direction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Link<const CAPACITY: usize> {
    /// Sorted, and none twice: what is delivered may stay.
    segments: [Numbered; CAPACITY],
    count: usize,
}

impl<const CAPACITY: usize> Link<CAPACITY> {
    fn segments(&self) -> &[Numbered] {
        &self.segments[..self.count]
    }

    /// What does not fit is lost.
    fn put(&mut self, segment: Numbered) {
        if self.count < CAPACITY && !self.segments().contains(&segment) {
            self.segments[self.count] = segment;
            self.count += 1;
            self.segments[..self.count].sort_unstable();
        }
    }

    fn remove(&mut self, number: usize) -> Numbered {
        let removed = self.segments[number];
        self.segments.copy_within(number + 1.., number);
        self.segments[CAPACITY - 1] = Numbered::default();
        self.count -= 1;
        removed
    }
}

/// What may happen next. The number of an end, or of who sent a segment, comes first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// A segment comes, and is gone.
    Deliver(usize, usize),
    /// A segment comes, and will come again.
    Duplicate(usize, usize),
    /// A segment is lost.
    Lose(usize, usize),
    /// A user calls.
    Call(usize, Call),
    /// A time is over.
    TimeOut(usize, TimeOut),
    /// A machine starts anew.
    Crash(usize),
}

impl<const CAPACITY: usize> Pair<CAPACITY> {
    /// Two ends that are CLOSED, with what their users may do.
    #[must_use]
    pub fn new(programs: [Program; 2]) -> Self {
        let [one, other] = programs;
        let link = Link { segments: [Numbered::default(); CAPACITY], count: 0 };
        Self { ends: [End::new(one, 1), End::new(other, 5)], links: [link; 2] }
    }

    /// The states of both.
    #[must_use]
    pub fn states(&self) -> (State, State) {
        (self.ends[0].state(), self.ends[1].state())
    }

    /// Nothing is on its way.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.links.iter().all(|link| link.count == 0)
    }

    /// All that may happen now. `is_hostile`: the link loses and duplicates.
    #[must_use]
    pub fn actions(&self, is_hostile: bool) -> Vec<Action> {
        let mut actions = Vec::new();
        for (sender, link) in self.links.iter().enumerate() {
            for number in 0..link.count {
                actions.push(Action::Deliver(sender, number));
                if is_hostile {
                    actions.extend([Action::Duplicate(sender, number), Action::Lose(sender, number)]);
                }
            }
        }
        for (number, end) in self.ends.iter().enumerate() {
            let is_quiet = end.is_quiet && !self.is_silent();
            actions.extend(calls(end).into_iter().filter(|_| !is_quiet).map(|call| Action::Call(number, call)));
            if end.has_unacknowledged() && !matches!(end.state(), State::Closed | State::Listen) {
                actions.push(Action::TimeOut(number, TimeOut::Retransmission));
            }
            // No segment lives for so long.
            if end.state() == State::TimeWait && self.is_silent() {
                actions.push(Action::TimeOut(number, TimeOut::TimeWait));
            }
            if end.program.crashes > 0 && end.state() != State::Closed {
                actions.push(Action::Crash(number));
            }
        }
        actions
    }

    /// One of them happens.
    ///
    /// # Panics
    /// It may not happen now.
    pub fn step(&mut self, action: Action) {
        let mut out = Vec::new();
        let number = match action {
            Action::Deliver(sender, at) => {
                let segment = self.links[sender].remove(at);
                self.ends[1 - sender].arrives(&segment, &mut out);
                1 - sender
            }
            Action::Duplicate(sender, at) => {
                let segment = self.links[sender].segments()[at];
                self.ends[1 - sender].arrives(&segment, &mut out);
                1 - sender
            }
            Action::Lose(sender, at) => {
                self.links[sender].remove(at);
                return;
            }
            Action::Call(number, call) => {
                let end = &mut self.ends[number];
                spend(&mut end.program, call);
                end.call(call, &mut out).expect("a call that is allowed");
                number
            }
            Action::TimeOut(number, time_out) => {
                self.ends[number].times_out(time_out, &mut out).expect("a timer that runs");
                number
            }
            Action::Crash(number) => {
                self.ends[number].program.crashes -= 1;
                self.ends[number].crash();
                return;
            }
        };
        for segment in out {
            self.links[number].put(segment);
        }
    }
}

/// What a user may call now.
fn calls(end: &End) -> Vec<Call> {
    let Program { passive_opens, active_opens, sends, may_send_to, aborts, .. } = end.program;
    let (state, mut calls) = (end.state(), Vec::new());
    let is_closed = state == State::Closed;
    if is_closed && passive_opens > 0 {
        calls.push(Call::OpenPassive);
    }
    if active_opens > 0 && (is_closed && passive_opens == 0 || state == State::Listen) {
        calls.push(Call::OpenActive);
    }
    let may_send = matches!(state, State::SynSent | State::SynReceived | State::Established | State::CloseWait);
    if sends > 0 && may_send && !end.is_close_queued() {
        calls.push(Call::Send);
    }
    if sends > 0 && may_send_to && state == State::Listen {
        calls.push(Call::SendTo);
    }
    let may_close = may_send || state == State::Listen;
    if may_close && !end.is_close_queued() {
        calls.push(Call::Close);
    }
    if aborts > 0 && !is_closed {
        calls.push(Call::Abort);
    }
    calls
}

fn spend(program: &mut Program, call: Call) {
    match call {
        Call::OpenPassive => program.passive_opens -= 1,
        Call::OpenActive => program.active_opens -= 1,
        Call::Send => program.sends -= 1,
        Call::SendTo => (program.sends, program.may_send_to) = (program.sends - 1, false),
        Call::Abort => program.aborts -= 1,
        Call::Receive | Call::Close | Call::CloseBehindData | Call::Status => {}
    }
}
