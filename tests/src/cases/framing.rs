//! Content-Length, Transfer-Encoding, chunks and trailers.

use wirenut::http::Rule::*;
use wirenut::transport::Disposition;

use super::{Case, post};

const HELLO: &[&str] = &["POST / 1.1 5 hello."];
const CHUNKED: &[&str] = &["POST / 1.1 chunked hello."];
const BAD: &[u16] = &[400];

/// A chunked request with this content, which breaks a rule after the head.
macro_rules! chunks {
    ($rest:literal) => {
        concat!("POST / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵", $rest)
    };
}

/// See [`super::Case`].
pub(super) const CASES: &[Case] = &[
    // Content-Length.
    Case::accept("9112 6.3", post!("Content-Length: 5↵↵hello"), HELLO),
    Case::accept("9112 6.3", post!("Content-Length: 0↵↵"), &["POST / 1.1 0."]),
    Case::accept("9112 6.3", post!("↵"), &["POST / 1.1 0."]),
    Case::accept("9112 6.3", "GET / HTTP/1.1↵Host: a↵Content-Length: 5↵↵hello", &["GET / 1.1 5 hello."]),
    Case::accept("9110 8.6", post!("Content-Length:␉ 5 ␉↵↵hello"), HELLO),
    Case::accept("9110 8.6", post!("Content-Length:5↵↵hello"), HELLO),
    Case::accept("9110 8.6", post!("content-LENGTH: 0005↵↵hello"), HELLO),
    Case::refuse("9110 8.6", post!("Content-Length: ‸+5↵↵hello"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: ‸-5↵↵hello"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: ‸-0↵↵"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length:‸↵↵"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: ‸abc↵↵"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: 0‸x5↵↵hello"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: ‸a↵↵hello"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: 5‸.0↵↵hello"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: 5 ‸0↵↵hello"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: ‸\"5\"↵↵hello"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: 5‸_0↵↵hello"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: 1844674407370955161‸6↵↵"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: 9999999999999999999‸9999↵↵"), InvalidContentLength),
    Case::refuse("9110 15.5.14", post!("Content-Length: 18446744073709551615↵‸↵"), BodyTooLarge),
    Case::refuse("9110 8.6", post!("Content-Length: 5‸, 5↵↵hello"), InvalidContentLength),
    Case::refuse("9110 8.6", post!("Content-Length: 5‸,6↵↵hello"), InvalidContentLength),
    Case::refuse("9112 6.3", post!("Content-Length: 5↵Content-Length‸: 5↵↵hello"), DuplicateContentLength),
    Case::refuse("9112 6.3", post!("Content-Length: 5↵content-length‸: 6↵↵hello"), DuplicateContentLength),
    Case::refuse("9112 6.3", "GET / HTTP/1.0↵Content-Length: 5↵Content-Length‸: 0↵↵", DuplicateContentLength),
    Case::accept("9112 6.3", post!("Content_Length: 5↵Content-Length: 0↵↵"), &["POST / 1.1 0."]),
    // Whatever the method is, content is framed as it says (RFC 9110 §9.3).
    Case::accept("9110 9.3.5", "DELETE / HTTP/1.1↵Host: a↵Content-Length: 2↵↵hi", &["DELETE / 1.1 2 hi."]),
    Case::accept("9110 9.3.2", "HEAD / HTTP/1.1↵Host: a↵Content-Length: 2↵↵hi", &["HEAD / 1.1 2 hi."]),
    Case::accept("9110 9.3.4", "PUT / HTTP/1.1↵Host: a↵↵", &["PUT / 1.1 0."]),
    Case::accept("9110 9.3.8", "TRACE / HTTP/1.1↵Host: a↵Content-Length: 2↵↵hi", &["TRACE / 1.1 2 hi."]),
    Case::accept("9110 9.1", "SEARCH / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵0↵↵", &["SEARCH / 1.1 chunked."]),
    Case::accept("9110 9.3.1", "GET / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵1↵a↵0↵↵", &["GET / 1.1 chunked a."]),
    // A field that is named in Connection still frames (RFC 9110 §7.6.1 asks that of nobody who sends it).
    Case::accept("9110 7.6.1", post!("Content-Length: 5↵Connection: content-length↵↵hello"), HELLO),
    Case::accept("9110 7.6.1", post!("Connection: transfer-encoding↵Transfer-Encoding: chunked↵↵5↵hello↵0↵↵"), CHUNKED),
    // Both.
    Case::refuse(
        "9112 6.1",
        post!("Content-Length: 5↵Transfer-Encoding‸: chunked↵↵0↵↵"),
        ContentLengthWithTransferEncoding,
    ),
    Case::refuse(
        "9112 6.1",
        post!("Transfer-Encoding: chunked↵Content-Length‸: 5↵↵0↵↵"),
        ContentLengthWithTransferEncoding,
    ),
    Case::refuse(
        "9112 6.1",
        post!("Transfer-Encoding: gzip↵Content-Length‸: 5↵↵hello"),
        ContentLengthWithTransferEncoding,
    ),
    Case::refuse(
        "9112 6.1",
        post!("Content-Length: 0↵A: b↵transfer-encoding‸: identity↵↵"),
        ContentLengthWithTransferEncoding,
    ),
    // Transfer-Encoding.
    Case::accept("9112 7.1", chunks!("5↵hello↵0↵↵"), CHUNKED),
    Case::accept("9112 7", post!("Transfer-Encoding: ChUnKeD↵↵0↵↵"), &["POST / 1.1 chunked."]),
    Case::accept("9112 7", post!("TRANSFER-ENCODING:␉chunked ␉↵↵0↵↵"), &["POST / 1.1 chunked."]),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: chunked‸, chunked↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: chunked↵Transfer-Encoding‸: chunked↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: chunked‸, gzip↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: chunked↵Transfer-Encoding‸: gzip↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: chunked‸,↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: gzip, chunked↵‸↵0↵↵"), UnknownTransferCoding),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: gzip↵Transfer-Encoding: chunked↵‸↵0↵↵"), UnknownTransferCoding),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: gzip;a=\"b\", chunked↵‸↵0↵↵"), UnknownTransferCoding),
    Case::accept("9112 6.1", post!("Transfer_Encoding: chunked↵Content-Length: 5↵↵hello"), HELLO),
    Case::accept("9110 10.1.4", post!("TE: chunked, gzip, trailers↵Content-Length: 5↵↵hello"), HELLO),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: identity, chunked↵‸↵0↵↵"), UnknownTransferCoding),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: chunked↵Transfer-Encoding‸: identity↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: chunked‸, \"chunked\"↵↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: gzip, ‸,↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: chunked␉‸;a↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.3", post!("Transfer-Encoding: gzip↵‸↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.3", post!("Transfer-Encoding: identity↵‸↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.3", post!("Transfer-Encoding: xchunked↵‸↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 6.3", post!("Transfer-Encoding: chunkedx↵‸↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9112 7", post!("Transfer-Encoding: chunked‸;q=1↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", post!("Transfer-Encoding:‸↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: ‸,chunked↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: ‸\"chunked\"↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: x ‸chunked↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: a;b=\",chunked\"↵‸↵0↵↵"), ChunkedNotFinal),
    Case::refuse("9110 5.5", post!("Transfer-Encoding: ‸\u{b}chunked↵↵0↵↵"), InvalidFieldValue),
    Case::refuse("9112 6.1", post!("Transfer-Encoding: ‸\u{a0}chunked↵↵0↵↵"), InvalidTransferEncoding),
    Case::refuse("9112 6.1", "POST / HTTP/1.0↵Transfer-Encoding‸: chunked↵↵0↵↵", TransferEncodingInHttp10),
    Case::refuse(
        "9112 6.1",
        "POST / HTTP/1.0↵Content-Length: 5↵Transfer-Encoding‸: chunked↵↵0↵↵",
        TransferEncodingInHttp10,
    ),
    // What a Connection option names is framing all the same.
    Case::accept(
        "9110 7.6.1",
        post!("Connection: host, content-length↵Content-Length: 5↵↵hello"),
        &["POST / 1.1 5 hello."],
    ),
    Case::accept("9110 7.6.1", post!("Connection: transfer-encoding↵Transfer-Encoding: chunked↵↵5↵hello↵0↵↵"), CHUNKED),
    // Chunks.
    Case::accept("9112 7.1", chunks!("3↵hel↵2↵lo↵0↵↵"), CHUNKED),
    Case::accept("9112 7.1", chunks!("0000000000000000000005↵hello↵000↵↵"), CHUNKED),
    Case::accept("9112 7.1", chunks!("a↵0123456789↵B↵0123456789a↵0↵↵"), &["POST / 1.1 chunked 01234567890123456789a."]),
    Case::accept("9112 7.1.1", chunks!("5;a=b;c;d=\"e;\\\"f\"↵hello↵0;x↵↵"), CHUNKED),
    Case::accept("9112 7.1.1", chunks!("5 ␉;␉ a = b↵hello↵0↵↵"), CHUNKED),
    Case::accept("9112 7.1.1", chunks!("5; a; b=c↵hello↵0↵↵"), CHUNKED),
    Case::accept("9112 7.1.1", chunks!("5;a=\"é␉;\\\"=\"↵hello↵0;b↵↵"), CHUNKED),
    Case::refuse("9112 7.1.1", chunks!("5;‸é↵hello↵0↵↵"), InvalidChunkExtension).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1.1", chunks!("5;‸↵hello↵0↵↵"), InvalidChunkExtension).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1.1", chunks!("5;a=‸↵hello↵0↵↵"), InvalidChunkExtension).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1.1", chunks!("5;a ‸b↵hello↵0↵↵"), InvalidChunkExtension).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1.1", chunks!("5;a=\"b‸↵hello\"↵0↵↵"), InvalidChunkExtension)
        .within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1.1", chunks!("5;a=\"b‸␊hello\"↵0↵↵"), BareLineFeed).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("‸+5↵hello↵0↵↵"), InvalidChunkSize).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("‸-5↵hello↵0↵↵"), InvalidChunkSize).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("0‸x5↵hello↵0↵↵"), InvalidChunkSize).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("‸ 5↵hello↵0↵↵"), InvalidChunkSize).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("‸↵hello↵0↵↵"), InvalidChunkSize).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("‸g↵hello↵0↵↵"), InvalidChunkSize).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("5‸_0↵hello↵0↵↵"), InvalidChunkSize).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("5‸␀↵hello↵0↵↵"), InvalidChunkSize).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("‸;a↵hello↵0↵↵"), InvalidChunkSize).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1.1", chunks!("5 ‸↵hello↵0↵↵"), InvalidChunkExtension).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1.1", chunks!("5 ‸5↵hello↵0↵↵"), InvalidChunkExtension).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1.1", chunks!("5;‸␀↵hello↵0↵↵"), InvalidChunkExtension).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("1000000000000000‸0↵"), ChunkSizeOverflow).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("fffffffffffffff0‸0↵"), ChunkSizeOverflow).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 15.5.14", chunks!("ffffffffffffffff␍‸␊"), BodyTooLarge).within(&["POST / 1.1 chunked"], &[413]),
    Case::refuse("9110 15.5.14", chunks!("5↵hello↵ffffffffffffffff␍‸␊"), BodyTooLarge)
        .within(&["POST / 1.1 chunked hello"], &[413]),
    Case::refuse("9112 2.2", chunks!("5‸␊hello↵0↵↵"), BareLineFeed).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 2.2", chunks!("5;a‸␊hello↵0↵↵"), BareLineFeed).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 2.2", chunks!("5␍‸hello↵0↵↵"), BareCarriageReturn).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 2.2", chunks!("5;a␍‸b↵hello↵0↵↵"), BareCarriageReturn).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1.1", chunks!("5;a=\"‸␍b\"↵hello↵0↵↵"), InvalidChunkExtension)
        .within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 7.1", chunks!("5↵hello‸0↵↵"), MissingChunkEnd).within(&["POST / 1.1 chunked hello"], BAD),
    Case::refuse("9112 7.1", chunks!("5↵hello‸!↵0↵↵"), MissingChunkEnd).within(&["POST / 1.1 chunked hello"], BAD),
    Case::refuse("9112 7.1", chunks!("5↵hello‸␊0↵↵"), MissingChunkEnd).within(&["POST / 1.1 chunked hello"], BAD),
    Case::refuse("9112 7.1", chunks!("5↵hello␍‸␍0↵↵"), MissingChunkEnd).within(&["POST / 1.1 chunked hello"], BAD),
    // Bounds of chunks: a line of twelve bytes, ten bytes of content.
    Case::accept("9112 7.1.1", "POST / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵5;a3456789↵hello↵0↵↵", CHUNKED)
        .small(),
    Case::refuse("9112 7.1.1", chunks!("5;a34567890␍‸␊hello↵0↵↵"), ChunkLineTooLong)
        .within(&["POST / 1.1 chunked"], BAD)
        .small(),
    Case::refuse("9112 7.1.1", chunks!("000000000000‸5↵hello↵0↵↵"), ChunkLineTooLong)
        .within(&["POST / 1.1 chunked"], BAD)
        .small(),
    Case::accept("9110 15.5.14", chunks!("5↵hello↵5↵hello↵0↵↵"), &["POST / 1.1 chunked hellohello."]).small(),
    Case::refuse("9110 15.5.14", chunks!("5↵hello↵6␍‸␊hello!↵0↵↵"), BodyTooLarge)
        .within(&["POST / 1.1 chunked hello"], &[413])
        .small(),
    Case::accept("9110 15.5.14", post!("Content-Length: 10↵↵hellohello"), &["POST / 1.1 10 hellohello."]).small(),
    Case::refuse("9110 15.5.14", post!("Content-Length: 11↵‸↵hellohello!"), BodyTooLarge).small(),
    // Trailers.
    Case::accept("9112 7.1.2", chunks!("5↵hello↵0↵A: b↵C:↵↵"), &["POST / 1.1 chunked hello. A: b C: "]),
    Case::refuse("9110 6.5.1", chunks!("0↵Content-Length‸: 5↵↵"), ForbiddenTrailer)
        .within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 6.5.1", chunks!("0↵A: b↵transfer-encoding‸: a↵↵"), ForbiddenTrailer)
        .within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 6.5.1", chunks!("0↵Host‸: a↵↵"), ForbiddenTrailer).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 6.5.1", chunks!("0↵Connection‸: close↵↵"), ForbiddenTrailer)
        .within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 6.5.1", chunks!("0↵Authorization‸: a↵↵"), ForbiddenTrailer).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 6.5.1", chunks!("0↵Set-Cookie‸: a↵↵"), ForbiddenTrailer).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 6.5.1", chunks!("0↵IF-MATCH‸: *↵↵"), ForbiddenTrailer).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 6.5.1", chunks!("0↵If-Unmodified-Since‸: a↵↵"), ForbiddenTrailer)
        .within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 6.5.1", chunks!("0↵Vary‸: *↵↵"), ForbiddenTrailer).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 6.5.1", chunks!("0↵Content-Type‸: a↵↵"), ForbiddenTrailer).within(&["POST / 1.1 chunked"], BAD),
    Case::accept(
        "9110 6.5.1",
        chunks!("5↵hello↵0↵ETag: a↵Authentication-Info: b↵↵"),
        &["POST / 1.1 chunked hello. ETag: a Authentication-Info: b"],
    ),
    Case::refuse("9112 5", chunks!("0↵A‸↵↵"), MissingColon).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 5.1", chunks!("0↵A‸ : b↵↵"), SpaceBeforeColon).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 5.2", chunks!("0↵A: b↵‸ c↵↵"), ObsoleteLineFolding).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9110 5.5", chunks!("0↵A: b‸␀↵↵"), InvalidFieldValue).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 2.2", chunks!("0↵A: b‸␊↵"), BareLineFeed).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 2.2", chunks!("0↵‸␊"), BareLineFeed).within(&["POST / 1.1 chunked"], BAD),
    Case::refuse("9112 2.2", chunks!("0↵␍‸A: b↵↵"), BareCarriageReturn).within(&["POST / 1.1 chunked"], BAD),
    // Sixteen bytes of trailers, and seventeen.
    Case::accept("9112 7.1.2", chunks!("0↵A: 345678901↵↵"), &["POST / 1.1 chunked. A: 345678901"]).small(),
    Case::refuse("9112 7.1.2", chunks!("0↵A: 3456789012↵␍‸␊"), TrailersTooLarge)
        .within(&["POST / 1.1 chunked"], &[431])
        .small(),
    // Cut off.
    Case::refuse("9112 8", post!("Content-Length: 5↵↵hell‸"), Truncated).within(&["POST / 1.1 5 hell"], BAD).ended(),
    Case::refuse("9112 8", chunks!("‸"), Truncated).within(&["POST / 1.1 chunked"], BAD).ended(),
    Case::refuse("9112 8", chunks!("5‸"), Truncated).within(&["POST / 1.1 chunked"], BAD).ended(),
    Case::refuse("9112 8", chunks!("5↵hel‸"), Truncated).within(&["POST / 1.1 chunked hel"], BAD).ended(),
    Case::refuse("9112 8", chunks!("5↵hello‸"), Truncated).within(&["POST / 1.1 chunked hello"], BAD).ended(),
    Case::refuse("9112 8", chunks!("5↵hello↵‸"), Truncated).within(&["POST / 1.1 chunked hello"], BAD).ended(),
    Case::refuse("9112 8", chunks!("5↵hello↵0↵‸"), Truncated).within(&["POST / 1.1 chunked hello"], BAD).ended(),
    Case::refuse("9112 8", chunks!("5↵hello↵0↵A: b↵"), Truncated).within(&["POST / 1.1 chunked hello"], BAD).ended(),
    Case::accept("9112 8", chunks!("5↵hello↵0↵↵"), CHUNKED).ended().leaves(Disposition::Close),
];
