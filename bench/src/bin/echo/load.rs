//! The load: so many messages are always on their way, and each that comes back makes room for another.

use core::mem::MaybeUninit;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use wirenut_linux::socket::{Attempt, Batch, UdpSocket};

use crate::Result;

/// What comes before it counts: a tenth of the messages.
const WARM_UP: usize = 10;

/// A datagram that is not back by then is lost.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) struct Load {
    /// The server.
    process: libc::pid_t,
    in_flight: usize,
    size: usize,
    messages: usize,
}

impl Load {
    pub(crate) fn parse(process: &str, in_flight: &str, size: &str, messages: &str) -> Option<Self> {
        let at_least_one = |text: &str| text.parse().ok().filter(|&number: &usize| number > 0);
        Some(Self {
            process: process.parse().ok()?,
            in_flight: at_least_one(in_flight)?,
            size: at_least_one(size)?,
            messages: at_least_one(messages)?,
        })
    }

    pub(crate) fn run(&self, protocol: &str, address: &str) -> Result<()> {
        match protocol {
            "tcp" => self.over_streams(|| TcpStream::connect(address)),
            "udp" => self.over_datagrams(&address.parse()?),
            "unix" => self.over_streams(|| UnixStream::connect(address)),
            _ => Err("no such protocol".into()),
        }
    }

    /// One message at a time on each of so many connections, which are waited for in their order.
    fn over_streams<S: Read + Write>(&self, connect: impl Fn() -> io::Result<S>) -> Result<()> {
        let mut streams = (0..self.in_flight).map(|_| connect()).collect::<io::Result<Vec<_>>>()?;
        let message = vec![b'x'; self.size];
        let mut answer = vec![0; self.size];
        self.measure(|messages| {
            for number in 0..messages + streams.len() {
                let place = number % streams.len();
                if number >= streams.len() {
                    streams[place].read_exact(&mut answer)?;
                    check(&answer, &message)?;
                }
                if number < messages {
                    streams[place].write_all(&message)?;
                }
            }
            Ok(())
        })
    }

    /// All are sent from one socket, together.
    fn over_datagrams(&self, server: &SocketAddr) -> Result<()> {
        let socket = UdpSocket::bind_to(&SocketAddr::new(server.ip(), 0))?;
        socket.set_recv_timeout(Some(PATIENCE))?;
        let message = vec![b'x'; self.size];
        let mut batch = Batch::new(self.in_flight, self.size);
        let all = vec![(&message[..], server); self.in_flight];
        self.measure(|messages| {
            let (mut unsent, mut unanswered) = (messages, messages);
            let mut room = self.in_flight;
            while unanswered > 0 {
                if let Attempt::Done(sent) = socket.send_batch(&all[..room.min(unsent)])? {
                    unsent -= sent;
                    room -= sent;
                }
                let Attempt::Done(received) = socket.recv_batch(&mut batch)? else {
                    return Err("a datagram was lost".into());
                };
                for (answer, _, _) in batch.iter() {
                    check(answer, &message)?;
                }
                unanswered -= received;
                room += received;
            }
            Ok(())
        })
    }

    /// Exchanges some messages, and then as many as count.
    fn measure(&self, mut exchange: impl FnMut(usize) -> Result<()>) -> Result<()> {
        exchange(self.messages.div_ceil(WARM_UP))?;
        let (start, ran_before) = (Instant::now(), processor_time(self.process)?);
        exchange(self.messages)?;
        let (passed, ran) = (start.elapsed(), processor_time(self.process)?.saturating_sub(ran_before));
        println!("{} {}", passed.as_nanos(), ran.as_nanos());
        Ok(())
    }
}

fn check(answer: &[u8], message: &[u8]) -> Result<()> {
    if answer == message { Ok(()) } else { Err("the answer is not what was sent".into()) }
}

/// User and system time of all threads of a process, also of those that have ended.
fn processor_time(process: libc::pid_t) -> Result<Duration> {
    let mut clock = MaybeUninit::uninit();
    // SAFETY: the call writes a clock's number to `clock`, if it returns 0.
    if unsafe { libc::clock_getcpuclockid(process, clock.as_mut_ptr()) } != 0 {
        return Err("the server is gone".into());
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `clock` was written above; the call writes a time to `time`.
    if unsafe { libc::clock_gettime(clock.assume_init(), &raw mut time) } != 0 {
        return Err(io::Error::last_os_error().into());
    }
    Ok(Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32))
}
