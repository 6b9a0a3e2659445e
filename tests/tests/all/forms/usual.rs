//! What must be read, and as what.

use super::{form, parts, text};
use wirenut::http::multipart::{Boundary, Limits, Parser, Writer};
use wirenut_tests::every_split::every_split;
use wirenut_tests::forms::{Part, read};

const HEAD: &str = "Content-Disposition: form-data; name=\"a\"\r\n\r\n";

#[track_caller]
fn check(bytes: &str, expected: &[Part]) {
    assert_eq!(parts(form(&Limits::DEFAULT, bytes.as_bytes())), expected, "{bytes:?}");
}

#[test]
fn content_is_what_stands_between_delimiters() {
    for content in [
        "",
        "a",
        "\r\n",
        "\r",
        "\n",
        "\r\r",
        "\n\n",
        "\r\n\r\n",
        "\r\n-",
        "\r\n--",
        "\r\n--y",
        "\r\n--X",
        "--",
        "-x",
        "\r\r\n--",
        "\n--",
        "\n--y",
        "\r--x",
        "-\r\n-x",
        "\r\n--\r\n--y",
        "\r\n-\r\n--",
        "\0\u{ff}",
        " --x",
        "a--x",
    ] {
        check(&format!("--x\r\n{HEAD}{content}\r\n--x--\r\n"), &[text("a", content.as_bytes())]);
        let twice = format!("--x\r\n{HEAD}{content}\r\n--x\r\n{HEAD}\r\n{content}\r\n--x--\r\n");
        check(&twice, &[text("a", content.as_bytes()), text("a", format!("\r\n{content}").as_bytes())]);
    }
}

#[test]
fn what_surrounds_the_parts_is_skipped() {
    let a = [text("a", b"1")];
    for (before, after) in [
        ("", ""),
        ("\r\n", ""),
        ("preamble\r\n", "\r\nepilogue"),
        ("--\r\n\r\n-\r\r\n", "\r\n"),
        ("\r\n--y--\r\n", " \t \r\n\r\n--x\r\n--x--"),
        ("", "\t"),
    ] {
        check(&format!("{before}--x\r\n{HEAD}1\r\n--x--{after}"), &a);
        check(&format!("{before}--x \t\r\n{HEAD}1\r\n--x--{after}"), &a);
        check(&format!("{before}--x--{after}"), &[]);
    }
}

#[test]
fn names_are_read_as_they_are_meant() {
    for (value, name, filename) in [
        ("form-data; name=\"a\"", "a", None),
        ("form-data; name=a", "a", None),
        ("FORM-DATA;NAME=a;FileName=b", "a", Some("b")),
        ("form-data ; filename=\"\" ;\t name=\"\"", "", Some("")),
        ("form-data;; name=\"a;b=c, d\"; x=\"y\"; z=1;", "a;b=c, d", None),
        ("form-data; name=\"%22a%0D%0Ab%22\"", "\"a\r\nb\"", None),
        ("form-data; name=\"%0d%20%\"", "%0d%20%", None),
        ("form-data; name=%22", "%22", None),
        ("form-data; name=\"ä%22\u{1f600}\"", "ä\"\u{1f600}", None),
        // Browsers and curl write backslashes as they are.
        ("form-data; name=\"C:\\new\\\"; filename=\"\\\\server\\\"", "C:\\new\\", Some("\\\\server\\")),
        // Others write them before what is meant as it is.
        ("form-data; name=\"a\\\"b\"", "a\"b", None),
        ("form-data; name=\"\\\"\\\\%22\\\"\"; filename=\"a\\b\"", "\"\\%22\"", Some("ab")),
    ] {
        let bytes = format!("--x\r\nContent-Disposition: {value}\r\n\r\n\r\n--x--");
        let filename = filename.map(|name| name.as_bytes().to_vec());
        check(&bytes, &[Part { filename, ..text(name, b"") }]);
    }
}

#[test]
fn other_fields_are_kept_and_mean_nothing() {
    let head = "content-type:text/plain;charset=utf-8\r\nX-Y:\r\ncontent-DISPOSITION: form-data; name=a \r\n\
        Content-Transfer-Encoding: 8BIT\r\nContent-Length: 99\r\n\r\n";
    let read = form(&Limits::DEFAULT, format!("--x\r\n{head}1\r\n--x--").as_bytes());
    let [part] = &read.parts[..] else { panic!("{read:?}") };
    let names: Vec<_> = part.fields.iter().map(|(name, _)| name.escape_ascii().to_string()).collect();
    assert_eq!(names, ["content-type", "X-Y", "content-DISPOSITION", "Content-Transfer-Encoding", "Content-Length"]);
    assert_eq!(part.content_type.as_deref(), Some(&b"text/plain;charset=utf-8"[..]));
    assert_eq!(part.content, b"1");
}

fn file(filename: &str, kind: &str, content: &[u8]) -> Part {
    Part {
        filename: Some(filename.as_bytes().to_vec()),
        content_type: Some(kind.as_bytes().to_vec()),
        ..text("file", content)
    }
}

/// What Firefox 153 was heard to send: a note, a text of two lines, a file, and an input in which no file was chosen. (Chromium,
/// curl and requests are heard in other tests.)
#[test]
fn what_firefox_sends() {
    let boundary = "----geckoformboundary217f9dfa5294794cf4ac526a92c491a0";
    let form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\né\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"t\"\r\n\r\na\r\nb\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a %22b%22\\ä%.txt\"\r\n\
         Content-Type: text/plain\r\n\r\n1\r\n2\n\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n\r\n\
         --{boundary}--\r\n"
    );
    let expected = [
        text("note", "é".as_bytes()),
        text("t", b"a\r\nb"),
        file("a \"b\"\\ä%.txt", "text/plain", b"1\r\n2\n"),
        file("", "application/octet-stream", b""),
    ];
    let read = |pieces: &[&[u8]]| read(boundary.as_bytes(), &Limits::DEFAULT, 256, pieces);
    assert_eq!(parts(every_split(form.as_bytes(), read)), expected);
}

/// What an exchange has to keep of a form.
#[test]
fn a_parser_takes_104_bytes() {
    assert_eq!([size_of::<Boundary>(), size_of::<Parser>(), size_of::<Writer>()], [75, 104, 78]);
}
