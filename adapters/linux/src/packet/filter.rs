//! What the kernel lets pass: a program of the classic BPF that picks the packets of one port.

use crate::sys::packet::Instruction;

/// Which packets a [`PacketSocket`](super::PacketSocket) receives. The kernel drops the others before it copies them, so that
/// they cost the receiver nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum Filter {
    /// All of them.
    #[default]
    All,
    /// Packets of IPv4 and IPv6 from or to this port of TCP or UDP.
    ///
    /// Fragments other than the first have no ports, and do not pass. IPv6 packets with extension headers pass whatever they
    /// carry, because the filter does not walk a chain of headers: check the port again.
    Port(u16),
}

// Codes of instructions: linux/bpf_common.h.
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_HALF_BEHIND_X: u16 = 0x48;
const AND: u16 = 0x54;
const SHIFT_LEFT: u16 = 0x64;
const TO_X: u16 = 0x07;
const IF_EQUAL: u16 = 0x15;
const IF_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

/// Where the packet of IP begins, whatever link layer lies before it.
const IP: u32 = libc::SKF_NET_OFF.cast_unsigned();
/// A fragment other than the first has one of these bits set, in the half at byte 6.
const FRAGMENT_OFFSET: u32 = 0x1fff;
const TCP: u32 = 6;
const UDP: u32 = 17;
/// Hop-by-hop options, routing, fragment, authentication, destination options, mobility.
const EXTENSIONS: [u32; 6] = [0, 43, 44, 51, 60, 135];

impl Filter {
    /// The program. None: all packets pass without one.
    pub(super) fn program(self) -> Option<Vec<Instruction>> {
        match self {
            Self::All => None,
            Self::Port(port) => Some(assemble(&of_port(port.into()))),
        }
    }
}

/// A place in the program that a branch leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// The step behind the branch.
    Next,
    NotVersion4,
    Unfragmented,
    Version6,
    Ports4,
    Ports6,
    Keep,
    Drop,
}

/// An instruction whose branches are named. Only conditions have them.
#[derive(Clone, Copy)]
struct Step {
    label: Option<Place>,
    code: u16,
    value: u32,
    yes: Place,
    no: Place,
}

const fn step(code: u16, value: u32) -> Step {
    Step { label: None, code, value, yes: Place::Next, no: Place::Next }
}

const fn branch(code: u16, value: u32, yes: Place, no: Place) -> Step {
    Step { label: None, code, value, yes, no }
}

impl Step {
    const fn at(mut self, label: Place) -> Self {
        self.label = Some(label);
        self
    }
}

/// The program for one port. Branches lead forward only, and a load beyond the packet drops it.
fn of_port(port: u32) -> Vec<Step> {
    use Place::{Drop, Keep, Next, NotVersion4, Ports4, Ports6, Unfragmented, Version6};
    let mut steps = vec![
        step(LOAD_BYTE, IP),
        step(AND, 0xf0),
        branch(IF_EQUAL, 0x40, Next, NotVersion4),
        step(LOAD_BYTE, IP + 9),
        branch(IF_EQUAL, TCP, Unfragmented, Next),
        branch(IF_EQUAL, UDP, Unfragmented, Drop),
        step(LOAD_HALF, IP + 6).at(Unfragmented),
        branch(IF_ANY_BIT, FRAGMENT_OFFSET, Drop, Ports4),
        branch(IF_EQUAL, 0x60, Version6, Drop).at(NotVersion4),
        step(LOAD_BYTE, IP + 6).at(Version6),
    ];
    steps.extend(EXTENSIONS.map(|extension| branch(IF_EQUAL, extension, Keep, Next)));
    steps.extend([
        branch(IF_EQUAL, TCP, Ports6, Next),
        branch(IF_EQUAL, UDP, Ports6, Drop),
        step(LOAD_HALF, IP + 40).at(Ports6),
        branch(IF_EQUAL, port, Keep, Next),
        step(LOAD_HALF, IP + 42),
        branch(IF_EQUAL, port, Keep, Drop),
        // The header of version 4 says how many words it has.
        step(LOAD_BYTE, IP).at(Ports4),
        step(AND, 0x0f),
        step(SHIFT_LEFT, 2),
        step(TO_X, 0),
        step(LOAD_HALF_BEHIND_X, IP),
        branch(IF_EQUAL, port, Keep, Next),
        step(LOAD_HALF_BEHIND_X, IP + 2),
        branch(IF_EQUAL, port, Keep, Drop),
        step(RETURN, u32::MAX).at(Keep),
        step(RETURN, 0).at(Drop),
    ]);
    steps
}

fn assemble(steps: &[Step]) -> Vec<Instruction> {
    let distance = |from: usize, to: Place| {
        let place = steps[from + 1..].iter().position(|step| step.label == Some(to));
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
    };
    let instruction = |(at, step): (usize, &Step)| Instruction {
        code: step.code,
        jt: distance(at, step.yes),
        jf: distance(at, step.no),
        k: step.value,
    };
    steps.iter().enumerate().map(instruction).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel makes of the program for a packet: does it pass?
    fn passes(port: u16, packet: &[u8]) -> bool {
        let program = Filter::Port(port).program().unwrap();
        let (mut at, mut a, mut x) = (0, 0, 0);
        loop {
            let Instruction { code, jt, jf, k } = program[at];
            at += 1;
            let load = |length: usize, x: u32| {
                let start = usize::try_from(k.wrapping_sub(IP) + x).unwrap();
                let bytes = packet.get(start..start + length)?;
                Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
            };
            let loaded = match code {
                LOAD_BYTE => load(1, 0),
                LOAD_HALF => load(2, 0),
                LOAD_HALF_BEHIND_X => load(2, x),
                AND => Some(a & k),
                SHIFT_LEFT => Some(a << k),
                TO_X => {
                    x = a;
                    Some(a)
                }
                IF_EQUAL | IF_ANY_BIT => {
                    let is_so = if code == IF_EQUAL { a == k } else { a & k != 0 };
                    at += usize::from(if is_so { jt } else { jf });
                    Some(a)
                }
                RETURN => return k > 0,
                _ => panic!("{code:#x}"),
            };
            let Some(loaded) = loaded else { return false };
            a = loaded;
        }
    }

    /// A packet of IPv4 with so many bytes of options, this protocol and these ports.
    fn v4(options: usize, protocol: u8, ports: [u16; 2], fragment: u16) -> Vec<u8> {
        let mut packet = vec![0; 20 + options + 8];
        packet[0] = 0x45 + u8::try_from(options / 4).unwrap();
        packet[6..8].copy_from_slice(&fragment.to_be_bytes());
        packet[9] = protocol;
        packet[20 + options..24 + options].copy_from_slice(ports.map(u16::to_be_bytes).as_flattened());
        packet
    }

    fn v6(next: u8, ports: [u16; 2]) -> Vec<u8> {
        let mut packet = vec![0; 48];
        (packet[0], packet[6]) = (0x60, next);
        packet[40..44].copy_from_slice(ports.map(u16::to_be_bytes).as_flattened());
        packet
    }

    #[test]
    fn packets_of_the_port_pass() {
        const OTHER: [u16; 2] = [1, 2];
        for (name, packet, expected) in [
            ("TCP to it", v4(0, 6, [1, 80], 0), true),
            ("UDP from it", v4(0, 17, [80, 1], 0), true),
            ("behind options", v4(40, 6, [1, 80], 0), true),
            ("what would be it without options", v4(4, 6, OTHER, 0), false),
            ("others", v4(0, 6, OTHER, 0), false),
            ("another protocol", v4(0, 132, [80, 80], 0), false),
            ("the first fragment", v4(0, 17, [80, 1], 0x2000), true),
            ("not to be fragmented", v4(0, 17, [80, 1], 0x4000), true),
            ("another fragment", v4(0, 17, [80, 80], 0x2001), false),
            ("version 6, TCP", v6(6, [1, 80]), true),
            ("version 6, UDP", v6(17, [80, 1]), true),
            ("version 6, others", v6(6, OTHER), false),
            ("version 6, another protocol", v6(58, [80, 80]), false),
            ("hop-by-hop options", v6(0, OTHER), true),
            ("destination options", v6(60, OTHER), true),
            ("a fragment of version 6", v6(44, OTHER), true),
            ("ARP", [&[0, 1, 8, 0][..], &[0; 40]].concat(), false),
            ("too short for ports", v4(0, 6, [80, 80], 0)[..20].to_vec(), false),
            ("nothing", Vec::new(), false),
        ] {
            assert_eq!(passes(80, &packet), expected, "{name}");
        }
    }

    #[test]
    fn branches_lead_forward_to_a_place_that_there_is() {
        let steps = of_port(80);
        for (at, step) in steps.iter().enumerate() {
            for place in [step.yes, step.no].into_iter().filter(|place| *place != Place::Next) {
                assert!(steps[at + 1..].iter().any(|step| step.label == Some(place)), "{at}: {place:?}");
            }
        }
        assert!(Filter::All.program().is_none());
    }
}
