//! What one client says, all others hear at once. Who is more than 100 messages behind misses some.
//!
//!     curl -N http://127.0.0.1:8080/hear &
//!     curl -d 'hello' http://127.0.0.1:8080/say

use core::cell::RefCell;
use std::collections::BTreeMap;

use wirenut::http::Status;
use wirenut::http::service::{Event, OrStatus, Wakers, collect, routes};
use wirenut::time::Duration;
use wirenut_server::Grow;

fn main() -> Result<(), wirenut_server::Error> {
    let said = &RefCell::new(BTreeMap::<usize, String>::new());
    let waiting = &Wakers::<1_000>::new();
    let app = routes!(
        (),
        post("/say", |_, request, _| collect(request, Grow::up_to(1_000), |_, content, responder| {
            let words = str::from_utf8(content).or_status(Status::BAD_REQUEST)?;
            let mut said = said.borrow_mut();
            let id = said.last_key_value().map_or(0, |(last, _)| last + 1);
            said.insert(id, words.into());
            said.retain(|old, _| old + 100 > id);
            waiting.wake();
            responder.status(Status::NO_CONTENT)
        })),
        get("/hear", |_, _, responder| {
            let mut next = said.borrow().last_key_value().map_or(0, |(last, _)| last + 1);
            responder.events(move |_, events| {
                while let Some((&id, words)) = said.borrow().range(next..).next() {
                    events.send_event(&Event::new(words).with_name("said").with_id(&id))?;
                    next = id + 1;
                }
                if !waiting.add(&events.waker()) {
                    events.wait(Duration::from_secs(1)); // there are more guests than places
                }
                Ok(())
            })
        }),
    );
    wirenut_server::serve(std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into()), &app).map(drop)
}
