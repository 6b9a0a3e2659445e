//! Forwarded and X-Forwarded-For: what is written is read back as the same, and the client is who a plain walk finds.

use core::net::IpAddr;

use wirenut::http::{Fields, Forwarded, Network, TrustedProxies};

const NETWORKS: &[Network] = &[Network::v4([10, 0, 0, 0], 8), Network::v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32)];

/// The first byte says who is trusted; the others are lines of either field.
pub fn proxies(data: &[u8]) {
    let Some((&seed, text)) = data.split_first() else { return };
    let hops = usize::from(seed & 3);
    let (trusted, peer) = match seed & 0x80 {
        0 => (TrustedProxies::Hops(hops), IpAddr::from([9, 9, 9, 9])),
        _ => (TrustedProxies::Networks(NETWORKS), IpAddr::from([10, 0, 0, 1])),
    };
    let lines: Vec<_> =
        text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    let section = |name: &str| -> Vec<u8> {
        lines.iter().flat_map(|line| [name.as_bytes(), b": ", line, b"\r\n"].concat()).collect()
    };
    let bytes = section("Forwarded");
    let Some(fields) = Fields::parse(&bytes) else { return };
    let mut said = Vec::new();
    for element in Forwarded::of(fields) {
        if let Ok(element) = &element {
            let mut room = vec![0; 512];
            let written = element.write(&mut room).expect("it was read");
            let again: Vec<_> = Forwarded::parse(written).into_iter().collect();
            match again.as_slice() {
                [again] => assert_eq!(*again, Ok(*element), "{}", written.escape_ascii()),
                _ => assert!(written.is_empty() && again.is_empty(), "{}", written.escape_ascii()),
            }
        }
        said.push(element.map(|element| element.for_node.and_then(|node| node.address())).map_err(drop));
    }
    let found = trusted.client_by_forwarded(Some(peer), fields).address;
    assert_eq!(found, walk(&trusted, peer, &said), "{seed} {}", text.escape_ascii());
    let bytes = section("X-Forwarded-For");
    let fields = Fields::parse(&bytes).expect("it was a field");
    let members = lines.iter().flat_map(|line| line.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let said: Vec<_> = members.filter(|member| !member.is_empty()).map(|member| Ok(address(member))).collect();
    let found = trusted.client_by_x_forwarded(Some(peer), fields).address;
    assert_eq!(found, walk(&trusted, peer, &said), "{seed} {}", text.escape_ascii());
}

/// From the peer to the left, as long as who speaks is trusted.
fn walk(trusted: &TrustedProxies<'_>, peer: IpAddr, said: &[Result<Option<IpAddr>, ()>]) -> Option<IpAddr> {
    let mut left = match trusted {
        TrustedProxies::Hops(count) => *count,
        TrustedProxies::Networks(_) => usize::MAX,
    };
    let mut client = Some(peer);
    for said in said.iter().rev() {
        let is_trusted = match trusted {
            TrustedProxies::Hops(_) => left > 0,
            TrustedProxies::Networks(networks) => {
                client.is_some_and(|client| networks.iter().any(|network| network.contains(client)))
            }
        };
        if !is_trusted {
            break;
        }
        left -= 1;
        match said {
            Ok(address) => client = *address,
            Err(()) => return None,
        }
    }
    client
}

/// As people write it, told apart by other means.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let is_port = |port: &str| {
        let is_number = !port.is_empty() && port.len() <= 5 && port.bytes().all(|byte| byte.is_ascii_digit());
        let is_name = port.len() > 1
            && port.starts_with('_')
            && port.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        is_number || is_name
    };
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some((address, port)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let is_followed = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return address.parse().ok().filter(|_| is_followed).map(IpAddr::V6);
    }
    let (address, port) = text.split_once(':')?;
    address.parse().ok().filter(|_| is_port(port)).map(IpAddr::V4)
}
