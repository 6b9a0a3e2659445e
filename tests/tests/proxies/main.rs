//! Requests smuggled through real proxies.
//!
//! A proxy and a server that read the same bytes differently let a client put a request into another one's connection.
//! A parser alone cannot show that: so nginx and HAProxy stand before our server here, with their connections to it
//! kept and shared by all clients, and each of the [`attacks`] is tried. Behind each, an innocent client asks over the
//! same connection to the server.
//!
//! | fact | witness |
//! |---|---|
//! | our server saw no request that the proxy did not send | the proxy's log, at the end |
//! | a smuggled request that it saw, the proxy took for one of this client's, and answered it as such | what the client got |
//! | each request that it saw whole, the client got an answer to | how many answers there are |
//! | the innocent client got the answer to its own request, and no other | its testimony in the answer |
//! | nothing hangs | bounded waits |
//!
//! Without proxies, the same bytes get the codes that the table says, and only what is two requests is seen as two.

extern crate alloc;

mod attacks;
mod client;
mod origin;
mod proxy;
mod proxy_protocol;

use core::time::Duration;
use std::thread;
use std::time::Instant;

use attacks::{ATTACKS, Attack};
use client::{Transcript, converse};
use origin::{Origin, Seen, testimony};
use proxy::{Kind, Proxy};

/// After so long without a byte the client of a proxy ends its direction. Too short costs coverage, not truth.
const SILENCE: Duration = Duration::from_millis(150);

/// A log may be written after the answer.
const LOG_TIME: Duration = Duration::from_secs(10);

/// All numbers have three digits, so that no length depends on them.
fn numbered() -> impl Iterator<Item = (usize, &'static Attack)> {
    (100..1000).zip(ATTACKS)
}

/// What came of an attack.
struct Trial {
    /// The codes of what the client got.
    codes: Vec<u16>,
    /// What our server saw of it.
    seen: Vec<Seen>,
    /// Did the innocent client's request come over a connection that one of these came over?
    is_shared: bool,
}

/// What came of all attacks on one proxy.
struct Campaign {
    kind: Kind,
    trials: Vec<Trial>,
    faults: Vec<String>,
}

impl Campaign {
    fn run(kind: Kind) -> Self {
        let origin = Origin::start();
        let proxy = Proxy::start(kind, origin.address);
        let mut campaign = Self { kind, trials: Vec::new(), faults: Vec::new() };
        for (number, attack) in numbered() {
            campaign.attempt(&proxy, &origin, number, attack);
        }
        campaign.compare_with_log(&proxy, &origin);
        campaign
    }

    fn attempt(&mut self, proxy: &Proxy, origin: &Origin, number: usize, attack: &Attack) {
        let mut faults = Vec::new();
        let known = origin.count();
        let got = converse(proxy.address, &attack.bytes(number), SILENCE).unwrap_or_else(|fault| {
            faults.push(fault);
            Transcript::default()
        });
        faults.extend(ask_innocently(proxy, number).err());
        let seen = origin.seen_since(known);
        let (innocent, seen): (Vec<_>, Vec<_>) = seen.into_iter().partition(|seen| seen.line == innocent_line(number));
        let changed = innocent.iter().filter(|seen| !is_intact(seen, number));
        faults.extend(changed.map(|seen| format!("not what the innocent client sent: {seen:?}")));
        let unanswered = seen.iter().filter(|seen| is_smuggled(seen) && !got.holds(&testimony(&seen.line)));
        faults.extend(unanswered.map(|seen| format!("smuggled: {seen:?}")));
        let codes = got.codes();
        let answers = codes.iter().filter(|&&code| code != 100).count();
        if seen.iter().filter(|seen| seen.is_whole).count() > answers {
            faults.push(format!("{answers} answers to: {seen:?}"));
        }
        let place = format!("{}, {number} ({})", self.kind.name(), attack.name);
        self.faults.extend(faults.into_iter().map(|fault| format!("{place}: {fault}")));
        let is_shared = innocent.iter().any(|innocent| seen.iter().any(|seen| seen.peer == innocent.peer));
        self.trials.push(Trial { codes, seen, is_shared });
    }

    /// Each request that our server saw must be one that the proxy says it has sent.
    fn compare_with_log(&mut self, proxy: &Proxy, origin: &Origin) {
        let end = Instant::now() + LOG_TIME;
        loop {
            let mut passed: Vec<_> = proxy.passed().iter().map(|line| without_authority(line)).collect();
            let mut seen = origin.seen_since(0);
            seen.retain(|seen| {
                let place = passed.iter().position(|line| *line == without_authority(&seen.line));
                place.map(|place| passed.swap_remove(place)).is_none()
            });
            if seen.is_empty() {
                return;
            }
            if Instant::now() > end {
                let name = self.kind.name();
                return self.faults.extend(seen.iter().map(|seen| format!("{name} did not send: {seen:?}")));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn shared(&self) -> usize {
        self.trials.iter().filter(|trial| trial.is_shared).count()
    }
}

/// Method and target of the client that asks behind an attack.
fn innocent_line(number: usize) -> String {
    format!("GET /innocent-{number}")
}

/// Asks for its own, on a connection of its own.
fn ask_innocently(proxy: &Proxy, number: usize) -> Result<(), String> {
    let line = innocent_line(number);
    let request = format!("{line} HTTP/1.1\r\nHost: a\r\nNumber: {number}\r\nConnection: close\r\n\r\n");
    let got = converse(proxy.address, request.as_bytes(), SILENCE)?;
    let is_own = got.codes() == [200] && got.holds(&testimony(&line));
    if is_own { Ok(()) } else { Err(format!("the innocent client got: {}", got.text())) }
}

/// Did the innocent client's request come as it was sent?
fn is_intact(seen: &Seen, number: usize) -> bool {
    let mut fields = seen.fields.iter();
    let has_number = fields.any(|(name, value)| name.eq_ignore_ascii_case("number") && *value == number.to_string());
    has_number && seen.body.is_empty()
}

fn is_smuggled(seen: &Seen) -> bool {
    seen.line.contains("/smuggled-")
}

/// Method and target, of which an absolute form is cut down to path and query: a proxy may pass it on so.
fn without_authority(line: &str) -> String {
    let shortened = line.split_once(" http://").map(|(method, rest)| {
        let path = rest.find(['/', '?']).map_or("", |start| &rest[start..]);
        format!("{method} {path}")
    });
    shortened.unwrap_or_else(|| line.to_owned())
}

/// What was seen, in few words: which requests, how much content, `…` where that was cut off.
fn summary(seen: &[Seen]) -> String {
    let word = |seen: &Seen| {
        let path = seen.line.split_once('/').map_or(seen.line.as_str(), |(_, path)| path);
        let name = path.split_once('-').map_or(path, |(name, _)| name);
        let body = if seen.body.is_empty() { String::new() } else { format!("+{}", seen.body.len()) };
        format!("{name}{body}{}", if seen.is_whole { "" } else { "…" })
    };
    if seen.is_empty() { "nothing".to_owned() } else { seen.iter().map(word).collect::<Vec<_>>().join(", ") }
}

fn cell(codes: &[u16], seen: &[Seen]) -> String {
    let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
    format!("{} → {}", if codes.is_empty() { "-".to_owned() } else { codes.join(" ") }, summary(seen))
}

fn print_table(campaigns: &[Campaign]) {
    println!("What the client got → what our server saw. +39: content, in bytes. …: cut off.\n");
    let names: Vec<_> = campaigns.iter().map(|campaign| campaign.kind.name()).collect();
    println!("| | attack | {} |", names.join(" | "));
    println!("|---|---|{}", "---|".repeat(names.len()));
    for (index, (number, attack)) in numbered().enumerate() {
        let trials = campaigns.iter().map(|campaign| &campaign.trials[index]);
        let cells: Vec<_> = trials.map(|trial| cell(&trial.codes, &trial.seen)).collect();
        println!("| {number} | {} | {} |", attack.name, cells.join(" | "));
    }
}

#[test]
#[ignore = "needs nginx and HAProxy"]
fn nothing_is_smuggled_through_a_proxy() {
    let campaigns: Vec<_> = thread::scope(|scope| {
        let running = Kind::ALL.map(|kind| scope.spawn(move || Campaign::run(kind)));
        running.into_iter().map(|campaign| campaign.join().expect("a campaign to its end")).collect()
    });
    print_table(&campaigns);
    for campaign in &campaigns {
        let (shared, trials) = (campaign.shared(), campaign.trials.len());
        println!("{}: {shared} of {trials} times over the connection of the attack", campaign.kind.name());
        assert!(shared > 0, "no connection was shared: nothing was tried");
    }
    let faults: Vec<_> = campaigns.iter().flat_map(|campaign| &campaign.faults).map(String::as_str).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn alone_our_server_sees_two_requests_only_where_there_are_two() {
    let origin = Origin::start();
    let mut wrong = Vec::new();
    for (number, attack) in numbered() {
        let known = origin.count();
        let got = converse(origin.address, &attack.bytes(number), Duration::ZERO);
        let codes = got.map(|got| got.codes());
        let seen = origin.seen_since(known);
        if codes.as_deref() != Ok(attack.codes) || seen.iter().any(is_smuggled) != attack.is_two {
            wrong.push(format!("{number} ({}): {codes:?}, seen {}", attack.name, summary(&seen)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
