//! `ws:` URLs (RFC 6455 §3).

use core::fmt;

use wirenut::http::UriReference;

/// Where a WebSocket is: `ws://HOST[:PORT][/PATH][?QUERY]`.
///
/// ```
/// use wirenut_cli::ws::url::WsUrl;
/// let url = WsUrl::parse("ws://[::1]:9000?a=b")?;
/// assert_eq!((url.host(), url.port(), url.target(), url.authority()), ("::1", 9000, "/?a=b", "[::1]:9000"));
/// assert!(WsUrl::parse("wss://example.org/").is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WsUrl {
    text: String,
    host: String,
    port: u16,
    authority: String,
    target: String,
}

impl WsUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// What is wrong with it, in a line for its user. `wss:` is not supported: it needs TLS.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = UriReference::parse(text.as_bytes())
            .map_err(|error| format!("{error}; expected a URL such as ws://127.0.0.1:8080/path"))?;
        match url.scheme() {
            Some(scheme) if scheme.eq_ignore_ascii_case("ws") => {}
            Some(scheme) if scheme.eq_ignore_ascii_case("wss") => {
                return Err("wss: needs TLS, which this client does not have yet; expected ws://HOST".into());
            }
            _ => return Err("expected a URL such as ws://127.0.0.1:8080/path".into()),
        }
        if url.fragment().is_some() {
            return Err("a URL of a WebSocket has no fragment (#)".into());
        }
        let (host, authority) = (url.host().unwrap_or_default(), url.authority().unwrap_or_default());
        if host.is_empty() {
            return Err("expected a host, as in ws://127.0.0.1:8080/path".into());
        }
        if authority.contains('@') {
            return Err("user names and passwords do not belong here: use --header 'Authorization: …'".into());
        }
        let port = match url.port().unwrap_or_default() {
            "" => 80,
            digits => digits.parse().map_err(|_| "expected a port up to 65535")?,
        };
        let path = if url.path().is_empty() { "/" } else { url.path() };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self {
            text: text.to_owned(),
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: authority.trim_end_matches(':').to_owned(),
            target: format!("{path}{query}"),
        })
    }

    /// The host, of IPv6 without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 80 if none is named.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// What the Host field says.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path and the query: what the request asks for.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }
}

impl fmt::Display for WsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_somewhere() {
        for (text, host, port, authority, target) in [
            ("ws://a", "a", 80, "a", "/"),
            ("WS://a:/", "a", 80, "a", "/"),
            ("ws://127.0.0.1:81/b/c?d=/e", "127.0.0.1", 81, "127.0.0.1:81", "/b/c?d=/e"),
            ("ws://[::1]/", "::1", 80, "[::1]", "/"),
            ("ws://a?b", "a", 80, "a", "/?b"),
        ] {
            let url = WsUrl::parse(text).unwrap();
            assert_eq!(
                (url.host(), url.port(), url.authority(), url.target()),
                (host, port, authority, target),
                "{text}"
            );
            assert_eq!(url.to_string(), text);
        }
    }

    #[test]
    fn others_are_refused_and_say_why() {
        for (text, reason) in [
            ("wss://a/", "TLS"),
            ("http://a/", "ws://"),
            ("a:80", "ws://"),
            ("127.0.0.1:80", "ws://"),
            ("", "ws://"),
            ("ws:///b", "host"),
            ("ws:b", "host"),
            ("ws://a/#b", "fragment"),
            ("ws://b:c@a/", "Authorization"),
            ("ws://a:65536/", "port"),
            ("ws://a b/", "URI"),
        ] {
            let error = WsUrl::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
