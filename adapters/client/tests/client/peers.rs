//! Servers of others: nginx, node and Python's http.server.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use wirenut_client::Body;

use crate::lab::{builder, client};

/// A program that ends with the test.
pub(crate) struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// The last number in its first line.
    fn port(&mut self) -> u16 {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut numbers = line.split(|sign: char| !sign.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
        numbers.rfind(|port| *port > 1_023).unwrap_or_else(|| panic!("no port in {line:?}"))
    }
}

fn content() -> Vec<u8> {
    (0..3_000_000_u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect()
}

#[test]
fn nginx_is_understood() {
    if !wirenut_tests::tools::has("nginx") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("file"), content()).unwrap();
    for name in ["puts", "body"] {
        fs::create_dir(path(name)).unwrap();
    }
    fs::write(path("conf"), configuration(folder.path())).unwrap();
    // A worker of root's becomes nobody, who must get through.
    open_to_all(folder.path());
    let mut command = Command::new("nginx");
    command.arg("-e").arg(path("errors")).arg("-c").arg(path("conf")).arg("-p").arg(folder.path());
    let _nginx = Program::start(&mut command);
    let client = builder().unix_socket(path("socket")).build();
    let answers = || client.get("http://a/").send().is_ok();
    assert!(comes_up(answers), "{:?}", fs::read_to_string(path("errors")));

    let get = |target: &str| client.get(format!("http://a{target}"));
    for _ in 0..3 {
        assert!(get("/file").send().unwrap().checked().unwrap().bytes(3_000_000).unwrap() == content());
        let part = get("/file").header("Range", "bytes=5-8").send().unwrap();
        assert_eq!((part.status().code(), part.bytes(10).unwrap()), (206, content()[5..9].to_vec()));
        assert_eq!(get("/moved").send().unwrap().url().target(), "/file");
        assert_eq!(get("/none").send().unwrap().status().code(), 404);
        let head = client.head("http://a/file").send().unwrap();
        assert_eq!(head.headers().text("content-length"), Some("3000000"));
    }
    for (name, body) in [("length", Body::from(content())), ("chunks", Body::reader(&content()[..]))] {
        let put = client.put(format!("http://a/puts/{name}")).body(body).send().unwrap();
        assert_eq!(put.status().code(), 201);
        assert!(fs::read(path("puts").join(name)).unwrap() == content());
    }
    assert_eq!(client.put("http://a/puts/large").body(vec![0; 6 << 20]).send().unwrap().status().code(), 413);
}

/// Asks until the server is there; there is nothing to wait for. The count is only a bound for a test that fails.
pub(crate) fn comes_up(is_there: impl Fn() -> bool) -> bool {
    (0..3_000).any(|_| {
        std::thread::sleep(core::time::Duration::from_millis(10));
        is_there()
    })
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    for path in [folder.to_owned(), folder.join("puts"), folder.join("body")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    }
}

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;
        events {{ }}
        http {{
            access_log off; client_max_body_size 4m; client_body_temp_path {folder}/body;
            server {{
                listen unix:{folder}/socket; root {folder};
                location /moved {{ return 302 /file; }}
                location /puts {{ dav_methods PUT; }}
            }}
        }}"
    )
}

#[test]
fn node_is_understood() {
    // No package of it is wanted on a machine that has none.
    if Command::new("node").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: this machine has no node");
        return;
    }
    let script = "
        const server = require('http').createServer((request, response) => {
            if (request.url === '/early') { response.writeEarlyHints({ link: '</a>; rel=preload' }); }
            response.setHeader('Trailer', 'Length');
            let length = 0;
            request.on('data', piece => { length += piece.length; response.write(piece); });
            request.on('end', () => { response.addTrailers({ Length: String(length) }); response.end('.'); });
        });
        server.listen(0, '127.0.0.1', () => console.log(server.address().port));";
    let mut node = Program::start(Command::new("node").arg("-e").arg(script));
    let (client, port) = (client(), node.port());
    for (target, body) in [("/", ""), ("/", "hello"), ("/early", "once more")] {
        for body in [Body::from(body), Body::reader(body.as_bytes())] {
            let mut response = client.post(format!("http://127.0.0.1:{port}{target}")).body(body).send().unwrap();
            let mut out = Vec::new();
            response.copy_to(&mut out, |_, _| {}).unwrap();
            let length = response.trailers().text("length").unwrap();
            assert_eq!((out.len() - 1).to_string(), length);
        }
    }
}

#[test]
fn python_is_understood() {
    if !wirenut_tests::tools::has("python3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), content()).unwrap();
    let mut command = Command::new("python3");
    command.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"]).arg(folder.path());
    let mut python = Program::start(&mut command);
    let (client, port) = (client(), python.port());
    // HTTP/1.0: each connection has one request.
    for _ in 0..3 {
        let response = client.get(format!("http://127.0.0.1:{port}/file")).send().unwrap();
        assert!(response.bytes(3_000_000).unwrap() == content());
    }
    let response = client.post(format!("http://127.0.0.1:{port}/file")).body("x").send().unwrap();
    assert_eq!(response.status().code(), 501);
}
