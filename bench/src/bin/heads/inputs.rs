//! The heads that are read: fixed ones, and a mix that no branch predictor learns.

use super::fixed::FIXED;

/// An input: its name, and one or more heads, which are read in turn.
pub(crate) struct Input {
    pub(crate) name: &'static str,
    pub(crate) heads: Vec<Vec<u8>>,
    /// Are they heads of responses?
    pub(crate) are_responses: bool,
}

impl Input {
    /// Bytes of a head, on average.
    pub(crate) fn bytes(&self) -> usize {
        self.heads.iter().map(Vec::len).sum::<usize>() / self.heads.len()
    }
}

pub(crate) fn all() -> Vec<Input> {
    let one = |name, head, are_responses| Input { name, heads: vec![lines(head)], are_responses };
    let fixed = FIXED.iter().map(|&(name, head)| one(name, head, false));
    let mix = Input { name: "mix", heads: mix(), are_responses: false };
    fixed.chain([one("nginx", NGINX, true), mix]).collect()
}

/// What nginx answers with a page: 11 fields.
const NGINX: &str = "\
HTTP/1.1 200 OK
Server: nginx/1.24.0 (Debian)
Date: Tue, 05 Mar 2024 10:22:31 GMT
Content-Type: text/html; charset=utf-8
Content-Length: 18342
Last-Modified: Mon, 04 Mar 2024 16:05:17 GMT
Connection: keep-alive
Vary: Accept-Encoding
ETag: \"65e5f1ad-47a6\"
Expires: Tue, 05 Mar 2024 11:22:31 GMT
Cache-Control: public, max-age=3600
Accept-Ranges: bytes

";

fn lines(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

/// 512 heads with 3 to 21 fields of many lengths, the same at each run.
fn mix() -> Vec<Vec<u8>> {
    const METHODS: [&str; 8] = ["GET", "GET", "GET", "GET", "GET", "POST", "HEAD", "OPTIONS"];
    const NAMES: [&str; 24] = [
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Authorization",
        "Cache-Control",
        "Connection",
        "Cookie",
        "DNT",
        "Forwarded",
        "If-Modified-Since",
        "If-None-Match",
        "Origin",
        "Pragma",
        "Priority",
        "Range",
        "Referer",
        "Sec-Fetch-Dest",
        "Sec-Fetch-Mode",
        "Sec-Fetch-Site",
        "User-Agent",
        "Via",
        "X-Forwarded-For",
        "X-Request-Id",
        "sec-ch-ua-platform",
    ];
    const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789-_.,;=/ %+";
    let mut random = Random(1);
    let text = |random: &mut Random, characters: &[u8], length: usize| -> String {
        (0..length).map(|_| char::from(characters[random.below(characters.len())])).collect()
    };
    let head = |_| {
        let method = METHODS[random.below(METHODS.len())];
        let length = 1 + random.below(60);
        let target = text(&mut random, &CHARACTERS[..37], length);
        let length = 4 + random.below(20);
        let host = text(&mut random, &CHARACTERS[..26], length);
        let mut head = format!("{method} /{target} HTTP/1.1\r\nHost: {host}.example\r\n");
        for _ in 0..2 + random.below(19) {
            let name = NAMES[random.below(NAMES.len())];
            // Most values are short, and a few are long.
            let most = [16, 40, 90, 240][random.below(4)];
            let length = 1 + random.below(most);
            let value = match name {
                "Connection" => "keep-alive".into(),
                _ => text(&mut random, CHARACTERS, length),
            };
            head += &format!("{name}: {value}\r\n");
        }
        if method == "POST" {
            head += &format!("Content-Length: {}\r\n", random.below(100_000));
        }
        head += "\r\n";
        head.into_bytes()
    };
    (0..512).map(head).collect()
}

/// xorshift64*.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}
