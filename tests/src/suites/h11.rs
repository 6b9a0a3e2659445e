//! The suite of h11, as far as it is data: the calls of `tr` and `t_body_reader` in its `test_io.py`, each with an input
//! and what its readers make of it.

use std::fs;
use std::io;
use std::path::Path;

use super::source::{self, Call};
use super::{Case, Message, Side};

/// The cases in `directory`, a checkout of python-hyper/h11.
///
/// # Errors
/// Where the file cannot be read.
pub fn cases(directory: &Path) -> io::Result<Vec<Case>> {
    let source = fs::read_to_string(directory.join("h11/tests/test_io.py"))?;
    let lines: Vec<_> = source.lines().collect();
    let heads = source::calls(&source, " tr").into_iter().filter_map(|(call, _)| {
        let before = call.line.checked_sub(2).and_then(|at| lines.get(at)).unwrap_or(&"");
        head(&call, before.contains("pytest.raises"))
    });
    let bodies = source::calls(&source, " t_body_reader").into_iter().filter_map(|(call, _)| body(&call));
    Ok(heads.chain(bodies).collect())
}

fn refusal(is_refused: bool) -> Option<String> {
    is_refused.then(|| "LocalProtocolError".to_string())
}

fn name(call: &Call, input: &[u8]) -> String {
    format!("test_io.py:{} {}", call.line, input.escape_ascii())
}

fn head(call: &Call, is_refused: bool) -> Option<Case> {
    let [reader, input, ..] = &call.arguments[..] else { return None };
    if !input.is_literal() || input.bytes.is_empty() {
        return None;
    }
    let is_request = reader.text.contains("CLIENT");
    let side = if is_request { Side::Requests } else { Side::Answers(vec!["GET".to_string()]) };
    let (name, bytes) = (name(call, &input.bytes), input.bytes.clone());
    Some(Case { name, side, bytes, has_end: false, refusal: refusal(is_refused), messages: None, is_open: false })
}

fn body(call: &Call) -> Option<Case> {
    let [reader, input, expected, options @ ..] = &call.arguments[..] else { return None };
    if !input.is_literal() {
        return None;
    }
    let framing = match &reader.text[..] {
        "Http10Reader" => "",
        "ChunkedReader" => "Transfer-Encoding: chunked\r\n",
        _ => return None,
    };
    let bytes = [format!("HTTP/1.1 200 OK\r\n{framing}\r\n").as_bytes(), &input.bytes].concat();
    let refusal = refusal(expected.text.contains("LocalProtocolError"));
    let mut fields = Vec::new();
    if !framing.is_empty() {
        fields.push((b"Transfer-Encoding".to_vec(), b"chunked".to_vec()));
    }
    let is_whole = expected.text.contains("EndOfMessage");
    let message = Message { start: b"200".to_vec(), fields, content: expected.bytes.clone(), is_whole };
    // The names and values of trailer fields would be taken for content.
    let tells = refusal.is_none() && !expected.text.contains("headers=");
    let has_end = options.iter().any(|option| option.text == "do_eof=True");
    Some(Case {
        name: name(call, &input.bytes),
        side: Side::Answers(vec!["GET".to_string()]),
        bytes,
        has_end,
        refusal,
        messages: tells.then(|| vec![message]),
        is_open: false,
    })
}
