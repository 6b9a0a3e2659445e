//! The members of Sec-WebSocket-Extensions (RFC 6455 §9.1): a name, and parameters with or without a value.

use crate::bytes;

/// A member of the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extension<'b> {
    pub(super) name: &'b [u8],
    parameters: Option<&'b [u8]>,
}

/// A parameter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Parameter<'b> {
    pub(super) name: &'b [u8],
    /// Without quotes around it.
    pub(super) value: Option<&'b [u8]>,
}

/// It is none of these. Quoted values that are no tokens are not looked into: no parameter that we know has one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

impl<'b> Extension<'b> {
    pub(super) fn new(member: &'b [u8]) -> Self {
        let (name, parameters) = cut(member, b';');
        Self { name, parameters }
    }

    pub(super) fn parameters(&self) -> impl Iterator<Item = Result<Parameter<'b>, Malformed>> {
        let mut rest = self.parameters;
        core::iter::from_fn(move || {
            let (parameter, behind) = cut(rest?, b';');
            rest = behind;
            Some(Parameter::parse(parameter))
        })
    }
}

impl<'b> Parameter<'b> {
    fn parse(text: &'b [u8]) -> Result<Self, Malformed> {
        let (name, value) = cut(text, b'=');
        let unquoted = |value: &'b [u8]| match value {
            [b'"', value @ .., b'"'] => value,
            value => value,
        };
        let value = value.map(unquoted);
        let is_sound = bytes::is_token(name) && value.is_none_or(bytes::is_token);
        if is_sound { Ok(Self { name, value }) } else { Err(Malformed) }
    }
}

/// What stands before the first such byte, and what behind it if there is one, without the white space around both.
fn cut(text: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    let mut parts = text.splitn(2, |&other| other == byte);
    let first = bytes::trim(parts.next().unwrap_or_default());
    (first, parts.next().map(bytes::trim))
}

#[cfg(test)]
mod tests {
    extern crate alloc;

    use alloc::vec::Vec;

    use super::*;

    fn parameters(member: &str) -> Vec<Result<(&str, Option<&str>), Malformed>> {
        let text = |bytes| str::from_utf8(bytes).unwrap();
        let extension = Extension::new(member.as_bytes());
        extension.parameters().map(|read| read.map(|read| (text(read.name), read.value.map(text)))).collect()
    }

    #[test]
    fn parameters_have_a_value_or_none() {
        assert_eq!(parameters("x"), []);
        assert_eq!(parameters("x; a"), [Ok(("a", None))]);
        assert_eq!(parameters("x;a = 1 ; b=\"2\""), [Ok(("a", Some("1"))), Ok(("b", Some("2")))]);
        for malformed in
            ["x;", "x; a=", "x; a=\"\"", "x; =1", "x; a b", "x; a=\"1", "x; a=1\"", "x; a=1=2", "x; a=\"1;2\""]
        {
            assert!(parameters(malformed).contains(&Err(Malformed)), "{malformed}");
        }
    }
}
