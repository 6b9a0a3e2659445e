//! The content that the command line itself holds: `--data` and its kin, put together in their order.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, value_parser};
use wirenut::http::{EncodeSet, PercentEncode};

use super::failure::{GetFailure, Stop};
use super::patience::{Patience, open_for_reading};

/// More is not taken into memory.
const MAX_BYTES: u64 = 1 << 30;

/// What kind of option a piece of content comes from: each is an option of the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Of a file without the ends of its lines, as curl does it.
    Lines,
    Binary,
    Raw,
    UrlEncoded,
    Json,
}

const OPTIONS: [(Kind, &str, Option<char>, &str); 5] = [
    (
        Kind::Lines,
        "data",
        Some('d'),
        "Send this by POST as the content of a web form; @FILE sends that file without its line ends, @- standard input. \
         Several are joined by &",
    ),
    (Kind::Binary, "data-binary", None, "The same, but a file as it is"),
    (Kind::Raw, "data-raw", None, "The same, but @ means nothing"),
    (
        Kind::UrlEncoded,
        "data-urlencode",
        None,
        "The same, but encoded for a URL: CONTENT, =CONTENT, NAME=CONTENT, @FILE or NAME@FILE",
    ),
    (Kind::Json, "json", None, "Send this JSON by POST, @FILE a file of it; several are joined as they are"),
];

/// The options of content, in the order in which they stand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Data(Vec<(Kind, OsString)>);

impl Data {
    /// Is there none?
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is some of it JSON?
    pub(super) fn is_json(&self) -> bool {
        self.0.iter().any(|(kind, _)| *kind == Kind::Json)
    }

    pub(super) fn reads_standard_input(&self) -> bool {
        self.0.iter().any(|(kind, text)| match kind {
            Kind::Raw => false,
            Kind::UrlEncoded => split(text).is_some_and(|(_, path)| path == "-"),
            Kind::Lines | Kind::Binary | Kind::Json => text == "@-",
        })
    }

    /// All of it.
    pub(super) fn read(&self, patience: &Patience<'_>) -> Result<Vec<u8>, GetFailure> {
        let mut all = Vec::new();
        for (at, (kind, text)) in self.0.iter().enumerate() {
            if at > 0 && *kind != Kind::Json {
                all.push(b'&');
            }
            let bytes = text.as_bytes();
            match (kind, bytes.strip_prefix(b"@")) {
                (Kind::UrlEncoded, _) => all.extend(url_encoded(text, patience)?),
                (Kind::Lines, Some(path)) => {
                    let is_kept = |byte: &u8| !matches!(byte, b'\r' | b'\n' | 0);
                    all.extend(read(OsStr::from_bytes(path), patience)?.into_iter().filter(is_kept));
                }
                (Kind::Binary | Kind::Json, Some(path)) => all.extend(read(OsStr::from_bytes(path), patience)?),
                (Kind::Lines | Kind::Binary | Kind::Json, None) | (Kind::Raw, _) => all.extend_from_slice(bytes),
            }
        }
        Ok(all)
    }
}

/// The name before an `@`, and the file behind it, where the `@` stands before any `=`.
fn split(text: &OsStr) -> Option<(&OsStr, &OsStr)> {
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|byte| matches!(byte, b'@' | b'=')).filter(|at| bytes[*at] == b'@')?;
    Some((OsStr::from_bytes(&bytes[..at]), OsStr::from_bytes(&bytes[at + 1..])))
}

fn url_encoded(text: &OsStr, patience: &Patience<'_>) -> Result<Vec<u8>, GetFailure> {
    let (name, content) = match split(text) {
        Some((name, path)) => (name.as_bytes(), read(path, patience)?),
        None => match text.as_bytes().iter().position(|byte| *byte == b'=') {
            Some(at) => (&text.as_bytes()[..at], text.as_bytes()[at + 1..].to_vec()),
            None => (&b""[..], text.as_bytes().to_vec()),
        },
    };
    let mut all = name.to_vec();
    if !name.is_empty() {
        all.push(b'=');
    }
    // As forms have it: a space becomes `+`. Of the other signs, only those that URLs never encode stay as they are.
    let encoded = PercentEncode::new(&content, &EncodeSet::UNRESERVED).to_string().replace("%20", "+");
    all.extend_from_slice(encoded.as_bytes());
    Ok(all)
}

/// A file, or standard input for `-`.
pub(super) fn read(path: &OsStr, patience: &Patience<'_>) -> Result<Vec<u8>, GetFailure> {
    let opened = if path == "-" {
        io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        open_for_reading(path.as_ref())
    };
    let mut all = Vec::new();
    let read = opened.and_then(|file| patience.watch(file).take(MAX_BYTES + 1).read_to_end(&mut all));
    let read = read.and_then(|_| match u64::try_from(all.len()) {
        Ok(..=MAX_BYTES) => Ok(()),
        _ => Err(io::Error::other("it is longer than 1 GiB: --upload-file sends files of any length")),
    });
    let failed =
        |error| Stop::of(&error).unwrap_or_else(|| GetFailure::Input { path: Path::new(path).to_owned(), error });
    read.map_err(failed)?;
    Ok(all)
}

impl Args for Data {
    fn augment_args(command: Command) -> Command {
        OPTIONS.into_iter().fold(command, |command, (_, name, short, help)| {
            let option = Arg::new(name).long(name).help(help).action(ArgAction::Append).allow_hyphen_values(true);
            let option = option.value_name("CONTENT").value_parser(value_parser!(OsString));
            // Whoever conflicts with one conflicts with all.
            let option = if name == "data" { option } else { option.conflicts_with_all(["form", "upload_file"]) };
            command.arg(match short {
                Some(short) => option.short(short),
                None => option,
            })
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Data {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut found = Vec::new();
        for (kind, name, ..) in OPTIONS {
            let values = matches.get_many::<OsString>(name).into_iter().flatten();
            let places = matches.indices_of(name).into_iter().flatten();
            found.extend(places.zip(values).map(|(place, value)| (place, (kind, value.clone()))));
        }
        found.sort_by_key(|(place, _)| *place);
        Ok(Self(found.into_iter().map(|(_, option)| option).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::interrupt::Interrupt;
    use super::*;

    fn data(line: &[&str]) -> Data {
        let others = ["form", "upload_file"].map(Arg::new);
        let command = Data::augment_args(Command::new("x").args(others));
        Data::from_arg_matches(&command.try_get_matches_from([&["x"], line].concat()).unwrap()).unwrap()
    }

    #[test]
    fn pieces_are_joined_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "a b\r\nc\n").unwrap();
        let (at, named) = (format!("@{}", path.display()), format!("n@{}", path.display()));
        let interrupt = Interrupt::new().unwrap();
        let patience = Patience { deadline: None, interrupt: &interrupt };
        for (line, expected) in [
            (&["-d", "a=1", "--data-raw", "@x", "-d", "-1"][..], "a=1&@x&-1"),
            (&["--data-urlencode", "a=b c&", "-d", "x"], "a=b+c%26&x"),
            (&["--data-urlencode", "=a/b", "--data-urlencode", "~c d"], "a%2Fb&~c+d"),
            (&["-d", &at], "a bc"),
            (&["--data-binary", &at], "a b\r\nc\n"),
            (&["--data-urlencode", &at], "a+b%0D%0Ac%0A"),
            (&["--data-urlencode", &named], "n=a+b%0D%0Ac%0A"),
            (&["--data-urlencode", "a=b@c"], "a=b%40c"),
            (&["--json", "[", "--json", "]"], "[]"),
        ] {
            assert_eq!(String::from_utf8(data(line).read(&patience).unwrap()).unwrap(), expected, "{line:?}");
        }
    }

    #[test]
    fn standard_input_is_known() {
        for (line, expected) in [
            (&["-d", "@-"][..], true),
            (&["--data-urlencode", "a@-"], true),
            (&["--data-raw", "@-"], false),
            (&["-d", "-"], false),
            (&["--data-urlencode", "a=@-"], false),
        ] {
            assert_eq!(data(line).reads_standard_input(), expected, "{line:?}");
        }
    }
}
