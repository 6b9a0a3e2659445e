//! Percent-encoding: every way of decoding comes to the same, and what is encoded decodes to what it was.

use wirenut::http::{EncodeSet, PercentEncode, PercentEncoded, ValueError, ValueRule};

/// The bytes as if they came encoded, and as what is to be encoded.
pub fn percent_encoding(data: &[u8]) {
    decode(PercentEncoded::new(data), PercentEncoded::decode_in_place);
    decode(PercentEncoded::form(data), PercentEncoded::decode_form_in_place);
    for set in [EncodeSet::UNRESERVED, EncodeSet::PATH_SEGMENT, EncodeSet::QUERY, EncodeSet::FORM] {
        let encode = PercentEncode::new(data, &set);
        let text = encode.to_string();
        let mut room = vec![0; encode.encoded_length()];
        assert_eq!(encode.write(&mut room), Ok(text.as_bytes()));
        assert!(room.is_empty() || encode.write(&mut room[1..]).is_err());
        let text = text.as_bytes();
        let encoded = if set == EncodeSet::FORM { PercentEncoded::form(text) } else { PercentEncoded::new(text) };
        assert_eq!(decoded(encoded).as_deref(), Ok(data));
    }
}

/// What it decodes to.
pub(super) fn decoded(encoded: PercentEncoded<'_>) -> Result<Vec<u8>, ValueError> {
    encoded.bytes().collect()
}

fn decode(encoded: PercentEncoded<'_>, in_place: fn(&mut [u8]) -> Result<&mut [u8], ValueError>) {
    let data = encoded.as_encoded();
    let expected = decoded(encoded);
    let mut copy = data.to_vec();
    assert_eq!(in_place(&mut copy).map(|decoded| decoded.to_vec()), expected);
    assert_eq!(encoded.decoded_length(), expected.as_ref().map(Vec::len).map_err(|error| *error));
    let mut room = vec![0; data.len()];
    assert_eq!(encoded.decode(&mut room), expected.as_deref().map_err(|error| *error));
    match expected {
        Ok(expected) => {
            assert!(encoded.is(&expected));
            assert_eq!(encoded.is_plain(), expected == data);
            let text = encoded.decode_str(&mut room).map_err(|error| error.rule);
            assert_eq!(text, str::from_utf8(&expected).map_err(|_| ValueRule::InvalidUtf8));
            let mut small = vec![0; expected.len().saturating_sub(1)];
            assert_eq!(encoded.decode(&mut small).is_ok(), encoded.is_plain());
        }
        Err(error) => {
            assert_eq!((error.rule, data[error.offset]), (ValueRule::InvalidPercentEncoding, b'%'));
            assert_eq!(copy, data, "changed by a failure");
            assert!(!encoded.is(data));
        }
    }
}
