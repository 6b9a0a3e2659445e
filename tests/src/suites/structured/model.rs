//! From our values to the suite's JSON, and from its JSON to what we write.

use serde_json::{Value, json};
use wirenut::http::structured::{
    BareItem, ByteSequence, Decimal, Dictionary, DictionaryWriter, DisplayString, InnerListWriter, Item, ItemWriter,
    List, ListWriter, Member, Parameters, ParametersWriter,
};
use wirenut::http::{Fields, ValueError};

use super::Kind;

/// What the lines of a field are, in the suite's JSON, and how we write what we read.
pub(super) struct Read {
    pub(super) value: Value,
    pub(super) written: String,
}

/// Longer than any field of the suite.
const ROOM: usize = 1 << 16;

/// Reads lines as they are, or as fields where there are several.
pub(super) fn read(kind: Kind, raw: &[String]) -> Result<Read, String> {
    let lines: String = raw.iter().map(|line| format!("A: {line}\r\n")).collect();
    let single = if let [line] = raw { Some(line.as_bytes()) } else { None };
    let fields = if single.is_none() { Fields::parse(lines.as_bytes()).ok_or("no field")? } else { Fields::EMPTY };
    let text = |error: ValueError| error.to_string();
    let mut room = vec![0; ROOM];
    match kind {
        Kind::Item => {
            let item = match single {
                Some(value) => Item::parse(value),
                None => Item::of(fields, "A").map(|item| item.expect("a field")),
            };
            let item = item.map_err(text)?;
            let mut writer = ItemWriter::new(&mut room, item.value).map_err(text)?;
            for (key, value) in distinct(item.parameters) {
                writer = writer.parameter(key, value).map_err(text)?;
            }
            Ok(Read { value: item_json(item), written: written(writer.finish()) })
        }
        Kind::List => {
            let list = single.map_or_else(|| List::of(fields, "A"), List::parse).map_err(text)?;
            let mut writer = ListWriter::new(&mut room);
            for member in list {
                let parameters = match member {
                    Member::Item(item) => writer.item(item.value),
                    Member::InnerList(list) => writer.inner_list(|inner| put_items(inner, list.into_iter())),
                };
                put_parameters(parameters.map_err(text)?, member.parameters()).map_err(text)?;
            }
            Ok(Read { value: list.into_iter().map(member_json).collect(), written: written(writer.finish()) })
        }
        Kind::Dictionary => {
            let dictionary = single.map_or_else(|| Dictionary::of(fields, "A"), Dictionary::parse).map_err(text)?;
            let mut writer = DictionaryWriter::new(&mut room);
            let mut value = Vec::new();
            for (key, member) in last_of_each(dictionary.into_iter()) {
                assert_eq!(dictionary.get(key), Some(member), "{key}");
                let parameters = match member {
                    Member::Item(item) => writer.item(key, item.value),
                    Member::InnerList(list) => writer.inner_list(key, |inner| put_items(inner, list.into_iter())),
                };
                put_parameters(parameters.map_err(text)?, member.parameters()).map_err(text)?;
                value.push(json!([key, member_json(member)]));
            }
            Ok(Read { value: value.into(), written: written(writer.finish()) })
        }
    }
}

fn written(text: &[u8]) -> String {
    String::from_utf8(text.to_vec()).expect("ASCII")
}

/// The ordered map that pairs make: each key where it came first, with its last value.
fn last_of_each<'b, T>(pairs: impl Iterator<Item = (&'b str, T)>) -> Vec<(&'b str, T)> {
    let mut map: Vec<(&str, T)> = Vec::new();
    for (key, value) in pairs {
        match map.iter_mut().find(|(known, _)| *known == key) {
            Some((_, place)) => *place = value,
            None => map.push((key, value)),
        }
    }
    map
}

fn distinct(parameters: Parameters<'_>) -> Vec<(&str, BareItem<'_>)> {
    let pairs = last_of_each(parameters.into_iter());
    pairs.iter().for_each(|(key, value)| assert_eq!(parameters.get(key), Some(*value), "{key}"));
    pairs
}

fn put_items<'b>(
    writer: &mut InnerListWriter<'_, '_>,
    mut items: impl Iterator<Item = Item<'b>>,
) -> Result<(), ValueError> {
    items.try_for_each(|item| put_parameters(writer.item(item.value)?, item.parameters))
}

fn put_parameters(mut writer: ParametersWriter<'_, '_>, parameters: Parameters<'_>) -> Result<(), ValueError> {
    for (key, value) in distinct(parameters) {
        writer = writer.parameter(key, value)?;
    }
    Ok(())
}

fn member_json(member: Member<'_>) -> Value {
    match member {
        Member::Item(item) => item_json(item),
        Member::InnerList(list) => {
            let items: Vec<_> = list.into_iter().map(item_json).collect();
            json!([items, parameters_json(list.parameters)])
        }
    }
}

fn item_json(item: Item<'_>) -> Value {
    json!([bare_item_json(item.value), parameters_json(item.parameters)])
}

fn parameters_json(parameters: Parameters<'_>) -> Value {
    distinct(parameters).into_iter().map(|(key, value)| json!([key, bare_item_json(value)])).collect()
}

fn bare_item_json(value: BareItem<'_>) -> Value {
    let mut room = vec![0; ROOM];
    let typed = |name: &str, value: Value| json!({"__type": name, "value": value});
    match value {
        BareItem::Integer(number) => number.into(),
        BareItem::Decimal(decimal) => (decimal.thousandths() as f64 / 1_000.0).into(),
        BareItem::String(string) => string.decode(&mut room).expect("room").into(),
        BareItem::Token(token) => typed("token", token.into()),
        BareItem::ByteSequence(sequence) => {
            let bytes = sequence.decode(&mut room).expect("room");
            assert!(sequence.bytes().eq(bytes.iter().copied()));
            typed("binary", base32(bytes).into())
        }
        BareItem::Boolean(value) => value.into(),
        BareItem::Date(seconds) => typed("date", seconds.into()),
        BareItem::DisplayString(string) => typed("displaystring", string.decode(&mut room).expect("room").into()),
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648 §6.
fn base32(bytes: &[u8]) -> String {
    let groups = bytes.chunks(5).map(|chunk| {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        let letters = (chunk.len() * 8).div_ceil(5);
        let letter = |at: usize| char::from(BASE32[(bits >> (35 - 5 * at)) as usize & 31]);
        (0..8).map(|at| if at < letters { letter(at) } else { '=' }).collect::<String>()
    });
    groups.collect()
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for group in text.as_bytes().chunks(8) {
        let digits = group.iter().filter(|letter| **letter != b'=').count();
        let value = |letter: &u8| BASE32.iter().position(|known| known == letter);
        let bits = group[..digits].iter().try_fold(0_u64, |bits, letter| Some(bits << 5 | value(letter)? as u64))?;
        let bits = bits << (5 * (8 - digits));
        bytes.extend(&bits.to_be_bytes()[3..3 + digits * 5 / 8]);
    }
    Some(bytes)
}

/// A bare item of the suite's JSON, with the bytes that it needs beside it.
struct Owned<'v>(&'v Value, Vec<u8>);

impl<'v> Owned<'v> {
    fn new(value: &'v Value) -> Self {
        let bytes = value.get("value").and_then(Value::as_str).and_then(from_base32).unwrap_or_default();
        Self(value, bytes)
    }

    fn bare_item(&self) -> Result<BareItem<'_>, String> {
        let unknown = || format!("unknown value {}", self.0);
        let Some(name) = self.0.get("__type") else {
            return match self.0 {
                Value::Bool(value) => Ok((*value).into()),
                Value::String(text) => Ok(text.as_str().into()),
                Value::Number(number) if number.is_f64() => decimal(&number.to_string()).ok_or("too large".into()),
                Value::Number(number) => number.as_i64().map(BareItem::Integer).ok_or_else(unknown),
                Value::Null | Value::Array(_) | Value::Object(_) => Err(unknown()),
            };
        };
        let value = self.0.get("value").ok_or_else(unknown)?;
        match name.as_str() {
            Some("token") => value.as_str().map(BareItem::Token),
            Some("binary") => Some(BareItem::ByteSequence(ByteSequence::new(&self.1))),
            Some("date") => value.as_i64().map(BareItem::Date),
            Some("displaystring") => value.as_str().map(|text| BareItem::DisplayString(DisplayString::new(text))),
            _ => None,
        }
        .ok_or_else(unknown)
    }
}

/// A decimal from its digits, rounded.
fn decimal(text: &str) -> Option<BareItem<'static>> {
    let (whole, fraction) = text.split_once('.')?;
    let number = format!("{whole}{fraction}").parse().ok()?;
    Decimal::rounded(number, fraction.len() as u32).map(BareItem::Decimal)
}

/// Writes what the suite's JSON says that a field is.
pub(super) fn write(kind: Kind, expected: &Value) -> Result<String, String> {
    let text = |error: ValueError| error.to_string();
    let mut room = vec![0; ROOM];
    match kind {
        Kind::Item => {
            let (value, parameters) = pair(expected)?;
            let mut writer = ItemWriter::new(&mut room, Owned::new(value).bare_item()?).map_err(text)?;
            for parameter in array(parameters)? {
                let (key, value) = pair(parameter)?;
                writer = writer.parameter(string(key)?, Owned::new(value).bare_item()?).map_err(text)?;
            }
            Ok(written(writer.finish()))
        }
        Kind::List => {
            let mut writer = ListWriter::new(&mut room);
            for member in array(expected)? {
                let (value, parameters) = pair(member)?;
                let member = match value.as_array() {
                    Some(items) => writer.inner_list(|inner| write_items(inner, items)),
                    None => writer.item(Owned::new(value).bare_item()?),
                };
                write_parameters(member.map_err(text)?, parameters)?;
            }
            Ok(written(writer.finish()))
        }
        Kind::Dictionary => {
            let mut writer = DictionaryWriter::new(&mut room);
            for entry in array(expected)? {
                let (key, member) = pair(entry)?;
                let (value, parameters) = pair(member)?;
                let member = match value.as_array() {
                    Some(items) => writer.inner_list(string(key)?, |inner| write_items(inner, items)),
                    None => writer.item(string(key)?, Owned::new(value).bare_item()?),
                };
                write_parameters(member.map_err(text)?, parameters)?;
            }
            Ok(written(writer.finish()))
        }
    }
}

fn write_items(writer: &mut InnerListWriter<'_, '_>, items: &[Value]) -> Result<(), ValueError> {
    for item in items {
        let (value, parameters) = pair(item).expect("an item");
        let item = writer.item(Owned::new(value).bare_item().expect("a value"))?;
        write_parameters(item, parameters).expect("parameters");
    }
    Ok(())
}

fn write_parameters(mut writer: ParametersWriter<'_, '_>, parameters: &Value) -> Result<(), String> {
    for parameter in array(parameters)? {
        let (key, value) = pair(parameter)?;
        let value = Owned::new(value);
        writer = writer.parameter(string(key)?, value.bare_item()?).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn array(value: &Value) -> Result<&[Value], String> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| format!("no array: {value}"))
}

fn string(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("no string: {value}"))
}

fn pair(value: &Value) -> Result<(&Value, &Value), String> {
    match array(value)? {
        [first, second] => Ok((first, second)),
        _ => Err(format!("no pair: {value}")),
    }
}
