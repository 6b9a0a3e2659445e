//! What one client says, all others hear at once. Who is more than 100 messages behind misses some.
//!
//! ```sh
//! curl -N http://127.0.0.1:8080/hear &
//! curl -d 'hello' http://127.0.0.1:8080/say
//! ```

use wirenut::http::Status;
use wirenut::http::service::{Event, OrStatus, Topic, collect, routes};
use wirenut_server::Grow;

fn main() -> Result<(), wirenut_server::Error> {
    let said = &Topic::<String, 100, 1_000>::new();
    let app = routes!(
        (),
        post("/say", |_, request, _| collect(request, Grow::up_to(1_000), |_, content, responder| {
            said.publish(str::from_utf8(content).or_status(Status::BAD_REQUEST)?.into());
            responder.status(Status::NO_CONTENT)
        })),
        get("/hear", |_, _, responder| responder.events(said.follow(|events, number, words| {
            events.send_event(&Event::new(words).with_name("said").with_id(&number))
        }))),
    );
    wirenut_server::serve(std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into()), &app).map(drop)
}
