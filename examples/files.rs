//! Uploads to a folder, and downloads from it.
//!
//! ```sh
//! curl -T photo.jpg http://127.0.0.1:8080/
//! curl -O http://127.0.0.1:8080/photo.jpg
//! ```

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use tempfile::Builder;
use wirenut::http::Status;
use wirenut::http::service::{OrStatus, receive, routes};
use wirenut_server::{FileRange, send_file};

const FAILED: Status = Status::INTERNAL_SERVER_ERROR;

fn main() -> Result<(), wirenut_server::Error> {
    let folder = PathBuf::from(std::env::args().nth(2).unwrap_or(".".into()));
    let app = routes!(
        in FileRange; &folder,
        put("/:name", |folder, request, _| {
            let name = request.file_name("name")?;
            // It is removed unless it is whole.
            let part = Builder::new().prefix(name).suffix(".part").rand_bytes(0).tempfile_in(folder);
            let (part, name) = (part.or_status(Status::CONFLICT)?, folder.join(name));
            Ok(receive(part, |part, piece| part.write_all(piece).or_status(FAILED), move |_, part, responder| {
                part.persist(name).or_status(FAILED)?;
                responder.status(Status::CREATED)
            }))
        }),
        get("/:name", |folder, request, responder| {
            let file = File::open(folder.join(request.file_name("name")?)).or_status(Status::NOT_FOUND)?;
            send_file(request, responder, file, "application/octet-stream")
        }),
    );
    wirenut_server::serve(std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into()), &app).map(drop)
}
