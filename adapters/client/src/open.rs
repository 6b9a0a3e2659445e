//! From a route to a connection.

use core::net::SocketAddr;

use wirenut::http::{ClientEvent, Field, Method, Request, ResponseFraming};
use wirenut::time::Instant;
use wirenut_linux::monotonic_time;
use wirenut_linux::socket::{Mode, Socket, UnixAddress};
use wirenut_tls::Wire;

use crate::error::{Cause, Error, Phase};
use crate::inner::Inner;
use crate::link::Link;
use crate::lookup::look_up;
use crate::proxies::Proxy;
use crate::race;
use crate::route::{Peer, Route};
use crate::timings::Timings;
#[cfg(feature = "tls")]
use crate::tls;
use crate::watch::Watch;

/// A new connection: looked up, connected, through the proxy, over TLS, as the route says.
pub(crate) fn open(
    inner: &Inner,
    route: &Route,
    proxy: Option<&Proxy>,
    watch: &Watch,
    timings: &mut Timings,
) -> Result<Box<Link>, Error> {
    let (mut wire, subject) = match &route.peer {
        Peer::Tcp { host, port } => tcp(inner, host, *port, watch, timings)?,
        Peer::Unix(path) => {
            let wire = unix(path, &watch.within(inner.timeouts.connect));
            (wire.map_err(|cause| Error::new(Phase::Connect, path.display(), cause))?, path.display().to_string())
        }
    };
    let label = |cause, phase| Error::new(phase, &subject, cause);
    if let Some(target) = &route.tunnel {
        let watch = watch.within(inner.timeouts.connect);
        wire = tunnel(inner, wire, target, proxy, &watch).map_err(|cause| label(cause, Phase::Proxy))?;
    }
    if let Some(name) = &route.tls {
        let before = monotonic_time();
        wire = secure(inner, wire, name, watch).map_err(|cause| label(cause, Phase::Tls))?;
        timings.tls = Some(monotonic_time().saturating_since(before));
    }
    let link = Link::new(wire, &inner.limits, subject.as_str()).map_err(|cause| label(cause, Phase::Connect))?;
    Ok(Box::new(link))
}

fn tcp(inner: &Inner, host: &str, port: u16, watch: &Watch, timings: &mut Timings) -> Result<(Wire, String), Error> {
    let before = monotonic_time();
    let found = look_up(host, port, &watch.within(inner.timeouts.lookup));
    let addresses = found.map_err(|cause| Error::new(Phase::LookUp, host, cause))?;
    let after = monotonic_time();
    timings.lookup = Some(after.saturating_since(before));
    let subject = |address: SocketAddr| match host.parse::<core::net::IpAddr>() {
        Ok(_) => address.to_string(),
        Err(_) => format!("{address} ({host})"),
    };
    let connected = race::connect(&addresses, &watch.within(inner.timeouts.connect));
    let (stream, address) =
        connected.map_err(|(cause, address)| Error::new(Phase::Connect, subject(address), cause))?;
    // Small pieces are written whole, so waiting for more would only cost time.
    let ready = stream.set_no_delay(true).and_then(|()| stream.set_mode(Mode::NonBlocking));
    ready.map_err(|error| Error::new(Phase::Connect, subject(address), error.into()))?;
    timings.connect = Some(monotonic_time().saturating_since(after));
    Ok((Wire::new(stream.into()), subject(address)))
}

/// A listener of Unix sockets that has no room cannot be waited for by a poller, so this wait cannot be cancelled.
fn unix(path: &std::path::Path, watch: &Watch) -> Result<Wire, Cause> {
    watch.check(monotonic_time())?;
    let socket = Socket::stream()?;
    let left = watch.deadline().unwrap_or(Instant::NEVER).saturating_since(monotonic_time());
    let address = UnixAddress::pathname(path)?;
    let stream = socket.connect_within(&address, core::time::Duration::from_micros(left.as_micros()))?;
    stream.set_mode(Mode::NonBlocking)?;
    Ok(Wire::new(stream.into()))
}

/// Asks the proxy for a tunnel (RFC 9110 §9.3.6).
fn tunnel(inner: &Inner, wire: Wire, target: &str, proxy: Option<&Proxy>, watch: &Watch) -> Result<Wire, Cause> {
    let mut link = Link::new(wire, &inner.limits, target)?;
    let authorization = proxy.and_then(Proxy::authorization);
    let mut fields = vec![Field::from_bytes("User-Agent", inner.user_agent.as_bytes())];
    fields.extend(authorization.map(|value| Field::from_bytes("Proxy-Authorization", value)));
    let request = Request::new(Method::Connect, target, target).with_fields(&fields);
    let mut answer = None;
    let mut listener = |event: ClientEvent<'_>| {
        let ClientEvent::Head(head) = event else { return None };
        answer = Some((head.status.code(), head.body));
        Some(0)
    };
    link.ask(&inner.limits, &request, &mut std::io::empty(), &mut listener, watch)?;
    match answer {
        Some((_, ResponseFraming::Tunnel)) => {
            link.into_wire().ok_or(Cause::Other("the proxy spoke before it was spoken to"))
        }
        Some((status, _)) => Err(Cause::Status(status)),
        None => Err(Cause::Other("the proxy did not answer")),
    }
}

#[cfg(feature = "tls")]
fn secure(inner: &Inner, wire: Wire, name: &str, watch: &Watch) -> Result<Wire, Cause> {
    let config = inner.tls_config()?;
    tls::secure(wire, &config, name, &watch.within(inner.timeouts.tls))
}

#[cfg(not(feature = "tls"))]
fn secure(_: &Inner, _: Wire, _: &str, _: &Watch) -> Result<Wire, Cause> {
    Err(Cause::Other("https needs the feature `tls` of wirenut-client"))
}
