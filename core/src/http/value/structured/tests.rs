//! What each rule of the grammar refuses, and at which byte; what is read and written.

extern crate alloc;

use super::*;
use crate::http::message::fields::Fields;
use crate::http::value::error::{ValueError, ValueRule};
use ValueRule::*;
use alloc::vec::Vec;

fn error<T>(rule: ValueRule, offset: usize) -> Result<T, ValueError> {
    Err(ValueError::new(rule, offset))
}

#[test]
fn values_of_each_type() {
    let decimal = |thousandths| BareItem::Decimal(Decimal::from_thousandths(thousandths).unwrap());
    let display = |text| BareItem::DisplayString(DisplayString::new(text));
    let bytes = |bytes: &'static [u8]| BareItem::from(bytes);
    let cases: [(&str, BareItem<'_>); 22] = [
        ("0", BareItem::Integer(0)),
        ("-0", BareItem::Integer(0)),
        ("007", BareItem::Integer(7)),
        ("999999999999999", BareItem::Integer(999_999_999_999_999)),
        ("-999999999999999", BareItem::Integer(-999_999_999_999_999)),
        ("1.5", decimal(1_500)),
        ("-0.05", decimal(-50)),
        ("999999999999.999", decimal(999_999_999_999_999)),
        ("\"\"", BareItem::from("")),
        (r#""a\"b\\""#, BareItem::from("a\"b\\")),
        ("*", BareItem::Token("*")),
        ("a:b/c!#$", BareItem::Token("a:b/c!#$")),
        ("::", bytes(b"")),
        (":YQ==:", bytes(b"a")),
        (":YQ:", bytes(b"a")),
        (":YWI=:", bytes(b"ab")),
        (":YWJj:", bytes(b"abc")),
        ("?0", BareItem::Boolean(false)),
        ("@0", BareItem::Date(0)),
        ("@-62135596800", BareItem::Date(-62_135_596_800)),
        ("%\"\"", display("")),
        ("%\"a%25 %e2%82%ac\"", display("a% \u{20ac}")),
    ];
    for (text, expected) in cases {
        assert_eq!(Item::parse(text.as_bytes()).map(|item| item.value), Ok(expected), "{text}");
        let around = alloc::format!("  {text}  ");
        assert_eq!(Item::parse(around.as_bytes()).map(|item| item.value), Ok(expected), "{text}");
    }
}

#[test]
fn items_that_are_none() {
    let cases: [(&[u8], ValueRule, usize); 48] = [
        (b"", InvalidBareItem, 0),
        (b"  ", InvalidBareItem, 2),
        (b"\t1", InvalidBareItem, 0),
        (b"1\t", TrailingCharacters, 1),
        (b"1 2", TrailingCharacters, 2),
        (b"1,2", TrailingCharacters, 1),
        (b"(1)", InvalidBareItem, 0),
        (b"=", InvalidBareItem, 0),
        (b"\xff", InvalidBareItem, 0),
        (b"-", InvalidNumber, 1),
        (b"--1", InvalidNumber, 1),
        (b"1000000000000000", InvalidNumber, 15),
        (b"1.", InvalidNumber, 2),
        (b"1.0.0", TrailingCharacters, 3),
        (b"1.0000", InvalidNumber, 5),
        (b"1234567890123.0", InvalidNumber, 13),
        (b"\"", InvalidString, 1),
        (b"\"a", InvalidString, 2),
        (b"\"a\n\"", InvalidString, 2),
        (b"\"a\\", InvalidString, 3),
        (b"\"a\\b\"", InvalidString, 3),
        (b"\"\x7f\"", InvalidString, 1),
        (b"\"a\xc3\xa9\"", InvalidString, 2),
        (b"\"a\xff\"", InvalidString, 2),
        (b"'a'", InvalidBareItem, 0),
        (b"a\"b\"", TrailingCharacters, 1),
        (b":", InvalidByteSequence, 1),
        (b":a:", InvalidByteSequence, 2),
        (b":YQ=:", InvalidByteSequence, 4),
        (b":YQ===:", InvalidByteSequence, 5),
        (b":YW-j:", InvalidByteSequence, 3),
        (b":YWJj=:", InvalidByteSequence, 5),
        (b":YWJj", InvalidByteSequence, 5),
        (b"?", InvalidBoolean, 1),
        (b"?2", InvalidBoolean, 1),
        (b"?true", InvalidBoolean, 1),
        (b"@", InvalidNumber, 1),
        (b"@1.5", InvalidStructuredDate, 2),
        (b"@\"1\"", InvalidNumber, 1),
        (b"%", InvalidDisplayString, 1),
        (b"%'a'", InvalidDisplayString, 1),
        (b"%\"a", InvalidDisplayString, 3),
        (b"%\"a%C3%BC\"", InvalidDisplayString, 3),
        (b"%\"%c3\"", InvalidDisplayString, 5),
        (b"%\"%c3a\"", InvalidDisplayString, 5),
        (b"%\"%c3%28\"", InvalidDisplayString, 5),
        (b"%\"%ff\"", InvalidDisplayString, 2),
        (b"%\"%f\"", InvalidDisplayString, 2),
    ];
    for (text, rule, offset) in cases {
        assert_eq!(Item::parse(text), error(rule, offset), "{}", text.escape_ascii());
    }
}

#[test]
fn parameters_that_are_none() {
    for (text, rule, offset) in [
        ("1;", InvalidKey, 2),
        ("1;A", InvalidKey, 2),
        ("1;a=", InvalidBareItem, 4),
        ("1;a =1", TrailingCharacters, 4),
        ("1;\ta", InvalidKey, 2),
        ("1 ;a", TrailingCharacters, 2),
        ("1;a=(1)", InvalidBareItem, 4),
    ] {
        assert_eq!(Item::parse(text.as_bytes()), error(rule, offset), "{text}");
    }
    let item = Item::parse(b"1;a=1; b;  a=x").unwrap();
    assert_eq!(item.parameters.get("a"), Some(BareItem::Token("x")));
    assert_eq!(item.parameters.get("b"), Some(BareItem::Boolean(true)));
    assert_eq!((item.parameters.get("c"), item.parameters.into_iter().count()), (None, 3));
}

#[test]
fn lists_that_are_none() {
    for (text, rule, offset) in [
        (",", InvalidBareItem, 0),
        ("1,", TrailingComma, 2),
        ("1, ", TrailingComma, 3),
        ("1,,2", InvalidBareItem, 2),
        ("1 2", MissingComma, 2),
        ("1\x0b,2", MissingComma, 1),
        ("(1", InvalidInnerList, 2),
        ("(", InvalidInnerList, 1),
        ("( ", InvalidInnerList, 2),
        ("(1,2)", InvalidInnerList, 2),
        ("(1\t2)", InvalidInnerList, 2),
        ("((1))", InvalidBareItem, 1),
        ("()1", MissingComma, 2),
    ] {
        assert_eq!(List::parse(text.as_bytes()), error(rule, offset), "{text}");
    }
    for (text, count) in [("", 0), ("  ", 0), ("1", 1), ("1\t,\t2", 2), ("(),( 1  2 );a,x", 3)] {
        assert_eq!(List::parse(text.as_bytes()).unwrap().into_iter().count(), count, "{text}");
    }
}

#[test]
fn dictionaries_that_are_none() {
    for (text, rule, offset) in [
        ("a=", InvalidBareItem, 2),
        ("a=1,", TrailingComma, 4),
        ("a=1,,b", InvalidKey, 4),
        ("A", InvalidKey, 0),
        ("a b", MissingComma, 2),
        ("a= 1", InvalidBareItem, 2),
        ("1", InvalidKey, 0),
    ] {
        assert_eq!(Dictionary::parse(text.as_bytes()), error(rule, offset), "{text}");
    }
    let dictionary = Dictionary::parse(b"a=1, b;x=y, c=(1 2), a=3").unwrap();
    assert_eq!(dictionary.get("a").and_then(Member::value), Some(BareItem::Integer(3)));
    assert_eq!(dictionary.get("b").and_then(Member::value), Some(BareItem::Boolean(true)));
    assert_eq!(dictionary.get("b").unwrap().parameters().get("x"), Some(BareItem::Token("y")));
    assert_eq!(dictionary.get("c").and_then(Member::inner_list).unwrap().into_iter().count(), 2);
    assert!(!dictionary.is_empty() && Dictionary::parse(b"").unwrap().is_empty());
}

#[test]
fn several_lines_are_one_list() {
    let lists = |lines: &'static str| {
        let list = List::of(Fields::validated(lines.as_bytes(), None), "A")?;
        Ok(list.into_iter().filter_map(|member| member.value()?.integer()).collect::<Vec<_>>())
    };
    assert_eq!(lists(""), Ok(Vec::new()));
    assert_eq!(lists("a:\r\n"), Ok(Vec::new()));
    assert_eq!(lists("a: 1\r\nb: x\r\nA: 2, 3\r\n"), Ok([1, 2, 3].to_vec()));
    assert_eq!(lists("a: 1\r\na:\r\n"), error(InvalidBareItem, 3));
    assert_eq!(lists("a:\r\na: 1\r\n"), error(InvalidBareItem, 0));
    assert_eq!(lists("a: 1\r\na: 2,\r\n"), error(TrailingComma, 5));
    let item = |lines: &'static str| Item::of(Fields::validated(lines.as_bytes(), None), "A");
    assert_eq!(item("a: 7\r\n").map(|item| item.unwrap().value), Ok(BareItem::Integer(7)));
    assert_eq!(item(""), Ok(None));
    assert_eq!(item("a: 7\r\na: 7\r\n"), error(DuplicateName, 1));
}

#[test]
fn what_cannot_be_in_a_field_is_not_written() {
    let mut room = [0; 20];
    for (value, rule, offset) in [
        (BareItem::Integer(1_000_000_000_000_000), InvalidNumber, 0),
        (BareItem::Date(-1_000_000_000_000_000), InvalidNumber, 0),
        (BareItem::from("a\u{e9}"), InvalidString, 1),
        (BareItem::from("a\n"), InvalidString, 1),
        (BareItem::Token(""), InvalidStructuredToken, 0),
        (BareItem::Token("1"), InvalidStructuredToken, 0),
        (BareItem::Token("a b"), InvalidStructuredToken, 1),
        (BareItem::from("1234567890123456789"), BufferTooShort, 20),
    ] {
        assert_eq!(ItemWriter::new(&mut room, value).map(drop), error(rule, offset), "{value:?}");
    }
    let mut dictionary = DictionaryWriter::new(&mut room);
    for (key, offset) in [("", 0), ("A", 0), ("a=", 1), ("1", 0), ("a b", 1)] {
        assert_eq!(dictionary.item(key, 1).map(drop), error(InvalidKey, offset), "{key}");
        assert_eq!(dictionary.inner_list(key, |_| Ok(())).map(drop), error(InvalidKey, offset), "{key}");
    }
    assert_eq!(dictionary.finish(), b"");
}

/// What fails half-way is taken back, and what was written before stays.
#[test]
fn members_are_written_whole_or_not_at_all() {
    let mut room = [0; 12];
    let mut list = ListWriter::new(&mut room);
    list.item(1).unwrap();
    let failed = list.inner_list(|inner| {
        inner.item(2)?;
        inner.item(BareItem::Token("?")).map(drop)
    });
    assert_eq!(failed.map(drop), error(InvalidStructuredToken, 0));
    assert_eq!(list.inner_list(|inner| inner.item(12_345_678).map(drop)).map(drop), error(BufferTooShort, 12));
    let parameters = list.item(2).unwrap();
    assert_eq!(parameters.parameter("key", "a value").map(drop), error(BufferTooShort, 12));
    list.item(3).unwrap().parameter("ab", false).unwrap_err();
    assert_eq!(list.finish(), b"1, 2, 3");
    let mut dictionary = DictionaryWriter::new(&mut room);
    dictionary.item("a", BareItem::Token("?")).unwrap_err();
    dictionary.item("b", true).unwrap();
    assert_eq!(dictionary.finish(), b"b");
}

#[test]
fn values_are_decoded_into_room_that_is_large_enough() {
    let item = |text: &'static str| Item::parse(text.as_bytes()).unwrap().value;
    let mut room = [0; 3];
    assert_eq!(item(r#""ab\"""#).string().unwrap().decode(&mut room), Ok("ab\""));
    assert_eq!(item(r#""ab\"c""#).string().unwrap().decode(&mut room), error(BufferTooShort, 3));
    assert_eq!(item("\"abcdef\"").string().unwrap().decode(&mut room), Ok("abcdef"));
    assert_eq!(item(":YWJj:").byte_sequence().unwrap().decode(&mut room), Ok(&b"abc"[..]));
    assert_eq!(item(":YWJjZA:").byte_sequence().unwrap().decode(&mut room), error(BufferTooShort, 3));
    assert_eq!(item("%\"%e2%82%ac\"").display_string().unwrap().decode(&mut room), Ok("\u{20ac}"));
    assert_eq!(item("%\"%e2%82%aca\"").display_string().unwrap().decode(&mut room), error(BufferTooShort, 9));
}
