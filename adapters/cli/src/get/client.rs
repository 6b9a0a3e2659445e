//! From the command line to a client.

use std::{fs, io};

use wirenut::http::Limits;
use wirenut::time::{Duration, Pace};
use wirenut_client::{Client, Proxies, Proxy, Redirects, Timeouts};

use super::failure::GetFailure;
use super::options::GetArguments;

/// Servers send heads of dozens of cookies.
const LIMITS: Limits = Limits { head_bytes: 64 * 1024, field_count: 255, ..Limits::DEFAULT };

/// A server may be silent for so long. A stream of events brings a few bytes a minute, and a report may take as long to begin.
const SILENCE: Duration = Duration::from_secs(300);

/// No byte may be longer in coming, and any starts the time anew.
const PATIENT: Pace = Pace { grace: SILENCE, per_byte: SILENCE };

/// The client for all URLs, which keeps connections from one to the next; and its proxies.
pub(super) fn client(arguments: &GetArguments) -> Result<(Client, Proxies), GetFailure> {
    let route = &arguments.route;
    let mut timeouts = Timeouts { request: PATIENT, response: SILENCE, body: PATIENT, ..Timeouts::DEFAULT };
    if let Some(limit) = arguments.limits.connect_timeout {
        let limit = limit.into();
        timeouts = Timeouts { lookup: limit, connect: limit, tls: limit, ..timeouts };
    }
    let redirects = match arguments.request.location {
        true => Redirects { limit: Some(arguments.request.max_redirs), ..Redirects::DEFAULT },
        false => Redirects::OFF,
    };
    let proxies = proxies(arguments)?;
    let mut builder = Client::builder().timeouts(timeouts).limits(LIMITS).redirects(redirects).proxies(proxies.clone());
    if let Some(path) = &route.unix_socket {
        builder = builder.unix_socket(path);
    }
    if let Some(path) = &route.cacert {
        let pem = fs::read(path).and_then(|pem| match has_certificate(&pem) {
            true => Ok(pem),
            false => Err(io::Error::other("there is none in it (-----BEGIN CERTIFICATE-----)")),
        });
        let pem = pem.map_err(|error| GetFailure::Certificates { path: path.clone(), error })?;
        builder = builder.only_added_roots().add_root_certificates(&pem);
    }
    if route.insecure {
        builder = builder.dangerously_trust_anybody();
    }
    Ok((builder.build(), proxies))
}

fn has_certificate(pem: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    pem.windows(BEGIN.len()).any(|window| window == BEGIN)
}

fn proxies(arguments: &GetArguments) -> Result<Proxies, GetFailure> {
    let route = &arguments.route;
    let proxies = match route.proxy.as_deref() {
        None => Proxies::from_env(),
        Some("") => Proxies::none(),
        Some(proxy) => Proxies::all(&Proxy::parse(proxy).map_err(GetFailure::Proxy)?),
    };
    Ok(match &route.noproxy {
        Some(hosts) => proxies.except(hosts),
        None => proxies,
    })
}
