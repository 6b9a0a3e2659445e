//! Values that are parsed on demand: what is written is read as the same, and other crates read and write it likewise.

mod cookies;
mod dates;
mod encoded;
mod laws;
mod structured;
