//! The words that mean something to framing, and the names that no trailer field may have, in one list.

use crate::bytes::list::find;

/// A word that framing needs, by its place in [`WORDS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Word(u8);

impl Word {
    /// Any other.
    pub(super) const OTHER: Self = Self(0);
    pub(super) const CLOSE: Self = Self(1);
    pub(super) const CHUNKED: Self = Self(2);
    pub(super) const HOST: Self = Self(3);
    pub(super) const CONTENT_LENGTH: Self = Self(4);
    pub(super) const TRANSFER_ENCODING: Self = Self(5);
    pub(super) const CONNECTION: Self = Self(6);
    pub(super) const EXPECT: Self = Self(7);
    pub(super) const UPGRADE: Self = Self(8);
    pub(super) const KEEP_ALIVE: Self = Self(9);
    /// No word: the authority in a target is read.
    pub(super) const TARGET: Self = Self(u8::MAX);

    /// The word that this is, in any case.
    pub(super) fn of(word: &[u8]) -> Self {
        Self(find(WORDS.get(..KNOWN).unwrap_or(&[]), word))
    }

    /// The field of this name.
    pub(super) fn of_name(name: &[u8]) -> Self {
        let first = name.first().copied().unwrap_or(0);
        if is_perhaps_framing(name.len(), first) { Self::of(name) } else { Self::OTHER }
    }
}

/// Could this be one of the six fields that framing needs, by its length and its first letter? Most are seen not to be.
#[inline(always)]
pub(crate) fn is_perhaps_framing(length: usize, first: u8) -> bool {
    // By the length of its name, each has one first letter.
    const FIRST_LETTERS: &[u8; 32] = b"....h.eu..c...c..t..............";
    // A longer name may find the letter of a shorter one: that costs a second look, no more.
    FIRST_LETTERS.get(length & 31) == Some(&(first | 0x20))
}

/// No word that is looked up here is longer.
pub(crate) const LONGEST: usize = "if-unmodified-since".len();

/// Is this the name of a field that must not come behind the content? Such fields must be known before it is read (RFC
/// 9110 §6.5.1 names their groups, and RFC 7230 §4.1.2 where their members stand), or are not about the message at all.
pub(crate) fn is_forbidden_trailer(name: &[u8]) -> bool {
    find(WORDS.get(NO_NAMES..).unwrap_or(&[]), name) != 0
}

/// Is this the name of a field that the connection itself writes into responses?
pub(crate) fn is_written_in_responses(name: &[u8]) -> bool {
    matches!(Word::of_name(name), Word::CONTENT_LENGTH | Word::TRANSFER_ENCODING | Word::CONNECTION)
}

/// Is this the name of a field that the connection itself writes into requests?
pub(crate) fn is_written_in_requests(name: &[u8]) -> bool {
    is_written_in_responses(name) || matches!(Word::of_name(name), Word::HOST | Word::EXPECT)
}

/// Each behind its length: first an option and a coding, then names of fields that no trailer may have. Of these, the
/// first ones are those that framing needs: framing itself (RFC 9112 §6), its routing (RFC 9110 §7.2), the connection
/// (§7.6.1, §7.8) and what it expects (§10.1.1). Then come, in the order of their groups: the rest of framing (§6.6.2) and
/// of the connection (§10.1.4), routing (§7.6.2), authentication (§11.6, §11.7, RFC 6265 §4; not Authentication-Info,
/// which may come behind, §11.6.3), controls of a request (RFC 9110 §14.2, RFC 9111 §5.4) and its preconditions (RFC 9110
/// §13.1), controls of a response (§6.6.1, §10.2, §12.5.5, RFC 9111 §5; not ETag, which may come behind, §8.8.3), and the
/// format of the content (§8.3, §8.4, §14.4).
static WORDS: &[u8] = b"\
\x05close\x07chunked\
\x04host\x0econtent-length\x11transfer-encoding\x0aconnection\x06expect\x07upgrade\x0akeep-alive\
\x07trailer\x10proxy-connection\x02te\x0cmax-forwards\
\x0dauthorization\x13proxy-authorization\x10www-authenticate\x12proxy-authenticate\x06cookie\x0aset-cookie\
\x05range\x06pragma\x08if-match\x0dif-none-match\x11if-modified-since\x13if-unmodified-since\x08if-range\
\x03age\x0dcache-control\x04date\x07expires\x08location\x0bretry-after\x04vary\x07warning\
\x0ccontent-type\x10content-encoding\x0dcontent-range";

/// Where the names begin.
const NO_NAMES: usize = b"\x05close\x07chunked".len();

/// Where those end that framing needs.
const KNOWN: usize = NO_NAMES
    + b"\x04host\x0econtent-length\x11transfer-encoding\x0aconnection\x06expect\x07upgrade\x0akeep-alive".len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_in_any_case_and_none_is_longer_than_the_longest() {
        let (mut rest, mut place) = (WORDS, 0);
        while let [length, behind @ ..] = rest {
            let (word, behind) = behind.split_at(usize::from(*length));
            place += 1;
            assert!(word.len() <= LONGEST && word.iter().all(|byte| byte.is_ascii_lowercase() || *byte == b'-'));
            assert_eq!(find(WORDS, word), place);
            assert_eq!(find(WORDS, &word.to_ascii_uppercase()), place);
            assert_eq!(find(WORDS, &word[1..]), find(WORDS, &word.to_ascii_uppercase()[1..]));
            assert_eq!(is_forbidden_trailer(word), place > 2);
            rest = behind;
        }
        assert_eq!(find(WORDS, b""), 0);
        assert_eq!(find(WORDS, b"none-of-these"), 0);
        assert_eq!(place, 37);
    }

    #[test]
    fn framing_knows_its_words() {
        for (text, word) in [
            ("close", Word::CLOSE),
            ("Chunked", Word::CHUNKED),
            ("Host", Word::HOST),
            ("content-length", Word::CONTENT_LENGTH),
            ("Transfer-Encoding", Word::TRANSFER_ENCODING),
            ("connection", Word::CONNECTION),
            ("expect", Word::EXPECT),
            ("UPGRADE", Word::UPGRADE),
            ("keep-alive", Word::KEEP_ALIVE),
            ("trailer", Word::OTHER),
            ("", Word::OTHER),
        ] {
            assert_eq!(Word::of(text.as_bytes()), word, "{text}");
            let is_field = !matches!(word, Word::CLOSE | Word::CHUNKED | Word::KEEP_ALIVE);
            assert_eq!(Word::of_name(text.as_bytes()), if is_field { word } else { Word::OTHER }, "{text}");
        }
    }
}
