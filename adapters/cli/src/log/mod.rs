//! One line per request on standard output; what goes wrong with the command itself goes to standard error.
//!
//! ```text
//! 127.0.0.1:50312 GET /a%20b.txt 200 1234 0.482ms
//! ```
//!
//! The address of the peer, the method, the target, the status, the bytes of the body that were sent, the time it took:
//! six fields without spaces, whatever a client sends. [`Format`] has the lines of other servers, too.

mod access;
mod errors;
mod file;
mod forward;
mod lines;
mod output;
mod request_lines;
mod text;
mod throttle;

pub use access::{AccessLog, Format, Line};
pub use errors::{Writer, write_errors_to_standard_error};
pub use file::LogFile;
pub use lines::LineLog;
pub use request_lines::{Lines, Out};
pub use text::{Escaped, Name, OneLine};
pub use throttle::{HeldBack, Throttle};
