//! Processes that follow each other in one service, and what their manager hears. Each test is a process of its own.

extern crate alloc;

mod lab;
mod manager;
mod restarts;
mod service;

use std::process::ExitCode;

fn main() -> ExitCode {
    if service::is_asked_for() {
        service::run();
        return ExitCode::SUCCESS;
    }
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        manager::hears_by_a_path,
        manager::hears_by_an_abstract_name,
        manager::that_is_not_there,
        manager::hears_of_the_main_process_first,
        manager::hears_nothing_of_restarts_that_fail,
        manager::hears_of_a_successor_left_alone,
        restarts::in_turn,
        restarts::with_another_program_on_the_disk,
        restarts::of_what_dies,
        restarts::of_what_is_never_ready,
        restarts::of_what_is_not_there,
        restarts::two_at_once,
        restarts::that_are_watched_by_a_poller,
        restarts::whose_old_process_dies,
        restarts::lose_no_connection,
        restarts::leave_no_descriptor,
    ])
}
