//! What is done with a datagram.

use core::time::Duration;
use std::io;

use wirenut_linux::socket::AnyAddress;

/// What a [`DatagramServer`](super::DatagramServer) does with a datagram.
///
/// Each closure of type `Fn(&[u8], &AnyAddress) -> Option<Vec<u8>>` is one.
///
/// A panic of a handler is logged, and counted ([`Report::panics`](crate::Report)); the datagram has no reply then.
///
/// ```
/// use std::io;
/// use wirenut_linux::socket::AnyAddress;
/// use wirenut_server::datagram::DatagramHandler;
///
/// /// Doubles a number.
/// struct Double;
///
/// impl DatagramHandler for Double {
///     fn handle(&self, datagram: &[u8], _: &AnyAddress) -> io::Result<Option<Vec<u8>>> {
///         let number: u32 = str::from_utf8(datagram).ok().and_then(|text| text.trim().parse().ok())
///             .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no number"))?;
///         Ok(Some(format!("{}\n", u64::from(number) * 2).into_bytes()))
///     }
///
///     fn failed(&self, peer: &AnyAddress, error: &io::Error) {
///         eprintln!("{peer}: {error}");
///     }
/// }
/// # let nobody = AnyAddress::from(wirenut_linux::socket::UnixAddress::unnamed());
/// # assert_eq!(Double.handle(b"21", &nobody).unwrap().unwrap(), b"42\n");
/// # assert!(Double.handle(b"x", &nobody).is_err());
/// ```
pub trait DatagramHandler {
    /// Is this datagram wanted? Asked by the thread that takes datagrams: keep it short. By default all are.
    fn verify(&self, _datagram: &[u8], _peer: &AnyAddress) -> bool {
        true
    }

    /// Handles a datagram, which may have no bytes at all. `Some`: a reply, to be sent to the peer, who needs an
    /// address for that.
    ///
    /// # Errors
    /// Whatever went wrong. There is no reply then.
    fn handle(&self, datagram: &[u8], peer: &AnyAddress) -> io::Result<Option<Vec<u8>>>;

    /// [`Self::handle`] has returned an error, or its reply could not be sent. By default it is logged with the peer, at the
    /// level *warn*.
    fn failed(&self, peer: &AnyAddress, error: &io::Error) {
        log::warn!("{peer}: {error}");
    }

    /// A datagram is longer than [`Config::max_datagram`](crate::Config::max_datagram): it was thrown away. By default
    /// that is logged, at the level *warn*.
    fn too_long(&self, peer: &AnyAddress, length: usize) {
        log::warn!("{peer}: a datagram of {length} bytes is too long, and was thrown away");
    }

    /// How often [`Self::service_actions`] is called. By default never.
    fn service_interval(&self) -> Option<Duration> {
        None
    }

    /// What is to be done now and then, as of a [`Handler`](crate::handler::Handler::service_actions).
    fn service_actions(&self) {}
}

impl<F: Fn(&[u8], &AnyAddress) -> Option<Vec<u8>>> DatagramHandler for F {
    fn handle(&self, datagram: &[u8], peer: &AnyAddress) -> io::Result<Option<Vec<u8>>> {
        Ok(self(datagram, peer))
    }
}
