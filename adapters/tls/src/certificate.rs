//! Why the certificate of a peer was not accepted.

use core::fmt;

use wirenut::http::HttpDate;

/// Why the certificate of a peer was not accepted (RFC 5280 §6, RFC 9525). Its `Display` goes on after "the certificate".
///
/// ```
/// use wirenut_tls::CertificateFlaw;
/// assert_eq!(CertificateFlaw::UnknownIssuer.to_string(), "is not signed by an authority that is trusted here");
/// assert_eq!(CertificateFlaw::Expired(0).to_string(), "expired on Thu, 01 Jan 1970 00:00:00 GMT");
/// let names = ["a.example".to_owned(), "*.b.example".to_owned()].into();
/// let flaw = CertificateFlaw::OtherName { wanted: "c.example".into(), names };
/// assert_eq!(flaw.to_string(), "is not for c.example, but for a.example or *.b.example");
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CertificateFlaw {
    /// No authority that is trusted has signed it, nor one that such an authority has signed.
    UnknownIssuer,
    /// Its time is over, or that of a certificate between it and the authority: since when, in seconds since 1970.
    Expired(u64),
    /// Its time has not begun, or that of a certificate between it and the authority: when it begins, in seconds since 1970.
    NotYetValid(u64),
    /// It is for others.
    OtherName {
        /// Whom it should be for.
        wanted: Box<str>,
        /// DNS names and addresses for which it is: the first ones, without control characters.
        names: Box<[String]>,
    },
    /// It is that of an authority (RFC 5280 §4.2.1.9).
    OfAuthority,
    /// Anything else: what rustls says.
    Other(Box<str>),
}

impl fmt::Display for CertificateFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownIssuer => f.write_str("is not signed by an authority that is trusted here"),
            Self::Expired(time) => write!(f, "expired on {}", date(*time)),
            Self::NotYetValid(time) => write!(f, "is not valid before {}", date(*time)),
            Self::OtherName { wanted, names } if names.is_empty() => {
                write!(f, "is not for {wanted}, and for no other host")
            }
            Self::OtherName { wanted, names } => write!(f, "is not for {wanted}, but for {}", names.join(" or ")),
            Self::OfAuthority => f.write_str(
                "is that of an authority (CA:TRUE), which may sign certificates but not be one of a server: the server needs a \
                 certificate that says CA:FALSE",
            ),
            Self::Other(what) => write!(f, "is not accepted: {what}"),
        }
    }
}

fn date(time: u64) -> String {
    String::from_utf8_lossy(HttpDate::from_unix(time).as_bytes()).into_owned()
}

#[cfg(feature = "rustls")]
mod read {
    use rustls::CertificateError;

    use super::CertificateFlaw;

    /// As many names are enough to see whom a certificate is for; it may hold thousands.
    const MAX_NAMES: usize = 8;

    impl From<&CertificateError> for CertificateFlaw {
        #[expect(clippy::wildcard_enum_match_arm, reason = "there are more, and rustls may add others")]
        fn from(error: &CertificateError) -> Self {
            match error {
                CertificateError::UnknownIssuer => Self::UnknownIssuer,
                CertificateError::ExpiredContext { not_after, .. } => Self::Expired(not_after.as_secs()),
                CertificateError::NotValidYetContext { not_before, .. } => Self::NotYetValid(not_before.as_secs()),
                CertificateError::NotValidForNameContext { expected, presented } => Self::OtherName {
                    wanted: expected.to_str().into(),
                    names: presented.iter().filter_map(|name| host(name)).take(MAX_NAMES).collect(),
                },
                // rustls passes this one on as webpki names it, and gives no type for it.
                other if other.to_string().contains("CaUsedAsEndEntity") => Self::OfAuthority,
                other => Self::Other(other.to_string().into()),
            }
        }
    }

    /// The host in a name as rustls lists it: `DnsName("a.example")` or `IpAddress(127.0.0.1)`. A certificate names other
    /// things, too, such as mailboxes.
    fn host(name: &str) -> Option<String> {
        let inner = |before: &str, after: &str| name.strip_prefix(before)?.strip_suffix(after);
        let host = inner("DnsName(\"", "\")").or_else(|| inner("IpAddress(", ")"))?;
        // As long as a DNS name may be (RFC 1035 §3.1).
        Some(host.chars().filter(|sign| !sign.is_control()).take(253).collect())
    }

    #[cfg(test)]
    mod tests {
        use rustls::pki_types::ServerName;

        use super::*;

        #[test]
        fn hosts_that_a_peer_chose_are_few_and_harmless() {
            let names = ["DirectoryName", "DnsName(\"a\u{1b}[2J\n\")", "IpAddress(::1)", "Unsupported(0x01)"];
            let many = (0..100).map(|number| format!("DnsName(\"{number}\")"));
            let presented = names.into_iter().map(str::to_owned).chain(many).collect();
            let expected = ServerName::try_from("b").unwrap();
            let flaw = CertificateFlaw::from(&CertificateError::NotValidForNameContext { expected, presented });
            assert_eq!(flaw.to_string(), "is not for b, but for a[2J or ::1 or 0 or 1 or 2 or 3 or 4 or 5");
        }
    }
}
