//! An API: items that are created, listed and read as JSON. The content is collected, up to 64 KiB.

use std::sync::{Arc, RwLock};

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::{Json, Router, routing::get};
use serde_json::{Value, json};

type Items = Arc<RwLock<Vec<Value>>>;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let list = async |State(items): State<Items>| Json(json!(*items.read().unwrap()));
    let item = async |State(items): State<Items>, Path(id): Path<usize>| {
        items.read().unwrap().get(id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
    };
    let create = async |State(items): State<Items>, Json(item): Json<Value>| {
        let mut items = items.write().unwrap();
        items.push(item);
        (StatusCode::CREATED, Json(json!({"id": items.len() - 1})))
    };
    let app = Router::new().route("/items", get(list).post(create)).route("/items/{id}", get(item));
    let app = app.layer(DefaultBodyLimit::max(65_536)).with_state(Items::default());
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await
}
