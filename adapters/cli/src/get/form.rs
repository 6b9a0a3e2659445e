//! Forms (`--form`): multipart/form-data (RFC 7578), streamed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Stdin};
use std::path::{Path, PathBuf};

use wirenut::http::multipart::{Boundary, PartHead, Writer};

use super::failure::GetFailure;
use super::patience::{Bounds, Watched, is_fifo, open_for_reading};
use crate::serve::content_type;

/// Room for a head of a part, and for what a file gives at once.
const ROOM: usize = 64 * 1024;

/// One `--form`: a part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    name: String,
    source: Source,
    filename: Option<String>,
    content_type: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Source {
    Text(String),
    File(PathBuf),
}

impl Part {
    /// Reads `NAME=VALUE`, `NAME=@FILE` or `NAME=<FILE`, and `;type=…` and `;filename=…` behind it. What holds a semicolon
    /// stands in double quotes, in which a backslash takes the next sign as it is.
    ///
    /// # Errors
    /// It is none of these.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (name, rest) = text.split_once('=').ok_or("expected NAME=VALUE, NAME=@FILE or NAME=<FILE")?;
        let is_head = |value: &str| value.len() < ROOM / 4;
        let (mark, rest) = match rest.as_bytes().first() {
            Some(b'@') => (b'@', &rest[1..]),
            Some(b'<') => (b'<', &rest[1..]),
            _ => (b' ', rest),
        };
        let (value, mut rest) = word(rest)?;
        let (mut filename, mut content_type) = (None, None);
        while let Some(parameter) = rest.strip_prefix(';') {
            let (key, behind) = parameter.split_once('=').ok_or("expected ;type= or ;filename= behind a semicolon")?;
            let place = match key.trim() {
                "type" => &mut content_type,
                "filename" => &mut filename,
                _ => return Err("expected ;type= or ;filename= behind a semicolon (or the value in double quotes)"),
            };
            let (value, behind) = word(behind)?;
            (*place, rest) = (Some(value), behind);
        }
        if ![Some(name), filename.as_deref(), content_type.as_deref()].into_iter().flatten().all(is_head) {
            return Err("a name or a type is too long");
        }
        let path = PathBuf::from(&value);
        if mark == b'@' {
            let own = || path.file_name().map(|name| name.to_string_lossy().into_owned()).filter(|name| name != "-");
            filename = filename.or_else(own).or(Some("-".into()));
            // Without a charset: nobody knows that of a file.
            let essence = content_type::of(&path).split(';').next().unwrap_or_default();
            content_type = content_type.or_else(|| Some(essence.into()));
        }
        let source = if mark == b' ' { Source::Text(value) } else { Source::File(path) };
        Ok(Self { name: name.into(), source, filename, content_type })
    }

    pub(super) fn is_standard_input(&self) -> bool {
        matches!(&self.source, Source::File(path) if path.as_os_str() == "-")
    }

    fn head(&self) -> PartHead<'_> {
        PartHead {
            name: self.name.as_bytes(),
            filename: self.filename.as_deref().map(str::as_bytes),
            content_type: self.content_type.as_deref().map(str::as_bytes),
        }
    }

    fn open(&self, bounds: &Bounds) -> io::Result<Opened<'_>> {
        match &self.source {
            Source::Text(text) => Ok(Opened::Text(text.as_bytes())),
            Source::File(_) if self.is_standard_input() => Ok(Opened::Standard(bounds.watch(io::stdin()))),
            Source::File(path) => {
                let file = open_for_reading(path)?;
                let is_file = file.metadata()?.is_file();
                Ok(if is_file { Opened::File(file) } else { Opened::Stream(bounds.watch(file)) })
            }
        }
    }

    /// The length of its content, if that is known.
    fn length(&self) -> Result<Option<u64>, GetFailure> {
        let path = match &self.source {
            Source::Text(text) => return Ok(u64::try_from(text.len()).ok()),
            Source::File(_) if self.is_standard_input() => return Ok(None),
            // If it had a reader now, and no longer, its writer would fail.
            Source::File(path) if is_fifo(path) => return Ok(None),
            Source::File(path) => path,
        };
        // Opened, so that what cannot be read fails before anything is sent.
        let metadata = File::open(path).and_then(|file| file.metadata());
        let metadata = metadata.map_err(|error| GetFailure::Input { path: path.clone(), error })?;
        if metadata.is_dir() {
            return Err(GetFailure::Input { path: path.clone(), error: io::ErrorKind::IsADirectory.into() });
        }
        Ok(metadata.is_file().then_some(metadata.len()))
    }
}

/// A value up to a semicolon, and what is behind it.
fn word(text: &str) -> Result<(String, &str), &'static str> {
    let Some(quoted) = text.trim_start().strip_prefix('"') else {
        let end = text.find(';').unwrap_or(text.len());
        return Ok((text[..end].to_owned(), &text[end..]));
    };
    let (mut value, mut signs) = (String::new(), quoted.char_indices());
    while let Some((at, sign)) = signs.next() {
        match sign {
            '"' => {
                let rest = quoted[at + 1..].trim_start();
                let is_end = rest.is_empty() || rest.starts_with(';');
                return if is_end { Ok((value, rest)) } else { Err("expected ; or nothing behind the closing quote") };
            }
            '\\' => value.extend(signs.next().map(|(_, sign)| sign)),
            sign => value.push(sign),
        }
    }
    Err("the closing double quote is missing")
}

/// Where the content of a part comes from.
enum Opened<'p> {
    Text(&'p [u8]),
    File(File),
    /// What is no regular file, such as a FIFO.
    Stream(Watched<File>),
    Standard(Watched<Stdin>),
}

impl Read for Opened<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Text(text) => text.read(into),
            Self::File(file) => file.read(into),
            Self::Stream(stream) => stream.read(into),
            Self::Standard(stream) => stream.read(into),
        }
    }
}

/// A form as it is sent. It can be read again from its beginning, unless a part is standard input.
pub(super) struct Form<'p> {
    parts: &'p [Part],
    /// How long parts are waited for that are streams.
    bounds: Bounds,
    boundary: Boundary,
    /// All bytes of it, if that is known.
    length: Option<u64>,
    writer: Writer,
    /// The part that comes next, or after the open one.
    next: usize,
    open: Option<Opened<'p>>,
    is_finished: bool,
    /// What was written and not read yet.
    output: Box<[u8]>,
    ready: core::ops::Range<usize>,
    input: Box<[u8]>,
}

impl<'p> Form<'p> {
    /// # Errors
    /// A file cannot be read.
    pub(super) fn new(parts: &'p [Part], seed: &[u8; 16], bounds: Bounds) -> Result<Self, GetFailure> {
        let boundary = Boundary::from_seed(seed);
        let lengths: Vec<Option<u64>> = parts.iter().map(Part::length).collect::<Result<_, _>>()?;
        let lengths: Option<Vec<u64>> = lengths.into_iter().collect();
        let length = lengths.and_then(|lengths| boundary.form_length(parts.iter().map(Part::head).zip(lengths)));
        let room = || vec![0; ROOM].into_boxed_slice();
        let writer = Writer::new(boundary);
        let (output, input) = (room(), room());
        Ok(Self {
            parts,
            bounds,
            boundary,
            length,
            writer,
            next: 0,
            open: None,
            is_finished: false,
            output,
            ready: 0..0,
            input,
        })
    }

    /// How many bytes it has, if that is known.
    pub(super) const fn length(&self) -> Option<u64> {
        self.length
    }

    /// The value of Content-Type.
    pub(super) fn content_type(&self) -> Vec<u8> {
        let mut room = [0; 128];
        self.boundary.content_type(&mut room).map(<[u8]>::to_vec).unwrap_or_default()
    }

    /// Writes the next piece. None: that was all.
    fn fill(&mut self) -> io::Result<Option<usize>> {
        if let Some(open) = &mut self.open {
            let count = open.read(&mut self.input)?;
            if count > 0 {
                let written = self.writer.write(&self.input[..count], &mut self.output).map_err(io::Error::other)?;
                debug_assert_eq!(written, count, "both have the same room");
                return Ok(Some(written));
            }
            self.open = None;
        }
        if let Some(part) = self.parts.get(self.next) {
            let written = self.writer.begin_part(&part.head(), &mut self.output).map_err(io::Error::other)?;
            self.open = Some(part.open(&self.bounds)?);
            self.next += 1;
            return Ok(Some(written));
        }
        if core::mem::replace(&mut self.is_finished, true) {
            return Ok(None);
        }
        self.writer.finish(&mut self.output).map(Some).map_err(io::Error::other)
    }
}

impl Read for Form<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            let Some(written) = self.fill()? else { return Ok(0) };
            self.ready = 0..written;
        }
        let count = self.ready.len().min(into.len());
        into[..count].copy_from_slice(&self.output[self.ready.start..self.ready.start + count]);
        self.ready.start += count;
        Ok(count)
    }
}

/// Knows its beginning and, where its length is known, its end.
impl Seek for Form<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Start(0) => {
                let (writer, ready) = (Writer::new(self.boundary), 0..0);
                (self.writer, self.next, self.open, self.is_finished, self.ready) = (writer, 0, None, false, ready);
                Ok(0)
            }
            SeekFrom::Current(0) if self.next == 0 => Ok(0),
            SeekFrom::End(0) => self.length.ok_or_else(|| io::ErrorKind::NotSeekable.into()),
            SeekFrom::Start(_) | SeekFrom::Current(_) | SeekFrom::End(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }
}

/// The name of a file as a form has it, and as `--upload-file` adds it to a URL.
pub(super) fn file_name(path: &Path) -> Option<&[u8]> {
    path.file_name().map(std::os::unix::ffi::OsStrExt::as_bytes)
}

#[cfg(test)]
mod tests {
    use super::super::interrupt::Interrupt;
    use super::super::patience::Patience;
    use super::*;

    #[test]
    fn parts_are_what_they_say() {
        let part = |text: &str| Part::parse(text).map(|part| (part.source, part.filename, part.content_type));
        let text = |text: &str| Source::Text(text.into());
        let file = |path: &str| Source::File(path.into());
        let some = |text: &str| Some(text.to_owned());
        for (given, expected) in [
            ("a=b", (text("b"), None, None)),
            ("a=", (text(""), None, None)),
            ("a=b=c", (text("b=c"), None, None)),
            ("a=b;type=text/x", (text("b"), None, some("text/x"))),
            ("a=\"b;c\\\"\"", (text("b;c\""), None, None)),
            ("a=@/x/cat.png", (file("/x/cat.png"), some("cat.png"), some("image/png"))),
            ("a=@cat;type=a/b;filename=dog", (file("cat"), some("dog"), some("a/b"))),
            ("a=@\"c;d\"; filename=\"e;f\"", (file("c;d"), some("e;f"), some("application/octet-stream"))),
            ("a=<cat", (file("cat"), None, None)),
            ("a=@-", (file("-"), some("-"), some("application/octet-stream"))),
        ] {
            assert_eq!(part(given), Ok(expected), "{given}");
        }
        for given in ["a", "a=b;c", "a=b;c=d", "a=\"b", "a=\"b\"c"] {
            assert!(part(given).is_err(), "{given}");
        }
    }

    #[test]
    fn a_form_is_as_long_as_it_says_also_when_it_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, vec![b'x'; 3 * ROOM + 1]).unwrap();
        let parts = ["a=b".to_owned(), format!("f=@{}", path.display())].map(|text| Part::parse(&text).unwrap());
        let interrupt = Interrupt::new().unwrap();
        let bounds = Patience { deadline: None, interrupt: &interrupt }.bounds();
        let mut form = Form::new(&parts, &[7; 16], bounds).unwrap();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        form.read_to_end(&mut first).unwrap();
        form.rewind().unwrap();
        form.read_to_end(&mut second).unwrap();
        assert_eq!(u64::try_from(first.len()).ok(), form.length());
        assert!(first == second);
        assert_eq!(form.read(&mut [0]).unwrap(), 0);
    }
}
