//! The states of TCP: the table against RFC 9293 as a procedure, and two ends of it over a bad link.

mod rfc;
mod search;
