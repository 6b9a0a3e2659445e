//! What one client says, all others hear at once. Who is more than 100 messages behind is cut.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::routing::{get, post};
use futures_util::{Stream, StreamExt};
use tokio::sync::broadcast::{Sender, channel};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};

#[derive(Clone)]
struct Room {
    said: Sender<(usize, String)>,
    count: Arc<Mutex<usize>>,
}

async fn say(State(room): State<Room>, words: String) -> StatusCode {
    let mut count = room.count.lock().unwrap();
    let _ = room.said.send((*count, words.replace('\r', "\n"))); // nobody hears, perhaps
    *count += 1;
    StatusCode::NO_CONTENT
}

async fn hear(State(room): State<Room>) -> Sse<impl Stream<Item = Result<Event, BroadcastStreamRecvError>>> {
    let heard = BroadcastStream::new(room.said.subscribe());
    let events =
        heard.map(|said| said.map(|(id, words)| Event::default().event("said").id(id.to_string()).data(words)));
    Sse::new(events).keep_alive(KeepAlive::default())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let room = Room { said: channel(100).0, count: Arc::default() };
    let app = Router::new()
        .route("/say", post(say))
        .route("/hear", get(hear))
        .layer(DefaultBodyLimit::max(1_000))
        .with_state(room);
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await
}
