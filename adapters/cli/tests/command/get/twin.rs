//! The same command lines for curl and for `wirenut get`: the same bytes, files and exit status.

use alloc::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use wirenut_tests::tools::has;

use super::server::{Asked, Reply, Server};
use crate::process::wirenut;

const GZIP: &[u8] = &[31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 203, 72, 205, 201, 201, 7, 0, 134, 166, 16, 54, 5, 0, 0, 0];
const BROTLI: &[u8] = &[11, 2, 128, 104, 101, 108, 108, 111, 3];
const ZLIB: &[u8] = &[120, 156, 203, 72, 205, 201, 201, 7, 0, 6, 44, 2, 21];

/// What the path of a request says is answered.
fn answer(asked: &Asked) -> Reply {
    let (path, _query) = asked.target.split_once('?').unwrap_or((&asked.target, ""));
    let is_head = asked.method == "HEAD";
    if asked.method == "CONNECT" {
        return Reply::new("407 Proxy Authentication Required", "Proxy-Authenticate: Basic realm=\"x\"\r\n", "");
    }
    match path {
        "/moved" => Reply::new("302 Found", "Location: /echo\r\n", "moved"),
        "/see" => Reply::new("303 See Other", "Location: /echo\r\n", ""),
        "/kept" => Reply::new("307 Temporary Redirect", "Location: /echo\r\n", "kept"),
        "/moved/to/here" => Reply::new("301 Moved Permanently", "Location: ../../echo?a=b#c\r\n", ""),
        "/loop" => Reply::new("302 Found", "Location: /loop\r\n", ""),
        "/404" => Reply::new("404 Not Found", "", if is_head { "" } else { "no such page" }),
        "/500" => Reply::new("500 Oh dear", "X-One: two\r\n", "broken"),
        "/204" => Reply::last("HTTP/1.1 204 No Content\r\n\r\n"),
        "/chunked" => Reply::last(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX: y\r\n\r\n",
        ),
        "/close" => Reply::last("HTTP/1.0 200 OK\r\nServer: old\r\n\r\nuntil the end"),
        "/early" => {
            Reply::last("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        }
        "/cut" => Reply::last("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        "/cut-chunks" => Reply::last("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal"),
        "/bad-chunk" => Reply::last("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhalf\r\n"),
        "/nothing" => Reply::last(""),
        // Another request would be answered.
        "/wait" => Reply(Vec::new(), true),
        "/garbage" => Reply::last("SSH-2.0-OpenSSH_9.2\r\n"),
        "/endless" => Reply::last(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(2000))),
        "/gzip" => Reply::new("200 OK", "Content-Encoding: gzip\r\n", GZIP),
        "/gzip-cut" => Reply::new("200 OK", "Content-Encoding: gzip\r\n", &GZIP[..14]),
        "/gzip-bad" => Reply::new("200 OK", "Content-Encoding: gzip\r\n", "no gzip at all"),
        "/deflate" => Reply::new("200 OK", "Content-Encoding: deflate\r\n", ZLIB),
        "/br" => Reply::new("200 OK", "Content-Encoding: br\r\n", BROTLI),
        "/coded" => Reply::new("200 OK", "Content-Encoding: rot13\r\n", "uryyb"),
        "/range" if asked.field("range") == Some("bytes=2-4") => {
            Reply::new("206 Partial Content", "Content-Range: bytes 2-4/10\r\n", "234")
        }
        "/range" => Reply::new("200 OK", "", "0123456789"),
        "/thousand" => Reply::new("200 OK", "", [b'x'; 1000]),
        "/astray" => Reply::new("302 Found", "Location: http://127.0.0.1:1/\r\n", ""),
        "/named" => named("attachment; filename=\"a b\""),
        "/named/path" => named("attachment; filename=\"/tmp/../up/name\""),
        "/named/back" => named("attachment; filename=name; size=1"),
        "/named/blank" => named("attachment; filename=a b.txt"),
        "/named/blanks" => named("attachment; filename=a b c; size=1"),
        "/named/none" => named("attachment"),
        "/named/old" => named("attachment; filename=old"),
        "/empty" => Reply::new("200 OK", "", ""),
        _ => echo(asked),
    }
}

fn named(disposition: &str) -> Reply {
    Reply::new("200 OK", &format!("Content-Disposition: {disposition}\r\n"), "named")
}

/// The request as text, without what differs between any two clients.
fn echo(asked: &Asked) -> Reply {
    let mut fields: Vec<_> = asked.fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    // Expect: curl 7 sends it with each PUT, later ones (and ours) with a mebibyte and more. Proxy-Connection is of no RFC.
    let own = ["user-agent: curl/", "user-agent: wirenut/", "expect: 100", "proxy-connection: "];
    fields.retain(|field| !own.iter().any(|own| field.starts_with(own)));
    fields.sort();
    let mut text = format!("{} {}\n{}\n", asked.method, asked.target, fields.concat());
    text += &String::from_utf8_lossy(&asked.content);
    if let Some(boundary) = asked.field("content-type").and_then(|value| value.split_once("boundary=")) {
        let length = asked.content.len().to_string();
        text = text.replace(boundary.1, "BOUNDARY").replace(&format!("content-length: {length}"), "content-length: N");
    }
    Reply::new("200 OK", "Content-Type: text/plain\r\n", text)
}

/// The status, standard output, and all files.
type Result = (Option<i32>, String, BTreeMap<String, String>);

/// All variables of `--write-out` that both programs know and that are the same in any two runs.
const ALL: &str = "<%{http_code}~%{response_code}~%{http_connect}~%{http_version}~%{method}~%{size_download}~%{size_upload}~\
                   %{content_type}~%{num_redirects}~%{num_connects}~%{redirect_url}~%{url}~%{url_effective}~\
                   %{filename_effective}~%{exitcode}~%{remote_ip}~%{remote_port}~%{local_ip}>\\n";

/// What a program does with this line; `{}` is the server, `{port}` its port, `{long}` a name that no resolver takes, and
/// `{all}` is [`ALL`].
fn run(mut program: Command, line: &str, folder: &Path, server: &Server) -> Result {
    let (address, port) = (server.address.to_string(), server.address.port().to_string());
    let words = line
        .split_whitespace()
        .map(|word| word.replace("{all}", ALL).replace("{}", &address).replace("{port}", &port))
        .map(|word| word.replace("{long}", &"x".repeat(64)).replace('~', " "));
    program.args(words).current_dir(folder).env_clear().env("HOME", folder).env("PATH", "/usr/bin:/bin");
    let stdin = fs::File::open(folder.join("input")).unwrap();
    let output = program.stdin(stdin).stderr(Stdio::null()).output().unwrap();
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        files.insert(name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned());
    }
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), files)
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("input", "from~standard input\n"),
        ("file.txt", "line 1\r\nline 2\n"),
        ("old", "old content"),
        ("fields", "X-A: 1\nAccept:\n"),
        ("format", "%{http_code}\n%{num_connects}\\n"),
    ] {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// Lines that give the same. A blank within an argument is `~`.
const LINES: &[&str] = &[
    "http://{}/echo",
    "{}/echo?a=b&c",
    "http://{}/a/./b/../c#d",
    "http://me:pass%20word@{}/echo",
    "-u me:secret http://{}/echo",
    "-u me:a:b http://other:one@{}/echo",
    "-H X-A:~b~c -H x-b; -H Accept: http://{}/echo",
    "-H Accept:~text/plain -H User-Agent:~me http://{}/echo",
    "-H @fields http://{}/echo",
    "-H Host:~example.org http://{}/echo",
    "-H Authorization:~Bearer~x -u a:b http://{}/echo",
    "-A tester/1 -e http://before/ -b a=b;~c=d http://{}/echo",
    "-A  http://{}/echo",
    "-X DELETE http://{}/echo",
    "-X PURGE -d x http://{}/echo",
    "-d a=b -d c=d http://{}/echo",
    "-d @file.txt http://{}/echo",
    "-d @- http://{}/echo",
    "-d  http://{}/echo",
    "--data-binary @file.txt http://{}/echo",
    "--data-raw @file.txt http://{}/echo",
    "--data-urlencode a=b~c&d --data-urlencode e/f --data-urlencode g@file.txt http://{}/echo",
    "-d a=b -H Content-Type:~text/x http://{}/echo",
    "-d a=b -H Content-Type: http://{}/echo",
    "--json {\"a\":1} http://{}/echo",
    "--json [ --json ] -H Accept:~x/y http://{}/echo",
    "-T file.txt http://{}/echo",
    "-T file.txt http://{}/folder/",
    "-T file.txt -X POST http://{}/echo",
    "-d a=b -H Transfer-Encoding:~chunked -H Expect: http://{}/echo",
    "-F a=b -F c=d;type=text/x http://{}/echo",
    "-F a=@file.txt http://{}/echo",
    "-F a=@file.txt;type=x/y;filename=other http://{}/echo",
    "-F a=<file.txt http://{}/echo",
    "-F a=\"b;c\" http://{}/echo",
    "-r 2-4 http://{}/range",
    "-r 2-4 http://{}/echo",
    "-r 20- http://{}/empty",
    "-I http://{}/echo",
    "-I http://{}/404",
    "-I -f http://{}/404",
    "-i http://{}/500",
    "-i http://{}/close",
    "-i http://{}/early",
    "-i -L http://{}/moved",
    "-i -o out http://{}/500",
    "-D heads http://{}/500",
    "-D - http://{}/500",
    "-D heads -L http://{}/moved",
    "http://{}/204",
    "http://{}/chunked",
    "http://{}/close",
    "http://{}/moved",
    "-L http://{}/moved",
    "-L http://{}/moved/to/here",
    "-L -d a=b http://{}/moved",
    "-L -d a=b http://{}/see",
    "-L -d a=b http://{}/kept",
    "-L -T file.txt http://{}/kept",
    "-L -F a=@file.txt http://{}/kept",
    "-L -I http://{}/see",
    "-L -u a:b http://{}/moved",
    "-L --max-redirs 3 http://{}/loop",
    "-L --max-redirs 0 http://{}/moved",
    "http://{}/404",
    "-f http://{}/404",
    "-f -o out http://{}/404",
    "--fail-with-body http://{}/404",
    "--fail-with-body -o out http://{}/404",
    "-o out http://{}/echo",
    "-o old http://{}/echo",
    "-o out http://{}/empty",
    "-o /dev/null http://{}/echo",
    "-o missing/out http://{}/echo",
    "-O http://{}/range",
    "-O http://{}/",
    "-o a -o b http://{}/echo http://{}/range",
    "-o a http://{}/echo http://{}/range",
    "-o - http://{}/range",
    "http://{}/404 http://{}/range",
    "--compressed -H Accept-Encoding:~gzip http://{}/echo",
    "--compressed http://{}/gzip",
    "--compressed http://{}/deflate",
    "--compressed http://{}/br",
    "--compressed http://{}/range",
    "--compressed http://{}/gzip-bad",
    "--compressed http://{}/coded",
    "http://{}/gzip",
    "--max-filesize 999 http://{}/thousand",
    "--max-filesize 1000 http://{}/thousand",
    "http://{}/cut",
    "http://{}/cut-chunks",
    "http://{}/bad-chunk",
    "http://{}/nothing",
    "http://127.0.0.1:1/",
    "http://{long}/",
    "-x http://{long}:1/ http://{}/echo",
    "-x http://{} http://example.org/echo?x",
    "-x http://me:pass@{} http://example.org/echo",
    "-x http://{} --noproxy 127.0.0.1 http://{}/echo",
    "-x http://{} https://example.org/",
    "-x http://127.0.0.1:1 --noproxy * http://{}/echo",
    "ftpx://{}/",
    "http://a:b:c/",
    "--cacert missing https://{}/",
    "https://{}/",
    "-T missing http://{}/echo",
    "-F a=@missing http://{}/echo",
    "-m 0.2 http://{}/wait",
    "-G -d a=b -d c=d http://{}/echo?x=y",
    "-G -d a=b {}",
    "-G -d a=b http://{}/echo?",
    "-G -d a=b http://{}/echo?x&#c",
    "-G -I -d a=b http://{}/echo",
    "-I -d a=b http://{}/echo",
    "-G -X DELETE -d a=b http://{}/echo",
    "-G --data-urlencode a=b~c&d http://{}/echo",
    "-G -d a=b~c http://{}/echo",
    "-G -d @file.txt http://{}/echo",
    "-G --json 1 http://{}/echo",
    "-G http://{}/echo",
    "-G -L -d a=b http://{}/moved",
    "-G -d a=b -C - -o out http://{}/echo",
    "-O -J http://{}/named",
    "-OJ http://{}/named/path",
    "-OJ http://{}/named/back",
    "-OJ http://{}/named/none",
    "-OJ http://{}/named/old",
    "-OJ http://{}/range",
    "-OJ http://{}/",
    "-OJi http://{}/named",
    "-OJ http://{}/named/blank",
    "-OJ http://{}/named/blanks",
    "--connect-to a.example:80:127.0.0.1:{port} http://a.example/echo",
    "--connect-to A.example:81:127.0.0.1:{port} http://a.example:81/echo",
    "--connect-to ::127.0.0.1:{port} http://a.example/echo",
    "--connect-to :{port}:127.0.0.1: http://a.example:{port}/echo",
    "--connect-to b.example:80:127.0.0.1:1 --connect-to a.example::127.0.0.1:{port} http://a.example/echo",
    "--connect-to a.example:80:127.0.0.1:{port} --connect-to a.example:80:127.0.0.1:1 http://a.example/echo",
    "--connect-to a.example:80:127.0.0.1:1 http://{}/echo",
    "--connect-to a.example:80:b.example:81 --resolve b.example:81:127.0.0.9 http://a.example/echo",
    "--connect-to a.example:80:b.example:{port} --resolve b.example:{port}:127.0.0.1 http://a.example/echo",
    "--connect-to 127.0.0.1:1::{port} http://127.0.0.1:1/echo",
    "--connect-to a.example:80:b.example:81 -x http://{} http://a.example/echo",
    "--resolve a.example:{port}:127.0.0.1 http://a.example:{port}/echo",
    "--resolve A.Example:{port}:[::1],127.0.0.1 http://a.example:{port}/echo",
    "--resolve +*:{port}:127.0.0.1 http://a.example:{port}/echo",
    "--resolve *:{port}:127.0.0.9 --resolve a.example:{port}:127.0.0.1 http://a.example:{port}/echo",
    "--resolve a.example:{port}:127.0.0.1 --resolve -a.example:{port} http://a.example:{port}/echo",
    "--resolve 127.0.0.9:{port}:127.0.0.1 http://127.0.0.9:{port}/echo",
    "--resolve p.example:{port}:127.0.0.1 -x p.example:{port} http://b.example/echo",
    "-w {all} http://{}/echo",
    "-w {all} http://{}/404",
    "-w {all} http://{}/chunked",
    "-w {all} http://{}/close",
    "-w {all} http://{}/early",
    "-w {all} http://{}/204",
    "-w {all} -f http://{}/404",
    "-w {all} -I http://{}/echo",
    "-w {all} -L http://{}/moved",
    "-w {all} -L http://{}/astray",
    "-w {all} http://{}/moved",
    "-w {all} -d a=b http://{}/echo",
    "-w {all} -L -d a=b http://{}/see",
    "-w {all} -L -d a=b http://{}/kept",
    "-w {all} -T file.txt http://{}/echo",
    "-w {all} -o out http://{}/echo",
    "-w {all} -O http://{}/range",
    "-w {all} -OJ http://{}/named",
    "-w {all} -f -o out http://{}/404",
    "-w %{http_code}~%{exitcode} -o missing/out http://{}/echo",
    "-w {all} http://{}/cut",
    "-w {all} http://{}/nothing",
    "-w {all} http://127.0.0.1:1/",
    "-w {all} http://{long}/",
    "-w {all} -x http://127.0.0.1:1 http://{}/echo",
    "-w {all} -x http://{} http://example.org/echo",
    "-w {all} -x http://{} https://example.org/",
    "-w {all} --compressed http://{}/gzip",
    "-w {all}%{urlnum} http://{}/echo http://{}/range http://127.0.0.1:1/",
    "-w a%%b\\nc\\td\\re\\\\f\\g%%{http_code%x% http://{}/range",
    "-w @format http://{}/range",
    "-w @- http://{}/range",
    "-w %{stderr}no%{http_code}%{stdout}yes%{HTTP_CODE} http://{}/range",
    "-w %{no_such_variable}x http://{}/range",
    "-w a%{onerror}b http://{}/range",
    "-w a%{onerror}b http://127.0.0.1:1/",
    "-w %header{x-one}|%header{X-ONE}|%header{nope}|%header{}|%header{x http://{}/500",
    "-w %header{location}|%header{content-length} -L http://{}/moved",
    "-w %header{content-length} http://127.0.0.1:1/",
    "-w [%{url_effective}][%{url}]%{exitcode} http://a~b/",
    "-w [%{url_effective}][%{url}]%{exitcode} a~b",
    "-w [%{url_effective}][%{url}]%{exitcode} http://a:b:c/",
    "-w [%{url_effective}][%{url}]%{exitcode} gopherx://a/",
    "-b jar http://{}/echo -X",
    "--no-such-option http://{}/",
];

/// Lines that do not give the same, with both statuses, and why.
const DIFFERENT: &[(&str, i32, i32, &str)] = &[
    ("-O http://{}/old", 23, 0, "no URL names a file that is replaced"),
    (
        "http://{}/garbage",
        8,
        1,
        "what is not HTTP/1 is no answer; curl takes it for HTTP/0.9, and says it supports none",
    ),
    ("--max-filesize 1999 http://{}/endless", 63, 0, "the bound holds also where no length is announced"),
    ("--compressed http://{}/gzip-cut", 61, 0, "what is cut off is not whole"),
    ("http://{}/{range,echo}", 3, 0, "braces mean nothing, and stand in no URL"),
    ("-T file.txt http://{}/echo http://{}/echo", 2, 0, "curl sends the file to the first alone"),
    ("-C - http://{}/range", 2, 0, "standard output is not continued"),
    ("-C - -o new -d a=b http://{}/echo", 2, 0, "what a POST brings is not continued"),
    ("-C 4 -o old http://{}/range", 2, 33, "an offset that does not fit the file would damage it"),
    ("-b fields http://{}/echo", 2, 0, "files of cookies are not supported"),
    ("-x socks5://127.0.0.1:1 http://{}/echo", 5, 7, "proxies of SOCKS are not supported"),
    ("-w @missing http://{}/echo", 26, 0, "a file that is missing is a mistake"),
    ("--connect-to a.example:80:b http://127.0.0.1:{port}/echo", 2, 0, "what is wrong with an option is said"),
    ("--resolve a.example:80:b http://{}/echo", 2, 49, "what is wrong with an option is found before anything is done"),
    ("-J http://{}/named", 2, 0, "without -O, no file gets a name"),
    ("-o a -o b http://{}/echo", 2, 0, "a file for which there is no URL is a mistake"),
];

#[test]
fn where_curl_does_something_else() {
    if !has("curl") {
        return;
    }
    let server = Server::new(answer);
    for (line, ours, theirs, why) in DIFFERENT {
        let (our_folder, their_folder) = (folder(), folder());
        let (mut get, mut curl) = (wirenut(), Command::new("curl"));
        get.args(["get", "-sS"]);
        curl.args(["-sS"]);
        let found = (run(get, line, our_folder.path(), &server).0, run(curl, line, their_folder.path(), &server).0);
        assert_eq!(found, (Some(*ours), Some(*theirs)), "{line}: {why}");
    }
}

#[test]
fn curl_does_the_same() {
    if !has("curl") {
        return;
    }
    let server = Server::new(answer);
    let mut differences = Vec::new();
    for line in LINES {
        let (ours, theirs) = (folder(), folder());
        let mut get = wirenut();
        get.args(["get", "-sS"]);
        let mut curl = Command::new("curl");
        curl.args(["-sS"]);
        let ours = run(get, line, ours.path(), &server);
        let theirs = run(curl, line, theirs.path(), &server);
        if ours != theirs {
            differences.push(format!("{line}\n  ours:   {ours:?}\n  theirs: {theirs:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
