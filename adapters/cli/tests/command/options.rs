//! Options that contradict each other, and what each of them does to the service.

use crate::process::run;

#[test]
fn options_that_contradict_each_other_are_told_with_the_reason() {
    for (arguments, said) in [
        (
            &["demo", "--model", "iterative", "--workers", "2"][..],
            "--workers cannot be used with --model iterative: it serves one connection at a time",
        ),
        (
            &["serve", "--model", "iterative", "--max-connections", "2"],
            "--max-connections cannot be used with --model iterative: it serves one connection at a time",
        ),
        (
            &["demo", "--model", "forking", "--max-connections", "2"],
            "--max-connections cannot be used with --model forking: each process or thread serves one connection, so \
             --workers says how many there may be",
        ),
        (
            &["echo", "--model", "pre-threaded", "--max-connections", "2"],
            "--max-connections cannot be used with --model pre-threaded: each process or thread serves one connection, so \
             --workers says how many there may be",
        ),
        (
            &["serve", "--poller", "select", "--max-connections", "1024"],
            "--max-connections 1024 cannot be used with --poller select: it watches descriptors below 1024 only",
        ),
        (
            &["demo", "--model", "threading", "--poller", "epoll"],
            "--poller cannot be used with --model threading: each connection is waited for alone, by poll(2)",
        ),
        (
            &["echo", "--model", "multiplexed", "--listen", "udp:0"],
            "--model multiplexed cannot be used with datagrams: each is done when it is answered, and there is nothing to \
             wait for beside it",
        ),
        (
            &["echo", "--poller", "poll", "--listen", "udp:0"],
            "--poller cannot be used with datagrams alone: they have no connections",
        ),
        (
            &["echo", "--max-connections", "7", "--listen", "udp:0", "--listen", "unix-datagram:a"],
            "--max-connections cannot be used with datagrams alone: they have no connections",
        ),
        (
            &["echo", "--proxy-protocol", "unix", "--listen", "unix-datagram:a"],
            "--proxy-protocol cannot be used with datagrams alone: they have no connections",
        ),
        (
            &["demo", "--socket-mode", "0660"],
            "--socket-mode cannot be used without --listen unix:PATH: only paths have permissions",
        ),
        (&["serve", "--chroot", "/"], "--chroot cannot be used without --user: who stays root finds a way out of it"),
    ] {
        let (status, output, errors) = run(arguments);
        assert_eq!((status, output.as_str()), (Some(2), ""), "{arguments:?}");
        assert_eq!(errors, format!("error: {said}\n"), "{arguments:?}");
    }
}
