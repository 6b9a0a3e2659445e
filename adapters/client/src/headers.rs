//! The fields of a response, kept.

use core::fmt;

use wirenut::http::Fields;

/// The fields of a response, or of its trailer section, kept beyond its connection.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Headers {
    /// Whole field lines.
    lines: Vec<u8>,
}

impl Headers {
    pub(crate) fn new(fields: Fields<'_>) -> Self {
        let length = fields.into_iter().map(|field| field.name.len() + field.value.len() + 4).sum();
        let mut lines = Vec::with_capacity(length);
        for field in fields {
            for part in [field.name, b": ", field.value, b"\r\n"] {
                lines.extend_from_slice(part);
            }
        }
        Self { lines }
    }

    /// All of them, as the values of the core read them: cookies, ranges, challenges, ….
    #[must_use]
    pub fn fields(&self) -> Fields<'_> {
        // They were field lines.
        Fields::parse(&self.lines).unwrap_or_default()
    }

    /// The value of the first field of this name, whatever its case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields().get(name)
    }

    /// The same as text. None also for one that is not UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        str::from_utf8(self.get(name)?).ok()
    }

    /// The values of all fields of this name, in order.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.fields().get_all(name)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.fields().into_iter().map(|field| field.name.escape_ascii().to_string())).finish()
    }
}
