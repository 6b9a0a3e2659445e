//! `wirenut lookup`: what this machine knows without asking anybody.

use crate::process::run;

#[test]
fn names_addresses_and_services_are_found() {
    for (arguments, lines) in [
        (&["lookup", "127.0.0.1", "http"][..], "127.0.0.1:80\n"),
        (&["lookup", "::1", "5353"], "[::1]:5353\n"),
        (&["lookup", "--udp", "192.0.2.1", "domain"], "192.0.2.1:53\n"),
        (&["lookup", "127.0.0.1"], "localhost\n"),
    ] {
        assert_eq!(run(arguments), (Some(0), lines.to_owned(), String::new()), "{arguments:?}");
    }
    let (status, output, _) = run(&["lookup", "localhost"]);
    assert_eq!(status, Some(0));
    assert!(output.lines().any(|line| line == "127.0.0.1"), "{output}");
}

#[test]
fn what_is_not_found_is_said_with_what_to_do() {
    let (status, output, errors) = run(&["lookup", "localhost", "no-such"]);
    assert_eq!((status, output.as_str()), (Some(1), ""));
    assert_eq!(
        errors,
        "wirenut: cannot look up localhost, service no-such: unknown service for this transport \
         (give a port in digits, or a name of /etc/services)\n"
    );
}
