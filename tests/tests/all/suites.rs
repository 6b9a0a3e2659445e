//! The readers of other people's suites, by files in their forms; whoever has the suites runs `suites` on them.

use std::fs;
use std::path::PathBuf;

use wirenut_tests::suites::{Case, Difference, compare, curl, h11, llhttp, picohttpparser, structured, url};

/// A directory with one file.
fn checkout(suite: &str, path: &str, text: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{suite}-{}", std::process::id()));
    let file = directory.join(path);
    fs::create_dir_all(file.parent().expect("a folder")).unwrap();
    fs::write(file, text).unwrap();
    directory
}

/// Removes the directory, and says of each case what our way of reading it differs in.
fn check(directory: PathBuf, cases: std::io::Result<Vec<Case>>, expected: &[&str]) {
    fs::remove_dir_all(directory).unwrap();
    let difference = |case: &Case| compare(case).as_ref().map_or("agrees".to_string(), Difference::to_string);
    let found: Vec<_> = cases.unwrap().iter().map(|case| format!("{}: {}", case.name, difference(case))).collect();
    assert_eq!(found, expected);
}

#[test]
fn llhttp_is_read_by_its_logs() {
    let text = r#"
## Agrees
<!-- meta={"type": "request"} -->
```http
PUT /a HTTP/1.0
Content-Length: 3

a\x62
```
```log
off=0 message begin
off=0 len=3 span[method]="PUT"
off=4 len=2 span[url]="/a"
off=17 len=14 span[header_field]="Content-Length"
off=33 len=1 span[header_value]="3"
off=38 headers complete method=4 v=1/0 flags=0 content_length=3
off=38 len=2 span[body]="ab"
```
## They read another target
<!-- meta={"type": "request"} -->
```http
GET /a HTTP/1.0


```
```log
off=0 message begin
off=0 len=3 span[method]="GET"
off=4 len=1 span[url]="/"
off=19 headers complete method=1 v=1/0 flags=0 content_length=0
off=19 message complete
```
## They refuse
<!-- meta={"type": "response"} -->
```http
HTTP/1.1 200 OK


```
```log
off=0 message begin
off=9 error code=13 reason="Invalid status code"
```
## Only when lenient
<!-- meta={"type": "response-lenient-headers"} -->
```http
HTTP/1.1 204 No
A : b


```
```log
off=0 message begin
off=28 headers complete status=204 v=1/1 flags=0 content_length=0
```
"#;
    let directory = checkout("llhttp", "test/request/a.md", text);
    fs::create_dir_all(directory.join("test/response")).unwrap();
    let cases = llhttp::cases(&directory);
    check(
        directory,
        cases,
        &[
            "request/a.md:3 Agrees: agrees",
            "request/a.md:20 They read another target: we read otherwise: GET /a|. for GET /|.",
            "request/a.md:34 They refuse: they refuse (Invalid status code)",
            "request/a.md:45 Only when lenient: agrees",
        ],
    );
}

#[test]
fn picohttpparser_is_read_by_its_calls() {
    let text = r#"
static void test_request(void)
{
    PARSE("GET / HTTP/1.0\r\n" "a: \142\r\n\r\n", 0, 0, "agrees");
    ok(num_headers == 1);
    ok(bufis(method, method_len, "GET"));
    ok(bufis(path, path_len, "/"));
    ok(bufis(headers[0].name, headers[0].name_len, "a"));
    ok(bufis(headers[0].value, headers[0].value_len, "b"));
    PARSE("GET / HTTP/1.0\r\na: b\r\n\r\n", 0, -2, "incomplete");
    PARSE("GET /\x7f HTTP/1.0\r\n\r\n", 0, 0, "DEL");
}
static void test_chunked(void)
{
    chunked_test_runners[i](__LINE__, 0, "1\r\na\r\n0\r\n", "b", 0);
    test_chunked_failure(__LINE__, "x\r\n", -1);
}
"#;
    let directory = checkout("picohttpparser", "test.c", text);
    let cases = picohttpparser::cases(&directory);
    check(
        directory,
        cases,
        &[
            "test.c:4 agrees: agrees",
            "test.c:10 incomplete: we read otherwise: 1 messages for 0",
            "test.c:11 DEL: we refuse (InvalidTarget, RFC 9112 3.2)",
            "test.c:15 1\\r\\na\\r\\n0\\r\\n: we read otherwise: \
         200|Transfer-Encoding: chunked|a. for 200|Transfer-Encoding: chunked|b.",
            "test.c:16 x\\r\\n: agrees",
        ],
    );
}

#[test]
fn h11_is_read_by_its_calls() {
    let text = r#"
    with pytest.raises(LocalProtocolError):
        tr(READERS[CLIENT, IDLE], b"GET /\x00 HTTP/1.0\r\n" b"\r\n", None)
    tr(READERS[SERVER, SEND_RESPONSE], b"HTTP/1.1 200\r\n\r\n", Response(status_code=200))
    t_body_reader(ChunkedReader, b"1\r\na\r\n" + b"0\r\n\r\n", [Data(data=b"a"), EndOfMessage()])
    t_body_reader(Http10Reader, b"ab", [Data(data=b"ab")], do_eof=True)
"#;
    let directory = checkout("h11", "h11/tests/test_io.py", text);
    let cases = h11::cases(&directory);
    check(
        directory,
        cases,
        &[
            "test_io.py:3 GET /\\x00 HTTP/1.0\\r\\n\\r\\n: agrees",
            "test_io.py:4 HTTP/1.1 200\\r\\n\\r\\n: we refuse (InvalidStatusLine, RFC 9112 4)",
            "test_io.py:5 1\\r\\na\\r\\n0\\r\\n\\r\\n: agrees",
            "test_io.py:6 ab: we read otherwise: 200|ab. for 200|ab",
        ],
    );
}

#[test]
fn curl_is_read_by_its_sections() {
    let text = r#"<testcase>
<reply>
<data crlf="headers">
HTTP/1.1 200 OK
Transfer-Encoding: chunked

%if x
3%CR
%hex[a%62]hex%%repeat[1 x c]%%CR
%endif
0%CR
%CR
</data>
<datacheck>
HTTP/1.1 200 OK
Transfer-Encoding: chunked

ABC
</datacheck>
<data2 nonewline="yes">
HTTP/1.1 204 No

</data2>
<connect>
HTTP/1.1 200 Go
</connect>
</reply>
<verify>
<protocol>
GET / HTTP/1.1
</protocol>
</verify>
</testcase>
"#;
    let single = |text: &str| text.split("<data2").next().expect("the first part").to_string();
    let rest = "</reply>\n<verify>\n<protocol>\nGET / HTTP/1.1\n</protocol>\n</verify>\n";
    let directory = checkout("curl", "tests/data/test1", text);
    fs::write(directory.join("tests/data/test2"), single(text).replace("ABC", "abc") + rest).unwrap();
    let failing = single(text) + &rest.replace("</verify>", "<errorcode>\n56\n</errorcode>\n</verify>");
    fs::write(directory.join("tests/data/test10"), failing).unwrap();
    let cases = curl::cases(&directory);
    check(
        directory,
        cases,
        &[
            "test1 data: agrees",
            "test1 data2: we refuse (BareLineFeed, RFC 9112 2.2)",
            "test1 data2 with line ends: agrees",
            "test1 connect: we refuse (BareLineFeed, RFC 9112 2.2)",
            "test1 connect with line ends: agrees",
            "test2 data: we read otherwise: 200|Transfer-Encoding: chunked|abc. for 200|Transfer-Encoding: chunked|abc\\n.",
            "test10 data: they refuse (exit code 56)",
        ],
    );
}

#[test]
fn structured_fields_are_read_by_their_json() {
    let text = r#"[
{"name": "agrees", "raw": [" a;b=1.50, (?1 :YWI:)"], "header_type": "list", "canonical": ["a;b=1.5, (?1 :YWI=:)"],
 "expected": [[{"__type": "token", "value": "a"}, [["b", 1.5]]],
              [[[true, []], [{"__type": "binary", "value": "MFRA===="}, []]], []]]},
{"name": "two lines", "raw": ["a=1", "b, a=%\"%c3%bc\""], "header_type": "dictionary",
 "expected": [["a", [{"__type": "displaystring", "value": "ü"}, []]], ["b", [true, []]]],
 "canonical": ["a=%\"%c3%bc\", b"]},
{"name": "fails", "raw": ["A"], "header_type": "dictionary", "must_fail": true},
{"name": "can fail", "raw": ["\"a", "b\""], "header_type": "item", "expected": ["a, b", []], "can_fail": true},
{"name": "must fail there", "raw": ["1"], "header_type": "item", "must_fail": true},
{"name": "fails here", "raw": ["1;"], "header_type": "item", "expected": [1, []]},
{"name": "read otherwise", "raw": ["1"], "header_type": "item", "expected": [1.0, []]},
{"name": "written otherwise", "raw": ["1"], "header_type": "item", "expected": [1, []], "canonical": ["01"]}
]"#;
    let writing = r#"[
{"name": "is not written", "header_type": "item", "expected": [{"__type": "token", "value": ""}, []], "must_fail": true},
{"name": "is rounded", "header_type": "item", "expected": [0.0025, []], "canonical": ["0.002"]},
{"name": "is written", "header_type": "item", "expected": [{"__type": "date", "value": 1}, []], "must_fail": true},
{"name": "is written so", "header_type": "item", "expected": ["a", []], "canonical": ["a"]},
{"name": "must be written", "header_type": "item", "expected": ["ü", []], "canonical": ["ü"]}
]"#;
    let directory = checkout("structured", "a.json", text);
    fs::create_dir(directory.join("serialisation-tests")).unwrap();
    fs::write(directory.join("serialisation-tests/b.json"), writing).unwrap();
    let cases = structured::cases(&directory).unwrap();
    fs::remove_dir_all(directory).unwrap();
    let difference = |case: &structured::Case| structured::compare(case).unwrap_or("agrees".to_string());
    let found: Vec<_> = cases.iter().map(|case| format!("{}: {}", case.name, difference(case))).collect();
    assert_eq!(
        found,
        [
            "a.json: agrees: agrees",
            "a.json: two lines: agrees",
            "a.json: fails: agrees",
            "a.json: can fail: agrees",
            "a.json: must fail there: we read [1,[]]",
            "a.json: fails here: we refuse: invalid key of a structured field at byte 2 (RFC 9651 4.2.3.3)",
            "a.json: read otherwise: we read [1,[]], not [1.0,[]]",
            "a.json: written otherwise: we write what it is as 1, not 01",
            "b.json: is not written: agrees",
            "b.json: is rounded: agrees",
            "b.json: is written: we write @1",
            "b.json: is written so: we write \"a\", not a",
            "b.json: must be written: we do not write it: invalid string of a structured field at byte 0 (RFC 9651 4.2.5)",
        ]
    );
    let report = structured::Report::new(&cases);
    assert!(
        !report.is_true() && report.to_string().starts_with("structured-field-tests: 13 cases (4 must fail), 6 agree")
    );
}

#[test]
fn urls_are_read_by_their_json() {
    let text = r##"["a comment",
{"input": "../c?d#e", "base": "HTTP://a:80/b/", "href": "http://a/c?d#e"},
{"input": "x:%7e", "base": null, "href": "x:%7E"},
{"input": "http://a", "base": null, "href": "http://b/"},
{"input": "http:a", "base": "http://b/", "href": "http://b/a"},
{"input": "a b", "base": "http://b/", "href": "http://b/a%20b"},
{"input": "a", "base": null, "failure": true},
{"input": "x://a:65536", "base": null, "failure": true},
{"input": "x://a", "base": null, "failure": true}
]"##;
    let directory = checkout("url", "tests/wpt/urltestdata.json", text);
    fs::write(directory.join("tests/wpt/ada_extra_urltestdata.json"), "[]").unwrap();
    let cases = url::cases(&directory).unwrap();
    fs::remove_dir_all(directory).unwrap();
    let found: Vec<_> = cases
        .iter()
        .map(|case| match url::compare(case) {
            url::Outcome::DoesNotApply => "does not apply".to_string(),
            url::Outcome::Agrees => "agrees".to_string(),
            url::Outcome::Differs(why) => why.chars().take(22).collect(),
            url::Outcome::Unexplained(what) => what,
        })
        .collect();
    assert_eq!(
        found,
        [
            "agrees",
            "agrees",
            "\"http://a\" on None: http://a/, not http://b/",
            "a scheme of the web: b",
            "does not apply",
            "does not apply",
            "a port is below 65,536",
            "\"x://a\" on None: x://a, not nothing",
        ]
    );
    let report = url::Report::new(&cases);
    assert!(!report.is_true() && report.to_string().starts_with("URL data: 8 cases, 6 are URI references, 2 agree\n"));
}
