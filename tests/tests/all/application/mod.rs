//! Services made of handlers: what routes, and each kind of exchange, promise for every cut and every room.

mod compile_errors;
mod events;
mod kinds;
mod routes;

use wirenut::http::Limits;
use wirenut::http::service::Service;
use wirenut_tests::every_split::every_split;
use wirenut_tests::pair::{self, Setup};
use wirenut_tests::responses::{self, Response};
use wirenut_tests::wire::bytes;

/// As little room as a device has: no answer here needs more at once.
const RESERVE: u32 = 200;

fn limits() -> Limits {
    Limits { output_reserve: RESERVE, ..Limits::DEFAULT }
}

/// How much room there may be, call by call.
fn setups() -> [Setup; 3] {
    let setup = Setup::with_limits(limits());
    [
        Setup { capacity: 200, ..setup.clone() },
        Setup { capacity: 600, rooms: vec![1, 250, 0, 201], ..setup.clone() },
        Setup { capacity: 4096, ..setup },
    ]
}

/// What a service answers to one request, which must not depend on where it is cut, nor on the room.
fn ask<S: Service>(service: impl Fn() -> S, request: &str) -> Response {
    let method = request.split(' ').next().unwrap_or("");
    let mut answers = setups().map(|setup| {
        every_split(&bytes(request), |pieces| {
            let (outcome, _) = pair::run(&setup, service(), pieces, false);
            assert!(!outcome.is_in_flight, "{request}: no answer");
            responses::read(method, &outcome.output).0
        })
    });
    let [first, others @ ..] = &mut answers;
    for other in others {
        assert_eq!(other.body, first.body, "{request}: the room decides");
    }
    first.clone()
}

/// Asks, and looks at status and body.
#[track_caller]
fn expect<S: Service>(service: impl Fn() -> S, request: &str, code: u16, body: &str) -> Response {
    let response = ask(service, request);
    assert_eq!((response.code, str::from_utf8(&response.body).unwrap()), (code, body), "{request}");
    response
}
