//! A service that notes what it is told, and answers in every way there is, by path.
//!
//! | path | answer |
//! |---|---|
//! | `/early` | at once, whatever content is due |
//! | `/early-big` | the same, [`BIG`] bytes, of unknown length |
//! | `/unknown` | [`UNKNOWN`], of unknown length |
//! | `/trailers` | the same with trailer fields, once the content is complete |
//! | `/big` | [`BIG`] bytes of declared length |
//! | `/no-content`, `/not-modified` | 204, 304 |
//! | `/close` | says that it closes |
//! | `/interim` | 103, then 200 |
//! | `/wait` | a second later |
//! | `/never` | waits for a waker that nobody wakes |
//! | `/abort`, `/abort-late` | gives up, before and after the head |
//! | `/silent` | is done without a response |
//! | `/short`, `/long` | less and more than it declared |
//! | `/lazy` | takes three bytes at a time |
//! | `/echo` | the content as it comes, of unknown length |
//! | `/tunnel`, CONNECT | a tunnel that echoes, and says `bye` after its end |
//! | other | method and length of the content, once that is complete |

use core::cell::RefCell;
use core::convert::Infallible;

use wirenut::http::service::{Responder, Service, Step, Wakeup};
use wirenut::http::{BodyFraming, Error, Field, Fields, RequestHead, Response, Status, Version, WriteError};
use wirenut::time::{Duration, Instant};

/// The body of `/unknown`.
pub const UNKNOWN: &[u8] = b"Hello, World!";
/// The fields behind that of `/trailers`.
pub const TRAILERS: [Field<'static>; 2] = [Field::new("Sum", "1129"), Field::new("Empty", "")];
/// Bytes of the body of `/big`.
pub const BIG: usize = 10_000;

/// Byte `index` of the body of `/big`.
#[must_use]
pub fn big_byte(index: usize) -> u8 {
    b'a' + u8::try_from(index % 23).unwrap_or(0)
}

/// What the service was told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A request's head.
    Head(Request),
    /// Content, joined.
    Body(Vec<u8>),
    /// The content's end, with the trailer fields.
    End(Vec<(Vec<u8>, Vec<u8>)>),
    /// The exchange's end.
    Closed(Result<(), Error>),
}

/// A copy of a head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The method.
    pub method: Vec<u8>,
    /// The target as it came.
    pub target: Vec<u8>,
    /// The version.
    pub version: Version,
    /// The fields.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// The framing.
    pub body: BodyFraming,
}

impl Request {
    /// A copy of `head`.
    #[must_use]
    pub fn new(head: &RequestHead<'_>) -> Self {
        Self {
            method: head.method.as_bytes().to_vec(),
            target: head.target.raw().to_vec(),
            version: head.version,
            fields: copy(head.fields),
            body: head.body,
        }
    }
}

fn copy(fields: Fields<'_>) -> Vec<(Vec<u8>, Vec<u8>)> {
    fields.into_iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect()
}

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Recorder {
    events: RefCell<Vec<Event>>,
}

impl Recorder {
    /// What it was told so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.events.borrow().clone()
    }

    /// The requests among [`Self::events`], one line each: method, target, version, framing, and the content that
    /// came; then `.` if its end came, and the trailer fields.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for event in self.events.borrow().iter() {
            let line = lines.last_mut();
            match (event, line) {
                (Event::Head(head), _) => lines.push(describe(head)),
                (Event::Body(body), Some(line)) => line.push_str(&format!(" {}", body.escape_ascii())),
                (Event::End(trailers), Some(line)) => {
                    line.push('.');
                    for (name, value) in trailers {
                        line.push_str(&format!(" {}: {}", name.escape_ascii(), value.escape_ascii()));
                    }
                }
                (Event::Closed(_) | Event::Body(_) | Event::End(_), _) => {}
            }
        }
        lines
    }

    /// The methods of the requests.
    #[must_use]
    pub fn methods(&self) -> Vec<String> {
        let heads = self.events();
        let methods = heads.into_iter().filter_map(|event| match event {
            Event::Head(head) => Some(String::from_utf8_lossy(&head.method).into_owned()),
            Event::Body(_) | Event::End(_) | Event::Closed(_) => None,
        });
        methods.collect()
    }

    fn note(&self, event: Event) {
        let mut events = self.events.borrow_mut();
        match (events.last_mut(), event) {
            (Some(Event::Body(body)), Event::Body(more)) => body.extend(more),
            (_, event) => events.push(event),
        }
    }
}

fn describe(head: &Request) -> String {
    let version = match head.version {
        Version::Http10 => "1.0",
        Version::Http11 => "1.1",
    };
    let framing = head.body.length().map_or("chunked".to_owned(), |length| length.to_string());
    format!("{} {} {version} {framing}", head.method.escape_ascii(), head.target.escape_ascii())
}

/// How a request is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    AtEnd,
    Early,
    EarlyBig,
    Unknown,
    Trailers,
    Big,
    NoContent,
    NotModified,
    Close,
    Interim,
    Wait,
    Never,
    Abort,
    AbortLate,
    Silent,
    Short,
    Long,
    Lazy,
    Echo,
    Tunnel,
}

impl Manner {
    fn new(head: &RequestHead<'_>) -> Self {
        match head.target.path() {
            b"" | b"/tunnel" => Self::Tunnel,
            b"/early" => Self::Early,
            b"/early-big" => Self::EarlyBig,
            b"/unknown" => Self::Unknown,
            b"/trailers" => Self::Trailers,
            b"/big" => Self::Big,
            b"/no-content" => Self::NoContent,
            b"/not-modified" => Self::NotModified,
            b"/close" => Self::Close,
            b"/interim" => Self::Interim,
            b"/wait" => Self::Wait,
            b"/never" => Self::Never,
            b"/abort" => Self::Abort,
            b"/abort-late" => Self::AbortLate,
            b"/silent" => Self::Silent,
            b"/short" => Self::Short,
            b"/long" => Self::Long,
            b"/lazy" => Self::Lazy,
            b"/echo" => Self::Echo,
            _ => Self::AtEnd,
        }
    }
}

/// A request in flight.
#[derive(Clone, Debug)]
pub struct Exchange {
    manner: Manner,
    method: String,
    received: usize,
    sent: usize,
    /// When it has waited enough.
    until: Option<Instant>,
    is_switch: bool,
    has_ended: bool,
}

const OK: Response<'static> = Response::new(Status::OK);

impl Service for Recorder {
    type Exchange = Exchange;
    type Source = Infallible;
    const UPGRADES: bool = true;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<(Exchange, Step), WriteError> {
        let mut exchange = Exchange {
            manner: Manner::new(head),
            method: String::from_utf8_lossy(head.method.as_bytes()).into_owned(),
            received: 0,
            sent: 0,
            until: None,
            is_switch: head.target.path() == b"/tunnel",
            has_ended: false,
        };
        let step = exchange.begin(responder)?;
        self.note(Event::Head(Request::new(head)));
        Ok((exchange, step))
    }

    fn body(
        &self,
        exchange: &mut Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step), WriteError> {
        let taken = if matches!(exchange.manner, Manner::Echo | Manner::Tunnel) {
            if !responder.is_responding() {
                responder.respond(&OK.with_unknown_length())?;
            }
            responder.send_body(piece)?
        } else if exchange.manner == Manner::Lazy {
            piece.len().min(3)
        } else {
            piece.len()
        };
        if taken > 0 {
            exchange.received += taken;
            self.note(Event::Body(piece[..taken].to_vec()));
        }
        Ok((taken, Step::More))
    }

    fn end(
        &self,
        exchange: &mut Exchange,
        trailers: Fields<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<Step, WriteError> {
        exchange.has_ended = true;
        let step = exchange.proceed(responder)?;
        self.note(Event::End(copy(trailers)));
        Ok(step)
    }

    fn proceed(&self, exchange: &mut Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        exchange.proceed(responder)
    }

    fn closed(&self, _: Exchange, outcome: Result<(), Error>) {
        self.note(Event::Closed(outcome));
    }
}

impl Exchange {
    /// What is said before any content has come.
    fn begin(&mut self, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        let empty = |status| Response::new(status);
        match self.manner {
            Manner::Early => responder.send(&OK, b"early")?,
            Manner::EarlyBig => responder.respond(&OK.with_unknown_length())?,
            Manner::NoContent => responder.respond(&empty(Status::NO_CONTENT))?,
            Manner::NotModified => {
                let fields = [Field::new("ETag", "\"a\"")];
                responder.respond(&empty(Status::NOT_MODIFIED).with_fields(&fields))?;
            }
            Manner::Close => responder.send(&OK.closing(), b"bye")?,
            Manner::Interim => {
                let fields = [Field::new("Link", "</a>")];
                responder.respond(&empty(Status::EARLY_HINTS).with_fields(&fields))?;
                responder.send(&OK, b"after")?;
            }
            Manner::Abort => return Ok(Step::Abort),
            Manner::AbortLate => {
                responder.respond(&OK.with_length(10))?;
                responder.send_body(b"12345")?;
                return Ok(Step::Abort);
            }
            Manner::Short => {
                responder.respond(&OK.with_length(10))?;
                responder.send_body(b"12345")?;
            }
            Manner::Long => {
                responder.respond(&OK.with_length(3))?;
                responder.send_body(b"12345")?;
            }
            Manner::Silent => {}
            Manner::Never => {
                // Whoever has the waker of the host wakes it.
                let _ = responder.waker();
                return Ok(Step::Wait(None));
            }
            Manner::Unknown => {
                responder.respond(&OK.with_unknown_length())?;
                return Ok(Step::More);
            }
            Manner::Big => {
                responder.respond(&OK.with_length(u64::try_from(BIG).unwrap_or(0)))?;
                return Ok(Step::More);
            }
            Manner::Tunnel => {
                let fields = [Field::new("Upgrade", "echo")];
                let status = if self.is_switch { Status::SWITCHING_PROTOCOLS } else { Status::OK };
                responder.respond(&empty(status).with_fields(if self.is_switch { &fields } else { &[] }))?;
                return Ok(Step::More);
            }
            Manner::AtEnd | Manner::Trailers | Manner::Lazy | Manner::Echo | Manner::Wait => return Ok(Step::More),
        }
        Ok(if self.manner == Manner::EarlyBig { Step::More } else { Step::Done })
    }

    fn proceed(&mut self, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        let manner = self.manner;
        if manner == Manner::Never && responder.wakeup().is_some_and(|wakeup| wakeup != Wakeup::Waker) {
            return Ok(Step::Wait(None));
        }
        if manner == Manner::Unknown {
            return self.send_rest(responder, UNKNOWN.len(), |index| UNKNOWN[index]);
        }
        if matches!(manner, Manner::Big | Manner::EarlyBig) {
            return self.send_rest(responder, BIG, big_byte);
        }
        if !self.has_ended {
            return Ok(Step::More);
        }
        if manner == Manner::Tunnel {
            return self.send_rest(responder, 3, |index| b"bye"[index]);
        }
        if manner == Manner::Echo {
            if !responder.is_responding() {
                responder.respond(&OK.with_unknown_length())?;
            }
            return Ok(Step::Done);
        }
        if manner == Manner::Trailers {
            if !responder.is_responding() {
                responder.respond(&OK.with_unknown_length())?;
            }
            let step = self.send_rest(responder, UNKNOWN.len(), |index| UNKNOWN[index])?;
            let has_room = step == Step::More || responder.trailers(&TRAILERS)?;
            return Ok(if has_room { step } else { Step::More });
        }
        if manner == Manner::Wait {
            let until = *self.until.get_or_insert(responder.now().saturating_add(Duration::from_secs(1)));
            if responder.now() < until {
                return Ok(Step::Wait(Some(until)));
            }
        }
        responder.send(&OK, format!("{} {}", self.method, self.received).as_bytes())?;
        Ok(Step::Done)
    }

    fn send_rest(
        &mut self,
        responder: &mut Responder<'_>,
        length: usize,
        byte: impl Fn(usize) -> u8,
    ) -> Result<Step, WriteError> {
        while self.sent < length {
            let start = self.sent;
            let sent = &mut self.sent;
            let had_room = responder.fill_body(|place| {
                let count = place.len().min(length - start);
                for (index, place) in place[..count].iter_mut().enumerate() {
                    *place = byte(start + index);
                }
                *sent += count;
                count
            })?;
            if !had_room {
                return Ok(Step::More);
            }
        }
        Ok(Step::Done)
    }
}
