//! The laws of the grammar over the tables of cases and over messages of both roles that are made of parts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wirenut_tests::cases::{self, answers};
use wirenut_tests::fuzz::grammar_streams;
use wirenut_tests::wire::bytes;

/// Every role, with what it may have asked for.
const ROLES: [u8; 4] = [0, 1, 5, 7];

#[test]
fn the_tables_keep_the_laws_of_the_grammar() {
    let texts = cases::all().map(|case| case.text).chain(answers::all().map(|case| case.text));
    for text in texts {
        for role in ROLES {
            grammar_streams(&[&[role, 7, 13], &bytes(text)[..]].concat());
        }
    }
}

/// Any byte of these left out, doubled, or replaced by one that means something, keeps the laws.
#[test]
fn any_flaw_at_any_place_keeps_the_laws_of_the_grammar() {
    let messages = [
        (
            0,
            "PUT http://a:1/ HTTP/1.1\r\nHost: a:1\r\nX-A: b \r\nTransfer-Encoding: chunked\r\nConnection: a, close\r\n\r\n3;a=\"b\"\r\nabc\r\n0\r\nX-B: c\r\n\r\n",
        ),
        (0, "POST / HTTP/1.1\r\nAccept: */*\r\nHost: [::1]:80\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.0\r\n\r\n"),
        (0, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nExpect: 100-continue\r\n\r\n"),
        (1, "HTTP/1.1 103 Early\r\nX-A: b\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 404 \r\n\r\n"),
        (1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nAccept: b\r\n\r\nA\r\n0123456789\r\n0\r\nX-A: c\r\n\r\n"),
        (5, "HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc"),
        (7, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"),
    ];
    for (role, message) in messages {
        for place in 0..message.len() {
            let (before, after) = message.as_bytes().split_at(place);
            grammar_streams(&[&[role, 7, 13], before, &after[..1], after].concat());
            for byte in *b"\r\n\t :;,\"[+-0f\0\x80/" {
                grammar_streams(&[&[role, 7, 13], before, &[byte], &after[1..]].concat());
            }
            grammar_streams(&[&[role, 7, 13], before, &after[1..]].concat());
        }
    }
}

/// Parts of messages that are right, that are not, and that are too long.
const PARTS: [&str; 40] = [
    "GET / HTTP/1.1\r\n",
    "POST /a?b HTTP/1.1\r\n",
    "HEAD http://a/ HTTP/1.0\r\n",
    "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.0 200 \r\n",
    "HTTP/1.1 101 x\r\n",
    "HTTP/1.1 103 \r\nX-A: early\r\n\r\n",
    "HTTP/1.1 204 \r\n",
    "HTTP/1.1 304 x\r\n",
    "Host: a\r\n",
    "Host: [::1]:80\r\n",
    "X-A: kept\r\n",
    "accept:\tkept-as-well-and-rather-long-for-the-room \r\n",
    "X-B: dropped\r\n",
    "X-Dropped-And-With-A-Name-That-Is-Longer-Than-Any: dropped-and-long-long-long-long\r\n",
    "Cookie: 0123456789012345678901234567890123456789012345678901234567890123456789\r\n",
    "Content-Length: 3\r\n",
    "Content-Length: 70000\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: gzip;q=\"a,b\"\r\n",
    "Connection: close x, close\r\n",
    "Connection: keep-alive\r\n",
    "Connection: upgrade\r\nUpgrade: x\r\n",
    "Expect: 100-continue\r\n",
    "\r\n",
    "\r\n\r\n",
    "\r",
    "\n",
    " ",
    "\t",
    "\0",
    ":",
    ",",
    "abc",
    "3\r\nabc\r\n",
    "a;b=\"c\\\"\"\r\n0123456789\r\n",
    "0\r\nX-A: trailer\r\n",
    "0\r\n\r\n",
];

proptest! {
    #[test]
    fn what_is_made_of_parts_keeps_the_laws_of_the_grammar(
        begin in select(vec!["", "GET / HTTP/1.1\r\nHost: a\r\n", "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"]),
        answer in select(vec!["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"]),
        parts in vec(select(PARTS.to_vec()), 0..14),
        role in select(ROLES.to_vec()),
        seed in any::<[u8; 2]>(),
        place in any::<Index>(),
        flaw in proptest::option::of(any::<u8>()),
    ) {
        let begin = if role == 0 { begin } else { answer };
        let mut bytes = [begin, &parts.concat(), "\r\n\r\n"].concat().into_bytes();
        if let Some(byte) = flaw {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        grammar_streams(&[&[role], &seed[..], &bytes].concat());
    }
}
