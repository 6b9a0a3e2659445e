//! Lists of weights, and what is chosen by them.

use wirenut::http::{Accept, AcceptEncoding, AcceptLanguage, Fields, MediaType, QualityList};

const TYPES: [&str; 4] = ["text/html", "text/plain;format=flowed", "application/json", "text/plain"];
const CODINGS: [&str; 3] = ["br", "gzip", "identity"];
const LANGUAGES: [&str; 4] = ["en", "de-CH", "de", "zh-Hant"];

/// Each line of the bytes as one of the fields that negotiate.
pub fn negotiation(data: &[u8]) {
    let lines = data.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let lines: Vec<_> = lines.collect();
    for line in &lines {
        for item in QualityList::parse(line) {
            match item {
                Ok(item) => {
                    assert!(item.weight <= 1000 && line.windows(item.value.len()).any(|part| part == item.value));
                }
                Err(error) => assert!(error.offset <= line.len(), "{error}"),
            }
        }
    }
    let section = |name: &str, lines: &[&[u8]]| {
        let line = |line: &&[u8]| [name.as_bytes(), b": ", line, b"\r\n"].concat();
        lines.iter().flat_map(line).collect::<Vec<u8>>()
    };
    for name in ["Accept", "Accept-Encoding", "Accept-Language"] {
        let bytes = section(name, &lines);
        let Some(fields) = Fields::parse(&bytes) else { return };
        let sound: Vec<u8> = QualityList::of(fields, name).into_iter().flatten().flat_map(written).collect();
        let again = section(name, &[&sound]);
        let again = Fields::parse(&again).expect("it was a field");
        let chosen = choices(name, fields);
        // What is malformed counts as not there, and what stands behind a weight, too: of media types only.
        if name == "Accept" {
            assert_eq!(chosen, choices(name, again), "{}", bytes.escape_ascii());
        }
    }
}

fn written(item: wirenut::http::QualityItem<'_>) -> Vec<u8> {
    let weight = format!(";q={}.{:03}, ", item.weight / 1000, item.weight % 1000);
    [item.value, weight.as_bytes()].concat()
}

/// The weights of all that is offered; that what is chosen fits them is checked.
fn choices(name: &str, fields: Fields<'_>) -> Vec<u16> {
    let (offered, weights, best): (&[&str], Vec<u16>, _) = match name {
        "Accept" => {
            let accept = Accept::of(fields);
            let weight = |offer: &&str| accept.weight(&MediaType::parse(offer.as_bytes()).expect("a type"));
            (&TYPES, TYPES.iter().map(weight).collect(), accept.best(&TYPES))
        }
        "Accept-Encoding" => {
            let accept = AcceptEncoding::of(fields);
            (&CODINGS, CODINGS.iter().map(|coding| accept.weight(coding)).collect(), accept.best(&CODINGS))
        }
        _ => {
            let accept = AcceptLanguage::of(fields);
            assert!(accept.lookup(&LANGUAGES).is_none_or(|tag| LANGUAGES.contains(&tag)));
            (&LANGUAGES, LANGUAGES.iter().map(|tag| accept.weight(tag)).collect(), accept.filter(&LANGUAGES))
        }
    };
    let most = weights.iter().copied().max().filter(|weight| *weight > 0);
    let first = most.and_then(|most| weights.iter().position(|weight| *weight == most));
    assert_eq!(best, first.map(|first| offered[first]), "{weights:?}");
    weights
}
