//! Credentials and challenges (RFC 9110 §11): a scheme, and a token68 or parameters.

use super::parameter_value::ParameterValue;
use super::parameters::Parameter;
use super::scanner::Scanner;
use crate::http::message::fields::Fields;
use crate::http::value::error::{ValueError, ValueRule};
use crate::http::value::lines::{Lines, LinesIter};

/// What an Authorization field says, or one challenge of WWW-Authenticate; of those for proxies, too.
///
/// For [Basic](crate::http::BasicCredentials) and [Bearer](crate::http::BearerToken) there are types of their own.
///
/// ```
/// use wirenut::http::Authentication;
/// let digest = Authentication::parse(b"Digest username=\"Mufasa\", nc=00000001")?;
/// assert!(digest.is_scheme("digest"));
/// assert!(digest.parameter("username").is_some_and(|user| user.is("Mufasa")));
/// assert_eq!(Authentication::parse(b"Negotiate YII=")?.token68(), Some("YII="));
/// # Ok::<(), wirenut::http::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Authentication<'b> {
    scheme: &'b str,
    token68: Option<&'b str>,
    parameters: &'b [u8],
}

impl<'b> Authentication<'b> {
    /// More parameters than these are refused: to find a name that comes twice takes the square of their number.
    const MAX: usize = 32;

    /// Reads the value of an Authorization field. Credentials that do not parse authenticate nobody: answer 401, or 400.
    ///
    /// # Errors
    /// [`ValueRule::InvalidAuthScheme`], [`ValueRule::InvalidAuthParameter`], [`ValueRule::InvalidQuotedString`];
    /// [`ValueRule::DuplicateName`]: a parameter comes twice (RFC 9110 §11.2). [`ValueRule::TooManyParameters`]: more
    /// than 32. [`ValueRule::UnexpectedByte`]: something behind it. Each with the offset in `value`.
    pub fn parse(value: &'b [u8]) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        scanner.skip_blanks();
        let read = Self::read(&mut scanner)?;
        scanner.end()?;
        Ok(read)
    }

    /// The scheme as it came; case means nothing.
    #[must_use]
    pub const fn scheme(&self) -> &'b str {
        self.scheme
    }

    /// Is it this scheme?
    #[must_use]
    pub const fn is_scheme(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// What stands behind the scheme, if these are no parameters (RFC 9110 §11.2).
    #[must_use]
    pub const fn token68(&self) -> Option<&'b str> {
        self.token68
    }

    /// The value of the parameter of this name, in any case.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<ParameterValue<'b>> {
        self.parameters().find(|parameter| parameter.name.eq_ignore_ascii_case(name)).map(|parameter| parameter.value)
    }

    /// All parameters, in order.
    pub fn parameters(&self) -> impl Iterator<Item = Parameter<'b>> {
        parameters(self.parameters)
    }

    /// Reads one challenge, up to the comma before the next one.
    fn read(scanner: &mut Scanner<'b>) -> Result<Self, ValueError> {
        let scheme = scanner.token(ValueRule::InvalidAuthScheme)?;
        let behind_scheme = *scanner;
        scanner.skip_blanks();
        let is_alone = matches!(scanner.peek(), None | Some(b','));
        if is_alone {
            return Ok(Self { scheme, token68: None, parameters: &[] });
        }
        if scanner.offset() == behind_scheme.offset() {
            return Err(scanner.error(ValueRule::InvalidAuthScheme));
        }
        if let Some(token68) = token68(scanner) {
            return Ok(Self { scheme, token68: Some(token68), parameters: &[] });
        }
        let start = *scanner;
        let mut count = 0_usize;
        loop {
            let before = *scanner;
            let parameter = auth_parameter(scanner)?;
            if count >= Self::MAX {
                return Err(before.error(ValueRule::TooManyParameters));
            }
            count = count.saturating_add(1);
            if parameters(before.since(start)).any(|earlier| earlier.name.eq_ignore_ascii_case(parameter.name)) {
                return Err(before.error(ValueRule::DuplicateName));
            }
            let end = *scanner;
            scanner.skip_commas();
            let has_comma = scanner.since(end).contains(&b',');
            if !has_comma || !is_at_auth_parameter(*scanner) {
                let parameters = end.since(start);
                // The comma is not part of it, unless nothing follows.
                *scanner = if has_comma && !scanner.is_at_end() { end } else { *scanner };
                return Ok(Self { scheme, token68: None, parameters });
            }
        }
    }
}

/// The same scheme with the same token68, or the same parameters in any order.
impl PartialEq for Authentication<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.is_scheme(other.scheme)
            && self.token68 == other.token68
            && self.parameters().count() == other.parameters().count()
            && self.parameters().all(|parameter| other.parameter(parameter.name) == Some(parameter.value))
    }
}

impl Eq for Authentication<'_> {}

/// Goes through parameters that were read before.
fn parameters(bytes: &[u8]) -> impl Iterator<Item = Parameter<'_>> {
    let mut scanner = Scanner::new(bytes);
    core::iter::from_fn(move || {
        scanner.skip_commas();
        auth_parameter(&mut scanner).ok()
    })
}

/// `auth-param` of RFC 9110 §11.2. White space around the `=` is allowed.
fn auth_parameter<'b>(scanner: &mut Scanner<'b>) -> Result<Parameter<'b>, ValueError> {
    let name = scanner.token(ValueRule::InvalidAuthParameter)?;
    scanner.skip_blanks();
    if !scanner.takes(b'=') {
        return Err(scanner.error(ValueRule::InvalidAuthParameter));
    }
    scanner.skip_blanks();
    Ok(Parameter { name, value: ParameterValue::read(scanner)? })
}

fn is_at_auth_parameter(mut scanner: Scanner<'_>) -> bool {
    let is_name = scanner.token(ValueRule::InvalidAuthParameter).is_ok();
    scanner.skip_blanks();
    is_name && scanner.peek() == Some(b'=')
}

/// Takes a token68, if that is all before the next comma or the end.
fn token68<'b>(scanner: &mut Scanner<'b>) -> Option<&'b str> {
    let mut next = *scanner;
    let letters = next
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+'..=b'/' | b'_' | b'~') && byte != b',');
    next.take_while(|byte| byte == b'=');
    let token = str::from_utf8(next.since(*scanner)).ok()?;
    next.skip_blanks();
    let is_whole = !letters.is_empty() && matches!(next.peek(), None | Some(b','));
    is_whole.then(|| *scanner = next)?;
    Some(token)
}

/// The challenges of a response, in order (RFC 9110 §11.6.1). Behind one that does not parse, the rest of its line is not
/// read: where the next one begins, nobody can know.
///
/// ```
/// use wirenut::http::{Challenges, Fields};
/// let fields = Fields::parse(b"WWW-Authenticate: Basic realm=\"a, b\", Bearer scope=c, Negotiate\r\n").unwrap();
/// let challenges = Challenges::of(fields, "WWW-Authenticate");
/// assert!(challenges.flatten().map(|challenge| challenge.scheme()).eq(["Basic", "Bearer", "Negotiate"]));
/// ```
#[derive(Clone, Debug)]
pub struct Challenges<'b> {
    lines: LinesIter<'b>,
    line: Scanner<'b>,
}

impl<'b> Challenges<'b> {
    /// Those in all fields of this name: `WWW-Authenticate` or `Proxy-Authenticate`.
    #[must_use]
    pub fn of(fields: Fields<'b>, name: &'b str) -> Self {
        Self { lines: Lines::All(fields, name).into_iter(), line: Scanner::new(&[]) }
    }

    /// Those in one field's value.
    #[must_use]
    pub fn parse(value: &'b [u8]) -> Self {
        Self { lines: Lines::One(value).into_iter(), line: Scanner::new(&[]) }
    }
}

impl<'b> Iterator for Challenges<'b> {
    type Item = Result<Authentication<'b>, ValueError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.line.skip_commas();
            if !self.line.is_at_end() {
                break;
            }
            self.line = Scanner::new(self.lines.next()?);
        }
        let challenge = Authentication::read(&mut self.line).and_then(|challenge| {
            self.line.skip_blanks();
            let is_over = matches!(self.line.peek(), None | Some(b','));
            if is_over { Ok(challenge) } else { Err(self.line.error(ValueRule::UnexpectedByte)) }
        });
        if challenge.is_err() {
            self.line = Scanner::new(&[]);
        }
        Some(challenge)
    }
}

/// Is the whole of it a token68?
pub(super) fn is_token68(text: &str) -> bool {
    let mut scanner = Scanner::new(text.as_bytes());
    token68(&mut scanner).is_some_and(|token| token.len() == text.len())
}

#[cfg(test)]
mod tests {
    extern crate alloc;
    use super::*;
    use alloc::string::String;

    fn shown(read: Result<Authentication<'_>, ValueError>) -> String {
        let read = match read {
            Ok(read) => read,
            Err(error) => return alloc::format!("{:?} {}", error.rule, error.offset),
        };
        let token = read.token68().map(|token| alloc::format!(" {token}")).unwrap_or_default();
        let parameters: String = read
            .parameters()
            .map(|parameter| {
                let value: alloc::vec::Vec<u8> = parameter.value.bytes().collect();
                alloc::format!("|{}={}", parameter.name, String::from_utf8(value).unwrap())
            })
            .collect();
        alloc::format!("{}{token}{parameters}", read.scheme())
    }

    #[test]
    fn credentials() {
        for (value, expected) in [
            ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
            ("Bearer  a-._~+/b", "Bearer a-._~+/b"),
            ("Negotiate", "Negotiate"),
            ("Digest a=b, c=\"d,e\"", "Digest|a=b|c=d,e"),
            ("Digest a = b ,, c=\"\",", "Digest|a=b|c="),
            ("Digest a=", "Digest a="),
            ("Digest a==", "Digest a=="),
            ("Digest a=b=", "UnexpectedByte 10"),
            ("Digest a=b c=d", "UnexpectedByte 11"),
            ("Digest a=b, A=c", "DuplicateName 12"),
            ("Digest a=b, c", "UnexpectedByte 10"),
            ("Digest a=b, Basic x=y", "UnexpectedByte 10"),
            ("Digest ,a=b", "UnexpectedByte 7"),
            ("Digest a b", "InvalidAuthParameter 9"),
            ("Digest a=\"b", "InvalidQuotedString 11"),
            ("", "InvalidAuthScheme 0"),
            ("a/b", "InvalidAuthScheme 1"),
            ("Basic:abc", "InvalidAuthScheme 5"),
        ] {
            assert_eq!(shown(Authentication::parse(value.as_bytes())), expected, "{value}");
        }
    }

    #[test]
    fn lists_of_challenges() {
        for (value, expected) in [
            // RFC 9110 §11.6.1.
            (
                "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
                "Basic|realm=simple; Newauth|realm=apps|type=1|title=Login to \"apps\"; ",
            ),
            ("Negotiate, Basic realm=\"a\"", "Negotiate; Basic|realm=a; "),
            ("Negotiate abc==, Basic a=b", "Negotiate abc==; Basic|a=b; "),
            (", Basic a=b,, , c=d, ,Digest,", "Basic|a=b|c=d; Digest; "),
            ("Basic a=b, c = d, e f=g", "Basic|a=b|c=d; e|f=g; "),
            ("Basic a=b; Digest", "UnexpectedByte 9; "),
            ("Basic a=b, =c", "Basic|a=b; InvalidAuthScheme 11; "),
            ("", ""),
        ] {
            let challenges: String =
                Challenges::parse(value.as_bytes()).map(|challenge| shown(challenge) + "; ").collect();
            assert_eq!(challenges, expected, "{value}");
        }
        let fields = Fields::parse(b"W: Basic a=\r\nW: \"\r\nw: Digest\r\n").unwrap();
        let challenges: String = Challenges::of(fields, "w").map(|challenge| shown(challenge) + "; ").collect();
        assert_eq!(challenges, "Basic a=; InvalidAuthScheme 0; Digest; ");
    }
}
