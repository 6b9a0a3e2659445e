//! The table of states against the two ends of a connection: all that can happen to them, in all pairs of states that
//! they reach, does what the table says, and nothing else does.

mod client;
mod docs;
mod end;
mod server;

use alloc::collections::{BTreeSet, VecDeque};

use wirenut::http::state::{Side, State, TRANSITIONS, Transition};
use wirenut::http::{Context, Limits};
use wirenut::time::Instant;

use end::{End, Plays};

/// The states of client and server.
type Pair = (State, State);
type Changes = Vec<(Side, Transition)>;

const LIMITS: Limits = Limits { discard_bytes: 4, ..Limits::DEFAULT };
/// Room for all that is written here.
const ROOM: usize = 512;

fn at(now: Instant) -> Context<'static> {
    Context { now, limits: &LIMITS, date: None }
}

/// What can happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Event {
    /// These bytes come. Where some are left from before, those must be looked at again first: by [`Self::Again`].
    Receive(&'static str),
    Again,
    Eof,
    TimeOut,
    Reset,
    /// So much of what was written is left.
    Sent(usize),
    /// The head of that number is to be sent, with all the room that it needs or without any.
    Head(usize, bool),
    Send(&'static str),
    SentElsewhere,
    SendTrailers,
    Finish,
    Transmit,
    Retire,
    Abort,
}

/// Besides heads.
const EVENTS: [Event; 20] = [
    Event::Again,
    // Content, and no digits.
    Event::Receive("xy"),
    Event::Receive("2\r\nxy\r\n"),
    Event::Receive("0\r\n\r\n"),
    Event::Receive("0\r\nA: b\r\n\r\n"),
    Event::Receive("\0"),
    Event::Eof,
    Event::TimeOut,
    Event::Reset,
    Event::Sent(0),
    Event::Sent(1),
    Event::Send(""),
    Event::Send("xy"),
    Event::Send("xyz"),
    Event::SentElsewhere,
    Event::SendTrailers,
    Event::Finish,
    Event::Transmit,
    Event::Retire,
    Event::Abort,
];

/// What something meant.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Meaning {
    /// Exactly one of these.
    OneOf(Vec<Changes>),
    /// A refusal: nothing at all is changed, not even what nobody sees.
    Refusal,
}

impl Meaning {
    fn only(changes: impl Into<Changes>) -> Self {
        Self::OneOf(vec![changes.into()])
    }

    fn none() -> Self {
        Self::only([])
    }

    fn failure() -> Self {
        Self::only([(Side::Client, Transition::Fail), (Side::Server, Transition::Fail)])
    }
}

/// The states after `changes`, if the table has them all; notes which rows those are.
fn walk((mut client, mut server): Pair, changes: &Changes, rows: &mut Vec<usize>) -> Option<Pair> {
    for &(side, change) in changes {
        let state = if side == Side::Client { &mut client } else { &mut server };
        rows.extend(TRANSITIONS.iter().position(|row| (row.0, row.1, row.2) == (side, *state, change)));
        *state = state.after(side, change)?;
    }
    Some((client, server))
}

/// Everything about an end but times and places, which differ without end; behind an error, no more than that.
fn key<R: Plays>(end: &End<R>) -> String {
    let mut text = format!("{end:?}");
    if end.error().is_some() {
        let (start, end) = (text.find("ending: "), text.find("unread: "));
        return text[start.expect("it ends")..end.expect("it is told")].into();
    }
    let names = [
        "peer_timer: Timer(",
        "write_timer: Timer(",
        "offset: ",
        "total: ",
        "room: ",
        // Of a head of which only the beginning has come, these are always the same; behind a head nobody looks at them.
        "kept: ",
        "word: ",
        "field_count: ",
        "now: Instant { micros: ",
    ];
    for name in names {
        let start = text.find(name).unwrap_or_else(|| panic!("no {name} in {text}")) + name.len();
        let length = text[start..].find(|sign: char| !sign.is_ascii_digit()).expect("more behind it");
        // Of a timer that stands still the highest bit is set.
        let is_still = text[start..start + length].parse::<u32>().is_ok_and(|number| number >> 31 != 0);
        text.replace_range(start..start + length, if is_still && name.ends_with('(') { "still" } else { "some" });
    }
    text
}

/// Lets everything happen everywhere. Which rows of the table were taken.
fn explore<R: Plays>() -> BTreeSet<usize> {
    let heads = (0..R::HEADS).flat_map(|number| [Event::Head(number, false), Event::Head(number, true)]);
    let peer_heads = R::PEER_HEADS.iter().map(|head| Event::Receive(head));
    let events: Vec<Event> = EVENTS.into_iter().chain(heads).chain(peer_heads).collect();
    let start = End::<R>::new();
    let mut seen = BTreeSet::from([key(&start)]);
    let mut ahead = VecDeque::from([start]);
    let mut taken = BTreeSet::new();
    while let Some(before) = ahead.pop_front() {
        for &event in &events {
            let mut after = before.clone();
            let Some(meaning) = after.happen(event) else { continue };
            let context = || format!("{event:?} of {before:?} gave {after:?}, not {meaning:?}");
            match &meaning {
                // Nothing changes the states behind an error, nor the error.
                _ if before.error().is_some() => {
                    assert_eq!((after.pair(), after.error()), (before.pair(), before.error()), "{}", context());
                }
                Meaning::Refusal => assert_eq!(format!("{before:?}"), format!("{after:?}"), "{event:?}"),
                Meaning::OneOf(all) => {
                    let mut ways = all.iter().filter_map(|changes| {
                        let mut rows = Vec::new();
                        let end = walk(before.pair(), changes, &mut rows)?;
                        (end == after.pair()).then_some(rows)
                    });
                    taken.extend(ways.next().unwrap_or_else(|| panic!("{}", context())));
                    assert_eq!(ways.next(), None, "in two ways: {}", context());
                }
            }
            assert_eq!(after.error().is_some(), after.pair() == (State::Error, State::Error), "{}", context());
            if seen.insert(key(&after)) {
                ahead.push_back(after);
            }
        }
    }
    taken
}

/// A row that an end cannot take, and why.
type Excuse = (Side, State, Transition, &'static str);

/// Explores, and wants every row to be taken that is not excused.
fn check<R: Plays>(excuses: &[Excuse]) {
    let taken = explore::<R>();
    let missed = TRANSITIONS.iter().enumerate().filter(|(number, _)| !taken.contains(number));
    let missed: Vec<_> = missed.map(|(_, &(side, from, change, _))| (side, from, change)).collect();
    let excused: Vec<_> = excuses.iter().map(|&(side, from, change, _)| (side, from, change)).collect();
    assert_eq!(missed, excused, "left: rows that were not taken, right: those that are excused");
}
