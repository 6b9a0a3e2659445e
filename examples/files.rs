//! Uploads to a folder, and downloads from it.
//!
//!     curl -T photo.jpg http://127.0.0.1:8080/
//!     curl -O http://127.0.0.1:8080/photo.jpg

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use wirenut::http::Status;
use wirenut::http::service::{OrStatus, receive, routes};
use wirenut_server::{FileRange, send_file};

const FAILED: Status = Status::INTERNAL_SERVER_ERROR;

/// A file under a temporary name, until it is whole.
struct Part {
    file: File,
    part: PathBuf,
    name: PathBuf,
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.part); // gone already, if it is whole
    }
}

fn main() -> Result<(), wirenut_server::Error> {
    let folder = PathBuf::from(std::env::args().nth(2).unwrap_or(".".into()));
    let app = routes!(
        in FileRange; &folder,
        put("/:name", |folder: &PathBuf, request, _| {
            let name = folder.join(request.file_name("name")?);
            let part = name.with_added_extension("part");
            let part = Part { file: File::create_new(&part).or_status(Status::CONFLICT)?, part, name };
            let write = |part: &mut Part, piece: &[u8]| part.file.write_all(piece).or_status(FAILED);
            Ok(receive(part, write, |_, part, responder| {
                fs::rename(&part.part, &part.name).or_status(FAILED)?;
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
