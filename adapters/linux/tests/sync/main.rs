//! What processes share, while they are killed at random. Each test is a process of its own.

mod storm;
mod storms;

use std::process::ExitCode;

fn main() -> ExitCode {
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        storms::a_lock_recovers,
        storms::permits_come_back,
        storms::waiters_on_a_condition_go_on,
        storms::waiters_on_an_event_go_on,
        storms::a_queue_gives_messages_again,
        storms::a_queue_reports_messages,
        storms::a_producer_is_joined_before_its_messages_are_taken,
        storms::a_stream_ends_with_its_last_producer,
        storms::a_producer_learns_that_nobody_receives,
        storms::nothing_is_left_in_dev_shm,
    ])
}
