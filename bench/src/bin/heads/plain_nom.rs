//! Heads in nom 8, as one writes them first: what a combinator library costs.

use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::digit1;
use nom::combinator::map;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

pub(crate) const FIELDS: usize = 64;

pub(crate) struct Head<'b> {
    /// Method, target and minor version; or minor version, status code and reason phrase.
    pub(crate) start: [&'b [u8]; 3],
    pub(crate) fields: [(&'b [u8], &'b [u8]); FIELDS],
    pub(crate) field_count: usize,
}

pub(crate) fn request(bytes: &[u8]) -> IResult<&[u8], Head<'_>> {
    let (rest, (method, target, minor)) = (
        terminated(take_while1(is_token), tag(" ")),
        terminated(take_while1(|byte: u8| byte.is_ascii_graphic()), tag(" ")),
        terminated(preceded(tag("HTTP/1."), digit1), tag("\r\n")),
    )
        .parse(bytes)?;
    lines([method, target, minor], rest)
}

pub(crate) fn response(bytes: &[u8]) -> IResult<&[u8], Head<'_>> {
    let (rest, (minor, code, reason)) = (
        terminated(preceded(tag("HTTP/1."), digit1), tag(" ")),
        terminated(take_while_m_n(3, 3, |byte: u8| byte.is_ascii_digit()), tag(" ")),
        terminated(take_while(is_value), tag("\r\n")),
    )
        .parse(bytes)?;
    lines([minor, code, reason], rest)
}

#[inline(always)]
fn lines<'b>(start: [&'b [u8]; 3], mut rest: &'b [u8]) -> IResult<&'b [u8], Head<'b>> {
    let mut head = Head { start, fields: [(&[], &[]); FIELDS], field_count: 0 };
    for slot in &mut head.fields {
        if rest.starts_with(b"\r\n") {
            break;
        }
        (rest, *slot) = field(rest)?;
        head.field_count += 1;
    }
    let (rest, _) = tag("\r\n").parse(rest)?;
    Ok((rest, head))
}

fn field(bytes: &[u8]) -> IResult<&[u8], (&[u8], &[u8])> {
    let name = terminated(take_while1(is_token), tag(":"));
    let value = map(take_while(is_value), <[u8]>::trim_ascii_end);
    (name, preceded(take_while(|byte| byte == b' ' || byte == b'\t'), terminated(value, tag("\r\n")))).parse(bytes)
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_value(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}
