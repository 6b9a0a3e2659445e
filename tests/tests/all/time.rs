//! Deadlines, kept to the microsecond by a virtual clock.

use wirenut::http::{Limits, Rule};
use wirenut::time::{Duration, Instant, Pace};
use wirenut::transport::Disposition;
use wirenut_tests::pair::{Pair, Setup};
use wirenut_tests::recorder::Recorder;
use wirenut_tests::responses;
use wirenut_tests::wire::bytes;

const GET: &str = "GET / HTTP/1.1↵Host: a↵↵";
const MICROSECOND: Duration = Duration::from_micros(1);

const LIMITS: Limits = Limits {
    head: Duration::from_secs(20),
    idle: Duration::from_secs(60),
    linger: Duration::from_secs(5),
    body: Pace { grace: Duration::from_secs(10), per_byte: Duration::from_millis(100) },
    write: Pace { grace: Duration::from_secs(10), per_byte: Duration::from_millis(100) },
    ..Limits::DEFAULT
};

fn pair() -> Pair<Recorder> {
    Pair::new(Setup::with_limits(LIMITS), Recorder::default())
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Lets all but the last microsecond of `span` pass, in which nothing happens, and then that one.
fn pass_exactly(pair: &mut Pair<Recorder>, span: Duration) {
    pair.pass(Duration::from_micros(span.as_micros() - 1));
    assert_eq!((pair.session.disposition(), pair.errors.len()), (Disposition::Open, 0), "too early");
    pair.pass(MICROSECOND);
}

fn rules(pair: &Pair<Recorder>) -> Vec<Rule> {
    pair.errors.iter().map(|error| error.rule).collect()
}

fn codes(pair: &Pair<Recorder>) -> Vec<u16> {
    responses::read_all(&[], &pair.output).iter().map(|response| response.code).collect()
}

#[test]
fn a_silent_peer_is_closed_without_a_word() {
    let mut pair = pair();
    pass_exactly(&mut pair, LIMITS.head);
    assert_eq!((pair.session.disposition(), rules(&pair), pair.output.len()), (Disposition::Close, vec![], 0));
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let mut pair = pair();
    pair.pass(seconds(3));
    pair.send(&bytes(GET));
    let answered = pair.output.len();
    pass_exactly(&mut pair, LIMITS.idle);
    assert_eq!((pair.session.disposition(), rules(&pair)), (Disposition::Close, vec![]));
    assert_eq!(pair.output.len(), answered);
}

#[test]
fn a_slow_head_is_answered_408_however_often_bytes_come() {
    let mut pair = pair();
    pair.pass(seconds(19));
    let text = bytes("GET /slow-loris HTTP/1.1");
    for byte in &text[..19] {
        pair.send(&[*byte]);
        pair.pass(seconds(1));
    }
    pass_exactly(&mut pair, seconds(1));
    assert_eq!((rules(&pair), codes(&pair)), (vec![Rule::HeadTimeout], vec![408]));
    assert_eq!((pair.errors[0].offset, pair.session.disposition()), (19, Disposition::ShutdownWrite));
    pair.pass(LIMITS.linger);
    assert_eq!(pair.session.disposition(), Disposition::Close);
}

#[test]
fn the_second_head_has_its_time_from_its_own_first_byte() {
    let mut pair = pair();
    pair.send(&bytes(GET));
    pair.pass(seconds(59));
    pair.send(b"G");
    pass_exactly(&mut pair, LIMITS.head);
    assert_eq!((rules(&pair), codes(&pair)), (vec![Rule::HeadTimeout], vec![200, 408]));
}

#[test]
fn content_that_stops_is_answered_408() {
    let mut pair = pair();
    pair.send(&bytes("POST / HTTP/1.1↵Host: a↵Content-Length: 100↵↵"));
    pass_exactly(&mut pair, seconds(10));
    assert_eq!((rules(&pair), codes(&pair)), (vec![Rule::BodyTimeout], vec![408]));
}

#[test]
fn each_byte_of_content_buys_its_time_and_no_more_than_the_grace() {
    let mut pair = pair();
    pair.send(&bytes("POST / HTTP/1.1↵Host: a↵Content-Length: 1000↵↵"));
    // Ten bytes a second are the pace.
    for _ in 0..60 {
        pair.pass(seconds(1));
        pair.send(&[b'x'; 10]);
    }
    assert_eq!(rules(&pair), []);
    // Half of it: half a second is lost in each, so the grace lasts for twenty.
    let mut steps = 0;
    while rules(&pair).is_empty() {
        pair.pass(seconds(1));
        pair.send(&[b'x'; 5]);
        steps += 1;
    }
    assert_eq!((rules(&pair), steps), (vec![Rule::BodyTimeout], 19));
}

#[test]
fn who_waits_for_the_service_is_not_charged() {
    let mut pair = pair();
    pair.send(&bytes("POST /never HTTP/1.1↵Host: a↵Content-Length: 100↵↵x"));
    assert_eq!((pair.session.poll_timeout(pair.now()), pair.session.is_readable()), (None, false));
    pair.pass(seconds(1_000_000));
    assert_eq!(rules(&pair), []);
    pair.session.wake();
    pair.run();
    assert_eq!(pair.session.poll_timeout(pair.now()), Some(pair.now().saturating_add(Duration::from_millis(10_000))));
}

#[test]
fn a_named_time_is_kept() {
    let mut pair = pair();
    pair.pass(seconds(7));
    pair.send(&bytes("GET /wait HTTP/1.1↵Host: a↵↵"));
    assert_eq!(pair.session.poll_timeout(pair.now()), Some(Instant::from_micros(8_000_000)));
    pair.pass(seconds(1));
    assert_eq!(codes(&pair), [200]);
}

#[test]
fn who_takes_no_response_is_cut_off() {
    let mut pair = pair();
    pair.peer_reads = false;
    pair.send(&bytes("GET /big HTTP/1.1↵Host: a↵↵"));
    pass_exactly(&mut pair, seconds(10));
    assert_eq!((rules(&pair), pair.session.disposition()), (vec![Rule::WriteTimeout], Disposition::Cut));
    assert_eq!(pair.closed().len(), 1);
}

#[test]
fn who_takes_a_response_slowly_is_cut_off_and_at_the_pace_is_not() {
    for (bytes_per_second, survives) in [(10, true), (5, false)] {
        let mut pair = pair();
        pair.peer_reads = false;
        pair.send(&bytes("GET /big HTTP/1.1↵Host: a↵↵"));
        for _ in 0..100 {
            pair.pass(seconds(1));
            if !pair.is_over() {
                pair.take_output(bytes_per_second);
            }
        }
        assert_eq!(rules(&pair).is_empty(), survives, "{bytes_per_second} bytes per second");
    }
}

#[test]
fn lingering_begins_when_the_answer_is_sent_and_is_bounded() {
    let mut pair = pair();
    pair.peer_reads = false;
    pair.send(&bytes("GET / HTTP/1.1↵↵"));
    assert_eq!(pair.session.disposition(), Disposition::ShutdownWrite);
    pair.pass(seconds(8));
    pair.take_output(1_000);
    for _ in 0..4 {
        pair.pass(seconds(1));
        pair.send(b"never ending");
        assert_eq!(pair.untaken(), 0);
    }
    pair.pass(Duration::from_millis(999));
    assert_eq!(pair.session.disposition(), Disposition::ShutdownWrite);
    pair.pass(Duration::from_millis(1));
    assert_eq!((pair.session.disposition(), pair.session.poll_timeout(pair.now())), (Disposition::Close, None));
}

#[test]
fn a_host_that_was_away_finds_one_deadline_and_no_loop() {
    for text in ["", "G", GET, "POST / HTTP/1.1↵Host: a↵Content-Length: 5↵↵x", "GET /wait HTTP/1.1↵Host: a↵↵", "↵"]
    {
        let mut pair = pair();
        pair.send(&bytes(text));
        for _ in 0..4 {
            if pair.next_timeout().is_some() {
                pair.jump(seconds(100_000));
                pair.time_out();
            }
        }
        assert!(pair.is_over() && pair.session.poll_timeout(pair.now()).is_none(), "{text}");
    }
}

#[test]
fn a_100_is_said_when_it_is_waited_for() {
    let mut pair = pair();
    let head = bytes("POST / HTTP/1.1↵Host: a↵Content-Length: 5↵Expect: 100-continue↵↵");
    pair.send(&head);
    assert_eq!(pair.output, b"HTTP/1.1 100 Continue\r\n\r\n");
    pair.send(b"he");
    pair.send(b"llo");
    assert_eq!(codes(&pair), [100, 200]);
    // Not when the content is there, nor when the answer does not wait for it: then nobody knows whether it comes.
    let mut pair = self::pair();
    pair.send(&[&head[..], b"hello"].concat());
    assert_eq!(codes(&pair), [200]);
    let mut pair = self::pair();
    pair.send(&bytes("POST /early HTTP/1.1↵Host: a↵Content-Length: 5↵Expect: 100-continue↵↵"));
    assert_eq!((codes(&pair), pair.session.disposition()), (vec![200], Disposition::ShutdownWrite));
}

#[test]
fn a_retired_connection_ends_when_it_may() {
    let mut idle = pair();
    idle.send(&bytes(GET));
    idle.retire();
    assert_eq!((idle.session.disposition(), rules(&idle)), (Disposition::Close, vec![]));
    let mut busy = pair();
    busy.send(&bytes("POST / HTTP/1.1↵Host: a↵Content-Length: 5↵↵"));
    busy.retire();
    assert_eq!(busy.session.disposition(), Disposition::Open);
    busy.send(b"hello");
    let responses = responses::read_all(&[], &busy.output);
    assert_eq!((responses[0].code, responses[0].field("connection")), (200, Some(&b"close"[..])));
    assert_eq!(busy.session.disposition(), Disposition::ShutdownWrite);
}
