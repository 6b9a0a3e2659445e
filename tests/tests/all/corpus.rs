//! The inputs that fuzzing keeps, through the bodies of the fuzz targets.

use std::fs;
use std::path::Path;

use wirenut_tests::answers::client_connection;
use wirenut_tests::cases;
use wirenut_tests::fuzz::{
    cookies, credentials, form_pairs, framing, grammar, grammar_streams, handshake, multipart, negotiation, no_proxy,
    parameters, percent_encoding, proxies, proxy_protocol, redirects, reference_service, request_head, resume, routes,
    segments, server_connection, set_cookie, small_buffer, structured_fields, tcp_states, tcp_stream, tracker,
    uri_references, websocket,
};
use wirenut_tests::wire::bytes;

fn replay(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).expect("a corpus") {
        body(&fs::read(entry.expect("an entry").path()).expect("an input"));
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn request_heads() {
    replay("request_head", request_head);
}

/// Heads of requests and of responses are its inputs, too.
#[test]
fn grammars() {
    for target in ["grammar", "request_head", "client_connection"] {
        replay(target, grammar);
    }
}

#[test]
fn streams() {
    replay("grammar_streams", grammar_streams);
}

#[test]
fn server_connections() {
    replay("server_connection", server_connection);
}

#[test]
fn small_buffers() {
    replay("small_buffer", small_buffer);
}

#[test]
fn client_connections() {
    replay("client_connection", client_connection);
}

#[test]
fn routers() {
    replay("routes", routes);
}

#[test]
fn reference_services() {
    replay("reference_service", reference_service);
}

#[test]
fn values() {
    replay("percent_encoding", percent_encoding);
    replay("form_pairs", form_pairs);
    replay("cookies", cookies);
    replay("set_cookie", set_cookie);
    replay("structured_fields", structured_fields);
    replay("negotiation", negotiation);
    replay("parameters", parameters);
    replay("credentials", credentials);
    replay("proxies", proxies);
    replay("uri_references", uri_references);
}

#[test]
fn ways_of_a_client() {
    replay("redirects", redirects);
    replay("no_proxy", no_proxy);
    replay("resume", resume);
}

#[test]
fn headers_of_the_proxy_protocol() {
    replay("proxy_protocol", proxy_protocol);
}

#[test]
fn websockets() {
    replay("handshake", handshake);
    replay("websocket", websocket);
}

#[test]
fn framings() {
    replay("framing", framing);
}

#[test]
fn forms() {
    replay("multipart", multipart);
}

#[test]
fn packets_and_connections() {
    replay("segments", segments);
    replay("tracker", tracker);
    replay("tcp_stream", tcp_stream);
}

/// The table of cases keeps the laws too, in other cuts and rooms.
#[test]
fn cases_keep_the_laws_of_fuzzing() {
    for case in cases::all() {
        let bytes = bytes(case.text);
        request_head(&bytes);
        grammar(&bytes);
        for seed in [[0, 0, 255], [7, 13, 40], [96, 1, 6]] {
            server_connection(&[&seed[..], &bytes].concat());
            small_buffer(&[&seed[..2], &bytes].concat());
        }
    }
}

#[test]
fn states_of_tcp() {
    replay("tcp_states", tcp_states);
}
