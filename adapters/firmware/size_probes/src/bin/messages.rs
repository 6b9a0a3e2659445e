//! `lines`, and a connection on which lines are spoken, in the loop.
#![no_std]
#![no_main]

use wirenut::framing::{Frames, Lines, MessageConnection, MessageHandler, MessageLimits, Next, Outbox};
use wirenut::transport::{Action, Conversation, Input, Protocol};
use wirenut_size_probes::{BUFFER, keep, now, receive, send};

struct Echo;

impl MessageHandler for Echo {
    const ROOM: usize = 64;

    fn message(&mut self, message: &[u8], outbox: &mut Outbox<'_>) -> Next {
        outbox.send(message).map_or(Next::Close, |()| Next::More)
    }
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let (mut buffer, mut store, mut out) = ([0; BUFFER], [0; BUFFER], [0; BUFFER]);
    loop {
        let mut connection = MessageConnection::new(Frames::new(Lines::new()), Echo, MessageLimits::DEFAULT, now());
        let mut conversation = Conversation::new();
        keep(&connection);
        keep(&conversation);
        let mut length = 0;
        loop {
            connection.handle_now(now());
            if connection.poll_timeout().is_some_and(|due| due <= now()) {
                connection.handle_timeout();
            }
            let input = Input { bytes: buffer.get(..length).unwrap_or(&[]), has_ended: length == 0 };
            let (taken, action) = conversation.poll(&mut connection, input, &mut store, &mut out);
            length = length.saturating_sub(taken);
            match action {
                Action::Send(count) => {
                    let sent = send(out.get(..count).unwrap_or(&[]));
                    conversation.handle_sent(&mut connection, sent, count.saturating_sub(sent));
                }
                Action::Wait | Action::ShutdownWrite | Action::Transfer(_) => length = receive(&mut buffer),
                Action::Close | Action::Abort | Action::Cut => break,
            }
        }
    }
}
