//! A real browser fills in the form of the reference service's page, and sends it.

use core::time::Duration;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};
use wirenut_reference::{Crc32, MemoryDevice, Reference};
use wirenut_server::{Config, Server};
use wirenut_tests::tools;

/// Only so that a test that fails ends.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long it may take to end: its pipe is closed then, and no message comes any more.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(10);

/// Chromium without a window, spoken to in its DevTools protocol through a pipe: messages of JSON, each with a NUL behind it.
struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    /// The page that all is said to.
    session: Value,
    sent: u64,
}

impl Browser {
    fn start(profile: &Path) -> Self {
        // It takes commands from descriptor 3 and answers on 4.
        let script = "exec chromium \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null";
        let mut child = Command::new("bash")
            .args(["-c", script, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--remote-debugging-pipe", "--no-first-run", "--disable-background-networking", "--disable-sync"])
            .args([
                "--disable-component-update",
                "--no-proxy-server",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash");
        let (commands, answers) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (sender, messages) = channel();
        thread::spawn(move || {
            for message in BufReader::new(answers).split(0).map_while(Result::ok) {
                let _ = sender.send(serde_json::from_slice(&message).expect("JSON"));
            }
        });
        let mut browser = Self { child, commands, messages, session: Value::Null, sent: 0 };
        let target = browser.command("Target.createTarget", &json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = browser.command("Target.attachToTarget", &json!({ "targetId": target, "flatten": true }));
        browser.session = attached["sessionId"].clone();
        browser.command("Page.enable", &json!({}));
        browser
    }

    /// Sends a command and waits for its result.
    fn command(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": params });
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        self.commands.write_all(format!("{message}\0").as_bytes()).expect("a browser that runs");
        let id = self.sent;
        let answer = self.wait_for(|message| message["id"] == id);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn wait_for(&self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("an answer of the browser");
            if is_it(&message) {
                return message;
            }
        }
    }

    fn wait_for_load(&self) {
        self.wait_for(|message| message["method"] == "Page.loadEventFired");
    }

    /// What a script comes to.
    fn evaluate(&mut self, script: &str) -> Value {
        let result = self.command("Runtime.evaluate", &json!({ "expression": script, "returnByValue": true }));
        assert!(result["exceptionDetails"].is_null(), "{result}");
        result["result"]["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its own processes first, which write into its profile.
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        while self.messages.recv_timeout(PATIENCE_AT_THE_END).is_ok() {}
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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
    let navigated = browser.command("Page.navigate", &json!({ "url": url }));
    assert!(navigated["errorText"].is_null(), "{navigated}");
    browser.wait_for_load();
    browser.evaluate(&choose());
    browser.wait_for_load();
    let shown = browser.evaluate("document.querySelector('pre').textContent");
    shown.as_str().expect("a text").to_owned()
}
