//! Which options may help where a server is not reached.

use wirenut_client::{Cause, CertificateFlaw, Error};

/// What stands behind the line of an error, in brackets; nothing where no option helps.
#[expect(clippy::wildcard_enum_match_arm, reason = "no option helps against all other causes")]
pub(crate) fn advice(error: &Error) -> &'static str {
    match error.cause() {
        _ if error.is_of_proxy() => {
            " (--proxy, or the environment by http_proxy, https_proxy or all_proxy, names it; --noproxy HOST goes past it)"
        }
        Cause::Certificate(CertificateFlaw::UnknownIssuer) => {
            " (--cacert FILE trusts the authority whose certificate is in FILE; --insecure trusts anybody)"
        }
        Cause::Certificate(CertificateFlaw::OtherName { .. }) => {
            " (use a name that it is for, with --connect-to if that leads elsewhere; --insecure trusts anybody)"
        }
        Cause::Certificate(
            CertificateFlaw::Expired(_) | CertificateFlaw::NotYetValid(_) | CertificateFlaw::OfAuthority,
        ) => " (--insecure trusts anybody)",
        _ => "",
    }
}
