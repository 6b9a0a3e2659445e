//! A room over WebSocket: what one guest says, all hear. Who is more than 100 messages behind misses some.

use core::task::Waker;

use wirenut::http::service::{Topic, routes};
use wirenut::time::{Duration, Instant};
use wirenut::websocket::{Limits, MessageHandler, Next, Outbox, SendError, Upgrade};

type Words = Topic<String, 100, 1_000>;

struct Guest<'r> {
    said: &'r Words,
    next: u64,
    waker: Waker,
    /// When to look, if there is no place left among those who are woken.
    next_look: Option<Instant>,
}

impl MessageHandler for Guest<'_> {
    const ROOM: usize = 1_010;
    const PUSHES: bool = true;

    fn text(&mut self, words: &str, _: &mut Outbox<'_>) -> Next {
        self.said.publish(words.into());
        Next::More
    }

    fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
        while let Some((number, words)) = self.said.get(self.next) {
            if outbox.text(&words) == Err(SendError::NoRoom) {
                return Next::More;
            }
            self.next = number + 1;
        }
        let is_woken = self.said.wait(&self.waker);
        self.next_look = (!is_woken).then(|| outbox.now().saturating_add(Duration::from_secs(1)));
        Next::More
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.next_look
    }
}

const ROOM: Upgrade<'static> =
    Upgrade { limits: &Limits { message_bytes: 1_000, ..Limits::DEFAULT }, ..Upgrade::DEFAULT };

fn main() -> Result<(), wirenut_server::Error> {
    let said = &Words::new();
    let app = routes!(
        (),
        get("/room", |_, request, responder| {
            let accepted = ROOM.accept(request, responder)?;
            let guest = Guest { said, next: said.next_number(), waker: responder.waker(), next_look: None };
            ROOM.begin(&accepted, responder, guest)
        })
    );
    wirenut_server::serve(std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into()), &app).map(drop)
}
