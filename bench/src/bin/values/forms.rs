//! Percent-encoding and forms, beside percent-encoding and form_urlencoded.

use wirenut::http::{EncodeSet, FormPairs, FormWriter, PercentEncode, PercentEncoded};

use crate::row::{Contestant, Row, reused, sum};

const QUERY: &str =
    "q=wirenut&page=2&sort=date&order=descending&session=5c2f0a9e7b4d41c8a6e3f10b2d9c8e7f&utm_source=newsletter";

const FORM: &str = "name=Zo%C3%AB+Doe&address=1+Main+Street%2C+Springfield&comment=It%27s+50%25+off%21+See+https%3A%2F%2F\
    example.org%2Fa%3Fb%3Dc%26d%3De&tags=a%2Cb%2Cc&newsletter=on";

const PATH: &str = "/documents/2026/annual%20report/caf%C3%A9%20menu%20%28final%29.pdf";

const PLAIN: &str = "/static/assets/javascript/vendor/bundle.5c2f0a9e7b4d41c8a6e3f10b2d9c8e7f.min.js";

const READERS: &[Contestant] = &[
    Contestant {
        name: "wirenut",
        run: |input| {
            let mut room = [0; 256];
            let pairs = FormPairs::new(input.as_bytes()).into_iter();
            let mut decoded = |part: PercentEncoded<'_>| sum(part.decode_str(&mut room).expect("UTF-8").as_bytes());
            pairs.map(|(name, value)| decoded(name) + decoded(value)).sum()
        },
    },
    Contestant {
        name: "form_urlencoded",
        run: |input| {
            let pairs = form_urlencoded::parse(input.as_bytes());
            pairs.map(|(name, value)| sum(name.as_bytes()) + sum(value.as_bytes())).sum()
        },
    },
];

const DECODERS: &[Contestant] = &[
    Contestant {
        name: "wirenut",
        run: |input| {
            let mut room = [0; 128];
            sum(PercentEncoded::new(input.as_bytes()).decode_str(&mut room).expect("UTF-8").as_bytes())
        },
    },
    Contestant {
        name: "percent-encoding",
        run: |input| {
            let decoded = percent_encoding::percent_decode(input.as_bytes()).decode_utf8().expect("UTF-8");
            sum(decoded.as_bytes())
        },
    },
];

pub(crate) const ROWS: &[Row] = &[
    Row { name: "query, read", input: QUERY, contestants: READERS },
    Row { name: "form, read", input: FORM, contestants: READERS },
    Row {
        name: "form, written",
        input: FORM,
        contestants: &[
            Contestant {
                name: "wirenut",
                run: |_| {
                    let mut room = [0; 256];
                    let mut form = FormWriter::new(&mut room);
                    for (name, value) in core::hint::black_box(PAIRS) {
                        form.pair(name, value).expect("room");
                    }
                    sum(form.finish())
                },
            },
            Contestant {
                name: "form_urlencoded",
                run: |_| {
                    reused(|out| {
                        form_urlencoded::Serializer::new(out).extend_pairs(core::hint::black_box(PAIRS)).finish();
                    })
                },
            },
        ],
    },
    Row { name: "path, decoded", input: PATH, contestants: DECODERS },
    Row { name: "plain path, decoded", input: PLAIN, contestants: DECODERS },
    Row {
        name: "path, encoded",
        input: "/documents/2026/annual report/café menu (final).pdf",
        contestants: &[
            Contestant {
                name: "wirenut",
                run: |input| {
                    let mut room = [0; 128];
                    sum(PercentEncode::new(input.as_bytes(), &UNRESERVED_AND_SLASH).write(&mut room).expect("room"))
                },
            },
            Contestant {
                name: "percent-encoding",
                run: |input| reused(|out| out.extend(percent_encoding::percent_encode(input.as_bytes(), THEIR_SET))),
            },
        ],
    },
];

const PAIRS: [(&str, &str); 5] = [
    ("name", "Zoë Doe"),
    ("address", "1 Main Street, Springfield"),
    ("comment", "It's 50% off! See https://example.org/a?b=c&d=e"),
    ("tags", "a,b,c"),
    ("newsletter", "on"),
];

static UNRESERVED_AND_SLASH: EncodeSet = EncodeSet::UNRESERVED.with(b"/");

const THEIR_SET: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
