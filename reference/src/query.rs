//! Numbers in the query of a target.

use wirenut::http::FormPairs;

use crate::decimal;

/// The query does not say which number is meant: it is malformed, too large, or given twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Malformed;

/// The parameter `name` of a query, at most `maximum`; `None` if the query has no such parameter. Others are ignored.
pub(crate) fn number(query: Option<&[u8]>, name: &str, maximum: u64) -> Result<Option<u64>, Malformed> {
    let value = FormPairs::new(query.unwrap_or(&[])).get_single(name).map_err(|_| Malformed)?;
    let Some(value) = value else { return Ok(None) };
    // The largest number has twenty digits.
    let mut room = [0; 20];
    let digits = value.decode(&mut room).map_err(|_| Malformed)?;
    decimal::parse(digits, maximum).ok_or(Malformed).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameter_that_is_meant_or_none() {
        let check = |query: &str, expected| {
            assert_eq!(number(Some(query.as_bytes()), "ms", 50), expected, "{query}");
        };
        assert_eq!(number(None, "ms", 50), Ok(None));
        check("", Ok(None));
        check("a=b&&c", Ok(None));
        check("mst=7", Ok(None));
        check("ms=7", Ok(Some(7)));
        check("%6ds=%37", Ok(Some(7)));
        check("a=b&ms=50&c=d", Ok(Some(50)));
        check("ms", Err(Malformed));
        check("ms=", Err(Malformed));
        check("ms=51", Err(Malformed));
        check("ms=+7", Err(Malformed));
        check("ms=%2b7", Err(Malformed));
        check("ms=%3", Err(Malformed));
        check("ms=7&ms=7", Err(Malformed));
        check("ms=7&m%73=7", Err(Malformed));
    }
}
