//! Processes: how they begin and end, what they share, and that nothing of them is left. Each test is a process of its own.

extern crate alloc;

mod beginning;
mod counts;
mod daemons;
mod ending;
mod examples;
mod handles;
mod privileges;
mod programs;
mod reaping;
mod states;

mod streams;

use std::process::ExitCode;

fn main() -> ExitCode {
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        beginning::of_one_thread_only,
        beginning::after_a_thread_was_joined,
        beginning::while_a_thread_ends,
        beginning::without_a_descriptor,
        beginning::with_a_nice_value,
        beginning::in_a_group,
        beginning::in_a_group_that_is_not,
        beginning::in_a_session,
        beginning::with_a_name,
        beginning::without_the_handlers_of_its_parent,
        beginning::with_a_termination_of_its_own,
        beginning::with_nothing_blocked,
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
        handles::panic_when_what_was_captured_does,
        handles::join_from_two_threads,
        handles::join_when_another_has_waited,
        handles::join_when_it_is_no_child,
        handles::dropped_before_the_end,
        handles::dropped_where_it_is_no_child,
        handles::dropped_and_forgotten_in_a_child,
        handles::dropped_after_the_end,
        handles::of_a_dropped_daemon,
        handles::leave_nothing,
        privileges::are_given_up_by_all_threads,
        privileges::are_given_up_twice,
        privileges::that_are_kept_are_told,
        privileges::that_are_missing_are_told,
        privileges::of_a_root_directory,
        privileges::that_are_new_are_forbidden,
        programs::get_descriptors_in_their_order,
        programs::begin_while_threads_work,
        programs::begin_without_handlers_and_masks,
        programs::have_the_environment,
        programs::that_cannot_be_are_told,
        programs::have_no_descriptor_more,
        reaping::of_known_children_only,
        reaping::of_ignored_children,
        reaping::of_detached_processes,
        reaping::of_a_detached_process_that_cannot_be,
        reaping::of_orphans,
        reaping::of_a_tree_that_ends_as_its_work,
        reaping::from_another_thread,
        states::letters,
        states::of_threads_of_the_kernel,
        states::flags,
        states::in_a_terminal,
        states::new,
        states::ready_and_running,
        states::waiting_and_ended,
        states::of_no_process,
        states::while_they_vanish,
        daemons::that_are_ready,
        daemons::that_fail,
        daemons::that_leave_a_child,
        daemons::that_outlive_their_starter,
        examples::fork_and_wait,
        examples::zombies,
        examples::orphans,
        examples::process_states,
        examples::files,
        streams::end_though_the_parent_had_the_other_end,
        streams::end_though_later_children_live,
        streams::are_had_by_whom_captures_them,
        streams::are_handed_on_to_grandchildren,
        streams::leave_no_descriptor,
        streams::are_not_had_through_what_is_shared,
    ])
}
