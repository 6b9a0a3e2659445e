//! TCP of the running kernel against the core: two hosts in network namespaces of their own, and between them a link that
//! this program holds in its hands. All that passes is shown to the tracker, and the states that it says are those that
//! the kernel says: by TCP_INFO, by `/proc/net/tcp`, by ss(8), and each transition by a tracepoint.
//!
//! Where the system does not let it make such hosts, nothing is tested, and that is said.

extern crate alloc;

mod agreement;
mod end;
mod flood;
mod kernel;
mod lossy;
mod namespace;
mod network;
mod script;
mod scripts;
mod timers;
mod truth;
mod watch;

use core::ops::Range;
use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::env;
use std::fs::File;
use std::io::Write;
use std::panic::catch_unwind;
use std::process::ExitCode;

use kernel::Tracepoint;
use network::Network;
use script::{Script, Stage};
use wirenut_tests::isolated;
use wirenut_tests::tools::{Verdict, has};

/// The status by which tools say that something is not available here.
const UNAVAILABLE: i32 = 77;

fn main() -> ExitCode {
    let tests: &[isolated::Test] = &[
        ("scripts_over_ipv4", || play(scripts::QUICK, false)),
        ("scripts_over_ipv6", || play(scripts::QUICK, true)),
        ("timers_over_ipv4", || play(timers::TIMED, false)),
        ("timers_over_ipv6", || play(timers::TIMED, true)),
        ("half_open_over_ipv4", || flood::half_open(&mut stage(), false)),
        ("half_open_over_ipv6", || flood::half_open(&mut stage(), true)),
        ("seeds_over_ipv4", || lossy::run(&mut stage(), seeds(), false)),
        ("seeds_over_ipv6", || lossy::run(&mut stage(), seeds(), true)),
    ];
    if env::var_os("WIRENUT_ISOLATED").is_none()
        && let Some(status) = skipped()
    {
        return status;
    }
    let limit = Duration::from_secs(60) + Duration::from_secs(seeds().end - seeds().start);
    isolated::run_within(limit, tests)
}

/// Where there can be no such hosts: what comes of it.
fn skipped() -> Option<ExitCode> {
    if !has("ip") {
        return Some(ExitCode::SUCCESS);
    }
    let possible =
        std::process::Command::new("unshare").args(["--map-root-user", "--net", "ip", "tuntap", "list"]).output();
    let reason = match (possible, File::options().read(true).write(true).open("/dev/net/tun")) {
        (Ok(output), Ok(_)) if output.status.success() => return None,
        (Ok(output), Ok(_)) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        (Err(error), _) | (_, Err(error)) => error.to_string(),
    };
    let verdict = Verdict::of(Some(UNAVAILABLE), env::var_os("CI").as_deref());
    let _ = writeln!(std::io::stderr(), "SKIPPED: no network namespaces with TUN devices: {reason}");
    Some(if verdict == Verdict::Skip { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn stage() -> Stage {
    // It makes this process the superuser of a user namespace, if it is none.
    let superuser = namespace::become_superuser().expect("a user namespace");
    let tracepoint = Tracepoint::new().map_err(|reason| println!("no tracepoint: {reason}")).ok();
    Stage {
        tracepoint,
        network: Network::new().expect("a network"),
        next_port: 20_000,
        differences: Vec::new(),
        _superuser: superuser,
    }
}

/// Those of bad links: 40, or as many as the environment says, from the one that it says.
fn seeds() -> Range<u64> {
    let number = |name, usual| match env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is no number")),
        Err(_) => usual,
    };
    let first = number("WIRENUT_REALITY_FIRST_SEED", 1);
    first..first + number("WIRENUT_REALITY_SEEDS", 40)
}

fn play(scripts: &[Script], is_v6: bool) {
    let mut stage = stage();
    for script in scripts {
        // One script that cannot go on keeps none of the others from it.
        if catch_unwind(AssertUnwindSafe(|| script::run(&mut stage, *script, is_v6))).is_err() {
            stage.differences.push(format!("{} ended early: see above", script.0));
        }
    }
    assert!(stage.differences.is_empty(), "{}", stage.differences.join("\n"));
}
