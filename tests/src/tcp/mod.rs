//! TCP with numbers: what the abstract table of states is tried with. Ends that keep sequence numbers and take each step
//! from the table, the link between them, and RFC 9293 once more, as a procedure. Real flags are letters.

mod endpoint;
mod flags;
mod pair;
mod peers;
mod rfc;
mod segment;

pub use endpoint::{End, Program};
pub use flags::flags;
pub use pair::{Action, Pair};
pub use peers::PEERS;
pub use rfc::{Step, handle};
pub use segment::Numbered;
