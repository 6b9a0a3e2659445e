//! Which paths there are, and what may be done there.

use wirenut::http::Method;

/// An endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Route {
    Page,
    Reading,
    Live,
    Setting,
    Upload,
    Form,
    Download,
    Echo,
    Slow,
}

impl Route {
    pub(crate) fn of(path: &[u8]) -> Option<Self> {
        Some(match path {
            b"/" => Self::Page,
            b"/reading" => Self::Reading,
            b"/live" => Self::Live,
            b"/setting" => Self::Setting,
            b"/upload" => Self::Upload,
            b"/form" => Self::Form,
            b"/download" => Self::Download,
            b"/echo" => Self::Echo,
            b"/slow" => Self::Slow,
            _ => return None,
        })
    }

    /// The methods that the endpoint knows, as the Allow field lists them.
    pub(crate) const fn allow(self) -> &'static str {
        match self {
            Self::Page | Self::Reading | Self::Download | Self::Slow => "GET, HEAD, OPTIONS",
            Self::Live => "GET, OPTIONS",
            Self::Setting => "PUT, OPTIONS",
            Self::Upload | Self::Form | Self::Echo => "POST, OPTIONS",
        }
    }

    /// Does the endpoint know this method? OPTIONS is not asked for: it is the same everywhere.
    pub(crate) fn allows(self, method: Method<'_>) -> bool {
        match self {
            Self::Page | Self::Reading | Self::Download | Self::Slow => matches!(method, Method::Get | Method::Head),
            Self::Live => method == Method::Get,
            Self::Setting => method == Method::Put,
            Self::Upload | Self::Form | Self::Echo => method == Method::Post,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_allow_field_says_what_is_allowed() {
        let methods =
            [Method::Get, Method::Head, Method::Post, Method::Put, Method::Delete, Method::Trace, Method::Other(b"GE")];
        for path in ["/", "/reading", "/live", "/setting", "/upload", "/form", "/download", "/echo", "/slow"] {
            let route = Route::of(path.as_bytes()).unwrap();
            for method in methods {
                let is_listed = route.allow().split(", ").any(|listed| listed.as_bytes() == method.as_bytes());
                assert_eq!(route.allows(method), is_listed, "{path} {method:?}");
            }
        }
        assert_eq!(Route::of(b"/reading/"), None);
    }
}
