//! Peers that go on for ever, or stop: each ends in bounded time, with little of it kept, and by the right rule.
//!
//! What a single deadline does is in [`time`](crate::time), what a bound does at its byte in the tables of cases. Here
//! a peer keeps just within both, or sends without end.

use wirenut::http::{ClientConnection, ClientEvent, Context, Error, Limits, Method, Request, Rule, Status};
use wirenut::time::{Duration, Instant, Pace};
use wirenut::transport::Disposition;
use wirenut_tests::pair::{Pair, Setup};
use wirenut_tests::recorder::Recorder;
use wirenut_tests::responses;
use wirenut_tests::wire::bytes;

const SECOND: Duration = Duration::from_secs(1);

/// Ten bytes a second, and ten seconds ahead.
const PACE: Pace = Pace { grace: Duration::from_secs(10), per_byte: Duration::from_millis(100) };
const LIMITS: Limits = Limits { body_bytes: 2_000, body: PACE, write: PACE, ..Limits::DEFAULT };

const GET: &str = "GET / HTTP/1.1↵Host: a↵↵";
const CHUNKED: &str = "POST / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵";

/// No peer here lives longer.
const MAX_STEPS: usize = 100_000;

fn pair() -> Pair<Recorder> {
    Pair::new(Setup::with_limits(LIMITS), Recorder::default())
}

/// What came of a peer that goes on.
#[derive(PartialEq, Eq, Debug)]
struct End {
    rule: Option<Rule>,
    /// The last answer.
    code: u16,
    /// The pieces that it sent.
    pieces: usize,
    /// The most bytes of it that waited to be taken.
    kept: usize,
}

/// Sends `beginning`, and then `piece` again and again, each after `pause`, until the connection takes no more.
fn go_on(beginning: &str, piece: &str, pause: Duration) -> End {
    let (mut pair, piece) = (pair(), bytes(piece));
    pair.send(&bytes(beginning));
    let (mut pieces, mut kept) = (0, 0);
    while pair.session.disposition() == Disposition::Open && pair.errors.is_empty() {
        assert!(pieces < MAX_STEPS, "a peer without end");
        if pause > Duration::default() {
            pair.pass(pause);
        }
        if pair.errors.is_empty() && !pair.is_over() {
            pair.send(&piece);
            pieces += 1;
            kept = kept.max(pair.untaken());
        }
    }
    let code = responses::read_all(&[], &pair.output).last().map_or(0, |response| response.code);
    End { rule: pair.errors.first().map(|error| error.rule), code, pieces, kept }
}

#[track_caller]
fn ends(beginning: &str, piece: &str, pause: Duration, rule: Rule, pieces: usize, most_kept: usize) {
    let end = go_on(beginning, piece, pause);
    let code = rule.status().map_or(0, Status::code);
    assert_eq!((end.rule, end.code, end.pieces), (Some(rule), code, pieces));
    assert!(end.kept <= most_kept, "{} bytes kept", end.kept);
}

#[test]
fn what_has_no_end_is_refused_at_its_bound_however_fast_it_comes() {
    let now = Duration::default();
    let head = LIMITS.head_bytes as usize;
    ends("", "a", now, Rule::MethodTooLong, head + 1, head);
    ends("GET ", "/", now, Rule::RequestLineTooLong, head - 3, head);
    ends("GET / HTTP/1.1↵", "a", now, Rule::HeadTooLarge, head - 15, head);
    ends("GET / HTTP/1.1↵", "a:↵", now, Rule::TooManyFields, 101, head);
    // Empty lines before a request are thrown away as they come, and few of them.
    ends("", "↵", now, Rule::InvalidMethod, 5, 0);
    ends(GET, "↵", now, Rule::InvalidMethod, 5, 0);
    // Nothing of a chunk-size line is kept.
    ends(CHUNKED, "0", now, Rule::ChunkLineTooLong, 257, 0);
    ends(&format!("{CHUNKED}1;a=\""), "b", now, Rule::ChunkLineTooLong, 252, 0);
    ends(CHUNKED, "1↵a↵", now, Rule::BodyTooLarge, 2_001, 0);
    // Trailers are bounded by their bytes, so their number is.
    let trailers = LIMITS.trailer_bytes as usize;
    ends(&format!("{CHUNKED}0↵"), "a", now, Rule::TrailersTooLarge, trailers + 1, trailers);
    ends(&format!("{CHUNKED}0↵"), "a:↵", now, Rule::TooManyFields, 101, trailers);
}

#[test]
fn what_comes_byte_by_byte_has_its_time_as_a_whole() {
    for beginning in ["G", "GET / HTTP/1.1↵", "GET / HTTP/1.1↵Host: "] {
        ends(beginning, "a", SECOND, Rule::HeadTimeout, 19, 64);
    }
    // The grace of content, and nothing that buys more.
    for beginning in ["", "1;a=", "1;a=\"", "0↵", "0↵a: "] {
        let kept = if beginning.starts_with('0') { 16 } else { 0 };
        ends(&format!("{CHUNKED}{beginning}"), "0", SECOND, Rule::BodyTimeout, 9, kept);
    }
}

#[test]
fn empty_lines_buy_no_time() {
    // The fifth line would be one too many.
    let pause = Duration::from_secs(6);
    let end = go_on("", "↵", pause);
    assert_eq!(end, End { rule: None, code: 0, pieces: 3, kept: 0 });
    let end = go_on(GET, "↵", Duration::from_secs(25));
    assert_eq!(end, End { rule: None, code: 200, pieces: 2, kept: 0 });
}

#[test]
fn only_content_keeps_the_pace() {
    // Ten chunks of one byte in a second are at the pace: for as long as content may be.
    let tenth = Duration::from_millis(100);
    ends(CHUNKED, "1↵a↵", tenth, Rule::BodyTooLarge, 2_001, 0);
    // One is not, however much stands beside it: nine tenths of a second are lost with each.
    let extended = format!("1;a={}↵a↵", "b".repeat(200));
    ends(CHUNKED, &extended, SECOND, Rule::BodyTimeout, 10, 0);
}

#[test]
fn who_asks_for_a_100_and_sends_nothing_is_not_waited_for() {
    let mut pair = pair();
    pair.send(&bytes("POST / HTTP/1.1↵Host: a↵Expect: 100-continue↵Content-Length: 5↵↵"));
    pair.pass(PACE.grace);
    let codes: Vec<_> = responses::read_all(&[], &pair.output).iter().map(|response| response.code).collect();
    assert_eq!((codes, pair.session.disposition()), (vec![100, 408], Disposition::ShutdownWrite));
}

#[test]
fn who_sends_without_end_behind_an_early_answer_is_cut_off() {
    let limits = Limits { discard_bytes: 100, ..LIMITS };
    let mut pair = Pair::new(Setup::with_limits(limits), Recorder::default());
    pair.send(&bytes("POST /early HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵"));
    let mut seconds = 0;
    while !pair.is_over() {
        pair.send(&[b"32\r\n", &[b'x'; 50][..], b"\r\n"].concat());
        assert_eq!(pair.untaken(), 0);
        pair.pass(SECOND);
        seconds += 1;
    }
    // The third chunk, after two seconds, is too much; then the connection lingers.
    assert_eq!((seconds, pair.session.disposition(), pair.errors.len()), (2 + 5, Disposition::Close, 0));
}

#[test]
fn who_pipelines_and_takes_no_answer_fills_one_buffer_and_is_cut_off() {
    let mut pair = pair();
    pair.peer_reads = false;
    pair.put(&bytes(GET).repeat(10_000));
    pair.run();
    let (answered, written) = (pair.service().methods().len(), pair.output.len());
    assert!(written <= 1024 && answered <= written / 40, "{answered} answers of {written} bytes");
    assert!(!pair.session.is_readable(), "what comes stays with the transport");
    pair.pass(PACE.grace);
    assert_eq!(pair.errors.iter().map(|error| error.rule).collect::<Vec<_>>(), [Rule::WriteTimeout]);
    assert_eq!(pair.session.disposition(), Disposition::Cut);
    assert_eq!(pair.service().methods().len(), answered);
}

/// All that the output buffer holds buys less time than the grace.
#[test]
fn who_empties_a_small_buffer_now_and_then_is_cut_off() {
    // A hundred bytes a second, of which it takes 25.
    let write = Pace { grace: Duration::from_secs(10), per_byte: Duration::from_millis(10) };
    let setup = Setup { capacity: 250, ..Setup::with_limits(Limits { write, ..LIMITS }) };
    let mut pair = Pair::new(setup, Recorder::default());
    pair.peer_reads = false;
    pair.send(&bytes("GET /big HTTP/1.1↵Host: a↵↵"));
    for _ in 0..10 {
        pair.pass(Duration::from_millis(9_900));
        pair.take_output(250);
    }
    let rules: Vec<_> = pair.errors.iter().map(|error| error.rule).collect();
    assert_eq!((rules, pair.session.disposition()), (vec![Rule::WriteTimeout], Disposition::Cut));
}

#[test]
fn who_ends_its_direction_is_answered_and_let_go() {
    for (beginning, rule, code) in [
        ("", None, 0),
        ("↵", None, 0),
        ("G", Some(Rule::Truncated), 400),
        ("GET / HTTP/1.1↵Host: a↵", Some(Rule::Truncated), 400),
        (GET, None, 200),
        ("GET / HTTP/1.1↵Host: a↵↵↵", None, 200),
        ("POST / HTTP/1.1↵Host: a↵Content-Length: 5↵↵hell", Some(Rule::Truncated), 400),
        ("POST / HTTP/1.1↵Host: a↵Transfer-Encoding: chunked↵↵0↵", Some(Rule::Truncated), 400),
        ("POST / HTTP/1.1↵Host: a↵Expect: 100-continue↵Content-Length: 5↵↵", Some(Rule::Truncated), 400),
        ("POST /early HTTP/1.1↵Host: a↵Content-Length: 5↵↵", Some(Rule::Truncated), 200),
    ] {
        let mut pair = pair();
        pair.put(&bytes(beginning));
        pair.put_end();
        pair.run();
        let answers = responses::read_all(&[], &pair.output);
        let last = answers.last().map_or(0, |response| response.code);
        assert_eq!((pair.errors.first().map(|error| error.rule), last), (rule, code), "{beginning}");
        assert_eq!((pair.session.disposition(), pair.next_timeout()), (Disposition::Close, None), "{beginning}");
    }
}

#[test]
fn who_ends_its_direction_and_takes_no_answer_is_cut_off() {
    let mut pair = pair();
    pair.peer_reads = false;
    pair.put(&bytes("GET /big HTTP/1.1↵Host: a↵↵"));
    pair.put_end();
    pair.run();
    assert_eq!(pair.session.disposition(), Disposition::Open);
    pair.pass(PACE.grace);
    assert_eq!(pair.errors.iter().map(|error| error.rule).collect::<Vec<_>>(), [Rule::WriteTimeout]);
    assert_eq!(pair.session.disposition(), Disposition::Cut);
}

/// What came of a server that goes on: the rule, the pieces that it sent, the most bytes of it that waited to be taken,
/// and how long it took.
struct ClientEnd {
    rule: Rule,
    pieces: usize,
    kept: usize,
    time: Duration,
}

/// As [`go_on`], from a server to a client that has asked.
fn client_goes_on(beginning: &str, piece: &str, pause: Duration) -> ClientEnd {
    let cx = |now| Context { now, limits: &LIMITS, date: None };
    let (mut now, piece) = (Instant::START, bytes(piece));
    let mut connection = ClientConnection::new(&cx(now));
    let request = Request::new(Method::Get, "/", "a");
    connection.request(&cx(now), &request, &mut [0; 256]).expect("a request");
    let mut unread = bytes(beginning);
    let mut store = vec![0; LIMITS.store_bytes()];
    let (mut pieces, mut kept) = (0, 0);
    let error = loop {
        if let Err(error) = take_all(&mut connection, &cx(now), &mut unread, &mut store) {
            break error;
        }
        kept = kept.max(unread.len() + connection.stored());
        let next = now.saturating_add(pause);
        if let Some(due) = connection.poll_timeout(now).filter(|due| *due <= next && next > now) {
            now = due;
            if let Err(error) = connection.handle_timeout(&cx(now)) {
                break error;
            }
        }
        now = next;
        assert!(pieces < MAX_STEPS, "a server without end");
        unread.extend(&piece);
        pieces += 1;
    };
    ClientEnd { rule: error.rule, pieces, kept, time: now.saturating_since(Instant::START) }
}

/// Takes what is there.
fn take_all(
    connection: &mut ClientConnection,
    cx: &Context<'_>,
    unread: &mut Vec<u8>,
    store: &mut [u8],
) -> Result<(), Error> {
    loop {
        let (mut used, event) = connection.receive(cx, unread, store)?;
        let is_over = match event {
            ClientEvent::Body(body) => {
                used += body.len();
                connection.take_body(cx, body.len());
                false
            }
            ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Closed => true,
            ClientEvent::Interim(_) | ClientEvent::Head(_) | ClientEvent::End(_) => false,
        };
        unread.drain(..used);
        if is_over {
            return Ok(());
        }
    }
}

#[track_caller]
fn client_ends(beginning: &str, piece: &str, pause: Duration, rule: Rule, pieces: usize, most_kept: usize) {
    let end = client_goes_on(beginning, piece, pause);
    assert_eq!((end.rule, end.pieces), (rule, pieces));
    assert!(end.kept <= most_kept, "{} bytes kept", end.kept);
}

const ANSWER: &str = "HTTP/1.1 200 OK↵";
const CHUNKED_ANSWER: &str = "HTTP/1.1 200 OK↵Transfer-Encoding: chunked↵↵";

#[test]
fn a_client_refuses_what_has_no_end_at_its_bound() {
    let now = Duration::default();
    let head = LIMITS.head_bytes as usize;
    client_ends("HTTP/1.1 200 ", "a", now, Rule::HeadTooLarge, head - 12, head);
    client_ends(ANSWER, "a", now, Rule::HeadTooLarge, head - 16, head);
    client_ends(ANSWER, "a:↵", now, Rule::TooManyFields, 101, head);
    // Interim responses count as fields.
    client_ends("", "HTTP/1.1 103 ↵↵", now, Rule::TooManyFields, 101, 0);
    client_ends(CHUNKED_ANSWER, "0", now, Rule::ChunkLineTooLong, 257, 0);
    client_ends(&format!("{CHUNKED_ANSWER}1;a=\""), "b", now, Rule::ChunkLineTooLong, 252, 0);
    client_ends(CHUNKED_ANSWER, "1↵a↵", now, Rule::BodyTooLarge, 2_001, 0);
    client_ends(&format!("{ANSWER}↵"), "a", now, Rule::BodyTooLarge, 2_001, 0);
    let trailers = LIMITS.trailer_bytes as usize;
    client_ends(&format!("{CHUNKED_ANSWER}0↵"), "a:↵", now, Rule::TooManyFields, 101, trailers);
}

#[test]
fn a_client_gives_what_comes_byte_by_byte_its_time_as_a_whole() {
    for beginning in ["HTTP/1.1 200 ", ANSWER] {
        client_ends(beginning, "a", SECOND, Rule::HeadTimeout, 19, 64);
    }
    for beginning in ["", "1;a=", "0↵a: "] {
        client_ends(&format!("{CHUNKED_ANSWER}{beginning}"), "0", SECOND, Rule::BodyTimeout, 9, 16);
    }
    // An answer without a length, at a tenth of the pace.
    client_ends(&format!("{ANSWER}↵"), "a", SECOND, Rule::BodyTimeout, 10, 0);
}

#[test]
fn a_client_is_not_kept_for_ever_by_interim_responses() {
    // Each comes just in time, so all that bounds them is their number.
    let pause = Duration::from_secs(59);
    let end = client_goes_on("", "HTTP/1.1 103 ↵↵", pause);
    assert_eq!((end.rule, end.pieces, end.kept), (Rule::TooManyFields, 101, 0));
    assert!(end.time <= LIMITS.response.saturating_mul(101));
    // The time for the first byte of one is not that of the rest of it.
    client_ends("HTTP/1.1 103 ↵↵HTTP/1.1 200 ", "a", SECOND, Rule::HeadTimeout, 19, 64);
}
