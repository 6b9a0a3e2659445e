//! A clock: a page that shows server-sent events.

use std::time::{SystemTime, UNIX_EPOCH};

use wirenut::http::Status;
use wirenut::http::service::routes;
use wirenut::time::Duration;

const PAGE: &str = "<!doctype html><title>Clock</title><h1></h1><script>
new EventSource('clock').onmessage = event => document.querySelector('h1').textContent = event.data
</script>";

fn main() -> Result<(), wirenut_server::Error> {
    let app = routes!(
        (),
        get("/", |_, _, responder| responder.reply(Status::OK, "text/html", PAGE.as_bytes())),
        get("/clock", |_, _, responder| responder.events(|_, events| {
            events.wait(Duration::from_secs(1));
            events.send(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
        })),
    );
    wirenut_server::serve(std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into()), &app).map(drop)
}
