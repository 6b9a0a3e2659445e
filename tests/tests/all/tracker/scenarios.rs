//! What connections do, by name, and what the tracker makes of each segment.

use super::script::differences;

/// Opens a connection; what follows begins with the number 1 at both ends.
const OPEN: &str = "
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

const DATA: &[(&str, &str)] = &[
    (
        "loss, and what is sent again",
        "
        c A 1 1 +10   > ESTABLISHED ESTABLISHED
        c A 21 1 +10  > ESTABLISHED ESTABLISHED : gap
        s A 1 11      > ESTABLISHED ESTABLISHED rtt=0
        s A 1 11      > ESTABLISHED ESTABLISHED : duplicate ACK
        c A 11 1 +10  > ESTABLISHED ESTABLISHED : out of order
        s A 1 31      > ESTABLISHED ESTABLISHED",
    ),
    (
        "reordered, over two gaps",
        "
        c A 11 1 +10  > ESTABLISHED ESTABLISHED : gap
        c A 31 1 +10  > ESTABLISHED ESTABLISHED : gap
        c A 1 1 +10   > ESTABLISHED ESTABLISHED : out of order
        c A 21 1 +10  > ESTABLISHED ESTABLISHED : out of order
        c A 41 1 +10  > ESTABLISHED ESTABLISHED
        s A 1 51      > ESTABLISHED ESTABLISHED rtt=0
        c A 11 1 +10  > ESTABLISHED ESTABLISHED : retransmission",
    ),
    (
        "sent again after a time-out, in pieces of another size",
        "
        c A 1 1 +10   > ESTABLISHED ESTABLISHED
        c A 11 1 +10  > ESTABLISHED ESTABLISHED
        c A 1 1 +5    > ESTABLISHED ESTABLISHED : retransmission
        c A 6 1 +20   > ESTABLISHED ESTABLISHED : overlap
        s A 1 26      > ESTABLISHED ESTABLISHED",
    ),
    (
        "Karn: what was sent twice is not measured",
        "
        c A 1 1 +10 t=0     > ESTABLISHED ESTABLISHED
        c A 1 1 +10 t=200   > ESTABLISHED ESTABLISHED : retransmission
        s A 1 11 t=30       > ESTABLISHED ESTABLISHED
        c A 11 1 +10        > ESTABLISHED ESTABLISHED
        s A 1 21 t=30       > ESTABLISHED ESTABLISHED rtt=30",
    ),
    (
        "with time stamps it is",
        "
        c A 1 1 +10 ts=100/0       > ESTABLISHED ESTABLISHED
        c A 1 1 +10 ts=300/0 t=200 > ESTABLISHED ESTABLISHED : retransmission
        s A 1 11 ts=7/300 t=30     > ESTABLISHED ESTABLISHED rtt=30",
    ),
    (
        "the first of two was acknowledged: no time of the second",
        "
        c A 1 1 +10 ts=100/0       > ESTABLISHED ESTABLISHED
        c A 1 1 +10 ts=300/0 t=200 > ESTABLISHED ESTABLISHED : retransmission
        s A 1 11 ts=7/100 t=30     > ESTABLISHED ESTABLISHED",
    ),
    (
        "an old time stamp with new data",
        "
        c A 1 1 +10 ts=100/0   > ESTABLISHED ESTABLISHED
        c A 11 1 +10 ts=90/0   > ESTABLISHED ESTABLISHED : old time stamp",
    ),
    (
        "a reset at the end of all that has come, behind a gap",
        "
        c A 11 1 +10    > ESTABLISHED ESTABLISHED : gap
        c R 20          > ESTABLISHED ESTABLISHED : inexact reset
        c R 21          > CLOSED CLOSED",
    ),
    (
        "data that what was sent again has overtaken is left out, and comes again",
        "
        c A 1 1 +10 ts=50/0    > ESTABLISHED ESTABLISHED
        c A 21 1 +10 ts=52/0   > ESTABLISHED ESTABLISHED : gap
        c A 1 1 +10 ts=100/0   > ESTABLISHED ESTABLISHED : retransmission
        c A 11 1 +10 ts=51/0   > ESTABLISHED ESTABLISHED : old time stamp
        c FA 31 1 ts=53/0      > ESTABLISHED ESTABLISHED : old time stamp
        c A 11 1 +10 ts=101/0  > ESTABLISHED ESTABLISHED : out of order
        c FA 31 1 ts=102/0     > FIN-WAIT-1 CLOSE-WAIT",
    ),
    (
        "one tick earlier is no older time stamp, as Linux sees it",
        "
        c A 1 1 +10 ts=100/0   > ESTABLISHED ESTABLISHED
        c A 11 1 +10 ts=99/0   > ESTABLISHED ESTABLISHED",
    ),
    (
        "an acknowledgment that comes late is no keep-alive probe",
        "
        c A 1 1 +1 ts=60/0     > ESTABLISHED ESTABLISHED
        s A 1 2 ts=7/60        > ESTABLISHED ESTABLISHED rtt=0
        c A 1 1 ts=50/0        > ESTABLISHED ESTABLISHED
        c A 1 1 ts=1060/0      > ESTABLISHED ESTABLISHED : keep-alive probe
        c A 1 1 +1 ts=60/0     > ESTABLISHED ESTABLISHED : retransmission",
    ),
    (
        "one without a time stamp is none, either, if it acknowledges less",
        "
        s A 1 1 +10            > ESTABLISHED ESTABLISHED
        c A 1 11 +1            > ESTABLISHED ESTABLISHED rtt=0
        s A 11 2               > ESTABLISHED ESTABLISHED rtt=0
        c A 1 1                > ESTABLISHED ESTABLISHED
        c A 1 11               > ESTABLISHED ESTABLISHED : keep-alive probe",
    ),
    (
        "a time stamp of data that an acknowledgment has overtaken is not old",
        "
        c A 1 1 ts=50/0        > ESTABLISHED ESTABLISHED
        c A 11 1 ts=100/0      > ESTABLISHED ESTABLISHED
        c A 1 1 +10 ts=90/0    > ESTABLISHED ESTABLISHED
        s A 1 11 ts=7/90 t=30  > ESTABLISHED ESTABLISHED rtt=30",
    ),
    (
        "time stamps wrap around",
        "
        c A 1 1 +10 ts=4294967295/0 > ESTABLISHED ESTABLISHED
        c A 11 1 +10 ts=3/0         > ESTABLISHED ESTABLISHED",
    ),
    (
        "beyond the window",
        "
        c A 2000 1 +10  > ESTABLISHED ESTABLISHED : outside of the window
        c A 1 1 +10     > ESTABLISHED ESTABLISHED",
    ),
    (
        "the last byte of the window, and the one behind it",
        "
        c A 1000 1 +1   > ESTABLISHED ESTABLISHED : gap
        c A 1001 1 +1   > ESTABLISHED ESTABLISHED : outside of the window",
    ),
    (
        "zero window, probes, and room again",
        "
        c A 1 1 +10       > ESTABLISHED ESTABLISHED
        s A 1 11 w=0      > ESTABLISHED ESTABLISHED rtt=0 : zero window
        c A 11 1 +1       > ESTABLISHED ESTABLISHED : window probe
        s A 1 11 w=0      > ESTABLISHED ESTABLISHED : duplicate ACK
        c A 11 1 +10      > ESTABLISHED ESTABLISHED : outside of the window
        s A 1 11 w=500    > ESTABLISHED ESTABLISHED
        c A 12 1 +10      > ESTABLISHED ESTABLISHED",
    ),
    (
        "a zero window is probed without a byte, as Linux does it",
        "
        c A 1 1 +10       > ESTABLISHED ESTABLISHED
        s A 1 11 w=0      > ESTABLISHED ESTABLISHED rtt=0 : zero window
        c A 10 1          > ESTABLISHED ESTABLISHED : window probe
        s A 1 11 w=0      > ESTABLISHED ESTABLISHED
        c A 10 1          > ESTABLISHED ESTABLISHED : window probe
        s A 1 11 w=500    > ESTABLISHED ESTABLISHED
        c A 10 1          > ESTABLISHED ESTABLISHED : keep-alive probe",
    ),
    (
        "keep-alive probes, without and with a byte",
        "
        c A 1 1 +10       > ESTABLISHED ESTABLISHED
        s A 1 11          > ESTABLISHED ESTABLISHED rtt=0
        c A 10 1          > ESTABLISHED ESTABLISHED : keep-alive probe
        s A 1 11          > ESTABLISHED ESTABLISHED
        c A 10 1 +1       > ESTABLISHED ESTABLISHED : keep-alive probe
        s A 0 11          > ESTABLISHED ESTABLISHED : keep-alive probe",
    ),
    (
        "the capture has missed data",
        "
        s A 1 301         > ESTABLISHED ESTABLISHED : ACK of bytes not captured
        c A 301 1 +10     > ESTABLISHED ESTABLISHED",
    ),
    (
        "an ACK of what was never sent",
        "
        s A 1 5000        > ESTABLISHED ESTABLISHED : unacceptable ACK
        c A 1 1           > ESTABLISHED ESTABLISHED : challenge ACK",
    ),
    (
        "an old ACK, and one that is older than any window is long (RFC 5961 §5.2)",
        "
        c A 1 1 +10       > ESTABLISHED ESTABLISHED
        c A 11 -65534 +10 > ESTABLISHED ESTABLISHED
        c A 21 -65535 +10 > ESTABLISHED ESTABLISHED : unacceptable ACK
        s A 1 21          > ESTABLISHED ESTABLISHED rtt=0 : challenge ACK
        c A 21 1 +10      > ESTABLISHED ESTABLISHED",
    ),
    (
        "the capture has missed more than a window",
        "
        c A 9001 1 +10    > ESTABLISHED ESTABLISHED : outside of the window
        s A 1 9011        > ESTABLISHED ESTABLISHED : ACK of bytes not captured
        c A 9011 1 +10    > ESTABLISHED ESTABLISHED",
    ),
];

const WHOLE: &[(&str, &str)] = &[
    (
        "where both open at once, an acknowledgment has overtaken a SYN",
        "
        c S 0      > new SYN-SENT LISTEN
        s A 1 1    > SYN-SENT SYN-RECEIVED rtt=0
        s S 0      > SYN-RECEIVED SYN-RECEIVED
        c SA 0 1   > SYN-RECEIVED ESTABLISHED rtt=0 : retransmission
        s SA 0 1   > ESTABLISHED ESTABLISHED : retransmission",
    ),
    (
        "an end whose SYN is on its way acknowledges a SYN that comes again, which opens nothing",
        "
        c S 0      > new SYN-SENT LISTEN
        c S 0      > SYN-SENT LISTEN : retransmission
        s A 1 1    > SYN-SENT SYN-RECEIVED
        s SA 0 1   > ESTABLISHED SYN-RECEIVED
        c A 1 1    > ESTABLISHED ESTABLISHED rtt=0",
    ),
    (
        "scaled windows",
        "
        c S 0 w=1000 ws=0     > new SYN-SENT LISTEN
        s SA 0 1 w=1000 ws=4  > ESTABLISHED SYN-RECEIVED rtt=0
        c A 1 1 w=1000        > ESTABLISHED ESTABLISHED rtt=0
        c A 1001 1 +10        > ESTABLISHED ESTABLISHED : gap
        s A 1 1 w=1000        > ESTABLISHED ESTABLISHED
        c A 15991 1 +10       > ESTABLISHED ESTABLISHED : gap
        c A 16001 1 +10       > ESTABLISHED ESTABLISHED : outside of the window
        s A 991 1 +10         > ESTABLISHED ESTABLISHED : gap
        s A 1001 1 +10        > ESTABLISHED ESTABLISHED : outside of the window",
    ),
    (
        "windows scaled by one end only are not scaled",
        "
        c S 0 ws=7            > new SYN-SENT LISTEN
        s SA 0 1              > ESTABLISHED SYN-RECEIVED rtt=0
        c A 1 1               > ESTABLISHED ESTABLISHED rtt=0
        s A 1101 1 +10        > ESTABLISHED ESTABLISHED : outside of the window",
    ),
    (
        "scales of a server whose client has none",
        "
        c S 0                 > new SYN-SENT LISTEN
        s SA 0 1 ws=7         > ESTABLISHED SYN-RECEIVED rtt=0
        c A 1 1               > ESTABLISHED ESTABLISHED rtt=0
        c A 1101 1 +10        > ESTABLISHED ESTABLISHED : outside of the window",
    ),
    (
        "a scale beyond 14",
        "
        c S 0 ws=15           > new SYN-SENT LISTEN : excessive window scale",
    ),
    (
        "picked up on its way, and ended",
        "
        c A 500 900 +10       > new ESTABLISHED ESTABLISHED
        s A 900 510 +100      > ESTABLISHED ESTABLISHED rtt=0
        c A 510 1000          > ESTABLISHED ESTABLISHED rtt=0
        s FA 1000 510         > CLOSE-WAIT FIN-WAIT-1
        c FA 510 1001         > LAST-ACK TIME-WAIT rtt=0
        s A 1001 511          > CLOSED TIME-WAIT rtt=0",
    ),
    (
        "picked up at a FIN",
        "
        c FA 500 900          > new FIN-WAIT-1 CLOSE-WAIT
        s FA 900 501          > TIME-WAIT LAST-ACK rtt=0
        c A 501 901           > TIME-WAIT CLOSED rtt=0",
    ),
    (
        "one direction only",
        "
        c S 0                 > new SYN-SENT LISTEN
        c A 1 1               > ESTABLISHED LISTEN
        c A 1 1 +100          > ESTABLISHED LISTEN
        c A 101 501 +100      > ESTABLISHED LISTEN : ACK of bytes not captured
        c FA 201 501          > FIN-WAIT-1 LISTEN",
    ),
];

fn check<'s>(scenarios: impl IntoIterator<Item = &'s (&'s str, &'s str)>, before: &str) {
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

#[test]
fn data_and_windows() {
    check(DATA, OPEN);
}

#[test]
fn whole_connections() {
    check(WHOLE, "");
}
