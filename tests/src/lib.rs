//! What the tests of Wirenut share: how to write bytes down, drive a service without a socket or a clock, cut bytes
//! everywhere, and know the right answer from another source.
//!
//! | module | what |
//! |---|---|
//! | [`wire`] | bytes written so that a reader sees every one of them |
//! | [`pair`] | a session and its peer in memory, with a virtual clock |
//! | [`recorder`] | a service that notes what it is told, and answers in every way there is |
//! | [`every_split`] | the same bytes in every cut |
//! | [`cases`] | raw requests and what they must lead to |
//! | [`forms`] | a reader of multipart/form-data that checks the parser's contract, and an oracle |
//! | [`oracle`] | a second parser of requests, written to be obviously right |
//! | [`httparse`](mod@crate::httparse) | the other parser's opinion |
//! | [`browser_head`] | a head as browsers send it |
//! | [`answers`] | what a client hears, in any cut |
//! | [`responses`] | a reader of what a server wrote |
//! | [`parity`] | the same bytes, the same answers: on every wire |
//! | [`tcp`] | TCP with numbers: two ends and a link, and RFC 9293 as a procedure |
//! | [`dice`] | numbers that look as if they came by chance |
//! | [`framing`] | the laws of framing |
//! | [`websocket`] | the laws of WebSocket |
//! | [`captures`] | captures of others, as we and tshark see them |
//! | [`suites`] | other people's conformance suites |
//! | [`isolated`] | a harness whose tests are processes of their own |
//! | [`reserved`] | ports for programs that must be told where to listen |
//! | [`example!`] | the examples of a package, as programs |
//! | [`tools`] | programs of others: installed, or what needs them is skipped |
//! | [`waiting`] | waiting for what must come |
//! | [`fuzz`] | the bodies of the fuzz targets |
//!
//! A failure panics: this is test code.
#![forbid(unsafe_code)]

extern crate alloc;

pub mod answers;
mod browser;
pub mod captures;
pub mod cases;
pub mod dice;
pub mod every_split;
pub mod examples;
pub mod forms;
pub mod framing;
pub mod fuzz;
pub mod httparse;
pub mod isolated;
pub mod oracle;
pub mod pair;
pub mod parity;
pub mod recorder;
pub mod reserved;
pub mod responses;
pub mod suites;
pub mod tcp;
pub mod tools;
pub mod waiting;
pub mod websocket;
pub mod wire;

pub use browser::browser_head;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
