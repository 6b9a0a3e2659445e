//! From the command line to requests.

use std::io;
use std::path::Path;

use wirenut::http::{EncodeSet, Method, PercentEncode};
use wirenut_client::{Body, Client, RequestBuilder, Url};

use super::coding::ACCEPTED;
use super::failure::GetFailure;
use super::form::{Form, Part, file_name};
use super::header::Change;
use super::measured::Measure;
use super::options::GetArguments;
use super::patience::{Patience, open_for_reading};
use super::progress::Progress;
use super::{password, random};

/// What all requests have in common.
pub(super) struct Prepared<'a> {
    method: String,
    fields: Vec<(String, Vec<u8>)>,
    /// Names of fields that are not sent, although they would be.
    absent: Vec<String>,
    host: Option<String>,
    credentials: Option<(String, String)>,
    expects_continue: Option<bool>,
    /// The content is sent in chunks, although its length is known.
    is_chunked: bool,
    content: Content<'a>,
    /// What `--get` puts into the URL.
    query: Option<Vec<u8>>,
}

/// The media type of a form, and behind it its boundary.
type FormType = (Vec<u8>, Vec<u8>);

enum Content<'a> {
    None,
    Bytes(Vec<u8>),
    Form(&'a [Part]),
    File(&'a Path),
    Standard,
}

impl<'a> Prepared<'a> {
    /// Reads the files that the command line names, and asks for a password if there is none.
    pub(super) fn new(arguments: &'a GetArguments, patience: &Patience<'_>) -> Result<Self, GetFailure> {
        let options = &arguments.request;
        let query = if options.get { Some(options.data.read(patience)?) } else { None };
        let content = match &options.upload_file {
            Some(path) if path.as_os_str() == "-" => Content::Standard,
            Some(path) => Content::File(path),
            None if !options.form.is_empty() => Content::Form(&options.form),
            None if options.data.is_empty() || options.get => Content::None,
            None => Content::Bytes(options.data.read(patience)?),
        };
        let usual = match content {
            _ if options.head => "HEAD",
            Content::None => "GET",
            Content::Bytes(_) | Content::Form(_) => "POST",
            Content::File(_) | Content::Standard => "PUT",
        };
        let method = options.request.clone().unwrap_or_else(|| usual.into());
        let mut prepared = Self {
            method,
            fields: Vec::new(),
            absent: Vec::new(),
            host: None,
            credentials: None,
            expects_continue: None,
            is_chunked: false,
            content,
            query,
        };
        let changes = options.header.iter().map(|option| option.changes(patience));
        for change in changes.collect::<Result<Vec<_>, _>>()?.concat() {
            prepared.change(change);
        }
        prepared.add_usual(arguments);
        if let Some(user) = options.user.as_ref().filter(|_| prepared.wants("Authorization")) {
            prepared.credentials = Some(match user.split_once(':') {
                Some((user, password)) => (user.into(), password.into()),
                None => (user.clone(), password::ask(user, patience.interrupt)?),
            });
        }
        Ok(prepared)
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Add(name, value) if name.eq_ignore_ascii_case("Host") => {
                // What is no text is no host, which the client says.
                self.host = Some(String::from_utf8_lossy(&value).into_owned());
            }
            Change::Add(name, _) if name.eq_ignore_ascii_case("Expect") => self.expects_continue = Some(true),
            Change::Remove(name) if name.eq_ignore_ascii_case("Expect") => self.expects_continue = Some(false),
            Change::Add(name, _) if name.eq_ignore_ascii_case("Transfer-Encoding") => self.is_chunked = true,
            Change::Add(name, value) => self.fields.push((name, value)),
            Change::Remove(name) => self.absent.push(name),
        }
    }

    /// Is this field neither given nor unwanted?
    fn wants(&self, name: &str) -> bool {
        let is_given = self.fields.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        !is_given && !self.absent.iter().any(|other| other.eq_ignore_ascii_case(name))
    }

    fn add(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        if self.wants(name) {
            self.fields.push((name.into(), value.into()));
        }
    }

    /// The fields that other options stand for.
    fn add_usual(&mut self, arguments: &GetArguments) {
        let options = &arguments.request;
        match options.user_agent.as_deref() {
            Some("") => self.absent.push("User-Agent".into()),
            Some(name) => self.add("User-Agent", name),
            None => {}
        }
        if let Some(range) = &options.range {
            self.add("Range", format!("bytes={range}"));
        }
        if let Some(referer) = &options.referer {
            self.add("Referer", referer.as_str());
        }
        if let Some(cookie) = options.cookie.as_deref().filter(|cookie| !cookie.is_empty()) {
            self.add("Cookie", cookie);
        }
        if options.compressed {
            self.add("Accept-Encoding", ACCEPTED);
        }
        if options.data.is_json() {
            self.add("Content-Type", "application/json");
            self.add("Accept", "application/json");
        } else if !options.data.is_empty() && !options.get {
            self.add("Content-Type", "application/x-www-form-urlencoded");
        }
    }

    /// The method.
    pub(super) fn method(&self) -> &str {
        &self.method
    }

    /// Is there no content to send?
    pub(super) const fn is_empty(&self) -> bool {
        matches!(self.content, Content::None)
    }

    /// Does it ask for a part by itself, or say on which condition?
    pub(super) fn asks_for_range(&self) -> bool {
        let is_range = |name: &str| ["Range", "If-Range"].iter().any(|other| name.eq_ignore_ascii_case(other));
        self.fields.iter().any(|(name, _)| is_range(name))
    }

    /// Can it be sent a second time?
    pub(super) fn is_repeatable(&self) -> bool {
        match self.content {
            Content::None | Content::Bytes(_) | Content::File(_) => true,
            Content::Form(parts) => !parts.iter().any(Part::is_standard_input),
            Content::Standard => false,
        }
    }

    /// The URL with what `--get` puts into it.
    pub(super) fn with_query(&self, url: &str) -> String {
        super::url::with_query(url, self.query.as_deref().unwrap_or_default())
    }

    /// A URL that ends with a slash gets the name of the file that is sent to it.
    pub(super) fn named(&self, url: Url) -> Result<Url, GetFailure> {
        let is_folder = url.target().split('?').next().is_some_and(|path| path.ends_with('/'));
        match self.content {
            Content::File(path) if is_folder => {
                let name = file_name(path).unwrap_or_default();
                let name = PercentEncode::new(name, &EncodeSet::UNRESERVED).to_string();
                // So that a colon in it begins no scheme.
                Ok(url.join(format!("./{name}").as_bytes())?)
            }
            Content::None | Content::Bytes(_) | Content::Form(_) | Content::File(_) | Content::Standard => Ok(url),
        }
    }

    /// Begins a request.
    pub(super) fn begin<'p>(
        &'p self,
        client: &Client,
        url: &Url,
        patience: &Patience<'_>,
        (progress, measure): (&'p Progress, &'p Measure),
    ) -> Result<RequestBuilder<'p>, GetFailure> {
        let mut request =
            client.request(Method::from_token(self.method.as_bytes()), url).cancel(patience.interrupt.cancel());
        let (body, content_type) = self.body(patience)?;
        for (name, value) in &self.fields {
            match &content_type {
                // Without its boundary, nobody could read it.
                Some((_, boundary)) if name.eq_ignore_ascii_case("Content-Type") => {
                    request = request.header(name, [value.as_slice(), boundary].concat());
                }
                _ => request = request.header(name, value.as_slice()),
            }
        }
        if let Some((kind, boundary)) = content_type.filter(|_| self.wants("Content-Type")) {
            request = request.header("Content-Type", [kind, boundary].concat());
        }
        for name in &self.absent {
            request = request.without_header(name);
        }
        if let Some((user, password)) = &self.credentials {
            request = request.basic_auth(user, password);
        }
        if let Some(host) = &self.host {
            request = request.host(host);
        }
        if let Some(expects) = self.expects_continue.filter(|_| body.length() != Some(0)) {
            request = request.expect_continue(expects);
        }
        Ok(request.body(body.with_progress(|done, all| {
            progress.set(done, all);
            measure.set_sent(done);
        })))
    }

    /// The content, and of a form the two parts of its media type.
    fn body<'p>(&'p self, patience: &Patience<'_>) -> Result<(Body<'p>, Option<FormType>), GetFailure> {
        let failed = |path: &Path, error| GetFailure::Input { path: path.to_owned(), error };
        let body = match &self.content {
            Content::None => Body::default(),
            Content::Bytes(bytes) if self.is_chunked => Body::reader(bytes.as_slice()),
            Content::Bytes(bytes) => bytes.as_slice().into(),
            Content::Standard => Body::reader(patience.watch(io::stdin())),
            Content::File(path) => {
                let file = open_for_reading(path).map_err(|error| failed(path, error))?;
                match file.metadata().map_err(|error| failed(path, error))?.is_file() {
                    true if self.is_chunked => Body::reader(file),
                    true => Body::file(file).map_err(|error| failed(path, error))?,
                    false => Body::reader(patience.watch(file)),
                }
            }
            Content::Form(parts) => {
                let form = Form::new(parts, &random(), patience.bounds())?;
                let whole = form.content_type();
                let at = whole.iter().position(|byte| *byte == b';').unwrap_or(whole.len());
                let content_type = Some((whole[..at].to_vec(), whole[at..].to_vec()));
                let body = match form.length() {
                    Some(_) if !self.is_chunked => {
                        Body::seekable(form).map_err(|error| GetFailure::System("read the form", error))?
                    }
                    _ => Body::reader(form),
                };
                return Ok((body, content_type));
            }
        };
        Ok((body, None))
    }
}
