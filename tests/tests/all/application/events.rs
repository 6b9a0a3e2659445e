//! Server-sent events: whole, in time, kept alive, and ended by either side.

use core::cell::Cell;
use core::convert::Infallible;

use proptest::collection::vec;
use proptest::prelude::*;
use wirenut::http::service::{Event, Service, Topic, Wakers, routes};
use wirenut::time::Duration;
use wirenut_tests::pair::{Pair, Setup};
use wirenut_tests::responses;
use wirenut_tests::wire::bytes;

use super::{limits, setups};

const SECOND: Duration = Duration::from_secs(1);

#[derive(Default)]
struct News {
    said: Cell<u32>,
    asked: Cell<u32>,
    left: Cell<u32>,
    wakers: Wakers<4>,
}

struct Guest<'n>(&'n News);

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        self.0.left.set(self.0.left.get() + 1);
    }
}

fn app(news: &News) -> impl Service<Source = Infallible> + use<'_> {
    routes!(
        news,
        get("/ticks", |_, _, responder| {
            let mut tick = 0;
            responder.events(move |_, events| {
                events.send(format_args!("tick {tick}\nof a clock"))?;
                tick += 1;
                match tick {
                    3 => events.end(),
                    _ => events.wait(SECOND),
                }
                Ok(())
            })
        }),
        get("/news", |news: &'_ News, _, responder| {
            let (guest, mut heard) = (Guest(news), 0);
            responder.events(move |_, events| {
                let news = { &guest }.0;
                news.asked.set(news.asked.get() + 1);
                if events.is_last() {
                    return events.send("bye");
                }
                while heard < news.said.get() {
                    events.send_event(
                        &Event::new(heard).with_name("said").with_id(&heard).with_retry(Duration::from_secs(2)),
                    )?;
                    heard += 1;
                }
                assert!(news.wakers.add(&events.waker()));
                Ok(())
            })
        }),
        get("/large", |_, _, responder| responder.events(|_, events| events.send("x".repeat(1000)))),
        get("/wrong", |_, _, responder| responder
            .events(|_, events| events.send_event(&Event::new("").with_name("a\nb")))),
    )
}

fn begin<'n>(news: &'n News, setup: Setup, path: &str) -> Pair<impl Service<Source = Infallible> + use<'n>> {
    let mut pair = Pair::new(setup, app(news));
    pair.send(&bytes(&format!("GET {path} HTTP/1.1↵Host: a↵↵")));
    pair
}

/// The text of all events up to now.
fn text<S: Service>(pair: &Pair<S>) -> String {
    let mut output = pair.output.clone();
    if !output.ends_with(b"\r\n0\r\n\r\n") {
        output.extend(b"0\r\n\r\n");
    }
    let (response, _) = responses::read("GET", &output);
    assert_eq!(response.field("Content-Type"), Some(&b"text/event-stream"[..]));
    String::from_utf8(response.body).unwrap()
}

fn is_ended<S: Service>(pair: &Pair<S>) -> bool {
    pair.output.ends_with(b"0\r\n\r\n")
}

#[test]
fn events_come_by_time_and_end() {
    for setup in setups() {
        let news = News::default();
        let mut pair = begin(&news, setup, "/ticks");
        let tick = |number| format!("data: tick {number}\ndata: of a clock\n\n");
        assert_eq!(text(&pair), tick(0));
        pair.pass(Duration::from_millis(999));
        assert_eq!(text(&pair), tick(0));
        pair.pass(Duration::from_millis(1));
        assert_eq!(text(&pair), tick(0) + &tick(1));
        assert!(!is_ended(&pair));
        pair.pass(SECOND);
        assert_eq!(text(&pair), tick(0) + &tick(1) + &tick(2));
        assert!(is_ended(&pair) && pair.session.is_idle());
    }
}

#[test]
fn events_come_when_woken_and_not_otherwise() {
    let news = News::default();
    let mut pair = begin(&news, Setup::with_limits(limits()), "/news");
    assert_eq!((text(&pair).as_str(), news.asked.get()), ("", 1));
    (0..5).for_each(|_| pair.drive());
    assert_eq!(news.asked.get(), 1, "nothing has happened");
    news.said.set(1);
    news.wakers.wake();
    pair.drive();
    assert_eq!(text(&pair), "event: said\nid: 0\nretry: 2000\ndata: 0\n\n");
    assert_eq!(news.asked.get(), 2);
}

#[test]
fn what_has_no_room_comes_when_there_is() {
    for setup in setups() {
        let news = News::default();
        news.said.set(50);
        let mut pair = begin(&news, setup, "/news");
        let all: String = (0..50).map(|n| format!("event: said\nid: {n}\nretry: 2000\ndata: {n}\n\n")).collect();
        assert_eq!(text(&pair), all);
        pair.peer_reads = false;
        news.said.set(100);
        news.wakers.wake();
        pair.drive();
        pair.peer_reads = true;
        pair.take_output(usize::MAX);
        let all: String = (0..100).map(|n| format!("event: said\nid: {n}\nretry: 2000\ndata: {n}\n\n")).collect();
        assert_eq!(text(&pair), all);
    }
}

#[test]
fn a_silent_stream_is_kept_alive() {
    let news = News::default();
    let mut pair = begin(&news, Setup::with_limits(limits()), "/news");
    pair.pass(Duration::from_secs(14));
    assert_eq!(text(&pair), "");
    pair.pass(SECOND);
    assert_eq!(text(&pair), ":\n");
    pair.pass(Duration::from_secs(15));
    assert_eq!((text(&pair).as_str(), news.asked.get()), (":\n:\n", 1));
}

#[test]
fn a_wake_is_heard_that_comes_behind_the_time_of_a_comment_for_which_there_is_no_room() {
    let news = News::default();
    let mut limits = limits();
    limits.write.grace = Duration::from_secs(100);
    let mut pair = begin(&news, Setup { capacity: 300, ..Setup::with_limits(limits) }, "/news");
    pair.peer_reads = false;
    for said in 1..=3 {
        news.said.set(said);
        news.wakers.wake();
        pair.drive();
    }
    pair.pass(Duration::from_secs(16));
    news.said.set(4);
    news.wakers.wake();
    pair.drive();
    pair.peer_reads = true;
    pair.take_output(usize::MAX);
    let all: String = (0..4).map(|n| format!("event: said\nid: {n}\nretry: 2000\ndata: {n}\n\n")).collect();
    assert_eq!(text(&pair), all);
}

#[test]
fn a_client_that_leaves_is_noticed() {
    let news = News::default();
    let mut pair = begin(&news, Setup::with_limits(limits()), "/news");
    assert_eq!(news.left.get(), 0);
    pair.put_end();
    pair.run();
    assert_eq!(news.left.get(), 1);
}

#[test]
fn a_drain_ends_the_stream_with_a_last_word() {
    let news = News::default();
    let mut pair = begin(&news, Setup::with_limits(limits()), "/news");
    pair.retire();
    assert_eq!(text(&pair), "data: bye\n\n");
    assert!(is_ended(&pair));
    assert_eq!(news.left.get(), 1);
}

#[test]
fn an_event_that_never_fits_and_a_name_of_two_lines_end_the_stream() {
    for path in ["/large", "/wrong"] {
        for setup in setups() {
            let news = News::default();
            let pair = begin(&news, setup, path);
            assert!(pair.is_over() && pair.errors.len() == 1, "{path}");
            assert!(!is_ended(&pair), "{path}: it must not look whole");
        }
    }
}

#[test]
fn a_topic_tells_its_followers_what_comes_and_of_much_the_last() {
    let topic = Topic::<u32, 4, 1>::new();
    let app = || {
        routes!(
            &topic,
            get("/all", |topic: &'_ Topic<u32, 4, 1>, _, responder| responder
                .events(topic.follow_from(0, |events, number, value| events.send(format_args!("{number}: {value}"))))),
            get("/new", |topic: &'_ Topic<u32, 4, 1>, _, responder| responder
                .events(topic.follow(|events, number, value| events.send(format_args!("{number}: {value}"))))),
        )
    };
    let begin = |path: &str| {
        let mut pair = Pair::new(Setup::with_limits(limits()), app());
        pair.send(&bytes(&format!("GET {path} HTTP/1.1↵Host: a↵↵")));
        pair
    };
    let lines =
        |numbers: core::ops::Range<u32>| numbers.map(|n| format!("data: {n}: {}\n\n", 10 * n)).collect::<String>();
    assert_eq!(topic.publish(0), 0);
    let (mut all, mut new) = (begin("/all"), begin("/new"));
    assert_eq!((text(&all), text(&new)), (lines(0..1), String::new()));
    topic.publish(10);
    all.drive();
    assert_eq!(text(&all), lines(0..2));
    // There was no place for it among those who are woken, so it looks.
    new.drive();
    assert_eq!(text(&new), "");
    new.pass(SECOND);
    assert_eq!(text(&new), lines(1..2));
    (2..12).for_each(|n| _ = topic.publish(10 * n));
    all.drive();
    assert_eq!(text(&all), lines(0..2) + &lines(8..12));
    assert_eq!(topic.next_number(), 12);
}

#[test]
fn a_number_that_a_topic_has_not_reached_is_not_waited_for() {
    let topic = Topic::<u32, 4, 4>::new();
    topic.publish(0);
    let app = routes!(
        &topic,
        get("/:from", |topic: &'_ Topic<u32, 4, 4>, request, responder| responder.events(
            topic.follow_from(request.param("from")?, |events, number, value| {
                events.send(format_args!("{number}: {value}"))
            })
        ))
    );
    for from in ["1", "2", "500", "18446744073709551615"] {
        let next = topic.next_number();
        let mut pair = Pair::new(Setup::with_limits(limits()), app);
        pair.send(&bytes(&format!("GET /{from} HTTP/1.1↵Host: a↵↵")));
        topic.publish(7);
        pair.drive();
        assert!(text(&pair).ends_with(&format!("data: {next}: 7\n\n")), "{from}");
    }
}

/// What may happen to a stream of events.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Published,
    Passed(u32),
    StopsReading,
    Reads(usize),
    TurnsForNothing,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        Just(Happening::Published),
        (1..16_000_u32).prop_map(Happening::Passed),
        Just(Happening::StopsReading),
        (1..200_usize).prop_map(Happening::Reads),
        Just(Happening::TurnsForNothing),
    ]
}

proptest! {
    #[test]
    fn each_event_comes_once_whenever_the_client_reads(happenings in vec(happening(), 0..60), setup in 0..3_usize) {
        let topic = Topic::<u32, 100, 1>::new();
        let app = routes!(&topic, get("/", |topic: &'_ Topic<u32, 100, 1>, _, responder| responder
            .events(topic.follow(|events, number, value| events.send(format_args!("{number}: {value}"))))));
        let mut setup = setups()[setup].clone();
        setup.limits.write.grace = Duration::from_secs(10_000);
        let mut pair = Pair::new(setup, app);
        pair.send(&bytes("GET / HTTP/1.1↵Host: a↵↵"));
        for happening in happenings {
            match happening {
                Happening::Published => _ = topic.publish(7),
                Happening::Passed(milliseconds) => pair.pass(Duration::from_millis(milliseconds.into())),
                Happening::StopsReading => pair.peer_reads = false,
                Happening::Reads(most) => pair.take_output(most),
                Happening::TurnsForNothing => pair.drive(),
            }
        }
        pair.peer_reads = true;
        pair.drive();
        pair.take_output(usize::MAX);
        pair.drive();
        let events: String = text(&pair).split_inclusive('\n').filter(|line| *line != ":\n").collect();
        let all: String = (0..topic.next_number()).map(|number| format!("data: {number}: 7\n\n")).collect();
        prop_assert_eq!(events, all);
    }
}
