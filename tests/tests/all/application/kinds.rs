//! The kinds of exchanges: content that comes, bodies that go, and answers that wait.

use core::cell::Cell;
use core::convert::Infallible;

use wirenut::http::service::{
    Either, Fixed, HandlerError, OrStatus, Pool, Readiness, Responder, Result, RoutedRequest, Service, collect, later,
    receive, routes,
};
use wirenut::http::{Response, Rule, Status};
use wirenut::time::Duration;
use wirenut_tests::every_split::every_split;
use wirenut_tests::pair::{Pair, Setup};
use wirenut_tests::wire::bytes;

use super::{ask, expect, limits, setups};

/// How often something was dropped.
#[derive(Debug, Default)]
struct Drops(Cell<u32>);

struct Guard<'d>(&'d Drops);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.0.set(self.0.0.get() + 1);
    }
}

static LARGE: [u8; 3000] = [b'x'; 3000];

fn double(content: &mut [u8], responder: &mut Responder<'_>) -> Result {
    let number: u32 = str::from_utf8(content).ok().and_then(|text| text.parse().ok()).or_status(Status::BAD_REQUEST)?;
    responder.text(&(2 * number).to_string())
}

/// Refuses who does not say who he is.
fn log_in(request: &RoutedRequest<'_>, responder: &mut Responder<'_>) -> Result<()> {
    if request.fields.get("authorization").is_some() {
        return Ok(());
    }
    let challenge = [wirenut::http::Field::new("WWW-Authenticate", "Basic realm=\"a\"")];
    responder.send(&Response::new(Status::UNAUTHORIZED).with_fields(&challenge), b"who?")?;
    Err(HandlerError::Answered)
}

fn app<'p, 'm>(pool: &'p Pool<'m, 1>, drops: &'p Drops) -> impl Service<Source = Infallible> + use<'p, 'm> {
    routes!(
        (pool, drops),
        put("/fixed", |_, request, _| collect(request, Fixed::<4>::new(), |_, content, responder| double(
            content, responder
        ))),
        put("/lent", |(pool, _): (&'p Pool<'m, 1>, &'p Drops), request, _| {
            collect(request, pool.lend()?, |_, content, responder| double(content, responder))
        }),
        put("/back", |_, request, _| {
            collect(request, Fixed::<300>::new(), |_, content, responder| {
                content.reverse();
                responder.send_all(Status::OK, "text/plain", content.to_vec())
            })
        }),
        post("/count", |(_, drops): (_, &'p Drops), _, _| {
            let take = |(count, _): &mut (usize, Guard<'_>), piece: &[u8]| {
                *count += piece.len();
                if *count > 9 { Err(Status::CONTENT_TOO_LARGE.into()) } else { Ok(()) }
            };
            Ok(receive((0, Guard(drops)), take, |_, (count, _), responder| responder.text(&count.to_string())))
        }),
        get("/large", |_, _, responder| responder.send_all(Status::OK, "text/plain", &LARGE)),
        get("/stream", |_, _, responder| {
            let mut left = 1000_usize;
            responder.stream(&Response::new(Status::OK).with_unknown_length(), move |place| {
                let filled = place.len().min(left);
                place[..filled].fill(b'y');
                left -= filled;
                Ok(filled)
            })
        }),
        get("/declared", |_, _, responder| {
            responder.stream(&Response::new(Status::OK).with_length(500), |place| {
                place.fill(b'z');
                Ok(place.len())
            })
        }),
        get("/short", |_, _, responder| responder.stream(&Response::new(Status::OK).with_length(5), |_| Ok(0))),
        get("/broken", |_, _, responder| {
            let response = Response::new(Status::OK).with_unknown_length();
            responder.stream(&response, |_| Err(Status::BAD_GATEWAY.into()))
        }),
        get("/either/:n", |_, request, responder| {
            Ok(match request.param::<u8>("n")? {
                0 => Either::Left(responder.text("zero")?),
                _ => Either::Right(responder.send_all(Status::OK, "text/plain", "more")?),
            })
        }),
        get("/option/:n", |_, request, responder| {
            if request.param::<u8>("n")? == 0 {
                responder.status(Status::NO_CONTENT)?;
                return Ok(None);
            }
            responder.send_all(Status::OK, "text/plain", "some").map(Some)
        }),
        get("/secret", |_, request, responder| {
            log_in(request, responder)?;
            responder.send_all(Status::OK, "text/plain", "secret")
        }),
        get("/elsewhere", |_, _, responder| responder.see_other("/large")),
        get("/injected", |_, _, responder| responder.see_other("/\r\nX: y")),
        post("/later/count", |_, _, responder| {
            let (mut asked, first) = (0, responder.now());
            Ok(later(move |_, _| {
                asked += 1;
                if asked < 4 {
                    return Ok(Readiness::Wait(Some(first.saturating_add(Duration::from_secs(asked)))));
                }
                let take = |count: &mut usize, piece: &[u8]| {
                    *count += piece.len();
                    Ok(())
                };
                Ok(Readiness::Ready(receive(0, take, |_, count: usize, responder: &mut Responder<'_>| {
                    responder.text(&count.to_string())
                })))
            }))
        }),
        post("/count/count", |_, _, _| {
            let nothing = |(): &mut (), _: &[u8]| Ok(());
            Ok(receive((), nothing, move |_, (), _| {
                Ok(receive((), nothing, |_, (), responder: &mut Responder<'_>| responder.text("both")))
            }))
        }),
        get("/later", |_, _, responder| {
            let until = responder.now().saturating_add(Duration::from_secs(2));
            Ok(later(move |_, responder| {
                if responder.now() < until {
                    return Ok(Readiness::Wait(Some(until)));
                }
                Ok(Readiness::Ready(responder.send_all(Status::OK, "text/plain", "late")?))
            }))
        }),
    )
}

/// Asks a service that has one buffer of four bytes.
fn check(line: &str, content: &str, code: u16, body: &str) {
    let fields = if content.is_empty() { "↵" } else { content };
    let request = format!("{line} HTTP/1.1↵Host: a↵{fields}");
    let leak: &'static mut [u8; 4] = Box::leak(Box::new([0; 4]));
    let pool = Pool::new([&mut leak[..]]);
    let drops = Drops::default();
    expect(|| app(&pool, &drops), &request, code, body);
    assert!(pool.lend().is_ok(), "the buffer has come back");
}

#[test]
fn content_is_collected_or_refused() {
    for path in ["/fixed", "/lent"] {
        for (content, code, body) in [
            ("Content-Length: 3↵↵123", 200, "246"),
            ("Content-Length: 4↵↵1234", 200, "2468"),
            ("Content-Length: 5↵↵12345", 413, "Content Too Large"),
            ("Transfer-Encoding: chunked↵↵1↵1↵2↵23↵0↵↵", 200, "246"),
            ("Transfer-Encoding: chunked↵↵4↵1234↵1↵5↵0↵↵", 413, "Content Too Large"),
            ("Content-Length: 2↵↵xx", 400, "Bad Request"),
            ("", 400, "Bad Request"),
        ] {
            check(&format!("PUT {path}"), content, code, body);
        }
    }
}

#[test]
fn content_may_be_answered_with_more_than_there_is_room_for() {
    let (content, reversed) = ("ab".repeat(150), "ba".repeat(150));
    check("PUT /back", &format!("Content-Length: 300↵↵{content}"), 200, &reversed);
}

#[test]
fn content_is_received_piece_by_piece() {
    check("POST /count", "Content-Length: 9↵↵123456789", 200, "9");
    check("POST /count", "Content-Length: 10↵↵1234567890", 413, "Content Too Large");
    check("POST /count", "", 200, "0");
}

#[test]
fn what_is_received_into_is_dropped_however_it_ends() {
    for (request, is_reset) in [
        ("POST /count HTTP/1.1↵Host: a↵Content-Length: 3↵↵123", false),
        ("POST /count HTTP/1.1↵Host: a↵Content-Length: 3↵↵12", true),
        ("POST /count HTTP/1.1↵Host: a↵Content-Length: 10↵↵1234567890", false),
    ] {
        let (pool, drops) = (Pool::new([]), Drops::default());
        let _: &Pool<'_, 0> = &pool;
        let pool = Pool::new([&mut []]);
        let mut pair = Pair::new(Setup::default(), app(&pool, &drops));
        pair.send(&bytes(request));
        assert_eq!(drops.0.get(), u32::from(!is_reset), "{request}");
        let _ = pair.finish();
        assert_eq!(drops.0.get(), 1, "{request}");
    }
}

#[test]
fn bodies_go_out_as_there_is_room() {
    check("GET /large", "", 200, str::from_utf8(&LARGE).unwrap());
    check("GET /stream", "", 200, &"y".repeat(1000));
    check("GET /declared", "", 200, &"z".repeat(500));
    check("HEAD /large", "", 200, "");
    check("HEAD /stream", "", 200, "");
}

#[test]
fn answers_of_two_kinds_and_early_ones() {
    check("GET /either/0", "", 200, "zero");
    check("GET /either/1", "", 200, "more");
    check("GET /option/0", "", 204, "");
    check("GET /option/1", "", 200, "some");
    check("GET /secret", "", 401, "who?");
    check("GET /secret", "Authorization: x↵↵", 200, "secret");
    check("GET /elsewhere", "", 303, "");
    check("GET /injected", "", 500, "");
}

#[test]
fn a_body_that_fails_is_cut() {
    for (path, rule) in [("/short", None), ("/broken", Some(Rule::Aborted))] {
        let (drops, pool) = (Drops::default(), Pool::new([&mut [][..]]));
        let mut pair = Pair::new(Setup::with_limits(limits()), app(&pool, &drops));
        pair.send(&bytes(&format!("GET {path} HTTP/1.1↵Host: a↵↵")));
        assert!(pair.is_over(), "{path}");
        assert_eq!(pair.errors.len(), 1, "{path}");
        if let Some(rule) = rule {
            assert_eq!(pair.errors[0].rule, rule, "{path}");
        }
        assert!(!pair.output.ends_with(b"0\r\n\r\n"), "{path}: it must not look whole");
    }
}

#[test]
fn an_answer_may_come_later() {
    for setup in setups() {
        let (drops, pool) = (Drops::default(), Pool::new([&mut [][..]]));
        let mut pair = Pair::new(setup, app(&pool, &drops));
        pair.send(&bytes("GET /later HTTP/1.1↵Host: a↵↵"));
        pair.pass(Duration::from_millis(1999));
        assert_eq!(pair.output, b"");
        pair.pass(Duration::from_millis(1));
        assert!(pair.output.ends_with(b"late"));
    }
}

#[test]
fn content_may_be_received_after_a_wait() {
    for (content, count) in [
        ("↵", "0"),
        ("Content-Length: 0↵↵", "0"),
        ("Content-Length: 3↵↵abc", "3"),
        ("Transfer-Encoding: chunked↵↵0↵↵", "0"),
        ("Transfer-Encoding: chunked↵↵3↵abc↵1↵d↵0↵X: y↵↵", "4"),
    ] {
        let request = bytes(&format!("POST /later/count HTTP/1.1↵Host: a↵{content}"));
        for setup in setups() {
            every_split(&request, |pieces| {
                let (drops, pool) = (Drops::default(), Pool::new([&mut [][..]]));
                let mut pair = Pair::new(setup.clone(), app(&pool, &drops));
                pieces.iter().for_each(|piece| {
                    pair.send(piece);
                    pair.pass(Duration::from_millis(5));
                });
                pair.pass(Duration::from_secs(3));
                assert!(String::from_utf8_lossy(&pair.output).ends_with(&format!("\r\n\r\n{count}")), "{content:?}");
            });
        }
    }
    // It is asked for once there is somebody who wants it.
    let (drops, pool) = (Drops::default(), Pool::new([&mut [][..]]));
    let mut pair = Pair::new(Setup::with_limits(limits()), app(&pool, &drops));
    pair.send(&bytes("POST /later/count HTTP/1.1↵Host: a↵Content-Length: 3↵Expect: 100-continue↵↵"));
    assert_eq!(pair.output, b"");
    pair.pass(Duration::from_secs(3));
    assert_eq!(pair.output, bytes("HTTP/1.1 100 Continue↵↵"));
    pair.send(b"abc");
    assert!(pair.output.ends_with(b"\r\n\r\n3"));
    check("POST /count/count", "", 200, "both");
    check("POST /count/count", "Content-Length: 1↵↵x", 200, "both");
}

#[test]
fn buffers_are_lent_once() {
    let mut buffer = [0; 4];
    let (drops, pool) = (Drops::default(), Pool::new([&mut buffer[..]]));
    let mut first = Pair::new(Setup::default(), app(&pool, &drops));
    first.send(&bytes("PUT /lent HTTP/1.1↵Host: a↵Content-Length: 2↵↵1"));
    let busy = ask(|| app(&pool, &drops), "PUT /lent HTTP/1.1↵Host: a↵Content-Length: 2↵↵11");
    assert_eq!(busy.code, 503);
    first.send(b"1");
    assert!(first.output.ends_with(b"22"));
    expect(|| app(&pool, &drops), "PUT /lent HTTP/1.1↵Host: a↵Content-Length: 2↵↵11", 200, "22");
}
