//! An API: items that are created, listed and read as JSON.
//!
//!     curl -d '{"name":"nut"}' http://127.0.0.1:8080/items

use std::sync::RwLock;

use serde_json::{Value, json};
use wirenut::http::Status;
use wirenut::http::service::{OrStatus, Responder, Result, RoutedRequest, SendAll, collect, routes};
use wirenut_server::Grow;

#[derive(Default)]
struct Api {
    items: RwLock<Vec<Value>>,
}

type Json = SendAll<String>;

fn reply(responder: &mut Responder<'_>, status: Status, body: &Value) -> Result<Json> {
    responder.send_all(status, "application/json", body.to_string())
}

impl Api {
    fn item(&self, request: &RoutedRequest<'_>, responder: &mut Responder<'_>) -> Result<Json> {
        let items = self.items.read().unwrap();
        reply(responder, Status::OK, items.get(request.param::<usize>("id")?).or_status(Status::NOT_FOUND)?)
    }

    fn create(&self, content: &mut [u8], responder: &mut Responder<'_>) -> Result<Json> {
        let item = serde_json::from_slice(content).or_status(Status::BAD_REQUEST)?;
        let mut items = self.items.write().unwrap();
        items.push(item);
        reply(responder, Status::CREATED, &json!({"id": items.len() - 1}))
    }
}

fn main() -> std::result::Result<(), wirenut_server::Error> {
    let api = Api::default();
    let app = routes!(
        &api,
        get("/items", |api, _, responder| reply(responder, Status::OK, &json!(*api.items.read().unwrap()))),
        get("/items/:id", Api::item),
        post("/items", |_, request, _| collect(request, Grow::up_to(65_536), Api::create)),
    );
    wirenut_server::serve(std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into()), &app).map(drop)
}
