//! What each segment with data, and whole connections, come to, by name.

use super::scenarios::{OPEN, check};

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

#[test]
fn data_and_windows() {
    check(DATA, OPEN);
}

#[test]
fn whole_connections() {
    check(WHOLE, "");
}
