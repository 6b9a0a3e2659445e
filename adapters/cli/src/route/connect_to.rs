//! `--connect-to`: another place than the one that a URL names.

use wirenut_client::Detour;

use super::resolve::{host, port};

const WANTED: &str = "expected HOST1:PORT1:HOST2:PORT2 such as example.org:443:127.0.0.1:8443; an empty HOST1 or PORT1 is any, an empty \
                      HOST2 or PORT2 the same as before";

/// Reads `[HOST1]:[PORT1]:[HOST2]:[PORT2]`. An address of IPv6 must have brackets.
///
/// # Errors
/// It is not that.
pub(super) fn parse(text: &str) -> Result<Detour, &'static str> {
    let parts = host(text).and_then(|(from, rest)| {
        let (from_port, rest) = rest.split_once(':')?;
        let (to, to_port) = host(rest)?;
        Some(([from, to], [from_port, to_port]))
    });
    let (hosts, ports) = parts.ok_or(WANTED)?;
    let [from_host, to_host] = hosts.map(|host| (!host.is_empty()).then(|| host.into()));
    let [from_port, to_port] = ports.map(|text| (!text.is_empty()).then(|| port(text).ok_or(WANTED)).transpose());
    Ok(Detour { from_host, from_port: from_port?, to_host, to_port: to_port? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_may_be_empty() {
        for (text, from_host, from_port, to_host, to_port) in [
            ("a:1:b:2", Some("a"), Some(1), Some("b"), Some(2)),
            ("[::1]:1:[::2]:2", Some("::1"), Some(1), Some("::2"), Some(2)),
            ("::b:2", None, None, Some("b"), Some(2)),
            ("a:1::", Some("a"), Some(1), None, None),
            (":::", None, None, None, None),
        ] {
            let (from_host, to_host) = (from_host.map(Into::into), to_host.map(Into::into));
            assert_eq!(parse(text), Ok(Detour { from_host, from_port, to_host, to_port }), "{text}");
        }
    }

    #[test]
    fn anything_else_is_none() {
        for text in ["", "a", "a:1", "a:1:b", "a:1:b:2:3", "a:0:b:1", "a:1:b:65536", "a:x:b:1", "[a]:1:b:2", "::::1:2"]
        {
            assert_eq!(parse(text), Err(WANTED), "{text}");
        }
    }
}
