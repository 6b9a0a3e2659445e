//! Percent-encoding and forms, beside percent-encoding and form_urlencoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};
use proptest::collection::vec;
use proptest::prelude::*;
use wirenut::http::{EncodeSet, FormPairs, FormWriter, PercentEncode, PercentEncoded, ValueRule};
use wirenut_tests::fuzz::{form_pairs, percent_encoding};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const PATH_SEGMENT: &AsciiSet = &UNRESERVED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

const QUERY: &AsciiSet = &PATH_SEGMENT.remove(b'/').remove(b'?');

/// Bytes in which much is encoded, sometimes wrongly.
fn encoded() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[a-z~!/]{1,9}".prop_map(String::into_bytes),
        4 => any::<u8>().prop_map(|byte| format!("%{byte:02X}").into_bytes()),
        2 => any::<u8>().prop_map(|byte| format!("%{byte:02x}").into_bytes()),
        3 => "[&=+]{1,2}".prop_map(String::into_bytes),
        1 => "%[0-9a-gG+% ]{0,2}".prop_map(String::into_bytes),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// What is decoded where WHATWG decodes: all of it, if nothing is malformed.
fn decoded(part: PercentEncoded<'_>) -> Option<String> {
    let bytes: Result<Vec<_>, _> = part.bytes().collect();
    Some(String::from_utf8_lossy(&bytes.ok()?).into_owned())
}

proptest! {
    #[test]
    fn percent_encoding_keeps_its_laws(data in prop_oneof![encoded(), vec(any::<u8>(), 0..60)]) {
        percent_encoding(&data);
        form_pairs(&data);
    }

    #[test]
    fn what_is_encoded_decodes_as_percent_encoding_has_it(data in encoded()) {
        let ours: Result<Vec<u8>, _> = PercentEncoded::new(&data).bytes().collect();
        let theirs: Vec<u8> = percent_encoding::percent_decode(&data).collect();
        match ours {
            Ok(ours) => prop_assert_eq!(ours, theirs),
            // They keep a percent sign that encodes nothing.
            Err(error) => {
                prop_assert_eq!(error.rule, ValueRule::InvalidPercentEncoding);
                prop_assert!(theirs.contains(&b'%'));
            }
        }
    }

    #[test]
    fn bytes_are_encoded_as_percent_encoding_has_it(data in vec(any::<u8>(), 0..60)) {
        for (set, theirs) in [
            (EncodeSet::UNRESERVED, UNRESERVED),
            (EncodeSet::PATH_SEGMENT, PATH_SEGMENT),
            (EncodeSet::QUERY, QUERY),
        ] {
            let theirs = percent_encoding::percent_encode(&data, theirs).to_string();
            prop_assert_eq!(PercentEncode::new(&data, &set).to_string(), theirs);
        }
        let theirs: String = form_urlencoded::byte_serialize(&data).collect();
        prop_assert_eq!(PercentEncode::new(&data, &EncodeSet::FORM).to_string(), theirs);
    }

    #[test]
    fn pairs_are_read_as_form_urlencoded_has_it(data in encoded()) {
        let ours = FormPairs::new(&data).into_iter().map(|(name, value)| (decoded(name), decoded(value)));
        let theirs = form_urlencoded::parse(&data).map(|(name, value)| (name.into_owned(), value.into_owned()));
        let (ours, theirs): (Vec<_>, Vec<_>) = (ours.collect(), theirs.collect());
        prop_assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.into_iter().zip(theirs) {
            // They keep what is malformed.
            prop_assert!(ours.0.is_none_or(|name| name == theirs.0));
            prop_assert!(ours.1.is_none_or(|value| value == theirs.1));
        }
    }

    #[test]
    fn pairs_are_written_as_form_urlencoded_has_it_and_read_back(pairs in vec((".{0,8}", ".{0,12}"), 0..6)) {
        let mut room = [0; 2_000];
        let mut form = FormWriter::new(&mut room);
        for (name, value) in &pairs {
            form.pair(name, value).unwrap();
        }
        let written = form.finish();
        let theirs = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        prop_assert_eq!(written, theirs.as_bytes());
        // A pair of nothing with nothing is `=`, which is read as one.
        let read = FormPairs::new(written).into_iter().map(|(name, value)| (decoded(name), decoded(value)));
        prop_assert!(read.eq(pairs.into_iter().map(|(name, value)| (Some(name), Some(value)))));
    }
}
