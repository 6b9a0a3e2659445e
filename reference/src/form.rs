//! `POST /form`: a form with files comes in, a listing of its parts goes out, part by part, in bounded memory.
//!
//! ```json
//! {"parts":[{"name":"file","filename":"a.txt","type":"text/plain","length":9,"crc32":"cbf43926"}]}
//! ```
//!
//! Nothing is said before the first part has ended, so a form that breaks before is answered 400 or 413; one that breaks
//! later has its answer cut, so that it does not look whole.

use wirenut::http::multipart::{Boundary, BoundaryError, Event, Limits, Parser, Part, Rule};
use wirenut::http::service::{Responder, Step};
use wirenut::http::{Field, Response, Status, WriteError};

use crate::crc32::Crc32;
use crate::text::Text;

/// The most bytes of a part's head. The longest file name that systems allow, 255 bytes, leaves room for a media type.
pub const FORM_HEAD_BYTES: u32 = 400;

/// The most parts of a form.
pub const FORM_PARTS: u32 = 1000;

/// The names of such a head, as the listing has them, and what stands behind them.
const PLACE_BYTES: usize = 424;

const LIMITS: Limits = Limits { head_bytes: FORM_HEAD_BYTES, parts: FORM_PARTS, ..Limits::DEFAULT };

/// What stands behind the names of a part: `,"length":` and 20 digits, `,"crc32":"` and 8 digits, and the ends.
const TAIL_BYTES: usize = 52;

/// The end of the listing.
const END: &[u8] = b"]}";

const JSON: &[Field<'static>] = &[Field::new("Content-Type", "application/json")];
const PLAIN: &[Field<'static>] = &[Field::new("Content-Type", "text/plain")];

/// A form that is being received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    parser: Parser,
    /// While a head comes, what has come of it; from then on, what the listing says of the part.
    place: [u8; PLACE_BYTES],
    /// How much of the listing lies there.
    length: u16,
    /// How much of that was sent; nothing is before the part has ended.
    sent: u16,
    /// The CRC-32 of the live part's content.
    crc: Crc32,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    /// A part is read.
    Receiving,
    /// What was said of a part is sent before the next one is read.
    Sending,
    /// All has come.
    Ending,
}

/// Why there is no listing.
pub(crate) type Refusal = (Status, &'static str);

impl Form {
    /// That of a request with this Content-Type.
    pub(crate) fn new(content_type: Option<&[u8]>) -> Result<Self, Refusal> {
        let boundary = Boundary::from_content_type(content_type.unwrap_or(&[])).map_err(|error| {
            if error == BoundaryError::NotFormData {
                (Status::UNSUPPORTED_MEDIA_TYPE, "multipart/form-data is wanted\n")
            } else {
                (Status::BAD_REQUEST, "the boundary is missing or invalid\n")
            }
        })?;
        Ok(Self {
            parser: Parser::new(boundary),
            place: [0; PLACE_BYTES],
            length: 0,
            sent: 0,
            crc: Crc32::EMPTY,
            stage: Stage::Receiving,
        })
    }

    /// Takes a piece of content, as far as there is room for what it leads to.
    pub(crate) fn receive(&mut self, piece: &[u8], responder: &mut Responder<'_>) -> Result<(usize, Step), WriteError> {
        let mut taken: usize = 0;
        loop {
            if self.stage == Stage::Sending && !self.send(responder)? {
                return Ok((taken, Step::More));
            }
            let rest = piece.get(taken..).unwrap_or(&[]);
            match self.read(rest) {
                Ok((used, is_all)) => {
                    taken = taken.saturating_add(used);
                    if is_all {
                        return Ok((taken, Step::More));
                    }
                }
                Err(refusal) => return Ok((taken, refuse(refusal, responder)?)),
            }
        }
    }

    /// All content has come.
    pub(crate) fn end(&mut self, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        if let Err(error) = self.parser.handle_eof() {
            return refuse(refusal(error.rule), responder);
        }
        self.stage = Stage::Ending;
        let is_empty = self.parser.parts() == 0;
        self.say(|text| {
            if is_empty {
                text.put("{\"parts\":[");
            }
            text.put_bytes(END);
        });
        self.proceed(responder)
    }

    /// There is room again.
    pub(crate) fn proceed(&mut self, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        let is_ending = self.stage == Stage::Ending;
        let is_sent = self.stage == Stage::Receiving || self.send(responder)?;
        Ok(if is_ending && is_sent { Step::Done } else { Step::More })
    }

    /// Reads one event. Returns how many bytes were used, and whether more must come.
    fn read(&mut self, input: &[u8]) -> Result<(usize, bool), Refusal> {
        let is_first = self.parser.parts() == 0;
        // The names of a part lie in the store or in the input, and what is said of them goes to where the store is kept.
        let mut store = self.place;
        let outcome = self.parser.receive(&LIMITS, input, &mut store);
        let (used, event) = outcome.map_err(|error| refusal(error.rule))?;
        match event {
            Event::NeedMore => {
                if self.parser.stored() > 0 {
                    self.place = store;
                }
                return Ok((used, true));
            }
            Event::Part(part) => {
                let length = begin_part(&part, is_first, &mut self.place).ok_or(TOO_LONG)?;
                (self.length, self.crc) = (length, Crc32::EMPTY);
            }
            Event::Body(piece) => self.crc.update(piece),
            Event::PartEnd => self.end_part(),
        }
        Ok((used, false))
    }

    fn end_part(&mut self) {
        let (length, crc) = (self.parser.part_length(), self.crc.value());
        self.say(|text| {
            text.put(",\"length\":");
            text.put_decimal(length);
            text.put(",\"crc32\":\"");
            text.put_hex(crc);
            text.put("\"}");
        });
        self.stage = Stage::Sending;
    }

    /// Adds to the listing. There is room for all that is said behind the names of a part.
    fn say(&mut self, say: impl FnOnce(&mut Text<'_>)) {
        let mut text = Text::behind(&mut self.place, usize::from(self.length));
        say(&mut text);
        self.length = u16::try_from(text.as_bytes().len()).unwrap_or(u16::MAX);
    }

    /// Sends what there is room for of the listing. Returns whether that is all that is said; then the place is free.
    fn send(&mut self, responder: &mut Responder<'_>) -> Result<bool, WriteError> {
        if !responder.is_responding() {
            responder.respond(&Response { length: None, ..Response::new(Status::OK).with_fields(JSON) })?;
        }
        let rest = self.place.get(usize::from(self.sent)..usize::from(self.length)).unwrap_or(&[]);
        let sent = responder.send_body(rest)?;
        self.sent = self.sent.saturating_add(u16::try_from(sent).unwrap_or(u16::MAX));
        if self.sent < self.length {
            return Ok(false);
        }
        (self.sent, self.length) = (0, 0);
        if self.stage == Stage::Sending {
            self.stage = Stage::Receiving;
        }
        Ok(true)
    }
}

/// Says the names of a part. `None` if there is no room for them and for what stands behind them.
fn begin_part(part: &Part<'_>, is_first: bool, place: &mut [u8; PLACE_BYTES]) -> Option<u16> {
    let mut text = Text::new(place.get_mut(..PLACE_BYTES.saturating_sub(TAIL_BYTES))?);
    text.put(if is_first { "{\"parts\":[" } else { "," });
    text.put("{\"name\":");
    put_string(part.name.raw(), part.name.bytes(), &mut text);
    if let Some(filename) = part.filename {
        text.put(",\"filename\":");
        put_string(filename.raw(), filename.bytes(), &mut text);
    }
    if let Some(content_type) = part.content_type {
        text.put(",\"type\":");
        put_string(content_type, content_type.iter().copied(), &mut text);
    }
    if text.is_cut() { None } else { u16::try_from(text.as_bytes().len()).ok() }
}

/// A string of JSON. Bytes that are no UTF-8 become U+FFFD, each.
fn put_string(raw: &[u8], bytes: impl Iterator<Item = u8>, text: &mut Text<'_>) {
    let is_utf8 = core::str::from_utf8(raw).is_ok();
    text.put("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.put_bytes(&[b'\\', byte]),
            0..=0x1f | 0x7f => text.put_control(byte),
            0x80.. if !is_utf8 => text.put("\\ufffd"),
            _ => text.put_bytes(&[byte]),
        }
    }
    text.put("\"");
}

const TOO_LONG: Refusal = (Status::CONTENT_TOO_LARGE, "the names of a part are too long\n");

const fn refusal(rule: Rule) -> Refusal {
    let status = rule.status();
    (status, if status.code() == 413 { "the form is too large\n" } else { "the form is malformed\n" })
}

/// Refuses the form. What is said already is cut, so that it does not look whole.
fn refuse((status, text): Refusal, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
    if responder.is_responding() {
        return Ok(Step::Abort);
    }
    responder.send(&Response::new(status).with_fields(PLAIN), text.as_bytes())?;
    Ok(Step::Done)
}
