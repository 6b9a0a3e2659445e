//! The diagram: where the states stand is chosen here, the arrows are the table's.

extern crate alloc;

use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;

use super::words;
use crate::tcp::state::State;

/// The middle of each state.
fn place(state: State) -> (i32, i32) {
    match state {
        State::Closed => (400, 40),
        State::Listen => (160, 150),
        State::SynSent => (640, 150),
        State::SynReceived => (160, 270),
        State::Established => (400, 380),
        State::FinWait1 => (160, 490),
        State::CloseWait => (640, 490),
        State::FinWait2 => (160, 640),
        State::Closing => (400, 565),
        State::LastAck => (640, 640),
        State::TimeWait => (400, 715),
    }
}

/// Where CLOSED stands once more, as the end.
const END: (i32, i32) = (640, 790);

const HALF_WIDTH: i32 = 68;
const HALF_HEIGHT: i32 = 17;

/// How far an arrow bends to its left, in per cent of its length, and at which per cent of it its label stands.
fn bend(from: State, to: State) -> (i32, i32) {
    match (from, to) {
        (State::Listen, State::Closed) => (-14, 50),
        (State::Closed, State::Listen) => (-6, 50),
        (State::SynSent, State::Closed) => (14, 50),
        (State::Closed, State::SynSent) => (6, 50),
        (State::Listen, State::SynReceived) => (12, 50),
        (State::SynReceived, State::Listen) => (12, 50),
        (State::SynReceived, State::CloseWait) => (-8, 62),
        (State::FinWait1, State::TimeWait) => (-6, 55),
        (State::TimeWait, State::SynReceived) => (52, 55),
        (State::SynReceived, State::Established) => (0, 60),
        (State::Established, State::FinWait1) => (0, 60),
        _ => (0, 50),
    }
}

pub(super) fn picture() -> String {
    let mut text = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-10 10 770 810\" width=\"100%\" font-family=\"sans-serif\" \
         font-size=\"12\" fill=\"currentColor\" stroke=\"none\" role=\"img\" class=\"states-of-tcp\">\n\
         <title>The states of TCP</title>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
    );
    // Words hide the line behind them, on whatever background.
    text += "<style>.states-of-tcp text{paint-order:stroke;stroke:var(--main-background-color,Canvas);stroke-width:4px}\
             </style>\n";
    for (from, to, label) in words::arrows() {
        text += &arrow(from, to, &label);
    }
    let ends = [(State::Closed, END)];
    for (state, (x, y)) in State::ALL.map(|state| (state, place(state))).into_iter().chain(ends) {
        let (left, top) = (x - HALF_WIDTH, y - HALF_HEIGHT);
        writeln!(
            text,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"none\" stroke=\"currentColor\" \
             stroke-width=\"1.5\"/><text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-weight=\"bold\">{state}</text>",
            2 * HALF_WIDTH,
            2 * HALF_HEIGHT,
            y + 4,
        )
        .unwrap();
    }
    text + "</svg>\n"
}

/// A curve with one point to bend it, from border to border.
fn arrow(from: State, to: State, label: &str) -> String {
    let is_end = matches!((from, to), (State::LastAck | State::TimeWait, State::Closed));
    let ((x0, y0), (x1, y1)) = (place(from), if is_end { END } else { place(to) });
    let (dx, dy) = (x1 - x0, y1 - y0);
    let (bent, at) = bend(from, to);
    let (cx, cy) = ((x0 + x1) / 2 + dy * bent / 50, (y0 + y1) / 2 - dx * bent / 50);
    let (sx, sy) = border((x0, y0), (cx, cy));
    let (ex, ey) = border((x1, y1), (cx, cy));
    // The curve at that place.
    let along = |start: i32, middle: i32, end: i32| {
        let rest = 100 - at;
        (rest * rest * start + 2 * rest * at * middle + at * at * end) / 10_000
    };
    let (lx, ly) = (along(sx, cx, ex), along(sy, cy, ey));
    let (event, sent) = label.split_once(" / ").unwrap_or((label, ""));
    let mut text = format!(
        "<path d=\"M{sx} {sy}Q{cx} {cy} {ex} {ey}\" fill=\"none\" stroke=\"currentColor\" opacity=\"0.6\" \
         marker-end=\"url(#tip)\"/><text x=\"{lx}\" y=\"{ly}\" text-anchor=\"middle\">{event}"
    );
    if !sent.is_empty() {
        write!(text, "<tspan x=\"{lx}\" dy=\"13\" font-style=\"italic\">{sent}</tspan>").unwrap();
    }
    text + "</text>\n"
}

/// Where the line from the middle of a state to a point leaves the state.
fn border((x, y): (i32, i32), (px, py): (i32, i32)) -> (i32, i32) {
    let (dx, dy) = (px - x, py - y);
    let (wide, high) = (dx.abs().max(1), dy.abs().max(1));
    // The nearer of both sides, in thousandths of the way.
    let share = (HALF_WIDTH * 1_000 / wide).min(HALF_HEIGHT * 1_000 / high);
    (x + dx * share / 1_000, y + dy * share / 1_000)
}
