//! Lists of words, each behind its length.

/// The place of `word` in `list`, from one; zero if it is not there. A small letter in the list, and what is no letter, is
/// compared without the bit by which capitals differ: no word that is looked up has a control.
#[inline(never)]
pub(crate) fn find(list: &[u8], word: &[u8]) -> u8 {
    let (mut place, mut rest) = (0_u8, list);
    while let [length, behind @ ..] = rest
        && let Some((listed, behind)) = behind.split_at_checked(usize::from(*length))
    {
        place = place.wrapping_add(1);
        if listed.len() == word.len() && listed.iter().zip(word).all(|(listed, byte)| byte | listed & 0x20 == *listed) {
            return place;
        }
        rest = behind;
    }
    0
}
