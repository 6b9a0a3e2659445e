//! What a server does where the system gives no more, or takes away again and again.

use alloc::collections::BTreeSet;
use core::num::NonZeroUsize;
use core::time::Duration as StdDuration;
use std::io::{self, Read, Write};
use std::thread;
use std::time::Instant;

use rustix::process::{Resource, Rlimit, setrlimit};
use rustix::thread::{Uid, set_thread_res_uid};
use wirenut::time::Duration;
use wirenut_linux::signal::{self, Signal};
use wirenut_server::handler::Stream;
use wirenut_server::{Config, Model};

use crate::lab::{Client, Running, Transport, wait_until};

const ONE: NonZeroUsize = NonZeroUsize::MIN;
const TEN: NonZeroUsize = NonZeroUsize::new(10).unwrap();

/// A user of whom there are no processes, also where this test runs twice.
fn nobody() -> Uid {
    Uid::from_raw(100_000 + std::process::id())
}

fn echo(stream: &Stream) -> io::Result<()> {
    io::copy(&mut &*stream, &mut &*stream).map(drop)
}

/// Whoever cannot have a process is told so by the end of its connection, and the server neither ends nor turns round and
/// round.
pub(crate) fn of_processes_are_told() {
    if !rustix::process::geteuid().is_root() {
        println!("only root can become somebody of whom there are no processes");
        return;
    }
    let config = Config { model: Model::Forking { children: TEN }, ..Config::DEFAULT };
    let mut running = Running::start(Transport::Tcp, config, |server| {
        setrlimit(Resource::Nproc, Rlimit { current: Some(3), maximum: Some(3) }).unwrap();
        let nobody = nobody();
        set_thread_res_uid(nobody, nobody, nobody).unwrap();
        server.run_handler(&echo)
    });
    let ask = |running: &Running| {
        let mut client = running.connect();
        let answered = client.write_all(b"hello").and_then(|()| client.read(&mut [0; 5]));
        answered.is_ok_and(|length| length > 0).then_some(client)
    };
    let served: Vec<Client> = (0..5).filter_map(|_| ask(&running)).collect();
    assert_eq!(served.len(), 2);
    assert_eq!(running.children().len(), 2);
    // There is room again.
    drop(served);
    wait_until("they are gone", || running.children().is_empty());
    wait_until("somebody is served", || ask(&running).is_some());
    running.process.terminate().unwrap();
    assert!(running.ended().contains(" refused 3 "));
}

/// A process that dies at once again and again is made again later and later.
pub(crate) fn of_forks_are_kept() {
    let config = Config { model: Model::PreForked { workers: ONE }, ..Config::DEFAULT };
    let running = Running::start(Transport::Tcp, config, |server| server.run_handler(&echo));
    let (begun, mut seen) = (Instant::now(), BTreeSet::new());
    wait_until("it is made again and again", || {
        for child in running.children() {
            seen.insert(child);
            let _ = signal::send(Signal::SIGKILL, child);
        }
        seen.len() >= 5
    });
    // After 50, 100, 200 and 400 ms.
    assert!(begun.elapsed() >= StdDuration::from_millis(750), "{:?}", begun.elapsed());
    // Who comes meanwhile waits, and is served.
    let mut client = running.connect();
    client.send("patience");
    client.end_sending();
    assert_eq!(client.rest(), "patience");
    running.finish();
}

/// Each of several threads that wait on one connection hears of the server's end.
pub(crate) fn of_time_are_those_of_all_threads() {
    let config = Config {
        model: Model::Threading { threads: ONE },
        drain: Duration::from_millis(100),
        read_timeout: None,
        write_timeout: None,
        ..Config::DEFAULT
    };
    let running = Running::start(Transport::Tcp, config, |server| {
        server.run_handler(&|mut stream: &Stream| {
            let read = |mut stream: &Stream| stream.read(&mut [0]).map(drop);
            thread::scope(|scope| {
                let others = [scope.spawn(|| read(stream)), scope.spawn(|| read(stream))];
                stream.write_all(b"begun\n")?;
                let outcome = read(stream);
                let all_end = others.into_iter().all(|other| other.join().unwrap().is_err());
                assert!(all_end && outcome.is_err());
                outcome
            })
        })
    });
    let mut client = running.connect();
    assert_eq!(client.line(), "begun");
    assert_eq!(running.finish(), "accepted 1 refused 0 evicted 0 cut 1 panics 0");
    client.assert_reset();
}
