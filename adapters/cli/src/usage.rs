//! Reading the command line. What is wrong with it is told with the arguments as they are, but for what a terminal obeys.

use std::ffi::OsString;
use std::io::Write;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

use crate::arguments::Arguments;
use crate::log::{Name, OneLine};

/// Reads the command line, or says what is wrong with it (or what was asked for: help, the version) and the exit status.
///
/// # Errors
///
/// The exit status: 2 where it is wrong, 0 where help or the version was shown.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, u8> {
    let arguments = Arguments::try_parse_from(arguments).map_err(|error| {
        let (status, text) = (error.exit_code(), text(error));
        // Not `print!`, which panics where the output is closed.
        let _ = match status {
            0 => std::io::stdout().write_all(text.as_bytes()),
            _ => std::io::stderr().write_all(text.as_bytes()),
        };
        u8::try_from(status).unwrap_or(2)
    })?;
    arguments.check().map_err(|combination| {
        let _ = writeln!(std::io::stderr(), "error: {combination}");
        2
    })?;
    Ok(arguments)
}

/// What `clap` says, with each argument in it escaped: none begins a line of its own, or commands a terminal.
fn text(mut error: clap::Error) -> String {
    let escaped: Vec<(ContextKind, ContextValue)> =
        error.context().filter_map(|(kind, value)| Some((kind, escape(value)?))).collect();
    for (kind, value) in escaped {
        error.insert(kind, value);
    }
    // What is left is of values that were refused, as the reason quotes them.
    let text = error.render().to_string();
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => format!("{}\n", OneLine(line.into())),
            None => OneLine(line.into()).to_string(),
        })
        .collect()
}

fn escape(value: &ContextValue) -> Option<ContextValue> {
    let escape = |text: &String| Name(text.as_bytes()).to_string();
    match value {
        ContextValue::String(text) => Some(ContextValue::String(escape(text))),
        ContextValue::Strings(texts) => Some(ContextValue::Strings(texts.iter().map(escape).collect())),
        // Advice, such as to write `-- -x` for `-x`. The usage, which has lines of its own, is a text alone.
        ContextValue::StyledStrs(texts) => {
            let escaped = texts.iter().map(|text| OneLine(text.to_string()).to_string().into());
            Some(ContextValue::StyledStrs(escaped.collect()))
        }
        ContextValue::None | ContextValue::Bool(_) | ContextValue::Number(_) | ContextValue::StyledStr(_) | _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_command_no_terminal_and_begin_no_line() {
        for (arguments, said) in [
            (&["serve", "--\x1b[2J\nerror: forged"][..], r"unexpected argument '--\x1b[2J\x0aerror: forged' found"),
            (&["\x1b[31m"], r"unrecognized subcommand '\x1b[31m'"),
            (&["serve", "--workers", "\x1b]0;title\x07"], r"invalid value '\x1b]0;title\x07' for '--workers <COUNT>'"),
            (
                &["serve", "--log-format", "\u{202e}x\r"],
                r"invalid value '\xe2\x80\xaex\x0d' for '--log-format <FORMAT>'",
            ),
            (&["serve", "a", "b\n\u{9b}2J"], r"unexpected argument 'b\x0a\xc2\x9b2J' found"),
            (&["echo", "--listen", "it's\n"], r"invalid value 'it\x27s\x0a' for '--listen <PLACE>'"),
        ] {
            let arguments = ["wirenut"].iter().chain(arguments);
            let text = text(Arguments::try_parse_from(arguments).unwrap_err());
            assert!(text.starts_with("error: ") && text.contains(said), "{text}");
            assert!(text.lines().all(|line| !line.starts_with("error: forged")), "{text}");
            assert!(!text.contains(|sign: char| sign != '\n' && sign.is_control()), "{text:?}");
        }
    }

    #[test]
    fn help_stays_as_it_is() {
        for arguments in [&["wirenut", "--help"][..], &["wirenut", "serve", "--help"], &["wirenut", "--version"]] {
            let error = || Arguments::try_parse_from(arguments).unwrap_err();
            assert_eq!(text(error()), error().render().to_string());
        }
    }
}
