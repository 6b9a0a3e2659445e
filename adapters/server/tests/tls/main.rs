//! TLS in front of everything that a server serves, under each model. Each test is a process of its own, and each server a child
//! of it.

extern crate alloc;

mod beginnings;
mod content;
mod endings;
#[path = "../models/lab.rs"]
#[expect(dead_code, reason = "it has what the tests of models need, too")]
mod lab;
mod peers;
mod secure;

use std::process::ExitCode;

fn main() -> ExitCode {
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        content::of_http_comes_under_each_model,
        content::comes_whole_while_keys_change,
        content::of_handlers_comes_under_each_model,
        content::comes_once_although_a_write_times_out,
        content::of_protocols_comes,
        content::waits_for_a_slow_reader,
        content::that_is_held_is_not_forgotten,
        beginnings::resume_sessions_of_other_processes,
        beginnings::take_the_certificate_of_a_reload,
        beginnings::without_tls_are_told_so,
        beginnings::without_a_place_get_an_alert,
        beginnings::that_take_too_long_are_ended,
        beginnings::give_way_as_heads_do,
        beginnings::come_behind_the_header_of_a_proxy,
        beginnings::agree_on_a_protocol_or_fail,
        beginnings::that_are_cut_off_are_counted,
        endings::of_a_drain_are_in_order,
        endings::of_a_drain_wait_for_the_rest_of_a_record,
        endings::for_somebody_else_are_as_of_heads,
        endings::of_a_hand_over_are_behind_all_that_came,
        endings::without_close_notify_are_cuts,
        endings::of_floods_are_bounded,
        peers::are_served,
    ])
}
