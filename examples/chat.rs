//! What one client says, all others hear at once.
//!
//!     curl -N http://127.0.0.1:8080/hear &
//!     curl -d 'hello' http://127.0.0.1:8080/say

use std::cell::RefCell;
use std::task::Waker;

use wirenut::http::Status;
use wirenut::http::service::{Event, OrStatus, Responder, Result, collect, routes};
use wirenut_server::Grow;

#[derive(Default)]
struct Room {
    said: RefCell<Vec<String>>,
    waiting: RefCell<Vec<Waker>>,
}

impl Room {
    fn say(&self, content: &mut [u8], responder: &mut Responder<'_>) -> Result {
        let words = str::from_utf8(content).or_status(Status::BAD_REQUEST)?;
        self.said.borrow_mut().push(words.into());
        self.waiting.take().iter().for_each(Waker::wake_by_ref);
        responder.status(Status::NO_CONTENT)
    }
}

fn main() -> std::result::Result<(), wirenut_server::Error> {
    let room = Room::default();
    let app = routes!(
        &room,
        post("/say", |_, request, _| collect(request, Grow::up_to(1_000), Room::say)),
        get("/hear", |room, _, responder| {
            let mut heard = room.said.borrow().len();
            responder.events(move |room: &Room, events| {
                while let Some(words) = room.said.borrow().get(heard) {
                    events.send_event(&Event::new(words).with_name("said").with_id(&heard))?;
                    heard += 1;
                }
                room.waiting.borrow_mut().push(events.waker());
                Ok(())
            })
        }),
    );
    wirenut_server::serve(std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into()), &app).map(drop)
}
