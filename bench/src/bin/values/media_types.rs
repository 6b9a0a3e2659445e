//! Media types, beside mime.

use wirenut::http::MediaType;

use crate::row::{Contestant, Row, sum};

const READERS: &[Contestant] = &[
    Contestant {
        name: "wirenut",
        run: |input| {
            let media_type = MediaType::parse(input.as_bytes()).expect("a media type");
            let parameters = media_type.parameters().into_iter();
            let parameters: u64 =
                parameters.map(|parameter| sum(parameter.name.as_bytes()) + sum(parameter.value.as_raw())).sum();
            parameters + sum(media_type.top_level_type().as_bytes()) + sum(media_type.subtype().as_bytes())
        },
    },
    Contestant {
        name: "mime",
        run: |input| {
            let media_type: mime::Mime = input.parse().expect("a media type");
            let parameters: u64 = media_type
                .params()
                .map(|(name, value)| sum(name.as_str().as_bytes()) + sum(value.as_str().as_bytes()))
                .sum();
            parameters + sum(media_type.type_().as_str().as_bytes()) + sum(media_type.subtype().as_str().as_bytes())
        },
    },
];

pub(crate) const ROWS: &[Row] = &[
    Row { name: "media type, read", input: "application/json", contestants: READERS },
    Row {
        name: "media type with a boundary, read",
        input: "multipart/form-data; boundary=----geckoformboundary8f0b3a1c2d4e5f60718293a4b5c6d7e8",
        contestants: READERS,
    },
];
