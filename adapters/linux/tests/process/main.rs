//! Processes: how they begin and end, what they share, and that nothing of them is left. Each test is a process of its own.

extern crate alloc;

mod beginning;
mod counts;
mod ending;
mod handles;

use std::process::ExitCode;

fn main() -> ExitCode {
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        beginning::of_one_thread_only,
        beginning::after_a_thread_was_joined,
        beginning::without_a_descriptor,
        beginning::with_a_nice_value,
        beginning::in_a_group,
        beginning::in_a_group_that_is_not,
        beginning::in_a_session,
        beginning::with_a_name,
        beginning::without_the_handlers_of_its_parent,
        ending::with_a_status,
        ending::with_an_error,
        ending::with_a_panic,
        ending::with_a_panic_of_no_text,
        ending::with_a_long_panic,
        ending::by_a_signal,
        ending::with_a_core_dump,
        ending::by_a_stack_overflow,
        ending::with_output_written_once,
        ending::without_handlers_of_its_parent,
        ending::with_its_parent,
        handles::drop_what_was_captured,
        handles::join_from_two_threads,
        handles::join_when_another_has_waited,
        handles::join_when_it_is_no_child,
        handles::dropped_before_the_end,
        handles::dropped_after_the_end,
        handles::of_a_dropped_daemon,
        handles::leave_nothing,
    ])
}
