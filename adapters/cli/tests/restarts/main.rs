//! Two instances of a service behind HAProxy, restarted in turn under load: no request may fail.
//!
//! HAProxy tries nothing twice (`retries 0`), and nobody else (no `option redispatch`): what fails at a server fails at the client.

extern crate alloc;

mod haproxy;
mod instance;
mod load;

use core::net::SocketAddr;
use std::time::Instant;

use haproxy::{Haproxy, Reuse};
use instance::Instance;
use load::Load;
use wirenut_tests::reserved::Reserved;
use wirenut_tests::tools::has;

/// How many requests between two restarts, at least.
const BETWEEN: u64 = 1_000;

/// How often an instance is restarted, at least.
const RESTARTS: usize = 3;

/// Restarts two instances in turn until so many requests were answered, and says what came of them.
fn restart_under_load(reuse: Reuse, requests: u64, options: &[&str]) {
    if !has("haproxy") {
        return;
    }
    let mut instances = [Instance::start(options), Instance::start(options)];
    let haproxy = Haproxy::start(reuse, [(instances[0].address, None), (instances[1].address, None)]);
    let begun = Instant::now();
    let load = Load::start(haproxy.address);
    let mut restarts = 0;
    while (load.answered() < requests || restarts < RESTARTS) && load.failures().is_empty() {
        instances[restarts % 2].restart();
        restarts += 1;
        load.wait_for(load.answered() + BETWEEN);
    }
    judge(load, haproxy, &format!("{reuse:?} {options:?}: {restarts} restarts in {} s", begun.elapsed().as_secs()));
}

fn judge(load: Load, haproxy: Haproxy, what: &str) {
    let (answered, failures) = load.end();
    let first: Vec<_> = failures.iter().take(10).collect();
    println!("{what}, {answered} requests, {} failed, by the clients: {first:?}", failures.len());
    let said = haproxy.end();
    assert!(failures.is_empty(), "{failures:#?}\n{said}");
    assert_eq!(said, "", "HAProxy logs errors only");
}

/// Ends instances in turn, and starts each anew: no hand-over. HAProxy asks each whether it is well, and one that will end says
/// no before it does; so nothing is on its way to it when it does.
#[test]
fn fail_no_request_when_haproxy_is_told_first() {
    if !has("haproxy") {
        return;
    }
    let reserved = [Reserved::new(), Reserved::new()];
    let health = reserved.each_ref().map(|reserved| reserved.address);
    let start = |health: SocketAddr| Instance::start(&["--metrics", &health.to_string(), "--drain-delay", "3"]);
    let mut instances = health.map(start);
    let servers = [(instances[0].address, Some(health[0])), (instances[1].address, Some(health[1]))];
    let haproxy = Haproxy::start(Reuse::Always, servers);
    for name in NAMES {
        haproxy.wait_until(name, true);
    }
    let load = Load::start(haproxy.address);
    for turn in 0..4 {
        let (instance, name) = (&mut instances[turn % 2], NAMES[turn % 2]);
        instance.stop();
        haproxy.wait_until(name, false);
        instance.start_again();
        haproxy.wait_until(name, true);
        load.wait_for(load.answered() + BETWEEN);
    }
    judge(load, haproxy, "4 ends and starts");
}

/// What HAProxy calls them.
const NAMES: [&str; 2] = ["one", "two"];

#[test]
fn fail_no_request_over_new_connections() {
    restart_under_load(Reuse::Never, 20_000, &[]);
}

#[test]
fn fail_no_request_over_kept_connections() {
    restart_under_load(Reuse::Always, 20_000, &[]);
}

/// Where a thread or a process has one connection, it waits for it as the others do.
#[test]
fn fail_no_request_under_other_models() {
    for model in ["pre-forked", "threading", "pre-threaded", "forking"] {
        for reuse in [Reuse::Never, Reuse::Always] {
            restart_under_load(reuse, 5_000, &["--model", model, "--workers", "40"]);
        }
    }
}

/// `cargo test --release -p wirenut-cli --test restarts -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes"]
fn fail_none_of_a_million_requests() {
    for reuse in [Reuse::Never, Reuse::Always] {
        restart_under_load(reuse, 500_000, &[]);
    }
}
