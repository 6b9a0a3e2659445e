//! The head of a part.

use super::error::Rule;
use super::parameters::Parameters;
use super::text::{Escapes, Text};
use crate::bytes;
use crate::http::grammar::field_line;
use crate::http::message::fields::Fields;

/// What a form says of one part: views of its head, in the input or in the store, valid during the call only.
///
/// ```
/// use wirenut::http::multipart::{Boundary, Event, Limits, Parser};
/// let form = b"--x\r\n\
///     Content-Disposition: form-data; name=\"photo\"; filename=\"cat.png\"\r\n\
///     Content-Type: image/png\r\n\
///     \r\n\
///     ...\r\n--x--\r\n";
/// let mut parser = Parser::new(Boundary::new(b"x").unwrap());
/// let mut store = [0; 256];
/// let Ok((_, Event::Part(part))) = parser.receive(&Limits::DEFAULT, form, &mut store) else { panic!() };
/// assert!(part.name.is("photo") && part.filename.is_some_and(|name| name.is("cat.png")));
/// assert_eq!(part.content_type, Some(&b"image/png"[..]));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Part<'b> {
    /// The name of the form's field.
    pub name: Text<'b>,
    /// The name of the file, if it is one: empty where a browser's user has chosen none.
    pub filename: Option<Text<'b>>,
    /// The value of the Content-Type field. Without one the content is text (RFC 7578 §4.4).
    pub content_type: Option<&'b [u8]>,
    /// All field lines.
    pub fields: Fields<'b>,
}

impl<'b> Part<'b> {
    /// Reads a head, which is whole field lines. If it breaks a rule: which one, and at which byte of it.
    pub(super) fn parse(lines: &'b [u8]) -> Result<Self, (Rule, usize)> {
        let (mut names, mut content_type, mut at) = (None, None, 0);
        while let Some(line) = field_line::line(lines, at) {
            let Some((name, value)) = line.name_and_value(lines) else { break };
            let outcome = if name.eq_ignore_ascii_case(b"Content-Disposition") {
                disposition(value).and_then(|found| once(&mut names, found))
            } else if name.eq_ignore_ascii_case(b"Content-Type") {
                once(&mut content_type, value)
            } else if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") {
                transfer_encoding(value)
            } else {
                Ok(())
            };
            outcome.map_err(|rule| (rule, at))?;
            at = line.end();
        }
        let (name, filename) = names.ok_or((Rule::MissingDisposition, 0))?;
        Ok(Self { name, filename, content_type, fields: Fields::validated(lines, None) })
    }
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Rule> {
    if place.replace(value).is_some() { Err(Rule::DuplicateField) } else { Ok(()) }
}

/// The names of a part and of its file.
type Names<'b> = (Text<'b>, Option<Text<'b>>);

/// Reads a Content-Disposition.
///
/// A backslash before a quote is a part of the name for browsers, and for others says that the quote is. No such value is
/// sound in both readings: in the one the string ends there, in the other it does not, so from there on one of them is
/// inside a string where the other is outside, where no backslash may stand that would bring them together again.
fn disposition(value: &[u8]) -> Result<Names<'_>, Rule> {
    match read_disposition(value, Escapes::Percent) {
        Err(Rule::InvalidDisposition) => read_disposition(value, Escapes::Backslash),
        read => read,
    }
}

/// The same in one reading: [`Rule::InvalidDisposition`] where that is not sound, whatever else is wrong.
#[inline(never)]
fn read_disposition(value: &[u8], quoted: Escapes) -> Result<Names<'_>, Rule> {
    let (kind, parameters) = Parameters::split(value, quoted);
    if !kind.eq_ignore_ascii_case(b"form-data") {
        return Err(Rule::InvalidDisposition);
    }
    let (mut name, mut filename, mut broken) = (None, None, None);
    for parameter in parameters {
        let (parameter, text) = parameter.map_err(|_| Rule::InvalidDisposition)?;
        let rule = if parameter.eq_ignore_ascii_case(b"name") {
            name.replace(text).map(|_| Rule::DuplicateParameter)
        } else if parameter.eq_ignore_ascii_case(b"filename") {
            filename.replace(text).map(|_| Rule::DuplicateParameter)
        } else if parameter.eq_ignore_ascii_case(b"filename*") || parameter.eq_ignore_ascii_case(b"name*") {
            Some(Rule::ExtendedParameter)
        } else {
            None
        };
        broken = broken.or(rule);
    }
    match (broken, name) {
        (Some(rule), _) => Err(rule),
        (None, Some(name)) => Ok((name, filename)),
        (None, None) => Err(Rule::MissingName),
    }
}

fn transfer_encoding(value: &[u8]) -> Result<(), Rule> {
    let is_identity = [&b"7bit"[..], b"8bit", b"binary"].iter().any(|known| value.eq_ignore_ascii_case(known));
    if is_identity { Ok(()) } else { Err(Rule::TransferEncoding) }
}

/// Without a copy of it where it is whole in the input.
pub(super) fn lines_of(head: &[u8]) -> &[u8] {
    head.get(..head.len().wrapping_sub(2)).unwrap_or(bytes::from(head, head.len()))
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::vec::Vec;

    /// All values that end with up to eight of these characters: what is sound in both readings has the same strings in both.
    #[test]
    fn no_value_has_two_readings() {
        let (mut value, mut sound) = (Vec::new(), [0_u32; 2]);
        for length in 0..=8 {
            for number in 0..5_u32.pow(length) {
                value.clear();
                value.extend(b"form-data;a=\"");
                value.extend((0..length).map(|place| b"\"\\;=a"[(number / 5_u32.pow(place) % 5) as usize]));
                let [percent, backslash] = [Escapes::Percent, Escapes::Backslash].map(|quoted| {
                    let (_, parameters) = Parameters::split(&value, quoted);
                    parameters
                        .map(|parameter| parameter.map(|(name, text)| (name, text.raw)))
                        .collect::<Result<Vec<_>, _>>()
                });
                sound[0] += u32::from(percent.is_ok());
                sound[1] += u32::from(backslash.is_ok());
                if percent.is_ok() && backslash.is_ok() {
                    assert_eq!(percent, backslash, "{}", value.escape_ascii());
                }
            }
        }
        assert!(sound[0] > 1000 && sound[1] > 1000, "{sound:?}");
    }
}
