//! Lines that go and come as messages.

use super::Served;

#[test]
fn lines_are_sent_and_answers_printed() {
    let served = Served::start();
    for (options, input, output) in [
        (&[][..], &b"hello\nw\xc3\xb6rld\r\n\nlast"[..], &b"hello\nw\xc3\xb6rld\n\nlast\n"[..]),
        (&["--no-compression"], b"hello\n", b"hello\n"),
        (&["--hex"], b"00 fF\n\n7f7f\n", b"00 ff\n\n7f 7f\n"),
        (&["--binary"], b"\x00\xff\nabc\n", b"\x00\xff\nabc\n"),
        (&[], b"", b""),
    ] {
        assert_eq!(served.ws("/echo", options, input), (Some(0), output.to_vec(), String::new()), "{options:?}");
    }
}

#[test]
fn many_lines_and_long_ones_come_back_in_order() {
    let served = Served::start();
    let lines: String = (0..20_000).map(|n| format!("{n} {}\n", "x".repeat(n % 50))).collect();
    let long = format!("{}\n", (0..60_000).map(|n| format!("{n},")).collect::<String>());
    // More than the buffers of both sockets hold: the client must read what comes back while it sends.
    let longest = format!("{}\n", "x".repeat(12_000_000));
    for input in [lines, long, longest] {
        for options in [&[][..], &["--no-compression"]] {
            let (status, output, errors) = served.ws("/echo", options, input.as_bytes());
            assert_eq!((status, errors.as_str()), (Some(0), ""));
            assert!(output == input.as_bytes(), "{} bytes of {}", output.len(), input.len());
        }
    }
}

#[test]
fn lines_that_cannot_be_sent_are_named_and_others_are_sent() {
    let served = Served::start();
    for (options, input, output, complaint) in [
        (
            &["--hex"][..],
            &b"00\n0g\n01\n"[..],
            &b"00\n01\n"[..],
            "line 2 was not sent: it is not pairs of hexadecimal digits",
        ),
        (&[], b"a\xff\nb\n", b"b\n", "line 1 was not sent: it is not UTF-8 (use --binary)"),
        (&["--limit", "3"], b"abc\nabcd\n", b"abc\n", "line 2 was not sent: it is longer than --limit"),
    ] {
        let (status, printed, errors) = served.ws("/echo", options, input);
        assert_eq!((status, &printed[..]), (Some(1), output), "{options:?}");
        assert_eq!(errors, format!("wirenut: {complaint}\nwirenut: a line was not sent\n"));
    }
}

#[test]
fn the_server_is_told_what_the_options_say() {
    let served = Served::start();
    let options = ["--header", "X-One: 1", "--subprotocol", "a", "--subprotocol", "b", "--no-compression"];
    let origin = served.url.replace("ws:", "http:");
    let (status, output, errors) = served.ws("/about", &[&options[..], &["--origin", &origin]].concat(), b"");
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert_eq!(String::from_utf8(output).unwrap(), format!("{origin}\n1\na, b\n\n"));
    let (_, output, _) = served.ws("/about", &[], b"");
    assert!(
        output.ends_with(b"permessage-deflate; client_max_window_bits, permessage-deflate\n"),
        "{}",
        output.escape_ascii()
    );
}
