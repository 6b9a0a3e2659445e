//! Measures what one wait costs while ever more sockets are registered and one of them is ready. `bench/pollers` runs it.

mod contestants;

use core::time::Duration;
use std::io::{Read, Write};
use std::net::UdpSocket;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use contestants::{Contestant, Mio, Ours, Polling};
use wirenut_linux::poller::{EdgeEpoll, Epoll, Poll, Select};

/// How many sockets are registered beside the one that is ready. Select takes no more than 1,024 descriptors.
const IDLE: [usize; 3] = [0, 999, 9_999];

/// How often each is measured, in turns: the fastest counts.
const ROUNDS: usize = 60;

/// How long one turn takes, about.
const TURN: Duration = Duration::from_millis(4);

fn main() -> std::io::Result<()> {
    println!(
        "| registered | select | poll | **epoll** | epoll, edge | mio | polling |\n|---:|---:|---:|---:|---:|---:|---:|"
    );
    for idle in IDLE {
        let sockets = (0..idle).map(|_| UdpSocket::bind("127.0.0.1:0")).collect::<Result<Vec<_>, _>>()?;
        let mut contestants: [Option<Box<dyn Contestant>>; 6] = [
            (idle < 1_000).then(|| Box::new(Ours(Select::new())) as Box<dyn Contestant>),
            Some(Box::new(Ours(Poll::new()))),
            Some(Box::new(Ours(Epoll::new()?))),
            Some(Box::new(Ours(EdgeEpoll::new()?))),
            Some(Box::new(Mio::new()?)),
            Some(Box::new(Polling::new()?)),
        ];
        let costs = measure(&sockets, &mut contestants)?;
        let epoll = costs[2].unwrap_or(f64::NAN);
        print!("| {} |", idle + 1);
        for cost in costs {
            match cost {
                Some(cost) => print!(" {cost:.0} ({:.2}) |", cost / epoll),
                None => print!(" – |"),
            }
        }
        println!();
    }
    Ok(())
}

/// Nanoseconds of a byte sent, a wait that finds it, and the byte read, less those of the same without a wait.
fn measure(
    sockets: &[UdpSocket],
    contestants: &mut [Option<Box<dyn Contestant>>; 6],
) -> std::io::Result<[Option<f64>; 6]> {
    let (mut writer, mut reader) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    for contestant in contestants.iter_mut().flatten() {
        contestant.register(&reader)?;
        sockets.iter().try_for_each(|socket| contestant.register(socket))?;
    }
    let mut fastest = [f64::INFINITY; 6];
    let mut floor = f64::INFINITY;
    for _ in 0..ROUNDS {
        floor = floor.min(time(&mut writer, &mut reader, &mut || Ok(()))?);
        for (fastest, contestant) in fastest.iter_mut().zip(contestants.iter_mut()) {
            let Some(contestant) = contestant else { continue };
            *fastest = fastest.min(time(&mut writer, &mut reader, &mut || contestant.wait())?);
        }
    }
    Ok(fastest.map(|fastest| fastest.is_finite().then_some(fastest - floor)))
}

fn time(
    writer: &mut UnixStream,
    reader: &mut UnixStream,
    wait: &mut dyn FnMut() -> std::io::Result<()>,
) -> std::io::Result<f64> {
    let (start, mut times) = (Instant::now(), 0);
    loop {
        for _ in 0..8 {
            writer.write_all(b"x")?;
            wait()?;
            // A second read, as an edge-triggered poller needs it, is the same cost for all.
            while let Ok(1..) = reader.read(&mut [0; 8]) {}
            times += 1;
        }
        let elapsed = start.elapsed();
        if elapsed >= TURN {
            return Ok(elapsed.as_secs_f64() * 1e9 / f64::from(times));
        }
    }
}
