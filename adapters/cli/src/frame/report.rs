//! How items are shown, and how the rest is reported.

use core::fmt::Write as _;
use std::io::{self, Write};

use serde_json::json;
use wirenut::framing::{FrameError, Rule, Skipped};

/// How items are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Bytes as digits and as signs, for people.
    Dump,
    /// As they are.
    Raw,
    /// A line each, for programs.
    Json,
}

/// How many bytes of an item stand in a line.
const COLUMNS: usize = 16;

/// What was found.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    items: u64,
    /// Bytes of items.
    bytes: u64,
    skipped: u64,
    skipped_bytes: u64,
}

/// Shows items in the order in which they come.
pub(super) struct Report<W: Write, E: Write> {
    look: Look,
    items: W,
    /// What is reported beside raw items.
    notes: E,
    counts: Counts,
}

impl<W: Write, E: Write> Report<W, E> {
    pub(super) fn new(look: Look, items: W, notes: E) -> Self {
        Self { look, items, notes, counts: Counts::default() }
    }

    /// An item whose bytes, with what frames them, are so many from there on.
    pub(super) fn item(&mut self, item: &[u8], offset: u64, extent: u64) -> io::Result<()> {
        self.counts.items += 1;
        self.counts.bytes += item.len() as u64;
        match self.look {
            Look::Raw => self.items.write_all(item),
            Look::Json => {
                let mut line = json!({ "offset": offset, "extent": extent, "length": item.len(), "hex": hex(item) });
                if let (Ok(text), Some(object)) = (str::from_utf8(item), line.as_object_mut()) {
                    object.insert("text".into(), text.into());
                }
                writeln!(self.items, "{}", without_controls(&line))
            }
            Look::Dump => {
                let number = self.counts.items;
                writeln!(
                    self.items,
                    "#{number}  {}, in {} from byte {offset}",
                    bytes(item.len() as u64),
                    bytes(extent)
                )?;
                item.chunks(COLUMNS)
                    .enumerate()
                    .try_for_each(|(row, row_bytes)| writeln!(self.items, "{}", dumped(row * COLUMNS, row_bytes)))
            }
        }
    }

    /// What was no item.
    pub(super) fn skipped(&mut self, skipped: Skipped) -> io::Result<()> {
        self.counts.skipped += 1;
        self.counts.skipped_bytes += skipped.length;
        let Skipped { rule, offset, length } = skipped;
        self.tell(
            &format!("!  {rule}: {} skipped from byte {offset}", bytes(length)),
            &json!({ "skipped": { "rule": rule.to_string(), "offset": offset, "length": length } }),
        )
    }

    /// Nothing more can be read.
    pub(super) fn lost(&mut self, error: FrameError) -> io::Result<()> {
        let FrameError { rule, offset } = error;
        self.tell(
            &format!("!  {error}: the rest cannot be read"),
            &json!({ "lost": { "rule": rule.to_string(), "offset": offset } }),
        )
    }

    /// A signal ended the program while it received this item: that is no fault.
    pub(super) fn cut(&mut self, skipped: Skipped) -> io::Result<()> {
        if skipped.rule == Rule::Truncated { Ok(()) } else { self.skipped(skipped) }
    }

    /// All that there is, of so many bytes of the stream. How often something was skipped.
    pub(super) fn end(&mut self, read: u64) -> io::Result<u64> {
        let Counts { items, bytes: of_items, skipped, skipped_bytes } = self.counts;
        let plural = if items == 1 { "item" } else { "items" };
        self.tell(
            &format!(
                "{items} {plural} of {}; {skipped} skipped ({}); {} read",
                bytes(of_items),
                bytes(skipped_bytes),
                bytes(read)
            ),
            &json!({ "total": {
                "items": items, "item_bytes": of_items, "skipped": skipped, "skipped_bytes": skipped_bytes, "read_bytes": read,
            } }),
        )?;
        self.flush()?;
        Ok(skipped)
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.items.flush()
    }

    fn tell(&mut self, line: &str, object: &serde_json::Value) -> io::Result<()> {
        match self.look {
            Look::Dump => writeln!(self.items, "{line}"),
            Look::Json => writeln!(self.items, "{}", without_controls(object)),
            // A report that nobody reads holds up no items.
            Look::Raw => {
                let _ = writeln!(self.notes, "{line}");
                Ok(())
            }
        }
    }
}

/// JSON without characters that a terminal obeys. JSON itself escapes those below the space only, and the others (DEL and C1,
/// of which U+009B begins a command) stand in texts alone.
fn without_controls(object: &serde_json::Value) -> String {
    let mut line = String::new();
    for sign in object.to_string().chars() {
        // A `String` takes anything.
        let _ = if sign.is_control() { write!(line, "\\u{:04x}", u32::from(sign)) } else { line.write_char(sign) };
    }
    line
}

fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".into() } else { format!("{count} bytes") }
}

fn hex(item: &[u8]) -> String {
    item.iter().fold(String::with_capacity(2 * item.len()), |mut text, byte| {
        // A `String` takes anything.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A row of at most [`COLUMNS`] bytes: 74 signs at most, for items below 64 KiB.
fn dumped(offset: usize, row: &[u8]) -> String {
    let mut line = format!("  {offset:04x} ");
    for at in 0..COLUMNS {
        if at == COLUMNS / 2 {
            line.push(' ');
        }
        // A `String` takes anything.
        let _ = match row.get(at) {
            Some(byte) => write!(line, " {byte:02x}"),
            None => write!(line, "   "),
        };
    }
    line.push_str("  ");
    line.extend(row.iter().map(|byte| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '.' }));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(look: Look) -> (String, String) {
        let (mut items, mut notes) = (Vec::new(), Vec::new());
        let mut report = Report::new(look, &mut items, &mut notes);
        report.item(b"hello, world\x1b\xff\0\x7f!", 0, 19).unwrap();
        report.item(b"", 19, 1).unwrap();
        report.skipped(Skipped { rule: Rule::ChecksumMismatch, offset: 20, length: 9 }).unwrap();
        report.lost(FrameError { rule: Rule::InvalidLength, offset: 30 }).unwrap();
        assert_eq!(report.end(31).unwrap(), 1);
        (String::from_utf8(items).unwrap_or_else(|error| error.to_string()), String::from_utf8(notes).unwrap())
    }

    #[test]
    fn people_see_bytes_and_no_sign_that_a_terminal_obeys() {
        let (items, notes) = shown(Look::Dump);
        assert_eq!(notes, "");
        assert_eq!(
            items,
            "\
#1  17 bytes, in 19 bytes from byte 0
  0000  68 65 6c 6c 6f 2c 20 77  6f 72 6c 64 1b ff 00 7f  hello, world....
  0010  21                                                !
#2  0 bytes, in 1 byte from byte 19
!  the checksum does not match: 9 bytes skipped from byte 20
!  invalid length at byte 30: the rest cannot be read
2 items of 17 bytes; 1 skipped (9 bytes); 31 bytes read
"
        );
        assert!(items.lines().all(|line| line.len() < 80));
    }

    #[test]
    fn programs_get_a_line_for_each() {
        let (items, _) = shown(Look::Json);
        let lines: Vec<serde_json::Value> = items.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["hex"], "68656c6c6f2c20776f726c641bff007f21");
        assert_eq!((&lines[0]["text"], &lines[1]["text"]), (&serde_json::Value::Null, &json!("")));
        assert_eq!(lines[2]["skipped"], json!({ "rule": "the checksum does not match", "offset": 20, "length": 9 }));
        assert_eq!(lines[3]["lost"]["offset"], 30);
        assert_eq!(lines[4]["total"]["items"], 2);
    }

    #[test]
    fn raw_items_have_nothing_between_them() {
        let (mut items, mut notes) = (Vec::new(), Vec::new());
        let mut report = Report::new(Look::Raw, &mut items, &mut notes);
        report.item(b"ab\xff", 0, 4).unwrap();
        report.item(b"c", 4, 2).unwrap();
        report.skipped(Skipped { rule: Rule::TooLong, offset: 6, length: 1 }).unwrap();
        assert_eq!(report.end(7).unwrap(), 1);
        assert_eq!(items, b"ab\xffc");
        let notes = String::from_utf8(notes).unwrap();
        assert_eq!(
            notes,
            "!  message too long: 1 byte skipped from byte 6\n2 items of 4 bytes; 1 skipped (1 byte); 7 bytes read\n"
        );
    }
}
