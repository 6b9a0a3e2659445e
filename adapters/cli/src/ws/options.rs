//! The command line of `wirenut ws`.

use core::time::Duration;

use clap::Args;
use wirenut::websocket::Limits;
use wirenut_client::{Scheme, Url};

use crate::route::RouteOptions;

/// The command line of `wirenut ws`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut ws ws://127.0.0.1:8080/live           type lines; Ctrl-D closes
  printf 'on\\noff\\n' | wirenut ws ws://host/switch
  wirenut ws --cacert lab.pem wss://lab.example/live
  wirenut ws --hex ws://host/device             then: 01 ff 00
  wirenut ws --subprotocol mqtt --header 'Authorization: Bearer abc' ws://host/")]
pub struct WsArguments {
    /// Where to connect
    #[arg(
        help = "Where to connect: ws://[USER:PASSWORD@]HOST[:PORT][/PATH][?QUERY], or wss:// over TLS",
        value_name = "URL",
        value_parser = url
    )]
    pub url: Url,
    /// Send each line as a binary message, and print binary messages as they are
    #[arg(long)]
    pub binary: bool,
    /// Send the bytes that each line says in hexadecimal digits, as a binary message
    #[arg(long, conflicts_with = "binary")]
    pub hex: bool,
    /// Send back what comes, and print nothing; standard input is not read
    #[arg(long, conflicts_with_all = ["binary", "hex"])]
    pub echo: bool,
    /// Ask for this subprotocol; may be given again, the preferred first
    #[arg(long, value_name = "NAME", value_parser = token)]
    pub subprotocol: Vec<String>,
    /// Send this field with the request; may be given again
    #[arg(long, value_name = "NAME: VALUE", value_parser = header)]
    pub header: Vec<(String, String)>,
    /// Say that a page of this origin connects
    #[arg(help = "Say that a page of this origin connects, such as https://example.org", long, value_name = "ORIGIN", value_parser = visible)]
    pub origin: Option<String>,
    /// After so many seconds without a word of the server ask whether it is there
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub ping: Duration,
    /// How long it may take until the WebSocket is open: to connect, and the server's answer
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub timeout: Duration,
    /// Do not offer to compress messages
    #[arg(long)]
    pub no_compression: bool,
    /// The longest message that is received, and the longest line that is sent
    #[arg(long, value_name = "BYTES", default_value_t = Limits::DEFAULT.message_bytes, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub limit: u64,
    /// On which way.
    #[command(flatten)]
    pub route: RouteOptions,
}

/// The URL that HTTP has for it: `http` for `ws`, `https` for `wss`.
fn url(text: &str) -> Result<Url, String> {
    const EXPECTED: &str = "expected a URL such as ws://127.0.0.1:8080/path, or wss:// for TLS";
    let (scheme, rest) = text.split_once("://").ok_or(EXPECTED)?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "ws" => "http",
        "wss" => "https",
        _ => return Err(EXPECTED.into()),
    };
    if rest.contains('#') {
        return Err("a URL of a WebSocket has no fragment (#)".into());
    }
    format!("{scheme}://{rest}").parse().map_err(|error: wirenut_client::Error| error.cause().to_string())
}

/// The URL as its user knows it, without a password.
pub(super) fn shown(url: &Url) -> String {
    let scheme = match url.scheme() {
        Scheme::Http => "ws",
        Scheme::Https => "wss",
    };
    let text = url.to_string();
    format!("{scheme}{}", text.find(':').and_then(|colon| text.get(colon..)).unwrap_or_default())
}

fn seconds(text: &str) -> Result<Duration, &'static str> {
    let count = text.parse().ok().filter(|count: &u64| (1..=86_400).contains(count));
    count.map(Duration::from_secs).ok_or("expected whole seconds from 1 to 86400")
}

fn token(text: &str) -> Result<String, &'static str> {
    is_token(text).then(|| text.to_owned()).ok_or("expected a word of letters, digits and !#$%&'*+-.^_`|~")
}

fn visible(text: &str) -> Result<String, &'static str> {
    let is_value = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_value.then(|| text.to_owned()).ok_or("expected an origin such as https://example.org")
}

fn header(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once(':').ok_or("expected 'Name: value'")?;
    let is_value = !value.chars().any(|sign| sign.is_control() && sign != '\t');
    if !is_token(name) || !is_value {
        return Err("expected 'Name: value' without control characters");
    }
    let of_handshake = ["host", "connection", "upgrade", "content-length", "transfer-encoding", "expect", "te"];
    let lower = name.to_ascii_lowercase();
    if lower.starts_with("sec-websocket-") || of_handshake.contains(&lower.as_str()) {
        return Err("this field is the client's own");
    }
    Ok((name.to_owned(), value.trim().to_owned()))
}

fn is_token(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_names_and_values() {
        assert_eq!(header("A-b:  c: d "), Ok(("A-b".into(), "c: d".into())));
        for text in ["a", ": b", "a b: c", "a: b\nc: d", "Upgrade: a", "sec-websocket-key: a", "Host: a"] {
            assert!(header(text).is_err(), "{text}");
        }
    }

    #[test]
    fn urls_lead_somewhere() {
        for (text, host, port, target, is_secure) in [
            ("ws://a", "a", 80, "/", false),
            ("WS://a:/", "a", 80, "/", false),
            ("ws://127.0.0.1:81/b/c?d=/e", "127.0.0.1", 81, "/b/c?d=/e", false),
            ("ws://[::1]/", "[::1]", 80, "/", false),
            ("ws://a?b", "a", 80, "/?b", false),
            ("wss://a/b", "a", 443, "/b", true),
            ("wss://me:secret@a:80/", "a", 80, "/", true),
        ] {
            let url = url(text).unwrap();
            assert_eq!((url.host(), url.port(), url.target()), (host, port, target), "{text}");
            assert_eq!(url.scheme() == Scheme::Https, is_secure);
            let shown = shown(&url);
            assert!(
                shown.starts_with(if is_secure { "wss://" } else { "ws://" }) && !shown.contains("secret"),
                "{shown}"
            );
        }
        for (text, reason) in [
            ("http://a/", "ws://"),
            ("a:80", "ws://"),
            ("127.0.0.1:80", "ws://"),
            ("", "ws://"),
            ("ws:b", "ws://"),
            ("ws:///b", "host"),
            ("ws://a/#b", "fragment"),
            ("ws://a:65536/", "port"),
            ("ws://a b/", "URI"),
        ] {
            let error = url(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn times_are_whole_seconds() {
        assert_eq!(seconds("5"), Ok(Duration::from_secs(5)));
        for text in ["0", "-1", "1.5", "86401", ""] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
