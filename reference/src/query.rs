//! Numbers in the query of a target.

use crate::decimal;

/// The query does not say which number is meant: it is malformed, too large, or given twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed;

/// The parameter `name` of a query, at most `maximum`; `None` if the query has no such parameter. Others are ignored,
/// and nothing is percent-decoded: no digit needs it.
pub(crate) fn number(query: Option<&[u8]>, name: &[u8], maximum: u64) -> Result<Option<u64>, Malformed> {
    let mut found = None;
    for pair in query.unwrap_or(&[]).split(|byte| *byte == b'&') {
        let value = match pair.strip_prefix(name) {
            Some([b'=', value @ ..]) => value,
            Some([]) => &[],
            _ => continue,
        };
        let number = decimal::parse(value, maximum).ok_or(Malformed)?;
        if found.replace(number).is_some() {
            return Err(Malformed);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_that_is_meant_or_none() {
        let check = |query: &str, expected| {
            assert_eq!(number(Some(query.as_bytes()), b"ms", 50), expected, "{query}");
        };
        assert_eq!(number(None, b"ms", 50), Ok(None));
        check("", Ok(None));
        check("a=b&&c", Ok(None));
        check("mst=7", Ok(None));
        check("ms=7", Ok(Some(7)));
        check("a=b&ms=50&c=d", Ok(Some(50)));
        check("ms", Err(Malformed));
        check("ms=", Err(Malformed));
        check("ms=51", Err(Malformed));
        check("ms=+7", Err(Malformed));
        check("ms=%37", Err(Malformed));
        check("ms=7&ms=7", Err(Malformed));
    }
}
