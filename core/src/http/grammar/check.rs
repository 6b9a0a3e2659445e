//! Parts of a message that are in memory as a whole, held to the same table: what is written, and what users give.

use super::incoming::Incoming;
use super::machine::Machine;
use super::state::State as S;
use crate::bytes::{CR, HTAB, SP};
use crate::http::error::Rule;
use crate::http::flags::Flags;
use crate::http::limits::Limits;
use crate::http::method::Method;

impl Machine {
    /// Is this a target that this method allows? Nothing is kept of it.
    pub(crate) fn check_target(method: Method<'_>, target: &[u8]) -> Result<(), Rule> {
        let mut machine = Self::new(&UNBOUNDED, S::Target);
        match method {
            Method::Options => machine.flags.set(Flags::OPTIONS),
            Method::Connect => {
                machine.begin_authority();
                machine.flags.set(Flags::CONNECT);
                machine.state = S::Host;
            }
            Method::Get | Method::Head | Method::Post | Method::Put | Method::Delete => {}
            Method::Trace | Method::Patch | Method::Other(_) => {}
        }
        // A space ends a target, and there is none in it.
        if target.contains(&SP) {
            return Err(Rule::InvalidTarget);
        }
        machine.read_alone(target)?;
        machine.read_alone(b" ")
    }

    /// May a Host field have this value?
    pub(crate) fn is_host(value: &[u8]) -> bool {
        let mut machine = Self::new(&UNBOUNDED, S::HostStart);
        // Behind it come white space, or the line end.
        let is_alone = !value.iter().any(|&byte| matches!(byte, SP | HTAB | CR));
        is_alone && [value, b"\r"].iter().all(|part| machine.read_alone(part).is_ok())
    }

    /// Reads bytes of which nothing is kept.
    fn read_alone(&mut self, bytes: &[u8]) -> Result<(), Rule> {
        self.read(&UNBOUNDED, &mut Incoming { rest: bytes, store: &mut [] })
    }
}

/// For what is in memory as a whole.
const UNBOUNDED: Limits = Limits { head_bytes: u32::MAX, ..Limits::DEFAULT };
