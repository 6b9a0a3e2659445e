//! What one client says, all others hear at once. Who is more than 100 messages behind is cut.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use futures_util::StreamExt;
use tokio::sync::broadcast::channel;
use tokio_stream::wrappers::BroadcastStream;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let (said, count) = (channel(100).0, Arc::new(Mutex::new(0)));
    let heard = said.clone();
    let say = async move |words: String| {
        let mut count = count.lock().unwrap();
        let _ = said.send((*count, words.replace('\r', "\n"))); // nobody hears, perhaps
        *count += 1;
        StatusCode::NO_CONTENT
    };
    let hear = async move || {
        let event = |(id, words): (usize, String)| Event::default().event("said").id(id.to_string()).data(words);
        let events = BroadcastStream::new(heard.subscribe()).map(move |said| said.map(event));
        Sse::new(events).keep_alive(KeepAlive::default())
    };
    let app = Router::new().route("/say", post(say)).route("/hear", get(hear)).layer(DefaultBodyLimit::max(1_000));
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await
}
