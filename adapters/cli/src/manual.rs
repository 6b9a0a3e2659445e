//! `wirenut completions` and `wirenut man`: what shells and man(1) know of the command, made of its own definition.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory, value_parser};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::arguments::Arguments;
use crate::failure::Failure;

const SOURCE: &str = concat!("wirenut ", env!("CARGO_PKG_VERSION"));

/// What `wirenut completions` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut completions bash >~/.local/share/bash-completion/completions/wirenut
  wirenut completions zsh >~/.zfunc/_wirenut           with ~/.zfunc in fpath
  wirenut completions fish >~/.config/fish/completions/wirenut.fish")]
pub struct CompletionsArguments {
    /// The shell to write them for
    #[arg(value_name = "SHELL", value_parser = value_parser!(Shell))]
    pub shell: Shell,
}

/// What `wirenut man` is told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut man ~/.local/share/man/man1   for this user: then 'man wirenut-serve'
  wirenut man .                         here: then 'man ./wirenut-serve.1'")]
pub struct ManArguments {
    /// The directory to write the pages to; it is made if there is none
    #[arg(value_name = "DIR")]
    pub directory: PathBuf,
}

/// Prints the completions of a shell.
///
/// # Errors
/// [`Failure::Write`] where standard output does not take them whole.
pub fn completions(arguments: &CompletionsArguments) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "wirenut", &mut script);
    let mut output = io::stdout().lock();
    let written = output.write_all(&script).and_then(|()| output.flush());
    written.map_err(|error| Failure::Write { path: "standard output".into(), error })
}

/// Writes a page for the command, and one for each subcommand: `wirenut.1`, `wirenut-serve.1` and so on. Pages of the same
/// names are replaced.
///
/// # Errors
/// [`Failure::Write`] names the directory or the page that could not be written; pages before it are there.
pub fn man(arguments: &ManArguments) -> Result<(), Failure> {
    let directory = arguments.directory.as_path();
    fs::create_dir_all(directory).map_err(|error| failure(directory, error))?;
    // `wirenut help` says what `wirenut --help` does: it has no page.
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    write_page(directory, &command)?;
    command.get_subcommands().try_for_each(|subcommand| write_page(directory, subcommand))
}

fn write_page(directory: &Path, command: &Command) -> Result<(), Failure> {
    // Its own section, for the lines of examples must stay lines.
    let examples = command.get_after_help().map(ToString::to_string);
    let page = Man::new(command.clone().after_help(None::<&str>)).source(SOURCE).manual("Wirenut");
    let path = directory.join(page.get_filename());
    let mut text = Vec::new();
    let rendered = page.render(&mut text).and_then(|()| render_examples(&examples.unwrap_or_default(), &mut text));
    rendered.and_then(|()| fs::write(&path, &text)).map_err(|error| failure(&path, error))
}

/// The lines below the headings that `--help` shows, each in a section.
fn render_examples(help: &str, page: &mut impl Write) -> io::Result<()> {
    for part in help.split("\n\n") {
        let Some((heading, lines)) = part.split_once('\n') else { continue };
        let heading = heading.trim_end_matches(':').to_uppercase();
        let mut section = Roff::new();
        section.control("SH", [heading.as_str()]).control("nf", []);
        for line in lines.lines() {
            section.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
        }
        section.control("fi", []);
        section.to_writer(page)?;
    }
    Ok(())
}

fn failure(path: &Path, error: io::Error) -> Failure {
    Failure::Write { path: path.to_owned(), error }
}
