//! Signals: what they do, who gets them, and that no wait breaks or lasts longer by them. Each test is a process of its own.

extern crate alloc;

mod examples;
mod handlers;
mod interruptions;
mod lab;
mod masks;
mod sending;
mod timers;
mod waits;

use std::process::ExitCode;

fn main() -> ExitCode {
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        handlers::react_in_their_order,
        handlers::of_many_signals_at_once_need_the_stack_of_one,
        handlers::keep_the_error_of_what_they_interrupt,
        handlers::count_each_real_time_signal_of_many_senders,
        handlers::lose_nothing_while_they_are_replaced,
        handlers::keep_what_a_handler_at_work_uses,
        handlers::leave_nothing_when_they_are_replaced,
        handlers::interrupt_only_where_asked,
        handlers::handle_once,
        handlers::give_way_to_what_was_before,
        handlers::share_a_signal_with_termination,
        handlers::are_refused_where_they_cannot_be,
        masks::are_of_one_thread,
        masks::are_handed_down_to_threads,
        masks::decide_which_thread_handles,
        masks::are_restored_in_turn,
        masks::hold_all_but_what_cannot_be_blocked,
        waits::tell_who_sent_it,
        waits::tell_what_became_of_a_child,
        waits::take_values_in_their_order,
        waits::say_that_the_queue_is_full,
        waits::keep_their_deadline_under_other_signals,
        waits::refuse_what_is_not_blocked,
        waits::take_what_is_there_without_waiting,
        waits::take_signals_from_a_descriptor_in_each_poller,
        waits::by_a_descriptor_leave_nothing,
        timers::end_a_pause,
        timers::end_a_suspension,
        timers::count_three_times,
        timers::tell_what_is_left,
        timers::begin_at_once_with_no_time,
        timers::end_who_does_not_handle_them,
        timers::are_not_a_childs,
        sending::reaches_a_whole_group,
        sending::reaches_no_stranger,
        sending::of_hangups_reaches_one_process,
        sending::by_a_thread_handle_stops_with_the_thread,
        sending::by_a_thread_handle_reaches_that_thread,
        interruptions::of_receiving,
        interruptions::of_sending,
        interruptions::of_accepting_and_connecting,
        interruptions::of_datagrams_and_descriptors,
        interruptions::of_pollers,
        interruptions::of_waits_without_end,
        interruptions::of_waits_for_threads_and_children,
        examples::alarm,
        examples::threads,
        examples::group_chat,
        examples::broadcast,
        examples::ping_pong,
    ])
}
