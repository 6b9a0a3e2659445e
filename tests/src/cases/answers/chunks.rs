//! The chunked transfer coding, and trailers.

use wirenut::http::Rule::*;

use super::{Case, GET};

/// A chunked response with this content.
macro_rules! chunks {
    ($rest:literal) => {
        concat!("HTTP/1.1 200 OK↵Transfer-Encoding: chunked↵↵", $rest)
    };
}

/// The head was heard, and nothing of the content.
const BEGUN: &[&str] = &["200 chunked"];
const HELLO: &[&str] = &["200 chunked hello"];
const WHOLE: &[&str] = &["200 chunked hello."];

/// See [`super::Case`].
pub(super) const CASES: &[Case] = &[
    Case::accept("9112 7.1", chunks!("0↵↵"), &["200 chunked."]),
    Case::accept("9112 7.1", chunks!("5↵hello↵0↵↵"), WHOLE),
    Case::accept("9112 7.1", chunks!("1↵h↵4↵ello↵000↵↵"), WHOLE),
    Case::accept("9112 7.1", chunks!("00000000000000000000005↵hello↵0↵↵"), WHOLE),
    Case::accept("9112 7.1", chunks!("a↵0123456789↵A↵0123456789↵0↵↵"), &["200 chunked 01234567890123456789."]),
    Case::accept("9112 7.1", chunks!("8↵0↵↵0↵↵0↵↵"), &["200 chunked 0\\r\\n\\r\\n0\\r\\n."]),
    Case::accept("9112 7.1", chunks!("5↵hello↵"), HELLO),
    Case::accept("9112 7.1", chunks!("5↵hello↵0↵"), HELLO),
    Case::accept("9112 7.1", chunks!("5↵hello↵0↵↵"), WHOLE).ended().closes(),
    // Extensions are bounded, checked and dropped.
    Case::accept("9112 7.1.1", chunks!("5;a↵hello↵0;b=c↵↵"), WHOLE),
    Case::accept("9112 7.1.1", chunks!("5;a=b;c;d=\"e;\\\"f\"↵hello↵0↵↵"), WHOLE),
    Case::accept("9112 7.1.1", chunks!("5 ␉;␉ a = b↵hello↵0↵↵"), WHOLE),
    Case::refuse("9112 7.1.1", chunks!("5 ‸↵hello↵0↵↵"), InvalidChunkExtension).after(BEGUN),
    Case::refuse("9112 7.1.1", chunks!("5 ‸0↵hello↵0↵↵"), InvalidChunkExtension).after(BEGUN),
    Case::refuse("9112 7.1.1", chunks!("5;a‸␀↵hello↵0↵↵"), InvalidChunkExtension).after(BEGUN),
    Case::refuse("9112 2.2", chunks!("5;a‸␊hello↵0↵↵"), BareLineFeed).after(BEGUN),
    Case::refuse("9112 7.1.1", chunks!("5;a=\"‸␍b\"↵hello↵0↵↵"), InvalidChunkExtension).after(BEGUN),
    Case::refuse("9112 2.2", chunks!("5;a=\"‸␊0␊␊\"↵hello↵0↵↵"), BareLineFeed).after(BEGUN),
    // Sizes.
    Case::refuse("9112 7.1", chunks!("‸↵hello↵0↵↵"), InvalidChunkSize).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("‸-1↵hello↵0↵↵"), InvalidChunkSize).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("‸+5↵hello↵0↵↵"), InvalidChunkSize).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("0‸x5↵hello↵0↵↵"), InvalidChunkSize).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("‸ 5↵hello↵0↵↵"), InvalidChunkSize).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("5‸g↵hello↵0↵↵"), InvalidChunkSize).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("5‸,5↵hello↵0↵↵"), InvalidChunkSize).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("‸\u{b2}↵hello↵0↵↵"), InvalidChunkSize).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("‸;a↵hello↵0↵↵"), InvalidChunkSize).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("1000000000000000‸5↵hello↵0↵↵"), ChunkSizeOverflow).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("ffffffffffffffff␍‸␊hello"), BodyTooLarge).after(BEGUN),
    Case::refuse("9112 7.1", chunks!("5↵hello↵ffffffffffffffff␍‸␊"), BodyTooLarge).after(HELLO),
    Case::refuse("9112 2.2", chunks!("5‸␊hello␊0␊␊"), BareLineFeed).after(BEGUN),
    Case::refuse("9112 2.2", chunks!("5␍‸hello↵0↵↵"), BareCarriageReturn).after(BEGUN),
    // The end of the data.
    Case::refuse("9112 7.1", chunks!("5↵hello‸0↵↵"), MissingChunkEnd).after(HELLO),
    Case::refuse("9112 7.1", chunks!("5↵hello‸␊0↵↵"), MissingChunkEnd).after(HELLO),
    Case::refuse("9112 7.1", chunks!("5↵hello␍‸␍␊0↵↵"), MissingChunkEnd).after(HELLO),
    Case::refuse("9112 7.1", chunks!("5↵hello‸world↵0↵↵"), MissingChunkEnd).after(HELLO),
    Case::refuse("9112 7.1", chunks!("5↵hello↵‸↵0↵↵"), InvalidChunkSize).after(HELLO),
    // Trailers.
    Case::accept("9112 7.1.2", chunks!("0↵A: b↵C:↵↵"), &["200 chunked. A: b C: "]),
    Case::accept("9112 7.1.2", chunks!("5↵hello↵0;x↵Digest:␉é ↵↵"), &["200 chunked hello. Digest: \\xe9"]),
    Case::refuse("9110 6.5.1", chunks!("0↵Content-Length‸: 5↵↵"), ForbiddenTrailer).after(BEGUN),
    Case::refuse("9110 6.5.1", chunks!("0↵A: b↵TRANSFER-Encoding‸: chunked↵↵"), ForbiddenTrailer).after(BEGUN),
    Case::refuse("9110 6.5.1", chunks!("0↵Connection‸: close↵↵"), ForbiddenTrailer).after(BEGUN),
    Case::refuse("9110 6.5.1", chunks!("0↵Content-Encoding‸: gzip↵↵"), ForbiddenTrailer).after(BEGUN),
    Case::refuse("9112 5", chunks!("0↵‸: b↵↵"), InvalidFieldName).after(BEGUN),
    Case::refuse("9112 5", chunks!("0↵A‸↵↵"), MissingColon).after(BEGUN),
    Case::refuse("9112 5.1", chunks!("0↵A‸ : b↵↵"), SpaceBeforeColon).after(BEGUN),
    Case::refuse("9112 5.2", chunks!("0↵‸ A: b↵↵"), ObsoleteLineFolding).after(BEGUN),
    Case::refuse("9112 5.2", chunks!("0↵A: b↵‸␉c↵↵"), ObsoleteLineFolding).after(BEGUN),
    Case::refuse("9110 5.5", chunks!("0↵A: b‸␀↵↵"), InvalidFieldValue).after(BEGUN),
    Case::refuse("9112 2.2", chunks!("0↵A: b‸␊↵"), BareLineFeed).after(BEGUN),
    Case::refuse("9112 2.2", chunks!("0↵A: b␍‸C: d↵↵"), BareCarriageReturn).after(BEGUN),
    Case::refuse("9112 2.2", chunks!("0↵‸␊"), BareLineFeed).after(BEGUN),
    Case::refuse("9112 2.2", chunks!("0↵␍‸a↵"), BareCarriageReturn).after(BEGUN),
    // A status line is no trailer.
    Case::refuse("9112 7.1.2", chunks!("5↵hello↵0↵HTTP‸/1.1 200 OK↵↵"), InvalidFieldName)
        .to(&[GET, GET])
        .after(HELLO)
        .again(1),
    // Bounds: a line of twelve bytes, ten bytes of content, sixteen of trailers.
    Case::accept("9112 7.1.1", chunks!("5;23456789↵hello↵0↵↵"), WHOLE).small(),
    Case::refuse("9112 7.1.1", chunks!("5;234567890␍‸␊hello↵0↵↵"), ChunkLineTooLong).after(BEGUN).small(),
    Case::refuse("9112 7.1.1", chunks!("000000000000‸5↵hello↵0↵↵"), ChunkLineTooLong).after(BEGUN).small(),
    Case::accept("9112 7.1", chunks!("5↵hello↵5↵hello↵0↵↵"), &["200 chunked hellohello."]).small(),
    Case::refuse("9112 7.1", chunks!("5↵hello↵6␍‸␊hello!↵0↵↵"), BodyTooLarge).after(HELLO).small(),
    Case::accept("9112 7.1.2", chunks!("0↵A: 345678901↵↵"), &["200 chunked. A: 345678901"]).small(),
    Case::refuse("9112 7.1.2", chunks!("0↵A: 3456789012↵␍‸␊"), TrailersTooLarge).after(BEGUN).small(),
    Case::refuse("9112 7.1.2", chunks!("0↵A: 3456789012345‸678"), TrailersTooLarge).after(BEGUN).small(),
    // Cut off.
    Case::refuse("9112 8", chunks!("‸"), Truncated).after(BEGUN).ended(),
    Case::refuse("9112 8", chunks!("5‸"), Truncated).after(BEGUN).ended(),
    Case::refuse("9112 8", chunks!("5␍‸"), Truncated).after(BEGUN).ended(),
    Case::refuse("9112 8", chunks!("5↵‸"), Truncated).after(BEGUN).ended(),
    Case::refuse("9112 8", chunks!("5↵hello‸"), Truncated).after(HELLO).ended(),
    Case::refuse("9112 8", chunks!("5↵hello↵‸"), Truncated).after(HELLO).ended(),
    Case::refuse("9112 8", chunks!("5↵hello↵0‸"), Truncated).after(HELLO).ended(),
    Case::refuse("9112 8", chunks!("5↵hello↵0↵‸"), Truncated).after(HELLO).ended(),
    Case::refuse("9112 8", chunks!("5↵hello↵0↵␍"), Truncated).after(HELLO).ended(),
    Case::refuse("9112 8", chunks!("5↵hello↵0↵A: b↵"), Truncated).after(HELLO).ended(),
];
