//! How connections open, end and break off, by name, and what the tracker makes of each segment.

use super::script::differences;

/// Opens a connection; what follows begins with the number 1 at both ends.
pub(super) const OPEN: &str = "
    c S 0      > new SYN-SENT LISTEN
    s SA 0 1   > ESTABLISHED SYN-RECEIVED rtt=0
    c A 1 1    > ESTABLISHED ESTABLISHED rtt=0
";

const OPENINGS: &[(&str, &str)] = &[
    (
        "three-way handshake, with data and times",
        "
        c S 0            > new SYN-SENT LISTEN
        s SA 0 1 t=20    > ESTABLISHED SYN-RECEIVED rtt=20
        c A 1 1 t=3      > ESTABLISHED ESTABLISHED rtt=3
        c PA 1 1 +10     > ESTABLISHED ESTABLISHED
        s A 1 11 t=20    > ESTABLISHED ESTABLISHED rtt=20
        s PA 1 11 +500   > ESTABLISHED ESTABLISHED
        c A 11 501 t=3   > ESTABLISHED ESTABLISHED rtt=3",
    ),
    (
        "lost SYN, lost SYN ACK",
        "
        c S 0            > new SYN-SENT LISTEN
        c S 0 t=1000     > SYN-SENT LISTEN : retransmission
        s SA 0 1 t=20    > ESTABLISHED SYN-RECEIVED
        s SA 0 1 t=1000  > ESTABLISHED SYN-RECEIVED : retransmission
        c A 1 1          > ESTABLISHED ESTABLISHED",
    ),
    (
        "simultaneous open",
        "
        c S 0      > new SYN-SENT LISTEN
        s S 0      > SYN-RECEIVED SYN-RECEIVED
        c SA 0 1   > SYN-RECEIVED ESTABLISHED rtt=0 : retransmission
        s SA 0 1   > ESTABLISHED ESTABLISHED : retransmission
        c A 1 1 +5 > ESTABLISHED ESTABLISHED",
    ),
    (
        "refused",
        "
        c S 0      > new SYN-SENT LISTEN
        s RA 0 1   > CLOSED CLOSED : refused",
    ),
    (
        "refused by a forged reset",
        "
        c S 0      > new SYN-SENT LISTEN
        s RA 0 7   > SYN-SENT LISTEN : reset outside of the window
        s R 0      > SYN-SENT LISTEN : reset outside of the window
        s SA 0 1   > ESTABLISHED SYN-RECEIVED rtt=0",
    ),
    (
        "half-open scan: reset instead of an ACK",
        "
        c S 0      > new SYN-SENT LISTEN
        s SA 0 1   > ESTABLISHED SYN-RECEIVED rtt=0
        c R 1      > CLOSED CLOSED",
    ),
    (
        "another attempt from the same port",
        "
        c S 0      > new SYN-SENT LISTEN
        c S 9000   > new SYN-SENT LISTEN
        s SA 0 9001 > ESTABLISHED SYN-RECEIVED rtt=0",
    ),
    (
        "an old duplicate SYN (RFC 9293 figure 8)",
        "
        c S 100    > new SYN-SENT LISTEN
        s SA 0 91  > SYN-SENT LISTEN : SYN within a connection
        c R 91     > CLOSED CLOSED
        c S 100    > new SYN-SENT LISTEN",
    ),
    (
        "data in the SYN, acknowledged (fast open)",
        "
        c S 0 +50    > new SYN-SENT LISTEN : data in SYN
        s SA 0 51    > ESTABLISHED SYN-RECEIVED rtt=0
        c A 51 1 +9  > ESTABLISHED ESTABLISHED rtt=0",
    ),
    (
        "the SYN ACK was not captured",
        "
        c S 0        > new SYN-SENT LISTEN
        c A 1 1      > ESTABLISHED LISTEN
        s A 1 1 +50  > ESTABLISHED ESTABLISHED rtt=0",
    ),
    (
        "picked up at the SYN ACK",
        "
        s SA 0 1     > new ESTABLISHED SYN-RECEIVED
        c A 1 1      > ESTABLISHED ESTABLISHED rtt=0",
    ),
    (
        "stray reset",
        "
        c R 5        > none
        s RA 5 5     > none",
    ),
    (
        "scans: flags that nobody sends",
        "
        c - 0        > none : invalid flags
        c SF 0       > none : invalid flags
        c SR 0       > none : invalid flags
        c F 0        > none : invalid flags
        c FRA 0 0    > none : invalid flags",
    ),
];

const ENDS: &[(&str, &str)] = &[
    (
        "four-way teardown",
        "
        c FA 1 1     > FIN-WAIT-1 CLOSE-WAIT
        s A 1 2      > FIN-WAIT-2 CLOSE-WAIT rtt=0
        s FA 1 2     > TIME-WAIT LAST-ACK
        c A 2 2      > TIME-WAIT CLOSED rtt=0",
    ),
    (
        "the server ends first",
        "
        s FA 1 1     > CLOSE-WAIT FIN-WAIT-1
        c A 1 2      > CLOSE-WAIT FIN-WAIT-2 rtt=0
        c FA 1 2     > LAST-ACK TIME-WAIT
        s A 2 2      > CLOSED TIME-WAIT rtt=0",
    ),
    (
        "three-way teardown",
        "
        c FA 1 1     > FIN-WAIT-1 CLOSE-WAIT
        s FA 1 2     > TIME-WAIT LAST-ACK rtt=0
        c A 2 2      > TIME-WAIT CLOSED rtt=0",
    ),
    (
        "simultaneous close",
        "
        c FA 1 1     > FIN-WAIT-1 CLOSE-WAIT
        s FA 1 1     > CLOSING CLOSING
        c A 2 2      > CLOSING TIME-WAIT rtt=0
        s A 2 2      > TIME-WAIT TIME-WAIT rtt=0",
    ),
    (
        "half-close: the other still sends",
        "
        c FA 1 1 +10   > FIN-WAIT-1 CLOSE-WAIT
        s A 1 12       > FIN-WAIT-2 CLOSE-WAIT rtt=0
        s PA 1 12 +700 > FIN-WAIT-2 CLOSE-WAIT
        c A 12 701     > FIN-WAIT-2 CLOSE-WAIT rtt=0
        s FA 701 12    > TIME-WAIT LAST-ACK
        c A 12 702     > TIME-WAIT CLOSED rtt=0",
    ),
    (
        "a FIN behind a gap",
        "
        c PA 11 1 +10  > ESTABLISHED ESTABLISHED : gap
        c FA 21 1      > FIN-WAIT-1 ESTABLISHED
        s A 1 1        > FIN-WAIT-1 ESTABLISHED : duplicate ACK
        c PA 1 1 +10   > FIN-WAIT-1 CLOSE-WAIT : out of order
        s A 1 22       > FIN-WAIT-2 CLOSE-WAIT",
    ),
    (
        "a FIN whose ACK shows that what was before it had come, too",
        "
        c PA 11 1 +10  > ESTABLISHED ESTABLISHED : gap
        c FA 21 1      > FIN-WAIT-1 ESTABLISHED
        s FA 1 22      > TIME-WAIT LAST-ACK rtt=0 : ACK of bytes not captured
        c A 22 2       > TIME-WAIT CLOSED rtt=0",
    ),
    (
        "a FIN sent again, and its ACK",
        "
        c FA 1 1       > FIN-WAIT-1 CLOSE-WAIT
        c FA 1 1       > FIN-WAIT-1 CLOSE-WAIT : retransmission
        s A 1 2        > FIN-WAIT-2 CLOSE-WAIT
        s FA 1 2       > TIME-WAIT LAST-ACK
        s FA 1 2       > TIME-WAIT LAST-ACK : retransmission
        c A 2 2        > TIME-WAIT CLOSED
        c A 2 2        > TIME-WAIT CLOSED",
    ),
    (
        "data after FIN",
        "
        c FA 1 1       > FIN-WAIT-1 CLOSE-WAIT
        c A 2 1 +5     > FIN-WAIT-1 CLOSE-WAIT : data after FIN
        s A 1 2        > FIN-WAIT-2 CLOSE-WAIT rtt=0",
    ),
    (
        "a FIN before what was sent",
        "
        c A 1 1 +50    > ESTABLISHED ESTABLISHED
        c FA 1 1 +10   > ESTABLISHED ESTABLISHED : retransmission, data after FIN",
    ),
    (
        "ports used again after TIME-WAIT",
        "
        c FA 1 1       > FIN-WAIT-1 CLOSE-WAIT
        s FA 1 2       > TIME-WAIT LAST-ACK rtt=0
        c A 2 2        > TIME-WAIT CLOSED rtt=0
        c S 9000       > new SYN-SENT LISTEN
        s SA 7000 9001 > ESTABLISHED SYN-RECEIVED rtt=0",
    ),
    (
        "ports used again, the other way round",
        "
        c R 1          > CLOSED CLOSED
        s S 9000       > new SYN-SENT LISTEN
        c SA 0 9001    > ESTABLISHED SYN-RECEIVED rtt=0",
    ),
];

const RESETS: &[(&str, &str)] = &[
    ("reset of an open connection", "c R 1 > CLOSED CLOSED"),
    ("reset with ACK, by the server", "s RA 1 1 > CLOSED CLOSED"),
    (
        "reset behind data that was not acknowledged",
        "
        c A 1 1 +10  > ESTABLISHED ESTABLISHED
        c R 11       > CLOSED CLOSED",
    ),
    (
        "reset in FIN-WAIT-1",
        "
        c FA 1 1     > FIN-WAIT-1 CLOSE-WAIT
        c R 2        > CLOSED CLOSED",
    ),
    (
        "reset in FIN-WAIT-2",
        "
        c FA 1 1     > FIN-WAIT-1 CLOSE-WAIT
        s A 1 2      > FIN-WAIT-2 CLOSE-WAIT rtt=0
        s R 1        > CLOSED CLOSED",
    ),
    (
        "reset in CLOSING",
        "
        c FA 1 1     > FIN-WAIT-1 CLOSE-WAIT
        s FA 1 1     > CLOSING CLOSING
        s R 2        > CLOSED CLOSED",
    ),
    (
        "reset in LAST-ACK",
        "
        c FA 1 1     > FIN-WAIT-1 CLOSE-WAIT
        s FA 1 2     > TIME-WAIT LAST-ACK rtt=0
        c R 2        > CLOSED CLOSED",
    ),
    (
        "reset in the window, but not at the next byte: a challenge ACK, and the true reset",
        "
        s R 500      > ESTABLISHED ESTABLISHED : inexact reset
        c A 1 1      > ESTABLISHED ESTABLISHED : challenge ACK
        s R 1        > CLOSED CLOSED",
    ),
    (
        "reset outside of the window",
        "
        s R 5000     > ESTABLISHED ESTABLISHED : reset outside of the window
        s R -1       > ESTABLISHED ESTABLISHED : reset outside of the window
        s A 1 1 +10  > ESTABLISHED ESTABLISHED",
    ),
    (
        "a SYN within a connection: a challenge ACK, and a reset by who has forgotten",
        "
        c S 7000     > ESTABLISHED ESTABLISHED : SYN within a connection
        s A 1 1      > ESTABLISHED ESTABLISHED : challenge ACK
        c R 1        > CLOSED CLOSED
        c S 7001     > new SYN-SENT LISTEN",
    ),
];

pub(super) fn check<'s>(scenarios: impl IntoIterator<Item = &'s (&'s str, &'s str)>, before: &str) {
    let all = scenarios.into_iter().flat_map(|(name, script)| differences(name, &format!("{before}{script}")));
    let all: Vec<String> = all.collect();
    assert!(all.is_empty(), "{} lines differ; the first:\n{}", all.len(), all[..all.len().min(20)].join("\n"));
}

#[test]
fn openings() {
    check(OPENINGS, "");
}

#[test]
fn ends() {
    check(ENDS, OPEN);
}

#[test]
fn resets() {
    check(RESETS, OPEN);
}
