//! Agreeing on TLS, where there is TLS.

#[cfg(feature = "tls")]
pub(crate) use with_tls::Handshake;
#[cfg(not(feature = "tls"))]
pub(crate) use without_tls::Handshake;

#[cfg(feature = "tls")]
mod with_tls {
    use std::os::fd::AsFd as _;

    use wirenut_linux::monotonic_time;
    use wirenut_linux::poller::Interest;

    use crate::error::Cause;
    use crate::inner::Inner;
    use crate::tls::Session;
    use crate::watch::Watch;
    use crate::watcher::Watcher;
    use crate::wire::Wire;

    /// The handshake of TLS with a server.
    pub(crate) struct Handshake {
        wire: Wire,
        session: Session,
    }

    impl Handshake {
        /// With the server of that name.
        pub(crate) fn new(inner: &Inner, wire: Wire, name: &str, watcher: &mut dyn Watcher) -> Result<Self, Cause> {
            let session = Session::new(&inner.tls_config()?, name)?;
            watcher.register(wire.as_fd(), Interest::READABLE)?;
            Ok(Self { wire, session })
        }

        /// The wire with TLS, or the handshake that goes on when the watcher says so.
        pub(crate) fn poll(mut self, watch: &Watch, watcher: &mut dyn Watcher) -> Result<Result<Wire, Self>, Cause> {
            watch.check(monotonic_time())?;
            match self.session.shake(self.wire.socket())? {
                Some(interest) => {
                    watcher.modify(self.wire.as_fd(), interest)?;
                    Ok(Err(self))
                }
                None => {
                    watcher.deregister(self.wire.as_fd());
                    Ok(Ok(self.wire.with_session(self.session)))
                }
            }
        }
    }
}

#[cfg(not(feature = "tls"))]
mod without_tls {
    use crate::error::Cause;
    use crate::inner::Inner;
    use crate::watch::Watch;
    use crate::watcher::Watcher;
    use crate::wire::Wire;

    /// There is none.
    pub(crate) struct Handshake(core::convert::Infallible);

    impl Handshake {
        pub(crate) fn new(_: &Inner, _: Wire, _: &str, _: &mut Watcher) -> Result<Self, Cause> {
            Err(Cause::Other("https needs the feature `tls` of wirenut-client"))
        }

        pub(crate) fn poll(self, _: &Watch, _: &mut Watcher) -> Result<Result<Wire, Self>, Cause> {
            match self.0 {}
        }
    }
}
