//! Dates, beside httpdate.

use core::fmt::Write;
use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use wirenut::http::HttpDate;

use crate::row::{Contestant, Row, sum};

const READERS: &[Contestant] = &[
    Contestant { name: "wirenut", run: |input| HttpDate::parse(input.as_bytes()).expect("a date") },
    Contestant {
        name: "httpdate",
        run: |input| {
            let time = httpdate::parse_http_date(input).expect("a date");
            time.duration_since(UNIX_EPOCH).expect("since 1970").as_secs()
        },
    },
];

pub(crate) const ROWS: &[Row] = &[
    Row { name: "date, read", input: "Sun, 06 Nov 1994 08:49:37 GMT", contestants: READERS },
    Row { name: "date of RFC 850, read", input: "Sunday, 06-Nov-94 08:49:37 GMT", contestants: READERS },
    Row { name: "date of asctime, read", input: "Sun Nov  6 08:49:37 1994", contestants: READERS },
    Row {
        name: "date, written",
        input: "Sun, 06 Nov 1994 08:49:37 GMT",
        contestants: &[
            Contestant {
                name: "wirenut",
                run: |_| sum(HttpDate::from_unix(core::hint::black_box(784_111_777)).as_bytes()),
            },
            Contestant {
                name: "httpdate",
                run: |_| {
                    let time: SystemTime = UNIX_EPOCH + Duration::from_secs(core::hint::black_box(784_111_777));
                    let mut out = Text::default();
                    write!(out, "{}", httpdate::HttpDate::from(time)).expect("room");
                    sum(&out.bytes[..out.length])
                },
            },
        ],
    },
];

/// A text on the stack: what httpdate writes needs no allocation either.
#[derive(Default)]
struct Text {
    bytes: [u8; 32],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let place = self.bytes.get_mut(self.length..self.length + text.len()).ok_or(core::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}
