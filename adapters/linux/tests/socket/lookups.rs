//! Look-up against Python, which asks the same library.

use core::net::{IpAddr, SocketAddr};

use wirenut_linux::lookup::{self, Failure, Hints, Transport, address_info};
use wirenut_linux::socket::Family;
use wirenut_tests::tools::has;

use crate::peer::Peer;

#[test]
fn the_same_is_found() {
    if !has("python3") {
        return;
    }
    let script = "
for host, service in [('localhost', 'http'), ('localhost', '8080'), ('127.0.0.1', 'domain'), ('::1', '1')]:
    for kind in [SOCK_STREAM, SOCK_DGRAM]:
        say(','.join(f'{a[0]} {a[1]}' for *_, a in getaddrinfo(host, service, type=kind)) if service != 'http' or kind == SOCK_STREAM else '')
say(gethostname()); say(getnameinfo(('127.0.0.1', 443), 0)); say(getservbyport(514, 'udp')); say(getservbyport(514, 'tcp'))
say(getservbyname('ntp', 'udp'))
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
    // One port, two services.
    for transport in [Transport::Udp, Transport::Tcp] {
        assert_eq!(lookup::service_of(514, transport).unwrap().unwrap(), peer.hear());
    }
    assert_eq!(lookup::port("ntp", Transport::Udp).unwrap().to_string(), peer.hear());
    assert_eq!(names[0], peer.hear());
    peer.end();
}

#[test]
fn every_hint_means_what_its_flag_means() {
    if !has("python3") {
        return;
    }
    let script = "
V4, V6, TCP, UDP = AF_INET, AF_INET6, SOCK_STREAM, SOCK_DGRAM
for host, service, family, kind, flags in [
    ('localhost', 'http', 0, TCP, 0), ('localhost', '80', V4, 0, 0), ('::1', '80', V6, UDP, 0),
    ('localhost', '80', V6, TCP, AI_V4MAPPED | AI_ALL), ('127.0.0.1', None, V6, UDP, AI_V4MAPPED | AI_ALL),
    (None, '80', 0, TCP, 0), (None, '80', 0, TCP, AI_PASSIVE), (None, '80', V6, 0, AI_PASSIVE),
    ('localhost', '80', 0, 0, AI_CANONNAME), ('::1', '80', 0, TCP, AI_NUMERICHOST | AI_NUMERICSERV),
    ('localhost', '80', V4, TCP, AI_ADDRCONFIG),
]:
    # Where a machine has no address at all, the last one fails.
    try: found = getaddrinfo(host, service, family, kind, 0, flags)
    except gaierror: found = []
    say('found', ','.join(f'{a[0]} {a[1]} {int(k)} {c}' for f, k, p, c, a in found if k in (TCP, UDP)))";
    let mut peer = Peer::start(script, &[]);
    let (tcp, udp) = (Some(Transport::Tcp), Some(Transport::Udp));
    let (v4, v6, both) = (Some(Family::V4), Some(Family::V6), Some(Family::DualStack));
    let none = Hints::DEFAULT;
    for (host, service, hints) in [
        (Some("localhost"), Some("http"), Hints { transport: tcp, ..none }),
        (Some("localhost"), Some("80"), Hints { family: v4, ..none }),
        (Some("::1"), Some("80"), Hints { family: v6, transport: udp, ..none }),
        (Some("localhost"), Some("80"), Hints { family: both, transport: tcp, ..none }),
        (Some("127.0.0.1"), None, Hints { family: both, transport: udp, ..none }),
        (None, Some("80"), Hints { transport: tcp, ..none }),
        (None, Some("80"), Hints { transport: tcp, passive: true, ..none }),
        (None, Some("80"), Hints { family: v6, passive: true, ..none }),
        (Some("localhost"), Some("80"), Hints { canonical_name: true, ..none }),
        (Some("::1"), Some("80"), Hints { transport: tcp, numeric_host: true, numeric_service: true, ..none }),
        (Some("localhost"), Some("80"), Hints { family: v4, transport: tcp, address_config: true, ..none }),
    ] {
        let found = address_info(host, service, &hints);
        assert!(found.is_ok() || hints.address_config, "{found:?}");
        let line = |info: &lookup::AddressInfo| {
            let kind = if info.transport == Transport::Tcp { 1 } else { 2 };
            let name = info.canonical_name.as_deref().unwrap_or_default();
            format!("{} {} {kind} {name}", info.address.ip(), info.address.port())
        };
        let ours: Vec<String> = found.iter().flatten().map(line).collect();
        assert_eq!(format!("found {}", ours.join(",")).trim_end(), peer.hear(), "{host:?} {service:?} {hints:?}");
    }
    peer.end();
    let look_up = |host, service, hints: Hints| address_info(host, service, &hints).unwrap_err();
    for (error, failure, line) in [
        (
            look_up(Some("127.0.0.1"), None, Hints { family: v6, ..none }),
            Failure::Family,
            "cannot look up 127.0.0.1: the name has no address of this family",
        ),
        (
            look_up(Some("localhost"), Some("80"), Hints { numeric_host: true, ..none }),
            Failure::NoName,
            "cannot look up localhost, service 80: unknown name",
        ),
        (
            look_up(None, Some("http"), Hints { numeric_service: true, ..none }),
            Failure::NoName,
            "cannot look up the service http: unknown name",
        ),
        (look_up(None, None, none), Failure::NoName, "cannot look up neither a host nor a service: unknown name"),
    ] {
        assert_eq!((error.lookup_failure(), error.to_string().as_str()), (Some(failure), line));
    }
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
