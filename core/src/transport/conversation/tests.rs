//! The order of the loop, over a protocol that echoes lines, in every cut; and every way to an end.

extern crate alloc;

use alloc::vec::Vec;

use super::*;
use crate::time::Instant;
use crate::transport::{Disposition, Input, Progress};

/// Sends each whole line back; `close` and `abort` end the connection. What it is told, it notes.
#[derive(Default)]
struct Echo {
    ending: Option<Disposition>,
    told: Vec<&'static str>,
    transfer: Option<u64>,
}

impl Protocol for Echo {
    fn drive(&mut self, input: &[u8], _: &mut [u8], output: &mut [u8]) -> Progress {
        match self.ending {
            Some(Disposition::ShutdownWrite) => return Progress { taken: input.len(), written: 0 },
            Some(_) => return Progress::default(),
            None => {}
        }
        let line = input.split_inclusive(|&byte| byte == b'\n').next().filter(|line| line.ends_with(b"\n"));
        let Some(line) = line.filter(|line| line.len() <= output.len()) else { return Progress::default() };
        self.ending = match line {
            b"close\n" => Some(Disposition::ShutdownWrite),
            b"abort\n" => Some(Disposition::Abort),
            b"cut\n" => Some(Disposition::Cut),
            _ => None,
        };
        output[..line.len()].copy_from_slice(line);
        Progress { taken: line.len(), written: line.len() }
    }

    fn handle_eof(&mut self) {
        self.told.push("end");
        if matches!(self.ending, None | Some(Disposition::ShutdownWrite)) {
            self.ending = Some(Disposition::Close);
        }
    }

    fn handle_sent(&mut self, _: usize, left: usize) {
        self.told.push(if left > 0 { "waits" } else { "sent" });
    }

    fn handle_timeout(&mut self) {}

    fn handle_reset(&mut self) {
        self.ending = Some(Disposition::Cut);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn is_readable(&self) -> bool {
        !matches!(self.ending, Some(Disposition::Abort | Disposition::Close | Disposition::Cut))
    }

    fn standing(&self) -> Standing {
        match self.ending {
            None => Standing::Idle,
            Some(Disposition::ShutdownWrite) => Standing::Lingering,
            Some(_) => Standing::Busy,
        }
    }

    fn disposition(&self) -> Disposition {
        self.ending.unwrap_or(Disposition::Open)
    }

    fn transfer(&self) -> Option<u64> {
        self.transfer
    }
}

/// Plays a connection to its rest: these bytes come, in pieces of `cut`, and perhaps the end behind them. Returns what was
/// sent, the actions but Send and Wait, and what is left of the input.
fn play(input: &[u8], has_end: bool, cut: usize, room: usize) -> (Vec<u8>, Vec<Action>, Vec<u8>) {
    let (mut conversation, mut echo) = (Conversation::new(), Echo::default());
    let (mut sent, mut actions, mut unread, mut output) = (Vec::new(), Vec::new(), Vec::new(), [0; 16]);
    for (number, piece) in input.chunks(cut).enumerate() {
        unread.extend_from_slice(piece);
        let is_last = (number + 1) * cut >= input.len();
        loop {
            let bytes = Input { bytes: &unread, has_ended: has_end && is_last };
            let (taken, action) = conversation.poll(&mut echo, bytes, &mut [], &mut output[..room]);
            unread.drain(..taken);
            match action {
                Action::Send(count) => {
                    sent.extend_from_slice(&output[..count]);
                    conversation.handle_sent(&mut echo, count, 0);
                }
                Action::Wait => break,
                Action::ShutdownWrite => actions.push(action),
                Action::Close | Action::Abort | Action::Cut | Action::Transfer(_) => {
                    actions.push(action);
                    return (sent, actions, unread);
                }
            }
        }
    }
    (sent, actions, unread)
}

#[test]
fn whatever_the_cut_and_the_room_lines_come_back_and_the_end_is_reached_in_the_same_order() {
    type Case = (&'static [u8], bool, &'static [u8], &'static [Action], &'static [u8]);
    let cases: &[Case] = &[
        (b"one\ntwo\nth", false, b"one\ntwo\n", &[], b"th"),
        (b"one\ntwo\nth", true, b"one\ntwo\n", &[Action::Close], b"th"),
        (b"one\nclose\n", false, b"one\nclose\n", &[Action::ShutdownWrite], b""),
        (b"one\nclose\nmore", true, b"one\nclose\n", &[Action::Close], b""),
        (b"one\nabort\ntwo\n", true, b"one\nabort\n", &[Action::Abort], b""),
    ];
    for &(input, has_end, sent, actions, left) in cases {
        for cut in 1..=input.len() {
            for room in [6, 16] {
                let mut outcome = play(input, has_end, cut, room);
                if has_end {
                    // Where the peer has ended already, both directions end at once.
                    outcome.1.retain(|&action| action != Action::ShutdownWrite);
                }
                assert_eq!((&outcome.0[..], &outcome.1[..]), (sent, actions), "cut {cut}, room {room}");
                let is_read_to_the_end = actions.last() != Some(&Action::Abort);
                assert!(!is_read_to_the_end || outcome.2 == left, "cut {cut}, room {room}: {:?} left", outcome.2);
            }
        }
    }
}

#[test]
fn an_abort_waits_for_what_was_sent_and_a_cut_does_not() {
    for (line, at_once) in [(&b"abort\n"[..], false), (b"cut\n", true)] {
        let (mut conversation, mut echo, mut output) = (Conversation::new(), Echo::default(), [0; 8]);
        let nothing = Input { bytes: b"", has_ended: false };
        let input = Input { bytes: line, has_ended: false };
        let (_, action) = conversation.poll(&mut echo, input, &mut [], &mut output);
        if at_once {
            assert_eq!(action, Action::Cut);
            continue;
        }
        assert_eq!(action, Action::Send(line.len()));
        conversation.handle_sent(&mut echo, 1, line.len() - 1);
        assert_eq!(conversation.poll(&mut echo, nothing, &mut [], &mut output), (0, Action::Wait));
        conversation.handle_sent(&mut echo, line.len() - 1, 0);
        assert_eq!(conversation.poll(&mut echo, nothing, &mut [], &mut output), (0, Action::Abort));
    }
}

#[test]
fn a_close_waits_for_what_was_sent_behind_the_end_of_our_direction_if_the_peer_has_ended_its_own() {
    for has_ended in [true, false] {
        let (mut conversation, mut echo, mut output) = (Conversation::new(), Echo::default(), [0; 8]);
        let input = Input { bytes: b"a\n", has_ended };
        assert_eq!(conversation.poll(&mut echo, input, &mut [], &mut output), (2, Action::Send(2)));
        conversation.handle_sent(&mut echo, 0, 2);
        let nothing = Input { bytes: b"", has_ended };
        if has_ended {
            assert_eq!(conversation.poll(&mut echo, nothing, &mut [], &mut output), (0, Action::ShutdownWrite));
        } else {
            echo.ending = Some(Disposition::Close);
        }
        assert_eq!(conversation.poll(&mut echo, nothing, &mut [], &mut output), (0, Action::Wait));
        conversation.handle_sent(&mut echo, 2, 0);
        assert_eq!(conversation.poll(&mut echo, nothing, &mut [], &mut output), (0, Action::Close));
    }
}

#[test]
fn nobody_gives_way_whose_last_bytes_have_not_left() {
    let (mut conversation, mut echo, mut output) = (Conversation::new(), Echo::default(), [0; 8]);
    assert_eq!(conversation.standing_change(&echo), Some(Standing::Reading));
    let input = Input { bytes: b"a\n", has_ended: false };
    let _ = conversation.poll(&mut echo, input, &mut [], &mut output);
    conversation.handle_sent(&mut echo, 0, 2);
    assert_eq!(conversation.standing_change(&echo), Some(Standing::Busy));
    conversation.handle_sent(&mut echo, 1, 1);
    assert_eq!(conversation.standing_change(&echo), None);
    conversation.handle_sent(&mut echo, 1, 0);
    assert_eq!(conversation.standing_change(&echo), Some(Standing::Idle));
}

#[test]
fn the_end_of_input_is_told_once_and_only_behind_all_that_came() {
    let (mut conversation, mut echo, mut output) = (Conversation::new(), Echo::default(), [0; 8]);
    // The first piece of a ring: its end is known, but there is more behind these bytes.
    let first = Input { bytes: b"a\n", has_ended: false };
    assert_eq!(conversation.poll(&mut echo, first, &mut [], &mut output), (2, Action::Send(2)));
    let second = Input { bytes: b"b\n", has_ended: true };
    assert_eq!(conversation.poll(&mut echo, second, &mut [], &mut output), (2, Action::Send(2)));
    assert!(echo.told.is_empty() && conversation.has_ended());
    let nothing = Input { bytes: b"", has_ended: true };
    for _ in 0..2 {
        assert_eq!(conversation.poll(&mut echo, nothing, &mut [], &mut output), (0, Action::Close));
    }
    assert_eq!(echo.told, ["end"]);
    assert!(!conversation.wants_input(&echo));
}

#[test]
fn a_transfer_goes_before_anything_else_is_asked() {
    let (mut conversation, mut output) = (Conversation::new(), [0; 8]);
    let mut echo = Echo { transfer: Some(7), ..Echo::default() };
    let input = Input { bytes: b"a\n", has_ended: true };
    assert_eq!(conversation.poll(&mut echo, input, &mut [], &mut output), (0, Action::Transfer(7)));
    echo.transfer = None;
    assert_eq!(conversation.poll(&mut echo, input, &mut [], &mut output), (2, Action::Send(2)));
}

#[test]
fn standings_are_told_when_they_change_and_idle_again_after_each_use() {
    let (mut conversation, mut echo, mut output) = (Conversation::new(), Echo::default(), [0; 8]);
    assert_eq!(conversation.standing_change(&echo), Some(Standing::Reading), "a silent newcomer");
    assert_eq!(conversation.standing_change(&echo), None);
    for _ in 0..2 {
        let input = Input { bytes: b"a\n", has_ended: false };
        let _ = conversation.poll(&mut echo, input, &mut [], &mut output);
        assert_eq!(conversation.standing_change(&echo), Some(Standing::Idle));
        assert_eq!(conversation.standing_change(&echo), None);
    }
    let input = Input { bytes: b"close\n", has_ended: false };
    let _ = conversation.poll(&mut echo, input, &mut [], &mut output);
    assert_eq!(conversation.standing_change(&echo), Some(Standing::Busy), "its last line is not out");
    let nothing = Input { bytes: b"", has_ended: false };
    assert_eq!(conversation.poll(&mut echo, nothing, &mut [], &mut output), (0, Action::ShutdownWrite));
    assert_eq!(conversation.standing_change(&echo), Some(Standing::Lingering));
}

/// One piece is moved, and the protocol names the next one when it is driven: nothing came or goes otherwise.
#[test]
fn a_transfer_that_only_a_drive_begins_is_not_waited_with() {
    struct Pieces(Option<u64>);
    impl Protocol for Pieces {
        fn drive(&mut self, _: &[u8], _: &mut [u8], _: &mut [u8]) -> Progress {
            self.0 = Some(5);
            Progress::default()
        }
        fn handle_eof(&mut self) {}
        fn handle_sent(&mut self, _: usize, _: usize) {}
        fn handle_timeout(&mut self) {}
        fn handle_reset(&mut self) {}
        fn poll_timeout(&self) -> Option<Instant> {
            None
        }
        fn is_readable(&self) -> bool {
            false
        }
        fn standing(&self) -> Standing {
            Standing::Busy
        }
        fn disposition(&self) -> Disposition {
            Disposition::Open
        }
        fn transfer(&self) -> Option<u64> {
            self.0
        }
    }
    let (mut conversation, mut pieces) = (Conversation::new(), Pieces(None));
    for has_ended in [false, true] {
        let nothing = Input { bytes: b"", has_ended };
        assert_eq!(conversation.poll(&mut pieces, nothing, &mut [], &mut []), (0, Action::Transfer(5)));
        conversation.handle_sent(&mut pieces, 5, 0);
        pieces.0 = None;
    }
}

/// Who does not give way, for bytes of it wait unread, counts as busy until these were read.
#[test]
fn a_standing_is_told_again_after_bytes_came() {
    let (mut conversation, mut slow) = (Conversation::new(), Slow);
    assert_eq!(conversation.standing_change(&slow), Some(Standing::Reading));
    assert_eq!(conversation.standing_change(&slow), None);
    let input = Input { bytes: b"a", has_ended: false };
    assert_eq!(conversation.poll(&mut slow, input, &mut [], &mut []), (1, Action::Wait));
    assert_eq!(conversation.standing_change(&slow), Some(Standing::Reading));
    assert_eq!(conversation.standing_change(&slow), None);
}

/// Takes all, and waits for more.
struct Slow;

impl Protocol for Slow {
    fn drive(&mut self, input: &[u8], _: &mut [u8], _: &mut [u8]) -> Progress {
        Progress { taken: input.len(), written: 0 }
    }
    fn handle_eof(&mut self) {}
    fn handle_sent(&mut self, _: usize, _: usize) {}
    fn handle_timeout(&mut self) {}
    fn handle_reset(&mut self) {}
    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
    fn is_readable(&self) -> bool {
        true
    }
    fn standing(&self) -> Standing {
        Standing::Reading
    }
    fn disposition(&self) -> Disposition {
        Disposition::Open
    }
}

#[test]
fn a_conversation_takes_two_bytes() {
    assert_eq!(size_of::<Conversation>(), 2);
}
