//! Which hosts are reached without a proxy: beside a reader of the list that does as curl's does, one sign after the other.

use core::net::IpAddr;

use wirenut_client::{Proxies, Proxy, Url};

/// A list and a host, in lines.
pub fn no_proxy(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (list, host) = text.rsplit_once('\n').unwrap_or(("", &text));
    let Ok(url) = format!("http://{host}/").parse::<Url>() else { return };
    let proxy = Proxy::parse("proxy.example").expect("one");
    let ours = Proxies::all(&proxy).except(list).for_url(&url).expect("it was read").is_none();
    let name = url.host().trim_start_matches('[').trim_end_matches(']');
    assert_eq!(ours, is_excepted(list, name), "{list:?} {name}");
}

fn is_excepted(list: &str, host: &str) -> bool {
    if list == "*" {
        return true;
    }
    let mut rest = list.chars().peekable();
    loop {
        while rest.next_if(|sign| matches!(sign, ' ' | '\t')).is_some() {}
        let mut entry = String::new();
        while let Some(sign) = rest.next_if(|sign| !matches!(sign, ' ' | '\t' | ',')) {
            entry.push(sign);
        }
        if !entry.is_empty() && fits(&entry, host) {
            return true;
        }
        while rest.next_if(|sign| matches!(sign, ' ' | '\t')).is_some() {}
        if rest.peek() != Some(&',') {
            return false;
        }
        while rest.next_if_eq(&',').is_some() {}
    }
}

fn fits(entry: &str, host: &str) -> bool {
    if let Ok(address) = host.parse::<IpAddr>() {
        let bare = entry.strip_prefix('[').and_then(|entry| entry.strip_suffix(']')).unwrap_or(entry);
        let (network, bits) = match bare.split_once('/') {
            None => (bare, None),
            Some((network, bits)) => (network, Some(bits)),
        };
        let Ok(network) = network.parse::<IpAddr>() else { return false };
        let (network, address, width) = match (network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                (u128::from(network.to_bits()), u128::from(address.to_bits()), 32)
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
            _ => return false,
        };
        let bits = match bits {
            None => width,
            Some(bits) if !bits.is_empty() && bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                bits.parse().unwrap_or(u32::MAX)
            }
            Some(_) => return false,
        };
        return bits <= width && (0..bits).all(|bit| (network ^ address) >> (width - 1 - bit) & 1 == 0);
    }
    let labels = |name: &str| name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    let (entry, host) = (labels(entry), labels(host));
    let entry = entry.strip_prefix('.').unwrap_or(&entry);
    !entry.is_empty() && (host == entry || host.ends_with(&format!(".{entry}")))
}
