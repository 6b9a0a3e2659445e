//! What holds for any header: the laws of fuzzing, on inputs that are nearly right.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut_tests::fuzz::proxy_protocol;

use super::{SIGNATURE, binary, tlv};

const WORDS: &[&str] = &[
    "PROXY ",
    "TCP4 ",
    "TCP6 ",
    "UNKNOWN",
    " ",
    "192.0.2.7",
    "255.",
    "0",
    ".",
    "25",
    "6",
    "::",
    ":",
    "ffff",
    "::ffff:",
    "1:2:3:4:5:6:7:8",
    "a",
    "F",
    "65535",
    "443",
    "\r\n",
    "\r",
    "\n",
    "GET / HTTP/1.1",
];

fn tlvs() -> impl Strategy<Value = Vec<u8>> {
    let kinds = select(&[1_u8, 2, 3, 4, 5, 0x20, 0x21, 0x22, 0x30, 0xe0][..]);
    let value = prop_oneof![vec(any::<u8>(), 0..8), "[ -~]{0,8}".prop_map(String::into_bytes)];
    let inner = (kinds.clone(), value.clone()).prop_map(|(kind, value)| tlv(kind, &value));
    let tls = vec(inner.clone(), 0..3).prop_map(|inner| tlv(0x20, &[b"\x01\0\0\0\0", &inner.concat()[..]].concat()));
    vec(prop_oneof![inner, tls], 0..4).prop_map(|tlvs| tlvs.concat())
}

proptest! {
    #[test]
    fn of_words(words in vec(select(WORDS), 0..12)) {
        proxy_protocol(words.concat().as_bytes());
        proxy_protocol(["PROXY TCP4 192.0.2.7 ", &words.concat()].concat().as_bytes());
        proxy_protocol(["PROXY TCP6 ", &words.concat()].concat().as_bytes());
    }

    #[test]
    fn of_lines_of_ipv6(source in "[0-9a-f:.]{1,20}", destination in any::<[u16; 8]>(), port in 0..70_000_u32) {
        let destination = core::net::Ipv6Addr::from(destination);
        proxy_protocol(format!("PROXY TCP6 {destination} {source} {port} 0\r\n").as_bytes());
        proxy_protocol(format!("PROXY TCP6 {source} {destination} 0 {port}\r\nGET").as_bytes());
    }

    #[test]
    fn of_blocks(
        command in select(&[0x20_u8, 0x21, 0x21, 0x21, 0x22][..]),
        family in select(&[0_u8, 0x11, 0x12, 0x21, 0x22, 0x31, 0x10, 0x01, 0x43][..]),
        addresses in vec(any::<u8>(), 0..220),
        tlvs in tlvs(),
        is_cut in any::<bool>(),
    ) {
        let length = [0, 12, 36, 216, 0][usize::from(family >> 4)].min(addresses.len());
        let mut block = [&addresses[..length], &tlvs].concat();
        block.truncate(block.len() - usize::from(is_cut && !block.is_empty()));
        proxy_protocol(&binary(command, family, &block));
        proxy_protocol(&[&binary(command, family, &block)[..], b"GET"].concat());
    }

    #[test]
    fn of_any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        proxy_protocol(&bytes);
        proxy_protocol(&[SIGNATURE, &bytes].concat());
        proxy_protocol(&[b"PROXY UNKNOWN ", &bytes[..]].concat());
    }
}
