//! Two hosts and the only link between them, which the test holds in its hands.

use core::mem;
use core::time::Duration;
use std::os::fd::AsRawFd;

use smoltcp::phy::{self, Device, Medium, RxToken, TunTapInterface, TxToken};
use smoltcp::time::{Duration as PhyDuration, Instant};

use crate::namespace::{Addresses, Namespace};

const DEVICE: &str = "wire";
/// Protocol numbers of IP.
const TCP: u8 = 6;

/// One of both hosts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Host {
    /// Who is called the client, where only one is.
    One,
    Other,
}

impl Host {
    pub(crate) const BOTH: [Self; 2] = [Self::One, Self::Other];

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::One => Self::Other,
            Self::Other => Self::One,
        }
    }

    pub(crate) const fn index(self) -> usize {
        match self {
            Self::One => 0,
            Self::Other => 1,
        }
    }
}

/// Two network namespaces, and the TUN device of each, by which all goes through this process.
pub(crate) struct Network {
    devices: [TunTapInterface; 2],
    namespaces: [Namespace; 2],
    rto_millis: u32,
}

impl Network {
    /// # Errors
    /// The system does not allow it.
    pub(crate) fn new() -> Result<Self, String> {
        // Whoever asks for the connections of a host looks through a table that all hosts share, unless theirs is said to be
        // small by the one that they are made from.
        let _parent = Namespace::new()?.with_small_tables();
        let one = Self::host(Host::One)?;
        let other = Self::host(Host::Other)?;
        let mut network = Self { namespaces: [one.0, other.0], devices: [one.1, other.1], rto_millis: 0 };
        network.set_rto(10_000);
        Ok(network)
    }

    fn host(host: Host) -> Result<(Namespace, TunTapInterface), String> {
        let namespace = Namespace::new()?;
        // In the namespace that was entered.
        let device = TunTapInterface::new(DEVICE, Medium::Ip).map_err(|error| format!("a TUN device: {error}"))?;
        namespace.configure(DEVICE, addresses(host), addresses(host.other()));
        Ok((namespace, device))
    }

    pub(crate) fn of(&self, host: Host) -> &Namespace {
        &self.namespaces[host.index()]
    }

    /// See [`Namespace::set_rto`]: of both.
    pub(crate) fn set_rto(&mut self, millis: u32) {
        if mem::replace(&mut self.rto_millis, millis) == millis {
            return;
        }
        for host in Host::BOTH {
            self.of(host).set_rto(DEVICE, addresses(host.other()), millis);
        }
    }

    /// Sets `net.ipv4.name` of both.
    pub(crate) fn set(&self, name: &str, value: &str) {
        self.namespaces.iter().for_each(|namespace| namespace.set(name, value));
    }

    /// The packets of TCP that a host has sent since the last call. What else it sends, to find neighbours, is lost.
    pub(crate) fn take(&mut self, host: Host) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        while let Some((received, _)) = self.devices[host.index()].receive(Instant::ZERO) {
            let packet = received.consume(<[u8]>::to_vec);
            let protocol = if packet[0] >> 4 == 4 { packet[9] } else { packet[6] };
            if protocol == TCP {
                packets.push(packet);
            }
        }
        packets
    }

    /// A packet arrives at a host. When this returns, it has done what it does at once, and has sent its answers.
    pub(crate) fn put(&mut self, host: Host, packet: &[u8]) {
        let token = self.devices[host.index()].transmit(Instant::ZERO).expect("a device always has room");
        token.consume(packet.len(), |buffer| buffer.copy_from_slice(packet));
    }

    /// Waits until a host has sent something, for so long at most.
    pub(crate) fn wait(&self, host: Host, limit: Duration) {
        let limit = PhyDuration::from_micros(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX));
        phy::wait(self.devices[host.index()].as_raw_fd(), Some(limit)).expect("a device");
    }
}

/// Those of a host.
pub(crate) fn addresses(host: Host) -> Addresses {
    Addresses::of(if host == Host::One { 0 } else { 1 })
}
