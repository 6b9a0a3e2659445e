//! Uploads to a folder, and downloads from it, without ranges and conditions. Both go through memory in pieces.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::rc::Rc;

use picoserve::io::{Read, Write};
use picoserve::request::{Request, RequestBody};
use picoserve::response::{Content, IntoResponse, Response, ResponseWriter, StatusCode};
use picoserve::routing::{RequestHandlerService, get, parse_path_segment};
use picoserve::{Config, ResponseSent, Router, Server};
use tempfile::Builder;
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};

const FAILED: StatusCode = StatusCode::INTERNAL_SERVER_ERROR;

static CONFIG: Config = Config::const_default().keep_connection_alive();

fn is_safe(name: &str) -> bool {
    !name.starts_with('.') && !name.contains('/')
}

struct Upload(PathBuf);

impl Upload {
    async fn store<R: Read>(&self, name: &str, body: RequestBody<'_, R>) -> Result<(), StatusCode> {
        if !is_safe(name) {
            return Err(StatusCode::NOT_FOUND);
        }
        let part = Builder::new().prefix(name).suffix(".part").rand_bytes(0).tempfile_in(&self.0);
        let mut part = part.map_err(|_| StatusCode::CONFLICT)?;
        let mut left = body.content_length();
        let (mut content, mut piece) = (body.reader(), [0; 4096]);
        while left > 0 {
            let length = content.read(&mut piece).await.map_err(|_| FAILED)?;
            if length == 0 {
                return Err(StatusCode::BAD_REQUEST);
            }
            part.write_all(&piece[..length]).map_err(|_| FAILED)?;
            left -= length;
        }
        part.persist(self.0.join(name)).map_err(|_| FAILED)?;
        Ok(())
    }
}

impl RequestHandlerService<(), (String,)> for Upload {
    async fn call_request_handler_service<R: Read, W: ResponseWriter<Error = R::Error>>(
        &self,
        _: &(),
        (name,): (String,),
        mut request: Request<'_, R>,
        writer: W,
    ) -> Result<ResponseSent, W::Error> {
        let stored = self.store(&name, request.body_connection.body()).await;
        let response = (stored.err().unwrap_or(StatusCode::CREATED), "");
        response.write_to(request.body_connection.finalize().await?, writer).await
    }
}

struct Download(File, usize);

impl Content for Download {
    fn content_type(&self) -> &'static str {
        "application/octet-stream"
    }

    fn content_length(&self) -> usize {
        self.1
    }

    async fn write_content<W: Write>(mut self, mut writer: W) -> Result<(), W::Error> {
        let mut piece = [0; 4096];
        while let Ok(length @ 1..) = self.0.read(&mut piece) {
            writer.write_all(&piece[..length]).await?;
        }
        Ok(())
    }
}

fn open(path: PathBuf) -> Option<Download> {
    let file = File::open(path).ok()?;
    let length = file.metadata().ok().filter(|metadata| metadata.is_file())?.len();
    Some(Download(file, length.try_into().ok()?))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(2).unwrap_or(".".into()));
    let upload = Upload(folder.clone());
    let download = async move |name: String| {
        let file = is_safe(&name).then(|| open(folder.join(name))).flatten();
        file.map(|file| Response::new(StatusCode::OK, file)).ok_or((StatusCode::NOT_FOUND, "Not Found"))
    };
    let app = Router::new().route(("", parse_path_segment()), get(download).put_service(upload));
    let app = Rc::new(app);
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
