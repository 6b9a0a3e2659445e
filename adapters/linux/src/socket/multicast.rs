//! Datagrams to many: broadcast and multicast, ip(7) and ipv6(7).

use core::net::{IpAddr, Ipv4Addr};

use rustix::io::Errno;
use rustix::net::{AddressFamily, sockopt};

use super::protocol::{State, Udp};
use super::typed::Socket;
use crate::error::Error;

impl<S: State> Socket<Udp, S> {
    /// Allows sending to the broadcast addresses of IPv4 (SO_BROADCAST).
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, Family, Socket};
    /// let socket = Socket::udp(Family::V4)?;
    /// let error = socket.send_to(b"all", &"127.255.255.255:9".parse()?).unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    /// socket.set_broadcast(true)?;
    /// assert_eq!(socket.send_to(b"all", &"127.255.255.255:9".parse()?)?, Attempt::Done(()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_broadcast(&self, is_on: bool) -> Result<(), Error> {
        sockopt::set_socket_broadcast(self, is_on).map_err(self.failed("set broadcast of"))
    }

    /// Receives what is sent to a group, too (IP_ADD_MEMBERSHIP, IPV6_ADD_MEMBERSHIP), on the interface of that index; 0 lets the
    /// system choose one. The socket must be bound to the port that the group is sent to. For several sockets at one
    /// port, see [`Socket::set_reuse_address`].
    ///
    /// ```
    /// use wirenut_linux::socket::{Attempt, UdpSocket};
    /// let loopback = 1;
    /// let socket = UdpSocket::bind_to(&"0.0.0.0:0".parse()?)?;
    /// let group = "239.255.1.2".parse()?;
    /// socket.join_multicast(group, loopback)?;
    /// socket.set_multicast_interface(loopback)?;
    /// assert_eq!(socket.send_to(b"hello", &(group, socket.local_address()?.port()).into())?, Attempt::Done(()));
    /// assert_eq!(socket.recv_from(&mut [0; 10])?.done().unwrap().0.length, 5);
    /// socket.leave_multicast(group, loopback)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidInput`: no group, or of the other family. `AddrInUse`: joined already. No such device.
    pub fn join_multicast(&self, group: IpAddr, interface: u32) -> Result<(), Error> {
        match group {
            IpAddr::V4(group) => {
                sockopt::set_ip_add_membership_with_ifindex(self, &group, &Ipv4Addr::UNSPECIFIED, interface)
            }
            IpAddr::V6(group) => sockopt::set_ipv6_add_membership(self, &group, interface),
        }
        .map_err(|errno| Error::of("join", &group, errno))
    }

    /// Leaves a group, on the interface where it was joined. Closing leaves all.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let socket = Socket::udp(Family::V4)?;
    /// let group = "239.255.1.2".parse()?;
    /// socket.join_multicast(group, 1)?;
    /// socket.leave_multicast(group, 1)?;
    /// assert_eq!(socket.leave_multicast(group, 1).unwrap_err().kind(), std::io::ErrorKind::AddrNotAvailable);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `AddrNotAvailable`: it was not joined there.
    pub fn leave_multicast(&self, group: IpAddr, interface: u32) -> Result<(), Error> {
        match group {
            IpAddr::V4(group) => {
                sockopt::set_ip_drop_membership_with_ifindex(self, &group, &Ipv4Addr::UNSPECIFIED, interface)
            }
            IpAddr::V6(group) => sockopt::set_ipv6_drop_membership(self, &group, interface),
        }
        .map_err(|errno| Error::of("leave", &group, errno))
    }

    /// The interface that multicasts leave by (IP_MULTICAST_IF, IPV6_MULTICAST_IF), by its index; 0 lets the system choose.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let (loopback, none) = (1, 4_000_000);
    /// for family in [Family::V4, Family::V6] {
    ///     let socket = Socket::udp(family)?;
    ///     socket.set_multicast_interface(loopback)?;
    ///     assert!(socket.set_multicast_interface(none).is_err());
    /// }
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// `AddrNotAvailable`: there is no such interface.
    pub fn set_multicast_interface(&self, interface: u32) -> Result<(), Error> {
        let any = &Ipv4Addr::UNSPECIFIED;
        self.by_family(
            || sockopt::set_ip_multicast_if_with_ifindex(self, any, any, interface),
            || sockopt::set_ipv6_multicast_if(self, interface),
            "set the interface for multicasts of",
        )
    }

    /// Over how many routers multicasts may go (IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS): 0 for this machine only, 1 for
    /// this network, as sockets begin.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// let socket = Socket::udp(Family::V6)?;
    /// socket.set_multicast_hops(0)?;
    /// socket.set_multicast_loop(false)?; // then nobody hears it at all
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_multicast_hops(&self, hops: u8) -> Result<(), Error> {
        self.by_family(
            || sockopt::set_ip_multicast_ttl(self, hops.into()),
            || sockopt::set_ipv6_multicast_hops(self, hops.into()),
            "set the hops for multicasts of",
        )
    }

    /// Whether this machine receives what it sends to a group itself (IP_MULTICAST_LOOP, IPV6_MULTICAST_LOOP), as sockets begin. What
    /// leaves by the loopback interface comes back in any case.
    ///
    /// ```
    /// use wirenut_linux::socket::{Family, Socket};
    /// for family in [Family::V4, Family::V6] {
    ///     Socket::udp(family)?.set_multicast_loop(false)?;
    /// }
    /// # Ok::<(), wirenut_linux::Error>(())
    /// ```
    ///
    /// # Errors
    /// None that are known.
    pub fn set_multicast_loop(&self, is_on: bool) -> Result<(), Error> {
        self.by_family(
            || sockopt::set_ip_multicast_loop(self, is_on),
            || sockopt::set_ipv6_multicast_loop(self, is_on),
            "set the loop for multicasts of",
        )
    }

    fn by_family(
        &self,
        v4: impl Fn() -> Result<(), Errno>,
        v6: impl Fn() -> Result<(), Errno>,
        operation: &'static str,
    ) -> Result<(), Error> {
        let set = || if self.family_number()? == AddressFamily::INET { v4() } else { v6() };
        set().map_err(self.failed(operation))
    }
}
