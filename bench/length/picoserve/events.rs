//! A clock: a page that shows server-sent events. Each has a name, since there is none without.

use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use picoserve::io::Write;
use picoserve::response::{
    EventStream, File,
    sse::{EventSource, EventWriter},
};
use picoserve::routing::{get, get_service};
use picoserve::{Config, Router, Server};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};

const PAGE: &str = "<!doctype html><title>Clock</title><h1></h1><script>
new EventSource('clock').onmessage = event => document.querySelector('h1').textContent = event.data
</script>";

static CONFIG: Config = Config::const_default().keep_connection_alive();

struct Clock;

impl EventSource for Clock {
    async fn write_events<W: Write>(self, mut writer: EventWriter<'_, W>) -> Result<(), W::Error> {
        loop {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            writer.write_event("message", format_args!("{}", now.as_secs())).await?;
            writer.flush().await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let page = get_service(File::html(PAGE));
    let app = Rc::new(Router::new().route("/", page).route("/clock", get(async || EventStream(Clock))));
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
