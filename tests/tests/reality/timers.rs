//! The scripts that wait for timers: of retransmissions, and of TIME-WAIT.

use crate::script::Script;

/// Those that wait for a timer, each for a second or two.
pub(crate) const TIMED: &[Script] = &[
    (
        "a SYN that is lost comes again",
        "s listen
        c connect
        lose c
        wait c
        deliver > ESTABLISHED ESTABLISHED",
    ),
    (
        "an answer to a SYN that is lost comes again",
        "s listen
        c connect
        deliver c
        lose s
        wait s
        deliver s > ESTABLISHED SYN-RECEIVED
        deliver > ESTABLISHED ESTABLISHED",
    ),
    (
        "nobody answers: the time of connect(2) is over, and nothing on the wire shows it",
        "c connect
        c patience 500
        deliver c
        lose s
        wait c CLOSED > SYN-SENT/CLOSED LISTEN",
    ),
    (
        "a segment that is lost comes again",
        "rto 50
        open
        c send 10
        lose c
        wait c
        deliver > ESTABLISHED ESTABLISHED
        s read",
    ),
    (
        "a FIN that is lost comes again",
        "rto 50
        open
        c shutdown
        lose c
        wait c
        deliver > FIN-WAIT-2 CLOSE-WAIT",
    ),
    (
        "nobody acknowledges: the user's time-out is over, and nothing on the wire shows it",
        "rto 50
        open
        c patience 200
        c send 10
        lose c
        wait c CLOSED > ESTABLISHED/CLOSED ESTABLISHED",
    ),
    (
        "is the peer still there?",
        "open
        c keepalive
        wait c
        deliver > ESTABLISHED ESTABLISHED : keep-alive probe",
    ),
    (
        "the peer is not there any more: the reset says so",
        "open
        c keepalive
        wait c
        lose c
        wait c
        lose c
        wait c
        deliver > CLOSED CLOSED",
    ),
    (
        "a window that is closed, is probed, and opens again",
        "s listen 2048
        rto 50
        c connect
        deliver
        s accept
        c send 100000
        deliver > ESTABLISHED ESTABLISHED : zero window
        wait c
        deliver > ESTABLISHED ESTABLISHED : window probe
        s read
        deliver > ESTABLISHED ESTABLISHED : zero window",
    ),
    (
        "FIN-WAIT-2 of who has closed is over after a time, and nothing on the wire shows it",
        "set tcp_fin_timeout 1
        rto 50
        open
        c close
        deliver > FIN-WAIT-2 CLOSE-WAIT
        wait c CLOSED > FIN-WAIT-2/CLOSED CLOSE-WAIT
        set tcp_fin_timeout 60",
    ),
];
