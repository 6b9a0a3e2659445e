//! Who may ask: users and passwords by the scheme Basic (RFC 7617), checked against hashes.
//!
//! ```text
//! Authorization ──▶ Candidate ──▶ memory ──▶ line ──▶ pool: hash::PasswordHash::verify ──▶ memory
//!                                  known      one check for each client's address
//! ```
//!
//! To check a password takes 50 to 500 ms of CPU by design. So it happens on threads of its own, fewer than there are cores,
//! and its outcome is remembered under a keyed hash of the credentials: requests that repeat them cost a hash of some bytes.
//!
//! | module | what lives there |
//! |---|---|
//! | `hash` | hashes of passwords: argon2 and bcrypt |
//! | `users` | who has which hash, out of options and files |
//! | `memory` | what became of credentials lately |
//! | `line` | who is being checked, and who waits for that |
//! | `gate` | all of it together |
//! | `options` | the command line |

mod gate;
mod hash;
mod line;
mod memory;
mod options;
mod users;

pub use gate::{Candidate, Gate, GateError, Verdict};
pub use hash::{HashError, OutOfMemory, PasswordHash};
pub use options::AuthOptions;
pub use users::{UserError, Users, UsersError};
