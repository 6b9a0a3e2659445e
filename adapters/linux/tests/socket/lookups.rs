//! Look-up against Python, which asks the same library.

use core::net::{IpAddr, SocketAddr};

use wirenut_linux::lookup::{self, Failure, Transport};

use crate::peer::Peer;

#[test]
fn the_same_is_found() {
    let script = "
for host, service in [('localhost', 'http'), ('localhost', '8080'), ('127.0.0.1', 'domain'), ('::1', '1')]:
    for kind in [SOCK_STREAM, SOCK_DGRAM]:
        say(','.join(f'{a[0]} {a[1]}' for *_, a in getaddrinfo(host, service, type=kind)) if service != 'http' or kind == SOCK_STREAM else '')
say(gethostname()); say(getnameinfo(('127.0.0.1', 443), 0)); say(getservbyport(53, 'udp')); say(getservbyname('ntp', 'udp'))
say(gethostbyaddr('127.0.0.1')[0])";
    let mut peer = Peer::start(script, &[]);
    for (host, service) in [("localhost", "http"), ("localhost", "8080"), ("127.0.0.1", "domain"), ("::1", "1")] {
        for transport in [Transport::Tcp, Transport::Udp] {
            let theirs = peer.hear();
            if theirs.is_empty() {
                continue;
            }
            let ours = lookup::addresses(host, service, transport).unwrap();
            let ours: Vec<String> = ours.iter().map(|address| format!("{} {}", address.ip(), address.port())).collect();
            assert_eq!(ours.join(","), theirs, "{host} {service}");
        }
    }
    assert_eq!(lookup::host_name(), peer.hear());
    let localhost: IpAddr = [127, 0, 0, 1].into();
    let names =
        [lookup::name_of(localhost).unwrap().unwrap(), lookup::service_of(443, Transport::Tcp).unwrap().unwrap()];
    assert_eq!(format!("('{}', '{}')", names[0], names[1]), peer.hear());
    assert_eq!(lookup::service_of(53, Transport::Udp).unwrap().unwrap(), peer.hear());
    assert_eq!(lookup::port("ntp", Transport::Udp).unwrap().to_string(), peer.hear());
    assert_eq!(names[0], peer.hear());
    peer.end();
}

#[test]
fn what_was_asked_and_what_went_wrong_is_said() {
    for (error, failure, line) in [
        (
            lookup::addresses("::1", "no-such", Transport::Udp).unwrap_err(),
            Some(Failure::Service),
            "cannot look up ::1, service no-such: unknown service for this transport",
        ),
        (
            lookup::port("no-such", Transport::Tcp).unwrap_err(),
            Some(Failure::Service),
            "cannot look up the service no-such: unknown service for this transport",
        ),
        (lookup::host("a\0b").unwrap_err(), None, "cannot look up a\\0b: Invalid argument (os error 22)"),
    ] {
        assert_eq!((error.lookup_failure(), error.to_string().as_str()), (failure, line));
    }
    // No name server is asked for a name that cannot be one; which words it gets is the library's affair.
    let error = lookup::host("-a..b-").unwrap_err();
    assert!(error.to_string().starts_with("cannot look up -a..b-: "), "{error}");
    assert!(error.lookup_failure().is_some() && error.raw_os_error().is_none());
}

#[test]
fn text_is_read_in_one_way_only() {
    for text in ["127.0.0.1:0", "[::1]:65535", "[fe80::1%lo]:80", "[::ffff:192.0.2.1]:1"] {
        let address: SocketAddr = lookup::address_from_text(text).unwrap();
        assert_eq!(lookup::address_to_text(&address), text);
    }
    assert_eq!(
        lookup::address_from_text("[fe80::1%1]:80").unwrap(),
        lookup::address_from_text("[fe80::1%lo]:80").unwrap()
    );
    for text in [
        "",
        "127.1:80",
        "0177.0.0.1:80",
        "0x7f000001:80",
        "127.0.0.1",
        "127.0.0.1:+80",
        "::1:80",
        "[fe80::1%lo]:+1",
        "[fe80::1%lo]:65536",
        "[fe80::1%]:80",
        "[fe80::1%no-such]:80",
        "[127.0.0.1%lo]:80",
        "localhost:80",
    ] {
        assert!(lookup::address_from_text(text).is_err(), "{text}");
    }
}
