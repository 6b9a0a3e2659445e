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
        let error = scanner.error(ValueRule::InvalidParameter);
        let (name, value) = name_and_value(scanner)?;
        // It is ASCII.
        Ok(Self { name: str::from_utf8(name).map_err(|_| error)?, value })
    }
}

fn name_and_value<'b>(scanner: &mut Scanner<'b>) -> Result<(&'b [u8], ParameterValue<'b>), ValueError> {
    let name = scanner.token_bytes(ValueRule::InvalidParameter)?;
    if !scanner.takes(b'=') {
        return Err(scanner.error(ValueRule::InvalidParameter));
    }
    Ok((name, ParameterValue::read(scanner)?))
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
        self.find(name.as_bytes())
    }

    fn find(self, name: &[u8]) -> Option<ParameterValue<'b>> {
        let mut rest = Scanner::new(self.0);
        core::iter::from_fn(|| next(&mut rest))
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
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
        let (name, _) = name_and_value(next)?;
        if *count >= Self::MAX {
            return Err(before.error(ValueRule::TooManyParameters));
        }
        *count = count.saturating_add(1);
        if self.find(name).is_some() { Err(before.error(ValueRule::DuplicateName)) } else { Ok(()) }
    }
}

/// The next of those that were checked.
fn next<'b>(scanner: &mut Scanner<'b>) -> Option<(&'b [u8], ParameterValue<'b>)> {
    scanner.take_while(|byte| matches!(byte, b' ' | b'\t' | b';'));
    name_and_value(scanner).ok()
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
        let (name, value) = next(&mut self.0)?;
        Some(Parameter { name: str::from_utf8(name).ok()?, value })
    }
}
