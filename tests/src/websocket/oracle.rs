//! A second reader of frames, written to be obviously right: it has all bytes at hand, and keeps whole messages.

use core::str;

use wirenut::websocket::{Kind, Limits, Rule};

use super::Told;

struct Reader<'b> {
    is_server: bool,
    limits: &'b Limits,
    bytes: &'b [u8],
    at: usize,
    told: Vec<Told>,
    message: Option<(Kind, Vec<u8>)>,
}

/// The stream ends here, or is given up: what was told before is all.
struct Over;

/// What an end with these limits makes of all these bytes.
#[must_use]
pub fn read(is_server: bool, limits: &Limits, bytes: &[u8]) -> Vec<Told> {
    let mut reader = Reader { is_server, limits, bytes, at: 0, told: Vec::new(), message: None };
    while let Ok(()) = reader.frame() {}
    reader.told
}

/// Is it text? If not: because of a byte that cannot stand, and not for want of more?
fn is_text(bytes: &[u8]) -> Result<(), bool> {
    str::from_utf8(bytes).map(|_| ()).map_err(|error| error.error_len().is_some())
}

impl Reader<'_> {
    fn fail<T>(&mut self, rule: Rule, at: usize) -> Result<T, Over> {
        self.part();
        self.told.push(Told::Failed(rule, at as u64));
        Err(Over)
    }

    /// A message that will not end.
    fn part(&mut self) {
        if let Some((kind, bytes)) = self.message.take().filter(|(_, bytes)| !bytes.is_empty()) {
            self.told.push(Told::Part(kind, bytes));
        }
    }

    fn byte(&mut self) -> Result<u8, Over> {
        let Some(byte) = self.bytes.get(self.at) else {
            self.part();
            return Err(Over);
        };
        self.at += 1;
        Ok(*byte)
    }

    /// A number of so many bytes, if its beginning is a number in its shortest form.
    fn length(&mut self, count: usize) -> Result<u64, Over> {
        let mut number = 0_u64;
        for index in 0..count {
            let at = self.at;
            number = number << 8 | u64::from(self.byte()?);
            if count == 8 && index == 0 && number >= 0x80 {
                return self.fail(Rule::LengthTooLarge, at);
            }
            if count == 2 && index == 1 && number < 126 || count == 8 && index == 5 && number == 0 {
                return self.fail(Rule::LengthNotMinimal, at);
            }
        }
        Ok(number)
    }

    fn frame(&mut self) -> Result<(), Over> {
        let start = self.at;
        let first = self.byte()?;
        let (is_final, opcode) = (first >= 0x80, first % 16);
        let is_control = opcode >= 8;
        let rule = match (first >> 4 & 7, opcode) {
            (1.., _) => Some(Rule::ReservedBit),
            (0, 3..=7 | 11..) => Some(Rule::ReservedOpcode),
            (0, 8..=10) if !is_final => Some(Rule::FragmentedControl),
            (0, 0) if self.message.is_none() => Some(Rule::UnexpectedContinuation),
            (0, 1 | 2) if self.message.is_some() => Some(Rule::ExpectedContinuation),
            (0, _) => None,
        };
        if let Some(rule) = rule {
            return self.fail(rule, start);
        }
        let second = self.byte()?;
        match (second >= 0x80, self.is_server) {
            (false, true) => return self.fail(Rule::MissingMask, start + 1),
            (true, false) => return self.fail(Rule::UnexpectedMask, start + 1),
            (true, true) | (false, false) => {}
        }
        let length = match second % 128 {
            126 | 127 if is_control => return self.fail(Rule::LongControl, start + 1),
            126 => self.length(2)?,
            127 => self.length(8)?,
            short => u64::from(short),
        };
        let mut key = [0; 4];
        if self.is_server {
            for byte in &mut key {
                *byte = self.byte()?;
            }
        }
        if !is_control {
            if opcode > 0 {
                self.message = Some((if opcode == 1 { Kind::Text } else { Kind::Binary }, Vec::new()));
            }
            let before = self.message.as_ref().map_or(0, |(_, bytes)| bytes.len() as u64);
            if length > self.limits.frame_bytes {
                return self.fail(Rule::FrameTooLong, self.at);
            }
            if before + length > self.limits.message_bytes {
                return self.fail(Rule::MessageTooLong, self.at);
            }
        }
        let length = usize::try_from(length).expect("within the limits");
        let there = &self.bytes[self.at..self.bytes.len().min(self.at + length)];
        let payload: Vec<u8> = there.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        let is_whole = payload.len() == length;
        self.at += payload.len();
        if is_control { self.control(opcode, &payload, is_whole) } else { self.data(is_final, &payload, is_whole) }
    }

    fn data(&mut self, is_final: bool, payload: &[u8], is_whole: bool) -> Result<(), Over> {
        let (kind, message) = self.message.as_mut().expect("it has begun");
        let kind = *kind;
        message.extend(payload);
        if kind == Kind::Text && is_text(message) == Err(true) {
            let bad = (1..=message.len()).find(|end| is_text(&message[..*end]) == Err(true)).expect("there is one") - 1;
            let behind = message.len() - bad;
            message.truncate(bad);
            return self.fail(Rule::InvalidUtf8, self.at - behind);
        }
        if !is_whole {
            self.part();
            return Err(Over);
        }
        if is_final {
            if kind == Kind::Text && is_text(message).is_err() {
                return self.fail(Rule::InvalidUtf8, self.at);
            }
            let bytes = core::mem::take(message);
            self.message = None;
            self.told.push(Told::Message(kind, bytes));
        }
        Ok(())
    }

    fn control(&mut self, opcode: u8, payload: &[u8], is_whole: bool) -> Result<(), Over> {
        if !is_whole {
            self.part();
            return Err(Over);
        }
        match opcode {
            9 => self.told.push(Told::Ping(payload.to_vec())),
            10 => self.told.push(Told::Pong(payload.to_vec())),
            _ => {
                let close = match payload {
                    [] => None,
                    [_] => return self.fail(Rule::ShortClose, self.at),
                    [high, low, reason @ ..] => {
                        let code = u16::from_be_bytes([*high, *low]);
                        if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                            return self.fail(Rule::InvalidCloseCode, self.at);
                        }
                        let Ok(reason) = str::from_utf8(reason) else {
                            return self.fail(Rule::InvalidCloseReason, self.at);
                        };
                        Some((code, reason.to_owned()))
                    }
                };
                self.part();
                self.told.push(Told::Close(close));
                return Err(Over);
            }
        }
        Ok(())
    }
}
