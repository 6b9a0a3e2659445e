//! The tables of raw cases, in every cut.

use std::panic::catch_unwind;

use wirenut_tests::cases::{self, answers};

#[test]
fn every_case_in_every_cut() {
    let failed = cases::all().filter(|case| catch_unwind(|| cases::check(case)).is_err()).count();
    let count = cases::all().count();
    assert_eq!(failed, 0, "of {count} cases");
    assert!(count >= 400, "{count} cases");
}

#[test]
fn every_answer_in_every_cut() {
    let failed = answers::all().filter(|case| catch_unwind(|| answers::check(case)).is_err()).count();
    let count = answers::all().count();
    assert_eq!(failed, 0, "of {count} cases");
    assert!(count >= 340, "{count} cases");
}
