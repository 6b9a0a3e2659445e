//! Server models: the same handlers and services under each, over TCP and Unix sockets. Each test is a process of its own,
//! and each server a child of it.

extern crate alloc;

mod datagrams;
mod http;
mod lab;
mod limits;
mod metrics;
mod streams;

use std::process::ExitCode;

fn main() -> ExitCode {
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        streams::are_echoed_to_many_at_a_time,
        streams::survive_a_reset_in_mid_message,
        streams::wait_for_a_slow_reader,
        streams::are_reset_when_their_handler_panics,
        streams::are_reset_when_their_handler_fails,
        streams::end_with_their_process,
        streams::time_out,
        streams::are_verified,
        streams::outlive_descriptors_that_run_out,
        streams::are_not_lost_by_a_signal_under_load,
        streams::are_cut_when_the_drain_is_over,
        streams::of_handlers_that_block_are_not_multiplexed,
        http::is_spoken_with_many_at_a_time,
        http::evicts_who_is_idle,
        http::evicts_nobody_while_others_have_room,
        http::evicts_for_whom_another_worker_has_no_place,
        http::refuses_when_all_are_busy,
        http::refuses_in_peace_while_it_ends,
        http::answers_500_when_its_service_panics,
        http::outlives_processes_that_are_killed,
        http::answers_all_whom_it_has_heard_before_it_ends,
        http::listens_no_more_while_they_are_busy,
        http::cuts_them_at_the_second_signal,
        http::ends_with_a_supervisor_that_is_killed,
        http::is_not_forked_for_beside_threads,
        datagrams::are_answered,
        datagrams::have_no_reply_when_their_handler_panics,
        datagrams::end_with_their_process,
        datagrams::are_wanted_and_whole_or_thrown_away,
        datagrams::are_not_lost_by_a_signal,
        datagrams::are_not_multiplexed,
        metrics::are_told_while_it_runs,
        metrics::are_right_after_a_process_was_killed,
        metrics::say_that_it_ends_before_it_does,
        limits::of_processes_are_told,
        limits::of_forks_are_kept,
        limits::of_time_are_those_of_all_threads,
    ])
}
