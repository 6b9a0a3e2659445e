//! The `wirenut` command as its user has it: the real program, real sockets on this machine only, real files.

extern crate alloc;

mod cells;
mod client;
mod confinement;
mod connections;
mod demo;
mod echo;
mod error_pages;
mod frame;
mod large;
mod life;
mod lines;
mod linters;
mod listening;
mod listings;
mod log_files;
mod lookup;
mod manual;
mod metrics;
mod options;
mod passing;
mod process;
mod ps;
mod refused;
mod representations;
mod roots;
mod serving;
mod starting;
mod stopping;
mod tls;
mod trace;
mod tree;
mod ws;
