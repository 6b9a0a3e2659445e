//! Messages over the loop, with a clock of the tests' own.

extern crate alloc;
extern crate std;

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::framing::{EncodeError, FrameError, Hdlc, Lines, Netstring, Rule, Skipped, Trailer};
use crate::transport::{Action, Conversation, Input};

/// Answers each message by itself. `bye` closes behind it, `no` is not answered.
#[derive(Default)]
struct Echo {
    messages: Vec<Vec<u8>>,
    skipped: Vec<Skipped>,
    lost: Option<FrameError>,
    refused: Vec<EncodeError>,
    /// So many messages are sent by itself.
    more: usize,
}

impl MessageHandler for Echo {
    const ROOM: usize = 10;

    fn message(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        self.messages.push(message.to_vec());
        match message {
            b"no" => return Next::More,
            b"count" => {
                self.more = 5;
                return Next::More;
            }
            _ => {}
        }
        if let Err(error) = outbox.send(message) {
            self.refused.push(error);
        }
        if message == b"bye" { Next::Close } else { Next::More }
    }

    fn has_more(&self) -> bool {
        self.more > 0
    }

    fn send_more(&mut self, outbox: &mut Outbox<'_>) -> Next {
        match outbox.send(&[b'0'.saturating_add(u8::try_from(self.more).unwrap())]) {
            Ok(()) => self.more -= 1,
            Err(error) => self.refused.push(error),
        }
        Next::More
    }

    fn skipped(&mut self, skipped: Skipped) {
        self.skipped.push(skipped);
    }

    fn lost(&mut self, error: FrameError) {
        self.lost = Some(error);
    }
}

const LIMITS: MessageLimits = MessageLimits {
    message: Duration::from_secs(2),
    idle: Duration::from_secs(20),
    write: Duration::from_secs(7),
    linger: Duration::from_secs(1),
};

/// One end, the loop that drives it, and what has left.
struct End<D, C = NoTrailer> {
    connection: MessageConnection<D, Echo, C>,
    conversation: Conversation,
    store: [u8; 16],
    output: Vec<u8>,
    sent: Vec<u8>,
}

fn at(seconds: u64) -> Instant {
    Instant::START.saturating_add(Duration::from_secs(seconds))
}

impl<D: Decoder + Encoder, C: Checksum> End<D, C> {
    fn new(frames: Frames<D, C>) -> Self {
        let connection = MessageConnection::new(frames, Echo::default(), LIMITS, at(0));
        Self { connection, conversation: Conversation::new(), store: [0; 16], output: vec![0; 32], sent: Vec::new() }
    }

    /// What the loop rests at, once all that it sends was taken.
    fn say(&mut self, second: u64, said: &[u8], has_ended: bool) -> Action {
        self.say_to(second, said, has_ended, true)
    }

    /// The same, to a peer that takes nothing if not `takes`: the first output is left with the system.
    fn say_to(&mut self, second: u64, said: &[u8], has_ended: bool, takes: bool) -> Action {
        self.connection.handle_now(at(second));
        let mut rest = said;
        loop {
            let input = Input { bytes: rest, has_ended };
            let (taken, action) =
                self.conversation.poll(&mut self.connection, input, &mut self.store, &mut self.output);
            rest = &rest[taken..];
            let Action::Send(count) = action else { return action };
            self.sent.extend_from_slice(&self.output[..count]);
            let (sent, left) = if takes { (count, 0) } else { (0, count) };
            self.conversation.handle_sent(&mut self.connection, sent, left);
        }
    }

    /// The peer has taken so much, and has so much left.
    fn took(&mut self, second: u64, sent: usize, left: usize) {
        self.connection.handle_now(at(second));
        self.conversation.handle_sent(&mut self.connection, sent, left);
    }

    /// Nothing has happened until then.
    fn wait(&mut self, second: u64) -> Action {
        self.connection.handle_now(at(second));
        self.connection.handle_timeout();
        self.say(second, b"", false)
    }

    fn due(&self) -> Option<Instant> {
        self.connection.poll_timeout()
    }
}

#[test]
fn a_message_has_its_time_and_so_has_the_next_one() {
    let mut end = End::new(Frames::new(Lines::new()));
    assert_eq!((end.due(), end.connection.standing()), (Some(at(20)), Standing::Idle));
    let _ = end.say(1, b"ha", false);
    assert_eq!((end.due(), end.connection.standing()), (Some(at(3)), Standing::Reading));
    // More of it gives it no more time; its end does.
    let _ = end.say(2, b"lf", false);
    assert_eq!(end.due(), Some(at(3)));
    let _ = end.say(2, b"\nan", false);
    assert_eq!(end.due(), Some(at(4)));
    assert_eq!(end.wait(3), Action::Wait);
    assert_eq!(end.wait(4), Action::Cut);
    assert_eq!(end.sent, b"half\n");
}

#[test]
fn who_says_nothing_is_let_go_in_good_order() {
    let mut end = End::new(Frames::new(Lines::new()));
    let _ = end.say(5, b"a\n", false);
    assert_eq!(end.due(), Some(at(25)));
    assert_eq!(end.wait(25), Action::ShutdownWrite);
    assert_eq!(end.wait(25), Action::Wait);
    assert_eq!((end.due(), end.connection.standing()), (Some(at(26)), Standing::Lingering));
    // What comes now is thrown away.
    assert_eq!(end.say(25, b"b\n", false), Action::Wait);
    assert_eq!(end.wait(26), Action::Close);
    assert_eq!(end.connection.handler().messages, [b"a"]);
}

#[test]
fn flags_of_an_idle_line_are_no_message() {
    let mut end = End::new(Frames::new(Hdlc::new()).with_trailer(Trailer::fcs_16()));
    let _ = end.say(1, b"~~~", false);
    assert_eq!((end.due(), end.connection.standing()), (Some(at(20)), Standing::Idle));
    let _ = end.say(2, b"~a", false);
    assert_eq!((end.due(), end.connection.standing()), (Some(at(4)), Standing::Reading));
}

#[test]
fn who_takes_nothing_is_cut_off_whatever_it_says() {
    let mut end = End::new(Frames::new(Lines::new()));
    let _ = end.say_to(1, b"a\n", false, false);
    assert_eq!(
        (end.due(), end.connection.is_readable(), end.connection.standing()),
        (Some(at(8)), false, Standing::Busy)
    );
    // What had been received before is handed out; that is not the peer's taking anything.
    let _ = end.say_to(2, b"no\nno\nha", false, false);
    assert_eq!((end.due(), end.connection.is_readable()), (Some(at(8)), false));
    end.took(5, 1, 1);
    assert_eq!(end.due(), Some(at(12)));
    assert_eq!(end.wait(11), Action::Wait);
    assert_eq!(end.wait(12), Action::Cut);

    // Once all is taken, the message that has begun has its time.
    let mut end = End::new(Frames::new(Lines::new()));
    let _ = end.say_to(1, b"a\nha", false, false);
    end.took(5, 2, 0);
    assert_eq!((end.due(), end.connection.is_readable()), (Some(at(7)), true));
}

#[test]
fn who_lingers_has_the_time_to_take_what_was_sent() {
    let mut end = End::new(Frames::new(Lines::new()));
    let _ = end.say_to(1, b"bye\n", false, false);
    assert_eq!(end.due(), Some(at(8)), "it has not taken the answer");
    end.took(6, 4, 0);
    assert_eq!(end.due(), Some(at(7)));
    // The system still holds some of it, as Linux says when that is over; then it does not.
    end.took(7, 0, 1);
    assert_eq!(end.due(), Some(at(14)));
    end.took(9, 0, 0);
    assert_eq!(end.due(), Some(at(10)));
    assert_eq!(end.wait(10), Action::Close);

    let mut end = End::new(Frames::new(Lines::new()));
    let _ = end.say_to(1, b"bye\n", false, false);
    assert_eq!(end.wait(8), Action::Cut);
}

#[test]
fn a_connection_that_is_retired_ends_in_good_order() {
    let mut end = End::new(Frames::new(Lines::new()));
    let _ = end.say(1, b"a\nha", false);
    end.connection.retire();
    assert_eq!(end.say(1, b"lf\n", false), Action::ShutdownWrite);
    assert_eq!(end.say(1, b"", true), Action::Close);
    assert_eq!(end.sent, b"a\n");

    // So an idle one gives way to another one, and one that has unread messages does not.
    for (said, has_unread, gives_way) in [(&b"a\n"[..], false, true), (b"ha", false, true), (b"a\n", true, false)] {
        let mut end = End::new(Frames::new(Lines::new()));
        let _ = end.say(1, said, false);
        assert_eq!(end.connection.give_way(has_unread), gives_way);
        assert_eq!(end.say(1, b"", false), if gives_way { Action::ShutdownWrite } else { Action::Wait });
    }
}

#[test]
fn the_last_line_is_answered_after_the_peer_has_ended() {
    for (said, sent) in
        [(&b"a\nlast"[..], &b"a\nlast\n"[..]), (b"a\n", b"a\n"), (b"", b""), (b"count", b"5\n4\n3\n2\n1\n")]
    {
        let mut end = End::new(Frames::new(Lines::new()));
        assert_eq!(end.say(1, said, true), Action::Close, "{}", said.escape_ascii());
        assert_eq!(end.sent, sent);
    }
    // A message that is cut off is none.
    let mut end = End::new(Frames::new(Netstring::new(16)));
    assert_eq!(end.say(1, b"1:a,5:hel", true), Action::Close);
    assert_eq!(end.sent, b"1:a,");
    let skipped = Skipped { rule: Rule::Truncated, offset: 4, length: 5 };
    assert_eq!(end.connection.into_handler().skipped, [skipped]);
}

#[test]
fn a_message_longer_than_the_store_is_skipped() {
    let mut end = End::new(Frames::new(Lines::new()));
    let _ = end.say(1, b"seventeen letters", false);
    let _ = end.say(2, b" and more", false);
    // It has its time, too.
    assert_eq!((end.due(), end.connection.standing()), (Some(at(3)), Standing::Reading));
    let _ = end.say(2, b"\nb\n", false);
    assert_eq!(end.sent, b"b\n");
    assert_eq!(end.connection.handler().skipped, [Skipped { rule: Rule::TooLong, offset: 0, length: 27 }]);
}

#[test]
fn answers_wait_for_room_and_one_that_will_never_have_any_is_refused() {
    // Each answer takes two bytes; there is room for eleven, and ten are wanted.
    let mut end = End::new(Frames::new(Lines::new()));
    end.output = vec![0; 11];
    let (taken, action) = {
        let input = Input { bytes: b"a\nb\nc\n", has_ended: false };
        end.conversation.poll(&mut end.connection, input, &mut end.store, &mut end.output)
    };
    assert_eq!((taken, action), (2, Action::Send(2)));
    let _ = end.say(1, b"b\nc\n", false);
    assert_eq!(end.sent, b"b\nc\n");

    end.output = vec![0; 3];
    let _ = end.say(1, b"long\nd\n", false);
    assert_eq!(end.sent, b"b\nc\nd\n");
    assert_eq!(end.connection.handler().refused, [EncodeError::NoRoom]);
}

#[test]
fn a_stream_that_is_lost_ends_in_a_reset_behind_what_was_sent() {
    let mut end = End::new(Frames::new(Netstring::new(16)));
    assert_eq!(end.say_to(1, b"1:a,x", false, false), Action::Wait);
    assert_eq!((end.due(), &end.sent[..]), (Some(at(8)), &b"1:a,"[..]));
    end.took(2, 4, 0);
    assert_eq!(end.say(2, b"1:b,", false), Action::Abort);
    let handler = end.connection.into_handler();
    assert_eq!(handler.lost, Some(FrameError { rule: Rule::InvalidLength, offset: 4 }));
    assert_eq!(handler.messages, [b"a"]);
}

#[test]
fn a_handler_may_speak_first_and_longer_than_there_is_room() {
    let mut end = End::new(Frames::new(Lines::new()));
    end.output = vec![0; 10];
    end.connection.handler_mut().more = 9;
    assert_eq!(end.connection.standing(), Standing::Busy, "it is not idle: the loop drives it");
    assert_eq!(end.say(1, b"", false), Action::Wait);
    assert_eq!(end.sent, b"9\n8\n7\n6\n5\n4\n3\n2\n1\n");
    assert_eq!(end.connection.standing(), Standing::Idle);
    // What it says gives the peer no more time to finish its message.
    let _ = end.say(2, b"ha", false);
    end.connection.handler_mut().more = 1;
    let _ = end.say(3, b"", false);
    assert_eq!(end.due(), Some(at(4)));
    // One whose first message never has room is not asked for ever.
    end.output = vec![0; 1];
    end.connection.handler_mut().more = 1;
    assert_eq!(end.say(3, b"", true), Action::Close);
}
