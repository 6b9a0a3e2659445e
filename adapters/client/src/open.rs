//! From a route to a connection, step by step and without waiting: look-up, connect, tunnel, TLS.

use core::mem;
use core::net::{IpAddr, SocketAddr};
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;

use wirenut::http::{ClientEvent, Field, Method, Request, ResponseFraming};
use wirenut::time::{Duration, Instant};
use wirenut_linux::monotonic_time;
use wirenut_linux::poller::Interest;
use wirenut_linux::socket::{Mode, Progress, Socket, TcpStream, UnixAddress};
use wirenut_tls::Wire;

use crate::error::{Cause, Error, Phase};
use crate::inner::Inner;
use crate::link::Link;
use crate::lookup::LookUp;
use crate::observer::Observed;
use crate::race::Race;
use crate::route::{Peer, Route, Tunnel};
use crate::timings::Timings;
use crate::watch::{Watch, earlier};
use crate::watcher::Watcher;

/// A listener of Unix sockets that has no room cannot be waited for by a poller, so it is asked again: after that time, which
/// doubles each time, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(50);

/// What a connection that is being opened needs of its request.
pub(crate) struct Around<'a> {
    pub(crate) inner: &'a Inner,
    pub(crate) route: &'a Route,
    pub(crate) watch: &'a Watch,
    pub(crate) watcher: &'a mut dyn Watcher,
    pub(crate) timings: &'a mut Timings,
}

/// A connection that is being opened.
pub(crate) struct Opening {
    step: Step,
    /// Bounds the step.
    watch: Watch,
    /// When the step began.
    since: Instant,
    /// Whom it leads to, for errors.
    subject: String,
    /// It is a proxy.
    is_proxied: bool,
}

enum Step {
    Begin,
    LookUp(LookUp),
    Race(Race),
    Unix { retry_at: Instant, pause: Duration },
    Connected(Wire),
    Tunnel(Box<Link>),
    Tunnelled(Wire),
    Tls(Wire),
    Open(Wire),
}

/// What a step has come to.
enum Turn {
    Next(Step),
    /// It goes on when something is ready.
    Wait(Step),
}

impl Opening {
    pub(crate) fn new() -> Self {
        let (step, watch) = (Step::Begin, Watch::default());
        Self { step, watch, since: Instant::START, subject: String::new(), is_proxied: false }
    }

    /// The connection: looked up, connected, through the proxy, over TLS, as the route says. `None`: not yet; ask again when
    /// the watcher says so, or at [`Self::poll_timeout`].
    pub(crate) fn poll(&mut self, around: &mut Around<'_>) -> Result<Option<Box<Link>>, Error> {
        loop {
            let turn = match mem::replace(&mut self.step, Step::Begin) {
                Step::Begin => self.begin(around)?,
                Step::LookUp(asking) => self.look_up(asking, around)?,
                Step::Race(race) => self.race(race, around)?,
                Step::Unix { retry_at, pause } => self.unix(retry_at, pause, around)?,
                Step::Connected(wire) => self.ask_for_tunnel(wire, around)?,
                Step::Tunnel(link) => self.tunnel(link, around)?,
                Step::Tunnelled(wire) => self.begin_tls(wire, around)?,
                Step::Tls(handshake) => self.tls(handshake, around)?,
                Step::Open(wire) => {
                    return Ok(Some(Box::new(Link::new(wire, &around.inner.limits, self.subject.as_str()))));
                }
            };
            match turn {
                Turn::Next(step) => self.step = step,
                Turn::Wait(step) => {
                    self.step = step;
                    return Ok(None);
                }
            }
        }
    }

    /// When to poll it again although nothing was ready.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let step = match &self.step {
            Step::Race(race) => race.poll_timeout(),
            Step::Unix { retry_at, .. } => Some(*retry_at),
            Step::Tunnel(link) => link.poll_timeout(&self.watch),
            Step::Begin | Step::LookUp(_) | Step::Connected(_) | Step::Tunnelled(_) | Step::Tls(_) | Step::Open(_) => {
                None
            }
        };
        earlier(step, self.watch.deadline())
    }

    fn failed(&self, phase: Phase) -> impl Fn(Cause) -> Error + '_ {
        // In the phases after these, the phase or the subject names the proxy.
        let is_of_proxy = self.is_proxied && matches!(phase, Phase::LookUp | Phase::Connect);
        move |cause| Error::new(phase, &self.subject, cause).of_proxy(is_of_proxy)
    }

    fn begin(&mut self, around: &mut Around<'_>) -> Result<Turn, Error> {
        self.since = monotonic_time();
        self.is_proxied = around.route.is_proxied;
        match &around.route.peer {
            Peer::Tcp { host, port } => {
                self.subject = host.to_string();
                self.watch = around.watch.within(around.inner.timeouts.lookup);
                if let Some(addresses) = around.inner.hosts.find(host, *port) {
                    return Ok(Turn::Next(self.connect(&addresses, around)));
                }
                if let Ok(address) = host.parse::<IpAddr>() {
                    return Ok(Turn::Next(self.connect(&[SocketAddr::new(address, *port)], around)));
                }
                let asking = LookUp::new(host, *port, around.watcher);
                Ok(Turn::Next(Step::LookUp(asking.map_err(self.failed(Phase::LookUp))?)))
            }
            Peer::Unix(path) => {
                self.subject = path.display().to_string();
                self.watch = around.watch.within(around.inner.timeouts.connect);
                Ok(Turn::Next(Step::Unix { retry_at: Instant::START, pause: FIRST_PAUSE }))
            }
        }
    }

    fn look_up(&mut self, mut asking: LookUp, around: &mut Around<'_>) -> Result<Turn, Error> {
        match asking.poll(&self.watch, around.watcher).map_err(self.failed(Phase::LookUp))? {
            Some(addresses) => Ok(Turn::Next(self.connect(&addresses, around))),
            None => Ok(Turn::Wait(Step::LookUp(asking))),
        }
    }

    fn connect(&mut self, addresses: &[SocketAddr], around: &mut Around<'_>) -> Step {
        around.timings.lookup = Some(self.lap());
        around.watch.observe(&Observed::LookedUp(addresses));
        // Of a proxy its answer to CONNECT must come within the same time.
        self.watch = around.watch.within(around.inner.timeouts.connect);
        Step::Race(Race::new(addresses))
    }

    /// How long the step took; the next begins.
    fn lap(&mut self) -> Duration {
        let now = monotonic_time();
        now.saturating_since(mem::replace(&mut self.since, now))
    }

    fn race(&mut self, mut race: Race, around: &mut Around<'_>) -> Result<Turn, Error> {
        let Peer::Tcp { host, .. } = &around.route.peer else { return Ok(Turn::Wait(Step::Race(race))) };
        let subject = |address: SocketAddr| match host.parse::<IpAddr>() {
            Ok(_) => address.to_string(),
            Err(_) => format!("{address} ({host})"),
        };
        let polled = race.poll(&self.watch, around.watcher);
        let polled = polled.map_err(|(cause, address)| {
            Error::new(Phase::Connect, subject(address), cause).of_proxy(self.is_proxied)
        })?;
        let Some((stream, address)) = polled else { return Ok(Turn::Wait(Step::Race(race))) };
        self.subject = subject(address);
        make_ready(&stream).map_err(self.failed(Phase::Connect))?;
        around.timings.connect = Some(self.lap());
        Ok(Turn::Next(Step::Connected(Wire::new(stream.into()))))
    }

    fn unix(&self, retry_at: Instant, pause: Duration, around: &Around<'_>) -> Result<Turn, Error> {
        let Peer::Unix(path) = &around.route.peer else { return Ok(Turn::Wait(Step::Unix { retry_at, pause })) };
        let now = monotonic_time();
        self.watch.check(now).map_err(self.failed(Phase::Connect))?;
        if now < retry_at {
            return Ok(Turn::Wait(Step::Unix { retry_at, pause }));
        }
        match connect_unix(path).map_err(self.failed(Phase::Connect))? {
            Some(wire) => Ok(Turn::Next(Step::Connected(wire))),
            None => {
                let next = pause.saturating_mul(2).min(MAX_PAUSE);
                Ok(Turn::Wait(Step::Unix { retry_at: now.saturating_add(pause), pause: next }))
            }
        }
    }

    /// Asks the proxy for a tunnel (RFC 9110 §9.3.6), where the route leads through one.
    fn ask_for_tunnel(&mut self, wire: Wire, around: &mut Around<'_>) -> Result<Turn, Error> {
        around.watch.observe(&Observed::Connected(&self.subject));
        observe_ends(&wire, around.watch);
        let Some(Tunnel { target, authorization }) = &around.route.tunnel else {
            if self.is_proxied {
                self.subject.insert_str(0, "the proxy ");
            }
            return Ok(Turn::Next(Step::Tunnelled(wire)));
        };
        let limits = &around.inner.limits;
        let mut link = Box::new(Link::new(wire, limits, self.subject.as_str()));
        let mut fields = vec![Field::from_bytes("User-Agent", around.inner.user_agent.as_bytes())];
        fields.extend(authorization.as_deref().map(|value| Field::from_bytes("Proxy-Authorization", value)));
        let request = Request::new(Method::Connect, target, target).with_fields(&fields);
        let asked = link.attach(around.watcher).and_then(|()| link.request(limits, &request, around.watch));
        asked.map_err(self.failed(Phase::Proxy))?;
        Ok(Turn::Next(Step::Tunnel(link)))
    }

    fn tunnel(&mut self, mut link: Box<Link>, around: &mut Around<'_>) -> Result<Turn, Error> {
        let mut answer = None;
        let mut listener = |event: ClientEvent<'_>| {
            let ClientEvent::Head(head) = event else { return None };
            around.watch.observe(&Observed::Response(&head));
            answer = Some((head.status.code(), head.body));
            Some(0)
        };
        let limits = &around.inner.limits;
        let polled = link.poll(limits, &mut io::empty(), &mut listener, &self.watch, around.watcher);
        let cause = match (polled.map_err(self.failed(Phase::Proxy))?, answer) {
            (false, _) => return Ok(Turn::Wait(Step::Tunnel(link))),
            (true, Some((_, ResponseFraming::Tunnel))) => {
                link.detach(around.watcher);
                match link.into_wire() {
                    (wire, unread) if unread.is_empty() => {
                        // From here on, it is the server at the other end that fails.
                        if let Some(Tunnel { target, .. }) = &around.route.tunnel {
                            self.subject = format!("{target} through the proxy {}", self.subject);
                        }
                        return Ok(Turn::Next(Step::Tunnelled(wire)));
                    }
                    // Whoever asks for a tunnel speaks first.
                    _ => Cause::Other("the proxy spoke before it was spoken to"),
                }
            }
            (true, Some((status, _))) => Cause::Status(status),
            (true, None) => Cause::Other("the proxy did not answer"),
        };
        Err(self.failed(Phase::Proxy)(cause))
    }

    fn begin_tls(&mut self, wire: Wire, around: &mut Around<'_>) -> Result<Turn, Error> {
        let Some(name) = &around.route.tls else { return Ok(Turn::Next(Step::Open(wire))) };
        self.since = monotonic_time();
        self.watch = around.watch.within(around.inner.timeouts.tls);
        let begun = with_tls(around.inner, wire, name).and_then(|wire| {
            around.watcher.register(wire.as_fd(), Interest::READABLE)?;
            Ok(wire)
        });
        Ok(Turn::Next(Step::Tls(begun.map_err(self.failed(Phase::Tls))?)))
    }

    fn tls(&mut self, mut wire: Wire, around: &mut Around<'_>) -> Result<Turn, Error> {
        let failed = self.failed(Phase::Tls);
        self.watch.check(monotonic_time()).map_err(&failed)?;
        if let Some(interest) = wire.handshake().map_err(|error| failed(error.into()))? {
            around.watcher.modify(wire.as_fd(), interest).map_err(&failed)?;
            return Ok(Turn::Wait(Step::Tls(wire)));
        }
        around.watcher.deregister(wire.as_fd());
        drop(failed);
        #[cfg(feature = "tls")]
        if let Some(observer) = &around.watch.observer {
            observer.observe_tls(&wire);
        }
        around.timings.tls = Some(self.lap());
        Ok(Turn::Next(Step::Open(wire)))
    }
}

/// Says between which addresses the connection is. Nobody is asked where nobody listens.
pub(crate) fn observe_ends(wire: &Wire, watch: &Watch) {
    if watch.observer.is_none() {
        return;
    }
    let (local, peer) = (wire.socket().local_address(), wire.socket().peer_address());
    let ends = (local.ok().and_then(|end| end.internet()), peer.ok().and_then(|end| end.internet()));
    if let (Some(local), Some(peer)) = ends {
        watch.observe(&Observed::Between { local, peer });
    }
}

#[cfg(feature = "tls")]
fn with_tls(inner: &Inner, wire: Wire, name: &str) -> Result<Wire, Cause> {
    Ok(wire.with_session(wirenut_tls::Session::client(&inner.tls_config()?, name)?))
}

#[cfg(not(feature = "tls"))]
fn with_tls(_: &Inner, _: Wire, _: &str) -> Result<Wire, Cause> {
    Err(Cause::Other("https needs the feature `tls` of wirenut-client"))
}

/// Small pieces are written whole, so waiting for more would only cost time.
fn make_ready(stream: &TcpStream) -> Result<(), Cause> {
    stream.set_no_delay(true)?;
    stream.set_mode(Mode::NonBlocking)?;
    Ok(())
}

/// `None`: the listener has no room now.
fn connect_unix(path: &Path) -> Result<Option<Wire>, Cause> {
    match Socket::stream()?.start_connect(&UnixAddress::pathname(path)?) {
        Ok(Progress::Connected(stream)) => Ok(Some(Wire::new(stream.into()))),
        // That is never so with Unix sockets.
        Ok(Progress::Connecting(_)) => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
    }
}
