//! HTTP/1.x (RFC 9110, RFC 9112): messages and connections, as pure functions of bytes and time.

mod accept_encoding;
mod body;
mod conditional;
pub(crate) mod connection;
mod date;
mod entity_tag;
mod error;
mod field_filter;
mod fields;
mod flags;
mod forwarding;
pub mod grammar;
pub(crate) mod head;
mod limits;
mod method;
#[cfg(feature = "quick")]
mod quick;
mod range;
mod request;
mod response;
mod response_head;
mod status;
mod target;
mod version;

pub use accept_encoding::AcceptEncoding;
pub use conditional::{Precondition, Validators};
pub use connection::client::{ClientConnection, ClientEvent};
pub use connection::context::{Context, Disposition};
pub use connection::server::{ServerConnection, ServerEvent};
pub use connection::{Client, Connection, Role, Server, state};
pub use date::HttpDate;
pub use entity_tag::EntityTag;
pub use error::{Error, Fault, Misuse, Rule, WriteError};
pub use field_filter::FieldFilter;
pub use fields::{Field, FieldIter, Fields};
pub use head::{BodyFraming, RequestHead};
pub use limits::Limits;
pub use method::Method;
pub use range::{ByteRange, Ranges};
pub use request::Request;
pub use response::Response;
pub use response_head::{ResponseFraming, ResponseHead};
pub use status::Status;
pub use target::{Target, TargetForm};
pub use version::Version;
