//! The command line of `wirenut get`.

use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser as _};

use super::data::Data;
use super::form::Part;
use super::header::HeaderOption;
use crate::route::{RouteOptions, seconds};
use crate::server::Combination;

/// The command line of `wirenut get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wirenut get https://example.org/                          to standard output
  wirenut get -LO -C - https://example.org/image.iso        into image.iso; once more goes on where it broke off
  wirenut get -o a -o b http://host/a http://host/b         two files over one connection
  wirenut get --json '{\"on\": true}' http://host/lamp        POST
  wirenut get -F photo=@cat.png http://host/upload          a form with a file
  wirenut get --unix-socket /run/docker.sock http://localhost/version
  wirenut get -so /dev/null -w '%{http_code} %{time_total}\\n' http://host/
  wirenut get --resolve example.org:443:203.0.113.7 https://example.org/

Variables of --write-out:
  content_type        errormsg            exitcode            filename_effective  http_code
  http_connect        http_version        local_ip            local_port          method
  num_connects        num_redirects       redirect_url        remote_ip           remote_port
  response_code       size_download       size_upload         speed_download      speed_upload
  time_appconnect     time_connect        time_namelookup     time_pretransfer    time_redirect
  time_starttransfer  time_total          url                 url_effective       urlnum
  %header{NAME} is the first field NAME of the last answer, or nothing
  stderr and stdout say where what follows goes, onerror that it is for failures alone

Exit status:
  0 done      1 a scheme or a redirect that is not supported     2 wrong usage       3 no URL      5 the proxy
  6 look-up   7 connect          8 not HTTP       18 cut off     22 --fail, or -C and no such file
  23 output   26 input           28 time-out      33 range       35 TLS              43 a field that cannot be sent
  47 redirects  52 no answer     55 send          56 receive     60 certificate      61 content coding
  63 too large  77 --cacert")]
pub struct GetArguments {
    /// What to get: http:// or https:// (http:// is added where there is neither)
    #[arg(value_name = "URL", required = true)]
    pub urls: Vec<String>,

    /// Where the content goes.
    #[command(flatten)]
    pub output: OutputOptions,
    /// What is asked.
    #[command(flatten)]
    pub request: RequestOptions,
    /// On which way.
    #[command(flatten)]
    pub route: RouteOptions,
    /// What is an error, and for how long it is tried.
    #[command(flatten)]
    pub limits: LimitOptions,
}

/// Where the content goes, and what is shown.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Write to this file, which gets its name once it is whole; for several URLs given again, in their order. - is
    /// standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Vec<PathBuf>,
    /// Write to a file with the name of the last part of the URL's path, never over one that is there
    #[arg(short = 'O', long, conflicts_with = "output")]
    pub remote_name: bool,
    /// By -O, take the name that the server gives (Content-Disposition), if it gives one
    #[arg(short = 'J', long, requires = "remote_name", conflicts_with_all = ["include", "head", "continue_at"])]
    pub remote_header_name: bool,
    /// Go on where an earlier try broke off: FILE.part has what came, FILE.part.version of which version it is. What the
    /// server has changed meanwhile begins anew. The only value is -
    #[arg(short = 'C', long, value_name = "-", value_parser = dash,
          conflicts_with_all = ["range", "include", "compressed", "head", "form", "upload_file"])]
    pub continue_at: Option<()>,
    /// Write the heads of the responses before the content
    #[arg(short, long)]
    pub include: bool,
    /// Write the heads of the responses to this file; - is standard output
    #[arg(short = 'D', long, value_name = "FILE")]
    pub dump_header: Option<PathBuf>,
    /// Write this to standard output after each URL: text with %{VARIABLE}, %%, \n, \r and \t; @FILE reads it from a file.
    /// The variables stand below
    #[arg(short, long, value_name = "FORMAT", allow_hyphen_values = true)]
    pub write_out: Option<OsString>,
    /// Show what is sent and received, without credentials, and how long it took
    #[arg(short, long)]
    pub verbose: bool,
    /// Show no progress
    #[arg(short, long)]
    pub quiet: bool,
    /// Show neither progress nor errors
    #[arg(short, long)]
    pub silent: bool,
    /// Show errors although --silent is given
    #[arg(short = 'S', long)]
    pub show_error: bool,
}

/// What is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Request")]
pub struct RequestOptions {
    /// Ask for the head alone, and print it
    #[arg(short = 'I', long, conflicts_with_all = ["form", "upload_file"])]
    pub head: bool,
    /// The method, in place of GET, of POST for data, of PUT for uploads
    #[arg(short = 'X', long, value_name = "METHOD", value_parser = method)]
    pub request: Option<String>,
    /// The content.
    #[command(flatten)]
    pub data: Data,
    /// Put what --data and its kin say into the URL, behind its ?, and send no content
    #[arg(short = 'G', long, conflicts_with_all = ["form", "upload_file"])]
    pub get: bool,
    /// Send a form with this part: NAME=VALUE, NAME=@FILE (a file), or NAME=<FILE (its content as a value); then perhaps
    /// ;type=MEDIA/TYPE and ;filename=NAME
    #[arg(short = 'F', long, value_name = "NAME=VALUE", allow_hyphen_values = true, value_parser = Part::parse,
          conflicts_with_all = ["data", "upload_file"])]
    pub form: Vec<Part>,
    /// Send this file by PUT; - is standard input. A URL that ends with / gets the file's name
    #[arg(short = 'T', long, value_name = "FILE", conflicts_with = "data")]
    pub upload_file: Option<PathBuf>,
    /// Send this field; 'NAME:' removes one that is sent otherwise, 'NAME;' sends it empty, @FILE reads lines of a file
    #[arg(short = 'H', long, value_name = "NAME: VALUE", allow_hyphen_values = true,
          value_parser = OsStringValueParser::new().try_map(|text| HeaderOption::parse(&text)))]
    pub header: Vec<HeaderOption>,
    /// User and password (Basic); without a colon, the password is asked for, and does not stand in the list of processes
    #[arg(short, long, value_name = "USER:PASSWORD")]
    pub user: Option<String>,
    /// What this client calls itself; '' for nothing
    #[arg(short = 'A', long, value_name = "NAME")]
    pub user_agent: Option<String>,
    /// The page that led there
    #[arg(short = 'e', long, value_name = "URL")]
    pub referer: Option<String>,
    /// Send these cookies: 'a=b; c=d'
    #[arg(short = 'b', long, value_name = "COOKIES", value_parser = cookie)]
    pub cookie: Option<String>,
    /// Ask for these bytes: 0-99, 100-, or -100
    #[arg(short, long, value_name = "RANGE", allow_hyphen_values = true, value_parser = range)]
    pub range: Option<String>,
    /// Ask for compressed content (gzip, br, deflate), and write it decompressed
    #[arg(long)]
    pub compressed: bool,
    /// Follow redirects
    #[arg(short = 'L', long)]
    pub location: bool,
    /// Follow so many redirects at most
    #[arg(long, value_name = "COUNT", default_value = "50")]
    pub max_redirs: u8,
}

/// What is an error, and for how long it is tried.
#[derive(Debug, Args)]
#[command(next_help_heading = "Errors and limits")]
pub struct LimitOptions {
    /// Take a status of 400 or more for an error, and do not write its content
    #[arg(short, long)]
    pub fail: bool,
    /// The same, but write its content
    #[arg(long, conflicts_with = "fail")]
    pub fail_with_body: bool,
    /// End after so many seconds for each URL, retries included (otherwise when nothing moves for five minutes)
    #[arg(short, long, value_name = "SECONDS", value_parser = seconds)]
    pub max_time: Option<Duration>,
    /// After failures that may pass, and the statuses 408, 429, 500, 502, 503 and 504, try again so often at most; what has
    /// come is kept. A request that may have been carried out is repeated only if that does no harm
    #[arg(long, value_name = "COUNT", default_value = "0")]
    pub retry: u32,
    /// Wait so many seconds before each further try (otherwise 1, then twice as long each time, up to 60), or what the server
    /// asks for
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub retry_delay: Option<Duration>,
    /// End when more bytes come (k, M and G stand for 1024 and its powers); also of what is decompressed
    #[arg(long, value_name = "BYTES", value_parser = size)]
    pub max_filesize: Option<u64>,
    /// Receive so many bytes a second at most (k, M and G stand for 1024 and its powers)
    #[arg(long, value_name = "BYTES", value_parser = size)]
    pub limit_rate: Option<u64>,
}

impl GetArguments {
    /// Looks whether the options go together.
    ///
    /// # Errors
    /// The first that do not.
    pub(crate) fn check(&self) -> Result<(), Combination> {
        let count = self.urls.len();
        if self.output.output.len() > count {
            return Err(Combination::Get("more -o than URLs"));
        }
        if self.request.head && !self.request.get && !self.request.data.is_empty() {
            return Err(Combination::Get("--head sends no content: by --get, --data is put into the URL"));
        }
        if self.output.continue_at.is_some() && !self.request.get && !self.request.data.is_empty() {
            return Err(Combination::Get("-C - continues what GET brings: by --get, --data is put into the URL"));
        }
        if self.request.upload_file.is_some() && count > 1 {
            return Err(Combination::Get("--upload-file sends one file to one URL"));
        }
        let files = self.output.output.iter().filter(|path| path.as_os_str() != "-").count();
        if self.output.continue_at.is_some() && !self.output.remote_name && files < count {
            return Err(Combination::Get("-C - continues files: give each URL a file by -o, or -O"));
        }
        let readers = [
            self.request.upload_file.as_deref().is_some_and(|path| path.as_os_str() == "-"),
            self.request.data.reads_standard_input(),
            self.request.header.iter().any(HeaderOption::is_standard_input),
            self.output.write_out.as_deref().is_some_and(|format| format == "@-"),
        ];
        let of_form = self.request.form.iter().filter(|part| part.is_standard_input()).count();
        if readers.iter().filter(|reads| **reads).count() + of_form > 1 {
            return Err(Combination::Get("standard input can be read only once"));
        }
        if of_form > 0 && count > 1 {
            return Err(Combination::Get("standard input can be sent to one URL only"));
        }
        Ok(())
    }
}

fn dash(text: &str) -> Result<(), &'static str> {
    if text == "-" { Ok(()) } else { Err("expected -: the file that is there says where to go on") }
}

fn method(text: &str) -> Result<String, &'static str> {
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if text.eq_ignore_ascii_case("CONNECT") {
        return Err("CONNECT is for proxies: use --proxy");
    }
    let is_token = !text.is_empty() && text.bytes().all(is_sign);
    is_token.then(|| text.to_owned()).ok_or("expected a method such as DELETE")
}

fn cookie(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.contains('=') {
        return Ok(text.to_owned());
    }
    Err("expected NAME=VALUE; files of cookies are not supported")
}

fn range(text: &str) -> Result<String, &'static str> {
    let is_range = |range: &str| {
        let Some((first, last)) = range.trim().split_once('-') else { return false };
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(first) && is_number(last) && !(first.is_empty() && last.is_empty())
    };
    text.split(',').all(is_range).then(|| text.to_owned()).ok_or("expected a range such as 0-99, 100- or -100")
}

fn size(text: &str) -> Result<u64, &'static str> {
    const WANTED: &str = "expected a number of bytes, such as 500, 20k or 2G";
    let (digits, shift) = match text.as_bytes().last().map(u8::to_ascii_lowercase) {
        Some(b'k') => (&text[..text.len() - 1], 10),
        Some(b'm') => (&text[..text.len() - 1], 20),
        Some(b'g') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(WANTED);
    }
    let count: u64 = digits.parse().map_err(|_| WANTED)?;
    count.checked_mul(1 << shift).filter(|count| *count > 0).ok_or(WANTED)
}

/// Where one URL's content goes, as the command line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// Standard output.
    Standard,
    /// This file, also if it is there.
    File(PathBuf),
    /// A file with the name that the URL has.
    RemoteName,
}

impl OutputOptions {
    /// That of the URL of this number, from 0.
    #[must_use]
    pub fn target(&self, number: usize) -> Target {
        match self.output.get(number) {
            Some(path) if path.as_os_str() == "-" => Target::Standard,
            Some(path) => Target::File(path.clone()),
            None if self.remote_name => Target::RemoteName,
            None => Target::Standard,
        }
    }

    /// Are errors to be shown?
    #[must_use]
    pub const fn shows_errors(&self) -> bool {
        !self.silent || self.show_error
    }

    /// Is progress to be shown, on a terminal?
    #[must_use]
    pub const fn shows_progress(&self) -> bool {
        !self.silent && !self.quiet
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_sizes() {
        for (text, expected) in [
            ("1", Ok(1_000_000)),
            ("0.25", Ok(250_000)),
            ("2.000001", Ok(2_000_001)),
            ("0", Err(())),
            ("0.0001", Err(())),
            ("1.", Err(())),
            (".5", Err(())),
            ("-1", Err(())),
            ("1s", Err(())),
            ("99999999", Err(())),
        ] {
            assert_eq!(seconds(text).map(|time| time.as_micros()).map_err(|_| ()), expected, "{text}");
        }
        for (text, expected) in [
            ("500", Ok(500)),
            ("20k", Ok(20_480)),
            ("2M", Ok(2 << 20)),
            ("1G", Ok(1 << 30)),
            ("0", Err(())),
            ("k", Err(())),
            ("", Err(())),
            ("+1", Err(())),
            ("99999999999G", Err(())),
        ] {
            assert_eq!(size(text).map_err(|_| ()), expected, "{text}");
        }
    }

    #[test]
    fn ranges_methods_cookies() {
        for (text, is_one) in
            [("0-99", true), ("5-", true), ("-5", true), ("0-1,3-4", true), ("-", false), ("a-b", false)]
        {
            assert_eq!(range(text).is_ok(), is_one, "{text}");
        }
        assert!(method("PROPFIND").is_ok() && method("a b").is_err() && method("connect").is_err());
        assert!(cookie("a=b").is_ok() && cookie("jar.txt").is_err());
    }
}
