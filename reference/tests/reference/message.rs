//! Responses as the peer reads them, and requests as it writes them.

/// A response, without its framing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.0 == name).map(|field| field.1.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        core::str::from_utf8(&self.body).unwrap()
    }
}

/// All responses in `bytes`, to requests of these methods.
pub(crate) fn responses(mut bytes: &[u8], methods: &[&str]) -> Vec<Response> {
    let mut read = Vec::new();
    let mut methods = methods.iter();
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a whole head");
        let head = core::str::from_utf8(&bytes[..end]).unwrap();
        bytes = &bytes[end + 4..];
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let fields = lines.map(|line| line.split_once(": ").unwrap()).map(|(n, v)| (n.into(), v.into())).collect();
        let mut response = Response { status, fields, body: Vec::new() };
        let method = if status < 200 { None } else { methods.next() };
        let has_body = method.is_some_and(|method| *method != "HEAD" && status != 204);
        if has_body && response.field("Transfer-Encoding") == Some("chunked") {
            (response.body, bytes) = chunked(bytes);
        } else if has_body {
            let length = response.field("Content-Length").unwrap().parse().unwrap();
            response.body = bytes[..length].to_vec();
            bytes = &bytes[length..];
        }
        read.push(response);
    }
    assert_eq!(methods.next(), None, "a request was not answered");
    read
}

fn chunked(mut bytes: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|window| window == b"\r\n").unwrap();
        let size = usize::from_str_radix(core::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let data = &bytes[end + 2..];
        assert_eq!(&data[size..size + 2], b"\r\n");
        body.extend_from_slice(&data[..size]);
        bytes = &data[size + 2..];
        if size == 0 {
            return (body, bytes);
        }
    }
}

/// A request with a body of declared length.
pub(crate) fn with_length(method: &str, target: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// A request with a body in chunks of these sizes, over and over, and a trailer.
pub(crate) fn in_chunks(method: &str, target: &str, body: &[u8], sizes: &[usize]) -> Vec<u8> {
    let mut request =
        format!("{method} {target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").into_bytes();
    let mut rest = body;
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, after) = rest.split_at(rest.len().min(*size));
        request.extend_from_slice(format!("{:x};a=b\r\n", chunk.len()).as_bytes());
        request.extend_from_slice(chunk);
        request.extend_from_slice(b"\r\n");
        rest = after;
    }
    request.extend_from_slice(b"0\r\nChecked: no\r\n\r\n");
    request
}

/// A request without a body.
pub(crate) fn bare(method: &str, target: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n").into_bytes()
}
