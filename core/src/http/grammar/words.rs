//! The words that mean something to framing, and the names that no trailer field may have.

/// A field that framing needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum FieldName {
    Other,
    Host,
    ContentLength,
    TransferEncoding,
    Connection,
    Expect,
    Upgrade,
    /// No field: the authority in a target is read.
    Target,
}

/// Each behind its length. A small letter stands for either case.
pub(super) const FIELDS: &[u8] = b"\x04host\x0econtent-length\x11transfer-encoding\x0aconnection\x06expect\x07upgrade";

impl FieldName {
    pub(super) fn of(name: &[u8]) -> Self {
        match find(FIELDS, name) {
            1 => Self::Host,
            2 => Self::ContentLength,
            3 => Self::TransferEncoding,
            4 => Self::Connection,
            5 => Self::Expect,
            6 => Self::Upgrade,
            _ => Self::Other,
        }
    }
}

/// The place of these among [`OPTIONS`].
pub(super) const CLOSE: u8 = 1;
pub(super) const KEEP_ALIVE: u8 = 2;
pub(super) const UPGRADE: u8 = 3;

/// Options of Connection.
pub(super) const OPTIONS: &[u8] = b"\x05close\x0akeep-alive\x07upgrade";

/// The transfer coding that is known.
pub(super) const CHUNKED: &[u8] = b"\x07chunked";

/// No word that is looked up here is longer.
pub(crate) const LONGEST: usize = "if-unmodified-since".len();

/// Is this the name of a field that must not come behind the content? Such fields must be known before it is read (RFC
/// 9110 §6.5.1 names their groups, and RFC 7230 §4.1.2 where their members stand), or are not about the message at all.
pub(crate) fn is_forbidden_trailer(name: &[u8]) -> bool {
    find(FORBIDDEN_TRAILERS, name) != 0
}

/// In the order of their groups: framing (RFC 9112 §6, RFC 9110 §6.6.2) and the connection (RFC 9110 §7.6.1, §7.8,
/// §10.1.4), routing (§7.2, §7.6.2), authentication (§11.6, §11.7, RFC 6265 §4; not Authentication-Info, which may come
/// behind, §11.6.3), controls of a request (RFC 9110 §10.1.1, §14.2, RFC 9111 §5.4) and its preconditions (RFC 9110
/// §13.1), controls of a response (§6.6.1, §10.2, §12.5.5, RFC 9111 §5; not ETag, which may come behind, §8.8.3), and the
/// format of the content (§8.3, §8.4, §14.4).
const FORBIDDEN_TRAILERS: &[u8] = b"\
\x0econtent-length\x11transfer-encoding\x07trailer\x0aconnection\x0akeep-alive\x10proxy-connection\x02te\x07upgrade\
\x04host\x0cmax-forwards\
\x0dauthorization\x13proxy-authorization\x10www-authenticate\x12proxy-authenticate\x06cookie\x0aset-cookie\
\x06expect\x05range\x06pragma\x08if-match\x0dif-none-match\x11if-modified-since\x13if-unmodified-since\x08if-range\
\x03age\x0dcache-control\x04date\x07expires\x08location\x0bretry-after\x04vary\x07warning\
\x0ccontent-type\x10content-encoding\x0dcontent-range";

/// The place of `word` in `list`, from one; zero if it is not there.
#[inline(never)]
pub(super) fn find(list: &[u8], word: &[u8]) -> u8 {
    let (mut place, mut rest) = (0_u8, list);
    while let [length, behind @ ..] = rest
        && let Some((listed, behind)) = behind.split_at_checked(usize::from(*length))
    {
        place = place.wrapping_add(1);
        if listed.eq_ignore_ascii_case(word) {
            return place;
        }
        rest = behind;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_in_any_case_and_none_is_longer_than_the_longest() {
        for list in [FIELDS, OPTIONS, CHUNKED, FORBIDDEN_TRAILERS] {
            let (mut rest, mut place) = (list, 0);
            while let [length, behind @ ..] = rest {
                let (word, behind) = behind.split_at(usize::from(*length));
                place += 1;
                assert!(word.len() <= LONGEST && word.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-'));
                assert_eq!(find(list, word), place);
                assert_eq!(find(list, &word.to_ascii_uppercase()), place);
                assert_eq!(find(list, &word[1..]), find(list, &word.to_ascii_uppercase()[1..]));
                rest = behind;
            }
            assert_eq!(find(list, b""), 0);
            assert_eq!(find(list, b"none-of-these"), 0);
        }
    }
}
