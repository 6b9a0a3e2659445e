//! Structured fields, beside sfv and sfparse.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use sfv::{FieldType as _, Parser};
use wirenut::http::structured::{
    BareItem, ByteSequence, Decimal, Dictionary, DictionaryWriter, DisplayString, Item, ItemWriter, List, ListWriter,
    Member, SfString,
};
use wirenut_tests::fuzz::structured_fields;

/// Text that is often a structured field, and often nearly one.
fn text() -> impl Strategy<Value = String> {
    let words = [
        "a",
        "b",
        "*c",
        "a.b_c-d",
        "1",
        "-0",
        "7",
        "1.5",
        "-12.345",
        "123456789012345",
        "1234567890123",
        "\"\"",
        "\"x y\"",
        "\"\\\"\\\\\"",
        "?0",
        "?1",
        "@1",
        "@-1.5",
        ":YQ==:",
        ":YWI:",
        "::",
        ":Y:",
        "%\"a\"",
        "%\"%c3%bc\"",
        "%\"%C3\"",
        "Tok/en:x",
        "A",
        "(",
        ")",
        "(1 a)",
        "()",
        "( \"b\";c  d )",
        ";",
        ";a",
        ";a=1",
        "; b=?0",
        ",",
        ", ",
        " ,\t",
        "=",
        " ",
        "\t",
        "\"",
        "\\",
        "%",
        ".",
        "a=1",
        "b=(1 2);q",
        "c;d=e",
        "é",
    ];
    let piece = prop_oneof![8 => select(words.to_vec()).prop_map(String::from), 1 => "[ -~]"];
    vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

/// What may be written.
fn bare_item() -> impl Strategy<Value = Owned> {
    const LARGEST: i64 = 999_999_999_999_999;
    prop_oneof![
        (-LARGEST..=LARGEST).prop_map(Owned::Integer),
        (-LARGEST..=LARGEST).prop_map(|number| Owned::Decimal(Decimal::from_thousandths(number).expect("small"))),
        "[ -~]{0,12}".prop_map(Owned::String),
        "[a-zA-Z*][a-zA-Z0-9!#$%&'*+.^_`|~:/-]{0,8}".prop_map(Owned::Token),
        vec(any::<u8>(), 0..12).prop_map(Owned::Bytes),
        any::<bool>().prop_map(Owned::Boolean),
        (-LARGEST..=LARGEST).prop_map(Owned::Date),
        ".{0,8}".prop_map(Owned::Display),
    ]
}

#[derive(Clone, Debug)]
enum Owned {
    Integer(i64),
    Decimal(Decimal),
    String(String),
    Token(String),
    Bytes(Vec<u8>),
    Boolean(bool),
    Date(i64),
    Display(String),
}

impl Owned {
    fn lend(&self) -> BareItem<'_> {
        match self {
            Self::Integer(number) => BareItem::Integer(*number),
            Self::Decimal(decimal) => BareItem::Decimal(*decimal),
            Self::String(text) => BareItem::String(SfString::new(text)),
            Self::Token(text) => BareItem::Token(text),
            Self::Bytes(bytes) => BareItem::ByteSequence(ByteSequence::new(bytes)),
            Self::Boolean(value) => BareItem::Boolean(*value),
            Self::Date(seconds) => BareItem::Date(*seconds),
            Self::Display(text) => BareItem::DisplayString(DisplayString::new(text)),
        }
    }
}

/// A key, and values with their parameters: several for an inner list.
type Entry = (String, Vec<(Owned, Vec<(String, Owned)>)>, bool);

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let key = "[a-z*][a-z0-9_.*-]{0,4}";
    let item = (bare_item(), vec((key, bare_item()), 0..3));
    vec((key, vec(item, 1..3), any::<bool>()), 0..4)
}

/// What sfparse makes of a whole field.
fn streamed(
    text: &[u8],
    next: impl Fn(&mut sfparse::Parser<'_>) -> Result<Option<sfparse::Value>, sfparse::Error>,
) -> Result<(), sfparse::Error> {
    let mut parser = sfparse::Parser::new(text);
    while next(&mut parser)?.is_some() {}
    Ok(())
}

fn list_member(parser: &mut sfparse::Parser<'_>) -> Result<Option<sfparse::Value>, sfparse::Error> {
    parser.parse_list()
}

fn dictionary_member(parser: &mut sfparse::Parser<'_>) -> Result<Option<sfparse::Value>, sfparse::Error> {
    Ok(parser.parse_dict()?.map(|(_, value)| value))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn structured_fields_keep_their_laws(data in prop_oneof![
        4 => text().prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..30),
    ]) {
        structured_fields(&data);
    }

    /// The same is accepted, by sfv and by sfparse; where sfv reads it, it writes what we write.
    #[test]
    fn fields_are_read_as_others_have_it(text in text()) {
        let bytes = text.as_bytes();
        let item = Item::parse(bytes).is_ok();
        prop_assert_eq!(item, Parser::new(&text).parse::<sfv::Item>().is_ok(), "item {}", text);
        let list = List::parse(bytes);
        let theirs = Parser::new(&text).parse::<sfv::List>();
        prop_assert_eq!(list.is_ok(), theirs.is_ok(), "list {}", text);
        prop_assert_eq!(list.is_ok(), streamed(bytes, list_member).is_ok(), "list {}", text);
        if let (Ok(list), Ok(theirs)) = (list, theirs) {
            let mut room = [0; 512];
            let mut writer = ListWriter::new(&mut room);
            for member in list {
                prop_assert!(member.parameters().into_iter().count() < 20);
                let mut parameters = match member {
                    Member::Item(item) => writer.item(item.value).unwrap(),
                    Member::InnerList(list) => writer.inner_list(|inner| {
                        list.into_iter().try_for_each(|item| {
                            let mut parameters = inner.item(item.value)?;
                            for (key, value) in theirs_order(item.parameters) {
                                parameters = parameters.parameter(key, value)?;
                            }
                            Ok(())
                        })
                    }).unwrap(),
                };
                for (key, value) in theirs_order(member.parameters()) {
                    parameters = parameters.parameter(key, value).unwrap();
                }
            }
            let written = String::from_utf8(writer.finish().to_vec()).unwrap();
            prop_assert_eq!(written, theirs.serialize().unwrap_or_default(), "{}", text);
        }
        let dictionary = Dictionary::parse(bytes);
        prop_assert_eq!(dictionary.is_ok(), Parser::new(&text).parse::<sfv::Dictionary>().is_ok(), "dictionary {}", text);
        let theirs = streamed(bytes, dictionary_member);
        prop_assert_eq!(dictionary.is_ok(), theirs.is_ok(), "dictionary {}", text);
    }

    #[test]
    fn items_are_read_back(value in bare_item(), parameters in vec(("[a-z*][a-z0-9_.*-]{0,4}", bare_item()), 0..4)) {
        let mut room = [0; 1_000];
        let mut writer = ItemWriter::new(&mut room, value.lend()).unwrap();
        for (key, value) in &parameters {
            writer = writer.parameter(key, value.lend()).unwrap();
        }
        let item = Item::parse(writer.finish()).unwrap();
        prop_assert_eq!(item.value, value.lend());
        let read = item.parameters.into_iter();
        prop_assert!(read.eq(parameters.iter().map(|(key, value)| (&key[..], value.lend()))));
    }

    #[test]
    fn lists_and_dictionaries_are_read_back(entries in entries()) {
        let (mut list_room, mut room) = ([0; 4_000], [0; 4_000]);
        let (mut list, mut dictionary) = (ListWriter::new(&mut list_room), DictionaryWriter::new(&mut room));
        for (key, items, is_inner) in &entries {
            if *is_inner {
                let write = |inner: &mut wirenut::http::structured::InnerListWriter<'_, '_>| {
                    items.iter().try_for_each(|(value, parameters)| {
                        let mut writer = inner.item(value.lend())?;
                        for (key, value) in parameters {
                            writer = writer.parameter(key, value.lend())?;
                        }
                        Ok(())
                    })
                };
                list.inner_list(write).unwrap();
                dictionary.inner_list(key, write).unwrap().parameter("last", 1).unwrap();
            } else {
                list.item(items[0].0.lend()).unwrap();
                dictionary.item(key, items[0].0.lend()).unwrap().parameter("last", 1).unwrap();
            }
        }
        let (list, dictionary) = (list.finish(), dictionary.finish());
        let members = List::parse(list).unwrap().into_iter();
        let entries_read = Dictionary::parse(dictionary).unwrap().into_iter();
        prop_assert_eq!(members.clone().count(), entries.len());
        prop_assert_eq!(entries_read.clone().count(), entries.len());
        for (((key, items, is_inner), member), (key_read, member_read)) in entries.iter().zip(members).zip(entries_read) {
            prop_assert_eq!(key, key_read);
            prop_assert_eq!(member_read.parameters().get("last"), Some(BareItem::Integer(1)));
            for member in [member, member_read] {
                if *is_inner {
                    let read: Vec<_> = member.inner_list().unwrap().into_iter().collect();
                    prop_assert_eq!(read.len(), items.len());
                    for (read, (value, parameters)) in read.iter().zip(items) {
                        prop_assert_eq!(read.value, value.lend());
                        let written = parameters.iter().map(|(key, value)| (&key[..], value.lend()));
                        prop_assert!(read.parameters.into_iter().eq(written));
                    }
                } else {
                    prop_assert_eq!(member.value(), Some(items[0].0.lend()));
                }
            }
        }
    }
}

/// Each key where it came first, with its last value.
fn theirs_order(parameters: wirenut::http::structured::Parameters<'_>) -> Vec<(&str, BareItem<'_>)> {
    let mut map: Vec<(&str, BareItem<'_>)> = Vec::new();
    for (key, value) in parameters {
        match map.iter_mut().find(|(known, _)| *known == key) {
            Some((_, place)) => *place = value,
            None => map.push((key, value)),
        }
    }
    map
}
