//! The third wire: the firmware in QEMU. `adapters/firmware/run` builds it, boots it and takes it away again.

use core::net::SocketAddr;
use core::time::Duration;
use std::thread;
use std::time::Instant;

use wirenut_tests::parity::{Case, State, Transcript};
use wirenut_tests::tools::has_board;

use super::client::{self, Failure};
use crate::process::Program;

/// The command that boots the board over smoltcp, from the root of the repository. The README names it.
pub(crate) const SMOLTCP: &str = "adapters/firmware/run reference_smoltcp";

/// The same over embassy.
pub(crate) const EMBASSY: &str = "adapters/firmware/run reference_embassy";

/// How long whoever is refused tries again. A stack without a queue refuses who comes too fast.
const PATIENCE: Duration = Duration::from_secs(15);

/// A board that runs until it is dropped.
pub(crate) struct Board {
    pub(crate) refusals: u32,
    program: Program,
}

impl Board {
    /// Boots the firmware by this command. `None`: what it needs is not here, and the test is skipped.
    ///
    /// # Panics
    /// If that fails, with what the script said.
    pub(crate) fn boot(command: &str) -> Option<Self> {
        let words: Vec<_> = command.split(' ').collect();
        has_board().then(|| Self { refusals: 0, program: Program::start(&words) })
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.program.address
    }

    /// What the service remembers now. (Asking for it counts as a request, and so it is counted here.)
    pub(crate) fn state(&mut self) -> State {
        let case = Case::new("the reading").ask("GET /reading HTTP/1.1↵Host: a↵↵").answered().ended();
        let transcript = self.retry(|board| client::converse(board.program.address, &case, true));
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
            client::converse(board.program.address, case, is_answered).map(|transcript| (state, transcript))
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
        self.program.log()
    }
}
