extern crate alloc;

use alloc::format;
use alloc::string::{String, ToString};

use super::*;

fn answer(support: &DeflateSupport, offers: &str) -> Option<String> {
    let line = format!("Sec-WebSocket-Extensions: {offers}\r\n");
    let agreed = support.agree_to_fields(Fields::parse(line.as_bytes()).unwrap())?;
    Some(str::from_utf8(ExtensionsText::of_answer(&agreed).as_bytes()).unwrap().to_string())
}

const ALL: DeflateSupport = DeflateSupport::DEFAULT;
/// Wants that clients compress with 1 KiB at most.
const SMALL: DeflateSupport = DeflateSupport {
    max_compress: WindowBits(12),
    max_inflate: WindowBits(10),
    keeps_own_window: false,
    keeps_peer_window: false,
    ..ALL
};

#[test]
fn offers_are_answered_as_the_codec_can() {
    for (support, offers, expected) in [
        // The examples of RFC 7692 §7.1.
        (ALL, "permessage-deflate", Some("permessage-deflate")),
        (
            ALL,
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10",
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        (
            ALL,
            "permessage-deflate; client_max_window_bits; server_max_window_bits=10, permessage-deflate; client_max_window_bits",
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        (ALL, "permessage-deflate; server_no_context_takeover", Some("permessage-deflate; server_no_context_takeover")),
        (ALL, "permessage-deflate; client_no_context_takeover", Some("permessage-deflate; client_no_context_takeover")),
        (
            ALL,
            "permessage-deflate; server_max_window_bits=\"10\"",
            Some("permessage-deflate; server_max_window_bits=10"),
        ),
        // A window of 8 bits can be inflated, and not compressed with.
        (ALL, "permessage-deflate; server_max_window_bits=8", None),
        (ALL, "permessage-deflate; server_max_window_bits=8, permessage-deflate", Some("permessage-deflate")),
        (ALL, "permessage-deflate; client_max_window_bits=8", Some("permessage-deflate; client_max_window_bits=8")),
        (ALL, "permessage-deflate; server_max_window_bits=15", Some("permessage-deflate")),
        // What it cannot promise, it declines.
        (SMALL, "permessage-deflate", None),
        (
            SMALL,
            "permessage-deflate; client_max_window_bits",
            Some(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12; client_max_window_bits=10",
            ),
        ),
        (
            SMALL,
            "permessage-deflate; client_max_window_bits=9; server_max_window_bits=9",
            Some(
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9",
            ),
        ),
        // Malformed offers are passed over.
        (ALL, "permessage-deflate; x", None),
        (ALL, "permessage-deflate; x=1, permessage-deflate", Some("permessage-deflate")),
        (ALL, "permessage-deflate; server_no_context_takeover; server_no_context_takeover", None),
        (ALL, "permessage-deflate; client_max_window_bits; client_max_window_bits=10", None),
        (ALL, "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", None),
        (ALL, "permessage-deflate; server_no_context_takeover=1", None),
        (ALL, "permessage-deflate; client_no_context_takeover=\"\"", None),
        (ALL, "permessage-deflate; server_max_window_bits", None),
        (ALL, "permessage-deflate; server_max_window_bits=7", None),
        (ALL, "permessage-deflate; server_max_window_bits=16", None),
        (ALL, "permessage-deflate; server_max_window_bits=010", None),
        (ALL, "permessage-deflate; server_max_window_bits=+9", None),
        (ALL, "permessage-deflate; client_max_window_bits=", None),
        (ALL, "permessage-deflate;", None),
        (ALL, "permessage-deflate; Server_No_Context_Takeover", None),
        (ALL, "x-webkit-deflate-frame", None),
        (ALL, "", None),
    ] {
        assert_eq!(answer(&support, offers).as_deref(), expected, "{offers}");
    }
}

fn check(support: &DeflateSupport, offers: &[DeflateOffer], answer: &str) -> Option<DeflateParameters> {
    support.check(offers, &Extension::new(answer.as_bytes())).ok()
}

#[test]
fn a_response_answers_one_of_the_offers() {
    let bits = |bits| Some(WindowBits(bits));
    let dear = DeflateOffer {
        server_no_context_takeover: true,
        server_max_window_bits: bits(10),
        client_max_window_bits: Some(bits(12)),
        ..DeflateOffer::PLAIN
    };
    let full = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10";
    for (offers, answer, expected) in [
        (&[DeflateOffer::PLAIN][..], "permessage-deflate", Some((15, 15))),
        // A server may promise what was not asked for.
        (&[DeflateOffer::PLAIN], "permessage-deflate; server_max_window_bits=9", Some((9, 15))),
        (&[DeflateOffer::PLAIN], "permessage-deflate; server_max_window_bits=8", Some((8, 15))),
        (&[DeflateOffer::PLAIN], "permessage-deflate; client_max_window_bits=10", None),
        (&[dear], full, Some((10, 12))),
        (&[dear], &format!("{full}; client_max_window_bits=9"), Some((10, 9))),
        (&[dear], &format!("{full}; client_max_window_bits=8"), None),
        (&[dear], &format!("{full}; client_max_window_bits=13"), None),
        (&[dear], &format!("{full}; client_max_window_bits"), None),
        (&[dear], "permessage-deflate; server_max_window_bits=10", None),
        (&[dear], "permessage-deflate; server_no_context_takeover; server_max_window_bits=11", None),
        (&[dear], "permessage-deflate", None),
        (&[dear, DeflateOffer::PLAIN], "permessage-deflate", Some((15, 15))),
        (&[dear], &format!("{full}; {}", "server_max_window_bits=10"), None),
        (&[dear], &format!("{full}; unknown"), None),
    ] {
        let agreed = check(&ALL, offers, answer);
        let found = agreed.map(|agreed| (agreed.server_max_window_bits.bits(), agreed.client_max_window_bits.bits()));
        assert_eq!(found, expected, "{answer}");
    }
}

/// Every codec there is, by what the negotiation sees of it.
fn supports() -> impl Iterator<Item = DeflateSupport> {
    let bits = [8, 9, 12, 15].map(WindowBits);
    (0..4 * 4 * 4 * 4).filter_map(move |index| {
        let support = DeflateSupport {
            min_compress: bits[index % 4],
            max_compress: bits[index / 4 % 4],
            max_inflate: bits[index / 16 % 4],
            keeps_own_window: index / 64 % 2 == 0,
            keeps_peer_window: index / 128 == 0,
        };
        (support.min_compress <= support.max_compress).then_some(support)
    })
}

#[test]
fn what_a_client_offers_a_server_takes_or_declines_and_both_mean_the_same() {
    let mut agreed_on = 0;
    for client in supports() {
        let offers = [client.offer(), DeflateOffer::PLAIN];
        for offers in [&offers[..], &offers[..1]] {
            let text = ExtensionsText::of_offers(offers);
            let line = format!("Sec-WebSocket-Extensions: {}\r\n", text.as_bytes().escape_ascii());
            for server in supports() {
                let Some(agreed) = server.agree_to_fields(Fields::parse(line.as_bytes()).unwrap()) else { continue };
                assert!((server.min_compress..=server.max_compress).contains(&agreed.server_max_window_bits));
                assert!(agreed.client_max_window_bits <= server.max_inflate);
                assert!(agreed.server_no_context_takeover || server.keeps_own_window);
                assert!(agreed.client_no_context_takeover || server.keeps_peer_window);
                let answer = ExtensionsText::of_answer(&agreed);
                let extension = Extension::new(answer.as_bytes());
                // Only what a client cannot keep to, or did not want in its plain offer, breaks it off.
                let Ok(verified) = client.check(offers, &extension) else {
                    let is_too_small = agreed.client_max_window_bits < client.min_compress;
                    let is_too_large = agreed.server_max_window_bits > client.max_inflate;
                    assert!(is_too_small || is_too_large, "{client:?} {server:?} {agreed:?}");
                    continue;
                };
                agreed_on += 1;
                // Neither end compresses otherwise than the other can inflate.
                assert_eq!(verified.server_max_window_bits, agreed.server_max_window_bits);
                assert_eq!(verified.server_no_context_takeover, agreed.server_no_context_takeover);
                assert!(verified.client_max_window_bits <= agreed.client_max_window_bits);
                assert!(verified.client_no_context_takeover || !agreed.client_no_context_takeover);
                assert!((client.min_compress..=client.max_compress).contains(&verified.client_max_window_bits));
                assert!(verified.server_max_window_bits <= client.max_inflate);
            }
        }
    }
    assert!(agreed_on > 10_000, "{agreed_on}");
}

#[test]
fn the_default_codecs_agree_on_everything() {
    let text = ExtensionsText::of_offers(&[ALL.offer(), DeflateOffer::PLAIN]);
    let agreed = answer(&ALL, str::from_utf8(text.as_bytes()).unwrap()).unwrap();
    assert_eq!(agreed, "permessage-deflate");
    let parameters = check(&ALL, &[ALL.offer()], &agreed).unwrap();
    assert_eq!(
        (parameters.server_max_window_bits, parameters.client_max_window_bits),
        (WindowBits::MAX, WindowBits::MAX)
    );
}
