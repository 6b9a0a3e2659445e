//! The router, and a reader of patterns that goes segment by segment.

use wirenut::http::service::{Responder, Result, RoutedRequest, Service, Session, routes};
use wirenut::http::{Context, Limits};
use wirenut::time::Instant;
use wirenut::transport::Environment;

use crate::responses;

/// The methods and patterns of [`app`], in order.
const PATTERNS: [(&str, &str); 10] = [
    ("GET", "/"),
    ("GET", "/a"),
    ("GET", "/a/longer-than-one-word"),
    ("GET", "/a/:x"),
    ("POST", "/a/:x"),
    ("GET", "/a/:x/b"),
    ("GET", "/:x/:y/c"),
    ("PUT", "/a/longer-than-one-word/:x/:y"),
    ("DELETE", "/f/*x"),
    ("PATCH", "/:x"),
];

fn app() -> impl Service {
    routes!(
        (),
        get("/", tell),
        get("/a", tell),
        get("/a/longer-than-one-word", tell),
        get("/a/:x", tell),
        post("/a/:x", tell),
        get("/a/:x/b", tell),
        get("/:x/:y/c", tell),
        put("/a/longer-than-one-word/:x/:y", tell),
        delete("/f/*x", tell),
        patch("/:x", tell),
    )
}

/// Says which route it is, and what its parameters are.
fn tell((): (), request: &RoutedRequest<'_>, responder: &mut Responder<'_>) -> Result {
    let parameter = |name| request.raw_param(name).map(String::from_utf8_lossy).unwrap_or_default();
    responder.text(&format!("{} {}|{}", request.pattern(), parameter("x"), parameter("y")))
}

/// What the table says of a request, by the words of the docs.
fn expected(method: &str, path: &str) -> (u16, String) {
    let mut is_there = false;
    for (routed, pattern) in PATTERNS {
        let Some([x, y]) = matched(pattern, path) else { continue };
        if routed == method || (routed, method) == ("GET", "HEAD") {
            let body = if method == "HEAD" { String::new() } else { format!("{pattern} {x}|{y}") };
            return (200, body);
        }
        is_there = true;
    }
    match (is_there, method) {
        (true, "OPTIONS") => (204, String::new()),
        (true, "HEAD") => (405, String::new()),
        (true, _) => (405, "Method Not Allowed".into()),
        (false, "HEAD") => (404, String::new()),
        (false, _) => (404, "Not Found".into()),
    }
}

/// The parameters `x` and `y`, if the path matches.
fn matched<'p>(pattern: &str, path: &'p str) -> Option<[&'p str; 2]> {
    let mut found = ["", ""];
    let mut place = |name: &str, value| found[usize::from(name == "y")] = value;
    let (mut pattern, mut path) = (pattern.strip_prefix('/')?, path.strip_prefix('/')?);
    loop {
        if let Some(name) = pattern.strip_prefix('*') {
            place(name, path);
            return Some(found);
        }
        let (want, more_pattern) = pattern.split_once('/').map_or((pattern, None), |(want, more)| (want, Some(more)));
        let (segment, more_path) = path.split_once('/').map_or((path, None), |(segment, more)| (segment, Some(more)));
        match want.strip_prefix(':') {
            Some(_) if segment.is_empty() => return None,
            Some(name) => place(name, segment),
            None if want != segment => return None,
            None => {}
        }
        match (more_pattern, more_path) {
            (None, None) => return Some(found),
            (Some(more_pattern), Some(more_path)) => (pattern, path) = (more_pattern, more_path),
            _ => return None,
        }
    }
}

/// The router: a request gets the first route whose pattern and method fit, its parameters are what they are by segments,
/// and 404, 405 and OPTIONS are answered as the table says.
///
/// # Panics
/// If it does not keep that law.
pub fn routes(data: &[u8]) {
    const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"];
    let Some((&first, rest)) = data.split_first() else { return };
    let method = METHODS[usize::from(first) % METHODS.len()];
    // Whatever is no byte of a path becomes one.
    let others = b"/abcfxy";
    let path: String = core::iter::once('/')
        .chain(rest.iter().take(200).map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'~' | b'!' | b'@' | b':' | b'*' => {
                char::from(*byte)
            }
            other => char::from(others[usize::from(*other) % others.len()]),
        }))
        .collect();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    let service = app();
    let (code, body) = answer(&service, method, &request);
    assert_eq!((code, body), expected(method, &path), "{request}");
}

fn answer<S: Service>(service: &S, method: &str, request: &str) -> (u16, String) {
    let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    let (mut session, mut out) = (Session::<S>::new(&cx), vec![0; 4096]);
    let mut store = vec![0; Limits::DEFAULT.store_bytes()];
    let environment = Environment::alone(out.len());
    let driven = session.drive(&cx, &environment, service, request.as_bytes(), &mut store, &mut out);
    let (response, _) = responses::read(method, &out[..driven.written]);
    (response.code, String::from_utf8(response.body).expect("text"))
}
