//! The requests that every wire must answer alike.

use super::Case;
use crate::{browser_head, cases, wire};
use wirenut::http::Limits;
use wirenut_reference::{DEVICE_LIMITS, pattern_byte};

/// More than any buffer of any wire holds: 64 KiB on Linux, 2 KiB on the board.
const LARGE: usize = 150_000;

/// Every case that is written down here.
#[must_use]
pub fn all() -> Vec<Case> {
    [good(), upgraded(), refused_by_the_service(), malformed(), pipelined(), half_closed(), aborted()].concat()
}

/// One request; then the connection is open or not.
fn one(text: &str) -> Case {
    Case::new(text).ask(text).answered().probed()
}

/// A handshake, without its last line end.
const HANDSHAKE: &str = "GET /live HTTP/1.1↵Host: a↵Connection: keep-alive, Upgrade↵Upgrade: websocket↵\
    Sec-WebSocket-Version: 13↵Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==↵";

/// A frame of a client, masked by zeros, so that it can be read here.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap_or(u8::MAX);
    assert!(length < 126, "a short frame");
    [&[first, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

/// WebSocket: what was sent behind the handshake at once or later, and each way to end.
fn upgraded() -> Vec<Case> {
    let text = |text: &str| frame(0x81, text.as_bytes());
    let close = frame(0x88, &[0x03, 0xe8]);
    let asked = |name: &str| Case::new(name).ask(&format!("{HANDSHAKE}↵"));
    let commands = [text("set 23"), text("set 31"), text("reset"), frame(0x89, b"ping")].concat();
    let all = asked("commands behind the handshake").send(&commands).send(&close);
    let late = asked("commands after the first reading").echoed(40).send(&commands).echoed(150).send(&close);
    let cuts = [40, 190, all.first().len() - 9, all.first().len() - 1].map(|at| all.cut_at(at));
    let mut cases = vec![
        all.one_by_one(),
        all,
        late,
        asked("a fragmented command")
            .send(&frame(0x01, b"se"))
            .send(&frame(0x89, b""))
            .send(&frame(0x80, b"t 5"))
            .send(&close),
        asked("a frame without a mask").send(b"\x81\x01a"),
        asked("a frame of a reserved kind").send(&frame(0x83, b"")),
        asked("bytes that are no text").send(&frame(0x81, b"set \xff")),
        asked("a message that is too long").send(&frame(0x81, &[b'a'; 65])),
        asked("a binary message").send(&frame(0x82, b"set 23")),
        asked("a client that ends without a Close").ended(),
        asked("another request behind the handshake").ask("GET / HTTP/1.1↵Host: a↵↵"),
        one(&format!("{HANDSHAKE}Origin: http://evil.example↵↵")),
        one(&format!("{HANDSHAKE}↵").replace("13", "8")),
        one(&format!("{HANDSHAKE}↵").replace("keep-alive, Upgrade", "keep-alive")),
        one("GET /live HTTP/1.1↵Host: a↵↵"),
        one("HEAD /live HTTP/1.1↵Host: a↵↵"),
        Case::new("a page of the same host").ask(&format!("{HANDSHAKE}Origin: http://a↵↵")).send(&close),
    ];
    cases.extend(cuts);
    cases
}

/// A request that is answered before it is over: nothing is waited for but the end.
fn broken(text: &str) -> Case {
    Case::new(text).ask(text).probed()
}

/// The head of a form, up to its length.
const FORM: &str = "POST /form HTTP/1.1↵Host: a↵Content-Type: multipart/form-data; boundary=\"x\"↵Content-Length: ";

/// A request with this form.
fn form_of(form: &str) -> String {
    format!("{FORM}{}↵↵{form}", wire::bytes(form).len())
}

/// Content that is easy to tell from other content.
fn content(length: usize) -> Vec<u8> {
    (0..).take(length).map(pattern_byte).collect()
}

/// Content in chunks of all kinds of sizes.
fn chunks(content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut rest, mut size) = (content, 1);
    while !rest.is_empty() {
        let (chunk, left) = rest.split_at(size.min(rest.len()));
        bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend(b"\r\n");
        (rest, size) = (left, size * 7 % 10_007);
    }
    bytes.extend(b"0\r\n\r\n");
    bytes
}

fn good() -> Vec<Case> {
    let mut cases: Vec<_> = [
        "GET / HTTP/1.1↵Host: a↵↵",
        "GET / HTTP/1.0↵↵",
        "GET / HTTP/1.0↵Connection: keep-alive↵↵",
        "GET / HTTP/1.1↵Host: a↵Connection: close↵↵",
        "GET http://a/reading HTTP/1.1↵Host: a↵↵",
        "HEAD / HTTP/1.1↵Host: a↵↵",
        "GET /reading HTTP/1.1↵Host: a↵↵",
        "HEAD /reading HTTP/1.1↵Host: a↵↵",
        "GET /download HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=0 HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=1 HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=2047 HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=2048 HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=150000 HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=150000 HTTP/1.0↵↵",
        "HEAD /download?bytes=1099511627776 HTTP/1.1↵Host: a↵↵",
        "GET /slow HTTP/1.1↵Host: a↵↵",
        "GET /slow?ms=0 HTTP/1.1↵Host: a↵↵",
        "GET /slow?ms=80 HTTP/1.1↵Host: a↵↵",
        "HEAD /slow?ms=20 HTTP/1.1↵Host: a↵↵",
        "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 2↵↵23",
        "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 4↵↵0030",
        "PUT /setting HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵1↵2↵1↵1↵0↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Content-Length: 9↵↵123456789",
        "POST /upload HTTP/1.1↵Host: a↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Content-Length: 0↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵5;a=b;c=\"d;e\"↵12345↵4 ; f↵6789↵0;g↵A: b↵C: d↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵0↵↵",
        "POST /echo HTTP/1.1↵Host: a↵Content-Length: 5↵↵hello",
        "POST /echo HTTP/1.1↵Host: a↵Content-Length: 0↵↵",
        "POST /echo HTTP/1.1↵Host: a↵↵",
        "POST /echo HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵2↵he↵3↵llo↵0↵↵",
        "POST /echo HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵0↵↵",
        "POST /echo HTTP/1.0↵Content-Length: 5↵↵hello",
        "OPTIONS * HTTP/1.1↵Host: a↵↵",
        "OPTIONS /setting HTTP/1.1↵Host: a↵↵",
        "GET /reading HTTP/1.1↵Host: a↵Content-Length: 3↵↵abc",
    ]
    .into_iter()
    .map(one)
    .collect();

    let large = content(LARGE);
    let declared = |path| format!("POST {path} HTTP/1.1↵Host: a↵Content-Length: {LARGE}↵↵");
    let chunked = |path| format!("POST {path} HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵");
    for path in ["/echo", "/upload"] {
        let case = Case::new(format!("{path} of a large body")).ask(&declared(path));
        cases.push(case.send(&large).answered().probed());
        let case = Case::new(format!("{path} of a large chunked body")).ask(&chunked(path));
        cases.push(case.send(&chunks(&large)).answered().probed());
    }

    let part = |name: &str| format!("↵--x↵Content-Disposition: form-data; {name}↵↵");
    let form =
        [part("name=a"), part("name=\"f\"; filename=\"ä%22.txt\"↵Content-Type: text/plain"), "1".into()].concat();
    cases.push(one(&form_of(&format!("{form}↵--x--↵"))));
    cases.push(one(&form_of("--x--")));
    let large_form = [&wire::bytes(&form)[..], &large, &wire::bytes(&part("name=b")), b"\r\n--x--"].concat();
    let chunked_form = FORM.replace("Content-Length: ", "Transfer-Encoding: chunked↵↵");
    let case = Case::new("a large chunked form").ask(&chunked_form).send(&chunks(&large_form));
    cases.push(case.answered().probed());

    let reading = "GET /reading HTTP/1.1↵Host: a↵↵";
    let put = |degrees: &str| format!("PUT /setting HTTP/1.1↵Host: a↵Content-Length: 2↵↵{degrees}");
    cases.push(Case::new("a setting is kept").ask(&put("07")).answered().ask(reading).answered().probed());
    cases.push(Case::new("a wrong one is not").ask(&put("31")).answered().ask(reading).answered().probed());
    cases.push(Case::new("requests are counted").ask(reading).answered().ask(reading).answered().probed());

    let expect = "Content-Length: 9↵Expect: 100-continue↵↵";
    for path in ["POST /upload", "POST /echo"] {
        let case = Case::new(format!("{path} waits to be told to go on"));
        let case = case.ask(&format!("{path} HTTP/1.1↵Host: a↵{expect}")).told_to_continue();
        cases.push(case.send(b"123456789").answered().probed());
    }
    let case = Case::new("a setting waits, in chunks");
    let case = case.ask("PUT /setting HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵Expect: 100-continue↵↵");
    cases.push(case.told_to_continue().send(b"2\r\n19\r\n0\r\n\r\n").answered().probed());
    cases.push(one("POST /upload HTTP/1.1↵Host: a↵Content-Length: 3↵Expect: 100-continue↵↵abc"));
    cases.push(one("POST /upload HTTP/1.0↵Content-Length: 3↵Expect: 100-continue↵↵abc"));
    cases.push(one("GET / HTTP/1.1↵Host: a↵Expect: 100-continue↵↵"));

    let fitting = head_of(usize::try_from(DEVICE_LIMITS.head_bytes).unwrap_or(usize::MAX));
    cases.push(Case::new("the largest head").ask(&fitting).answered().probed());
    let browser = browser_head("/reading").replace("\r\n", "↵");
    cases.push(Case::new("a browser's head").ask(&browser).answered().ask(&browser).answered().probed());
    cases
}

/// A request whose head has so many bytes.
fn head_of(bytes: usize) -> String {
    let start = "GET /slow?ms=1 HTTP/1.1↵Host: a↵Long: ";
    let rest = bytes - wire::bytes(start).len() - 4;
    format!("{start}{}↵↵", "v".repeat(rest))
}

/// What the service itself does not want: the connection lives on, unless much content is due.
fn refused_by_the_service() -> Vec<Case> {
    let mut cases: Vec<_> = [
        "GET /nothing HTTP/1.1↵Host: a↵↵",
        "HEAD /nothing HTTP/1.1↵Host: a↵↵",
        "GET /reading/ HTTP/1.1↵Host: a↵↵",
        "POST /nothing HTTP/1.1↵Host: a↵Content-Length: 3↵↵abc",
        "POST /nothing HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵3↵abc↵0↵↵",
        "POST /reading HTTP/1.1↵Host: a↵Content-Length: 3↵↵abc",
        "GET /echo HTTP/1.1↵Host: a↵↵",
        "HEAD /setting HTTP/1.1↵Host: a↵↵",
        "DELETE /setting HTTP/1.1↵Host: a↵↵",
        "TRACE / HTTP/1.1↵Host: a↵↵",
        "PROPFIND / HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=x HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=1099511627777 HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=1&bytes=1 HTTP/1.1↵Host: a↵↵",
        "GET /slow?ms=-1 HTTP/1.1↵Host: a↵↵",
        "HEAD /slow?ms=60001 HTTP/1.1↵Host: a↵↵",
        "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 1↵↵4",
        "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 2↵↵31",
        "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 4↵↵warm",
        "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 0↵↵",
        "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 5↵↵00021",
        "PUT /setting HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵5↵00021↵0↵↵",
        "PUT /setting HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵3↵000↵2↵21↵0↵↵",
        "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 5↵Expect: 100-continue↵↵",
    ]
    .into_iter()
    .map(one)
    .collect();
    for form in ["", "--x", "--x␊", "--x↵Content-Disposition: form-data↵↵", "--x↵↵"] {
        cases.push(one(&form_of(form)));
    }
    cases.push(one(&form_of(&format!("--x↵Content-Disposition: form-data; name={}↵↵", "n".repeat(400)))));
    cases.push(one(&form_of("--x--").replace("form-data", "mixed")));
    cases.push(one(&form_of("--x--").replace("boundary", "border")));
    cases.push(one("POST /form HTTP/1.1↵Host: a↵Content-Length: 3↵↵a=b"));
    let large = content(LARGE);
    let refused = format!("POST /nothing HTTP/1.1↵Host: a↵Content-Length: {LARGE}↵↵");
    cases.push(Case::new("a large body to nothing").ask(&refused).send(&large).probed());
    let refused = "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 30000↵↵";
    cases.push(Case::new("content to throw away").ask(refused).send(&large[..30_000]).answered().probed());
    cases
}

/// What the protocol forbids: the connection ends. These name each status that there is; the tables of [`cases`] name
/// each rule.
fn malformed() -> Vec<Case> {
    let mut cases: Vec<_> = [
        // 400
        "GET / HTTP/1.1↵↵",
        "GET / HTTP/1.1↵Host: a↵Host: a↵↵",
        "GET / HTTP/1.1␊Host: a␊␊",
        "GET / HTTP/1.1↵Host : a↵↵",
        "GET / HTTP/1.1↵Host: a↵A: b␀↵↵",
        "GET nothing HTTP/1.1↵Host: a↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Content-Length: 1↵Content-Length: 1↵↵a",
        "POST /upload HTTP/1.1↵Host: a↵Content-Length: 1↵Transfer-Encoding: chunked↵↵0↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Content-Length: +1↵↵a",
        "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵x↵",
        "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵1↵abc↵0↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵0↵Content-Length: 1↵↵",
        // 413
        "POST /upload HTTP/1.1↵Host: a↵Content-Length: 1099511627777↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵10000000001↵",
        // 417
        "POST /upload HTTP/1.1↵Host: a↵Content-Length: 1↵Expect: tea↵↵a",
        // 501
        "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: gzip, chunked↵↵0↵↵",
        // 505
        "GET / HTTP/2.0↵Host: a↵↵",
        "PRI * HTTP/2.0↵↵SM↵↵",
    ]
    .into_iter()
    .map(broken)
    .collect();
    let most = usize::try_from(DEVICE_LIMITS.head_bytes).unwrap_or(usize::MAX);
    let chunk = "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵";
    let long = [
        ("431: a head that is too large by a byte", head_of(most + 1)),
        ("431: a head that is much too large", head_of(most * 20)),
        ("431: too many fields", format!("GET / HTTP/1.1↵Host: a↵{}↵", "A:↵".repeat(100))),
        ("431: trailers", format!("{chunk}0↵A: {}↵↵", "v".repeat(most))),
        ("414", format!("GET /{} HTTP/1.1↵Host: a↵↵", "a".repeat(most))),
        ("400: a chunk line", format!("{chunk}1;{}↵a↵0↵↵", "a".repeat(300))),
    ];
    cases.extend(long.into_iter().map(|(name, text)| Case::new(name).ask(&text).probed()));
    cases
}

fn pipelined() -> Vec<Case> {
    let reading = "GET /reading HTTP/1.1↵Host: a↵↵";
    let upload = "POST /upload HTTP/1.1↵Host: a↵Content-Length: 4↵↵abcd";
    let chunked = "POST /echo HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵3↵abc↵0↵↵";
    let put = "PUT /setting HTTP/1.1↵Host: a↵Content-Length: 2↵↵29";
    let bad = "GET / HTTP/1.1↵Host : a↵↵";
    let of = |name: &str, texts: &[&str]| texts.iter().fold(Case::new(name), |case, text| case.ask(text));
    vec![
        of("good, good", &[reading, reading]).answered().probed(),
        of("good, bad", &[reading, bad]).answered().probed(),
        of("bad, good", &[bad, reading]).probed(),
        of("three with bodies", &[upload, chunked, put]).answered().probed(),
        of("a setting and a reading", &[put, reading, "HEAD / HTTP/1.1↵Host: a↵↵", reading]).answered().probed(),
        of("slow, good", &["GET /slow?ms=60 HTTP/1.1↵Host: a↵↵", reading]).answered().probed(),
        of("large, large", &["GET /download?bytes=50000 HTTP/1.1↵Host: a↵↵"; 3]).answered().probed(),
        of("close, good", &["GET / HTTP/1.1↵Host: a↵Connection: close↵↵", reading]).probed(),
        of("empty lines between", &[reading, "↵GET / HTTP/1.1↵Host: a↵↵", "↵↵GET / HTTP/1.1↵Host: a↵↵"])
            .answered()
            .probed(),
        of("a body nobody wants, good", &["POST / HTTP/1.1↵Host: a↵Content-Length: 4↵↵abcd", reading])
            .answered()
            .probed(),
        of("a bad chunk, good", &["POST / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵x↵", reading]).probed(),
        of("thirty", &[reading; 30]).answered().probed(),
    ]
}

/// The client says all that it has to say, or not, and ends its direction.
fn half_closed() -> Vec<Case> {
    let large = content(LARGE);
    let echo = format!("POST /echo HTTP/1.1↵Host: a↵Content-Length: {LARGE}↵↵");
    let mut cases: Vec<_> = [
        "GET / HTTP/1.1↵Host: a↵↵",
        "GET /slow?ms=60 HTTP/1.1↵Host: a↵↵",
        "GET /download?bytes=150000 HTTP/1.1↵Host: a↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵3↵abc↵0↵↵",
        "POST /echo HTTP/1.1↵Host: a↵Content-Length: 3↵↵abc",
        // In the middle.
        "GET / HT",
        "GET / HTTP/1.1↵Host: a↵",
        "POST /upload HTTP/1.1↵Host: a↵Content-Length: 4↵↵",
        "POST /upload HTTP/1.1↵Host: a↵Content-Length: 4↵↵abc",
        "POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵3↵abc↵0↵",
        "POST /nothing HTTP/1.1↵Host: a↵Content-Length: 4↵↵abc",
    ]
    .into_iter()
    .map(|text| Case::new(format!("{text}, ended")).ask(text).ended())
    .collect();
    cases.push(Case::new("a large echo, ended").ask(&echo).send(&large).ended());
    cases.push(Case::new("nothing, ended").ended());
    let good = "GET /reading HTTP/1.1↵Host: a↵↵";
    cases.push(Case::new("between requests").ask(good).answered().ended());
    cases.push(Case::new("in the second head").ask(good).answered().ask("GET / HT").ended());
    let expect = "POST /upload HTTP/1.1↵Host: a↵Content-Length: 4↵Expect: 100-continue↵↵";
    cases.push(Case::new("instead of going on").ask(expect).told_to_continue().ended());
    cases
}

/// An answer that has begun when the request breaks: it must not look whole.
fn aborted() -> Vec<Case> {
    let declared = "POST /echo HTTP/1.1↵Host: a↵Content-Length: 9↵↵abc";
    let chunked = "POST /echo HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵3↵abc↵";
    vec![
        Case::new("a declared echo, cut off").ask(declared).echoed(3).ended(),
        Case::new("a chunked echo, cut off").ask(chunked).echoed(3).ended(),
        Case::new("a chunked echo, broken").ask(chunked).echoed(3).send(b"x\r\n").probed(),
        Case::new("a listing, cut off").ask(&form_of("--x↵Content-Disposition: form-data; name=a↵↵↵--x␊")).probed(),
    ]
}

/// For cuts at every byte: one of each kind, and short.
#[must_use]
pub fn to_be_cut() -> Vec<Case> {
    let of = |name: &str, texts: &[&str]| texts.iter().fold(Case::new(name), |case, text| case.ask(text));
    vec![
        of("chunks", &["POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵3;a=\"b\"↵123↵6↵456789↵0↵A: b↵↵"])
            .answered()
            .probed(),
        of("pipelined", &["PUT /setting HTTP/1.1↵Host: a↵Content-Length: 2↵↵23", "GET /reading HTTP/1.1↵Host: a↵↵"])
            .answered()
            .probed(),
        of("echo", &["POST /echo HTTP/1.1↵Host: a↵Content-Length: 5↵↵hello", "HEAD / HTTP/1.1↵Host: a↵↵"])
            .answered()
            .probed(),
        of("form", &[&form_of("--x↵Content-Disposition: form-data; name=a↵↵↵-↵--x--")]).answered().probed(),
        of("bad head", &["GET / HTTP/1.1↵Host: a↵A: b␊↵"]).probed(),
        of("bad chunk", &["POST /upload HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵1↵ab↵0↵↵"]).probed(),
    ]
}

/// The tables of [`cases`], asked of the reference service: what they send to `/` goes to `/upload`, which takes
/// content. Each ends with the client's direction, so that there is an end where nothing is answered. Left out are those
/// with other bounds.
#[must_use]
pub fn of_the_tables() -> Vec<Case> {
    let with_default_limits = cases::all().filter(|case| case.limits == Limits::DEFAULT);
    let cases = with_default_limits.map(|case| {
        let text = case.text.replace("POST / ", "POST /upload ").replace(['‖', '‸'], "");
        Case::new(format!("table: {}", case.text)).ask(&text).ended()
    });
    // Which requests a table leads to is not known before; none but the first is a HEAD.
    cases.map(|case| Case { methods: [case.methods.clone(), vec!["GET".to_owned(); 8]].concat(), ..case }).collect()
}
