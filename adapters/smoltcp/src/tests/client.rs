//! The client, asking the server of the world.

use alloc::boxed::Box;
use alloc::vec::Vec;

use smoltcp::socket::tcp::State;
use wirenut::http::{ClientEvent, Error, FieldFilter, Limits, Method, Misuse, Request, Rule, Status, WriteError};
use wirenut::time::Duration;
use wirenut::transport::Disposition;

use super::counted::FIELDS;
use super::world::{self, POLICY, World};
use super::{RING, pattern};
use crate::Client;

const FILTER: FieldFilter = FieldFilter { names: &["content-length"], bytes: 198 };
const LIMITS: Limits = Limits { field_filter: Some(&FILTER), ..Limits::DEFAULT };
const STORE: usize = LIMITS.store_bytes();

/// What came of a request.
#[derive(Debug, Default, PartialEq, Eq)]
struct Answer {
    status: Option<Status>,
    content: Vec<u8>,
    is_complete: bool,
}

/// A client, and the number of its socket in the world.
struct Asker<const STORE: usize> {
    client: Client<STORE>,
    number: usize,
}

impl<const STORE: usize> Asker<STORE> {
    fn connect<const S: usize>(world: &mut World<2, S>, rings: [usize; 2], limits: Limits) -> Self {
        let number = world.connect_with(rings);
        let (handle, _) = world.take_socket(number);
        Self { client: Client::new(world.now, handle, Box::leak(Box::new(limits))), number }
    }

    /// Asks as soon as there is room.
    fn ask<const S: usize>(&mut self, world: &mut World<2, S>, request: &Request<'_>) -> Result<(), WriteError> {
        for _ in 0..1_000 {
            let now = world.now;
            match self.client.request(now, world.take_socket(self.number).1, request) {
                Err(WriteError::Full) => world.run_ms(1),
                asked => return asked,
            }
        }
        Err(WriteError::Full)
    }

    /// Takes what comes until the answer is complete, for at most ten minutes.
    fn take<const S: usize>(&mut self, world: &mut World<2, S>) -> Result<Answer, (Error, Answer)> {
        let mut answer = Answer::default();
        for _ in 0..600_000 {
            if let Err(error) = self.poll(world, &mut answer) {
                return Err((error, answer));
            }
            if answer.is_complete {
                break;
            }
            world.run_ms(1);
        }
        Ok(answer)
    }

    fn poll<const S: usize>(&mut self, world: &mut World<2, S>, answer: &mut Answer) -> Result<(), Error> {
        let now = world.now;
        self.client.poll(now, world.take_socket(self.number).1, |event| match event {
            ClientEvent::Head(head) => answer.status = Some(head.status),
            ClientEvent::Body(piece) => answer.content.extend_from_slice(piece),
            ClientEvent::End(_) => answer.is_complete = true,
            ClientEvent::Interim(_) => {}
            ClientEvent::NeedMore | ClientEvent::Paused | ClientEvent::Closed => panic!("given out: {event:?}"),
        })
    }

    fn fetch<const S: usize>(&mut self, world: &mut World<2, S>, target: &str) -> Result<Answer, (Error, Answer)> {
        self.ask(world, &Request::new(Method::Get, target, "10.0.0.1")).unwrap();
        self.take(world)
    }
}

fn ok(content: Vec<u8>) -> Answer {
    Answer { status: Some(Status::OK), content, is_complete: true }
}

#[test]
fn one_request_after_another_is_answered_until_the_client_closes() {
    let mut world = World::new();
    let mut asker = Asker::<STORE>::connect(&mut world, [RING; 2], LIMITS);
    for requests in 0..3 {
        let reading = alloc::format!(r#"{{"celsius":21.5,"setting":20,"requests":{requests}}}"#);
        assert_eq!(asker.fetch(&mut world, "/reading"), Ok(ok(reading.into_bytes())));
        assert!(asker.client.connection().is_idle());
    }
    let now = world.now;
    asker.client.close(now, world.take_socket(asker.number).1);
    world.run_ms(50);
    assert_eq!((world.state(asker.number), world.server.connections()), (State::TimeWait, 0));
    assert_eq!(asker.client.connection().disposition(), Disposition::Close);
}

#[test]
fn content_larger_than_the_ring_comes_whole_even_over_a_bad_wire() {
    for loses_each in [0, 13] {
        let mut world = World::new();
        world.lose_each(loses_each);
        let mut asker = Asker::<STORE>::connect(&mut world, [RING; 2], LIMITS);
        assert!(asker.fetch(&mut world, "/download?bytes=100000").unwrap() == ok(pattern(100_000)));
    }
}

#[test]
fn content_goes_out_and_comes_back_in_chunks() {
    let mut world = World::new();
    let mut asker = Asker::<STORE>::connect(&mut world, [RING; 2], LIMITS);
    let sent = pattern(20_000);
    asker.ask(&mut world, &Request::new(Method::Post, "/echo", "10.0.0.1").with_unknown_length()).unwrap();
    let (mut answer, mut rest, mut is_finished) = (Answer::default(), &sent[..], false);
    for _ in 0..10_000 {
        let now = world.now;
        if rest.is_empty() && !is_finished {
            asker.client.finish(now, world.take_socket(asker.number).1).unwrap();
            is_finished = true;
        } else if !rest.is_empty() {
            rest = &rest[asker.client.send_body(now, world.take_socket(asker.number).1, rest).unwrap()..];
        }
        asker.poll(&mut world, &mut answer).unwrap();
        if answer.is_complete {
            break;
        }
        world.run_ms(1);
    }
    assert!(answer == ok(sent));
}

#[test]
fn a_head_may_be_larger_than_the_ring() {
    const SERVER_RING: usize = 4096;
    const SERVER_LIMITS: Limits = Limits { output_reserve: SERVER_RING as u32, ..world::LIMITS };
    let many = || Ok(ok(b"many".to_vec()));
    const { assert!(FIELDS * 50 > 2 * RING) };
    for ring in [1, 128, RING] {
        let mut world = World::<2>::with_ring(SERVER_RING, SERVER_LIMITS, POLICY);
        let mut asker = Asker::<STORE>::connect(&mut world, [ring, RING], LIMITS);
        assert_eq!(asker.fetch(&mut world, "/fields"), many());
        assert_eq!(asker.fetch(&mut world, "/fields"), many());
    }
    let mut world = World::<2>::with_ring(SERVER_RING, SERVER_LIMITS, POLICY);
    let mut asker = Asker::<STORE>::connect(&mut world, [RING; 2], Limits { head_bytes: 1024, ..LIMITS });
    let (error, answer) = asker.fetch(&mut world, "/fields").unwrap_err();
    assert_eq!((error.rule, answer), (Rule::HeadTooLarge, Answer::default()));
    world.run_ms(50);
    assert_eq!(world.state(asker.number), State::Closed);
}

#[test]
fn a_server_that_goes_away_leaves_an_error_that_stays() {
    let mut world = World::new();
    let mut asker = Asker::<STORE>::connect(&mut world, [RING; 2], LIMITS);
    asker.ask(&mut world, &Request::new(Method::Get, "/latch", "10.0.0.1")).unwrap();
    world.run_ms(50);
    world.abort_server();
    let (error, _) = asker.take(&mut world).unwrap_err();
    assert_eq!(error.rule, Rule::Reset);
    assert!(asker.client.connection().may_retry(0));
    assert_eq!(asker.take(&mut world).unwrap_err().0, error);
    let again = asker.ask(&mut world, &Request::new(Method::Get, "/", "10.0.0.1"));
    assert_eq!(again, Err(WriteError::Misuse(Misuse::ConnectionEnding)));
}

#[test]
fn an_answer_that_does_not_come_in_time_is_given_up() {
    let mut world = World::new();
    let limits = Limits { response: Duration::from_secs(3), ..LIMITS };
    let mut asker = Asker::<STORE>::connect(&mut world, [RING; 2], limits);
    asker.ask(&mut world, &Request::new(Method::Get, "/latch", "10.0.0.1")).unwrap();
    let begun = world.now;
    assert_eq!(asker.take(&mut world).unwrap_err().0.rule, Rule::ResponseTimeout);
    assert_eq!((world.now - begun).secs(), 3);
}

#[test]
fn a_connection_that_the_server_ends_takes_no_more_requests() {
    let mut world = World::new();
    let mut asker = Asker::<STORE>::connect(&mut world, [RING; 2], LIMITS);
    asker.ask(&mut world, &Request::new(Method::Get, "/download?bytes=9", "a").closing()).unwrap();
    assert_eq!(asker.take(&mut world), Ok(ok(pattern(9))));
    let again = asker.ask(&mut world, &Request::new(Method::Get, "/", "a"));
    assert_eq!(again, Err(WriteError::Misuse(Misuse::ConnectionEnding)));
    world.run_ms(50);
    assert_eq!(asker.poll(&mut world, &mut Answer::default()), Ok(()));
    world.run_ms(50);
    assert!(matches!(world.state(asker.number), State::TimeWait | State::Closed));
}

#[test]
fn a_request_waits_for_the_connection() {
    let mut world = World::new();
    let mut asker = Asker::<STORE>::connect(&mut world, [RING; 2], LIMITS);
    let (now, request) = (world.now, Request::new(Method::Get, "/", "a"));
    assert_eq!(asker.client.request(now, world.take_socket(asker.number).1, &request), Err(WriteError::Full));
    assert_eq!(asker.poll(&mut world, &mut Answer::default()), Ok(()));
    let deadline = asker.client.poll_timeout(now, None).unwrap();
    assert_eq!((deadline - now).total_millis(), Limits::DEFAULT.idle.as_millis());
}
