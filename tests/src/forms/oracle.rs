//! A second reader of forms, of the whole at once, written to be obviously right.

use wirenut::http::Fields;

/// Fields and content of a part.
pub type Part = (Vec<(Vec<u8>, Vec<u8>)>, Vec<u8>);

/// The parts of a form without limits, whatever their fields mean; `None` if it is none.
#[must_use]
pub fn read(boundary: &[u8], form: &[u8]) -> Option<Vec<Part>> {
    // A delimiter may stand at the very start.
    let form = [b"\r\n", form].concat();
    let bare = [b"\n--", boundary].concat();
    let mut segments = Vec::new();
    let mut rest = form.as_slice();
    while let Some(at) = rest.windows(bare.len()).position(|window| window == bare) {
        segments.push(rest[..at].strip_suffix(b"\r")?);
        rest = &rest[at + bare.len()..];
        // What follows the closing delimiter is no part of the form.
        if rest.starts_with(b"--") {
            break;
        }
    }
    let end = rest.strip_prefix(b"--").map(without_padding)?;
    if segments.is_empty() || !(end.is_empty() || end.starts_with(b"\r\n")) {
        return None;
    }
    segments[1..].iter().map(|segment| part(segment)).collect()
}

fn without_padding(bytes: &[u8]) -> &[u8] {
    let length = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &bytes[length..]
}

fn part(segment: &[u8]) -> Option<Part> {
    let part = without_padding(segment).strip_prefix(b"\r\n")?;
    // A head without lines begins with the empty line.
    let (lines, content) = if let Some(content) = part.strip_prefix(b"\r\n") {
        (&part[..0], content)
    } else {
        let end = part.windows(4).position(|window| window == b"\r\n\r\n")?;
        (&part[..end + 2], &part[end + 4..])
    };
    let fields = Fields::parse(lines)?;
    let fields = fields.into_iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
    Some((fields, content.to_vec()))
}
