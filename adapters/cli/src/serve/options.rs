//! The command line of `wirenut serve`.

use std::path::PathBuf;

use clap::Args;

use super::auth::AuthOptions;
use super::path::RelativePath;
use super::policy::{Pattern, Policy};
use super::upload::UploadOptions;
use crate::listen::PlaceOptions;
use crate::log::Format;
use crate::server::ServerOptions;

/// The arguments of `wirenut serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut serve                               this directory, to this machine only
  wirenut serve public --listen :8080         public/, to whoever can reach this machine
  wirenut serve --listen '[::1]:0'            over IPv6, at a free port of the system's choice
  wirenut serve shared --upload --auth-file users
                                              ann may read and write what is in shared/
  wirenut serve dist --spa --precompressed --cache no-cache --immutable '*-????????.*'
                                              an application as its bundler left it")]
pub struct ServeArguments {
    /// The directory to serve; when it is made again, or is a link that is switched, the new one is served
    #[arg(value_name = "DIR", default_value = ".")]
    pub directory: PathBuf,
    /// Where to listen.
    #[command(flatten)]
    pub places: PlaceOptions,
    /// Which files, and how.
    #[command(flatten)]
    pub files: FileOptions,
    /// Who may ask.
    #[command(flatten)]
    pub auth: AuthOptions,
    /// What clients may write.
    #[command(flatten)]
    pub uploads: UploadOptions,
    /// The log.
    #[command(flatten)]
    pub log: LogOptions,
    /// Who serves, and how the service lives.
    #[command(flatten)]
    pub server: ServerOptions,
}

/// Which files are served, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub struct FileOptions {
    /// The page that is sent for a directory that has one of this name
    #[arg(long, value_name = "NAME", default_value = "index.html", value_parser = file_name)]
    pub index: String,
    /// Do not list what is in directories without such a page: they are not found
    #[arg(long)]
    pub no_list: bool,
    /// Serve and list names that begin with a dot, too (those beneath /.well-known/ are always served)
    #[arg(long)]
    pub hidden: bool,
    /// Follow no symbolic links, not even those that stay inside the directory
    #[arg(long)]
    pub no_symlinks: bool,
    /// Send FILE.br, FILE.zst or FILE.gz in place of FILE to clients that take it, unless FILE has changed since
    #[arg(long)]
    pub precompressed: bool,
    /// Compress texts and pages of directories, of 1 KiB to 8 MiB, for clients that take gzip; texts are remembered (up to
    /// 32 MiB), by each process for itself: with '--model forking' that is each connection, so choose a model with threads
    #[arg(long)]
    pub compress: bool,
    /// Send this Cache-Control with files, such as 'max-age=3600' or 'no-cache'
    #[arg(long, value_name = "VALUE", value_parser = field_value)]
    pub cache: Option<String>,
    /// Have files be cached for ever whose names fit ('*' and '?' stand for any bytes and for one; with a slash in it,
    /// the whole path must fit); may be given again
    #[arg(long, value_name = "PATTERN")]
    pub immutable: Vec<String>,
    /// Where nothing is found, send this page, for an application that finds its way itself; not for names with a dot
    /// in them, which are of files. Directories are not listed then. It must be there from the start
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "index.html",
          value_parser = inside)]
    pub spa: Option<RelativePath>,
    /// Where nothing is found, send this page of the directory with status 404, to programs as well; it must be there from
    /// the start
    #[arg(long, value_name = "FILE", value_parser = inside)]
    pub error_page: Option<RelativePath>,
}

/// The log of requests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Log")]
pub struct LogOptions {
    /// How the line for each request looks
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Short)]
    pub log_format: Format,
    /// Append these lines to a file, not to standard output; once it is moved away, a new one is begun. SIGHUP does so at
    /// once
    #[arg(long, value_name = "FILE", conflicts_with = "quiet")]
    pub log_file: Option<PathBuf>,
    /// Print no line for each request
    #[arg(long, short)]
    pub quiet: bool,
}

impl FileOptions {
    /// How files are served.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            index: self.index.clone(),
            lists: !self.no_list,
            shows_hidden: self.hidden,
            is_precompressed: self.precompressed,
            cache: self.cache.clone(),
            immutable: self.immutable.iter().cloned().map(Pattern::new).collect(),
            fallback: self.spa.clone(),
            error_page: self.error_page.clone(),
            ..Policy::default()
        }
    }
}

fn file_name(text: &str) -> Result<String, &'static str> {
    let is_name = !matches!(text, "" | "." | "..") && !text.contains(['/', '\0']);
    is_name.then(|| text.to_owned()).ok_or("expected the name of a file, without a directory, such as index.htm")
}

fn field_value(text: &str) -> Result<String, &'static str> {
    let is_value = !text.is_empty() && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    is_value.then(|| text.to_owned()).ok_or("expected the value of a Cache-Control field, such as max-age=3600")
}

fn inside(text: &str) -> Result<RelativePath, String> {
    let expected = "expected a file inside the served directory, such as 404.html";
    match RelativePath::plain(text.as_bytes()) {
        Ok(path) if !path.is_directory() => Ok(path),
        Ok(_) => Err(expected.into()),
        Err(error) => Err(format!("{error}; {expected}")),
    }
}
