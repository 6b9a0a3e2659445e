//! Sockets that this process was started with.

use wirenut_linux::socket::Inherited;

use super::names::is_name;

/// The sockets that this process was started with, by systemd or by the process before it. Those that nobody takes are closed
/// when this is dropped.
#[derive(Debug, Default)]
pub struct Passed(pub(super) Vec<Inherited>);

impl Passed {
    /// The next one of this name: `FileDescriptorName=` of a socket unit, or what it was called in [`Life::restart`]. Several may
    /// have one name.
    ///
    /// ```
    /// use wirenut_server::life::Passed;
    /// assert!(Passed::default().take("web").is_none());
    /// ```
    ///
    /// [`Life::restart`]: super::Life::restart
    pub fn take(&mut self, name: &str) -> Option<Inherited> {
        self.take_if(|passed| is_name(passed.name(), name))
    }

    /// The one of this number: 3 is the first one.
    ///
    /// A program whose command line names sockets by numbers, such as `fd:4`, looks for the name first, and hands its sockets
    /// over by these names: the numbers of a restarted process differ if it had sockets that it does not hand over.
    pub fn take_number(&mut self, number: i32) -> Option<Inherited> {
        self.take_if(|passed| passed.number() == number)
    }

    /// The names of those that are left.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Inherited::name)
    }

    /// True if none is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take_if(&mut self, is_meant: impl Fn(&Inherited) -> bool) -> Option<Inherited> {
        self.0.iter().position(is_meant).map(|index| self.0.remove(index))
    }
}

/// Those that are left, in their order.
impl IntoIterator for Passed {
    type Item = Inherited;
    type IntoIter = alloc::vec::IntoIter<Inherited>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
