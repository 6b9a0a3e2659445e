//! What commands print on standard output: whole, or up to where nobody reads on; and tables.

use std::io::{self, Write};

use rustix::termios::tcgetwinsize;

use crate::failure::Failure;

/// Not `print!`, which panics. Whoever reads the first lines alone, as `head` does, misses nothing.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Write { path: "standard output".into(), error })
        }
        _ => Ok(()),
    }
}

/// How long a line may be, if it goes to a terminal that says so.
pub(crate) fn terminal_columns() -> Option<usize> {
    let columns = tcgetwinsize(io::stdout()).ok()?.ws_col;
    (columns > 0).then_some(columns.into())
}

/// The lines of a table, with columns as wide as what is in them, and no line longer than `columns` characters. Texts begin at
/// the left (`is_text`), numbers end at the right.
pub(crate) fn aligned<const N: usize>(
    lines: &[[String; N]],
    is_text: [bool; N],
    gap: &str,
    columns: Option<usize>,
) -> String {
    let width = |at: usize| lines.iter().map(|cells| cells[at].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = core::array::from_fn(width);
    let line = |cells: &[String; N]| {
        let padded = cells.iter().zip(widths).zip(is_text).map(|((cell, width), is_text)| {
            if is_text { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let whole = padded.collect::<Vec<_>>().join(gap);
        let mut line: String = whole.trim_end().chars().take(columns.unwrap_or(usize::MAX)).collect();
        line.push('\n');
        line
    };
    lines.iter().map(line).collect()
}
