//! A clock: a page that shows server-sent events.

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::{Router, response::Html, routing::get};
use futures_util::StreamExt;
use tokio_stream::wrappers::IntervalStream;

const PAGE: &str = "<!doctype html><title>Clock</title><h1></h1><script>
new EventSource('clock').onmessage = event => document.querySelector('h1').textContent = event.data
</script>";

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let clock = async || {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let ticks = IntervalStream::new(tokio::time::interval(Duration::from_secs(1)));
        let events = ticks.map(move |_| Ok::<_, Infallible>(Event::default().data(now().to_string())));
        Sse::new(events).keep_alive(KeepAlive::default())
    };
    let app = Router::new().route("/", get(Html(PAGE))).route("/clock", get(clock));
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await
}
