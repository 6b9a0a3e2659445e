//! Parameters (RFC 9110 §5.6.6): what stands behind semicolons in media types and their likes.

use super::parameter_value::ParameterValue;
use super::scanner::Scanner;
use crate::http::value::error::{ValueError, ValueRule};

/// A name and a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameter<'b> {
    /// The name as it came: a token, of which case means nothing.
    pub name: &'b str,
    /// The value, which may be quoted.
    pub value: ParameterValue<'b>,
}

impl<'b> Parameter<'b> {
    /// Reads `name=value`.
    pub(super) fn read(scanner: &mut Scanner<'b>) -> Result<Self, ValueError> {
        let name = scanner.token(ValueRule::InvalidParameter)?;
        if !scanner.takes(b'=') {
            return Err(scanner.error(ValueRule::InvalidParameter));
        }
        Ok(Self { name, value: ParameterValue::read(scanner)? })
    }
}

/// The parameters of a value, in order. They were checked when the value was parsed: each is `name=value`, without white
/// space around the `=`, and no name comes twice. There are 32 at most.
///
/// ```
/// use wirenut::http::MediaType;
/// let media_type = MediaType::parse(b"text/plain; charset=utf-8; title=\"a \\\"b\\\"\"")?;
/// let mut parameters = media_type.parameters().into_iter();
/// assert!(parameters.next().is_some_and(|first| first.name == "charset" && first.value.is("utf-8")));
/// assert!(parameters.next().is_some_and(|second| second.name == "title" && second.value.is("a \"b\"")));
/// assert!(parameters.next().is_none());
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Parameters<'b>(&'b [u8]);

impl<'b> Parameters<'b> {
    /// More than these are refused: to find a name that comes twice takes the square of their number.
    const MAX: usize = 32;

    /// The value of the parameter of this name, in any case.
    #[must_use]
    pub fn get(self, name: &str) -> Option<ParameterValue<'b>> {
        self.into_iter().find(|parameter| parameter.name.eq_ignore_ascii_case(name)).map(|parameter| parameter.value)
    }

    /// Reads `*( OWS ";" OWS [ parameter ] )`, as far as it goes.
    pub(super) fn read(scanner: &mut Scanner<'b>) -> Result<Self, ValueError> {
        Self::read_list(scanner, false)
    }

    /// As [`Self::read`], but the first parameter stands at once, and not behind a semicolon.
    pub(super) fn read_bare(scanner: &mut Scanner<'b>) -> Result<Self, ValueError> {
        Self::read_list(scanner, true)
    }

    fn read_list(scanner: &mut Scanner<'b>, mut is_bare: bool) -> Result<Self, ValueError> {
        let start = *scanner;
        let mut count = 0;
        loop {
            let mut next = *scanner;
            if !core::mem::take(&mut is_bare) {
                next.skip_blanks();
                if !next.takes(b';') {
                    return Ok(Self(scanner.since(start)));
                }
                next.skip_blanks();
            }
            if next.is_at_token() {
                Self(scanner.since(start)).check_next(&mut next, &mut count)?;
            }
            *scanner = next;
        }
    }

    /// Reads the parameter behind these.
    fn check_next(self, next: &mut Scanner<'b>, count: &mut usize) -> Result<(), ValueError> {
        let before = *next;
        let parameter = Parameter::read(next)?;
        if *count >= Self::MAX {
            return Err(before.error(ValueRule::TooManyParameters));
        }
        *count = count.saturating_add(1);
        if self.get(parameter.name).is_some() { Err(before.error(ValueRule::DuplicateName)) } else { Ok(()) }
    }
}

impl<'b> IntoIterator for Parameters<'b> {
    type Item = Parameter<'b>;
    type IntoIter = ParametersIter<'b>;

    fn into_iter(self) -> ParametersIter<'b> {
        ParametersIter(Scanner::new(self.0))
    }
}

/// Goes through [`Parameters`] in the order in which they came.
#[derive(Clone, Debug)]
pub struct ParametersIter<'b>(Scanner<'b>);

impl<'b> Iterator for ParametersIter<'b> {
    type Item = Parameter<'b>;

    fn next(&mut self) -> Option<Parameter<'b>> {
        self.0.take_while(|byte| matches!(byte, b' ' | b'\t' | b';'));
        Parameter::read(&mut self.0).ok()
    }
}
