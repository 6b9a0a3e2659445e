//! What the pool does of one upload: it opens, writes, and gives names.

use alloc::sync::Arc;
use core::mem;
use std::time::SystemTime;

use rustix::fs::Stat;
use wirenut::http::{Fields, Method, Precondition};
use wirenut_server::FileValidators;

use super::error::UploadError;
use super::folder::{Draft, Folder, Named, Swept};
use crate::serve::directory::time;
use crate::serve::find::{Blocking, Finder};
use crate::serve::path::RelativePath;

/// What is to be done, in its order.
#[derive(Debug)]
pub(super) enum Command {
    /// Open the directory, and look whether the name may be given.
    Open,
    /// Begin a file that will have this name.
    Begin(Vec<u8>),
    /// Append to it.
    Write(Vec<u8>),
    /// It is whole: give it its name.
    Publish,
    /// From now on names may be given that others have.
    Replace,
}

/// When a name may be given.
#[derive(Debug)]
pub(super) enum Rule {
    /// As these field lines say.
    Conditions(Vec<u8>),
    /// If nothing has it.
    New,
    /// Always.
    Any,
}

/// Where an upload is written.
#[derive(Debug)]
pub(super) struct Desk {
    finder: Arc<Finder>,
    swept: Arc<Swept>,
    /// The directory.
    path: RelativePath,
    rule: Rule,
    /// What tags of the compressed form of a file end with.
    variant: Option<Arc<str>>,
    /// How many bytes are announced.
    announced: Option<u64>,
    folder: Option<Arc<Folder>>,
    draft: Option<(Draft, Vec<u8>)>,
    /// What is to be done next.
    pub(super) commands: Vec<Command>,
    /// Room of bytes that were written.
    pub(super) spare: Vec<u8>,
    pub(super) is_open: bool,
    pub(super) stored: Stored,
    pub(super) error: Option<UploadError>,
}

/// What was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Files that were not there before.
    pub created: u32,
    /// Files in whose place there is another one now.
    pub replaced: u32,
}

impl Desk {
    pub(super) fn new(
        (finder, swept): (&Arc<Finder>, &Arc<Swept>),
        path: RelativePath,
        rule: Rule,
        variant: Option<Arc<str>>,
        announced: Option<u64>,
    ) -> Self {
        Self {
            finder: Arc::clone(finder),
            swept: Arc::clone(swept),
            path,
            rule,
            variant,
            announced,
            folder: None,
            draft: None,
            commands: vec![Command::Open],
            spare: Vec::new(),
            is_open: false,
            stored: Stored::default(),
            error: None,
        }
    }

    /// The name that a file will have that comes next, looked at before its content comes.
    pub(super) fn with_name(mut self, name: &[u8]) -> Self {
        self.commands.push(Command::Begin(name.into()));
        self
    }

    /// Does what is to be done. May wait for disks. After an error nothing more is done.
    pub(super) fn work(&mut self) {
        for command in mem::take(&mut self.commands) {
            if self.error.is_some() {
                return;
            }
            if let Err(error) = self.obey(command) {
                self.error = Some(error);
                // What is not whole goes.
                self.draft = None;
            }
        }
        self.is_open = true;
    }

    fn obey(&mut self, command: Command) -> Result<(), UploadError> {
        match command {
            Command::Replace => self.rule = Rule::Any,
            Command::Open => {
                let directory = self.finder.root.directory(Blocking::Allowed).ok_or(UploadError::NoFolder)??;
                let folder = Folder::open(&directory, &self.path, &self.swept)?;
                self.announced.map_or(Ok(()), |length| folder.check_room(length))?;
                self.folder = Some(Arc::new(folder));
            }
            Command::Begin(name) => {
                let folder = self.folder.as_ref().ok_or(UploadError::NoFolder)?;
                self.check(folder.look(&name)?.as_ref())?;
                self.draft = Some((Draft::new(folder)?, name));
            }
            Command::Write(mut bytes) => {
                if let Some((draft, _)) = &mut self.draft {
                    draft.write(&bytes)?;
                }
                bytes.clear();
                self.spare = bytes;
            }
            Command::Publish => {
                let Some((draft, name)) = self.draft.take() else { return Ok(()) };
                match draft.publish(&name, |existing| self.check(existing))? {
                    Named::Created => self.stored.created += 1,
                    Named::Replaced => self.stored.replaced += 1,
                }
            }
        }
        Ok(())
    }

    /// Whether a name may be given that this file has now, or nothing.
    fn check(&self, existing: Option<&Stat>) -> Result<(), UploadError> {
        let lines = match &self.rule {
            Rule::Any => return Ok(()),
            Rule::New => return existing.map_or(Ok(()), |_| Err(UploadError::Exists)),
            Rule::Conditions(lines) => Fields::parse(lines).unwrap_or_default(),
        };
        let holds = match existing {
            // Of what is not there no tag is known (RFC 9110 §13.1.1).
            None => lines.get("If-Match").is_none(),
            Some(file) => self.holds(file, lines),
        };
        if holds { Ok(()) } else { Err(UploadError::Precondition) }
    }

    fn holds(&self, file: &Stat, lines: Fields<'_>) -> bool {
        let length = u64::try_from(file.st_size).unwrap_or(0);
        let modified = time(file.st_mtime, file.st_mtime_nsec);
        let changed = time(file.st_ctime, file.st_ctime_nsec);
        let holds = |variant: &str| {
            let validators = FileValidators::new(length, Some(modified), changed, variant, SystemTime::now());
            validators.as_validators().check(Method::Put, lines) == Precondition::Holds
        };
        // Who was sent the file compressed knows the tag of that.
        match &self.variant {
            Some(variant) if lines.get("If-Match").is_some() => holds("") || holds(variant),
            Some(variant) => holds("") && holds(variant),
            None => holds(""),
        }
    }
}
