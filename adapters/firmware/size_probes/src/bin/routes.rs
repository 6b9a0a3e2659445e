//! `service`, whose service has two routes that begin exchanges of two kinds.
#![no_std]
#![no_main]

use wirenut::http::Status;
use wirenut::http::service::routes;
use wirenut_size_probes::service::run;

/// Longer than any buffer.
static PAGE: [u8; 3000] = [b'x'; 3000];

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    run(&routes!(
        (),
        get("/", |_, _, responder| responder.text("Hello, world\n")),
        get("/page", |_, _, responder| responder.send_all(Status::OK, "text/html", &PAGE)),
    ))
}
