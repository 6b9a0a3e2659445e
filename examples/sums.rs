//! Answers each line of numbers by their sum: a protocol of one's own, made of messages.
//!
//! ```sh
//! printf '1 2 3\n4 5\n' | nc -N 127.0.0.1 7070
//! ```

use wirenut::framing::{Frames, Lines, MessageConnection, MessageHandler, MessageLimits, Next, Outbox};
use wirenut_server::{Arrival, Config, Error, Server};

struct Sums;

impl MessageHandler for Sums {
    /// An answer takes so many bytes at most.
    const ROOM: usize = 64;

    fn message(&mut self, line: &[u8], outbox: &mut Outbox<'_>) -> Next {
        let numbers = str::from_utf8(line).ok().map(|line| line.split_whitespace().map(str::parse::<i64>));
        let sum = numbers.and_then(|mut numbers| numbers.try_fold(0_i64, |sum, number| sum.checked_add(number.ok()?)));
        let answer = sum.map_or("expected numbers whose sum has 64 bits".into(), |sum| sum.to_string());
        outbox.send(answer.as_bytes()).map_or(Next::Close, |()| Next::More)
    }
}

fn main() -> Result<(), Error> {
    let mut server = Server::bind(std::env::args().nth(1).unwrap_or("127.0.0.1:7070".into()), Config::DEFAULT)?;
    server.stop_on_signals()?;
    let frames = Frames::new(Lines::new());
    let begin = |arrival: &Arrival<'_>| MessageConnection::new(frames, Sums, MessageLimits::DEFAULT, arrival.now());
    server.run_protocol(&begin).map(drop)
}
