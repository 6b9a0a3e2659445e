//! packet(7) and socket filters: what rustix cannot do with a socket of the family AF_PACKET.

use core::mem::{self, MaybeUninit};
use core::ptr;
use std::os::fd::{AsFd, AsRawFd};

use rustix::io::{Errno, Result};

use super::socket::last_error;

/// An instruction of a socket filter (the classic BPF).
pub(crate) use libc::sock_filter as Instruction;

/// A packet that was received.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    /// Bytes that the packet had, of which the buffer may hold fewer.
    pub(crate) length: usize,
    /// ARPHRD_ of the interface that it passed.
    pub(crate) hardware_type: u16,
    /// PACKET_HOST, PACKET_OUTGOING and so on.
    pub(crate) packet_type: u8,
    /// ETH_P_ of what the packet holds.
    pub(crate) protocol: u16,
    /// The sender's address in the link layer, of which so many bytes count.
    pub(crate) address: ([u8; 8], u8),
    /// Seconds and microseconds since 1970.
    pub(crate) time: Option<(i64, i64)>,
}

/// Room for the one control message that is asked for, aligned as its header must be.
#[repr(C)]
union Control {
    header: libc::cmsghdr,
    bytes: [u8; 64],
}

/// Receives what passes this interface (0: all of them) from now on. Of protocol 0 it receives nothing.
pub(crate) fn bind(socket: &impl AsFd, protocol: u16, interface: u32) -> Result<()> {
    // SAFETY: all-zero bytes are a valid address: integers.
    let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
    address.sll_family = libc::AF_PACKET as libc::sa_family_t;
    address.sll_protocol = protocol.to_be();
    address.sll_ifindex = interface.cast_signed();
    let length = length_of::<libc::sockaddr_ll>()?;
    let pointer = ptr::from_ref(&address).cast();
    // SAFETY: the descriptor is open, and the kernel reads `length` bytes of `address`, which has so many.
    if unsafe { libc::bind(socket.as_fd().as_raw_fd(), pointer, length) } < 0 { Err(last_error()) } else { Ok(()) }
}

/// ARPHRD_ of the interface that the socket is bound to.
pub(crate) fn hardware_type(socket: &impl AsFd) -> Result<u16> {
    // SAFETY: all-zero bytes are a valid address: integers.
    let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
    let mut length = length_of::<libc::sockaddr_ll>()?;
    let pointer = ptr::from_mut(&mut address).cast();
    // SAFETY: the descriptor is open, and the kernel writes at most `length` bytes to `address`, which has so many.
    if unsafe { libc::getsockname(socket.as_fd().as_raw_fd(), pointer, &raw mut length) } < 0 {
        return Err(last_error());
    }
    Ok(address.sll_hatype)
}

/// The socket receives from now on what the program lets pass. The kernel checks and copies the program.
pub(crate) fn attach_filter(socket: &impl AsFd, program: &[Instruction]) -> Result<()> {
    let count = u16::try_from(program.len()).map_err(|_| Errno::INVAL)?;
    // The kernel only reads the instructions; the type of the pointer is that of another call.
    let program = libc::sock_fprog { len: count, filter: program.as_ptr().cast_mut() };
    // SAFETY: `program` says where `count` instructions lie, which outlive the call.
    unsafe { set_option(socket, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program) }
}

/// The socket receives no packets that this machine sends.
pub(crate) fn ignore_outgoing(socket: &impl AsFd) -> Result<()> {
    let yes: libc::c_int = 1;
    // SAFETY: the value is an integer, without pointers.
    unsafe { set_option(socket, libc::SOL_PACKET, libc::PACKET_IGNORE_OUTGOING, &yes) }
}

/// PACKET_STATISTICS: how many packets came since the last call, and how many of them were dropped.
pub(crate) fn statistics(socket: &impl AsFd) -> Result<(u32, u32)> {
    // SAFETY: all-zero bytes are valid statistics: integers.
    let mut counts: libc::tpacket_stats = unsafe { mem::zeroed() };
    let mut length = length_of::<libc::tpacket_stats>()?;
    let (descriptor, value) = (socket.as_fd().as_raw_fd(), ptr::from_mut(&mut counts).cast());
    let (level, name) = (libc::SOL_PACKET, libc::PACKET_STATISTICS);
    // SAFETY: the descriptor is open, and the kernel writes at most `length` bytes to `counts`, which has so many.
    if unsafe { libc::getsockopt(descriptor, level, name, value, &raw mut length) } < 0 {
        return Err(last_error());
    }
    Ok((counts.tp_packets, counts.tp_drops))
}

/// Takes a packet. It does not wait: `AGAIN` where there is none.
pub(crate) fn receive(socket: &impl AsFd, buffer: &mut [u8]) -> Result<Received> {
    let mut address = MaybeUninit::<libc::sockaddr_ll>::zeroed();
    let mut control = Control { bytes: [0; 64] };
    let mut slice = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: all-zero bytes are a valid value: integers and null pointers.
    let mut header: libc::msghdr = unsafe { mem::zeroed() };
    header.msg_name = address.as_mut_ptr().cast();
    header.msg_namelen = length_of::<libc::sockaddr_ll>()?;
    header.msg_iov = &raw mut slice;
    header.msg_iovlen = 1;
    header.msg_control = (&raw mut control).cast();
    header.msg_controllen = size_of::<Control>() as _;
    let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
    // SAFETY: the descriptor is open, and the kernel writes to the buffer, the address and the control messages no more than
    // the lengths beside their pointers say; all of them outlive the call.
    let received = unsafe { libc::recvmsg(socket.as_fd().as_raw_fd(), &raw mut header, flags) };
    let length = usize::try_from(received).map_err(|_| last_error())?;
    // SAFETY: all its bytes are initialized, at least by zero, and any bytes are a valid address: integers.
    let address = unsafe { address.assume_init() };
    Ok(Received {
        length,
        hardware_type: address.sll_hatype,
        packet_type: address.sll_pkttype,
        protocol: u16::from_be(address.sll_protocol),
        address: (address.sll_addr, address.sll_halen),
        time: timestamp(&header),
    })
}

/// The time in a received control message, if it is there.
fn timestamp(header: &libc::msghdr) -> Option<(i64, i64)> {
    // SAFETY: `header` is what recvmsg(2) has filled, and its control messages are still there.
    let message = unsafe { libc::CMSG_FIRSTHDR(header) };
    // SAFETY: it is null, or points to a header of a control message that lies whole in the room for them.
    let found = unsafe { message.as_ref() }?;
    let is_time = (found.cmsg_level, found.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_TIMESTAMP);
    // SAFETY: the macro computes a number.
    let length = unsafe { libc::CMSG_LEN(u32::try_from(size_of::<libc::timeval>()).ok()?) };
    if !is_time || found.cmsg_len < length as _ {
        return None;
    }
    // SAFETY: the message is as long as its header and a `timeval`, of which any bytes are valid: two integers. It need not be
    // aligned for one.
    let time = unsafe { libc::CMSG_DATA(message).cast::<libc::timeval>().read_unaligned() };
    Some((time.tv_sec, time.tv_usec))
}

/// # Safety
/// `value` is what this option takes, and what it points to can be read during the call.
unsafe fn set_option<T>(socket: &impl AsFd, level: libc::c_int, name: libc::c_int, value: &T) -> Result<()> {
    let (descriptor, length) = (socket.as_fd().as_raw_fd(), length_of::<T>()?);
    // SAFETY: the descriptor is open, and the kernel reads `length` bytes of `value`, which has so many, and what it points
    // to, which the caller answers for.
    let set = unsafe { libc::setsockopt(descriptor, level, name, ptr::from_ref(value).cast(), length) };
    if set < 0 { Err(last_error()) } else { Ok(()) }
}

fn length_of<T>() -> Result<libc::socklen_t> {
    libc::socklen_t::try_from(size_of::<T>()).map_err(|_| Errno::OVERFLOW)
}
