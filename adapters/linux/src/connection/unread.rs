//! What was received and not consumed, between two turns.

use core::ops::Range;

use super::copies::{append, copy, remove_front};

/// Input that a turn left.
///
/// It stays where it is while the protocol consumes it, turn by turn. Only a turn that receives more has to bring both
/// together, and then copies the shorter of the two. So no byte is copied more than a few times, however long the rest is and
/// however little each turn consumes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Unread {
    bytes: Vec<u8>,
    /// How many of them were consumed.
    start: usize,
}

impl Unread {
    pub(super) const fn len(&self) -> usize {
        self.bytes.len().saturating_sub(self.start)
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The input of a turn: this, if there is some, or the shared buffer. [`Self::window`] and [`Self::receive`] say which part
    /// of it counts.
    pub(super) fn input<'i>(&'i self, shared: &'i [u8]) -> &'i [u8] {
        if self.bytes.is_empty() { shared } else { &self.bytes }
    }

    /// What is not consumed.
    pub(super) const fn window(&self) -> Range<usize> {
        self.start..self.bytes.len()
    }

    /// Joins what is here and the `count` bytes that were received into the shared buffer, behind as much room as this needs.
    /// Where they lie now.
    pub(super) fn receive(&mut self, shared: &mut [u8], count: usize) -> Range<usize> {
        let (left, end) = (self.len(), self.len() + count);
        if left > count {
            // At least as many bytes were consumed since this was done last.
            if self.start >= left {
                remove_front(self.start, &mut self.bytes);
                self.start = 0;
            }
            append(&shared[left..end], &mut self.bytes);
            return self.window();
        }
        copy(&self.bytes[self.start..], &mut shared[..left]);
        // The memory is kept: this turn may leave as much.
        self.bytes.clear();
        self.start = 0;
        0..end
    }

    /// Keeps that part of the turn's input.
    pub(super) fn keep(&mut self, shared: &[u8], unread: Range<usize>) {
        if unread.is_empty() {
            *self = Self::default();
        } else if self.bytes.is_empty() {
            append(&shared[unread], &mut self.bytes);
        } else {
            self.start = unread.start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::copies::COPIED;

    const INPUT: usize = 2 * 1024;

    /// A stream of that length through turns that receive up to `piece` bytes, if the input has room and `reads` says so, and
    /// consume up to `bite`. How many bytes were copied, and the most memory that was held.
    fn consume(stream: usize, piece: usize, bite: usize, reads: impl Fn(usize) -> bool) -> (usize, usize) {
        let text: Vec<u8> = (0..stream).map(|at| (at % 251) as u8).collect();
        COPIED.set(0);
        let (mut unread, mut shared, mut memory) = (Unread::default(), vec![0; INPUT], 0);
        let (mut received, mut consumed, mut turn) = (0, 0, 0);
        while consumed < stream {
            // Others use the input meanwhile.
            shared.fill(0xee);
            let mut window = unread.window();
            assert_eq!(window.len(), received - consumed);
            let count = piece.min(stream - received).min(INPUT - window.len());
            if count > 0 && (reads(turn) || window.is_empty()) {
                let place = window.len();
                shared[place..place + count].copy_from_slice(&text[received..received + count]);
                received += count;
                window = unread.receive(&mut shared, count);
            }
            assert!(unread.input(&shared)[window.clone()] == text[consumed..received], "turn {turn}");
            let taken = bite.min(window.len());
            consumed += taken;
            window.start += taken;
            unread.keep(&shared, window);
            assert_eq!(unread.len(), received - consumed);
            memory = memory.max(unread.bytes.len());
            turn += 1;
        }
        assert_eq!(unread, Unread::default());
        assert_eq!(unread.bytes.capacity(), 0);
        (COPIED.get(), memory)
    }

    #[test]
    fn copies_are_linear_however_little_a_turn_consumes() {
        for piece in [1, 2, 7, 100, 1448, INPUT] {
            for bite in [1, 2, 3, 100, 1448, INPUT] {
                for pause in [1, 2, 3, 50] {
                    let stream = 2 * INPUT;
                    let (copied, memory) = consume(stream, piece, bite, |turn| turn % pause == 0);
                    let case = format!("pieces of {piece}, {bite} consumed each, every turn {pause} receives");
                    assert!(copied <= 4 * stream, "{case}: {copied} copied of {stream}");
                    assert!(memory <= 2 * INPUT, "{case}: {memory} held");
                }
            }
        }
    }

    #[test]
    fn what_is_consumed_in_its_turn_is_not_copied() {
        let (copied, memory) = consume(2 * INPUT, 1448, 1448, |_| true);
        assert_eq!((copied, memory), (0, 0));
    }

    #[test]
    fn a_rest_is_copied_out_once_while_nothing_is_received() {
        let (copied, memory) = consume(INPUT, INPUT, 1, |_| false);
        assert_eq!((copied, memory), (INPUT - 1, INPUT - 1));
    }
}
