//! HTTP/1.x (RFC 9110, RFC 9112): messages and connections, as pure functions of bytes and time.
//!
//! Four floors, each of which knows only those below it: the [grammar] of all that is not content; messages, with what
//! their fields mean and their bodies; connections; and the [service] that answers. What lies beside them are leaves,
//! which all floors share.

mod error;
mod field_filter;
pub mod field_name;
mod flags;
mod framing;
mod limits;
mod method;
mod status;
mod version;

pub mod grammar;

mod body;
mod message;
mod value;

mod connection;

pub mod service;

pub use body::multipart;
pub use connection::client::{
    CallError, CallListener, CallState, ClientCall, ClientCallAt, ClientConnection, ClientEvent,
};
pub use connection::context::Context;
pub use connection::server::{ServerConnection, ServerEvent};
pub use connection::{Client, Connection, Role, Server, state};
pub use error::{Error, Fault, Misuse, Rule, WriteError};
pub use field_filter::FieldFilter;
pub use framing::{BodyFraming, ResponseFraming};
pub use limits::Limits;
pub use message::fields::{Field, FieldIter, Fields};
pub use message::request::Request;
pub use message::request_head::RequestHead;
pub use message::response::Response;
pub use message::response_head::ResponseHead;
pub use message::target::{Target, TargetForm};
pub use method::Method;
pub use status::Status;
pub use value::accept::Accept;
pub use value::accept_encoding::AcceptEncoding;
pub use value::accept_language::AcceptLanguage;
pub use value::authentication::{Authentication, Challenges};
pub use value::authentication_write::AuthenticationWriter;
pub use value::basic::BasicCredentials;
pub use value::bearer::BearerToken;
pub use value::cache_control::{CacheControl, CacheControlIter, Directive};
pub use value::cache_directives::{CacheDirectives, CacheDirectivesText};
pub use value::client_address::{ForwardedClient, TrustedProxies};
pub use value::conditional::{Precondition, Validators};
pub use value::constant_time::constant_time_eq;
pub use value::content_disposition::{ContentDisposition, ContentDispositionWriter, safe_file_name};
pub use value::cookie::{Cookie, CookieWriter, Cookies, CookiesIter};
pub use value::date::HttpDate;
pub use value::entity_tag::EntityTag;
pub use value::error::{ValueError, ValueRule};
pub use value::form::{DecodedPairs, FormPairs, FormPairsIter, FormWriter};
pub use value::forwarded::{Forwarded, ForwardedElement, ForwardedIter};
pub use value::media_type::{MediaType, MediaTypeWriter};
pub use value::network::Network;
pub use value::node::{Node, NodeName};
pub use value::parameter_value::ParameterValue;
pub use value::parameters::{Parameter, Parameters, ParametersIter};
pub use value::percent::{DecodedBytes, PercentEncoded};
pub use value::percent_encode::{EncodeSet, PercentEncode};
pub use value::quality_list::{QualityItem, QualityList, QualityListIter};
pub use value::range::{ByteRange, Ranges};
pub use value::set_cookie::{SameSite, SetCookie};
pub use value::structured;
pub use value::uri_reference::UriReference;
pub use version::Version;

pub(crate) use value::base64;
