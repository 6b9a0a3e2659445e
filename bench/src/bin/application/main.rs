//! What handlers cost over a plain service: see the usage, and `bench/application` for what is compared.

use core::convert::Infallible;
use core::hint::black_box;

use wirenut::http::service::{Responder, Service, Session, Step, routes, service_fn};
use wirenut::http::{Context, Field, Limits, RequestHead, Response, Status, WriteError};
use wirenut::time::Instant;
use wirenut::transport::Environment;

const USAGE: &str = "\
Usage: application --count KIND N   has N requests answered by a session in memory, for a program that counts instructions
       KIND: plain, service_fn, one, six-first, six-last, matchit (looks the path of six-last up N times, and no more)";

const HELLO: &str = "Hello, World!\n";
const PATHS: [&str; 6] = ["/a/:id", "/b/:id/c", "/items/new", "/items/:id/parts", "/items/:id", "/files/*path"];

/// The service without any of it.
struct Plain;

impl Service for Plain {
    type Exchange = ();
    type Source = Infallible;

    fn request(&self, _: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<((), Step), WriteError> {
        let fields = [Field::new("Content-Type", "text/plain; charset=utf-8")];
        responder.send(&Response::new(Status::OK).with_fields(&fields), HELLO.as_bytes())?;
        Ok(((), Step::Done))
    }
}

fn main() {
    wirenut_bench::with_arguments(USAGE, |arguments| match *arguments {
        ["--count", kind, count] => count.parse().ok().and_then(|count| run(kind, count)),
        _ => None,
    });
}

fn run(kind: &str, count: usize) -> Option<()> {
    match kind {
        "plain" => answer(&Plain, "/items/70000", count),
        "service_fn" => answer(&service_fn(|_, responder| responder.text(HELLO)), "/items/70000", count),
        "one" => answer(&one(), "/items/70000", count),
        "six-first" => answer(&six(), "/a/70000", count),
        "six-last" => answer(&six(), "/items/70000", count),
        "matchit" => look_up("/items/70000", count),
        _ => return None,
    }
    Some(())
}

fn one() -> impl Service<Source = Infallible> {
    routes!((), get("/items/:id", |_, _, responder| responder.text(HELLO)))
}

fn six() -> impl Service<Source = Infallible> {
    routes!(
        (),
        get("/a/:id", |_, _, responder| responder.text(HELLO)),
        get("/b/:id/c", |_, _, responder| responder.status(Status::NO_CONTENT)),
        get("/items/new", |_, _, responder| responder.status(Status::NO_CONTENT)),
        get("/items/:id/parts", |_, _, responder| responder.status(Status::NO_CONTENT)),
        post("/items/:id", |_, _, responder| responder.status(Status::NO_CONTENT)),
        get("/items/:id", |_, _, responder| responder.text(HELLO)),
    )
}

/// Has `count` requests of this path answered.
fn answer<S: Service>(service: &S, path: &str, count: usize) {
    let cx = Context { now: Instant::START, limits: &Limits::DEFAULT, date: None };
    let mut session = Session::<S>::new(&cx);
    let (mut store, mut out) = ([0; Limits::DEFAULT.store_bytes()], vec![0; 64 * 1024]);
    let environment = Environment::alone(out.len());
    let request = format!("GET {path} HTTP/1.1\r\nHost: example.org\r\n\r\n");
    for _ in 0..count {
        let input = black_box(request.as_bytes());
        let driven = session.drive(&cx, &environment, service, input, &mut store, &mut out);
        assert!(
            driven.taken == request.len() && out[..driven.written].ends_with(HELLO.as_bytes()),
            "{path} is answered"
        );
        session.handle_sent(&cx, driven.written, 0);
    }
}

fn look_up(path: &str, count: usize) {
    let mut router = matchit::Router::new();
    for (index, pattern) in PATHS.iter().enumerate() {
        let pattern: String = pattern.split('/').map(braces).collect::<Vec<_>>().join("/");
        assert!(router.insert(pattern, index).is_ok(), "the routes are sound");
    }
    for _ in 0..count {
        let found = router.at(black_box(path));
        assert_eq!(found.map(|found| *found.value), Ok(4), "{path} is found");
    }
}

/// A parameter as matchit writes it.
fn braces(segment: &str) -> String {
    match segment.split_at_checked(1) {
        Some((":", name)) => format!("{{{name}}}"),
        Some(("*", name)) => format!("{{*{name}}}"),
        _ => segment.to_owned(),
    }
}
