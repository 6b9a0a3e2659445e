//! What one client says, all others hear at once. Who is more than 100 messages behind misses some. Events have no id,
//! since their writer writes none. The buffer of the connection bounds the content.

use std::rc::Rc;
use std::time::Duration;

use picoserve::io::Write;
use picoserve::response::{
    EventStream, StatusCode,
    sse::{EventSource, EventWriter},
};
use picoserve::routing::{get, post};
use picoserve::{Config, Router, Server};
use tokio::net::TcpListener;
use tokio::sync::broadcast::{Receiver, channel, error::RecvError};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::timeout;

static CONFIG: Config = Config::const_default().keep_connection_alive();

struct Heard(Receiver<String>);

impl EventSource for Heard {
    async fn write_events<W: Write>(mut self, mut writer: EventWriter<'_, W>) -> Result<(), W::Error> {
        loop {
            match timeout(Duration::from_secs(15), self.0.recv()).await {
                Ok(Ok(words)) => writer.write_event("said", words.as_str()).await?,
                Ok(Err(RecvError::Lagged(_))) => continue,
                Ok(Err(RecvError::Closed)) => return Ok(()),
                Err(_) => writer.write_keepalive().await?,
            }
            writer.flush().await?;
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let said = channel(100).0;
    let heard = said.clone();
    let say = async move |words: String| {
        let _ = said.send(words.replace('\r', "\n")); // nobody hears, perhaps
        (StatusCode::NO_CONTENT, "")
    };
    let hear = async move || EventStream(Heard(heard.subscribe()));
    let app = Rc::new(Router::new().route("/say", post(say)).route("/hear", get(hear)));
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let serve = async {
        loop {
            let (stream, _) = listener.accept().await?;
            let app = app.clone();
            spawn_local(async move { Server::new_tokio(&app, &CONFIG, &mut [0; 2048]).serve(stream).await });
        }
    };
    LocalSet::new().run_until(serve).await
}
