//! URI references: taken apart, resolved and normalised as another implementation does it.

use fluent_uri::component::Scheme;
use fluent_uri::pct_enc::EStr;
use fluent_uri::{Uri, UriRef};
use wirenut::http::{UriReference, ValueRule};

/// A base, a line feed, and a reference.
pub fn uri_references(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (base, reference) = (&data[..at], data.get(at + 1..).unwrap_or_default());
    let (Some(base), Some(reference)) = (read(base), read(reference)) else { return };
    let mut room = vec![0; base.as_str().len() + reference.as_str().len() + 3];
    let resolved = match base.resolve(&reference, &mut room) {
        Ok(resolved) => resolved,
        Err(error) => {
            assert!(error.rule == ValueRule::RelativeBase && base.scheme().is_none(), "{error}: {base} {reference}");
            return;
        }
    };
    assert_eq!(resolved.fragment(), reference.fragment());
    let mut again = vec![0; resolved.as_str().len() + 3];
    assert_eq!(
        resolved.resolve(&UriReference::parse(b"").expect("one"), &mut again).map(|same| same.path()),
        Ok(resolved.path())
    );
    let without_fragment = base.as_str().split('#').next().unwrap_or_default();
    let theirs = Uri::parse(without_fragment).expect("they read it");
    let theirs = UriRef::parse(reference.as_str()).expect("they read it").resolve_against(&theirs);
    // They remove the dot segments of the base first, and none of a path without a slash at its beginning, and take `%2e`
    // for a dot; RFC 3986 §5.2 does none of that.
    let rooted = if reference.scheme().is_some() { &reference } else { &base };
    let is_rooted = rooted.authority().is_some() || rooted.path().starts_with('/');
    let has_dots = base.path().split('/').any(|segment| matches!(segment, "." | ".."));
    let has_codes = [base, reference].iter().any(|uri| uri.path().to_ascii_lowercase().contains("%2e"));
    if let Ok(theirs) = theirs
        && is_rooted
        && !has_dots
        && !has_codes
    {
        assert_eq!(resolved.as_str(), theirs.as_str(), "{base} {reference}");
    }
}

/// Reads it as they do; what is read is written the same, and its normal form has itself as its normal form.
fn read(text: &[u8]) -> Option<UriReference<'_>> {
    let theirs = str::from_utf8(text).ok().and_then(|text| UriRef::parse(text).ok());
    let ours = match UriReference::parse(text) {
        Ok(ours) => ours,
        Err(error) => {
            assert!(error.offset <= text.len() && theirs.is_none(), "{error}: {}", text.escape_ascii());
            return None;
        }
    };
    let theirs = theirs.unwrap_or_else(|| panic!("only we read {ours}"));
    assert_eq!(ours.scheme(), theirs.scheme().map(Scheme::as_str));
    assert_eq!(ours.authority(), theirs.authority().map(|authority| authority.as_str()));
    assert_eq!(ours.host(), theirs.authority().map(|authority| authority.host()));
    assert_eq!(ours.port(), theirs.authority().and_then(|authority| authority.port()).map(EStr::as_str));
    assert_eq!(ours.path(), theirs.path().as_str());
    assert_eq!(ours.query(), theirs.query().map(EStr::as_str));
    assert_eq!(ours.fragment(), theirs.fragment().map(EStr::as_str));
    let (mut room, mut again) = (vec![0; text.len() + 2], vec![0; text.len() + 4]);
    let normal = ours.normalize(&mut room).expect("room");
    assert_eq!(normal.normalize(&mut again), Ok(normal), "{ours}");
    Some(ours)
}
