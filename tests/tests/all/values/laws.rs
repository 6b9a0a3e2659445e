//! What holds for any value of a field: the laws of fuzzing, on inputs that are nearly right, and the choices that are made.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut::http::{Accept, AcceptLanguage, Fields};
use wirenut_tests::fuzz::{credentials, negotiation, no_proxy, parameters, proxies, redirects, resume, uri_references};

/// Texts of these pieces.
fn pieces(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    vec(select(words), 0..16).prop_map(|words| words.concat().into_bytes())
}

const LISTS: &[&str] = &[
    "text",
    "html",
    "/",
    "*",
    ";",
    "q=",
    "0",
    ".5",
    "1",
    ",",
    " ",
    "\"",
    "\\",
    "a=b",
    "gzip",
    "identity",
    "de",
    "-CH",
    "en",
    "\n",
    "plain",
    ";q=0.1",
    "application/json",
    "format=flowed",
];
const PARAMETERS: &[&str] = &[
    "a/b",
    "attachment",
    ";",
    "=",
    "c",
    "\"",
    "\\",
    "d e",
    ",",
    " ",
    "filename",
    "*",
    "UTF-8''",
    "%c3%a9",
    "%",
    "charset",
    "max-age",
    "60",
    "private",
    "no-cache",
    "é",
    "../",
    "\t",
    "\u{1}",
];
const CREDENTIALS: &[&str] = &[
    "Basic",
    "Bearer",
    " ",
    "YTpi",
    "Og",
    "=",
    ",",
    "a",
    "\"",
    "\\",
    "realm=\"b\"",
    "c=d",
    "Negotiate",
    "\t",
    "/",
    "+",
    "\u{7f}",
];
const PROXIES: &[&str] = &[
    "for=",
    "\"",
    "10.0.0.1",
    "1.2.3.4",
    ":80",
    "[2001:db8::1]",
    "[::1]",
    "unknown",
    "_a",
    ";",
    ",",
    " ",
    "\n",
    "proto=http",
    "host=a",
    "by=_b",
    "\\",
    "::1",
];
const URIS: &[&str] = &[
    "http:", "a", "/", "//", ".", "..", "?", "#", "@", ":", "[::1]", "[v1.a]", "80", "%41", "%2e", "%", "g", ";", "é",
    " ", "\n", "~", "[",
];

/// The list, and the host in the end.
const NO_PROXY: &[&str] = &[
    "a", "b.a", ".", ",", " ", "\t", "*", "A", "[", "]", "::1", "fd00::", "/", "8", "127", "10.0.0.1", "10.0.0.0",
    "32", "0", "a1", "\n",
];
const HOSTS: &[&str] =
    &["a", "b.a", "c.b.a.", "A", "10.0.0.1", "10.128.0.0", "127.0.0.1", "[::1]", "[fd12::1]", "[::ffff:10.0.0.1]"];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn lists_keep_the_laws(text in pieces(LISTS)) {
        negotiation(&text);
    }

    #[test]
    fn parameters_keep_the_laws(text in pieces(PARAMETERS), any in any::<String>()) {
        parameters(&text);
        parameters(any.as_bytes());
        parameters(&[b"attachment; filename=\"".as_slice(), &text, b"\""].concat());
    }

    #[test]
    fn credentials_keep_the_laws(text in pieces(CREDENTIALS), any in vec(any::<u8>(), 0..20)) {
        credentials(&text);
        credentials(&any);
        credentials(&[b"Basic ".as_slice(), &text].concat());
    }

    #[test]
    fn proxies_keep_the_laws(seed in any::<u8>(), text in pieces(PROXIES)) {
        proxies(&[&[seed][..], &text].concat());
    }

    #[test]
    fn uri_references_keep_the_laws(base in "[a-z]{1,3}:(//[a-z0-9.]{0,3})?(/[a-z.]{0,2}){0,4}(\\?q)?", text in pieces(URIS)) {
        uri_references(&text);
        uri_references(&[base.as_bytes(), b"\n", &text].concat());
    }

    #[test]
    fn redirects_keep_the_laws(
        choice in any::<u8>(),
        is_secure in any::<bool>(),
        hops in vec((any::<u8>(), pieces(URIS)), 0..5),
        named in vec((any::<u8>(), "(https?:)?(//[ab](\\.b)?(:(80|443|81))?)?(/?[a.]{1,2}){0,3}(\\?[a=]{0,2})?"), 0..5),
    ) {
        let base = format!("http{}://a.b/a/b", if is_secure { "s" } else { "" });
        let mut chain = [&[choice][..], base.as_bytes()].concat();
        for (status, location) in named.into_iter().map(|(status, text)| (status, text.into_bytes())).chain(hops) {
            chain.extend_from_slice(b"\n");
            chain.push(if status == b'\n' { 2 } else { status });
            chain.extend(location);
        }
        redirects(&chain);
    }

    #[test]
    fn downloads_that_go_on_keep_the_laws(events in vec(any::<u8>(), 1..60), range in "bytes ([0-9]{1,20}-[0-9]{1,20}|\\*)/([0-9]{1,2}|\\*)") {
        resume(&events);
        resume(&[&events[..1], b"\n", range.as_bytes()].concat());
    }

    #[test]
    fn lists_of_hosts_without_a_proxy_keep_the_laws(list in pieces(NO_PROXY), host in 0..HOSTS.len()) {
        no_proxy(&[&list, &b"\n"[..], HOSTS[host].as_bytes()].concat());
    }

    /// The type with the highest weight wins, in whatever order the ranges come; of several the server's first.
    #[test]
    fn the_heaviest_offer_wins(weights in vec(0_u16..=4, 3), order in any::<[u8; 3]>()) {
        let offered = ["a/x", "b/x", "c/x"];
        let mut ranges: Vec<_> = offered.iter().zip(&weights).map(|(offer, weight)| format!("{offer};q=0.{weight}")).collect();
        ranges.sort_by_key(|range| order[usize::from(range.as_bytes()[0] - b'a')]);
        let lines = format!("Accept: {}\r\n", ranges.join(", "));
        let most = weights.iter().max().copied().filter(|most| *most > 0);
        let expected = most.and_then(|most| weights.iter().position(|weight| *weight == most)).map(|place| offered[place]);
        let fields = Fields::parse(lines.as_bytes()).expect("a field");
        prop_assert_eq!(Accept::of(fields).best(&offered), expected);
    }

    /// Lookup is what RFC 4647 §3.4 says, written down plainly.
    #[test]
    fn lookup_shortens_one_range_after_the_other(
        ranges in vec(("(\\*|[ab](-[ab]){0,3}(-cc)?)", 0_u16..4), 0..4),
        offered in vec("[ab](-[ab]){0,2}", 0..4),
    ) {
        let list: Vec<_> = ranges.iter().map(|(range, weight)| format!("{range};q=0.{weight}")).collect();
        let lines = format!("Accept-Language: {}\r\n", list.join(","));
        let fields = Fields::parse(lines.as_bytes()).expect("a field");
        let offered: Vec<&str> = offered.iter().map(String::as_str).collect();
        let languages = AcceptLanguage::of(fields);
        // Sorting is stable, so of the same weight the first comes first.
        let mut sorted = ranges.clone();
        sorted.sort_by_key(|(_, weight)| core::cmp::Reverse(*weight));
        let expected = sorted.iter().filter(|(range, weight)| *weight > 0 && range != "*").find_map(|(range, _)| {
            let mut subtags: Vec<&str> = range.split('-').collect();
            while !subtags.is_empty() {
                let tag = subtags.join("-");
                let is_wanted = |offer: &&&str| **offer == tag && languages.weight(offer) > 0;
                if let Some(offer) = offered.iter().find(is_wanted) {
                    return Some(*offer);
                }
                subtags.pop();
                while subtags.last().is_some_and(|last| last.len() == 1) {
                    subtags.pop();
                }
            }
            None
        });
        prop_assert_eq!(languages.lookup(&offered), expected, "{} of {:?}", lines, offered);
    }
}
