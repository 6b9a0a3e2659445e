//! The third wire: the firmware in QEMU. `adapters/firmware/run` builds it, boots it and takes it away again.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use wirenut_tests::parity::{Case, State, Transcript};

use super::client::{self, Failure};
use crate::process;

/// The command that boots the board, from the root of the repository. The README names it.
pub(crate) const COMMAND: &str = "adapters/firmware/run smoltcp";

/// Installing QEMU and a toolchain, building, booting: on a fresh machine this takes minutes.
const BOOT_TIME: Duration = Duration::from_secs(600);

/// How long whoever is refused tries again. A stack without a queue refuses who comes too fast.
const PATIENCE: Duration = Duration::from_secs(15);

/// A board that runs until it is dropped.
pub(crate) struct Board {
    pub(crate) address: SocketAddr,
    pub(crate) refusals: u32,
    script: Child,
    log: Arc<Mutex<String>>,
}

impl Board {
    /// Boots the firmware.
    ///
    /// # Panics
    /// If that fails, with what the script said.
    pub(crate) fn boot() -> Self {
        let (program, arguments) = COMMAND.split_once(' ').expect("a program and its arguments");
        // If this process is killed, the script is told to end, too.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", program]).args(arguments.split(' '));
        command.current_dir(process::ROOT).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut script = command.spawn().expect("setpriv of util-linux");
        let log = Arc::<Mutex<String>>::default();
        gather(script.stderr.take().expect("a pipe"), Arc::clone(&log));
        let url = first_line(script.stdout.take().expect("a pipe"));
        // From now on dropping it ends the script.
        let mut board = Self { address: SocketAddr::from(([127, 0, 0, 1], 0)), refusals: 0, script, log };
        let url = url.recv_timeout(BOOT_TIME).unwrap_or_default();
        let Some(address) = process::address_of(&url) else {
            panic!("the board did not come up: it said {url:?}, and {COMMAND} said:\n{}", board.end_and_read());
        };
        board.address = address;
        board
    }

    /// What the service remembers now. (Asking for it counts as a request, and so it is counted here.)
    pub(crate) fn state(&mut self) -> State {
        let case = Case::new("the reading").ask("GET /reading HTTP/1.1↵Host: a↵↵").answered().ended();
        let transcript = self.retry(|board| client::converse(board.address, &case, true));
        let transcript = transcript.unwrap_or_else(|why| panic!("no reading: {why}"));
        let reading = transcript.responses.first().map(|response| String::from_utf8_lossy(&response.body).into_owned());
        let reading = reading.unwrap_or_default();
        let number = |name: &str| {
            let digits = reading.split_once(name)?.1.trim_start_matches("\":");
            digits.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
        };
        let (setting, requests) = number("setting").zip(number("requests")).expect("a reading");
        State { setting: u8::try_from(setting).expect("degrees"), requests: requests + 1 }
    }

    /// What the client of `case` gets, and the state before.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(crate) fn converse(&mut self, case: &Case, is_answered: bool) -> Result<(State, Transcript), String> {
        self.retry(|board| {
            let state = board.state();
            client::converse(board.address, case, is_answered).map(|transcript| (state, transcript))
        })
    }

    fn retry<T>(&mut self, mut attempt: impl FnMut(&mut Self) -> Result<T, Failure>) -> Result<T, String> {
        let end = Instant::now() + PATIENCE;
        loop {
            match attempt(self) {
                Ok(result) => return Ok(result),
                Err(Failure::Wrong(why)) => return Err(why),
                Err(Failure::Refused) if Instant::now() > end => return Err(format!("refused for {PATIENCE:?}")),
                Err(Failure::Refused) => {
                    self.refusals += 1;
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
    }

    /// What the script and the board have said.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end_and_read(&mut self) -> String {
        process::terminate(&mut self.script);
        self.log()
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        process::terminate(&mut self.script);
    }
}

/// Reads all that comes, so that nobody waits for room in a pipe.
fn gather(mut source: impl Read + Send + 'static, log: Arc<Mutex<String>>) {
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = source.read(&mut buffer) {
            let text = String::from_utf8_lossy(&buffer[..length]);
            log.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
        }
    });
}

/// Hands out the first line, and reads on.
fn first_line(source: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(source).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}
