//! `service`, whose service is a function.
#![no_std]
#![no_main]

use wirenut::http::service::service_fn;
use wirenut_size_probes::service::run;

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    run(&service_fn(|_, responder| responder.text("Hello, world\n")))
}
