//! Pairs of forms: nothing is lost between them, and what is written is read back.

use wirenut::http::{FormPairs, FormWriter, PercentEncoded, ValueRule};

use super::percent::decoded;

/// The bytes as a query.
pub fn form_pairs(data: &[u8]) {
    let pairs = FormPairs::new(data);
    let mut length = 0;
    let mut readable = Vec::new();
    for (name, value) in pairs {
        let encoded = [name, value].map(PercentEncoded::as_encoded);
        assert!(encoded.iter().all(|part| !part.contains(&b'&')) && !encoded[0].contains(&b'='));
        length += encoded[0].len() + encoded[1].len();
        if let (Ok(name), Ok(value)) = (decoded(name), decoded(value)) {
            readable.push((name, value));
        }
        look_up(pairs, name.decode_str(&mut [0; 64]).unwrap_or(""));
    }
    let mut copy = data.to_vec();
    let in_place =
        FormPairs::decode_in_place(&mut copy).map(|pair| pair.map(|(name, value)| (name.to_vec(), value.to_vec())));
    let bytes = pairs.into_iter().map(|(name, value)| Ok((decoded(name)?, decoded(value)?)));
    assert!(in_place.eq(bytes), "{}", data.escape_ascii());
    // The others separate.
    let separators = data.iter().filter(|byte| matches!(byte, b'&' | b'=')).count();
    assert!(length + separators >= data.len() && length <= data.len());
    let mut room = vec![0; readable.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum()];
    let mut writer = FormWriter::new(&mut room);
    for (name, value) in &readable {
        writer.pair(name, value).expect("room");
    }
    let again = FormPairs::new(writer.finish()).into_iter();
    let again: Vec<_> = again.map(|(name, value)| (decoded(name).unwrap(), decoded(value).unwrap())).collect();
    assert_eq!(again, readable);
}

fn look_up(pairs: FormPairs<'_>, name: &str) {
    let count = pairs.get_all(name).count();
    assert_eq!(pairs.get(name), pairs.get_all(name).next());
    match pairs.get_single(name) {
        Ok(value) => assert_eq!((value, count <= 1), (pairs.get(name), true)),
        Err(error) => assert_eq!((error.rule, count > 1), (ValueRule::DuplicateName, true)),
    }
}
