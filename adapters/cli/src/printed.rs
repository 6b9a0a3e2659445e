//! What commands print on standard output: whole, or up to where nobody reads on; and tables.

use std::io::{self, BufWriter, Write};

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

/// Writes to standard output as it goes, so that nothing of any length is kept. Whoever reads the first lines alone misses
/// nothing.
pub(crate) fn write(lines: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut output = BufWriter::new(io::stdout().lock());
    match lines(&mut output).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Write { path: "standard output".into(), error })
        }
        outcome => {
            // What is left for nobody would be written, in vain, when it is dropped.
            if outcome.is_err() {
                drop(output.into_parts());
            }
            Ok(())
        }
    }
}

/// The columns of a table, each as wide as what is in it.
pub(crate) struct Columns<const N: usize> {
    widths: [usize; N],
    is_text: [bool; N],
    gap: &'static str,
}

impl<const N: usize> Columns<N> {
    /// Wide enough for these lines. Texts begin at the left (`is_text`), numbers end at the right.
    pub(crate) fn of(lines: impl Iterator<Item = [String; N]>, is_text: [bool; N], gap: &'static str) -> Self {
        let mut widths = [0; N];
        for line in lines {
            for (width, cell) in widths.iter_mut().zip(&line) {
                *width = cell.chars().count().max(*width);
            }
        }
        Self { widths, is_text, gap }
    }

    /// How wide each column is.
    pub(crate) const fn widths(&self) -> [usize; N] {
        self.widths
    }

    /// A line with its end, of at most `columns` characters.
    pub(crate) fn line(&self, cells: &[String; N], columns: Option<usize>) -> String {
        let padded = cells.iter().zip(self.widths).zip(self.is_text).map(|((cell, width), is_text)| {
            if is_text { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let whole = padded.collect::<Vec<_>>().join(self.gap);
        let mut line: String = whole.trim_end().chars().take(columns.unwrap_or(usize::MAX)).collect();
        line.push('\n');
        line
    }
}

/// The lines of a table, with columns as wide as what is in them, and no line longer than `columns` characters. Texts begin at
/// the left (`is_text`), numbers end at the right.
pub(crate) fn aligned<const N: usize>(
    lines: &[[String; N]],
    is_text: [bool; N],
    gap: &'static str,
    columns: Option<usize>,
) -> String {
    let table = Columns::of(lines.iter().cloned(), is_text, gap);
    lines.iter().map(|cells| table.line(cells, columns)).collect()
}
