//! Pools of processes: what comes of tasks, whatever becomes of workers, and that nothing is left. Each test is a process
//! of its own.

extern crate alloc;

mod deaths;
mod ends;
mod limits;
mod processes;
mod results;
mod storms;

use std::process::ExitCode;

fn main() -> ExitCode {
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        results::in_the_order_of_arguments,
        results::as_they_come,
        results::of_chunks,
        results::of_any_size,
        results::for_many_threads,
        results::that_nobody_takes,
        results::without_anybody_who_waits,
        results::of_no_argument,
        results::printed_once,
        deaths::errors_and_panics,
        deaths::a_panic_has_a_fresh_process_follow,
        deaths::exits_and_signals,
        deaths::of_a_chunk,
        deaths::retried,
        deaths::retried_in_vain,
        deaths::of_idle_workers,
        deaths::of_the_keeper,
        limits::of_time,
        limits::of_time_for_stopped_workers,
        limits::of_time_for_chunks,
        limits::of_the_queue,
        limits::of_tasks_per_worker,
        limits::that_cannot_be,
        limits::of_descriptors_at_the_start,
        limits::of_descriptors_later,
        limits::of_descriptors_for_large_tasks,
        limits::of_a_map,
        ends::closed,
        ends::joined_in_time,
        ends::dropped,
        ends::terminated_while_others_wait,
        ends::with_a_stopped_keeper,
        ends::with_their_program,
        ends::in_a_copy,
        ends::for_tasks_of_others,
        storms::of_kills,
        storms::of_stops,
    ])
}
