//! An API: items that are created, listed and read as JSON. The content is collected in the buffer of the connection,
//! which bounds it together with the head, and which a connection keeps while it is idle, too.

use std::cell::RefCell;
use std::rc::Rc;

use picoserve::extract::State;
use picoserve::response::{IntoResponse, Json, StatusCode};
use picoserve::routing::{get, parse_path_segment};
use picoserve::{Config, Router, Server};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};

static CONFIG: Config = Config::const_default().keep_connection_alive();

type Items = Rc<RefCell<Vec<Value>>>;

async fn list(State(items): State<Items>) -> impl IntoResponse {
    Json(json!(*items.borrow()))
}

async fn item(id: usize, State(items): State<Items>) -> impl IntoResponse {
    items.borrow().get(id).cloned().map(Json).ok_or((StatusCode::NOT_FOUND, "Not Found"))
}

async fn create(State(items): State<Items>, content: String) -> impl IntoResponse {
    let item = serde_json::from_str(&content).map_err(|_| (StatusCode::BAD_REQUEST, "Bad Request"))?;
    let mut items = items.borrow_mut();
    items.push(item);
    let created = Json(json!({"id": items.len() - 1})).into_response();
    Ok::<_, (StatusCode, &str)>(created.with_status_code(StatusCode::CREATED))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let app = Router::new()
        .route("/items", get(list).post(create))
        .route(("/items", parse_path_segment()), get(item))
        .with_state(Items::default());
    let app = Rc::new(app);
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let listener = TcpListener::bind(address).await?;
    let serve = async {
        loop {
            let (stream, _) = listener.accept().await?;
            let app = app.clone();
            spawn_local(
                async move { Server::new_tokio(&app, &CONFIG, &mut vec![0; 65_536 + 2048]).serve(stream).await },
            );
        }
    };
    LocalSet::new().run_until(serve).await
}
