//! Calls with literal arguments, as they stand in a test's source in C or Python.

/// An argument.
#[derive(Clone, Debug, Default)]
pub(super) struct Argument {
    /// The text outside of literals, without white space.
    pub(super) text: String,
    /// The literals, joined.
    pub(super) bytes: Vec<u8>,
}

impl Argument {
    /// Is it nothing but literals?
    pub(super) fn is_literal(&self) -> bool {
        self.text.chars().all(|sign| sign == 'b' || sign == '+')
    }
}

/// A call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The line, from one on.
    pub(super) line: usize,
    pub(super) arguments: Vec<Argument>,
}

/// All calls of `function` in `source`, with what stands between each and the next. A definition has no arguments that
/// are literals, and is for the caller to leave out.
pub(super) fn calls<'s>(source: &'s str, function: &str) -> Vec<(Call, &'s str)> {
    let opening = format!("{function}(");
    let starts: Vec<_> = source.match_indices(&opening).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([source.len()]);
    let calls = starts.iter().zip(ends).map(|(&start, end)| {
        let line = source[..start].matches('\n').count() + 1;
        let (arguments, length) = arguments(&source[start + opening.len()..]);
        (Call { line, arguments }, source.get(start + opening.len() + length..end).unwrap_or(""))
    });
    calls.collect()
}

/// The arguments up to the closing parenthesis, and how long they are.
fn arguments(source: &str) -> (Vec<Argument>, usize) {
    let mut arguments = vec![Argument::default()];
    let (bytes, mut at, mut depth) = (source.as_bytes(), 0, 0_u32);
    while let Some(&byte) = bytes.get(at) {
        let argument = arguments.last_mut().expect("at least one");
        match byte {
            b'"' | b'\'' => {
                let (literal, length) = literal(&bytes[at..]);
                argument.bytes.extend(literal);
                at += length;
                continue;
            }
            b')' if depth == 0 => return (arguments, at + 1),
            b',' if depth == 0 => arguments.push(Argument::default()),
            _ => {
                depth = match byte {
                    b'(' | b'[' => depth + 1,
                    b')' | b']' => depth.saturating_sub(1),
                    _ => depth,
                };
                if !byte.is_ascii_whitespace() {
                    argument.text.push(char::from(byte));
                }
            }
        }
        at += 1;
    }
    (arguments, at)
}

/// The bytes of the literal that `source` begins with, and how long it is there.
fn literal(source: &[u8]) -> (Vec<u8>, usize) {
    let (mut bytes, mut at) = (Vec::new(), 1);
    while let Some(&byte) = source.get(at) {
        match source.get(at..).unwrap_or(&[]) {
            [end, ..] if *end == source[0] => return (bytes, at + 1),
            [b'\\', b'x', digits @ ..] => at += 2 + number(digits, 16, 2, &mut bytes),
            [b'\\', b'0'..=b'7', ..] => at += 1 + number(&source[at + 1..], 8, 3, &mut bytes),
            [b'\\', escaped, ..] => {
                bytes.push(match escaped {
                    b'r' => b'\r',
                    b'n' => b'\n',
                    b't' => b'\t',
                    other => *other,
                });
                at += 2;
            }
            _ => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    (bytes, at)
}

fn number(digits: &[u8], radix: u32, most: usize, bytes: &mut Vec<u8>) -> usize {
    let values = digits.iter().take(most).map_while(|digit| char::from(*digit).to_digit(radix));
    let values: Vec<_> = values.collect();
    let value = values.iter().fold(0, |value, digit| value * radix + digit);
    bytes.push(u8::try_from(value).unwrap_or(b'?'));
    values.len()
}
