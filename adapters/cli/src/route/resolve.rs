//! `--resolve`: the addresses of a host, in place of a look-up.

use core::net::{IpAddr, Ipv6Addr};

use wirenut_client::ClientBuilder;

const WANTED: &str = "expected HOST:PORT:ADDRESS[,ADDRESS]... such as example.org:443:127.0.0.1 (* is any host), or -HOST:PORT to \
                      take back what was said before";

/// One use of the option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolve {
    /// Without the brackets of IPv6.
    host: String,
    port: u16,
    /// None: what was said of the host before does not count.
    addresses: Vec<IpAddr>,
}

impl Resolve {
    /// Reads `[+]HOST:PORT:ADDRESS[,ADDRESS]...`, or `-HOST:PORT`. An address of IPv6 may have brackets; as a host it must
    /// have them. The `+` lets entries age in curl; in a run that asks once, none does.
    ///
    /// # Errors
    /// It is neither.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (is_removed, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (host, rest) = host(text).filter(|(host, _)| !host.is_empty()).ok_or(WANTED)?;
        let (port, addresses) = match rest.split_once(':') {
            Some((port, addresses)) if !is_removed => (port, addresses),
            None if is_removed => (rest, ""),
            _ => return Err(WANTED),
        };
        let port = self::port(port).ok_or(WANTED)?;
        let addresses = addresses.split(',').filter(|text| !text.is_empty()).map(address);
        let addresses = addresses.collect::<Option<Vec<_>>>().ok_or(WANTED)?;
        if addresses.is_empty() != is_removed {
            return Err(WANTED);
        }
        Ok(Self { host: host.to_owned(), port, addresses })
    }

    /// Gives it to a client.
    pub(super) fn apply(&self, builder: ClientBuilder) -> ClientBuilder {
        builder.resolve(&self.host, self.port, &self.addresses)
    }
}

/// The host, without the brackets of IPv6, and what stands behind its colon.
pub(super) fn host(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('[') {
        Some(text) => text.split_once("]:").filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok()),
        None => text.split_once(':'),
    }
}

/// A port, in decimal digits.
pub(super) fn port(text: &str) -> Option<u16> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|port| is_number && *port > 0)
}

fn address(text: &str) -> Option<IpAddr> {
    match text.strip_prefix('[') {
        Some(text) => text.strip_suffix(']')?.parse().ok().map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn entries_name_a_host_a_port_and_addresses() {
        for (text, host, port, addresses) in [
            ("a.example:80:127.0.0.1", "a.example", 80, &["127.0.0.1"][..]),
            ("+a:80:127.0.0.1", "a", 80, &["127.0.0.1"]),
            ("*:443:[::1],10.0.0.1", "*", 443, &["::1", "10.0.0.1"]),
            ("a:80:::1,,10.0.0.1", "a", 80, &["::1", "10.0.0.1"]),
            ("[::1]:80:10.0.0.1", "::1", 80, &["10.0.0.1"]),
            ("-a:80", "a", 80, &[]),
            ("-*:80", "*", 80, &[]),
        ] {
            let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
            assert_eq!(Resolve::parse(text), Ok(Resolve { host: host.into(), port, addresses }), "{text}");
        }
    }

    proptest! {
        /// Whatever the text is: it is read without a panic, and an entry that is one has a host and a port.
        #[test]
        fn any_text_is_an_entry_or_none(text in "[-+*a\\[\\]:,.0-9]{0,24}", any in ".{0,12}") {
            for text in [text, any] {
                if let Ok(Resolve { host, port, addresses }) = Resolve::parse(&text) {
                    prop_assert!(!host.is_empty() && port > 0 && addresses.is_empty() == text.starts_with('-'));
                }
            }
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "",
            "a",
            "a:80",
            "a:80:",
            "a:80:,",
            "a:80:b",
            "a:80:127.0.0.1:80",
            "a:80:[127.0.0.1]",
            "a:80:[::1",
            "a::127.0.0.1",
            "a:+1:127.0.0.1",
            "a:0:127.0.0.1",
            "a:65536:127.0.0.1",
            ":80:127.0.0.1",
            "::1:80:127.0.0.1",
            "[a]:80:127.0.0.1",
            "[::1]80:127.0.0.1",
            "-a",
            "-a:80:127.0.0.1",
            "+-a:80",
        ] {
            assert_eq!(Resolve::parse(text), Err(WANTED), "{text}");
        }
    }
}
