//! The tracker of connections: scenarios, laws, and true traffic.

mod data;
mod http;
mod laws;
mod scenarios;
mod script;
mod true_traffic;
