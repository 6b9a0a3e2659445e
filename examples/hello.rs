//! The smallest server.

use wirenut::http::service::service_fn;

fn main() -> Result<(), wirenut_server::Error> {
    wirenut_server::serve("127.0.0.1:8080", &service_fn(|_, responder| responder.text("Hello, World!\n"))).map(drop)
}
