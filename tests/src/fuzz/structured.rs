//! Structured fields: an error falls at its byte, and what is written is read back as the same.

use core::fmt::Debug;

use wirenut::http::structured::{
    BareItem, Dictionary, DictionaryWriter, InnerListWriter, Item, ItemWriter, List, ListWriter, Member, Parameters,
    ParametersWriter,
};
use wirenut::http::{Fields, ValueError, ValueRule};

/// The bytes as each kind of field.
pub fn structured_fields(data: &[u8]) {
    falls_at_its_byte(data, |data| Item::parse(data).map(drop));
    falls_at_its_byte(data, |data| List::parse(data).map(drop));
    falls_at_its_byte(data, |data| Dictionary::parse(data).map(drop));
    if let Ok(item) = Item::parse(data) {
        let text = write_item(item).expect("room");
        again(Item::parse(&text), write_item, &text);
        assert_eq!(Item::parse(&text).unwrap().value, item.value);
    }
    if let Ok(list) = List::parse(data) {
        let text = write_list(list).expect("room");
        again(List::parse(&text), write_list, &text);
        let (read, before) = (List::parse(&text).unwrap().into_iter(), list.into_iter());
        assert!(read.map(Shape::of).eq(before.map(Shape::of)), "{}", text.escape_ascii());
        in_two_lines(data, list);
    }
    if let Ok(dictionary) = Dictionary::parse(data) {
        let text = write_dictionary(dictionary).expect("room");
        again(Dictionary::parse(&text), write_dictionary, &text);
        for (key, _) in dictionary {
            let [read, before] = [Dictionary::parse(&text).unwrap(), dictionary].map(|dictionary| dictionary.get(key));
            assert_eq!(read.map(Shape::of), before.map(Shape::of), "{}", text.escape_ascii());
        }
    }
}

/// An error falls with the very byte that breaks the rule, neither before nor after it.
fn falls_at_its_byte(data: &[u8], parse: impl Fn(&[u8]) -> Result<(), ValueError>) {
    let Err(error) = parse(data) else { return };
    let shown = data.escape_ascii();
    assert!(error.offset <= data.len(), "{error}: {shown}");
    if let Err(earlier) = parse(&data[..error.offset]) {
        assert_eq!(earlier.offset, error.offset, "{error} too late: {shown}");
    }
    if let Some(with) = data.get(..=error.offset) {
        assert_eq!(parse(with).map_err(|error| error.offset), Err(error.offset), "{error} too early: {shown}");
    }
}

/// What is written is written again as the same.
fn again<T: Debug + Copy>(read: Result<T, ValueError>, write: impl Fn(T) -> Result<Vec<u8>, ValueError>, text: &[u8]) {
    let read = read.unwrap_or_else(|error| panic!("{error}: {}", text.escape_ascii()));
    assert_eq!(write(read).as_deref(), Ok(text), "{}", text.escape_ascii());
}

/// A list and the same in two fields have the same members.
fn in_two_lines(data: &[u8], list: List<'_>) {
    let lines = [b"A: ", data, b"\r\na: b\r\n"].concat();
    let Some(fields) = Fields::parse(&lines) else { return };
    if list.is_empty() {
        assert_eq!(List::of(fields, "a").map_err(|error| error.rule), Err(ValueRule::InvalidBareItem));
        return;
    }
    let both = List::of(fields, "a").expect("two lists");
    let last = List::parse(b"b").expect("a list");
    assert!(both.into_iter().eq(list.into_iter().chain(last)), "{}", data.escape_ascii());
}

/// A member without the text between its parts.
#[derive(PartialEq, Debug)]
struct Shape(Vec<String>);

impl Shape {
    fn of(member: Member<'_>) -> Self {
        let mut parts = Vec::new();
        match member {
            Member::Item(item) => parts.push(plain(&item.value)),
            Member::InnerList(list) => list.into_iter().for_each(|item| {
                parts.push(plain(&item.value));
                parts.extend(distinct(item.parameters).map(|(key, value)| format!("{key}={}", plain(&value))));
            }),
        }
        parts.push(";".to_string());
        parts.extend(distinct(member.parameters()).map(|(key, value)| format!("{key}={}", plain(&value))));
        Self(parts)
    }
}

fn plain(value: &BareItem<'_>) -> String {
    let text = write_item(Item { value: *value, parameters: Parameters::default() }).expect("a value");
    String::from_utf8(text).expect("ASCII")
}

/// Each key once, where it came first.
fn distinct(parameters: Parameters<'_>) -> impl Iterator<Item = (&str, BareItem<'_>)> {
    let first = move |at: usize, key: &str| !parameters.into_iter().take(at).any(|(earlier, _)| earlier == key);
    let keys = parameters.into_iter().enumerate().filter(move |(at, (key, _))| first(*at, key));
    keys.map(move |(_, (key, _))| (key, parameters.get(key).expect("a value")))
}

/// Room for all that a fuzzer makes.
const ROOM: usize = 1 << 14;

fn write_item(item: Item<'_>) -> Result<Vec<u8>, ValueError> {
    let mut room = vec![0; ROOM];
    let mut writer = ItemWriter::new(&mut room, item.value)?;
    for (key, value) in distinct(item.parameters) {
        writer = writer.parameter(key, value)?;
    }
    Ok(writer.finish().to_vec())
}

fn write_list(list: List<'_>) -> Result<Vec<u8>, ValueError> {
    let mut room = vec![0; ROOM];
    let mut writer = ListWriter::new(&mut room);
    for member in list {
        let parameters = match member {
            Member::Item(item) => writer.item(item.value)?,
            Member::InnerList(list) => writer.inner_list(|inner| write_items(inner, list.into_iter()))?,
        };
        write_parameters(parameters, member.parameters())?;
    }
    Ok(writer.finish().to_vec())
}

fn write_dictionary(dictionary: Dictionary<'_>) -> Result<Vec<u8>, ValueError> {
    let mut room = vec![0; ROOM];
    let mut writer = DictionaryWriter::new(&mut room);
    let mut keys = Vec::new();
    for (key, _) in dictionary {
        if keys.contains(&key) {
            continue;
        }
        keys.push(key);
        let member = dictionary.get(key).expect("a member");
        let parameters = match member {
            Member::Item(item) => writer.item(key, item.value)?,
            Member::InnerList(list) => writer.inner_list(key, |inner| write_items(inner, list.into_iter()))?,
        };
        write_parameters(parameters, member.parameters())?;
    }
    Ok(writer.finish().to_vec())
}

fn write_items<'b>(
    writer: &mut InnerListWriter<'_, '_>,
    mut items: impl Iterator<Item = Item<'b>>,
) -> Result<(), ValueError> {
    items.try_for_each(|item| write_parameters(writer.item(item.value)?, item.parameters))
}

fn write_parameters(mut writer: ParametersWriter<'_, '_>, parameters: Parameters<'_>) -> Result<(), ValueError> {
    for (key, value) in distinct(parameters) {
        writer = writer.parameter(key, value)?;
    }
    Ok(())
}
