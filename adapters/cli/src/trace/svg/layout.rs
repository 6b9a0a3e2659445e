//! Where the segments of a connection lie in a picture, from top to bottom, in pixels.

use wirenut::time::Duration;

use crate::trace::drawing::{Drawing, Event};

/// Above the first segment: the title, both addresses, and the states at the beginning.
const HEAD: usize = 104;
/// For a segment alone: its label and its arrow.
const ROW: usize = 34;
/// The arrow lies so far below the top of its row.
const ARROW: usize = 22;
/// For each message beneath an arrow.
pub(super) const MESSAGE: usize = 20;
/// For a pause before a segment.
const PAUSE: usize = 30;
/// Below the last segment.
const FOOT: usize = 56;
/// A silence that is as long is shown.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// A segment in its place.
pub(super) struct Row<'d> {
    pub(super) event: &'d Event,
    /// Of its arrow.
    pub(super) y: usize,
    /// The silence before it, and where it is shown.
    pub(super) pause: Option<(Duration, usize)>,
}

/// A connection in its place.
pub(super) struct Layout<'d> {
    pub(super) rows: Vec<Row<'d>>,
    pub(super) top: usize,
    pub(super) bottom: usize,
}

impl<'d> Layout<'d> {
    pub(super) fn new(drawing: &'d Drawing, top: usize) -> Self {
        let mut rows = Vec::with_capacity(drawing.events.len());
        let mut next = top + HEAD;
        let mut before = drawing.events.first().map(|event| event.time);
        for event in &drawing.events {
            let silence = before.map_or(Duration::default(), |before| event.time.saturating_since(before));
            before = Some(event.time);
            let pause = (silence >= LEAST_PAUSE).then_some((silence, next + PAUSE / 2));
            if pause.is_some() {
                next += PAUSE;
            }
            rows.push(Row { event, y: next + ARROW, pause });
            next += ROW + MESSAGE * event.messages.len();
        }
        Self { rows, top, bottom: next + FOOT }
    }
}
