//! HTTP services under each model.

use core::convert::Infallible;
use core::num::NonZeroUsize;
use core::time::Duration as StdDuration;
use std::io::Read;
use std::thread;

use wirenut::http::service::{Responder, Service, Step};
use wirenut::http::{RequestHead, Response, Status, WriteError};
use wirenut::readiness::WhenFull;
use wirenut::time::{Duration, Instant};
use wirenut_linux::signal::{self, Signal};
use wirenut_server::{Config, Model};

use crate::lab::{BLOCKING, Client, FOUR, Running, Transport, each, forks, wait_until};

const ONE: NonZeroUsize = NonZeroUsize::MIN;
const TWO: NonZeroUsize = NonZeroUsize::new(2).unwrap();

pub(crate) const ALL: [Model; 6] =
    [BLOCKING[0], BLOCKING[1], BLOCKING[2], BLOCKING[3], BLOCKING[4], Model::Multiplexed { workers: FOUR }];

/// Models under which one connection is all that there is at a time.
const SINGLE: [Model; 4] = [
    Model::Iterative,
    Model::Forking { children: ONE },
    Model::Threading { threads: ONE },
    Model::PreThreaded { workers: ONE },
];

/// `/`, `/pid`, `/wait`, `/panic`; `/hold`, which begins an answer and does not end it.
struct Paths;

impl Service for Paths {
    type Exchange = Option<Instant>;
    type Source = Infallible;

    fn request(
        &self,
        head: &RequestHead<'_>,
        responder: &mut Responder<'_>,
    ) -> Result<(Self::Exchange, Step), WriteError> {
        match head.target.path() {
            b"/wait" => {
                let until = responder.now().saturating_add(Duration::from_millis(150));
                return Ok((Some(until), Step::Wait(Some(until))));
            }
            b"/hold" => {
                responder.respond(&OK.with_length(1))?;
                return Ok((None, Step::Wait(None)));
            }
            b"/panic" => panic!("no more paper"),
            b"/pid" => responder.send(&OK, std::process::id().to_string().as_bytes())?,
            _ => responder.send(&OK, b"hello")?,
        }
        Ok((None, Step::Done))
    }

    fn proceed(&self, until: &mut Self::Exchange, responder: &mut Responder<'_>) -> Result<Step, WriteError> {
        if until.is_none_or(|until| responder.now() < until) {
            return Ok(Step::Wait(*until));
        }
        responder.send(&OK, b"waited")?;
        Ok(Step::Done)
    }
}

const OK: Response<'static> = Response::new(Status::OK);

fn start(model: Model, transport: Transport, config: Config) -> Running {
    let running = Running::start(transport, Config { model, ..config }, |server| server.run(&Paths));
    running.settle(model, |running| {
        // All that fit are there at the same time.
        let together = if model == Model::Iterative { 1 } else { 4 };
        for _ in 0..4 / together {
            let mut clients: Vec<Client> = (0..together).map(|_| ask(running, "/", "keep-alive")).collect();
            clients.iter_mut().for_each(|client| assert_eq!(client.answer(), (200, "hello".to_owned())));
        }
    })
}

fn ask(running: &Running, path: &str, connection: &str) -> Client {
    let mut client = running.connect();
    client.ask(path, connection);
    client
}

impl Client {
    pub(crate) fn ask(&mut self, path: &str, connection: &str) {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: {connection}\r\n\r\n"));
    }

    /// The status, and a body of known length.
    pub(crate) fn answer(&mut self) -> (u16, String) {
        let (status, mut length) = (self.line(), 0);
        loop {
            let line = self.line().to_ascii_lowercase();
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.read_exact(&mut body).unwrap();
        (status.split(' ').nth(1).unwrap_or("0").parse().unwrap(), String::from_utf8(body).unwrap())
    }

    /// The connection has ended, in peace or not.
    fn assert_ended(&mut self) {
        assert!(!matches!(self.read(&mut [0]), Ok(1)));
    }
}

pub(crate) fn is_spoken_with_many_at_a_time() {
    each(&ALL, |model, transport| {
        let running = start(model, transport, Config::DEFAULT);
        thread::scope(|scope| {
            for _ in 0..8 {
                let mut client = running.connect();
                scope.spawn(move || {
                    for connection in ["keep-alive", "keep-alive", "close"] {
                        client.ask("/", connection);
                        assert_eq!(client.answer(), (200, "hello".to_owned()));
                    }
                    assert_eq!(client.rest(), "");
                });
            }
        });
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 8 refused 0 evicted 0 cut 0 panics 0");
    });
}

/// Who keeps an idle connection gives way to who waits, and is not counted as lost.
pub(crate) fn evicts_who_is_idle() {
    let config = Config { min_idle: Duration::from_millis(50), ..Config::DEFAULT };
    each(&SINGLE, |model, transport| {
        let running = Running::start(transport, Config { model, ..config }, |server| server.run(&Paths));
        let mut idle = ask(&running, "/", "keep-alive");
        assert_eq!(idle.answer().0, 200);
        let mut next = ask(&running, "/", "close");
        assert_eq!(next.answer().0, 200);
        assert_eq!(idle.rest(), "");
        drop((idle, next));
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 2 refused 0 evicted 1 cut 0 panics 0", "{model:?}");
    });
}

/// Nobody gives way in one process or thread while another one has room.
pub(crate) fn evicts_nobody_while_others_have_room() {
    let config = Config { min_idle: Duration::from_millis(1), max_connections: 8, ..Config::DEFAULT };
    let models = [(Model::PreForked { workers: FOUR }, 8), (Model::PreThreaded { workers: FOUR }, 4)];
    for (model, places) in models {
        each(&[model], |model, transport| {
            let running = Running::start(transport, Config { model, ..config }, |server| server.run(&Paths));
            let mut kept = Vec::new();
            for _ in 0..places {
                let mut client = ask(&running, "/", "keep-alive");
                assert_eq!(client.answer().0, 200);
                kept.push(client);
            }
            for client in &mut kept {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                assert_eq!(client.answer().0, 200, "{model:?}");
            }
            drop(kept);
            running.assert_clean();
            assert_eq!(running.finish(), format!("accepted {places} refused 0 evicted 0 cut 0 panics 0"), "{model:?}");
        });
    }
}

/// One connection is busy, and the other one has sent half a head. Whichever worker the system wakes for the next client, the
/// one that can evict does so: long before the time for heads is over, for which no client here waits.
pub(crate) fn evicts_for_whom_another_worker_has_no_place() {
    const ROUNDS: usize = 8;
    let config = Config { max_connections: 2, min_head: Duration::from_millis(20), ..Config::DEFAULT };
    let models =
        [Model::Multiplexed { workers: TWO }, Model::PreThreaded { workers: TWO }, Model::PreForked { workers: TWO }];
    each(&models, |model, transport| {
        let running = Running::start(transport, Config { model, ..config }, |server| server.run(&Paths));
        let mut busy = ask(&running, "/hold", "keep-alive");
        assert_eq!(busy.line().trim(), "HTTP/1.1 200 OK");
        let mut half = running.connect();
        for round in 0..ROUNDS {
            half.send("GET / HTTP/1.1\r\nHost");
            let mut next = ask(&running, "/", "keep-alive");
            assert_eq!(next.answer().0, 200, "{model:?}, round {round}");
            half = next;
        }
        drop((busy, half));
        running.assert_clean();
        let report = format!("accepted {} refused 0 evicted {ROUNDS} cut 0 panics 0", ROUNDS + 2);
        assert_eq!(running.finish(), report, "{model:?}");
    });
}

/// Who is busy does not give way, and who comes is told so.
pub(crate) fn refuses_when_all_are_busy() {
    let config = Config { when_full: WhenFull::Refuse, ..Config::DEFAULT };
    each(&SINGLE, |model, transport| {
        let running = Running::start(transport, Config { model, ..config }, |server| server.run(&Paths));
        let mut busy = ask(&running, "/hold", "close");
        assert_eq!(busy.line().trim(), "HTTP/1.1 200 OK");
        let mut refused = ask(&running, "/", "close");
        assert_eq!(refused.answer().0, 503, "{model:?}");
        refused.assert_ended();
        drop((busy, refused));
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 1 refused 1 evicted 0 cut 0 panics 0", "{model:?}");
    });
}

/// Who was refused a moment before the end hears of it all the same.
pub(crate) fn refuses_in_peace_while_it_ends() {
    let config = Config { when_full: WhenFull::Refuse, ..Config::DEFAULT };
    each(&SINGLE, |model, transport| {
        let mut running = Running::start(transport, Config { model, ..config }, |server| server.run(&Paths));
        let mut busy = ask(&running, "/hold", "close");
        assert_eq!(busy.line().trim(), "HTTP/1.1 200 OK");
        let mut refused = running.connect();
        refused.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
        // Its answer has begun.
        assert!(refused.line().starts_with("HTTP/1.1 503 "));
        running.process.terminate().unwrap();
        drop(busy);
        wait_until("whoever served has ended", || running.children().is_empty());
        thread::sleep(StdDuration::from_millis(20));
        // It goes on with what nobody wants, and is not reset for it.
        refused.send(vec![b'x'; 100_000]);
        assert!(refused.rest().contains("Connection: close"));
        drop(refused);
        assert_eq!(running.ended(), "accepted 1 refused 1 evicted 0 cut 0 panics 0", "{model:?}");
    });
}

pub(crate) fn answers_500_when_its_service_panics() {
    each(&ALL, |model, transport| {
        let running = start(model, transport, Config::DEFAULT);
        for _ in 0..3 {
            let mut client = ask(&running, "/panic", "keep-alive");
            assert_eq!(client.answer().0, 500);
            client.assert_ended();
        }
        assert_eq!(ask(&running, "/", "close").answer().0, 200);
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 4 refused 0 evicted 0 cut 0 panics 3");
    });
}

/// A process that is killed costs its connections, and nothing else.
pub(crate) fn outlives_processes_that_are_killed() {
    each(&ALL, |model, transport| {
        if !forks(model) {
            return;
        }
        let running = start(model, transport, Config::DEFAULT);
        for _ in 0..4 {
            let mut client = ask(&running, "/pid", "keep-alive");
            let pid: u32 = client.answer().1.parse().unwrap();
            assert!(running.children().contains(&pid));
            signal::send(Signal::SIGKILL, pid).unwrap();
            client.assert_ended();
            assert_eq!(ask(&running, "/", "close").answer().0, 200);
        }
        if model == (Model::PreForked { workers: FOUR }) {
            wait_until("they are replaced", || running.children().len() == 4);
        }
        running.assert_clean();
        assert_eq!(running.finish(), "accepted 8 refused 0 evicted 0 cut 0 panics 0");
    });
}

/// The group gets both signals, as from a terminal and a service manager, and all are answered who were heard.
pub(crate) fn answers_all_whom_it_has_heard_before_it_ends() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        each(&ALL, |model, transport| {
            let mut running = start(model, transport, Config::DEFAULT);
            let mut clients: Vec<Client> = (0..4).map(|_| ask(&running, "/wait", "keep-alive")).collect();
            if model == Model::Iterative {
                assert_eq!(clients[0].answer().1, "waited");
                clients[0].ask("/wait", "keep-alive");
            } else {
                thread::sleep(StdDuration::from_millis(100));
            }
            running.children().into_iter().for_each(|child| signal::send(signal, child).unwrap());
            running.process.send(signal).unwrap();
            for client in &mut clients {
                assert_eq!(client.answer(), (200, "waited".to_owned()), "{model:?}");
                assert_eq!(client.rest(), "");
            }
            drop(clients);
            assert_eq!(running.ended(), "accepted 4 refused 0 evicted 0 cut 0 panics 0");
        });
    }
}

/// Whoever comes after the signal is refused at once, and does not wait for those who are busy.
pub(crate) fn listens_no_more_while_they_are_busy() {
    let models = [&ALL[..], &SINGLE].concat();
    each(&models, |model, transport| {
        let mut running = Running::start(transport, Config { model, ..Config::DEFAULT }, |server| server.run(&Paths));
        let mut busy = ask(&running, "/hold", "close");
        assert_eq!(busy.line().trim(), "HTTP/1.1 200 OK");
        assert!(running.listens());
        running.process.terminate().unwrap();
        wait_until("nobody listens", || !running.listens());
        busy.send("x");
        running.process.terminate().unwrap();
        assert_eq!(running.ended(), "accepted 1 refused 0 evicted 0 cut 1 panics 0", "{model:?}");
    });
}

/// The second signal does not wait.
pub(crate) fn cuts_them_at_the_second_signal() {
    each(&ALL, |model, transport| {
        let mut running = start(model, transport, Config::DEFAULT);
        let mut client = ask(&running, "/pid", "keep-alive");
        client.answer();
        // Half a request: it is waited for.
        client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
        thread::sleep(StdDuration::from_millis(100));
        running.process.terminate().unwrap();
        // Two signals that wait at the same time are one. The first was taken once nobody listens any more.
        wait_until("nobody listens", || !running.listens());
        running.process.terminate().unwrap();
        running.ended();
    });
}

/// Nobody outlives the one that has made them.
pub(crate) fn ends_with_a_supervisor_that_is_killed() {
    for model in [Model::PreForked { workers: FOUR }, Model::Forking { children: FOUR }] {
        let running = start(model, Transport::Tcp, Config::DEFAULT);
        let mut client = ask(&running, "/pid", "keep-alive");
        let pid = client.answer().1;
        running.process.kill().unwrap();
        running.process.join().unwrap();
        wait_until("it is gone", || !std::path::Path::new(&format!("/proc/{pid}/stat")).exists());
        client.assert_ended();
    }
}

pub(crate) fn is_not_forked_for_beside_threads() {
    for model in [Model::PreForked { workers: FOUR }, Model::Forking { children: FOUR }] {
        let mut running = Running::start(Transport::Tcp, Config { model, ..Config::DEFAULT }, |server| {
            let (stay, stays) = std::sync::mpsc::channel::<()>();
            let thread = thread::spawn(move || stays.recv());
            let outcome = server.run(&Paths);
            drop(stay);
            let _ = thread.join();
            outcome
        });
        let told = running.ended();
        assert!(
            told.starts_with("error cannot serve by processes: cannot fork a process that has 2 threads: "),
            "{told}"
        );
    }
}
