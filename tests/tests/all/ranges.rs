//! Ranges of any set, against sets of bytes.

use alloc::collections::BTreeSet;

use proptest::prelude::*;
use wirenut::http::{ByteRange, Ranges};

fn spec() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..40_u64, 0..20_u64).prop_map(|(first, more)| format!("{first}-{}", first + more)),
        (0..40_u64).prop_map(|first| format!("{first}-")),
        (0..40_u64).prop_map(|suffix| format!("-{suffix}")),
    ]
}

/// The bytes that one range names.
fn bytes_of(spec: &str, length: u64) -> BTreeSet<u64> {
    let (first, last) = spec.split_once('-').unwrap();
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) => (first..=last.min(length - 1)).collect(),
        (Ok(first), Err(_)) => (first..length).collect(),
        (Err(_), suffix) => (length.saturating_sub(suffix.unwrap())..length).collect(),
    }
}

proptest! {
    #[test]
    fn parts_are_the_bytes_that_were_asked_for(specs in prop::collection::vec(spec(), 1..8), length in 1..50_u64) {
        let mut room = [ByteRange::default(); 8];
        let wanted: BTreeSet<u64> = specs.iter().flat_map(|spec| bytes_of(spec, length)).collect();
        match Ranges::select(format!("bytes={}", specs.join(",")).as_bytes(), length, &mut room) {
            Ranges::Whole => prop_assert!(false, "all is well formed, and fits"),
            Ranges::Unsatisfiable => prop_assert!(wanted.is_empty()),
            Ranges::Parts(parts) => {
                let given: Vec<u64> = parts.iter().flat_map(|part| part.first..=part.last).collect();
                prop_assert_eq!(given.iter().copied().collect::<BTreeSet<_>>(), wanted);
                prop_assert_eq!(given.len() as u64, parts.iter().map(|part| part.length()).sum::<u64>());
                for (index, part) in parts.iter().enumerate() {
                    for other in &parts[index + 1..] {
                        prop_assert!(part.last + 1 < other.first || other.last + 1 < part.first);
                    }
                }
            }
        }
    }

    #[test]
    fn any_text_is_answered_within_bounds(text in "(bytes=)?[0-9, -]{0,40}", length: u64, room in 0..5_usize) {
        let mut room = vec![ByteRange::default(); room];
        if let Ranges::Parts(parts) = Ranges::select(text.as_bytes(), length, &mut room) {
            prop_assert!(!parts.is_empty() && parts.iter().all(|part| part.first <= part.last && part.last < length));
        }
    }
}
