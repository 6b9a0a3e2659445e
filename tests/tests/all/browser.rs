//! A real browser.

use core::time::Duration;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use serde_json::{Value, json};

/// Only so that a test that fails ends.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long it may take to end: its pipe is closed then, and no message comes any more.
const PATIENCE_AT_THE_END: Duration = Duration::from_secs(10);

/// Chromium without a window, spoken to in its DevTools protocol through a pipe: messages of JSON, each with a NUL behind it.
pub(crate) struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    /// The page that all is said to.
    session: Value,
    sent: u64,
}

impl Browser {
    pub(crate) fn start(profile: &Path) -> Self {
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
    pub(crate) fn command(&mut self, method: &str, params: &Value) -> Value {
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

    pub(crate) fn wait_for_load(&self) {
        self.wait_for(|message| message["method"] == "Page.loadEventFired");
    }

    /// Opens a page, and waits until it is there.
    pub(crate) fn open(&mut self, url: &str) {
        let navigated = self.command("Page.navigate", &json!({ "url": url }));
        assert!(navigated["errorText"].is_null(), "{navigated}");
        self.wait_for_load();
    }

    /// Waits until an expression is true, which is looked at whenever the page changes.
    pub(crate) fn wait_until(&mut self, condition: &str) {
        let script = format!(
            "new Promise(done => {{
                const look = () => ({condition}) && done(true)
                new MutationObserver(look).observe(document, {{ subtree: true, childList: true, characterData: true }})
                look()
            }})"
        );
        let result = self.command("Runtime.evaluate", &json!({ "expression": script, "awaitPromise": true }));
        assert!(result["exceptionDetails"].is_null(), "{result}");
    }

    /// What the page looks like, as PNG in Base64.
    pub(crate) fn screenshot(&mut self) -> String {
        self.command("Page.captureScreenshot", &json!({}))["data"].as_str().expect("a picture").to_owned()
    }

    /// What a script comes to.
    pub(crate) fn evaluate(&mut self, script: &str) -> Value {
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
