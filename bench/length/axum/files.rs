//! Uploads to a folder, and downloads from it. Both go through memory in pieces; nothing is collected.

use std::io;
use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Router, routing::put};
use futures_util::TryStreamExt;
use tempfile::Builder;
use tokio::fs::File;
use tokio_util::io::StreamReader;
use tower_http::services::ServeDir;

const FAILED: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

async fn upload(State(folder): State<PathBuf>, Path(name): Path<String>, body: Body) -> Result<StatusCode, StatusCode> {
    if name.starts_with('.') || name.contains('/') {
        return Err(StatusCode::NOT_FOUND);
    }
    let part = Builder::new().prefix(&name).suffix(".part").rand_bytes(0).tempfile_in(&folder);
    let part = part.map_err(|_| StatusCode::CONFLICT)?;
    let mut file = File::from_std(part.reopen().map_err(|_| FAILED)?);
    let mut content = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
    tokio::io::copy(&mut content, &mut file).await.map_err(|_| FAILED)?;
    part.persist(folder.join(name)).map_err(|_| FAILED)?;
    Ok(StatusCode::CREATED)
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(2).unwrap_or(".".into()));
    let app = Router::new().route("/{name}", put(upload).get_service(ServeDir::new(&folder))).with_state(folder);
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    axum::serve(tokio::net::TcpListener::bind(address).await?, app).await
}
