//! What must be refused: by which rule, at which byte, in every cut; and each limit, at its byte.

use super::{error, form};
use wirenut::http::Status;
use wirenut::http::multipart::{Limits, Rule};

const LIMITS: Limits =
    Limits { preamble_bytes: 10, padding_bytes: 3, head_bytes: 100, parts: 2, part_bytes: 12, epilogue_bytes: 8 };

/// `¦` stands before the byte that breaks the rule, `H` for a head, `S` for sixty letters.
const CASES: &[(Rule, &str)] = &[
    (Rule::PreambleTooLong, "0123456789¦a"),
    (Rule::PreambleTooLong, "0123456789¦\r\n\r\n--x--"),
    (Rule::PreambleTooLong, "\r\n--\r\n--\r\n¦--y"),
    (Rule::InvalidDelimiter, "--x¦y"),
    (Rule::InvalidDelimiter, "a\r\n--x¦y"),
    (Rule::InvalidDelimiter, "--x-¦\r\n"),
    (Rule::InvalidDelimiter, "--x-¦x"),
    (Rule::InvalidDelimiter, "--x ¦-"),
    (Rule::InvalidDelimiter, "--x--¦-"),
    (Rule::InvalidDelimiter, "--x--\t¦a"),
    (Rule::InvalidDelimiter, "--x\r\nH1\r\n--x¦:"),
    (Rule::DelimiterAtContentStart, "--x\r\nH¦--x--"),
    (Rule::DelimiterAtContentStart, "--x\r\nH¦--xy"),
    (Rule::DelimiterAtContentStart, "--x\r\nH1\r\n--x\r\nH¦--x\r\n"),
    (Rule::PaddingTooLong, "--x \t ¦ "),
    (Rule::PaddingTooLong, "--x-- \t ¦ "),
    (Rule::TooManyParts, "--x\r\nH1\r\n--x\r\nH\r\n--x\r¦\n"),
    (Rule::HeadTooLarge, "--x\r\nContent-Disposition: form-data; name=Saaa¦a"),
    (Rule::HeadTooLarge, "--x\r\nContent-Disposition: form-data; name=S\r\n\r¦\n"),
    (Rule::BareLineFeed, "a¦\n--x"),
    (Rule::BareLineFeed, "--x¦\n"),
    (Rule::BareLineFeed, "--x ¦\n"),
    (Rule::BareLineFeed, "--x--¦\n"),
    (Rule::BareLineFeed, "--x\r\n¦\n"),
    (Rule::BareLineFeed, "--x\r\nA: b¦\n"),
    (Rule::BareLineFeed, "--x\r\nA¦\n"),
    (Rule::BareLineFeed, "--x\r\nH1¦\n--x--"),
    (Rule::BareLineFeed, "--x\r\nH¦\n--x"),
    (Rule::BareLineFeed, "--x\r\nH\r\n\n¦\n--x"),
    (Rule::BareCarriageReturn, "--x\r¦a"),
    (Rule::BareCarriageReturn, "--x--\r¦\r"),
    (Rule::BareCarriageReturn, "--x--\r¦"),
    (Rule::BareCarriageReturn, "--x\r\n\r¦a"),
    (Rule::BareCarriageReturn, "--x\r\nA: b\r¦A"),
    (Rule::InvalidFieldName, "--x\r\n¦: a"),
    (Rule::InvalidFieldName, "--x\r\nA¦\0: a"),
    (Rule::InvalidFieldName, "--x\r\nA¦@"),
    (Rule::InvalidFieldName, "--x\r\n¦\u{e4}"),
    (Rule::MissingColon, "--x\r\nA¦\r\n"),
    (Rule::MissingColon, "--x\r\nContent-Disposition: form-data; name=a\r\n--x--¦\r\n"),
    (Rule::SpaceBeforeColon, "--x\r\nA¦ : b"),
    (Rule::ObsoleteLineFolding, "--x\r\n¦ A: b"),
    (Rule::ObsoleteLineFolding, "--x\r\nContent-Disposition: form-data;\r\n¦ name=a\r\n"),
    (Rule::InvalidFieldValue, "--x\r\nA: b¦\0"),
    (Rule::InvalidFieldValue, "--x\r\nA: b¦\u{7f}"),
    (Rule::MissingDisposition, "--x\r\n¦\r\n"),
    (Rule::MissingDisposition, "--x\r\n¦A: b\r\n\r\n"),
    (
        Rule::DuplicateField,
        "--x\r\nContent-Disposition: form-data; name=a\r\n¦content-disposition: form-data; name=a\r\n\r\n",
    ),
    (Rule::DuplicateField, "--x\r\nContent-Type: a/b\r\n¦Content-Type: a/b\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition:\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: attachment; name=a\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data, name=a\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data name=a\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; name\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; name=\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; name =a\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; name= a\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; =a\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; name=\"a\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; name=\"a\"b\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; name=a b\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; name=\"a\\\" b\r\n\r\n"),
    (Rule::InvalidDisposition, "--x\r\n¦Content-Disposition: form-data; name=a\\b\r\n\r\n"),
    (Rule::MissingName, "--x\r\n¦Content-Disposition: form-data\r\n\r\n"),
    (Rule::MissingName, "--x\r\nA: b\r\n¦Content-Disposition: form-data; filename=\"a\"; x=y\r\n\r\n"),
    (Rule::DuplicateParameter, "--x\r\n¦Content-Disposition: form-data; name=a; NAME=a\r\n\r\n"),
    (Rule::DuplicateParameter, "--x\r\n¦Content-Disposition: form-data; name=a; filename=\"\"; filename=b\r\n\r\n"),
    (Rule::ExtendedParameter, "--x\r\n¦Content-Disposition: form-data; name=a; filename*=utf-8''b\r\n\r\n"),
    (Rule::ExtendedParameter, "--x\r\n¦Content-Disposition: form-data; name=a; filename=c; FileName*=utf-8''b\r\n\r\n"),
    (Rule::ExtendedParameter, "--x\r\n¦Content-Disposition: form-data; name*=utf-8''a\r\n\r\n"),
    (Rule::TransferEncoding, "--x\r\n¦Content-Transfer-Encoding: base64\r\n\r\n"),
    (Rule::PartTooLarge, "--x\r\nH0123456789ab¦c"),
    (Rule::PartTooLarge, "--x\r\nH0123456789a\r¦\n\r\n--x--"),
    (Rule::PartTooLarge, "--x\r\nH\r\n--\r\n--\r\n--¦\r\n--y"),
    (Rule::MissingCloseDelimiter, "¦"),
    (Rule::MissingCloseDelimiter, "abc¦"),
    (Rule::MissingCloseDelimiter, "--x¦"),
    (Rule::MissingCloseDelimiter, "--x-¦"),
    (Rule::MissingCloseDelimiter, "--x\r\n¦"),
    (Rule::MissingCloseDelimiter, "--x\r\nH¦"),
    (Rule::MissingCloseDelimiter, "--x\r\nH1\r\n--x¦"),
    (Rule::MissingCloseDelimiter, "--x\r\nH1\r\n--x\r\n¦"),
    (Rule::MissingCloseDelimiter, "--x\r\nH1--x--¦"),
    (Rule::EpilogueTooLong, "--x--\r\n01234567¦8"),
    (Rule::EpilogueTooLong, "--x--\r\n\r\n--x--\r¦\n"),
];

#[test]
fn each_rule_falls_at_its_byte_in_every_cut() {
    for (rule, text) in CASES {
        let text = text.replace('H', "Content-Disposition: form-data; name=a\r\n\r\n").replace('S', &"a".repeat(60));
        let offset = text.find('¦').expect("a mark");
        let read = form(&LIMITS, text.replace('¦', "").as_bytes());
        assert_eq!(read.end, Err(error(*rule, offset)), "{text:?}");
    }
    let missing: Vec<_> = Rule::ALL.iter().filter(|rule| !CASES.iter().any(|case| case.0 == **rule)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

/// Exactly as much as is allowed.
#[test]
fn limits_are_the_last_that_is_accepted() {
    let head = format!("Content-Disposition: form-data; name={}\r\n\r\n", "a".repeat(59));
    assert_eq!(head.len(), 100);
    let most = format!("0123456789\r\n--x \t \r\n{head}0123456789ab\r\n--x \t \r\n{head}\r\n--x-- \t \r\n01234567");
    let read = form(&LIMITS, most.as_bytes());
    assert_eq!((read.end, read.parts.len()), (Ok(()), 2), "{read:?}");
}

/// What came before the error is given out, in every cut the same.
#[test]
fn what_came_before_an_error_is_seen() {
    let read = form(&LIMITS, b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--\r\n--\r\n--\r\n--x--");
    assert_eq!(read.parts[0].content, b"\r\n--\r\n--\r\n--");
    let bare = form(&LIMITS, b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nab\n--x--");
    assert_eq!(bare.parts[0].content, b"ab");
}

#[test]
fn rules_say_what_to_answer() {
    for rule in Rule::ALL {
        let is_limit = format!("{rule}").contains("too ");
        assert_eq!(rule.status(), if is_limit { Status::CONTENT_TOO_LARGE } else { Status::BAD_REQUEST }, "{rule}");
        assert!(rule.section().starts_with("RFC "), "{rule}");
    }
}
