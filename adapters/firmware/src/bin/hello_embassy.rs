//! The canned answer again, on embassy and from an HTTP server: the difference in flash and RAM is what HTTP costs there.

#![no_std]
#![no_main]

use wirenut_firmware::hello::{Hello, LIMITS};

wirenut_firmware::serve_on_embassy!(Hello, LIMITS, 160);
