//! Basic credentials, beside base64 and what a server writes around it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wirenut::http::BasicCredentials;

use crate::row::{Contestant, Row, sum};

pub(crate) const ROWS: &[Row] = &[Row {
    name: "Basic, read",
    input: "Basic YWRtaW5pc3RyYXRvcjpjb3JyZWN0IGhvcnNlIGJhdHRlcnkgc3RhcGxl",
    contestants: &[
        Contestant {
            name: "wirenut",
            run: |input| {
                let mut room = [0; 128];
                let read = BasicCredentials::parse(input.as_bytes(), &mut room).expect("credentials");
                sum(read.user) + sum(read.password)
            },
        },
        Contestant {
            name: "base64",
            run: |input| {
                let mut room = [0; 128];
                let (scheme, token) = input.split_once(' ').expect("a scheme");
                assert!(scheme.eq_ignore_ascii_case("Basic"));
                let length = STANDARD.decode_slice(token, &mut room).expect("base64");
                let decoded = &room[..length];
                assert!(!decoded.iter().any(u8::is_ascii_control));
                let colon = decoded.iter().position(|byte| *byte == b':').expect("a colon");
                sum(&decoded[..colon]) + sum(&decoded[colon + 1..])
            },
        },
    ],
}];
