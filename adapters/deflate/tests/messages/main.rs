//! Compressed messages: as the RFC has them, as others make them, in any pieces; and what is refused.

mod ends;
mod examples;
mod laws;
mod memory;
mod other_opinions;
mod through;
