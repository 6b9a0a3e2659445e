//! What holds for any body, any chunks, any cut and any room.

use proptest::prelude::*;

use super::message::{in_chunks, responses, with_length};
use super::pair::{Pair, Wire};
use super::service;

/// A body, the sizes of its chunks (none: its length is declared), and the sizes of the pieces that it comes in.
type Content = (Vec<u8>, Vec<usize>, Vec<usize>);

fn content() -> impl Strategy<Value = Content> {
    let body = prop::collection::vec(any::<u8>(), 0..3000);
    let sizes = |most| prop::collection::vec(1..most, 1..5);
    (body, prop_oneof![Just(Vec::new()), sizes(800_usize)], sizes(1200_usize))
}

fn wire() -> impl Strategy<Value = Wire> {
    (150..2000_usize, 1..500_usize).prop_map(|(room, taken_at_once)| Wire { room, taken_at_once })
}

/// The body of the response to a request that comes in pieces; and the same request once more on the same connection.
fn post(target: &str, (body, chunks, pieces): &Content, wire: Wire) -> [Vec<u8>; 2] {
    let request = match chunks.as_slice() {
        [] => with_length("POST", target, body),
        chunks => in_chunks("POST", target, body, chunks),
    };
    let service = service();
    let mut pair = Pair::new(&service, wire);
    let requests = [request.clone(), request].concat();
    let mut rest = requests.as_slice();
    for size in pieces.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, after) = rest.split_at(rest.len().min(*size));
        pair.send(piece);
        rest = after;
    }
    let answered = responses(&pair.got, &["POST", "POST"]);
    assert!(answered.iter().all(|response| response.status == 200), "{:?} {answered:?}", pair.error);
    [answered[0].body.clone(), answered[1].body.clone()]
}

proptest! {
    #[test]
    fn an_echo_is_what_was_said(content in content(), wire in wire()) {
        for echo in post("/echo", &content, wire) {
            prop_assert_eq!(&echo, &content.0);
        }
    }

    #[test]
    fn an_upload_is_summed_as_others_sum_it(content in content(), wire in wire()) {
        let expected = format!(r#"{{"length":{},"crc32":"{:08x}"}}"#, content.0.len(), crc32fast::hash(&content.0));
        for answer in post("/upload", &content, wire) {
            prop_assert_eq!(&answer, expected.as_bytes());
        }
    }
}
