//! The service itself: what each request is answered with.

use core::convert::Infallible;
use core::ops::RangeInclusive;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{Field, Fields, Method, RequestHead, Response, Status, WriteError};
use wirenut::time::{Duration, Instant};

use crate::crc32::Crc32;
use crate::device::Device;
use crate::form::Form;
use crate::live::Live;
use crate::route::Route;
use crate::text::Text;
use crate::{decimal, query};

/// The degrees that may be set.
pub const SETTINGS: RangeInclusive<u8> = 5..=30;
/// The most bytes of a download.
pub const MAX_DOWNLOAD: u64 = 1 << 40;
/// The bytes of a download that does not say how many.
pub const DEFAULT_DOWNLOAD: u64 = 65_536;
/// The most milliseconds of a slow answer.
pub const MAX_SLOW_MS: u64 = 60_000;
/// The milliseconds of a slow answer that does not say how many.
pub const DEFAULT_SLOW_MS: u64 = 1_000;

/// Bytes of a setting: two digits, and room for those who write zeros before them.
const SETTING_BYTES: usize = 4;

static PAGE: &[u8] = include_bytes!("page.html");

const HTML: &[Field<'static>] = &[Field::new("Content-Type", "text/html; charset=utf-8")];
const JSON: &[Field<'static>] = &[Field::new("Content-Type", "application/json")];
const PLAIN: &[Field<'static>] = &[Field::new("Content-Type", "text/plain")];
const BINARY: &[Field<'static>] = &[Field::new("Content-Type", "application/octet-stream")];

/// The longest reading takes 71 bytes, and what is said of an upload less.
pub(crate) const TEXT_BYTES: usize = 72;

pub(crate) const WRONG_SETTING: &str = "a setting is a whole number from 5 to 30\n";

/// The byte of a download at `index`: `index * 31 + index / 256`, modulo 256.
///
/// ```
/// use wirenut_reference::pattern_byte;
/// assert_eq!([0, 1, 2, 256].map(pattern_byte), [0, 31, 62, 1]);
/// ```
#[must_use]
pub const fn pattern_byte(index: u64) -> u8 {
    let [low, high, ..] = index.to_le_bytes();
    low.wrapping_mul(31).wrapping_add(high)
}

/// The reference service, of one device. See the [crate](crate) for what it answers.
///
/// ```
/// use wirenut::http::{Context, Limits};
/// use wirenut::http::service::Session;
/// use wirenut::time::Instant;
/// use wirenut::transport::Environment;
/// use wirenut_reference::{MemoryDevice, Reference};
///
/// let service = Reference { device: MemoryDevice::new() };
/// let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
/// let mut session = Session::<Reference<MemoryDevice>>::new(&cx);
/// let (mut store, mut out) = ([0; Limits::DEFAULT.store_bytes()], [0; 256]);
/// let driven = session.drive(&cx, &Environment::alone(256), &service, b"GET /reading HTTP/1.1\r\nHost: a\r\n\r\n", &mut store, &mut out);
/// assert!(out[..driven.written].ends_with(br#"{"celsius":21.5,"setting":20,"requests":0}"#));
/// ```
#[derive(Debug, Default)]
pub struct Reference<D> {
    /// What outlives a connection.
    pub device: D,
}

/// A request in flight: 544 bytes, of which a form takes all, and what else there is 16.
#[derive(Clone, Debug)]
pub struct Exchange(Stage);

#[expect(clippy::large_enum_variant, reason = "without an allocator it lies where it is")]
#[derive(Clone, Debug)]
enum Stage {
    /// The response was written whole.
    Answered,
    /// The page is being sent.
    Page,
    /// So many bytes of the pattern are being sent, those before included.
    Download { length: u64 },
    /// The answer is not ready before this time.
    Slow { until: Instant },
    /// A setting is being received; so many of these bytes have come.
    Setting { bytes: [u8; SETTING_BYTES], length: u8 },
    /// Content is being received; so long is what has come, and that is its CRC-32.
    Upload { crc: Crc32, length: u64 },
    /// A form is being received, and its listing sent.
    Form(Form),
    /// Content of so many bytes is being sent back, those before included.
    Echo { length: u64 },
    /// Content of unknown length is being sent back.
    EchoChunked,
    /// Readings are shown over WebSocket.
    Live(Live),
}

type Begun = Result<(Stage, Step), WriteError>;

impl<D: Device> Service for Reference<D> {
    type Exchange = Exchange;
    type Source = Infallible;
    const UPGRADES: bool = true;

    fn request(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<(Exchange, Step), WriteError> {
        let (stage, step) = self.begin(head, responder)?;
        self.device.count_request();
        Ok((Exchange(stage), step))
    }

    fn body(
        &self,
        exchange: &mut Exchange,
        piece: &[u8],
        responder: &mut Responder<'_>,
    ) -> Result<(usize, Step), WriteError> {
        match &mut exchange.0 {
            Stage::Setting { bytes, length } => receive_setting(bytes, length, piece, responder),
            Stage::Upload { crc, length } => {
                crc.update(piece);
                *length = length.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                Ok((piece.len(), Step::More))
            }
            Stage::Form(form) => form.receive(piece, responder),
            Stage::Echo { .. } | Stage::EchoChunked => {
                begin_echo(&exchange.0, responder)?;
                Ok((responder.send_body(piece)?, Step::More))
            }
            Stage::Live(live) => Ok(live.converse(&self.device, piece, false, responder)),
            // Content that nobody asked for stays where it is, so that what becomes of the connection does not depend
            // on how much of it came before the response was complete.
            Stage::Answered | Stage::Page | Stage::Download { .. } | Stage::Slow { .. } => {
                Ok((0, self.proceed(exchange, responder)?))
            }
        }
    }

    fn end(&self, exchange: &mut Exchange, _: Fields<'_>, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        match &mut exchange.0 {
            Stage::Setting { bytes, length } => self.end_setting(bytes.get(..usize::from(*length)), responder),
            Stage::Upload { crc, length } => end_upload(*crc, *length, responder),
            Stage::Form(form) => form.end(responder),
            Stage::Live(live) => Ok(live.converse(&self.device, &[], true, responder).1),
            Stage::Echo { .. } | Stage::EchoChunked => {
                begin_echo(&exchange.0, responder)?;
                Ok(Step::Done)
            }
            Stage::Answered | Stage::Page | Stage::Download { .. } | Stage::Slow { .. } => {
                self.proceed(exchange, responder)
            }
        }
    }

    fn proceed(&self, exchange: &mut Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        match &mut exchange.0 {
            Stage::Answered => Ok(Step::Done),
            Stage::Page => send_page(responder),
            Stage::Download { length } => send_pattern(*length, responder),
            Stage::Slow { until } => send_when_due(*until, responder),
            Stage::Form(form) => form.proceed(responder),
            Stage::Live(live) => Ok(live.converse(&self.device, &[], false, responder).1),
            Stage::Setting { .. } | Stage::Upload { .. } | Stage::Echo { .. } | Stage::EchoChunked => Ok(Step::More),
        }
    }
}

impl<D: Device> Reference<D> {
    fn begin(&self, head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Begun {
        let target = &head.target;
        if target.path() == b"*" {
            return options("GET, HEAD, PUT, POST, OPTIONS", responder);
        }
        let Some(route) = Route::of(target.path()) else {
            return refuse(Status::NOT_FOUND, "there is nothing here\n", responder);
        };
        if head.method == Method::Options {
            return options(route.allow(), responder);
        }
        if !route.allows(head.method) {
            return refuse_method(route.allow(), responder);
        }
        match route {
            Route::Page => begin_page(responder),
            Route::Reading => self.send_reading(responder),
            Route::Live => match Live::begin(head, responder) {
                Ok(live) => Ok((Stage::Live(live), Step::More)),
                Err(error) => Ok((Stage::Answered, error.into_step()?)),
            },
            Route::Download => begin_download(target.query(), responder),
            Route::Slow => begin_slow(target.query(), responder),
            Route::Setting if head.body.length().is_none_or(fits_a_setting) => {
                Ok((Stage::Setting { bytes: [0; SETTING_BYTES], length: 0 }, Step::More))
            }
            Route::Setting => refuse(Status::CONTENT_TOO_LARGE, WRONG_SETTING, responder),
            Route::Upload => Ok((Stage::Upload { crc: Crc32::EMPTY, length: 0 }, Step::More)),
            Route::Form => match Form::new(head.fields.get("Content-Type")) {
                Ok(form) => Ok((Stage::Form(form), Step::More)),
                Err((status, text)) => refuse(status, text, responder),
            },
            // The response begins with the content, so that a client that waits for a 100 gets one.
            Route::Echo => {
                let echo = head.body.length().map_or(Stage::EchoChunked, |length| Stage::Echo { length });
                Ok((echo, Step::More))
            }
        }
    }

    fn send_reading(&self, responder: &mut Responder<'_>) -> Begun {
        let mut place = [0; TEXT_BYTES];
        let mut text = Text::new(&mut place);
        put_reading(&self.device, &mut text);
        responder.send(&Response::new(Status::OK).with_fields(JSON), text.as_bytes())?;
        Ok((Stage::Answered, Step::Done))
    }

    fn end_setting(&self, content: Option<&[u8]>, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        match content.and_then(setting) {
            Some(degrees) => {
                responder.respond(&Response::new(Status::NO_CONTENT))?;
                self.device.set(degrees);
            }
            None => send_text(Status::BAD_REQUEST, WRONG_SETTING, responder)?,
        }
        Ok(Step::Done)
    }
}

/// The degrees that are meant, if they may be set.
pub(crate) fn setting(digits: &[u8]) -> Option<u8> {
    let number = decimal::parse(digits, u64::from(*SETTINGS.end()))?;
    u8::try_from(number).ok().filter(|degrees| SETTINGS.contains(degrees))
}

pub(crate) fn put_reading(device: &impl Device, text: &mut Text<'_>) {
    text.put("{\"celsius\":");
    text.put_tenths(device.celsius_tenths());
    text.put(",\"setting\":");
    text.put_decimal(u64::from(device.setting()));
    text.put(",\"requests\":");
    text.put_decimal(u64::from(device.requests()));
    text.put("}");
}

fn begin_page(responder: &mut Responder<'_>) -> Begun {
    let length = u64::try_from(PAGE.len()).unwrap_or(u64::MAX);
    responder.respond(&Response::new(Status::OK).with_fields(HTML).with_length(length))?;
    Ok((Stage::Page, send_page(responder)?))
}

/// Sends what there is room for of what is left of the page.
fn send_page(responder: &mut Responder<'_>) -> Result<Step, WriteError> {
    let unsent = responder.unsent().and_then(|unsent| usize::try_from(unsent).ok()).unwrap_or(0);
    let rest = PAGE.get(PAGE.len().saturating_sub(unsent)..).unwrap_or(&[]);
    let sent = responder.send_body(rest)?;
    Ok(if sent == rest.len() { Step::Done } else { Step::More })
}

fn begin_download(query: Option<&[u8]>, responder: &mut Responder<'_>) -> Begun {
    let Ok(asked) = query::number(query, "bytes", MAX_DOWNLOAD) else {
        return refuse(Status::BAD_REQUEST, "bytes is a number up to 1099511627776\n", responder);
    };
    let length = asked.unwrap_or(DEFAULT_DOWNLOAD);
    responder.respond(&Response::new(Status::OK).with_fields(BINARY).with_length(length))?;
    Ok((Stage::Download { length }, send_pattern(length, responder)?))
}

/// Makes what there is room for of what is left of a pattern of `length` bytes.
fn send_pattern(length: u64, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
    let mut index = length.saturating_sub(responder.unsent().unwrap_or(0));
    responder.fill_body(|place| {
        for byte in &mut *place {
            *byte = pattern_byte(index);
            index = index.wrapping_add(1);
        }
        place.len()
    })?;
    Ok(if responder.unsent().unwrap_or(0) == 0 { Step::Done } else { Step::More })
}

fn begin_slow(query: Option<&[u8]>, responder: &mut Responder<'_>) -> Begun {
    let Ok(asked) = query::number(query, "ms", MAX_SLOW_MS) else {
        return refuse(Status::BAD_REQUEST, "ms is a number up to 60000\n", responder);
    };
    let until = responder.now().saturating_add(Duration::from_millis(asked.unwrap_or(DEFAULT_SLOW_MS)));
    Ok((Stage::Slow { until }, send_when_due(until, responder)?))
}

fn send_when_due(until: Instant, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
    if responder.now() < until {
        return Ok(Step::Wait(Some(until)));
    }
    send_text(Status::OK, "done\n", responder)?;
    Ok(Step::Done)
}

fn fits_a_setting(length: u64) -> bool {
    usize::try_from(length).is_ok_and(|length| length <= SETTING_BYTES)
}

/// Takes a piece of a setting, and refuses one that is too long.
fn receive_setting(
    bytes: &mut [u8; SETTING_BYTES],
    length: &mut u8,
    piece: &[u8],
    responder: &mut Responder<'_>,
) -> Result<(usize, Step), WriteError> {
    let free = bytes.get_mut(usize::from(*length)..).unwrap_or(&mut []);
    let Some(place) = free.get_mut(..piece.len()) else {
        send_text(Status::CONTENT_TOO_LARGE, WRONG_SETTING, responder)?;
        return Ok((0, Step::Done));
    };
    place.copy_from_slice(piece);
    *length = length.saturating_add(u8::try_from(piece.len()).unwrap_or(u8::MAX));
    Ok((piece.len(), Step::More))
}

fn end_upload(crc: Crc32, length: u64, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
    let mut place = [0; TEXT_BYTES];
    let mut text = Text::new(&mut place);
    text.put("{\"length\":");
    text.put_decimal(length);
    text.put(",\"crc32\":\"");
    text.put_hex(crc.value());
    text.put("\"}");
    responder.send(&Response::new(Status::OK).with_fields(JSON), text.as_bytes())?;
    Ok(Step::Done)
}

/// Writes the head of an echo, if that was not done before.
fn begin_echo(stage: &Stage, responder: &mut Responder<'_>) -> Result<(), WriteError> {
    if responder.is_responding() {
        return Ok(());
    }
    let response = Response::new(Status::OK).with_fields(BINARY);
    let length = if let Stage::Echo { length } = *stage { Some(length) } else { None };
    responder.respond(&Response { length, ..response })
}

fn options(allow: &str, responder: &mut Responder<'_>) -> Begun {
    responder.respond(&Response::new(Status::NO_CONTENT).with_fields(&[Field::new("Allow", allow)]))?;
    Ok((Stage::Answered, Step::Done))
}

fn refuse_method(allow: &str, responder: &mut Responder<'_>) -> Begun {
    let fields = [Field::new("Content-Type", "text/plain"), Field::new("Allow", allow)];
    let response = Response::new(Status::METHOD_NOT_ALLOWED).with_fields(&fields);
    responder.send(&response, b"this cannot be done here\n")?;
    Ok((Stage::Answered, Step::Done))
}

fn refuse(status: Status, text: &str, responder: &mut Responder<'_>) -> Begun {
    send_text(status, text, responder)?;
    Ok((Stage::Answered, Step::Done))
}

fn send_text(status: Status, text: &str, responder: &mut Responder<'_>) -> Result<(), WriteError> {
    responder.send(&Response::new(status).with_fields(PLAIN), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_544_bytes() {
        assert_eq!((size_of::<Exchange>(), size_of::<Option<Exchange>>()), (544, 544));
    }

    #[test]
    fn the_page_says_which_settings_there_are() {
        let (low, high) = (SETTINGS.start(), SETTINGS.end());
        assert!(core::str::from_utf8(PAGE).unwrap().contains(&std::format!("min=\"{low}\" max=\"{high}\"")));
        assert_eq!(WRONG_SETTING, std::format!("a setting is a whole number from {low} to {high}\n"));
    }
}
