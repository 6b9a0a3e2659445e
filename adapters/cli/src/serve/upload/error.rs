//! Why nothing is stored.

use core::error::Error;
use core::fmt;
use std::io;

use rustix::io::Errno;
use wirenut::http::Status;
use wirenut::http::multipart::{BoundaryError, Rule};

use super::name::NameError;
use crate::serve::entry::OpenError;

/// Why an upload is not stored. Its `Display` is a sentence for the client, without what is the server's affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadError {
    /// The name, or that of a directory in the path, is none that a file may have here.
    Name(NameError),
    /// It asks for a directory: its target ends with a slash.
    Directory,
    /// There is no directory to put it in.
    NoFolder,
    /// Something that is no regular file has the name: a directory, a symbolic link, a device.
    NoFile,
    /// A file of this name is there, and is not to be replaced.
    Exists,
    /// A condition of the request does not hold.
    Precondition,
    /// It is a part of a file (Content-Range), which PUT does not take (RFC 9110 §14.4).
    Part,
    /// The content has a coding, which would be lost.
    Coding,
    /// Neither a length nor chunks say where the content ends.
    Length,
    /// Longer than the limit.
    TooLarge,
    /// The request is no form, or a malformed one.
    Boundary(BoundaryError),
    /// The form breaks a rule.
    Form(Rule),
    /// There is no file in the form.
    NoFiles,
    /// The form was sent by a page of another server.
    Foreign,
    /// The system does not let us write there.
    Forbidden,
    /// The disk is full, or a quota is used up.
    Full,
    /// Too many uploads at the same time, in all or of this client, or no descriptor or memory is left.
    Exhausted,
    /// The disk or the file system failed.
    Disk(io::ErrorKind),
}

impl UploadError {
    /// The status to answer with.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Name(NameError::Hidden) | Self::Foreign | Self::Forbidden => Status::FORBIDDEN,
            Self::Name(_) | Self::Part | Self::NoFiles => Status::BAD_REQUEST,
            Self::Directory | Self::NoFolder | Self::NoFile | Self::Exists => Status::CONFLICT,
            Self::Precondition => Status::PRECONDITION_FAILED,
            Self::Coding | Self::Boundary(BoundaryError::NotFormData) => Status::UNSUPPORTED_MEDIA_TYPE,
            Self::Boundary(_) => Status::BAD_REQUEST,
            Self::Length => Status::LENGTH_REQUIRED,
            Self::TooLarge => Status::CONTENT_TOO_LARGE,
            Self::Form(rule) => rule.status(),
            Self::Full => Status::INSUFFICIENT_STORAGE,
            Self::Exhausted => Status::SERVICE_UNAVAILABLE,
            Self::Disk(_) => Status::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether whoever runs the server has to do something about it.
    #[must_use]
    pub const fn is_ours(self) -> bool {
        matches!(self, Self::Forbidden | Self::Full | Self::Exhausted | Self::Disk(_))
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name(error) => return write!(f, "The file cannot be stored: {error}."),
            Self::Directory => {
                "The address ends with a slash, so it is that of a directory. Put the name of the file behind it."
            }
            Self::NoFolder => "There is no directory at this address to put a file in.",
            Self::NoFile => "Something that is not a file has this name: a directory, or a link.",
            Self::Exists => "A file of this name is there already, and was not replaced.",
            Self::Precondition => {
                "A condition of the request does not hold: the file has changed, is there already, or is not there."
            }
            Self::Part => "Only whole files can be stored, not parts of them (Content-Range).",
            Self::Coding => "Only content without a Content-Encoding can be stored.",
            Self::Length => "The length of the content must be said (Content-Length).",
            Self::TooLarge => "The upload is longer than this server takes.",
            Self::Boundary(error) => return write!(f, "The form cannot be read: {error}."),
            Self::Form(rule) => return write!(f, "The form cannot be read: {rule}."),
            Self::NoFiles => "No file was chosen in the form.",
            Self::Foreign => {
                "The form that sent this is on a page of another server. Use the one on this server's page."
            }
            Self::Forbidden => "The server has no permission to write here.",
            Self::Full => "The server's disk is full, or a quota is used up.",
            Self::Exhausted => "The server has too many uploads at the moment. Please try again.",
            Self::Disk(_) => "The server could not write the file. Its log says why.",
        })
    }
}

impl Error for UploadError {}

impl From<Errno> for UploadError {
    fn from(errno: Errno) -> Self {
        match errno {
            Errno::NOENT | Errno::NOTDIR => Self::NoFolder,
            Errno::NAMETOOLONG => Self::Name(NameError::TooLong),
            Errno::EXIST | Errno::ISDIR | Errno::NOTEMPTY | Errno::LOOP => Self::NoFile,
            Errno::ACCESS | Errno::PERM | Errno::ROFS => Self::Forbidden,
            Errno::NOSPC | Errno::DQUOT => Self::Full,
            // RLIMIT_FSIZE, or more than the file system can keep in one file.
            Errno::FBIG => Self::TooLarge,
            Errno::MFILE | Errno::NFILE | Errno::NOMEM => Self::Exhausted,
            other => Self::Disk(io::Error::from(other).kind()),
        }
    }
}

impl From<io::Error> for UploadError {
    fn from(error: io::Error) -> Self {
        Errno::from_io_error(&error).map_or(Self::Disk(error.kind()), Self::from)
    }
}

/// Of the directory that a file is to be put in.
impl From<OpenError> for UploadError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::NotFound | OpenError::Outside | OpenError::Loop | OpenError::Link | OpenError::Special => {
                Self::NoFolder
            }
            OpenError::Forbidden => Self::Forbidden,
            OpenError::Exhausted => Self::Exhausted,
            OpenError::Disk(kind) => Self::Disk(kind),
        }
    }
}
