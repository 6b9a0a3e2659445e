//! What an end is for, as a type.

/// Ends that send: [`Sending`], [`Both`].
pub trait Sends: sealed::Direction {}
/// Ends that receive: [`Receiving`], [`Both`].
pub trait Receives: sealed::Direction {}

/// Messages go in here.
#[derive(Clone, Copy, Debug)]
pub enum Sending {}
/// Messages come out here.
#[derive(Clone, Copy, Debug)]
pub enum Receiving {}
/// Messages go in, and those of the other end come out.
#[derive(Clone, Copy, Debug)]
pub enum Both {}

impl Sends for Sending {}
impl Sends for Both {}
impl Receives for Receiving {}
impl Receives for Both {}

pub(super) mod sealed {
    /// What there is; nobody else can add any.
    pub trait Direction {
        /// How it is called in "… end of a pipe".
        const NAME: &str;
    }

    impl Direction for super::Sending {
        const NAME: &str = "sending";
    }

    impl Direction for super::Receiving {
        const NAME: &str = "receiving";
    }

    impl Direction for super::Both {
        const NAME: &str = "two-way";
    }
}
