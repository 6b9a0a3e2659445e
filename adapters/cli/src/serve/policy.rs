//! What the user decided about how files are served.

use alloc::borrow::Cow;

use super::path::RelativePath;

/// How the files beneath a directory are served.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The name of the page that stands for its directory.
    pub index: String,
    /// Show what is in a directory that has no such page.
    pub lists: bool,
    /// Serve and list names that begin with a dot.
    pub shows_hidden: bool,
    /// Send `FILE.br`, `FILE.zst` or `FILE.gz` in place of `FILE` to who takes it.
    pub is_precompressed: bool,
    /// The Cache-Control of files.
    pub cache: Option<String>,
    /// Files that never change under their names.
    pub immutable: Vec<Pattern>,
    /// What is sent where nothing is found and no file was meant: the page of an application that finds its way itself.
    pub fallback: Option<RelativePath>,
    /// What is sent with 404.
    pub error_page: Option<RelativePath>,
    /// Show a form for uploads on lists.
    pub takes_uploads: bool,
    /// Only users are answered: caches that are not theirs must not keep anything.
    pub is_private: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            index: "index.html".into(),
            lists: true,
            shows_hidden: false,
            is_precompressed: false,
            cache: None,
            immutable: Vec::new(),
            fallback: None,
            error_page: None,
            takes_uploads: false,
            is_private: false,
        }
    }
}

impl Policy {
    /// What caches are told of this file.
    #[must_use]
    pub fn cache_control(&self, path: &RelativePath) -> Option<Cow<'_, str>> {
        let said = self.said_of(path);
        if !self.is_private {
            return said.map(Cow::Borrowed);
        }
        // Shared caches do not keep what an Authorization was sent for, unless one of these says that they may (RFC 9111
        // §3.5). Some do not know that rule, but all know `private`.
        const DECIDED: [&str; 5] = ["public", "private", "no-store", "s-maxage", "must-revalidate"];
        let names = said.into_iter().flat_map(|said| said.split([',', '=', ' ', '\t']));
        let is_decided = names.map(str::trim).any(|name| DECIDED.iter().any(|known| name.eq_ignore_ascii_case(known)));
        Some(match said {
            Some(said) if is_decided => Cow::Borrowed(said),
            Some(said) => Cow::Owned(format!("private, {said}")),
            None => Cow::Borrowed("private"),
        })
    }

    /// Whether caches may give what they keep to somebody who is not asked for a password.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        let names = self.cache.iter().flat_map(|said| said.split([',', '=', ' ']));
        names
            .map(str::trim)
            .any(|name| ["public", "s-maxage", "must-revalidate"].iter().any(|known| name.eq_ignore_ascii_case(known)))
    }

    /// Whether nobody may send a file otherwise than as it is (RFC 9111 §5.2.2.6).
    #[must_use]
    pub fn forbids_transformation(&self, path: &RelativePath) -> bool {
        self.said_of(path).is_some_and(|said| said.to_ascii_lowercase().contains("no-transform"))
    }

    fn said_of(&self, path: &RelativePath) -> Option<&str> {
        if self.immutable.iter().any(|pattern| pattern.matches(path)) {
            // A year: what RFC 2616 called the longest time that makes sense, and what everybody writes for "for ever". Not
            // `public`, which would only let shared caches keep what somebody had to log in for (RFC 9111 §5.2.2.9).
            return Some("max-age=31536000, immutable");
        }
        self.cache.as_deref()
    }
}

/// A pattern of names: `*` stands for any bytes, `?` for any one of them. With a slash in it, it is one of whole paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Any text is a pattern.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether it fits the name, or the path.
    #[must_use]
    pub fn matches(&self, path: &RelativePath) -> bool {
        let text = if self.0.contains('/') { path.as_bytes() } else { path.name() };
        is_match(self.0.trim_start_matches('/').as_bytes(), text)
    }
}

/// In time that grows with the product of the lengths at most: only the last star is ever tried again.
fn is_match(mut pattern: &[u8], mut text: &[u8]) -> bool {
    let mut last_star: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern, text) {
            ([b'*', rest @ ..], _) => {
                last_star = Some((rest, text));
                pattern = rest;
            }
            ([wanted, pattern_rest @ ..], [got, text_rest @ ..]) if *wanted == b'?' || wanted == got => {
                (pattern, text) = (pattern_rest, text_rest);
            }
            ([], []) => return true,
            _ => {
                let Some((after_star, [_, later @ ..])) = last_star else { return false };
                last_star = Some((after_star, later));
                (pattern, text) = (after_star, later);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_users_see_is_private() {
        let path = RelativePath::plain(b"a-1.js").unwrap();
        for (cache, immutable, open, private) in [
            (None, "b*", None, Some("private")),
            (Some("no-cache"), "b*", Some("no-cache"), Some("private, no-cache")),
            (Some("max-age=60"), "b*", Some("max-age=60"), Some("private, max-age=60")),
            (Some("Public, max-age=60"), "b*", Some("Public, max-age=60"), Some("Public, max-age=60")),
            (Some("s-maxage=60"), "b*", Some("s-maxage=60"), Some("s-maxage=60")),
            (Some("no-store"), "b*", Some("no-store"), Some("no-store")),
            (None, "a*", Some("max-age=31536000, immutable"), Some("private, max-age=31536000, immutable")),
        ] {
            for (is_private, expected) in [(false, open), (true, private)] {
                let immutable = vec![Pattern::new(immutable.into())];
                let policy = Policy { cache: cache.map(Into::into), immutable, is_private, ..Policy::default() };
                assert_eq!(
                    policy.cache_control(&path).as_deref(),
                    expected,
                    "{cache:?} {immutable:?}",
                    immutable = policy.immutable
                );
            }
        }
        for (cache, is_shared, is_fixed) in
            [("public", true, false), ("max-age=1, S-MaxAge=2", true, false), ("private, No-Transform", false, true)]
        {
            let policy = Policy { cache: Some(cache.into()), ..Policy::default() };
            assert_eq!((policy.is_shared(), policy.forbids_transformation(&path)), (is_shared, is_fixed), "{cache}");
        }
    }

    #[test]
    fn patterns_fit_names_or_paths() {
        for (pattern, path, fits) in [
            ("*.js", "a.js", true),
            ("*.js", "assets/a.js", true),
            ("*.js", "a.json", false),
            ("*.????????.*", "app.0a1b2c3d.js", true),
            ("*.????????.*", "app.0a1b2c3.js", false),
            ("*-????????.css", "dir/main-DEADBEEF.css", true),
            ("assets/*", "assets/deep/a", true),
            ("/assets/*", "assets/a", true),
            ("assets/*", "other/assets/a", false),
            ("*", "a", true),
            ("**a*", "xay", true),
            ("", "a", false),
            ("a*a*a*b", "aaaaaaaaaaaaaaaaaaaa", false),
        ] {
            let path = RelativePath::plain(path.as_bytes()).unwrap();
            assert_eq!(Pattern::new(pattern.into()).matches(&path), fits, "{pattern} of {path:?}");
        }
    }
}
