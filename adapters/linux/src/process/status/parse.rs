//! The files `stat` and `status` of a process in /proc, as proc(5) has them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use rustix::param::{clock_ticks_per_second, page_size};
use wirenut::time::Duration;

use super::{State, Status, Terminal};

/// What both files say. `None` where one of them is not as it should be.
pub(super) fn parse(stat: &[u8], status: &[u8]) -> Option<Status> {
    // The name may hold whatever the fields after it do, but those hold no parenthesis.
    let begin = stat.iter().position(|byte| *byte == b'(')?;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let name = stat.get(begin + 1..end)?;
    let pid = str::from_utf8(&stat[..begin]).ok()?.trim_ascii().parse().ok()?;
    let mut fields = str::from_utf8(&stat[end + 1..]).ok()?.split_ascii_whitespace();
    let state = fields.next()?.as_bytes().first()?;
    // The numbers of fields begin at 1, and the state is the third.
    let fields: Vec<&str> = fields.collect();
    let field = |number: usize| fields.get(number.checked_sub(4)?).copied();
    let number = |at| field(at)?.parse::<u64>().ok();
    let signed = |at| field(at)?.parse::<i32>().ok();
    let id = |at| u32::try_from(number(at)?).ok();
    Some(Status {
        pid,
        name: OsStr::from_bytes(name).to_owned(),
        state: State::from_letter(*state),
        parent: id(4)?,
        group: unsigned(signed(5)?),
        session: unsigned(signed(6)?),
        terminal: Terminal::from_number(signed(7)?),
        foreground_group: u32::try_from(signed(8)?).ok().filter(|group| *group > 0),
        nice: signed(19)?,
        threads: id(20)?,
        user: users(status)?,
        started: ticks(number(22)?),
        user_time: ticks(number(14)?),
        system_time: ticks(number(15)?),
        virtual_memory: number(23)?,
        resident_memory: number(24)?.saturating_mul(u64::try_from(page_size()).unwrap_or(u64::MAX)),
        // Threads of the kernel and processes that have ended have no memory, and so no such line.
        locked_memory: line(status, "VmLck").and_then(kibibytes).unwrap_or(0),
    })
}

/// The process whose thread it is.
pub(super) fn thread_group(status: &[u8]) -> Option<u32> {
    line(status, "Tgid")?.trim().parse().ok()
}

/// A process that has ended has -1 for some.
fn unsigned(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn ticks(count: u64) -> Duration {
    Duration::from_micros(count.saturating_mul(1_000_000 / clock_ticks_per_second().max(1)))
}

/// Of the real, the effective, the saved and the file system's user the second.
fn users(status: &[u8]) -> Option<u32> {
    line(status, "Uid")?.split_ascii_whitespace().nth(1)?.parse().ok()
}

fn kibibytes(text: &str) -> Option<u64> {
    text.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1_024)
}

/// What stands behind that word. The name, which is the first line, has its line ends escaped, so no line is forged.
fn line<'a>(status: &'a [u8], word: &str) -> Option<&'a str> {
    let mut lines = status.split(|byte| *byte == b'\n');
    let rest = lines.find_map(|line| line.strip_prefix(word.as_bytes())?.strip_prefix(b":"))?;
    str::from_utf8(rest).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What follows the name of a shell that waits, in a terminal.
    const REST: &[u8] =
        b"S 1 20 20 34818 20 4194304 100 0 0 0 150 50 0 0 20 -5 3 0 1234 4096000 100 18446744073709551615 1 1";
    const STATUS: &[u8] = b"Name:\tsh\nUmask:\t0022\nTgid:\t20\nUid:\t1\t2\t3\t4\nVmLck:\t      8 kB\n";

    fn stat(name: &[u8], rest: &[u8]) -> Vec<u8> {
        [b"20 (", name, b") ", rest].concat()
    }

    #[test]
    fn takes_each_field_from_its_place() {
        let status = parse(&stat(b"sh", REST), STATUS).unwrap();
        let expected = Status {
            pid: 20,
            name: "sh".into(),
            state: State::Sleeping,
            parent: 1,
            group: 20,
            session: 20,
            terminal: Some(Terminal { major: 136, minor: 2 }),
            foreground_group: Some(20),
            nice: -5,
            threads: 3,
            user: 2,
            started: Duration::from_millis(12_340),
            user_time: Duration::from_millis(1_500),
            system_time: Duration::from_millis(500),
            virtual_memory: 4_096_000,
            resident_memory: 100 * u64::try_from(page_size()).unwrap(),
            locked_memory: 8_192,
        };
        assert_eq!(status, expected);
        assert_eq!(status.flags().to_string(), "<Lsl+");
        assert_eq!(status.cpu_time(), Duration::from_secs(2));
    }

    #[test]
    fn takes_any_name_as_a_name() {
        let names: [&[u8]; 10] = [
            b"",
            b" ",
            b"a b",
            b")",
            b"(",
            b") R 1 1 1 (",
            b"a) Z 0 0 0 0",
            b"two\nlines",
            b"\x1b[31m\x07",
            b"\xff\xfe\x80 not UTF-8",
        ];
        for name in names {
            let status = parse(&stat(name, REST), STATUS).unwrap();
            assert_eq!((status.name.as_bytes(), status.state, status.parent), (name, State::Sleeping, 1));
        }
    }

    #[test]
    fn refuses_what_is_cut_or_no_number() {
        let whole = stat(b"a) b (c", REST);
        let resident = whole.windows(5).position(|bytes| bytes == b" 100 ").unwrap() + 1;
        let last = whole.windows(12).position(|bytes| bytes == b" 4096000 100").unwrap() + 10;
        assert!(resident < last);
        for cut in 0..last {
            assert_eq!(parse(&whole[..cut], STATUS), None, "{cut}");
        }
        for field in 2..25 {
            let mut fields: Vec<&[u8]> = REST.split(|byte| *byte == b' ').collect();
            let Some(place) = fields.get_mut(field) else { continue };
            *place = b"x";
            // Numbers that nobody asks for may be anything.
            let parsed = parse(&stat(b"sh", &fields.join(&b' ')), STATUS);
            assert!(parsed.is_none() || [6, 7, 8, 9, 10, 13, 14, 15, 18, 22, 23, 24].contains(&field), "{field}");
        }
        for status in [&b""[..], b"Name:\tsh\n", b"Uid:\t1\n", b"Uid:\t1\tx\n", b"Uid:\t1\t99999999999\n"] {
            assert_eq!(parse(&whole, status), None);
        }
        assert_eq!(thread_group(b"Name:\tTgid:\nTgid:\t7\n"), Some(7));
        assert_eq!(thread_group(b"Name:\tTgid:\t7\n"), None);
    }

    #[test]
    fn bounds_large_numbers() {
        let rest =
            b"Z 0 -1 -1 0 -1 0 0 0 0 0 18446744073709551615 18446744073709551615 0 0 20 0 0 0 18446744073709551615 \
                     18446744073709551615 18446744073709551615";
        let status = parse(&stat(b"sh", rest), b"Uid:\t0\t0\t0\t0\nVmLck:\t18446744073709551615 kB\n").unwrap();
        assert_eq!((status.group, status.session, status.foreground_group), (0, 0, None));
        assert_eq!((status.resident_memory, status.locked_memory), (u64::MAX, 0));
        assert_eq!(status.cpu_time(), Duration::from_micros(u64::MAX));
        let _ = status.start_time();
    }
}
