//! Parts of a message that are in memory as a whole, held to the same table: what is written, and what users give.

use super::State as S;
use super::machine::Machine;
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
        machine.read(&UNBOUNDED, target, &mut []).1?;
        // A target ends with a space, and with none of its own.
        let has_ended = machine.state == S::Version;
        machine.read(&UNBOUNDED, b" ", &mut []).1?;
        if machine.state == S::Version && !has_ended { Ok(()) } else { Err(Rule::InvalidTarget) }
    }

    /// May a Host field have this value?
    pub(crate) fn is_host(value: &[u8]) -> bool {
        let mut machine = Self::new(&UNBOUNDED, S::Host);
        let read = machine.read(&UNBOUNDED, value, &mut []).1;
        read.is_ok() && machine.state != S::HostGap && machine.read(&UNBOUNDED, b"\r", &mut []).1.is_ok()
    }
}

/// For what is in memory as a whole.
const UNBOUNDED: Limits = Limits { head_bytes: u32::MAX, ..Limits::DEFAULT };
