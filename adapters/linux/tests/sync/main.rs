//! What processes share, while they are killed at random. Each test is a process of its own.

mod edges;
mod examples;
mod queues;
mod storm;
mod storms;

use std::process::ExitCode;

fn main() -> ExitCode {
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        edges::a_lock_taken_twice_is_an_error,
        edges::a_panic_leaves_a_lock_to_be_recovered,
        edges::a_child_has_no_guard_of_its_parent,
        edges::a_guard_that_is_forgotten_keeps_the_memory,
        edges::impossible_bounds_are_errors,
        edges::a_semaphore_is_full_and_says_so,
        edges::what_a_process_has_its_child_has_not,
        edges::what_is_not_there_is_not_attached_to,
        edges::a_file_is_not_shared_memory,
        edges::strangers_share_by_a_socket,
        queues::pollers_hear_of_messages_and_of_room,
        queues::closing_a_queue_ends_all_waits,
        queues::a_stream_does_not_end_before_its_messages,
        queues::a_poller_sleeps_once_nothing_is_found,
        queues::a_poller_sleeps_while_another_has_the_last_message,
        queues::a_panic_gives_a_message_back,
        queues::a_panic_before_a_message_gives_nothing_back,
        edges::a_barrier_is_broken_by_one_that_does_not_come,
        edges::an_event_wakes_all_that_wait_though_it_is_cleared_at_once,
        edges::signals_end_no_wait,
        edges::the_living_are_not_dead_for_want_of_descriptors,
        edges::memory_is_made_use_of_once,
        queues::pollers_hear_of_what_the_dead_have_left,
        queues::trying_finds_what_the_dead_have_left,
        queues::pollers_hear_of_the_end_after_the_last_message,
        queues::an_idle_queue_takes_no_memory,
        edges::a_barrier_that_is_reset_is_no_meeting,
        edges::a_lock_is_attached_to_with_its_type,
        edges::many_permits_of_the_living_do_not_delay_a_time_out,
        examples::share,
        storms::a_lock_recovers,
        storms::permits_come_back,
        storms::waiters_on_a_condition_go_on,
        storms::waiters_on_an_event_go_on,
        storms::those_that_meet_go_on,
        storms::a_queue_gives_messages_again,
        storms::a_queue_reports_messages,
        storms::a_producer_is_joined_before_its_messages_are_taken,
        storms::a_stream_ends_with_its_last_producer,
        storms::a_producer_learns_that_nobody_receives,
        storms::nothing_is_left_in_dev_shm,
    ])
}
