//! The table: a line for each process, with columns as wide as what is in them.

use std::os::unix::ffi::OsStrExt;
use std::time::{SystemTime, UNIX_EPOCH};

use wirenut::http::HttpDate;
use wirenut::time::Duration;
use wirenut_linux::process::status::{State, Status};

use crate::log::Name;
use crate::printed::aligned;

const TITLES: [&str; 9] = ["PID", "PPID", "STAT", "NI", "THR", "RSS", "START", "TIME", "COMMAND"];
/// Texts begin at the left, numbers end at the right.
const IS_TEXT: [bool; 9] = [false, false, true, false, false, false, false, false, true];
/// Names that are deeper in a tree are indented no further.
const MAX_DEPTH: usize = 40;

/// The lines, of which none has more than `columns` characters. Each process has its depth in the tree.
pub(super) fn render(rows: &[(usize, Status)], columns: Option<usize>) -> String {
    let now = seconds(SystemTime::now());
    let mut lines = vec![TITLES.map(str::to_owned)];
    lines.extend(rows.iter().map(|(depth, process)| cells(*depth, process, now)));
    aligned(&lines, IS_TEXT, " ", columns)
}

fn cells(depth: usize, process: &Status, now: u64) -> [String; 9] {
    [
        process.pid.to_string(),
        process.parent.to_string(),
        format!("{}{}", process.state, process.flags()),
        process.nice.to_string(),
        process.threads.to_string(),
        (process.resident_memory / 1_024).to_string(),
        start(seconds(process.start_time()), now),
        time(process.cpu_time()),
        command(depth, process),
    ]
}

/// The name, which the process chooses, with whatever a terminal would obey escaped.
fn command(depth: usize, process: &Status) -> String {
    let indent = match depth.min(MAX_DEPTH) {
        0 => String::new(),
        depth => format!("{}\\_ ", "   ".repeat(depth - 1)),
    };
    let ended = if process.state == State::Zombie { " <defunct>" } else { "" };
    format!("{indent}{}{ended}", Name(process.name().as_bytes()))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// In UTC: the time of the last 24 hours, `08:49:37Z`, and dates before that, `06Nov1994`.
fn start(began: u64, now: u64) -> String {
    // `Sun, 06 Nov 1994 08:49:37 GMT`
    let date = HttpDate::from_unix(began);
    let part = |range| str::from_utf8(&date.as_bytes()[range]).unwrap_or_default();
    if now.saturating_sub(began) < 24 * 3_600 {
        format!("{}Z", part(17..25))
    } else {
        format!("{}{}{}", part(5..7), part(8..11), part(12..16))
    }
}

/// Hours, minutes and seconds on processors, and days before them, if there are any: `1-02:03:04`.
fn time(spent: Duration) -> String {
    let seconds = spent.as_millis() / 1_000;
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match seconds / 86_400 {
        0 => clock,
        days => format!("{days}-{clock}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_times_of_today_and_dates_before() {
        for (began, now, expected) in [
            (784_111_777, 784_111_777, "08:49:37Z"),
            (784_111_777, 784_111_777 + 86_399, "08:49:37Z"),
            (784_111_777, 784_111_777 + 86_400, "06Nov1994"),
            (784_111_777, 0, "08:49:37Z"),
        ] {
            assert_eq!(start(began, now), expected);
        }
    }

    #[test]
    fn times_have_days_where_there_are_some() {
        for (seconds, expected) in [(0, "00:00:00"), (59, "00:00:59"), (3_661, "01:01:01"), (93_784, "1-02:03:04")] {
            assert_eq!(time(Duration::from_secs(seconds)), expected);
        }
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them_and_lines_as_the_terminal() {
        let this = Status::of(std::process::id()).unwrap();
        let mut child = this.clone();
        (child.pid, child.state, child.name) = (4_194_303, State::Zombie, "a\n\x1b[31mb".into());
        let rows = [(0, this), (1, child)];
        let text = render(&rows, None);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        let column = lines[0].find("COMMAND").unwrap();
        assert_eq!(&lines[2][column..], "\\_ a\\x0a\\x1b[31mb <defunct>");
        assert!(lines[2].starts_with("4194303 "));
        assert!(lines[0].starts_with("    PID "));
        assert!(render(&rows, Some(30)).lines().all(|line| line.len() <= 30));
    }
}
