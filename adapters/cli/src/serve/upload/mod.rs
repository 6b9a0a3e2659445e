//! Files that clients write: by PUT, and by the form on the page of a directory.
//!
//! ```text
//! request ──▶ name, origin ──▶ upload::Upload ──▶ pool: desk::Desk ──▶ folder::Draft ──▶ the name
//!              may it be?       fields of a form    writes what came     a file without    when all of
//!                               are taken apart     since the last job   a name            it is there
//! ```
//!
//! Invariants: a name never stands for a part of a file, nor for parts of two; what is open for sending is never written to,
//! since a file that is replaced stays as it is for who has it open; nothing is written outside of the served directory, nor
//! beneath a hidden name; where a peer goes away, nothing stays. Disks are waited for by a pool, with a bounded number of
//! bytes of each upload in memory, so that a slow disk slows the peer down.
//!
//! | module | what lives there |
//! |---|---|
//! | `options` | the command line |
//! | `name` | which names a file may be given |
//! | `origin` | whether a form is ours |
//! | `error` | why nothing is stored |
//! | `folder` | the directory that files are written in, and files that have no name yet |
//! | `desk` | what the pool does of one upload |
//! | `form` | the fields of a form |
//! | `places` | how many uploads there may be, in all and of one client |
//! | `request` | one upload, as its exchange sees it |

mod desk;
mod error;
mod folder;
mod form;
mod name;
mod options;
mod origin;
mod places;
mod request;

pub use desk::Stored;
pub use error::UploadError;
pub(crate) use folder::RESERVED;
pub use name::{NameError, check};
pub use options::UploadOptions;
pub(super) use origin::is_own;
pub(super) use request::{Outcome, Progress};
pub use request::{Upload, Uploads};
