//! A request and its answer, through redirects and retries.

use alloc::sync::Arc;

use wirenut::http::{ClientEvent, Field, Method, Request, Status};
use wirenut::time::Duration;
use wirenut_linux::monotonic_time;

use crate::cancel::Cancel;
use crate::error::{Cause, Error, Phase};
use crate::inner::Inner;
use crate::link::Link;
use crate::observer::{Observed, Observer};
use crate::open::open;
use crate::parts::Parts;
use crate::pool::{Got, Place};
use crate::proxies::{Proxy, basic};
use crate::redirect::{Redirects, describes_content, is_credential};
use crate::response::{Head, Response};
use crate::route::Route;
use crate::timings::Timings;
use crate::url::{Scheme, Url};
use crate::watch::Watch;

/// From this length on, the server is asked before content is sent.
const EXPECTS_FROM: u64 = 1 << 20;

/// So much content of an answer that redirects is read, to keep the connection.
const DISCARD: u64 = 64 * 1024;

/// It is waited for so long: about as long as a new connection takes.
const DISCARD_TIME: Duration = Duration::from_secs(1);

/// Sends a request, and follows redirects.
pub(crate) fn send(
    inner: &Arc<Inner>,
    url: Url,
    mut parts: Parts<'_>,
    (timeout, cancel, observer): (Option<Duration>, Option<Cancel>, Option<Observer>),
    redirects: Option<Redirects>,
) -> Result<Response, Error> {
    let policy = redirects.unwrap_or(inner.redirects);
    let mut watch = Watch::new(timeout.or(inner.timeouts.whole), cancel);
    watch.observer = observer;
    let (started, mut timings) = (monotonic_time(), Timings::default());
    add_credentials(&mut parts, &url)?;
    let (mut url, mut followed) = (url, 0);
    loop {
        let (head, link) = exchange(inner, &mut parts, &url, &watch, &mut timings)?;
        timings.head = Some(monotonic_time().saturating_since(started));
        let answer = (head.status, head.headers.get("Location"));
        let next = policy.next(answer, &parts.method, &url, followed);
        let next = next.map_err(|cause| Error::new(Phase::Redirect, &url, cause))?;
        let Some(next) = next else {
            return Response::new(Arc::clone(inner), (url, head), link, watch, (timings, followed));
        };
        let response = Response::new(Arc::clone(inner), (url.clone(), head), link, watch.clone(), (timings, followed));
        // An answer that is not whole redirects all the same.
        response.map_or_else(drop, |response| response.discard(DISCARD, DISCARD_TIME));
        if next.becomes_get {
            parts.method = b"GET".to_vec();
            parts.body = b"".into();
            parts.fields.retain(|(name, _)| !describes_content(name));
        } else if !parts.body.rewind() {
            let cause = Cause::RefusedRedirect("the content of the request cannot be sent a second time");
            return Err(Error::new(Phase::Redirect, &url, cause));
        }
        if next.leaves_origin {
            parts.fields.retain(|(name, _)| !is_credential(name));
            parts.host = None;
        }
        (url, followed) = (next.url, followed + 1);
    }
}

/// Credentials of the URL become a field.
fn add_credentials(parts: &mut Parts<'_>, url: &Url) -> Result<(), Error> {
    if let Some(credentials) = url.credentials().filter(|_| parts.lacks("Authorization")) {
        let value = basic(&credentials).map_err(|cause| Error::new(Phase::Prepare, url, cause))?;
        parts.fields.push(("Authorization".into(), value.into()));
    }
    Ok(())
}

type Answer = (Head, (Box<Link>, Place));

/// One request and the head of its answer.
fn exchange(
    inner: &Inner,
    parts: &mut Parts<'_>,
    url: &Url,
    watch: &Watch,
    timings: &mut Timings,
) -> Result<Answer, Error> {
    let proxy = match &inner.unix_socket {
        Some(_) => None,
        None => inner.proxies.for_url(url)?,
    };
    let route = Route::new(url, proxy, inner.unix_socket.as_deref());
    let length = parts.body.length();
    let is_large = length.is_some_and(|length| length >= EXPECTS_FROM);
    let mut expects = length != Some(0) && parts.expects_continue.unwrap_or(is_large);
    let mut is_new = false;
    loop {
        let got = inner.pool.get(&route, is_new, &watch.within(inner.timeouts.pool));
        let (mut link, place, is_kept) = match got.map_err(|cause| Error::new(Phase::Pool, &route.peer, cause))? {
            Got::Kept(link, place) => {
                watch.observe(&Observed::Reused(link.subject()));
                (link, place, true)
            }
            Got::Place(place) => (open(inner, &route, proxy, watch, timings)?, place, false),
        };
        match ask(inner, &mut link, parts, url, proxy, expects, watch) {
            // It knows no expectations: without one then (RFC 9110 §10.1.1).
            Ok(head) if head.status == Status::EXPECTATION_FAILED && expects && parts.body.rewind() => expects = false,
            Ok(head) => return Ok((head, (link, place))),
            Err(cause) if is_kept && is_lost(&cause) && link.may_retry() && parts.body.rewind() => is_new = true,
            Err(cause) => return Err(Error::new(phase(&cause, link.is_sending()), link.subject(), cause)),
        }
    }
}

/// Has the connection failed, and not the patience of anybody?
const fn is_lost(cause: &Cause) -> bool {
    matches!(cause, Cause::System(_) | Cause::Protocol(_) | Cause::Tls(_))
}

const fn phase(cause: &Cause, is_sending: bool) -> Phase {
    let is_ours = matches!(cause, Cause::Refused(_) | Cause::Source(_));
    if is_ours || is_sending { Phase::Request } else { Phase::Response }
}

/// Sends the request on a connection, and hears the head of its answer.
fn ask(
    inner: &Inner,
    link: &mut Link,
    parts: &mut Parts<'_>,
    url: &Url,
    proxy: Option<&Proxy>,
    expects: bool,
    watch: &Watch,
) -> Result<Head, Cause> {
    let host = parts.host.clone().unwrap_or_else(|| url.authority());
    // A proxy gets the whole URL (RFC 9112 §3.2.2), but not in a tunnel.
    let proxy = proxy.filter(|_| url.scheme() == Scheme::Http);
    let target =
        if proxy.is_some() { format!("http://{}{}", url.authority(), url.target()) } else { url.target().to_owned() };
    let usual = [
        ("User-Agent", Some(inner.user_agent.as_bytes())),
        ("Accept", Some(&b"*/*"[..])),
        ("Proxy-Authorization", proxy.and_then(Proxy::authorization)),
    ];
    let mut fields = Vec::with_capacity(parts.fields.len() + usual.len());
    fields.extend(parts.fields.iter().map(|(name, value)| Field::from_bytes(name, value)));
    let usual = usual.into_iter().filter(|(name, _)| parts.lacks(name));
    fields.extend(usual.filter_map(|(name, value)| value.map(|value| Field::from_bytes(name, value))));
    let request = Request {
        length: parts.body.length(),
        expect_continue: expects,
        ..Request::new(Method::from_token(&parts.method), &target, &host).with_fields(&fields)
    };
    let mut head = None;
    let mut listener = |event: ClientEvent<'_>| {
        let received = match event {
            ClientEvent::Head(received) => received,
            ClientEvent::Interim(interim) => {
                watch.observe(&Observed::Response(&interim));
                return None;
            }
            ClientEvent::NeedMore
            | ClientEvent::Paused
            | ClientEvent::Body(_)
            | ClientEvent::End(_)
            | ClientEvent::Closed => {
                return None;
            }
        };
        watch.observe(&Observed::Response(&received));
        head = Some(Head::new(&received));
        Some(0)
    };
    link.ask(&inner.limits, &request, &mut parts.body, &mut listener, watch)?;
    head.ok_or(Cause::Other("the connection ended without an answer"))
}
