//! Where servers listen: the places that the command line names, and the sockets that are opened or found there.
//!
//! | module | what lives there |
//! |---|---|
//! | `place` | the forms that a place is written in, and the addresses that it stands for |
//! | `options` | where a server is told to listen |
//! | `open` | the sockets, made there or passed to this process |
//! | `urls` | what leads to a server |

mod open;
mod options;
mod place;
mod urls;

pub use open::{End, Listener, Opener};
pub use options::{EchoPlaceOptions, PlaceOptions};
pub use place::{At, FORMS, Host, Place};
pub use urls::urls;
