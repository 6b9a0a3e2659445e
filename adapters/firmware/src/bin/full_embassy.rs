//! All that a service may do, on embassy: the difference to `canned_embassy` is what the whole of HTTP costs there.

#![no_std]
#![no_main]

use wirenut_firmware::full::{Full, LIMITS};

wirenut_firmware::serve_on_embassy!(Full, LIMITS, 256);
