//! How an image reports: the log macros `info!`, `warn!` and `error!`, and what a panic does.
//!
//! Two files with the same surface; the feature `log` chooses between them here and nowhere else.

#[cfg(feature = "log")]
mod enabled;
#[cfg(feature = "log")]
pub use enabled::{error, info, warn};

#[cfg(not(feature = "log"))]
mod disabled;
#[cfg(not(feature = "log"))]
pub use disabled::{error, info, warn};
