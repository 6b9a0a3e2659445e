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
    /// Columns for nothing yet. Texts begin at the left (`is_text`), numbers end at the right.
    pub(crate) const fn new(is_text: [bool; N], gap: &'static str) -> Self {
        Self { widths: [0; N], is_text, gap }
    }

    /// Makes them wide enough for these cells.
    pub(crate) fn widen(&mut self, cells: &[String; N]) {
        for (width, cell) in self.widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
        }
    }

    /// How wide each column is.
    pub(crate) const fn widths(&self) -> [usize; N] {
        self.widths
    }

    /// Appends a line with its end, of at most `columns` characters.
    pub(crate) fn line(&self, cells: &[String; N], columns: Option<usize>, text: &mut String) {
        let start = text.len();
        for (at, ((cell, width), is_text)) in cells.iter().zip(self.widths).zip(self.is_text).enumerate() {
            let gap = if at == 0 { "" } else { self.gap };
            let padding = width.saturating_sub(cell.chars().count());
            let (before, after) = if is_text { (0, padding) } else { (padding, 0) };
            text.push_str(gap);
            text.extend(core::iter::repeat_n(' ', before));
            text.push_str(cell);
            text.extend(core::iter::repeat_n(' ', after));
        }
        let end = text[start..].trim_end().char_indices().nth(columns.unwrap_or(usize::MAX)).map(|(end, _)| end);
        let end = end.unwrap_or(text[start..].trim_end().len());
        text.truncate(start + end);
        text.push('\n');
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
    let mut table = Columns::new(is_text, gap);
    lines.iter().for_each(|cells| table.widen(cells));
    let mut text = String::new();
    lines.iter().for_each(|cells| table.line(cells, columns, &mut text));
    text
}
