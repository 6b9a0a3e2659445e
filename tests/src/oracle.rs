//! A second parser of requests, written to be obviously right: it copies, starts from the beginning each time, and
//! knows nothing of the core but its limits.

use wirenut::http::Limits;

/// What some bytes are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict<T> {
    /// The beginning of something that may become right.
    Incomplete,
    /// Wrong, whatever comes.
    Refused,
    /// Right, and how many bytes it is long.
    Accepted(T, usize),
}

use Verdict::{Accepted, Incomplete, Refused};

/// A name and a value.
pub type Field = (Vec<u8>, Vec<u8>);

/// A request's head.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    /// The method.
    pub method: Vec<u8>,
    /// The target.
    pub target: Vec<u8>,
    /// The minor version, as it came.
    pub minor: u8,
    /// The fields.
    pub fields: Vec<Field>,
    /// The length of the content; `None`: it is chunked.
    pub length: Option<u64>,
}

/// Content that came in chunks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Chunked {
    /// The content.
    pub body: Vec<u8>,
    /// The fields behind it.
    pub trailers: Vec<Field>,
}

/// Lines that end in CR LF, without it. Stops at the empty one. `Accepted` lines are followed by the index behind the
/// empty line.
fn lines(bytes: &[u8], limit: usize) -> (Vec<&[u8]>, Verdict<()>) {
    let mut lines = Vec::new();
    let mut at = 0;
    let within = &bytes[..bytes.len().min(limit)];
    loop {
        let Some(end) = within[at..].iter().position(|&byte| byte == b'\n').map(|end| at + end) else {
            return (lines, if bytes.len() >= limit { Refused } else { Incomplete });
        };
        let line = &within[at..end];
        let [line @ .., b'\r'] = line else { return (lines, Refused) };
        if line.contains(&b'\r') || line.contains(&0) {
            return (lines, Refused);
        }
        at = end + 1;
        if line.is_empty() {
            return (lines, Accepted((), at));
        }
        lines.push(line);
    }
}

fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

fn trim(text: &[u8]) -> &[u8] {
    let is_ink = |byte: &u8| *byte != b' ' && *byte != b'\t';
    let Some(first) = text.iter().position(is_ink) else { return &[] };
    let last = text.iter().rposition(is_ink).unwrap_or(first);
    &text[first..=last]
}

fn field(line: &[u8]) -> Option<Field> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], trim(&line[colon + 1..]));
    let is_clean = line.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
    (is_token(name) && is_clean).then(|| (name.to_vec(), value.to_vec()))
}

fn values<'f>(fields: &'f [Field], name: &str) -> Vec<&'f [u8]> {
    let is_named = |field: &&Field| field.0.eq_ignore_ascii_case(name.as_bytes());
    fields.iter().filter(is_named).map(|field| field.1.as_slice()).collect()
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && (text.is_empty() || text.parse::<u16>().is_ok())
}

/// A host and perhaps a port. `Some(has_port)`.
fn host(text: &[u8]) -> Option<bool> {
    let text = core::str::from_utf8(text).ok()?;
    let (name, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (inside, port) = rest.split_once(']')?;
            inside.parse::<core::net::Ipv6Addr>().ok()?;
            ("a", port)
        }
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    let is_port_right = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=%".contains(&byte);
    let is_escape = |after: &str| after.len() >= 2 && after.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    let is_name_right = !name.is_empty() && name.bytes().all(is_of_name) && name.split('%').skip(1).all(is_escape);
    (is_port_right && is_name_right).then_some(port.len() > 1)
}

/// The authority in a target, if the target fits its method at all.
fn authority<'t>(method: &[u8], target: &'t [u8]) -> Option<Option<&'t [u8]>> {
    if method == b"CONNECT" {
        return (host(target) == Some(true)).then_some(Some(target));
    }
    if target.starts_with(b"/") || (target == b"*" && method == b"OPTIONS") {
        return Some(None);
    }
    let lower = target.to_ascii_lowercase();
    let scheme = [&b"http://"[..], b"https://"].into_iter().find(|scheme| lower.starts_with(scheme))?;
    let rest = &target[scheme.len()..];
    let end = rest.iter().position(|byte| b"/?".contains(byte)).unwrap_or(rest.len());
    host(&rest[..end]).map(|_| Some(&rest[..end]))
}

/// The head that `bytes` begin with, empty lines before it included.
#[must_use]
pub fn request(limits: &Limits, bytes: &[u8]) -> Verdict<Request> {
    let mut skipped = 0;
    while bytes[skipped..].starts_with(b"\r\n") {
        skipped += 2;
        if skipped > 8 {
            return Refused;
        }
    }
    if matches!(&bytes[skipped..], [] | [b'\r']) {
        return Incomplete;
    }
    let limit = usize::try_from(limits.head_bytes).expect("a test machine");
    let (lines, ending) = lines(&bytes[skipped..], limit);
    let mut lines = lines.into_iter();
    let Some(request_line) = lines.next() else {
        return if ending == Incomplete { Incomplete } else { Refused };
    };
    let Some((method, target, minor)) = split_request_line(request_line) else { return Refused };
    let mut fields = Vec::new();
    for line in lines {
        let Some(field) = field(line) else { return Refused };
        fields.push(field);
        // A head that is wrong already is refused before its end has come.
        if fields.len() > usize::from(limits.field_count) || framing(minor, &fields, false).is_none() {
            return Refused;
        }
    }
    let length = match ending {
        Incomplete => return Incomplete,
        Refused => return Refused,
        Accepted((), length) => skipped + length,
    };
    let Some(framing) = framing(minor, &fields, true) else { return Refused };
    let Some(authority) = authority(method, target) else { return Refused };
    match (values(&fields, "host").first(), authority) {
        (None, _) if minor != 0 => return Refused,
        (Some(host), Some(authority)) if !authority.eq_ignore_ascii_case(host) => return Refused,
        _ => {}
    }
    if framing.is_some_and(|length| length > limits.body_bytes) {
        return Refused;
    }
    Accepted(Request { method: method.to_vec(), target: target.to_vec(), minor, fields, length: framing }, length)
}

/// Is there nothing that could come behind `bytes` and make a head of them? What does is returned.
///
/// # Errors
/// What would make them right.
pub fn is_hopeless(limits: &Limits, bytes: &[u8]) -> Result<(), Vec<u8>> {
    const ENDS: [&[u8]; 9] = [
        b"\r\n\r\n",
        b"\n\r\n",
        b"\r\nHost: a\r\n\r\n",
        b"\nHost: a\r\n\r\n",
        b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b" / HTTP/1.1\r\nHost: a\r\n\r\n",
        b": a\r\n\r\n",
        b": a\r\nHost: a\r\n\r\n",
        b": chunked\r\nHost: a\r\n\r\n",
    ];
    const MIDDLES: [&[u8]; 14] =
        [b"", b"a", b"1", b"/", b"0", b".1", b"1.1", b"::1]", b"1]", b"]", b"//a/", b"p://a/", b"aa", b"00-continue"];
    for middle in MIDDLES {
        for end in ENDS {
            let rest = [middle, end].concat();
            if matches!(request(limits, &[bytes, &rest].concat()), Accepted(..)) {
                return Err(rest);
            }
        }
    }
    Ok(())
}

fn split_request_line(line: &[u8]) -> Option<(&[u8], &[u8], u8)> {
    let parts: Vec<&[u8]> = line.split(|&byte| byte == b' ').collect();
    let [method, target, version] = parts[..] else { return None };
    let is_of_target = |byte: &u8| byte.is_ascii_graphic() && !b"\"#<>\\".contains(byte);
    let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor @ b'0'..=b'9'] = version else { return None };
    let is_right = is_token(method) && !target.is_empty() && target.iter().all(is_of_target);
    is_right.then_some((method, target, minor - b'0'))
}

/// How the content is framed, or `None` if the fields so far cannot stand together.
fn framing(minor: u8, fields: &[Field], is_whole: bool) -> Option<Option<u64>> {
    let lengths = values(fields, "content-length");
    let codings = values(fields, "transfer-encoding");
    let hosts = values(fields, "host");
    if hosts.len() > 1 || hosts.iter().any(|value| !value.is_empty() && host(value).is_none()) {
        return None;
    }
    if minor != 0 && values(fields, "expect").iter().any(|value| !value.eq_ignore_ascii_case(b"100-continue")) {
        return None;
    }
    match (&lengths[..], &codings[..]) {
        ([], []) => Some(Some(0)),
        ([length], []) => {
            let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
            let number = core::str::from_utf8(length).ok()?.parse().ok()?;
            is_number.then_some(Some(number))
        }
        ([], codings) if minor != 0 => {
            let all = without_quoted(&codings.join(&b","[..]).to_ascii_lowercase())?;
            let names: Vec<&[u8]> = all.split(|&byte| byte == b',').map(trim).collect();
            let chunked = names.iter().position(|name| *name == b"chunked");
            if is_whole {
                // No other coding is known, so nothing but `chunked` can be read.
                return (names == [b"chunked"]).then_some(None);
            }
            let is_name = |name: &&[u8]| {
                let (first, parameters) =
                    name.split_at(name.iter().position(|&byte| byte == b';').unwrap_or(name.len()));
                let is_plain = |byte: &u8| is_token(&[*byte]) || b"; \t=".contains(byte);
                let is_of_chunked = trim(first) == b"chunked" && !parameters.is_empty();
                is_token(trim(first)) && parameters.iter().all(is_plain) && !is_of_chunked
            };
            let is_last = chunked.is_none_or(|at| at + 1 == names.len());
            (is_last && names.iter().all(is_name)).then_some(None)
        }
        _ => None,
    }
}

/// The text with a `q` in the place of each quoted string; none if one has no end.
fn without_quoted(text: &[u8]) -> Option<Vec<u8>> {
    let (mut plain, mut rest) = (Vec::new(), text.iter());
    while let Some(byte) = rest.next() {
        if *byte != b'"' {
            plain.push(*byte);
            continue;
        }
        plain.push(b'q');
        loop {
            match rest.next()? {
                b'"' => break,
                b'\\' => _ = rest.next()?,
                _ => {}
            }
        }
    }
    Some(plain)
}

/// The chunked content that `bytes` begin with.
#[must_use]
pub fn chunked(limits: &Limits, bytes: &[u8]) -> Verdict<Chunked> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let (size, length) = match chunk_line(limits, &bytes[at..]) {
            Accepted(size, length) => (size, length),
            Incomplete => return Incomplete,
            Refused => return Refused,
        };
        at += length;
        let total = u64::try_from(body.len()).expect("memory").checked_add(size);
        if total.is_none_or(|total| total > limits.body_bytes) {
            return Refused;
        }
        if size == 0 {
            break;
        }
        let rest = &bytes[at..];
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Some(data) = rest.get(..size) else { return Incomplete };
        body.extend(data);
        match &rest[size..] {
            [b'\r', b'\n', ..] => at += size + 2,
            [] | [b'\r'] => return Incomplete,
            _ => return Refused,
        }
    }
    let limit = usize::try_from(limits.trailer_bytes).expect("a test machine");
    let (lines, ending) = lines(&bytes[at..], limit);
    let mut trailers = Vec::new();
    for line in lines {
        let Some(field) = field(line) else { return Refused };
        if !may_trail(&field.0) {
            return Refused;
        }
        trailers.push(field);
    }
    match ending {
        Accepted((), length) => Accepted(Chunked { body, trailers }, at + length),
        Incomplete if !may_become_a_trailer(&bytes[at..]) => Refused,
        Incomplete => Incomplete,
        Refused => Refused,
    }
}

/// May a field of this name stand behind the content?
fn may_trail(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let is_named = |names: &[&str]| names.contains(&name.as_str());
    let is_of_connection = is_named(&["connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade"]);
    let is_framing = is_named(&["content-length", "transfer-encoding", "host", "max-forwards", "expect", "range"]);
    let is_credential = name.ends_with("authorization") || name.ends_with("authenticate") || name.ends_with("cookie");
    let is_modifier = name.starts_with("if-") || is_named(&["pragma", "cache-control", "age", "date", "expires"]);
    let is_control = is_named(&["location", "retry-after", "vary", "warning"]);
    let is_format = is_named(&["content-type", "content-encoding", "content-range"]);
    !(is_of_connection || is_framing || is_credential || is_modifier || is_control || is_format)
}

/// Can the last line of a trailer section, which has no end yet, still become a field, or the empty line?
fn may_become_a_trailer(section: &[u8]) -> bool {
    let line = section.rsplit(|&byte| byte == b'\n').next().unwrap_or(&[]);
    if line.is_empty() || line == b"\r" {
        return true;
    }
    match line.iter().position(|&byte| byte == b':') {
        None => is_token(line),
        Some(colon) => {
            let value = line[colon + 1..].strip_suffix(b"\r").unwrap_or(&line[colon + 1..]);
            let is_clean = value.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
            is_token(&line[..colon]) && may_trail(&line[..colon]) && is_clean
        }
    }
}

/// `size extensions CRLF`, judged byte by byte as it comes.
fn chunk_line(limits: &Limits, bytes: &[u8]) -> Verdict<u64> {
    let limit = usize::try_from(limits.chunk_line_bytes).expect("a test machine");
    let within = &bytes[..bytes.len().min(limit)];
    let digits = within.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let mut size = 0_u64;
    for digit in &within[..digits] {
        let digit = char::from(*digit).to_digit(16).expect("a digit");
        match size.checked_mul(16) {
            Some(shifted) => size = shifted + u64::from(digit),
            None => return Refused,
        }
    }
    let unfinished = if bytes.len() >= limit { Refused } else { Incomplete };
    let rest = &within[digits..];
    if digits == 0 {
        return if rest.is_empty() { unfinished } else { Refused };
    }
    match rest.iter().position(|&byte| byte == b'\r' || byte == b'\n') {
        // What comes may still be right if anything could be put behind it.
        None => {
            let endings = ["", "a", "=a", "a\"", "\"", ";a"];
            let may_be_right = endings.iter().any(|end| are_extensions(&[rest, end.as_bytes()].concat()));
            if may_be_right { unfinished } else { Refused }
        }
        Some(end) if !are_extensions(&rest[..end]) => Refused,
        Some(end) => match &rest[end..] {
            [b'\r', b'\n', ..] => Accepted(size, digits + end + 2),
            [b'\r'] => unfinished,
            _ => Refused,
        },
    }
}

/// `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`
fn are_extensions(text: &[u8]) -> bool {
    let is_space = |byte: &u8| *byte == b' ' || *byte == b'\t';
    if text.is_empty() {
        return true;
    }
    if text.last().is_some_and(is_space) {
        return false;
    }
    // Semicolons that are not quoted are where one extension ends and the next begins.
    let (mut parts, mut quotes, mut escaped) = (vec![Vec::new()], false, false);
    for &byte in text {
        match byte {
            b';' if !quotes => parts.push(Vec::new()),
            _ => parts.last_mut().expect("one at least").push(byte),
        }
        if byte == b'"' && !escaped {
            quotes = !quotes;
        }
        escaped = quotes && byte == b'\\' && !escaped;
    }
    let is_clean = text.iter().all(|&byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
    let is_right = |part: &Vec<u8>| match part.iter().position(|&byte| byte == b'=') {
        None => is_token(trim(part)),
        Some(equals) => is_token(trim(&part[..equals])) && is_value(trim(&part[equals + 1..])),
    };
    is_clean && !quotes && trim(&parts[0]).is_empty() && parts.len() > 1 && parts[1..].iter().all(is_right)
}

fn is_value(text: &[u8]) -> bool {
    let [b'"', inside @ .., b'"'] = text else { return is_token(text) };
    let mut inside = inside.iter();
    while let Some(byte) = inside.next() {
        if *byte == b'"' || (*byte == b'\\' && inside.next().is_none()) {
            return false;
        }
    }
    true
}
