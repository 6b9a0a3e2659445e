//! URI references, beside fluent-uri.

use fluent_uri::{Uri, UriRef};
use wirenut::http::UriReference;

use crate::row::{Contestant, Row, sum};

const BASE: &str = "http://example.org/blog/2024/10/index.html?page=2";

pub(crate) const ROWS: &[Row] = &[Row {
    name: "URI reference, read and resolved",
    input: "../../static/./style.css?v=7#top",
    contestants: &[
        Contestant {
            name: "wirenut",
            run: |input| {
                let mut room = [0; 256];
                let base = UriReference::parse(BASE.as_bytes()).expect("a base");
                let reference = UriReference::parse(input.as_bytes()).expect("a reference");
                sum(base.resolve(&reference, &mut room).expect("room").as_str().as_bytes())
            },
        },
        Contestant {
            name: "fluent-uri",
            run: |input| {
                let base = Uri::parse(BASE).expect("a base");
                let reference = UriRef::parse(input).expect("a reference");
                sum(reference.resolve_against(&base).expect("a URI").as_str().as_bytes())
            },
        },
    ],
}];
