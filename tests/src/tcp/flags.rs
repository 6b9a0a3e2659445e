//! Flags as the scenarios write them.

use wirenut::tcp::segment::Flags;

/// The flags that these letters mean: those of SYN, ACK, FIN, RST and PSH; `-` is none.
///
/// ```
/// use wirenut::tcp::segment::Flags;
/// use wirenut_tests::tcp::flags;
/// assert_eq!((flags("SA"), flags("-")), (Flags::SYN | Flags::ACK, Flags::NONE));
/// ```
#[must_use]
pub fn flags(letters: &str) -> Flags {
    let flag = |letter| match letter {
        'S' => Flags::SYN,
        'A' => Flags::ACK,
        'F' => Flags::FIN,
        'R' => Flags::RST,
        'P' => Flags::PSH,
        '-' => Flags::NONE,
        _ => panic!("no flag: {letter}"),
    };
    letters.chars().map(flag).fold(Flags::NONE, |all, one| all | one)
}
