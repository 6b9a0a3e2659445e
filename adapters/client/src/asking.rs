//! A request up to the head of its answer, through redirects and retries, without waiting.

use alloc::sync::Arc;
use core::mem;
use core::ops::ControlFlow;

use wirenut::http::{ClientEvent, Field, Method, Request, Status};
use wirenut::time::{Duration, Instant};
use wirenut_linux::monotonic_time;

use crate::answer::{Answer, Piece};
use crate::cancel::Cancel;
use crate::error::{Cause, Error, Phase};
use crate::head::BareHead;
use crate::inner::Inner;
use crate::link::Link;
use crate::observer::{Observed, Observer};
use crate::open::{Around, Opening, observe_ends};
use crate::parts::Parts;
use crate::pool::{Got, Place, Ticket};
use crate::proxies::{Proxy, basic};
use crate::redirect::{Redirect, Redirects, describes_content, is_credential};
use crate::route::Route;
use crate::timings::Timings;
use crate::url::Url;
use crate::watch::Watch;
use crate::watcher::Watcher;

/// From this length on, the server is asked before content is sent.
const EXPECTS_FROM: u64 = 1 << 20;

/// So much content of an answer that redirects is read, to keep the connection.
const DISCARD: u64 = 64 * 1024;

/// And for at most this long: about as long as a new connection takes.
const DISCARD_TIME: Duration = Duration::from_secs(1);

/// A request that has no answer yet.
pub(crate) struct Asking<'b> {
    inner: Arc<Inner>,
    url: Url,
    parts: Parts<'b>,
    policy: Redirects,
    watch: Watch,
    started: Instant,
    timings: Timings,
    followed: u8,
    /// Where the request under way goes.
    hop: Hop,
    stage: Stage,
}

/// Where a request goes: another place after each redirect.
struct Hop {
    route: Route,
    proxy: Option<Proxy>,
    /// The server is asked before content is sent.
    expects: bool,
}

enum Stage {
    /// Waits for a connection of the pool.
    Pool(Ticket, Watch),
    Open(Box<Opening>, Place),
    Ask(Asked),
    /// Reads the rest of an answer that redirects.
    Discard(Box<Answer>, Redirect),
    /// It failed.
    Over,
}

/// A request on a connection.
struct Asked {
    link: Box<Link>,
    place: Place,
    /// The connection was used before.
    is_kept: bool,
    /// The head of the answer, while content is still to be sent.
    head: Option<BareHead>,
}

impl<'b> Asking<'b> {
    pub(crate) fn new(
        inner: Arc<Inner>,
        url: Url,
        mut parts: Parts<'b>,
        (timeout, cancel, observer): (Option<Duration>, Option<Cancel>, Option<Observer>),
        redirects: Option<Redirects>,
    ) -> Result<Self, Error> {
        add_credentials(&mut parts, &url)?;
        let hop = Hop::new(&inner, &parts, &url)?;
        let mut watch = Watch::new(timeout.or(inner.timeouts.whole), cancel);
        watch.observer = observer;
        Ok(Self {
            policy: redirects.unwrap_or(inner.redirects),
            started: monotonic_time(),
            timings: Timings::default(),
            followed: 0,
            stage: Stage::pool(&inner, false, &watch),
            watch,
            inner,
            url,
            parts,
            hop,
        })
    }

    /// Has the watcher watch what can end each stage.
    pub(crate) fn attach(&self, watcher: &mut dyn Watcher) -> Result<(), Error> {
        let Some(cancel) = &self.watch.cancel else { return Ok(()) };
        cancel.attach(watcher).map_err(|cause| Error::new(Phase::Prepare, &self.url, cause))
    }

    /// The answer, once its head is there. `None`: not yet; ask again when the watcher says so, or at
    /// [`Self::poll_timeout`].
    pub(crate) fn poll(&mut self, watcher: &mut dyn Watcher) -> Result<Option<Answer>, Error> {
        loop {
            // After an error the request is over.
            match mem::replace(&mut self.stage, Stage::Over) {
                Stage::Pool(mut ticket, watch) => {
                    let polled = ticket.poll(&self.hop.route, &watch, watcher);
                    match polled.map_err(|cause| Error::new(Phase::Pool, &self.hop.route.peer, cause))? {
                        Some(Got::Kept(link, place)) => self.ask(link, place, true, watcher)?,
                        Some(Got::Place(place)) => self.stage = Stage::Open(Box::new(Opening::new()), place),
                        None => return self.wait(Stage::Pool(ticket, watch)),
                    }
                }
                Stage::Open(mut opening, place) => match self.open(&mut opening, watcher)? {
                    Some(link) => self.ask(link, place, false, watcher)?,
                    None => return self.wait(Stage::Open(opening, place)),
                },
                Stage::Ask(asked) => {
                    if let Turn::Break(found) = self.hear(asked, watcher)? {
                        return Ok(found);
                    }
                }
                Stage::Discard(mut answer, next) => {
                    // An answer that is not whole redirects all the same.
                    let polled = answer.poll(&mut |piece| piece.len(), watcher);
                    match polled.unwrap_or(Piece::End) {
                        Piece::Taken if answer.received() < DISCARD => self.stage = Stage::Discard(answer, next),
                        Piece::Taken | Piece::End => {
                            answer.detach(watcher);
                            drop(answer);
                            self.follow(next)?;
                        }
                        Piece::Pending => return self.wait(Stage::Discard(answer, next)),
                    }
                }
                Stage::Over => {
                    return Err(self.failed(Cause::Other("it failed before")));
                }
            }
        }
    }

    /// When to poll it again although nothing was ready.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Pool(_, watch) => watch.deadline(),
            Stage::Open(opening, _) => opening.poll_timeout(),
            Stage::Ask(asked) => asked.link.poll_timeout(&self.watch),
            Stage::Discard(answer, _) => answer.poll_timeout(),
            Stage::Over => None,
        }
    }

    /// Has it failed?
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over)
    }

    /// The error of a wait that failed.
    pub(crate) fn failed(&self, cause: Cause) -> Error {
        Error::new(Phase::Request, &self.url, cause)
    }

    fn wait(&mut self, stage: Stage) -> Result<Option<Answer>, Error> {
        self.stage = stage;
        Ok(None)
    }

    fn open(&mut self, opening: &mut Opening, watcher: &mut dyn Watcher) -> Result<Option<Box<Link>>, Error> {
        let Self { inner, hop, watch, timings, .. } = self;
        opening.poll(&mut Around { inner, route: &hop.route, watch, watcher, timings })
    }

    /// Begins the request on a connection.
    fn ask(
        &mut self,
        mut link: Box<Link>,
        place: Place,
        is_kept: bool,
        watcher: &mut dyn Watcher,
    ) -> Result<(), Error> {
        if is_kept {
            self.watch.observe(&Observed::Reused(link.subject()));
            observe_ends(link.wire(), &self.watch);
        }
        // Without a cancel, the watcher watches nothing now.
        if self.watch.cancel.is_none() {
            link.exchange_memory(watcher);
        }
        let begun = link.attach(watcher).and_then(|()| self.begin(&mut link));
        begun.map_err(|cause| Error::new(Phase::Request, link.subject(), cause))?;
        self.stage = Stage::Ask(Asked { link, place, is_kept, head: None });
        Ok(())
    }

    fn begin(&self, link: &mut Link) -> Result<(), Cause> {
        let Self { url, parts, hop, .. } = self;
        let is_connect = parts.method == b"CONNECT";
        let authority = if is_connect { url.host_and_port() } else { url.authority() };
        let host = parts.host.as_deref().unwrap_or(&authority);
        // A proxy gets the whole URL (RFC 9112 §3.2.2), but not in a tunnel.
        let proxy = hop.proxy.as_ref().filter(|_| hop.route.tunnel.is_none());
        let target = match proxy {
            _ if is_connect => authority.clone(),
            Some(_) => format!("http://{authority}{}", url.target()),
            None => url.target().to_owned(),
        };
        let usual = [
            ("User-Agent", Some(self.inner.user_agent.as_bytes())),
            ("Accept", Some(&b"*/*"[..])),
            ("Proxy-Authorization", proxy.and_then(Proxy::authorization)),
        ];
        let mut fields = Vec::with_capacity(parts.fields.len() + usual.len());
        // The server behind a tunnel must not get the fields for the proxy.
        let is_for_proxy = |name: &str| hop.route.tunnel.is_some() && name.eq_ignore_ascii_case("Proxy-Authorization");
        let own = parts.fields.iter().filter(|(name, _)| !is_for_proxy(name));
        fields.extend(own.map(|(name, value)| Field::from_bytes(name, value)));
        let usual = usual.into_iter().filter(|(name, _)| parts.lacks(name));
        fields.extend(usual.filter_map(|(name, value)| value.map(|value| Field::from_bytes(name, value))));
        let request = Request {
            length: parts.body.length(),
            expect_continue: hop.expects,
            ..Request::new(Method::from_token(&parts.method), &target, host).with_fields(&fields)
        };
        link.request(&self.inner.limits, &request, &self.watch)
    }

    /// Sends what is left of the request, and listens for the head of the answer.
    fn hear(&mut self, mut asked: Asked, watcher: &mut dyn Watcher) -> Result<Turn, Error> {
        let link = &mut asked.link;
        let (head, body, watch) = (&mut asked.head, &mut self.parts.body, &self.watch);
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
                | ClientEvent::Closed => return None,
            };
            watch.observe(&Observed::Response(&received));
            *head = Some(BareHead::new(&received));
            Some(0)
        };
        let polled = link.poll(&self.inner.limits, body, &mut listener, watch, watcher);
        let no_answer = Cause::Other("the connection ended without an answer");
        let is_new = match polled.and_then(|is_over| match (is_over, asked.head.take()) {
            (true, head) => head.map(Some).ok_or(no_answer),
            (false, head) => {
                asked.head = head;
                Ok(None)
            }
        }) {
            Ok(None) => {
                self.stage = Stage::Ask(asked);
                return Ok(Turn::Break(None));
            }
            // The server does not support expectations: ask again without one (RFC 9110 §10.1.1).
            Ok(Some(head))
                if head.status == Status::EXPECTATION_FAILED && self.hop.expects && self.parts.body.rewind() =>
            {
                self.hop.expects = false;
                false
            }
            Ok(Some(head)) => return self.answered(head, asked, watcher),
            Err(cause) if asked.is_kept && is_lost(&cause) && asked.link.may_retry() && self.parts.body.rewind() => {
                true
            }
            Err(cause) => {
                let phase = phase(&cause, asked.link.is_sending());
                return Err(Error::new(phase, asked.link.subject(), cause));
            }
        };
        asked.link.detach(watcher);
        drop(asked);
        self.stage = Stage::pool(&self.inner, is_new, &self.watch);
        Ok(Turn::Continue(()))
    }

    /// The answer is the response, or leads elsewhere.
    fn answered(&mut self, head: BareHead, asked: Asked, watcher: &mut dyn Watcher) -> Result<Turn, Error> {
        let Asked { link, place, .. } = asked;
        self.timings.head = Some(monotonic_time().saturating_since(self.started));
        let answer = (head.status, head.headers.get("Location"));
        let next = self.policy.follow(answer, &self.parts.method, &self.url, self.followed)?;
        // Only an answer that redirects is followed by a request that needs it.
        let url = if next.is_some() { self.url.clone() } else { self.url.take() };
        let (inner, found) = (Arc::clone(&self.inner), (self.timings, self.followed));
        let watch = if next.is_some() { self.watch.within(DISCARD_TIME) } else { self.watch.clone() };
        let mut answer = Answer::new(inner, (url, head), (link, place), watch, found);
        match next {
            Some(next) if answer.head.length().is_some_and(|length| length > DISCARD) => {
                answer.detach(watcher);
                drop(answer);
                self.follow(next)?;
                Ok(Turn::Continue(()))
            }
            Some(next) => {
                self.stage = Stage::Discard(Box::new(answer), next);
                Ok(Turn::Continue(()))
            }
            None => {
                answer.free_if_empty(watcher)?;
                Ok(Turn::Break(Some(answer)))
            }
        }
    }

    /// Begins the request to where a redirect leads.
    fn follow(&mut self, next: Redirect) -> Result<(), Error> {
        let parts = &mut self.parts;
        if next.becomes_get {
            parts.method = b"GET".to_vec();
            parts.body = b"".into();
            parts.fields.retain(|(name, _)| !describes_content(name));
        } else if !parts.body.rewind() {
            let cause = Cause::RefusedRedirect("the content of the request cannot be sent a second time");
            return Err(Error::new(Phase::Redirect, &self.url, cause));
        }
        if next.leaves_origin {
            parts.fields.retain(|(name, _)| !is_credential(name));
            parts.host = None;
        }
        (self.url, self.followed) = (next.url, self.followed + 1);
        self.hop = Hop::new(&self.inner, &self.parts, &self.url)?;
        self.stage = Stage::pool(&self.inner, false, &self.watch);
        Ok(())
    }
}

/// The next stage, or what a poll has found.
type Turn = ControlFlow<Option<Answer>>;

impl Hop {
    fn new(inner: &Inner, parts: &Parts<'_>, url: &Url) -> Result<Self, Error> {
        let proxy = match &inner.unix_socket {
            Some(_) => None,
            None => inner.proxies.for_url(url)?,
        };
        let unix = inner.unix_socket.as_deref();
        let place = inner.detours.place(url.host_name(), url.port());
        let route = match parts.method.as_slice() {
            b"CONNECT" => Route::to_proxy(place, proxy, unix),
            _ => Route::new(url, place, proxy, unix, (parts.value("Proxy-Authorization"), parts.has("Upgrade"))),
        };
        let length = parts.body.length();
        let is_large = length.is_some_and(|length| length >= EXPECTS_FROM);
        let expects = length != Some(0) && parts.expects_continue.unwrap_or(is_large);
        Ok(Self { route, proxy: proxy.cloned(), expects })
    }
}

impl Stage {
    fn pool(inner: &Inner, is_new: bool, watch: &Watch) -> Self {
        Self::Pool(Ticket::new(&inner.pool, is_new), watch.within(inner.timeouts.pool))
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

/// Has the connection failed? A time-out or a cancelled request is no such failure.
const fn is_lost(cause: &Cause) -> bool {
    matches!(cause, Cause::System(_) | Cause::Protocol(_) | Cause::Tls(_))
}

const fn phase(cause: &Cause, is_sending: bool) -> Phase {
    let is_ours = matches!(cause, Cause::Refused(_) | Cause::HeadTooLong(_) | Cause::Source(_));
    if is_ours || is_sending { Phase::Request } else { Phase::Response }
}
