//! What a request is made of, beside its URL.

use crate::body::Body;

/// What is sent.
#[derive(Default)]
pub(crate) struct Parts<'b> {
    pub(crate) method: Vec<u8>,
    pub(crate) fields: Vec<(String, Vec<u8>)>,
    /// Names of fields that the client does not add, although it would.
    pub(crate) absent: Vec<String>,
    /// What the Host field says in place of the URL's host.
    pub(crate) host: Option<String>,
    pub(crate) body: Body<'b>,
    pub(crate) expects_continue: Option<bool>,
}

impl Parts<'_> {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The value of the first field of this name.
    pub(crate) fn value(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields.iter();
        fields.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice())
    }

    /// May the client add this field by itself?
    pub(crate) fn lacks(&self, name: &str) -> bool {
        !self.has(name) && !self.absent.iter().any(|other| other.eq_ignore_ascii_case(name))
    }
}
