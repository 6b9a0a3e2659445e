//! HTTP/1.x (RFC 9110, RFC 9112): messages and connections, as pure functions of bytes and time.

mod body;
mod chunked;
mod context;
mod date;
mod error;
mod fields;
mod flags;
mod head;
mod limits;
mod method;
mod response;
mod server;
pub mod state;
mod status;
mod target;
mod turn;
mod version;

pub use context::{Context, Disposition};
pub use date::HttpDate;
pub use error::{Error, Fault, Misuse, Rule, WriteError};
pub use fields::{Field, FieldIter, Fields};
pub use head::{BodyFraming, Head};
pub use limits::Limits;
pub use method::Method;
pub use response::Response;
pub use server::{Event, ServerConnection};
pub use status::Status;
pub use target::{Target, TargetForm};
pub use version::Version;
