//! TCP with numbers: what the abstract table of states is tried with. Ends that keep sequence numbers and take each step
//! from the table, the link between them, and RFC 9293 once more, as a procedure.

mod endpoint;
mod pair;
mod peers;
mod rfc;
mod segment;

pub use endpoint::{End, Program};
pub use pair::{Action, Pair};
pub use peers::PEERS;
pub use rfc::{Step, handle};
pub use segment::Numbered;
