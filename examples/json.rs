//! An API: items that are created, listed and read as JSON.
//!
//! ```sh
//! curl -d '{"name":"nut"}' http://127.0.0.1:8080/items
//! ```

use core::cell::RefCell;

use serde_json::{Value, json};
use wirenut::http::Status;
use wirenut::http::service::{OrStatus, collect, routes};
use wirenut_server::Grow;

const JSON: &str = "application/json";

fn main() -> Result<(), wirenut_server::Error> {
    let items = RefCell::new(Vec::<Value>::new());
    let app = routes!(
        &items,
        get("/items", |items, _, responder| responder.send_all(Status::OK, JSON, json!(*items.borrow()).to_string())),
        get("/items/:id", |items, request, responder| {
            let id: usize = request.param("id")?;
            responder.send_all(Status::OK, JSON, items.borrow().get(id).or_status(Status::NOT_FOUND)?.to_string())
        }),
        post("/items", |items, request, _| collect(request, Grow::up_to(65_536), move |_, content, responder| {
            items.borrow_mut().push(serde_json::from_slice(content).or_status(Status::BAD_REQUEST)?);
            responder.send_all(Status::CREATED, JSON, json!({"id": items.borrow().len() - 1}).to_string())
        })),
    );
    wirenut_server::serve(std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into()), &app).map(drop)
}
