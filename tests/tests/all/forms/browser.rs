//! A real browser fills in the form of the reference service's page, and sends it.

use std::thread;

use serde_json::{Value, json};
use wirenut_reference::{Crc32, MemoryDevice, Reference};
use wirenut_server::{Config, Server};
use wirenut_tests::tools;

use crate::browser::Browser;

/// A file whose content is one piece, many times.
struct File {
    name: &'static str,
    kind: &'static str,
    piece: Vec<u8>,
    times: usize,
}

/// Files whose names and contents are not easy.
fn files() -> [File; 3] {
    let lines = b"\r\n------WebKitFormBoundary\r\n--\n".to_vec();
    [
        File { name: "a \"quoted\" \\ä%.txt", kind: "text/plain", piece: lines, times: 10_000 },
        File { name: "empty", kind: "", piece: Vec::new(), times: 1 },
        File { name: "all bytes.bin", kind: "image/x-own", piece: (0..=u8::MAX).collect(), times: 2000 },
    ]
}

/// A script that makes them and puts them into the form, as a person does by choosing them; and sends it.
fn choose() -> String {
    let mut script = "const chosen = new DataTransfer();".to_owned();
    for File { name, kind, piece, times } in files() {
        let (piece, name, options) = (json!(piece), json!(name), json!({ "type": kind }));
        let content = format!("Array({times}).fill(new Uint8Array({piece}))");
        script += &format!("chosen.items.add(new File({content}, {name}, {options}));");
    }
    script
        + "document.querySelector('form input[type=file]').files = chosen.files;
           document.querySelector('form input[name=note]').value = 'é \"x\" \\\\';
           document.querySelector('form[action=form] button').click()"
}

#[test]
fn chromium_sends_the_form_of_the_page() {
    if !tools::has("chromium") {
        return;
    }
    let server = Server::bind("127.0.0.1:0", Config::DEFAULT).expect("a port");
    let url = format!("http://{}/", server.address());
    let stopper = server.stopper();
    let listing = thread::scope(|scope| {
        scope.spawn(|| server.run_on_this_thread(&Reference { device: MemoryDevice::new() }).expect("a server"));
        let listing = std::panic::catch_unwind(|| upload(&url));
        stopper.stop();
        listing
    });
    let listing: Value = serde_json::from_str(&listing.expect("a listing")).expect("JSON");

    let crc = |content: &[u8]| {
        let mut crc = Crc32::EMPTY;
        crc.update(content);
        format!("{:08x}", crc.value())
    };
    let mut expected: Vec<_> = files()
        .iter()
        .map(|File { name, kind, piece, times }| {
            let (content, kind) =
                (piece.repeat(*times), if kind.is_empty() { "application/octet-stream" } else { kind });
            json!({ "name": "file", "filename": name, "type": kind, "length": content.len(), "crc32": crc(&content) })
        })
        .collect();
    let note = "é \"x\" \\";
    expected.push(json!({ "name": "note", "length": note.len(), "crc32": crc(note.as_bytes()) }));
    assert_eq!(listing, json!({ "parts": expected }));
}

/// What the browser shows when it has sent the form.
fn upload(url: &str) -> String {
    let profile = tempfile::tempdir().expect("a folder");
    let mut browser = Browser::start(profile.path());
    browser.open(url);
    browser.evaluate(&choose());
    browser.wait_for_load();
    let shown = browser.evaluate("document.querySelector('pre').textContent");
    shown.as_str().expect("a text").to_owned()
}
