//! Forms with files: the listing, in any cut, in chunks, through any room.

use wirenut::transport::Disposition;

use super::message::{Response, bare};
use super::pair::{Pair, Wire};
use super::{answer, check, service};

const DISPOSITION: &str = "Content-Disposition: form-data; name=";

/// Each form by declared length, and in chunks.
fn requests(content_type: &str, form: &[u8]) -> [Vec<u8>; 2] {
    let head = format!("POST /form HTTP/1.1\r\nHost: a\r\nContent-Type: {content_type}\r\n");
    let whole = format!("{head}Content-Length: {}\r\n\r\n", form.len());
    let mut chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in form.chunks(7) {
        chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
        chunked.extend_from_slice(chunk);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    [[whole.as_bytes(), form].concat(), chunked]
}

#[track_caller]
fn check_form(form: &str, status: u16, body: &str) {
    for request in requests("multipart/form-data; boundary=x", form.as_bytes()) {
        check(&request, status, body);
    }
}

#[test]
fn each_part_is_listed() {
    let form = format!(
        "--x\r\n{DISPOSITION}\"note\"\r\n\r\n\r\n--x\r\n{DISPOSITION}\"f\"; filename=\"a.txt\"\r\n\
         Content-Type: text/plain\r\n\r\n123456789\r\n--x--\r\n"
    );
    let listing = r#"{"parts":[{"name":"note","length":0,"crc32":"00000000"},{"name":"f","filename":"a.txt","type":"text/plain","length":9,"crc32":"cbf43926"}]}"#;
    check_form(&form, 200, listing);
    check_form("--x--", 200, r#"{"parts":[]}"#);
    let answer: Response = answer(&requests("multipart/form-data; boundary=x", form.as_bytes())[0]);
    assert_eq!(answer.field("Content-Type"), Some("application/json"));
}

#[test]
fn names_are_strings_of_json() {
    let listed = |name: &[u8]| {
        let form = [b"--x\r\nContent-Disposition: form-data; name=\"", name, b"\"\r\n\r\n\r\n--x--"].concat();
        let [whole, _] = requests("multipart/form-data; boundary=x", &form);
        answer(&whole).text().to_owned()
    };
    let of = |name: &str| format!(r#"{{"parts":[{{"name":"{name}","length":0,"crc32":"00000000"}}]}}"#);
    assert_eq!(listed("ä%22%0D%0A\\\t".as_bytes()), of(r#"ä\"\u000d\u000a\\\u0009"#));
    assert_eq!(listed(b"a\xff\xc3\xa4"), of(r"a\ufffd\ufffd\ufffd"));
}

#[test]
fn what_is_no_form_is_refused() {
    let wrong_type = ["text/plain", "multipart/mixed; boundary=x", "multipart/form-data-x; boundary=x"];
    for content_type in wrong_type {
        check(&requests(content_type, b"--x--")[0], 415, "multipart/form-data is wanted\n");
    }
    check(&bare("POST", "/form"), 415, "multipart/form-data is wanted\n");
    for parameters in ["", "; boundary=", "; boundary=x; boundary=x", "; boundary=\"a \"", "; boundary=a b"] {
        let content_type = format!("multipart/form-data{parameters}");
        check(&requests(&content_type, b"--x--")[0], 400, "the boundary is missing or invalid\n");
    }
    for form in ["", "--x", "--x\r\n\r\n", "--x\n", &format!("--x\r\n{DISPOSITION}a\r\n\r\n1")] {
        check_form(form, 400, "the form is malformed\n");
    }
    let long = "a".repeat(400);
    check_form(&format!("--x\r\n{DISPOSITION}{long}\r\n\r\n\r\n--x--"), 413, "the form is too large\n");
    // What is said of a name may be longer than the name.
    let quotes = "%0A".repeat(60);
    check_form(
        &format!("--x\r\n{DISPOSITION}\"{quotes}\"\r\n\r\n\r\n--x--"),
        413,
        "the names of a part are too long\n",
    );
    let preamble = "p".repeat(1025);
    check_form(&format!("{preamble}\r\n--x--"), 413, "the form is too large\n");
}

/// The longest name of a file that systems allow, with a long media type.
#[test]
fn the_longest_names_fit() {
    let (name, kind) = ("n".repeat(255), "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
    let form = format!("--x\r\n{DISPOSITION}\"f\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n1\r\n--x--");
    let listing =
        format!(r#"{{"parts":[{{"name":"f","filename":"{name}","type":"{kind}","length":1,"crc32":"83dcefb7"}}]}}"#);
    check_form(&form, 200, &listing);
}

/// An answer that has begun when the form breaks does not look whole.
#[test]
fn a_form_that_breaks_behind_its_first_part_has_its_answer_cut() {
    let form = format!("--x\r\n{DISPOSITION}a\r\n\r\n\r\n--x\r\n{DISPOSITION}b\r\n\r\n\n--x");
    for request in requests("multipart/form-data; boundary=x", form.as_bytes()) {
        let service = service();
        let mut pair = Pair::new(&service, Wire::of(1024));
        pair.send(&request);
        assert_ne!(pair.session.disposition(), Disposition::Open);
        let got = String::from_utf8(pair.got.clone()).unwrap();
        assert!(got.starts_with("HTTP/1.1 200 ") && got.contains(r#"{"name":"a""#), "{got}");
        assert!(!got.ends_with("0\r\n\r\n"), "{got}");
    }
}

/// More parts than any place holds, and each of them larger than the room.
#[test]
fn many_parts_go_through_a_small_room() {
    let content = vec![b'\r'; 3000];
    let mut form = Vec::new();
    for number in 0..40 {
        form.extend(format!("\r\n--x\r\n{DISPOSITION}{number}\r\n\r\n").bytes());
        form.extend_from_slice(&content);
    }
    form.extend(b"\r\n--x--\r\n");
    let service = service();
    let crc = format!("{:08x}", crc32fast::hash(&content));
    for request in requests("multipart/form-data; boundary=x", &form) {
        let mut pair = Pair::new(&service, Wire { room: 150, taken_at_once: 3 });
        pair.send(&request);
        let listing = super::responses(&pair.got, &["POST"]).remove(0);
        let entries: Vec<_> = (0..40).map(|n| format!(r#"{{"name":"{n}","length":3000,"crc32":"{crc}"}}"#)).collect();
        assert_eq!(listing.text(), format!("{{\"parts\":[{}]}}", entries.join(",")));
    }
}
