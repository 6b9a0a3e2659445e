//! The attacks: what was found to smuggle a request past some server, in families.
//!
//! Written in the signs of [`wire`](wirenut_tests::wire), and these:
//!
//! | sign | stands for |
//! |---|---|
//! | `☣` | the smuggled request, `GET /smuggled-NNN HTTP/1.1↵Host: a↵↵`: 39 (hexadecimal 27) bytes |
//! | `☢` | the beginning of one, `GET /smuggled-NNN HTTP/1.1↵X: `: whatever comes next becomes part of it |
//! | `NNN` | the number of the attack |
//! | `⋯` | 20,000 times `a` |

use wirenut_tests::wire;

/// Bytes of a client that wants more requests to be seen than it sends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attack {
    /// What is tried.
    pub(crate) name: &'static str,
    /// The bytes, in the signs of the [module](self).
    text: &'static str,
    /// The codes of what our server says to the bytes, and the end of them.
    pub(crate) codes: &'static [u16],
    /// Are these two requests, by the RFC?
    pub(crate) is_two: bool,
}

impl Attack {
    const fn new(name: &'static str, codes: &'static [u16], text: &'static str) -> Self {
        Self { name, text, codes, is_two: false }
    }

    /// Refused as a whole.
    const fn bad(name: &'static str, text: &'static str) -> Self {
        Self::new(name, &[400], text)
    }

    /// One request, and what looks like another is its content.
    const fn one(name: &'static str, text: &'static str) -> Self {
        Self::new(name, &[200], text)
    }

    /// Two requests, as anybody may send them.
    const fn two(name: &'static str, text: &'static str) -> Self {
        Self { is_two: true, ..Self::new(name, &[200, 200], text) }
    }

    /// The bytes of the attack of this number.
    pub(crate) fn bytes(&self, number: usize) -> Vec<u8> {
        let text = self.text.replace('☣', "GET /smuggled-NNN HTTP/1.1↵Host: a↵↵");
        let text = text.replace('☢', "GET /smuggled-NNN HTTP/1.1↵X: ").replace('⋯', &"a".repeat(20_000));
        wire::bytes(&text.replace("NNN", &number.to_string()))
    }
}

/// A request with these lines behind its Host field.
macro_rules! post {
    ($rest:literal) => {
        concat!("POST /outer-NNN HTTP/1.1↵Host: a↵", $rest)
    };
}

/// The same, by GET.
macro_rules! get {
    ($rest:literal) => {
        concat!("GET /outer-NNN HTTP/1.1↵Host: a↵", $rest)
    };
}

/// A length that covers all, and a line that makes some reader see chunks.
macro_rules! te {
    ($line:literal) => {
        concat!("POST /outer-NNN HTTP/1.1↵Host: a↵Content-Length: 44↵", $line, "↵0↵↵☣")
    };
}

/// A chunked request.
macro_rules! chunks {
    ($rest:literal) => {
        concat!("POST /outer-NNN HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵", $rest)
    };
}

pub(crate) const ATTACKS: &[Attack] = &[
    // Both lengths.
    Attack::bad("CL.TE", te!("Transfer-Encoding: chunked↵")),
    Attack::bad("CL.TE, a beginning", post!("Content-Length: 36↵Transfer-Encoding: chunked↵↵0↵↵☢")),
    Attack::bad("CL.TE, length 0", post!("Content-Length: 0↵Transfer-Encoding: chunked↵↵0↵↵☣")),
    Attack::bad("TE.CL", post!("Transfer-Encoding: chunked↵Content-Length: 4↵↵27↵☣↵0↵↵")),
    Attack::bad("TE.CL, length 0", post!("Transfer-Encoding: chunked↵Content-Length: 0↵↵27↵☣↵0↵↵")),
    // Transfer-Encoding that one reader sees and another does not.
    Attack::bad("TE: space before the colon", te!("Transfer-Encoding : chunked↵")),
    Attack::bad("TE: tab before the colon", te!("Transfer-Encoding␉: chunked↵")),
    Attack::bad("TE: vertical tab", te!("Transfer-Encoding: \u{b}chunked↵")),
    Attack::bad("TE: form feed", te!("Transfer-Encoding: chunked\u{c}↵")),
    Attack::bad("TE: NUL", te!("Transfer-Encoding: ␀chunked↵")),
    Attack::bad("TE: no-break space", te!("Transfer-Encoding: \u{a0}chunked↵")),
    Attack::bad("TE: y with diaeresis", te!("Transfer-Encoding: ÿchunked↵")),
    Attack::bad("TE: xchunked", te!("Transfer-Encoding: xchunked↵")),
    Attack::bad("TE: identity", te!("Transfer-Encoding: identity↵")),
    Attack::bad("TE: chunked, identity", te!("Transfer-Encoding: chunked, identity↵")),
    Attack::bad("TE: identity, chunked", te!("Transfer-Encoding: identity, chunked↵")),
    Attack::bad("TE: chunked twice", te!("Transfer-Encoding: chunked, chunked↵")),
    Attack::bad("TE: two lines, the second unknown", te!("Transfer-Encoding: chunked↵Transfer-Encoding: x↵")),
    Attack::bad("TE: two lines, the first unknown", te!("Transfer-Encoding: x↵Transfer-Encoding: chunked↵")),
    Attack::bad("TE: tab", te!("Transfer-Encoding:␉chunked↵")),
    Attack::bad("TE: trailing space", te!("Transfer-Encoding: chunked ↵")),
    Attack::bad("TE: trailing comma", te!("Transfer-Encoding: chunked,↵")),
    Attack::bad("TE: leading comma", te!("Transfer-Encoding: ,chunked↵")),
    Attack::bad("TE: double quotes", te!("Transfer-Encoding: \"chunked\"↵")),
    Attack::bad("TE: single quotes", te!("Transfer-Encoding: 'chunked'↵")),
    Attack::bad("TE: parameter", te!("Transfer-Encoding: chunked;a=b↵")),
    Attack::bad("TE: case", te!("tRANSFER-ENCODING: CHUNKED↵")),
    Attack::bad("TE: empty", te!("Transfer-Encoding:↵")),
    Attack::bad("TE: folded value", te!("Transfer-Encoding:↵ chunked↵")),
    Attack::bad("TE: on a folded line", te!("X: y↵ Transfer-Encoding: chunked↵")),
    Attack::bad("TE: behind a bare LF", te!("X: y␊Transfer-Encoding: chunked↵")),
    Attack::bad("TE: behind a bare CR", te!("X: y␍Transfer-Encoding: chunked↵")),
    Attack::bad("TE: before a bare LF", te!("Transfer-Encoding: chunked␊X: y↵")),
    Attack::bad("TE: NUL in the name", te!("Transfer-Encoding␀: chunked↵")),
    Attack::bad("TE: high byte in the name", te!("Transfer-Encoding\u{a0}: chunked↵")),
    Attack::bad("TE: space in the name", te!("Transfer Encoding: chunked↵")),
    Attack::bad(
        "TE: first in the head, behind a space",
        "POST /outer-NNN HTTP/1.1↵ Transfer-Encoding: chunked↵Host: a↵Content-Length: 44↵↵0↵↵☣",
    ),
    Attack::one("TE: underscore in the name", te!("Transfer_Encoding: chunked↵")),
    Attack::one("TE: X- before the name", te!("X-Transfer-Encoding: chunked↵")),
    Attack::bad("TE: identity alone", post!("Transfer-Encoding: identity↵↵☣")),
    Attack::new("TE: gzip, chunked", &[501], post!("Transfer-Encoding: gzip, chunked↵↵0↵↵☣")),
    Attack::one("TE.0: OPTIONS", "OPTIONS /outer-NNN HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵27↵☣↵0↵↵"),
    Attack::one("TE.0: GET", get!("Transfer-Encoding: chunked↵↵27↵☣↵0↵↵")),
    // Content-Length that readers understand differently.
    Attack::bad("CL: plus", post!("Content-Length: +39↵↵☣")),
    Attack::bad("CL: minus", post!("Content-Length: -39↵↵☣")),
    Attack::bad("CL: list of equals", post!("Content-Length: 39, 39↵↵☣")),
    Attack::bad("CL: list", post!("Content-Length: 0, 39↵↵☣")),
    Attack::bad("CL: twice", post!("Content-Length: 39↵Content-Length: 39↵↵☣")),
    Attack::bad("CL: 0, then 39", post!("Content-Length: 0↵Content-Length: 39↵↵☣")),
    Attack::bad("CL: 39, then 0", post!("Content-Length: 39↵Content-Length: 0↵↵☣")),
    Attack::bad("CL: hexadecimal", post!("Content-Length: 0x27↵↵☣")),
    Attack::bad("CL: space within", post!("Content-Length: 3 9↵↵☣")),
    Attack::bad("CL: underscore", post!("Content-Length: 3_9↵↵☣")),
    Attack::bad("CL: decimal point", post!("Content-Length: 39.0↵↵☣")),
    Attack::bad("CL: semicolon", post!("Content-Length: 39;↵↵☣")),
    Attack::bad("CL: empty", post!("Content-Length:↵↵☣")),
    Attack::bad("CL: overflow to 39", post!("Content-Length: 18446744073709551655↵↵☣")),
    Attack::bad("CL: vertical tab", post!("Content-Length: \u{b}39↵↵☣")),
    Attack::bad("CL: NUL behind", post!("Content-Length: 39␀↵↵☣")),
    Attack::bad("CL: space before the colon", post!("Content-Length : 39↵↵☣")),
    Attack::bad("CL: space in the name", post!("Content Length: 39↵↵☣")),
    Attack::bad("CL: behind a bare LF", post!("X: y␊Content-Length: 39↵↵☣")),
    Attack::bad("CL: folded", post!("Content-Length:↵ 39↵↵☣")),
    Attack::one("CL: leading zeros", post!("Content-Length: 000000000000000000000000039↵↵☣")),
    Attack::one("CL: trailing space", post!("Content-Length: 39 ↵↵☣")),
    Attack::one("CL.0: GET with content", get!("Content-Length: 39↵↵☣")),
    Attack::one("CL.0: HEAD with content", "HEAD /outer-NNN HTTP/1.1↵Host: a↵Content-Length: 39↵↵☣"),
    Attack::two("CL: underscore in the name", post!("Content_Length: 39↵↵☣")),
    Attack::two("0.CL: the length in a query", "GET /outer-NNN?Content-Length:39 HTTP/1.1↵Host: a↵↵☣"),
    Attack::new("CL: one byte too few", &[200, 400], post!("Content-Length: 38↵↵☣")),
    Attack::bad("CL: one byte too many", post!("Content-Length: 40↵↵☣")),
    // Chunk sizes.
    Attack::bad("chunk: plus", chunks!("+27↵☣↵0↵↵")),
    Attack::bad("chunk: minus", chunks!("-27↵☣↵0↵↵")),
    Attack::bad("chunk: 0x", chunks!("0x27↵☣↵0↵↵")),
    Attack::bad("chunk: underscore", chunks!("2_7↵☣↵0↵↵")),
    Attack::bad("chunk: space before", chunks!(" 27↵☣↵0↵↵")),
    Attack::bad("chunk: space behind", chunks!("27 ↵☣↵0↵↵")),
    Attack::bad("chunk: empty size", chunks!("↵☣↵0↵↵")),
    Attack::bad("chunk: overflow to 27", chunks!("10000000000000027↵☣↵0↵↵")),
    Attack::new("chunk: all bits", &[413], chunks!("ffffffffffffffff↵☣↵0↵↵")),
    Attack::new("chunk: the sign's bit", &[413], chunks!("8000000000000000↵☣↵0↵↵")),
    Attack::bad("chunk: NUL behind", chunks!("27␀↵☣↵0↵↵")),
    Attack::one("chunk: leading zeros", chunks!("00000000000000000000000027↵☣↵0↵↵")),
    Attack::bad("chunk: LF behind the size", chunks!("27␊☣↵0↵↵")),
    Attack::bad("chunk: CR behind the size", chunks!("27␍☣↵0↵↵")),
    // Chunk extensions and the ends of chunks (the families of 2025).
    Attack::bad("TERM.EXT", chunks!("2;␊xx↵2e↵0↵↵☣↵0↵↵")),
    Attack::bad("EXT.TERM", chunks!("27;␊☣↵0↵↵☣")),
    Attack::bad("extension: CR", chunks!("2;a␍xx↵0↵↵☣")),
    Attack::bad("extension: quoted LF", chunks!("2;a=\"␊xx↵0↵↵☣")),
    Attack::bad("extension: quoted CR LF", chunks!("2;a=\"↵xx↵0↵↵☣")),
    Attack::bad("extension: escaped CR LF", chunks!("2;a=\"\\↵xx↵0↵↵☣")),
    Attack::bad("extension: NUL", chunks!("2;␀↵xx↵0↵↵☣")),
    Attack::bad("extension: LF in the last", chunks!("0;␊↵↵☣")),
    Attack::bad("extension: too long", chunks!("2;⋯↵xx↵0↵↵☣")),
    Attack::two("extension: as it should be", chunks!("2;a=\"b\";c↵xx↵0;d↵↵☣")),
    Attack::bad("TERM.SPILL, SPILL.TERM", chunks!("5↵AAAAAXX2↵xx↵0↵↵☣")),
    Attack::bad("ONE.TWO", chunks!("2↵xx␊27↵☣↵0↵↵")),
    Attack::bad("TWO.ONE", chunks!("2␊xx↵27↵☣↵0↵↵")),
    Attack::bad("ZERO.TWO", chunks!("2↵xx27↵☣↵0↵↵")),
    Attack::bad("CR.TWO", chunks!("2↵xx␍27↵☣↵0↵↵")),
    Attack::bad("LF at the very end", chunks!("0↵␊☣")),
    Attack::bad("LF behind the last size", chunks!("0␊↵☣")),
    Attack::bad("no line end at the very end", chunks!("0↵☣")),
    Attack::bad("a trailer that swallows", chunks!("0↵X: ☣")),
    Attack::two("several zeros", chunks!("0000↵↵☣")),
    // Trailers.
    Attack::bad("trailer: Content-Length", chunks!("0↵Content-Length: 39↵↵☣")),
    Attack::bad("trailer: Transfer-Encoding", chunks!("0↵Transfer-Encoding: chunked↵↵☣")),
    Attack::bad("trailer: Host", chunks!("0↵Host: b↵↵☣")),
    Attack::bad("trailer: Connection", chunks!("0↵Connection: close↵↵☣")),
    Attack::bad("trailer: bare LF", chunks!("0↵X: y␊↵☣")),
    Attack::bad("trailer: folded", chunks!("0↵X: y↵ z↵↵☣")),
    Attack::new("trailer: too long", &[431], chunks!("0↵X: ⋯↵↵☣")),
    Attack::two("trailer: as it should be", chunks!("0↵X: y↵↵☣")),
    // Versions.
    Attack::bad(
        "1.0 with TE",
        "POST /outer-NNN HTTP/1.0↵Host: a↵Connection: keep-alive↵Transfer-Encoding: chunked↵↵0↵↵☣",
    ),
    Attack::bad(
        "1.0 with TE and CL",
        "POST /outer-NNN HTTP/1.0↵Host: a↵Connection: keep-alive↵Content-Length: 44↵Transfer-Encoding: chunked↵↵0↵↵☣",
    ),
    Attack::one("1.0 with content", "GET /outer-NNN HTTP/1.0↵Host: a↵Connection: keep-alive↵Content-Length: 39↵↵☣"),
    Attack::two("1.0, kept alive", "GET /outer-NNN HTTP/1.0↵Host: a↵Connection: keep-alive↵↵☣"),
    Attack::one("1.0, not kept alive", "GET /outer-NNN HTTP/1.0↵Host: a↵↵☣"),
    Attack::new("2.0", &[505], "GET /outer-NNN HTTP/2.0↵Host: a↵↵☣"),
    Attack::two("1.9", "GET /outer-NNN HTTP/1.9↵Host: a↵↵☣"),
    Attack::bad("1.10", "GET /outer-NNN HTTP/1.10↵Host: a↵↵☣"),
    Attack::bad("version in lower case", "GET /outer-NNN http/1.1↵Host: a↵↵☣"),
    Attack::bad("0.9", "GET /outer-NNN↵↵☣"),
    Attack::bad("0.9, smuggled", "GET /smuggled-NNN↵"),
    Attack::new("0.9 behind a request", &[200, 400], get!("Content-Length: 0↵↵GET /smuggled-NNN↵↵")),
    // Expectations and early answers.
    Attack::one("Expect", post!("Expect: 100-continue↵Content-Length: 39↵↵☣")),
    Attack::one("Expect: GET", get!("Expect: 100-continue↵Content-Length: 39↵↵☣")),
    Attack::one("Expect: chunked", post!("Expect: 100-continue↵Transfer-Encoding: chunked↵↵27↵☣↵0↵↵")),
    Attack::new(
        "Expect: early answer",
        &[403],
        "POST /early-NNN HTTP/1.1↵Host: a↵Expect: 100-continue↵Content-Length: 39↵↵☣",
    ),
    Attack::new(
        "Expect: early answer, no content",
        &[403],
        "POST /early-NNN HTTP/1.1↵Host: a↵Expect: 100-continue↵Content-Length: 39↵↵",
    ),
    Attack::new("Expect: obfuscated", &[417], post!("Expect: y 100-continue↵Content-Length: 39↵↵☣")),
    Attack::new("Expect: twice in a list", &[417], post!("Expect: 100-continue, 100-continue↵Content-Length: 39↵↵☣")),
    Attack::new("Expect: folded", &[417], post!("Expect:↵ 100-continue↵Content-Length: 39↵↵☣")),
    Attack::bad("Expect: bare LF", post!("Expect: 100-continue␊Content-Length: 39↵↵☣")),
    Attack::new("early answer", &[403], "POST /early-NNN HTTP/1.1↵Host: a↵Content-Length: 39↵↵☣"),
    Attack::new(
        "early answer, chunked",
        &[403],
        "POST /early-NNN HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵27↵☣↵0↵↵",
    ),
    Attack::new("early answer, content missing", &[403], "POST /early-NNN HTTP/1.1↵Host: a↵Content-Length: 100↵↵☣"),
    // Targets and hosts.
    Attack::two("absolute form", "GET http://a/outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("absolute form, other Host", "GET http://b/outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("absolute form, user", "GET http://b@a/outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("http:/x", "GET http:/outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("http:x", "GET http:outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("two Hosts", get!("Host: b↵↵☣")),
    Attack::bad("two equal Hosts", get!("Host: a↵↵☣")),
    Attack::bad("Host: space within", "GET /outer-NNN HTTP/1.1↵Host: a b↵↵☣"),
    Attack::bad("Host: @", "GET /outer-NNN HTTP/1.1↵Host: b@a↵↵☣"),
    Attack::bad("Host: list", "GET /outer-NNN HTTP/1.1↵Host: a, b↵↵☣"),
    Attack::bad("Host: path", "GET /outer-NNN HTTP/1.1↵Host: a/smuggled-NNN↵↵☣"),
    Attack::bad("Host: port of letters", "GET /outer-NNN HTTP/1.1↵Host: a:b↵↵☣"),
    Attack::bad("Host: space before the colon", "GET /outer-NNN HTTP/1.1↵Host : a↵↵☣"),
    Attack::bad("Host: folded", "GET /outer-NNN HTTP/1.1↵X: y↵ Host: b↵Host: a↵↵☣"),
    Attack::bad("no Host", "GET /outer-NNN HTTP/1.1↵↵☣"),
    Attack::bad("target: space", "GET /outer-NNN /x HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("target: a request", "GET /outer-NNN HTTP/1.1 GET /smuggled-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("target: tab for a space", "GET␉/outer-NNN␉HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("target: two spaces", "GET  /outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("target: NUL", "GET /outer-NNN␀ HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("target: high byte", "GET /outer-NNN\u{80} HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("target: fragment", "GET /outer-NNN#x HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("target: no slash", "GET outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("target: bare CR", "GET /outer-NNN␍ HTTP/1.1↵Host: a↵↵☣"),
    Attack::two("target: encoded line ends", "GET /outer-NNN%0d%0aX:%20y HTTP/1.1↵Host: a↵↵☣"),
    Attack::two("target: two slashes", "GET //outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    // Options of a connection.
    Attack::one("Connection: close", get!("Connection: close↵↵☣")),
    Attack::one("Connection: names Content-Length", post!("Connection: Content-Length↵Content-Length: 39↵↵☣")),
    Attack::one(
        "Connection: close, names Content-Length",
        post!("Connection: close, Content-Length↵Content-Length: 39↵↵☣"),
    ),
    Attack::one(
        "Connection: names Transfer-Encoding",
        post!("Connection: Transfer-Encoding↵Transfer-Encoding: chunked↵↵27↵☣↵0↵↵"),
    ),
    Attack::two("Connection: names Host", get!("Connection: Host↵↵☣")),
    Attack::two(
        "Upgrade: bad WebSocket",
        get!(
            "Connection: Upgrade↵Upgrade: websocket↵Sec-WebSocket-Version: 777↵Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==↵↵☣"
        ),
    ),
    Attack::two(
        "Upgrade: h2c",
        get!("Connection: Upgrade, HTTP2-Settings↵Upgrade: h2c↵HTTP2-Settings: AAMAAABkAAQAAP__↵↵☣"),
    ),
    Attack::one("Upgrade: with content", post!("Connection: Upgrade↵Upgrade: websocket↵Content-Length: 39↵↵☣")),
    Attack::new(
        "Upgrade: granted",
        &[101],
        "GET /switch-NNN HTTP/1.1↵Host: a↵Connection: Upgrade↵Upgrade: websocket↵Sec-WebSocket-Version: 13↵Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==↵↵☣",
    ),
    Attack::new("HTTP/2 preface", &[400], "PRI * HTTP/2.0↵↵SM↵↵☣"),
    Attack { is_two: true, ..Attack::new("CONNECT", &[405, 200], "CONNECT a:1 HTTP/1.1↵Host: a:1↵↵☣") },
    Attack::new("CONNECT with content", &[405], "CONNECT a:1 HTTP/1.1↵Host: a:1↵Content-Length: 39↵↵☣"),
    Attack::bad("CONNECT of a path", "CONNECT /outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    // Heads.
    Attack::two("pipelined", get!("↵☣")),
    Attack::new("pipelined, a beginning", &[200, 400], get!("↵☢")),
    Attack::bad("name: space", get!("a b: c↵↵☣")),
    Attack::bad("name: NUL", get!("a␀: b↵↵☣")),
    Attack::bad("name: high byte", get!("aÿ: b↵↵☣")),
    Attack::bad("name: empty", get!(": b↵↵☣")),
    Attack::bad("name: none", get!("ab↵↵☣")),
    Attack::bad("name: colon in front", get!(":Content-Length: 39↵↵☣")),
    Attack::two("name: underscore", get!("a_b: c↵↵☣")),
    Attack::bad("value: NUL", get!("a: ␀↵↵☣")),
    Attack::bad("value: bare CR", get!("a: ␍b↵↵☣")),
    Attack::bad("value: an end of the head in bare CR", get!("a: b␍␍☣")),
    Attack::bad("value: an end of the head in bare LF", get!("a: b␊␊☣")),
    Attack::bad("value: CR CR LF", get!("a: b␍↵↵☣")),
    Attack::two("value: high byte", get!("a: ÿ↵↵☣")),
    Attack::bad("all lines end in LF", "GET /outer-NNN HTTP/1.1␊Host: a␊␊☣"),
    Attack::two("an empty line before", "↵GET /outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::two("empty lines between", get!("↵↵↵☣")),
    Attack::bad("many empty lines before", "↵↵↵↵↵↵GET /outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("LF before", "␊GET /outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::bad("space before", " GET /outer-NNN HTTP/1.1↵Host: a↵↵☣"),
    Attack::new("oversized value", &[431], get!("a: ⋯↵↵☣")),
    Attack::new("oversized name", &[431], get!("⋯: a↵↵☣")),
    Attack::new("oversized target", &[414], "GET /outer-NNN?⋯ HTTP/1.1↵Host: a↵↵☣"),
    Attack::new("oversized method", &[501], "⋯ /outer-NNN HTTP/1.1↵Host: a↵↵☣"),
];
