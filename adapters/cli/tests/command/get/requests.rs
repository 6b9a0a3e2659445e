//! What is sent: forms, uploads, and several URLs over one connection.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use wirenut::http::multipart::{Boundary, Event, Limits, Parser};
use wirenut_tests::tools::has;

use super::server::{Asked, Reply, Server};
use crate::process::wirenut;
use crate::tree::Tree;

/// Name, name of the file, media type, content.
type Part = (String, Option<String>, Option<String>, Vec<u8>);

/// The parts of a form as our own parser reads them.
fn parts(asked: &Asked) -> Vec<Part> {
    let boundary = Boundary::from_content_type(asked.field("content-type").unwrap().as_bytes()).unwrap();
    let (mut parser, mut store, mut parts) = (Parser::new(boundary), [0; 4096], Vec::<Part>::new());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let parsed = parser.receive_all(&Limits::DEFAULT, &asked.content, &mut store, |event| {
        match event {
            Event::Part(part) => {
                let filename = part.filename.map(|name| text(name.bytes().collect()));
                let content_type = part.content_type.map(|value| text(value.to_vec()));
                parts.push((text(part.name.bytes().collect()), filename, content_type, Vec::new()));
            }
            Event::Body(piece) => parts.last_mut().unwrap().3.extend_from_slice(piece),
            Event::PartEnd | Event::NeedMore => {}
        }
        true
    });
    parsed.unwrap();
    parser.handle_eof().unwrap();
    parts
}

/// A run whose standard input is that.
fn run_with(input: &[u8], arguments: &[&str]) -> (Option<i32>, Vec<u8>, String) {
    let mut command = wirenut();
    command.arg("get").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It need not read all of it.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
}

#[test]
fn forms_arrive_as_they_were_said() {
    let server = Server::new(|_| Reply::new("200 OK", "", "thanks"));
    let folder = tempfile::tempdir().unwrap();
    let big: Vec<u8> = (0..300_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let path = folder.path().join("a \"cat\".png");
    fs::write(&path, &big).unwrap();
    let url = server.url("/");
    let file = format!("f=@\"{}\"", path.display().to_string().replace('"', "\\\""));
    let value = format!("v=<\"{}\"", path.display().to_string().replace('"', "\\\""));
    let (status, answer, errors) = run_with(b"piped", &["-F", "a=b", "-F", &file, "-F", &value, "-F", "e=", &url]);
    assert_eq!((status, &answer[..], errors.as_str()), (Some(0), &b"thanks"[..], ""));
    let own = |text: &str| Some(text.to_owned());
    let expected = [
        ("a".to_owned(), None, None, b"b".to_vec()),
        ("f".to_owned(), own("a \"cat\".png"), own("image/png"), big.clone()),
        ("v".to_owned(), None, None, big),
        ("e".to_owned(), None, None, vec![]),
    ];
    let asked = server.asked().pop().unwrap();
    assert!(parts(&asked) == expected);
    assert!(asked.field("content-length").is_some());
    // Of standard input nobody knows the length.
    let (status, ..) = run_with(b"piped", &["-F", "a=@-;filename=x;type=a/b", &url]);
    assert_eq!(status, Some(0));
    let asked = server.asked().pop().unwrap();
    assert_eq!(parts(&asked), [("a".to_owned(), own("x"), own("a/b"), b"piped".to_vec())]);
    assert_eq!(asked.field("transfer-encoding"), Some("chunked"));
    // A type of one's own keeps the boundary.
    let (status, ..) = run_with(b"", &["-F", "a=b", "-H", "Content-Type: multipart/form-data; x=y", &url]);
    assert_eq!(status, Some(0));
    assert_eq!(parts(&server.asked().pop().unwrap()).len(), 1);
}

#[test]
fn uploads_arrive_whole() {
    let server = Server::new(|asked| match asked.target.as_str() {
        "/moved" => Reply::new("307 Temporary Redirect", "Location: /there\r\n", ""),
        _ => Reply::new("201 Created", "", asked.content.len().to_string()),
    });
    let big = vec![b'u'; 3 << 20];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file one");
    fs::write(&path, &big).unwrap();
    let path = path.to_str().unwrap();
    for (arguments, target, status) in [
        (&["-T", path][..], "/file", 0),
        (&["-T", "-"], "/file", 0),
        (&["-L", "-T", path], "/moved", 0),
        // What was read cannot be read again.
        (&["-L", "-T", "-"], "/moved", 1),
    ] {
        let (found, answer, errors) = run_with(&big, &[arguments, &[&server.url(target)]].concat());
        assert_eq!(found, Some(status), "{arguments:?} {errors}");
        if status == 0 {
            assert_eq!(answer, big.len().to_string().as_bytes(), "{arguments:?}");
            assert!(server.asked().last().unwrap().content == big);
        }
    }
    let (status, ..) = run_with(b"", &["-T", path, &server.url("/folder/")]);
    assert_eq!((status, server.asked().last().unwrap().target.as_str()), (Some(0), "/folder/file%20one"));
}

/// What encodes nothing would make no URL.
#[test]
fn a_lone_percent_sign_is_encoded() {
    let server = Server::new(|_| Reply::new("200 OK", "", ""));
    let (status, _, errors) = run_with(b"", &["-G", "-d", "a=100%", "-d", "b=%41%4", &server.url("/?c=%42")]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert_eq!(server.asked().pop().unwrap().target, "/?c=%42&a=100%25&b=%41%254");
}

#[test]
fn urls_of_one_server_share_a_connection_also_after_a_failure() {
    let server = Server::new(|asked| match asked.target.as_str() {
        "/missing" => Reply::new("404 Not Found", "", "nothing"),
        target => Reply::new("200 OK", "", target),
    });
    let folder = tempfile::tempdir().unwrap();
    let [one, missing, three] = ["/one", "/missing", "/three"].map(|target| server.url(target));
    let line = ["get", "-f", "-o", "a", "-o", "b", "-o", "c", &one, &missing, &three];
    let output = wirenut().args(line).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(22));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "wirenut: the server answered 404 Not Found\n");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
    assert_eq!([read("a"), read("b"), read("c")], [Some("/one".into()), None, Some("/three".into())]);
    let connections: Vec<usize> = server.asked().iter().map(|asked| asked.connection).collect();
    assert_eq!(connections, [0, 0, 0]);
}

#[test]
fn a_unix_socket_leads_to_any_host() {
    let tree = Tree::new();
    let socket = tree.path().join("socket");
    let place = format!("unix:{}", socket.display());
    let mut command = wirenut();
    command.args(["demo", "--listen", &place]);
    let _server = crate::process::Server::start(&mut command);
    let line = ["--unix-socket", socket.to_str().unwrap(), "-x", "http://127.0.0.1:1", "http://any.example/"];
    let (status, answer, errors) = run_with(b"", &line);
    assert!(status == Some(0) && !answer.is_empty(), "{errors}");
    let (status, _, errors) = run_with(b"", &["--unix-socket", "/nowhere/socket", "http://a/"]);
    assert_eq!(status, Some(7), "{errors}");
    assert!(errors.contains("/nowhere/socket"), "{errors}");
}

#[test]
fn servers_of_others_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..500_000_u32).map(|at| u8::try_from(at % 241).unwrap()).collect();
    fs::write(folder.path().join("file"), &content).unwrap();
    fs::create_dir(folder.path().join("out")).unwrap();
    let python = "import http.server, functools, sys
class H(http.server.SimpleHTTPRequestHandler):
    def do_POST(self):
        import email.parser, email.policy
        body = self.rfile.read(int(self.headers['Content-Length']))
        head = b'Content-Type: ' + self.headers['Content-Type'].encode() + b'\\r\\n\\r\\n'
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        said = ' '.join(f\"{p.get_param('name', header='content-disposition')}={len(p.get_payload(decode=True))}\" for p in form.iter_parts())
        self.send_response(200); self.end_headers(); self.wfile.write(said.encode())
s = http.server.HTTPServer(('127.0.0.1', 0), H)
print(s.server_port, flush=True); s.serve_forever()";
    let node = "const s = require('http').createServer((q, r) => { let n = 0; q.on('data', d => n += d.length);
        q.on('end', () => { r.setHeader('ETag', '\"x\"'); r.end(q.method === 'GET' ? require('fs').readFileSync('file') : String(n)); }); });
        s.listen(0, '127.0.0.1', () => console.log(s.address().port))";
    let mut programs = Vec::new();
    if has("python3") {
        programs.push(("python3", "-c", python));
    }
    if Command::new("node").arg("--version").stdout(Stdio::null()).status().is_ok() {
        programs.push(("node", "-e", node));
    }
    for (program, option, script) in programs {
        let mut child = Command::new(program);
        child.args([option, script]).current_dir(folder.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = Ended(child.spawn().unwrap());
        let mut port = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.0.stdout.take().unwrap()), &mut port).unwrap();
        let url = format!("http://127.0.0.1:{}/file", port.trim());
        let out = folder.path().join("out").join(program);
        let (status, _, errors) =
            run_with(b"", &["-q", "-C", "-", "-o", out.to_str().unwrap(), &url, &url, "-o", "/dev/null"]);
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{program}");
        assert!(fs::read(&out).unwrap() == content, "{program}");
        let form = format!("file=@{}", folder.path().join("file").display());
        let (status, answer, errors) = run_with(b"", &["-F", "a=bc", "-F", &form, &url]);
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{program}");
        let answer = String::from_utf8(answer).unwrap();
        if program == "python3" {
            assert_eq!(answer, "a=2 file=500000");
        } else {
            assert!(answer.parse::<u64>().unwrap() > 500_000);
        }
    }
}

/// Ends a program with the test.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
