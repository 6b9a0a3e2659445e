//! From the command line to a client.

use wirenut::http::Limits;
use wirenut::time::{Duration, Pace};
use wirenut_client::{Client, Redirects, Timeouts};

use super::failure::GetFailure;
use super::options::GetArguments;
use super::patience::{Patience, open_for_reading};

/// Servers send heads of dozens of cookies.
const LIMITS: Limits = Limits { head_bytes: 64 * 1024, field_count: 255, ..Limits::DEFAULT };

/// A server may be silent for so long. A stream of events brings a few bytes a minute, and a report may take as long to begin.
const SILENCE: Duration = Duration::from_secs(300);

/// The same time for each byte: any byte starts it anew.
const PATIENT: Pace = Pace { grace: SILENCE, per_byte: SILENCE };

/// The client for all URLs, which keeps connections from one to the next.
pub(super) fn client(arguments: &GetArguments, patience: &Patience<'_>) -> Result<Client, GetFailure> {
    let timeouts = Timeouts { request: PATIENT, response: SILENCE, body: PATIENT, ..Timeouts::DEFAULT };
    let redirects = match arguments.request.location {
        true => Redirects { limit: Some(arguments.request.max_redirs), ..Redirects::DEFAULT },
        false => Redirects::OFF,
    };
    Ok(arguments
        .route
        .client(timeouts, |path| Ok(patience.watch(open_for_reading(path)?)))?
        .limits(LIMITS)
        .redirects(redirects)
        .build())
}
