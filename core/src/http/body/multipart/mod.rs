//! Forms with files: multipart/form-data (RFC 7578, RFC 2046 §5.1), read and written piece by piece.
//!
//! A [`Parser`] takes the content of a request as it comes, cut anywhere, and gives [`Event`]s; a [`Writer`] makes such
//! content. Both own a [`Boundary`] and nothing else: content of any size passes through, in the memory that the caller
//! lends.
//!
//! ```text
//! content = [preamble CRLF] "--" boundary padding CRLF part
//!           *( CRLF "--" boundary padding CRLF part )
//!           CRLF "--" boundary "--" padding [CRLF epilogue]
//! part    = *( field-line CRLF ) CRLF *OCTET
//! ```
//!
//! What two readers could take in two ways is refused, with a [`Rule`] and the offset of the byte that breaks it:
//!
//! | input | here | source |
//! |---|---|---|
//! | spaces and tabs behind a boundary | skipped, up to [`Limits::padding_bytes`] | RFC 2046 §5.1.1 |
//! | anything else behind a boundary | refused: a prefix of another boundary, or a line that others take for one | RFC 2046 §5.1.1 |
//! | LF without CR before a delimiter, or at the end of a field line | refused | RFC 2046 §4.1.1 |
//! | CR or LF elsewhere in the content of a part | content | RFC 2046 §5.1.1 |
//! | a delimiter directly behind the empty line of a head | refused: some readers take it for content | RFC 2046 §5.1.1 |
//! | a part whose head has no empty line behind it | refused | RFC 2046 §5.1.1 |
//! | no part at all, the closing delimiter alone | accepted: browsers send it for an empty form | RFC 7578 §4.3 |
//! | an end without the closing delimiter | refused | RFC 2046 §5.1.1 |
//! | preamble and epilogue | skipped, up to [`Limits::preamble_bytes`] and [`Limits::epilogue_bytes`] | RFC 2046 §5.1.1 |
//! | a part without a name; Content-Disposition or Content-Type twice | refused | RFC 7578 §4.2 |
//! | `filename*` | refused: senders must not use it, and readers disagree on which name counts | RFC 7578 §4.2 |
//! | `%22`, `%0D`, `%0A` in a quoted name | a quote, CR, LF: what browsers write for them | HTML, multipart/form-data encoding algorithm |
//! | a Content-Transfer-Encoding that changes bytes | refused: browsers never send it | RFC 7578 §4.7 |

mod boundary;
mod delimiter;
mod error;
mod event;
mod field_lines;
mod limits;
mod parameters;
mod parser;
mod part;
mod state;
mod text;
mod writer;

pub use boundary::{Boundary, BoundaryError};
pub use error::{Error, Rule};
pub use event::Event;
pub use limits::Limits;
pub use parser::Parser;
pub use part::Part;
pub use text::Text;
pub use writer::{PartHead, WriteError, Writer};
