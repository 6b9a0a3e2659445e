//! The same bytes in every cut: the contract is that it makes no difference.

use core::fmt::Debug;

/// All of `bytes` at once, one by one, and in two pieces cut at every place.
pub fn cuts(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let whole = vec![bytes];
    let single = bytes.chunks(1).collect();
    let halves = (1..bytes.len()).map(|at| vec![&bytes[..at], &bytes[at..]]);
    [whole, single].into_iter().chain(halves)
}

/// Runs every cut of `bytes` and wants the result of the whole each time. Returns it.
pub fn every_split<T: PartialEq + Debug>(bytes: &[u8], run: impl Fn(&[&[u8]]) -> T) -> T {
    let whole = run(&[bytes]);
    for pieces in cuts(bytes) {
        let lengths = || pieces.iter().map(|piece| piece.len()).collect::<Vec<_>>();
        let got = run(&pieces);
        assert_eq!(got, whole, "left: cut into {:?}, right: whole: {}", lengths(), bytes.escape_ascii());
    }
    whole
}
