//! What is compared, and what came of it.

use alloc::collections::BTreeSet;
use std::time::Instant;

use wirenut_tests::parity::{Case, Close, Transcript, cases};

/// So many differences are shown.
pub(crate) const SHOWN: usize = 8;

/// So many bytes are shown on both sides of the first difference.
const CONTEXT: usize = 40;

/// The representative requests cut, and ended, at every byte that is a multiple of `stride`, and sent byte by byte.
pub(crate) fn cuts(stride: usize) -> Vec<Case> {
    let mut cases = Vec::new();
    for (index, case) in cases::to_be_cut().into_iter().enumerate() {
        let length = case.first().len();
        // Not the same bytes in each.
        let places = || (1 + index % stride..length).step_by(stride);
        cases.extend(places().map(|at| case.cut_at(at)));
        cases.extend(places().map(|at| case.ended_at(at)));
        cases.push(case.one_by_one());
    }
    cases
}

/// How often wires agreed, and where they did not.
#[derive(Debug)]
pub(crate) struct Report {
    begun: Instant,
    compared: usize,
    pub(crate) differences: Vec<String>,
    pub(crate) codes: BTreeSet<u16>,
    pub(crate) has_reset: bool,
}

impl Default for Report {
    fn default() -> Self {
        let (differences, codes) = (Vec::new(), BTreeSet::new());
        Self { begun: Instant::now(), compared: 0, differences, codes, has_reset: false }
    }
}

impl Report {
    pub(crate) fn note(&mut self, transcript: &Transcript) {
        self.codes.extend(transcript.codes());
        self.has_reset |= transcript.close == Close::Reset;
    }

    pub(crate) fn compare(&mut self, case: &Case, wire: &str, expected: &Transcript, got: Result<Transcript, String>) {
        self.compared += 1;
        let comparable =
            |transcript: Transcript| if case.awaits_continue { transcript } else { transcript.without_interim() };
        let expected = comparable(expected.clone());
        let got = got.map(comparable).map(|got| match (expected.close, got.close) {
            (Close::Ended, Close::Reset) if case.speaks_after_its_last_word() => {
                Transcript { close: Close::Ended, ..got }
            }
            _ => got,
        });
        if got.as_ref() != Ok(&expected) {
            let got = got.map_or_else(|why| format!("      {why}"), |got| format!("{got:?}"));
            let expected = format!("{expected:?}");
            let (wanted, came) = where_they_part(&expected, &got);
            self.differences.push(format!(
                "{}\n   memory:\n{expected}\n   {wire}:\n{got}\n   they part at:\n      {wanted}\n      {came}",
                case.name
            ));
        }
    }

    pub(crate) fn finish(self, what: &str) {
        println!("{what}: {} comparisons in {:?}", self.compared, self.begun.elapsed());
        let count = self.differences.len();
        let shown = self.differences.into_iter().take(SHOWN).collect::<Vec<_>>().join("\n");
        assert!(count == 0, "{what} differ in {count} cases of {}; the first of them:\n{shown}", self.compared);
    }
}

/// The first place at which two texts differ, with what stands around it in each.
fn where_they_part<'t>(one: &'t str, other: &'t str) -> (&'t str, &'t str) {
    let pairs = one.char_indices().zip(other.char_indices());
    let alike = pairs.take_while(|((_, one), (_, other))| one == other).last();
    let at = alike.map_or(0, |((at, sign), _)| at + sign.len_utf8());
    let around = |text: &'t str| {
        let end = text.floor_char_boundary(at + CONTEXT);
        &text[text.floor_char_boundary(at.saturating_sub(CONTEXT))..end]
    };
    (around(one), around(other))
}
