//! Writing structured fields (RFC 9651 §4.1), into a buffer that is given.

use super::bare_item::BareItem;
use super::cursor::{check_key, is_token_byte};
use super::string::SfString;
use crate::http::message::response::Writer;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::find::find;
use crate::http::value::output::Output;

/// Writes a field that is one item.
///
/// ```
/// use wirenut::http::structured::{BareItem, ItemWriter};
/// let mut room = [0; 32];
/// let value = ItemWriter::new(&mut room, 5)?.parameter("foo", BareItem::Token("bar"))?.finish();
/// assert_eq!(value, b"5;foo=bar");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Debug)]
pub struct ItemWriter<'o>(Output<'o>);

impl<'o> ItemWriter<'o> {
    /// Writes the value to the beginning of `out`.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], with the length of `out`; what cannot be in a field: [`ValueRule::InvalidNumber`],
    /// [`ValueRule::InvalidString`], [`ValueRule::InvalidStructuredToken`], with the offset in that text.
    pub fn new<'b>(out: &'o mut [u8], value: impl Into<BareItem<'b>>) -> Result<Self, ValueError> {
        let mut output = Output::new(out);
        put_value(&mut output, b"", value.into())?;
        Ok(Self(output))
    }

    /// Adds a parameter. A key should come once: of several, the last one counts.
    ///
    /// # Errors
    /// Those of [`Self::new`]; [`ValueRule::InvalidKey`], with the offset in the key.
    pub fn parameter<'b>(mut self, key: &str, value: impl Into<BareItem<'b>>) -> Result<Self, ValueError> {
        put_parameter(&mut self.0, key, value.into())?;
        Ok(self)
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> &'o [u8] {
        self.0.finish()
    }
}

/// Writes a field that is a list. Each member is written whole or not at all.
///
/// ```
/// use wirenut::http::structured::{BareItem, Decimal, ListWriter};
/// let mut room = [0; 64];
/// let mut list = ListWriter::new(&mut room);
/// list.item(BareItem::Token("tea"))?.parameter("hot", true)?;
/// list.inner_list(|inner| {
///     inner.item("rum")?;
///     inner.item(7).map(drop)
/// })?
/// .parameter("q", Decimal::from_thousandths(500).unwrap())?;
/// assert_eq!(list.finish(), b"tea;hot, (\"rum\" 7);q=0.5");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Debug)]
pub struct ListWriter<'o>(Output<'o>);

impl<'o> ListWriter<'o> {
    /// Writes to the beginning of `out`.
    #[must_use]
    pub const fn new(out: &'o mut [u8]) -> Self {
        Self(Output::new(out))
    }

    /// Adds an item.
    ///
    /// # Errors
    /// Those of [`ItemWriter::new`].
    pub fn item<'b>(&mut self, value: impl Into<BareItem<'b>>) -> Result<ParametersWriter<'_, 'o>, ValueError> {
        let comma = comma(&self.0);
        put_value(&mut self.0, comma, value.into())?;
        Ok(ParametersWriter(&mut self.0))
    }

    /// Adds an inner list, whose items `write` adds.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], and those of `write`.
    pub fn inner_list(
        &mut self,
        write: impl FnOnce(&mut InnerListWriter<'_, 'o>) -> Result<(), ValueError>,
    ) -> Result<ParametersWriter<'_, 'o>, ValueError> {
        let length = self.0.length();
        let comma = comma(&self.0);
        let written = self.0.add(|writer| writer.put(comma)).and_then(|()| put_inner_list(&mut self.0, write));
        or_shorten(&mut self.0, length, written)?;
        Ok(ParametersWriter(&mut self.0))
    }

    /// What was written. If that is nothing, the field must not be sent at all (RFC 9651 §4.1).
    #[must_use]
    pub fn finish(self) -> &'o [u8] {
        self.0.finish()
    }
}

/// Writes a field that is a dictionary. Each member is written whole or not at all.
///
/// ```
/// use wirenut::http::structured::DictionaryWriter;
/// let mut room = [0; 32];
/// let mut priority = DictionaryWriter::new(&mut room);
/// priority.item("u", 2)?;
/// priority.item("i", true)?;
/// assert_eq!(priority.finish(), b"u=2, i");
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Debug)]
pub struct DictionaryWriter<'o>(Output<'o>);

impl<'o> DictionaryWriter<'o> {
    /// Writes to the beginning of `out`.
    #[must_use]
    pub const fn new(out: &'o mut [u8]) -> Self {
        Self(Output::new(out))
    }

    /// Adds an item. A key should come once: of several, the last one counts.
    ///
    /// # Errors
    /// Those of [`ItemWriter::new`]; [`ValueRule::InvalidKey`], with the offset in the key.
    pub fn item<'b>(
        &mut self,
        key: &str,
        value: impl Into<BareItem<'b>>,
    ) -> Result<ParametersWriter<'_, 'o>, ValueError> {
        let length = self.0.length();
        let written = self.put_key(key).and_then(|()| put_value_of_key(&mut self.0, value.into()));
        or_shorten(&mut self.0, length, written)?;
        Ok(ParametersWriter(&mut self.0))
    }

    /// Adds an inner list, whose items `write` adds.
    ///
    /// # Errors
    /// [`ValueRule::BufferTooShort`], [`ValueRule::InvalidKey`], and those of `write`.
    pub fn inner_list(
        &mut self,
        key: &str,
        write: impl FnOnce(&mut InnerListWriter<'_, 'o>) -> Result<(), ValueError>,
    ) -> Result<ParametersWriter<'_, 'o>, ValueError> {
        let length = self.0.length();
        let begun = self.put_key(key).and_then(|()| self.0.add(|writer| writer.put(b"=")));
        let written = begun.and_then(|()| put_inner_list(&mut self.0, write));
        or_shorten(&mut self.0, length, written)?;
        Ok(ParametersWriter(&mut self.0))
    }

    /// What was written. If that is nothing, the field must not be sent at all (RFC 9651 §4.1).
    #[must_use]
    pub fn finish(self) -> &'o [u8] {
        self.0.finish()
    }

    fn put_key(&mut self, key: &str) -> Result<(), ValueError> {
        check_key(key)?;
        let comma = comma(&self.0);
        self.0.add(|writer| {
            writer.put(comma);
            writer.put(key.as_bytes());
        })
    }
}

/// Writes the items of an inner list.
#[derive(Debug)]
pub struct InnerListWriter<'w, 'o> {
    output: &'w mut Output<'o>,
    /// Where the inner list begins.
    start: usize,
}

impl<'o> InnerListWriter<'_, 'o> {
    /// Adds an item.
    ///
    /// # Errors
    /// Those of [`ItemWriter::new`].
    pub fn item<'b>(&mut self, value: impl Into<BareItem<'b>>) -> Result<ParametersWriter<'_, 'o>, ValueError> {
        let space: &[u8] = if self.output.length() > self.start { b" " } else { b"" };
        put_value(self.output, space, value.into())?;
        Ok(ParametersWriter(self.output))
    }
}

/// Writes the parameters of what was just written.
#[derive(Debug)]
pub struct ParametersWriter<'w, 'o>(&'w mut Output<'o>);

impl ParametersWriter<'_, '_> {
    /// Adds a parameter, whole or not at all. A key should come once: of several, the last one counts.
    ///
    /// # Errors
    /// Those of [`ItemWriter::parameter`].
    pub fn parameter<'b>(self, key: &str, value: impl Into<BareItem<'b>>) -> Result<Self, ValueError> {
        put_parameter(self.0, key, value.into())?;
        Ok(self)
    }
}

/// What stands before the next member.
fn comma(output: &Output<'_>) -> &'static [u8] {
    if output.length() > 0 { b", " } else { b"" }
}

/// Takes back what is behind `length`, if not all could be written.
fn or_shorten(output: &mut Output<'_>, length: usize, written: Result<(), ValueError>) -> Result<(), ValueError> {
    if written.is_err() {
        output.shorten(length);
    }
    written
}

fn put_inner_list<'o>(
    output: &mut Output<'o>,
    write: impl FnOnce(&mut InnerListWriter<'_, 'o>) -> Result<(), ValueError>,
) -> Result<(), ValueError> {
    output.add(|writer| writer.put(b"("))?;
    let start = output.length();
    write(&mut InnerListWriter { output: &mut *output, start })?;
    output.add(|writer| writer.put(b")"))
}

fn put_parameter(output: &mut Output<'_>, key: &str, value: BareItem<'_>) -> Result<(), ValueError> {
    check_key(key)?;
    let length = output.length();
    let begun = output.add(|writer| {
        writer.put(b";");
        writer.put(key.as_bytes());
    });
    let written = begun.and_then(|()| put_value_of_key(output, value));
    or_shorten(output, length, written)
}

/// True is not written: the key says it.
fn put_value_of_key(output: &mut Output<'_>, value: BareItem<'_>) -> Result<(), ValueError> {
    if let BareItem::Boolean(true) = value { Ok(()) } else { put_value(output, b"=", value) }
}

/// Writes a value behind what stands `before` it.
fn put_value(output: &mut Output<'_>, before: &[u8], value: BareItem<'_>) -> Result<(), ValueError> {
    check(value)?;
    output.add(|writer| {
        writer.put(before);
        put_bare_item(writer, value);
    })
}

/// What RFC 9651 §4.1 has fail.
fn check(value: BareItem<'_>) -> Result<(), ValueError> {
    const LARGEST: i64 = 999_999_999_999_999;
    match value {
        BareItem::Integer(number) | BareItem::Date(number) if !(-LARGEST..=LARGEST).contains(&number) => {
            Err(ValueError::new(ValueRule::InvalidNumber, 0))
        }
        BareItem::String(string) => string.check(),
        BareItem::Token(token) => check_token(token),
        BareItem::Integer(_)
        | BareItem::Date(_)
        | BareItem::Decimal(_)
        | BareItem::ByteSequence(_)
        | BareItem::Boolean(_)
        | BareItem::DisplayString(_) => Ok(()),
    }
}

fn check_token(token: &str) -> Result<(), ValueError> {
    let begins_right = token.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'*');
    let wrong = if begins_right { token.bytes().position(|byte| !is_token_byte(byte)) } else { Some(0) };
    wrong.map_or(Ok(()), |at| Err(ValueError::new(ValueRule::InvalidStructuredToken, at)))
}

fn put_bare_item(writer: &mut Writer<'_>, value: BareItem<'_>) {
    match value {
        BareItem::Integer(number) => put_integer(writer, number),
        BareItem::Decimal(decimal) => {
            let (whole, fraction, places) = decimal.parts();
            if decimal.thousandths() < 0 {
                writer.put(b"-");
            }
            writer.put_decimal(whole);
            writer.put(b".");
            let written = fraction.checked_ilog10().map_or(1, |digits| digits.saturating_add(1));
            for _ in usize::try_from(written).unwrap_or(places)..places {
                writer.put(b"0");
            }
            writer.put_decimal(fraction);
        }
        BareItem::String(string) => put_string(writer, string),
        BareItem::Token(token) => writer.put(token.as_bytes()),
        BareItem::ByteSequence(sequence) => sequence.put(writer),
        BareItem::Boolean(value) => writer.put_pair(if value { *b"?1" } else { *b"?0" }),
        BareItem::Date(seconds) => {
            writer.put(b"@");
            put_integer(writer, seconds);
        }
        BareItem::DisplayString(string) => string.put(writer),
    }
}

fn put_integer(writer: &mut Writer<'_>, number: i64) {
    if number < 0 {
        writer.put(b"-");
    }
    writer.put_decimal(number.unsigned_abs());
}

fn put_string(writer: &mut Writer<'_>, string: SfString<'_>) {
    writer.put(b"\"");
    match string.as_escaped() {
        Some(escaped) => writer.put(escaped.as_bytes()),
        None => {
            let mut rest = string.as_str().unwrap_or("").as_bytes();
            while let Some((run, [byte, behind @ ..])) = rest.split_at_checked(find(rest, [b'"', b'\\'])) {
                writer.put(run);
                writer.put_pair([b'\\', *byte]);
                rest = behind;
            }
            writer.put(rest);
        }
    }
    writer.put(b"\"");
}
