//! Structured fields, beside sfv and sfparse. All read the whole field; ours and sfv's check it before anything is looked
//! at, sfv's into maps; sfparse shows each value before what follows it is checked.

use sfv::{KeyRef, Parser, StringRef, TokenRef};
use wirenut::http::structured::{BareItem, Dictionary, DictionaryWriter, List, Member, Parameters};

use crate::row::{Contestant, Row, reused, sum};

const PRIORITY: &str = "u=2, i";

const CACHE_STATUS: &str = r#"OriginCache; hit; ttl=1100, "CDN Company Here"; hit; ttl=545; key="https://example.org/a", ReverseProxy; fwd=uri-miss; fwd-status=304; stored"#;

const DIGESTS: &str = r#"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:, sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"#;

const SIGNATURE: &str = r#"sig1=("@method" "@authority" "@path" "content-digest" "content-length" "content-type");created=1618884473;keyid="test-key-rsa-pss";alg="rsa-pss-sha512""#;

const LISTS: &[Contestant] = &[
    Contestant {
        name: "wirenut",
        run: |input| List::parse(input.as_bytes()).expect("a list").into_iter().map(ours).sum(),
    },
    Contestant {
        name: "sfv",
        run: |input| {
            let list: sfv::List = Parser::new(input).parse().expect("a list");
            list.iter().map(theirs).sum()
        },
    },
    Contestant {
        name: "sfparse",
        run: |input| {
            let mut parser = sfparse::Parser::new(input.as_bytes());
            let mut total = 0;
            while let Some(value) = parser.parse_list().expect("a list") {
                total += theirs_streamed(&mut parser, input.as_bytes(), value);
            }
            total
        },
    },
];

const DICTIONARIES: &[Contestant] = &[
    Contestant {
        name: "wirenut",
        run: |input| {
            let members = Dictionary::parse(input.as_bytes()).expect("a dictionary").into_iter();
            members.map(|(key, member)| sum(key.as_bytes()) + ours(member)).sum()
        },
    },
    Contestant {
        name: "sfv",
        run: |input| {
            let dictionary: sfv::Dictionary = Parser::new(input).parse().expect("a dictionary");
            dictionary.iter().map(|(key, member)| sum(key.as_str().as_bytes()) + theirs(member)).sum()
        },
    },
    Contestant {
        name: "sfparse",
        run: |input| {
            let mut parser = sfparse::Parser::new(input.as_bytes());
            let mut total = 0;
            while let Some((key, value)) = parser.parse_dict().expect("a dictionary") {
                total += sum(key.as_bytes()) + theirs_streamed(&mut parser, input.as_bytes(), value);
            }
            total
        },
    },
];

pub(crate) const ROWS: &[Row] = &[
    Row { name: "Priority, read", input: PRIORITY, contestants: DICTIONARIES },
    Row { name: "Cache-Status, read", input: CACHE_STATUS, contestants: LISTS },
    Row { name: "Content-Digest, read", input: DIGESTS, contestants: DICTIONARIES },
    Row { name: "Signature-Input, read", input: SIGNATURE, contestants: DICTIONARIES },
    Row {
        name: "dictionary, written",
        input: r#"u=2, i, name="a title", kind=token;q=7"#,
        contestants: &[
            Contestant {
                name: "wirenut",
                run: |_| {
                    let mut room = [0; 64];
                    let mut writer = DictionaryWriter::new(&mut room);
                    write_ours(&mut writer).expect("a dictionary");
                    sum(writer.finish())
                },
            },
            Contestant { name: "sfv", run: |_| reused(|out| write_theirs(out).expect("a dictionary")) },
        ],
    },
];

fn write_ours(writer: &mut DictionaryWriter<'_>) -> Result<(), wirenut::http::ValueError> {
    writer.item("u", core::hint::black_box(2))?;
    writer.item("i", true)?;
    writer.item("name", core::hint::black_box("a title"))?;
    writer.item("kind", BareItem::Token(core::hint::black_box("token")))?.parameter("q", 7).map(drop)
}

fn write_theirs(out: &mut String) -> Result<(), sfv::Error> {
    let mut writer = sfv::DictSerializer::with_buffer(out);
    let key = |text: &'static str| KeyRef::from_str(text);
    let _ = writer.bare_item(key("u")?, core::hint::black_box(2));
    let _ = writer.bare_item(key("i")?, true);
    let _ = writer.bare_item(key("name")?, StringRef::from_str(core::hint::black_box("a title"))?);
    let kind = TokenRef::from_str(core::hint::black_box("token"))?;
    let _ = writer.bare_item(key("kind")?, kind).parameter(key("q")?, 7);
    writer.finish().expect("members");
    Ok(())
}

fn ours(member: Member<'_>) -> u64 {
    let value = match member {
        Member::Item(item) => ours_bare(item.value),
        Member::InnerList(list) => list.into_iter().map(|item| ours_bare(item.value) + ours_all(item.parameters)).sum(),
    };
    value + ours_all(member.parameters())
}

fn ours_all(parameters: Parameters<'_>) -> u64 {
    parameters.into_iter().map(|(key, value)| sum(key.as_bytes()) + ours_bare(value)).sum()
}

fn ours_bare(value: BareItem<'_>) -> u64 {
    match value {
        BareItem::Integer(number) | BareItem::Date(number) => number as u64,
        BareItem::Decimal(decimal) => decimal.thousandths() as u64,
        BareItem::String(string) => sum(string.as_str().expect("no escape").as_bytes()),
        BareItem::Token(token) => sum(token.as_bytes()),
        BareItem::Boolean(value) => u64::from(value),
        BareItem::ByteSequence(sequence) => {
            let mut room = [0; 64];
            sum(sequence.decode(&mut room).expect("room"))
        }
        BareItem::DisplayString(string) => string.bytes().map(u64::from).sum(),
    }
}

fn theirs(member: &sfv::ListEntry) -> u64 {
    match member {
        sfv::ListEntry::Item(item) => theirs_bare(&item.bare_item) + theirs_all(&item.params),
        sfv::ListEntry::InnerList(list) => {
            let items = list.items.iter().map(|item| theirs_bare(&item.bare_item) + theirs_all(&item.params));
            items.sum::<u64>() + theirs_all(&list.params)
        }
    }
}

fn theirs_all(parameters: &sfv::Parameters) -> u64 {
    parameters.iter().map(|(key, value)| sum(key.as_str().as_bytes()) + theirs_bare(value)).sum()
}

fn theirs_bare(value: &sfv::BareItem) -> u64 {
    match value {
        sfv::BareItem::Integer(number) => i64::from(*number) as u64,
        sfv::BareItem::Date(date) => i64::from(date.unix_seconds()) as u64,
        sfv::BareItem::Decimal(decimal) => i64::from(decimal.as_integer_scaled_1000()) as u64,
        sfv::BareItem::String(string) => sum(string.as_str().as_bytes()),
        sfv::BareItem::Token(token) => sum(token.as_str().as_bytes()),
        sfv::BareItem::Boolean(value) => u64::from(*value),
        sfv::BareItem::ByteSequence(bytes) => sum(bytes),
        sfv::BareItem::DisplayString(string) => string.bytes().map(u64::from).sum(),
    }
}

fn theirs_streamed(parser: &mut sfparse::Parser<'_>, input: &[u8], value: sfparse::Value) -> u64 {
    let mut total = 0;
    if let sfparse::Value::InnerList = value {
        while let Some(value) = parser.parse_inner_list().expect("an inner list") {
            total += streamed_bare(input, value) + streamed_all(parser, input);
        }
    } else {
        total += streamed_bare(input, value);
    }
    total + streamed_all(parser, input)
}

fn streamed_all(parser: &mut sfparse::Parser<'_>, input: &[u8]) -> u64 {
    let mut total = 0;
    while let Some((key, value)) = parser.parse_param().expect("parameters") {
        total += sum(key.as_bytes()) + streamed_bare(input, value);
    }
    total
}

fn streamed_bare(input: &[u8], value: sfparse::Value) -> u64 {
    match value {
        sfparse::Value::InnerList | sfparse::Value::DispString(_) => unreachable!("not in these fields"),
        sfparse::Value::Integer(number) | sfparse::Value::Date(number) => number as u64,
        sfparse::Value::Decimal { numer, denom } => (numer * 1_000 / denom) as u64,
        sfparse::Value::String { range, .. } | sfparse::Value::Token(range) => sum(&input[range]),
        sfparse::Value::Bool(value) => u64::from(value),
        // It leaves base64 to others: the sum of what it decodes to is not worth a decoder here.
        sfparse::Value::ByteSeq(range) => decoded(&input[range]),
    }
}

/// What a byte sequence decodes to, by ours: sfparse has no decoder.
fn decoded(base64: &[u8]) -> u64 {
    let mut room = [0; 130];
    room[0] = b':';
    room[1..=base64.len()].copy_from_slice(base64);
    room[base64.len() + 1] = b':';
    let item = wirenut::http::structured::Item::parse(&room[..base64.len() + 2]).expect("a byte sequence");
    ours_bare(item.value)
}
