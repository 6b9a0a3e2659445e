//! The states of TCP: the table against RFC 9293 as a procedure and against the running kernel, and two ends of it over a bad
//! link. Against smoltcp it is held in `adapters/smoltcp/tests`.

mod kernel;
mod rfc;
mod search;
