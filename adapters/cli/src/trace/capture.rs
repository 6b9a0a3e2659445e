//! Captures: pcap and pcapng, read packet by packet in constant memory, up to their end or to where they are damaged.

use alloc::sync::Arc;
use core::fmt;
use std::io::{self, Read};
use std::sync::OnceLock;

use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};
use wirenut::ip::{Captured, LinkType};
use wirenut::time::Instant;

/// What is read at a time.
const CAPACITY: usize = 1 << 18;
/// A block that is larger is taken for damage.
const MAX_CAPACITY: usize = 1 << 26;
/// More interfaces than anybody has.
const MAX_INTERFACES: usize = 1 << 16;

/// A packet as it stands in a capture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'c> {
    /// Since 1970. Where a capture has none (simple packet blocks), that of the packet before.
    pub(super) time: Instant,
    /// None: a link layer that nobody here knows.
    pub(super) link: Option<LinkType>,
    pub(super) frame: Captured<'c>,
}

/// Why a capture could not be read to its end. What comes before was read.
#[derive(Debug)]
pub(super) struct Damage {
    /// Where the block or record begins that could not be read, in bytes from the beginning.
    pub(super) offset: u64,
    pub(super) reason: Reason,
}

/// What is wrong with a capture.
#[derive(Debug)]
pub(super) enum Reason {
    /// It is none.
    NoCapture,
    /// It ends within a block or a record.
    CutOff,
    /// A block or a record that is not of the form that it should have.
    Malformed,
    /// A block or a record that says that it is larger than any is.
    TooLarge,
    /// More interfaces than anybody has.
    Interfaces,
    /// The system did not give it.
    Read(Option<io::ErrorKind>),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCapture => "this is neither pcap nor pcapng",
            Self::CutOff => "it is cut off",
            Self::Malformed => "it is damaged",
            Self::TooLarge => "it is damaged: a length is impossible",
            Self::Interfaces => "it names too many interfaces",
            Self::Read(Some(kind)) => return write!(f, "{kind}"),
            Self::Read(None) => "the system does not give it",
        })
    }
}

/// What is known of an interface.
#[derive(Clone, Copy)]
struct Interface {
    link: Option<LinkType>,
    snap_length: u32,
    /// Units of time in a second.
    resolution: u64,
    /// Seconds that all its times are late by.
    offset: i64,
}

/// Reads all packets, in the order of the capture.
pub(super) fn read(input: impl Read + Send, mut each: impl FnMut(&Packet<'_>)) -> Result<(), Damage> {
    let failure = Arc::new(OnceLock::new());
    let input = Whole { input, failure: Arc::clone(&failure) };
    let read = || Reason::Read(failure.get().copied());
    let mut reader = create_reader(CAPACITY, input).map_err(|error| {
        let is_unread = matches!(error, PcapError::ReadError);
        Damage { offset: 0, reason: if is_unread { read() } else { Reason::NoCapture } }
    })?;
    let (mut state, mut capacity) = (State::default(), CAPACITY);
    loop {
        let offset = u64::try_from(reader.consumed()).unwrap_or(u64::MAX);
        let damage = |reason| Err(Damage { offset, reason });
        let is_exhausted = reader.reader_exhausted();
        match reader.next() {
            Ok((used, block)) => {
                if let Err(reason) = state.block(&block, &mut each) {
                    return damage(reason);
                }
                reader.consume(used);
                continue;
            }
            Err(PcapError::Eof) => return Ok(()),
            Err(PcapError::UnexpectedEof) => return damage(Reason::CutOff),
            Err(PcapError::Incomplete(_)) if is_exhausted => return damage(Reason::CutOff),
            Err(PcapError::Incomplete(_)) => {}
            Err(PcapError::BufferTooSmall) if capacity >= MAX_CAPACITY => return damage(Reason::TooLarge),
            Err(PcapError::BufferTooSmall) => {
                capacity *= 2;
                reader.grow(capacity);
            }
            Err(PcapError::ReadError) => return damage(read()),
            Err(_) => return damage(Reason::Malformed),
        }
        if reader.refill().is_err() {
            return damage(read());
        }
    }
}

/// What blocks before say of those that follow.
#[derive(Default)]
struct State {
    interfaces: Vec<Interface>,
    last: Instant,
}

impl State {
    fn block(&mut self, block: &PcapBlockOwned<'_>, each: &mut impl FnMut(&Packet<'_>)) -> Result<(), Reason> {
        let (interface, time, bytes, length) = match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let resolution = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                let number = header.network.0.cast_unsigned() & 0x0fff_ffff;
                let link = LinkType::from_number(number);
                self.interfaces = vec![Interface { link, snap_length: 0, resolution, offset: 0 }];
                return Ok(());
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                self.interfaces.clear();
                return Ok(());
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(block)) => {
                if self.interfaces.len() == MAX_INTERFACES {
                    return Err(Reason::Interfaces);
                }
                self.interfaces.push(Interface {
                    link: LinkType::from_number(block.linktype.0.cast_unsigned()),
                    snap_length: block.snaplen,
                    resolution: block.ts_resolution().unwrap_or(1_000_000).max(1),
                    offset: block.ts_offset(),
                });
                return Ok(());
            }
            PcapBlockOwned::Legacy(record) => {
                let resolution = self.interfaces.first().map_or(1_000_000, |interface| interface.resolution);
                let time = u128::from(record.ts_sec) * u128::from(resolution) + u128::from(record.ts_usec);
                (self.interfaces.first(), Some(time), record.data, record.origlen)
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(block)) => {
                let interface = usize::try_from(block.if_id).ok().and_then(|id| self.interfaces.get(id));
                let time = u64::from(block.ts_high) << 32 | u64::from(block.ts_low);
                (interface, Some(u128::from(time)), block.packet_data(), block.origlen)
            }
            PcapBlockOwned::NG(Block::SimplePacket(block)) => {
                (self.interfaces.first(), None, block.packet_data(), block.origlen)
            }
            PcapBlockOwned::NG(_) => return Ok(()),
        };
        // A packet of an interface that was not described.
        let Some(interface) = interface else { return Err(Reason::Malformed) };
        let snap_length = usize::try_from(interface.snap_length).unwrap_or(usize::MAX);
        let bytes = if snap_length == 0 { bytes } else { &bytes[..bytes.len().min(snap_length)] };
        if let Some(time) = time {
            self.last = instant(time, interface);
        }
        let frame = Captured::cut(bytes, usize::try_from(length).unwrap_or(usize::MAX));
        each(&Packet { time: self.last, link: interface.link, frame });
        Ok(())
    }
}

fn instant(units: u128, interface: &Interface) -> Instant {
    let micros = units.saturating_mul(1_000_000) / u128::from(interface.resolution);
    let offset = i128::from(interface.offset) * 1_000_000;
    let micros = i128::try_from(micros).unwrap_or(i128::MAX).saturating_add(offset).max(0);
    Instant::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// Fills what it is given, as far as there is something: a pipe gives little at a time, and a header must not be cut.
struct Whole<R> {
    input: R,
    failure: Arc<OnceLock<io::ErrorKind>>,
}

impl<R: Read> Read for Whole<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.input.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let _ = self.failure.set(error.kind());
                    return Err(error);
                }
            }
        }
        Ok(filled)
    }
}
