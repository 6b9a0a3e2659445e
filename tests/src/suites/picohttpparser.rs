//! The suite of picohttpparser: calls in `test.c`, each with an input and what its parser returns: 0 for a whole head,
//! -1 for an error, -2 where more is needed. Of its checks of what was read, the names and values of fields are
//! compared, and the content of chunks.

use std::fs;
use std::io;
use std::path::Path;

use super::source::{self, Argument, Call};
use super::{Case, Message, Side};

/// The cases in `directory`, a checkout of h2o/picohttpparser.
///
/// # Errors
/// Where the file cannot be read.
pub fn cases(directory: &Path) -> io::Result<Vec<Case>> {
    let source = fs::read_to_string(directory.join("test.c"))?;
    let mut cases = Vec::new();
    for (function, before, side) in [
        ("test_request", "", Side::Requests),
        ("test_response", "", Side::Answers(vec!["GET".to_string()])),
        ("test_headers", "GET / HTTP/1.0\r\n", Side::Requests),
    ] {
        let (start, body) = function_body(&source, function);
        let calls = source::calls(body, "PARSE").into_iter();
        cases.extend(calls.filter_map(|(call, checks)| head(start, before, side.clone(), &call, checks)));
    }
    let chunked = source::calls(&source, "chunked_test_runners[i]").into_iter().map(|(call, _)| call);
    cases.extend(chunked.filter_map(|call| chunks(&call, &call.arguments[1..])));
    let failures = source::calls(&source, "test_chunked_failure").into_iter().map(|(call, _)| call);
    cases.extend(failures.filter_map(|call| {
        let [line, encoded, expected] = &call.arguments[..] else { return None };
        let nothing = Argument::default();
        chunks(&call, &[line.clone(), encoded.clone(), nothing, expected.clone()])
    }));
    Ok(cases)
}

/// The line in which the function begins, and what is in it.
fn function_body<'s>(source: &'s str, function: &str) -> (usize, &'s str) {
    let start = source.find(&format!("static void {function}(void)")).unwrap_or(source.len());
    let end = source[start..].find("\n}\n").map_or(source.len(), |end| start + end);
    (source[..start].matches('\n').count(), &source[start..end])
}

fn refusal(expected: &Argument) -> Option<String> {
    (expected.text == "-1").then(|| "-1".to_string())
}

fn head(start: usize, before: &str, side: Side, call: &Call, checks: &str) -> Option<Case> {
    let [input, _, expected, comment] = &call.arguments[..] else { return None };
    if !input.is_literal() {
        // Where it is defined.
        return None;
    }
    let name = format!("test.c:{} {}", start + call.line, String::from_utf8_lossy(&comment.bytes));
    let bytes = [before.as_bytes(), &input.bytes].concat();
    let messages = match &expected.text[..] {
        "0" => read_checks(&side, checks).map(|message| vec![message]),
        "-2" => Some(Vec::new()),
        _ => None,
    };
    Some(Case { name, side, bytes, has_end: false, refusal: refusal(expected), messages, is_open: false })
}

/// The message that the checks behind a call tell of, if they tell all of it.
fn read_checks(side: &Side, checks: &str) -> Option<Message> {
    let mut message = Message { is_whole: *side == Side::Requests, ..Message::default() };
    let mut count = None;
    for (check, _) in source::calls(checks, "ok") {
        let [check] = &check.arguments[..] else { continue };
        let bytes = check.bytes.clone();
        if let Some(number) = check.text.strip_prefix("num_headers==") {
            count = number.parse().ok();
        } else if check.text.contains("(method,") {
            message.start = [&bytes[..], b" "].concat();
        } else if check.text.contains("(path,") {
            message.start.extend(bytes);
        } else if let Some(status) = check.text.strip_prefix("status==") {
            message.start = status.as_bytes().to_vec();
        } else if check.text.contains("].name,") {
            message.fields.push((bytes, Vec::new()));
        } else if check.text.contains("].value,") {
            message.fields.last_mut()?.1 = bytes;
        }
    }
    (count == Some(message.fields.len()) && !message.start.is_empty()).then_some(message)
}

/// Is the trailer section looked for, the bytes, what they decode to, what is returned.
fn chunks(call: &Call, arguments: &[Argument]) -> Option<Case> {
    const HEAD: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let [trailers, encoded, decoded, expected] = arguments else { return None };
    if !encoded.is_literal() || encoded.bytes.is_empty() {
        // Where it is defined.
        return None;
    }
    let mut bytes = [HEAD.as_bytes(), &encoded.bytes].concat();
    let refusal = refusal(expected);
    let is_whole = expected.text == "0" || expected.text.starts_with("(int)strlen");
    if is_whole && trailers.text == "0" && !bytes.ends_with(b"\r\n\r\n") {
        // It stops before the trailer section, which ends with an empty line.
        bytes.extend(b"\r\n");
    }
    let fields = vec![(b"Transfer-Encoding".to_vec(), b"chunked".to_vec())];
    let message = Message { start: b"200".to_vec(), fields, content: decoded.bytes.clone(), is_whole };
    // What trailers it skips, it does not tell.
    let tells =
        refusal.is_none() && !decoded.bytes.is_empty() && !String::from_utf8_lossy(&encoded.bytes).contains(": ");
    let name = format!("test.c:{} {}", call.line, encoded.bytes.escape_ascii());
    let side = Side::Answers(vec!["GET".to_string()]);
    Some(Case { name, side, bytes, has_end: false, refusal, messages: tells.then(|| vec![message]), is_open: false })
}
