//! The client's end.

use wirenut::http::state::{Side, State, Transition};
use wirenut::http::{
    Client, ClientConnection, ClientEvent, Context, Field, Method, Request, ResponseFraming, WriteError,
};
use wirenut::transport::Disposition;

use super::end::{End, Plays};
use super::{Changes, Meaning, at, check};

const GET: Request<'static> = Request::new(Method::Get, "/", "a");
const PUT: Request<'static> = Request::new(Method::Put, "/", "a");
const UPGRADE: [Field<'static>; 1] = [Field::new("Upgrade", "x")];
const REQUESTS: [Request<'static>; 9] = [
    GET,
    Request::new(Method::Head, "/", "a"),
    GET.closing(),
    GET.with_fields(&UPGRADE),
    PUT.with_length(2),
    PUT.with_unknown_length(),
    PUT.with_length(2).expecting_continue(),
    PUT.with_length(2).with_fields(&UPGRADE),
    Request::new(Method::Connect, "a:1", "a:1"),
];

/// As many requests wait as make a difference; one more is as one of them.
const DEPTH: usize = 2;

impl Plays for Client {
    const PEER: Side = Side::Server;
    const HEADS: usize = REQUESTS.len();
    const PEER_HEADS: &'static [&'static str] = &[
        "HTTP/1.1 100 \r\n\r\n",
        "HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 2\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 \r\n\r\n",
        "HTTP/1.1 413 \r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 \r\nContent-Length: 0\r\n\r\n",
        "HT",
    ];

    const WAITING: &'static [&'static str] = &["HT", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"];

    const ENDED: &'static [(Side, Transition)] =
        &[(Side::Client, Transition::Close), (Side::Server, Transition::Close)];

    fn new(cx: &Context<'_>) -> ClientConnection {
        ClientConnection::new(cx)
    }

    fn poll_transmit(connection: &mut ClientConnection, cx: &Context<'_>, out: &mut [u8]) -> usize {
        connection.poll_transmit(cx, out)
    }

    fn receive(end: &mut End<Self>) -> Meaning {
        let (before, cx) = (end.connection.clone(), at(end.now));
        let unread = end.unread.clone();
        let mut store = [0; 256];
        let Ok((mut used, event)) = end.connection.receive(&cx, &unread, &mut store) else {
            return Meaning::failure();
        };
        if let ClientEvent::Body(piece) = event {
            end.connection.take_body(&cx, piece.len());
            used += piece.len();
        }
        end.unread.drain(..used);
        match event {
            ClientEvent::Interim(_) => Meaning::only([(Side::Server, Transition::Interim)]),
            ClientEvent::Head(head) if head.body == ResponseFraming::Tunnel => {
                Meaning::only([(Side::Server, Transition::Switch), (Side::Client, Transition::Switch)])
            }
            ClientEvent::Head(head) => {
                let mut changes = vec![(Side::Server, Transition::Final)];
                if before.states().0 == State::SendBody && before.outstanding() == 1 {
                    // It answers the request whose body is on its way.
                    if before.unsent() == Some(0) {
                        changes.push((Side::Client, Transition::End));
                    } else if before.is_held() || head.status.code() >= 300 {
                        changes.push((Side::Client, Transition::Retire));
                    }
                }
                Meaning::only(changes)
            }
            ClientEvent::End(_) => {
                let mut changes = vec![(Side::Server, Transition::End)];
                if before.states().1 == State::SendBody {
                    changes.extend(settled(&end.connection, before.states().0));
                }
                Meaning::only(changes)
            }
            ClientEvent::Body(_) | ClientEvent::Paused => Meaning::none(),
            ClientEvent::NeedMore | ClientEvent::Closed => end.passed(&before, Ok(())),
        }
    }

    fn send_head(end: &mut End<Self>, number: usize, out: &mut [u8]) -> Option<Meaning> {
        let before = end.connection.clone();
        if before.outstanding() == DEPTH {
            return None;
        }
        let request = &REQUESTS[number];
        let result = end.connection.request(&at(end.now), request, out);
        let is_allowed = before.states().0.after(Side::Client, Transition::Request).is_some();
        assert!(is_allowed || matches!(result, Err(WriteError::Misuse(_))), "{result:?} of {before:?}");
        if result.is_err() {
            return Some(Meaning::Refusal);
        }
        let mut changes = vec![(Side::Client, Transition::Request)];
        if request.length == Some(0) {
            changes.push((Side::Client, Transition::End));
        }
        if before.outstanding() == 0 {
            changes.push((Side::Server, Transition::Request));
        }
        Some(Meaning::only(changes))
    }

    /// A body is thrown away where it is not wanted.
    fn may_send(connection: &ClientConnection) -> bool {
        connection.states().0.after(Side::Client, Transition::End).is_some() || connection.is_stopped()
    }

    fn finished(end: &End<Self>, before: &ClientConnection) -> Meaning {
        let (client, server) = before.states();
        if matches!(client, State::Idle | State::Done) {
            return Meaning::Refusal;
        }
        if before.is_stopped() {
            return Meaning::none();
        }
        let mut changes = vec![(Side::Client, Transition::End)];
        if server == State::Done {
            changes.extend(settled(&end.connection, State::Done));
        }
        Meaning::only(changes)
    }
}

/// Which changes follow once a response is complete.
fn settled(connection: &ClientConnection, client: State) -> Changes {
    let both = |change| vec![(Side::Client, change), (Side::Server, change)];
    match (connection.error(), connection.disposition(), connection.outstanding()) {
        (Some(_), ..) => both(Transition::Fail),
        (None, Disposition::Close, _) if client == State::MustClose => vec![(Side::Server, Transition::Retire)],
        (None, Disposition::Close, _) => both(Transition::Retire),
        (None, _, 0) if client == State::SendBody => vec![],
        (None, _, 0) => both(Transition::Persist),
        (None, ..) => vec![(Side::Server, Transition::Persist), (Side::Server, Transition::Request)],
    }
}

#[test]
fn the_clients_end_does_what_the_table_says() {
    check::<Client>(&[(
        Side::Client,
        State::SendBody,
        Transition::Switch,
        "it lets the server switch behind a whole request only",
    )]);
}
