//! One byte at a time: for devices, where a loop of a few instructions is all that there is room for.

/// Index of the first byte from `at` on that is not of `class`, or the length.
pub(super) fn class_end(bytes: &[u8], at: usize, class: u8, (): ()) -> usize {
    super::class_end(bytes, at, class)
}

/// Index of the first place with `first` in `bytes` and `last` in `ahead` that is one.
pub(super) fn pair(bytes: &[u8], ahead: &[u8], first: u8, last: u8, is_there: impl Fn(usize) -> bool) -> Option<usize> {
    super::pair_in(bytes, ahead, 0, first, last, is_there)
}

/// What other ways of scanning need besides.
macro_rules! nothing_more {
    ($($name:ident)*) => {
        $(
            #[expect(non_upper_case_globals, reason = "stands where another file has a function")]
            pub(super) const $name: () = ();
        )*
    };
}

nothing_more!(outside_names controls query_marks);

#[cfg(test)]
nothing_more!(outside_hosts outside_targets);
