//! Processes, and what they say to each other.

pub mod pipe;
