//! The server's end.

use wirenut::http::state::{Side, State, Transition};
use wirenut::http::{Context, Field, Method, Misuse, Response, Server, ServerConnection, Status, WriteError};

use super::end::{End, Plays};
use super::{Changes, Meaning, at, check};

const OK: Response<'static> = Response::new(Status::OK);
const RESPONSES: [Response<'static>; 6] = [
    OK,
    OK.with_length(2),
    OK.with_unknown_length(),
    OK.closing(),
    Response::new(Status::EARLY_HINTS),
    Response::new(Status::SWITCHING_PROTOCOLS).with_fields(&[Field::new("Upgrade", "x")]),
];

impl Plays for Server {
    const PEER: Side = Side::Client;
    const HEADS: usize = RESPONSES.len();
    const PEER_HEADS: &'static [&'static str] = &[
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n",
        "GE",
    ];

    const WAITING: &'static [&'static str] = &["GE", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"];

    const ENDED: &'static [(Side, Transition)] = &[(Side::Client, Transition::Close)];

    fn new(cx: &Context<'_>) -> ServerConnection {
        ServerConnection::new(cx)
    }

    fn poll_transmit(connection: &mut ServerConnection, cx: &Context<'_>, out: &mut [u8]) -> usize {
        connection.poll_transmit(cx, out)
    }

    fn receive(end: &mut End<Self>) -> Meaning {
        use wirenut::http::ServerEvent::*;
        let (before, cx) = (end.connection.clone(), at(end.now));
        let unread = end.unread.clone();
        let mut store = [0; 256];
        let Ok((mut used, event)) = end.connection.receive(&cx, &unread, &mut store) else {
            return Meaning::failure();
        };
        if let Body(piece) = event {
            end.connection.take_body(&cx, piece.len());
            used += piece.len();
        }
        if let Head(head) = event {
            end.is_connect = head.method == Method::Connect;
        }
        end.unread.drain(..used);
        let both = |change| [(Side::Client, change), (Side::Server, change)];
        // How it comes to the next message, if it does.
        let whole = (Side::Client, Transition::End);
        let next: Changes = match before.states() {
            (State::Done, State::Done) => both(Transition::Persist).into(),
            (State::SendBody, State::Done) => [[whole].as_slice(), &both(Transition::Persist)].concat(),
            _ => vec![],
        };
        let closed = [&next[..], &[(Side::Client, Transition::Close)]].concat();
        match event {
            Head(_) => Meaning::only([&next[..], &both(Transition::Request)].concat()),
            End(_) => Meaning::only([whole]),
            Body(_) | Paused => Meaning::none(),
            NeedMore | Closed if next.is_empty() => end.passed(&before, Ok(())),
            NeedMore => Meaning::OneOf(vec![vec![], next, both(Transition::Retire).into()]),
            Closed => Meaning::OneOf(vec![closed, both(Transition::Retire).into()]),
        }
    }

    fn send_head(end: &mut End<Self>, number: usize, out: &mut [u8]) -> Option<Meaning> {
        let (before, response) = (end.pair(), &RESPONSES[number]);
        let result = end.connection.respond(&at(end.now), response, out);
        let change = match response.status.code() {
            101 => Transition::Switch,
            100..200 => Transition::Interim,
            200 if end.is_connect => Transition::Switch,
            _ => Transition::Final,
        };
        let is_allowed = before.1.after(Side::Server, change).is_some();
        assert!(is_allowed || result == Err(Misuse::NoRequest.into()), "{result:?} of {before:?}");
        Some(match result {
            Ok(_) if change == Transition::Switch => Meaning::only([(Side::Server, change), (Side::Client, change)]),
            Ok(_) => Meaning::only([(Side::Server, change)]),
            Err(WriteError::Full) => Meaning::Refusal,
            Err(WriteError::Misuse(misuse)) => {
                assert!(!is_allowed || misuse == Misuse::UpgradeNotRequested, "{misuse} of {before:?}");
                Meaning::failure()
            }
        })
    }

    fn may_send(connection: &ServerConnection) -> bool {
        connection.states().1.after(Side::Server, Transition::End).is_some()
    }

    fn finished(_: &End<Self>, _: &ServerConnection) -> Meaning {
        Meaning::only([(Side::Server, Transition::End)])
    }
}

#[test]
fn the_servers_end_does_what_the_table_says() {
    check::<Server>(&[
        (
            Side::Client,
            State::Done,
            Transition::Request,
            "the next head is not looked at before the response is complete",
        ),
        (Side::Server, State::Idle, Transition::Close, "how it ends itself is said by its disposition"),
    ]);
}
