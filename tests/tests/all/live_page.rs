//! A real browser shows the reference service's page, which speaks WebSocket.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wirenut_reference::{MemoryDevice, Reference};
use wirenut_server::{Config, Server};
use wirenut_tests::tools;

use crate::browser::Browser;

/// Whoever wants to look at the page names a file.
const PICTURE: &str = "WIRENUT_PICTURE";

#[test]
fn chromium_shows_values_as_they_change_and_sends_commands() {
    if !tools::has("chromium") {
        return;
    }
    let server = Server::bind("127.0.0.1:0", Config::DEFAULT).expect("a port");
    let address = server.address().to_string();
    let stopper = server.stopper();
    thread::scope(|scope| {
        scope.spawn(|| server.run_on_this_thread(&Reference { device: MemoryDevice::new() }).expect("a server"));
        let looked = std::panic::catch_unwind(|| look(&address));
        stopper.stop();
        looked.expect("a page that lives");
    });
}

fn look(address: &str) {
    let profile = tempfile::tempdir().expect("a folder");
    let mut browser = Browser::start(profile.path());
    browser.open(&format!("http://{address}/"));
    browser.wait_until("!isNaN(parseFloat($('celsius').textContent))");

    // Somebody else sets another temperature: the page shows it without being asked.
    assert!(ask(address, "PUT /setting", "23").starts_with("HTTP/1.1 204"));
    browser.wait_until("$('now').textContent.startsWith('Set to 23 °C')");

    // A command of the page's is obeyed, and shown.
    browser.evaluate("$('setting').value = 27; document.querySelector('#set button').click()");
    browser.wait_until("$('now').textContent.startsWith('Set to 27 °C')");
    let reading = ask(address, "GET /reading", "");
    assert!(reading.contains("\"setting\":27"), "{reading}");

    if let Some(file) = std::env::var_os(PICTURE) {
        let picture = STANDARD.decode(browser.screenshot()).expect("Base64");
        std::fs::write(file, picture).expect("a file for the picture");
    }
}

/// The whole answer to a request.
fn ask(address: &str, start: &str, content: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("a server");
    let length = content.len();
    write!(stream, "{start} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{content}")
        .expect("a server");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
