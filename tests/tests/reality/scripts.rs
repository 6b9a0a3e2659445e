//! The scripts: each way in which connections open, end and break off.

use crate::script::Script;

/// Those that wait for no timer.
pub(crate) const QUICK: &[Script] = &[
    (
        "a handshake, data both ways, and four segments to the end",
        "s listen
        c connect
        deliver c > SYN-SENT LISTEN/SYN-RECEIVED
        ",
    ),
    (
        "data both ways, and four segments to the end",
        "s listen
        c connect
        deliver > ESTABLISHED ESTABLISHED
        s accept
        c send 100
        deliver > ESTABLISHED ESTABLISHED
        s read
        s send 5000
        deliver > ESTABLISHED ESTABLISHED
        c read
        c shutdown
        deliver c
        deliver s > FIN-WAIT-2 CLOSE-WAIT
        s read
        s shutdown
        deliver s
        deliver c > TIME-WAIT CLOSED",
    ),
    (
        "three segments to the end, for the acknowledgement of the FIN alone is lost",
        "open
        c shutdown
        deliver c
        lose s
        s shutdown
        deliver s
        deliver > TIME-WAIT CLOSED",
    ),
    (
        "one end ends its direction, and the other one still sends",
        "open
        c send 10
        c shutdown
        deliver > FIN-WAIT-2 CLOSE-WAIT
        s read
        s send 4000
        deliver > FIN-WAIT-2 CLOSE-WAIT
        c read
        s send 1000
        s close
        deliver > TIME-WAIT CLOSED
        c read",
    ),
    (
        "both end at once",
        "open
        c shutdown
        s shutdown
        deliver c
        deliver > TIME-WAIT TIME-WAIT",
    ),
    (
        "both end at once: the states on the way",
        "open
        c shutdown
        s shutdown
        deliver c > FIN-WAIT-1 CLOSE-WAIT/CLOSING
        deliver s > CLOSING CLOSING
        deliver > TIME-WAIT TIME-WAIT",
    ),
    (
        "both open at once",
        "c connect
        s connect
        deliver c
        deliver s > SYN-RECEIVED SYN-RECEIVED
        deliver > ESTABLISHED ESTABLISHED
        c send 10
        s send 20
        deliver
        c read
        s read
        c shutdown
        deliver > FIN-WAIT-2 CLOSE-WAIT
        s shutdown
        deliver > TIME-WAIT CLOSED",
    ),
    (
        "nobody listens",
        "c connect
        deliver > CLOSED CLOSED : refused",
    ),
    (
        "reset by ABORT in ESTABLISHED",
        "open
        c abort
        deliver > CLOSED CLOSED",
    ),
    (
        "reset with data on its way: what is behind it counts for nothing",
        "open
        c send 10
        c abort
        deliver > CLOSED CLOSED",
    ),
    (
        "the client gives up in SYN-SENT, and resets the answer",
        "s listen
        c connect
        # It is over without a word.
        c close > -/CLOSED -
        deliver > CLOSED CLOSED",
    ),
    (
        "reset in SYN-RECEIVED",
        "s listen
        c connect
        deliver c
        # The client has not sent it: the answer opens its connection, and what it says then is reset.
        inject c R 1 > CLOSED/SYN-SENT CLOSED
        deliver > CLOSED CLOSED",
    ),
    (
        "reset in FIN-WAIT-1",
        "open
        c shutdown
        deliver c
        lose s > FIN-WAIT-1 CLOSE-WAIT
        s abort
        deliver > CLOSED CLOSED",
    ),
    (
        "reset in FIN-WAIT-2",
        "open
        c shutdown
        deliver > FIN-WAIT-2 CLOSE-WAIT
        s abort
        deliver > CLOSED CLOSED",
    ),
    (
        "reset in CLOSE-WAIT",
        "open
        c shutdown
        deliver
        c abort
        deliver > CLOSED CLOSED",
    ),
    (
        "reset in CLOSING, by a peer that has forgotten all",
        "open
        c shutdown
        s shutdown
        deliver c
        deliver s > CLOSING CLOSING
        lose c
        lose s
        inject s RA 2 2 > CLOSED CLOSED/CLOSING",
    ),
    (
        "reset in LAST-ACK",
        "open
        c shutdown
        deliver
        s shutdown
        deliver s > TIME-WAIT LAST-ACK
        lose c
        inject c R 2 > CLOSED/TIME-WAIT CLOSED",
    ),
    (
        "reset in TIME-WAIT, which ends it (RFC 1337 would keep it)",
        "open
        c shutdown
        deliver
        s close
        deliver > TIME-WAIT CLOSED
        inject s R 2 > CLOSED CLOSED",
    ),
    (
        "closed with unread data",
        "open
        s send 100
        deliver > ESTABLISHED ESTABLISHED
        c close
        deliver > CLOSED CLOSED",
    ),
    (
        "data for who has closed",
        "open
        c close
        deliver > FIN-WAIT-2 CLOSE-WAIT
        s send 10
        deliver > CLOSED CLOSED",
    ),
    (
        "the same ends again, out of TIME-WAIT",
        "open
        s shutdown
        deliver
        c close
        deliver > CLOSED TIME-WAIT
        s close
        c connect
        deliver c
        deliver s > ESTABLISHED SYN-RECEIVED
        deliver > ESTABLISHED ESTABLISHED
        s accept
        c send 10
        deliver
        s read",
    ),
    (
        "the same ends again, after a reset",
        "open
        c abort
        deliver > CLOSED CLOSED
        s close
        c connect
        deliver > ESTABLISHED ESTABLISHED",
    ),
    (
        "a reset behind a gap, at the end of what has come: Linux knows it by its SACK",
        "open
        c send 1000
        c send 1000
        lose c
        c abort
        deliver c > ESTABLISHED/CLOSED ESTABLISHED : gap
        deliver c > CLOSED CLOSED
        deliver > CLOSED CLOSED",
    ),
    (
        "the same without SACK: it is challenged, and the answer to that is exact",
        "set tcp_sack 0
        open
        c send 1000
        c send 1000
        lose c
        c abort
        deliver c > ESTABLISHED/CLOSED ESTABLISHED : gap
        deliver c > CLOSED CLOSED/ESTABLISHED
        deliver > CLOSED CLOSED
        set tcp_sack 1",
    ),
    (
        "a reset outside of the window does nothing",
        "open
        inject c R 1000000 > ESTABLISHED ESTABLISHED : reset outside of the window
        deliver > ESTABLISHED ESTABLISHED
        inject c R 0 > ESTABLISHED ESTABLISHED : reset outside of the window
        deliver > ESTABLISHED ESTABLISHED",
    ),
    (
        "a reset in the window is challenged",
        "open
        inject c R 100 > ESTABLISHED ESTABLISHED : inexact reset
        deliver > ESTABLISHED ESTABLISHED : challenge ACK",
    ),
    (
        "a SYN within a connection is challenged",
        "open
        inject c S 100 > ESTABLISHED ESTABLISHED : SYN within a connection
        deliver > ESTABLISHED ESTABLISHED : challenge ACK",
    ),
    (
        "an acknowledgement of what was never sent",
        "open
        inject c A 1 1000000 > ESTABLISHED ESTABLISHED : unacceptable ACK
        deliver > ESTABLISHED ESTABLISHED : challenge ACK",
    ),
    (
        "data outside of the window",
        "open
        inject c A 1000000 1 +10 > ESTABLISHED ESTABLISHED : outside of the window
        deliver > ESTABLISHED ESTABLISHED",
    ),
    (
        "flags that nobody sends",
        "open
        inject c SF 100 > ESTABLISHED ESTABLISHED : invalid flags
        deliver",
    ),
    (
        "a FIN that comes again in TIME-WAIT is acknowledged again",
        "open
        c shutdown
        deliver
        s shutdown
        repeat s
        lose c
        deliver > TIME-WAIT CLOSED : retransmission",
    ),
    (
        "segments that overtake each other",
        "open
        c send 1000
        c send 1000
        c send 1000
        delay c
        deliver > ESTABLISHED ESTABLISHED : out of order, gap
        s read",
    ),
    (
        "a FIN that overtakes data",
        "open
        c send 1000
        c shutdown
        delay c
        deliver c > FIN-WAIT-1 ESTABLISHED : gap
        deliver > FIN-WAIT-2 CLOSE-WAIT : out of order",
    ),
    (
        "a segment twice",
        "open
        c send 1000
        repeat c
        deliver > ESTABLISHED ESTABLISHED : retransmission",
    ),
];
