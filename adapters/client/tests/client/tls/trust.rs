//! Whom the client trusts.

use alloc::sync::Arc;

use rcgen::date_time_ymd;
use rustls::ServerConfig;
use wirenut_client::{Cause, Phase};

use super::{Authority, OK, secure, text, url};
use crate::lab::builder;

#[test]
fn nobody_else_is_trusted() {
    let (authority, other) = (Authority::new(), Authority::named("another"));
    let cases: [(&str, Arc<ServerConfig>, &Authority, &str); 4] = [
        (
            "wrong host",
            authority.server("other.example", |_| {}),
            &authority,
            "the server's certificate is not for localhost, but for other.example",
        ),
        (
            "expired",
            authority.server("localhost", |params| params.not_after = date_time_ymd(2001, 1, 1)),
            &authority,
            "the server's certificate expired on Mon, 01 Jan 2001 00:00:00 GMT; is the clock of this machine right?",
        ),
        (
            "not yet valid",
            authority.server("localhost", |params| params.not_before = date_time_ymd(3001, 1, 1)),
            &authority,
            "the server's certificate is not valid before Thu, 01 Jan 3001 00:00:00 GMT; is the clock",
        ),
        (
            "unknown issuer",
            authority.server("localhost", |_| {}),
            &other,
            "the server's certificate is not signed by an authority that is trusted here",
        ),
    ];
    for (name, config, trusted, expected) in cases {
        let server = secure(config, |peer| assert!(peer.head().is_none(), "a request was shown to whoever that is"));
        let error = text(&trusted.client(), &url(&server)).unwrap_err();
        assert_eq!(error.phase(), Phase::Tls, "{name}");
        let is_known = matches!(error.cause(), Cause::Certificate(_)) && error.to_string().contains(expected);
        assert!(is_known, "{name}: {error}");
    }
    // The usual roots have not signed it either.
    let server = secure(authority.server("localhost", |_| {}), |peer| assert!(peer.head().is_none()));
    let error = text(&builder().build(), &url(&server)).unwrap_err();
    assert_eq!(error.phase(), Phase::Tls);
}

/// Whoever lists a root trusts its key, not its dates; those of all that it signed count.
#[test]
fn a_listed_root_counts_until_it_is_listed_no_more() {
    let authority = Authority::with("old", |params| params.not_after = date_time_ymd(2001, 1, 1));
    let server =
        secure(authority.server("localhost", |_| {}), |peer| while peer.head().is_some_and(|_| peer.say(OK)) {});
    assert_eq!(text(&authority.client(), &url(&server)).unwrap(), "ok");
}

#[test]
fn danger_has_to_be_asked_for() {
    let config = Authority::new().server("other.example", |params| params.not_after = date_time_ymd(2001, 1, 1));
    let server = secure(config, |peer| while peer.head().is_some_and(|_| peer.say(OK)) {});
    let client = builder().dangerously_trust_anybody().build();
    assert_eq!(text(&client, &url(&server)).unwrap(), "ok");
}
