//! Who has which hash.

use alloc::sync::Arc;
use core::error::Error;
use core::fmt;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::hash::{HashError, OutOfMemory, PasswordHash};

/// The longest file of users, in bytes: some ten thousand of them.
const LONGEST_FILE: u64 = 1 << 20;

/// What a check has found: the user, if the password is right.
pub(super) type Checked = Result<Option<Arc<[u8]>>, OutOfMemory>;

/// Users and the hashes of their passwords.
///
/// ```
/// use wirenut_cli::serve::auth::Users;
/// let hash = "$2y$04$abcdefghijklmnopqrstuu5s2v8.iXieOjg.M6a9g7OsAR4vkHlpy";
/// let mut users = Users::default();
/// users.add_lines(&format!("# who may see this\nann:{hash}\nbob:{hash}\n"))?;
/// assert!(users.add("eve", "secret").is_err());
/// # Ok::<(), wirenut_cli::serve::auth::UsersError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Users {
    hashes: HashMap<Arc<[u8]>, PasswordHash>,
    /// In the order in which they came.
    names: Vec<Arc<[u8]>>,
}

impl Users {
    /// Adds a user as an option names one: `USER:HASH`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn add_pair(&mut self, pair: &str) -> Result<(), UsersError> {
        let (name, hash) = pair.split_once(':').ok_or(UsersError::new(UserError::NoColon))?;
        self.add(name, hash)
    }

    /// Adds a user.
    ///
    /// # Errors
    /// What is wrong with the name or the hash.
    pub fn add(&mut self, name: &str, hash: &str) -> Result<(), UsersError> {
        let error = |error| Err(UsersError::new(error));
        if name.is_empty() || name.contains(|sign: char| sign == ':' || sign.is_control()) {
            return error(UserError::Name);
        }
        let hash = hash.parse().map_err(|error| UsersError::new(UserError::Hash(error)))?;
        let name: Arc<[u8]> = name.as_bytes().into();
        if self.hashes.insert(Arc::clone(&name), hash).is_some() {
            return error(UserError::Twice);
        }
        self.names.push(name);
        Ok(())
    }

    /// Adds those of a file, as htpasswd(1) writes it: one in each line; empty lines and those that begin with `#` are
    /// skipped.
    ///
    /// # Errors
    /// What is wrong with the first line that is, and its number.
    pub fn add_lines(&mut self, text: &str) -> Result<(), UsersError> {
        for (line, number) in text.lines().zip(1..) {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                self.add_pair(line).map_err(|error| UsersError { line: Some(number), ..error })?;
            }
        }
        Ok(())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether this user has this password, and the user's name. For a user that there is not, it takes as long as for one
    /// that there is: `choice`, which depends on the name alone, says for which.
    ///
    /// # Errors
    /// There is no memory for the check, as it may be for users that there are not, too.
    pub fn verify(&self, name: &[u8], password: &[u8], choice: u64) -> Result<Option<Arc<[u8]>>, OutOfMemory> {
        if let Some((name, hash)) = self.hashes.get_key_value(name) {
            return Ok(hash.verify(password)?.then(|| Arc::clone(name)));
        }
        let place = usize::try_from(choice % self.names.len().max(1) as u64).unwrap_or(0);
        if let Some(hash) = self.names.get(place).and_then(|name| self.hashes.get(name)) {
            hash.verify(password)?;
        }
        Ok(None)
    }
}

/// Reads a file of users.
///
/// # Errors
/// The system does not give it, it is longer than 1 MiB, or it is no UTF-8.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(path)?.take(LONGEST_FILE + 1).read_to_string(&mut text)?;
    if length as u64 > LONGEST_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is longer than 1 MiB"));
    }
    Ok(text)
}

/// Why a user was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsersError {
    /// The number of the line, from 1, in a file.
    pub line: Option<u32>,
    /// What is wrong there.
    pub error: UserError,
}

impl UsersError {
    const fn new(error: UserError) -> Self {
        Self { line: None, error }
    }
}

/// What is wrong with a user. It does not quote what was given: that may be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UserError {
    /// There is no colon behind the name.
    NoColon,
    /// The name is empty, or holds a control character.
    Name,
    /// There are two of this name.
    Twice,
    /// There is no hash behind the colon.
    Hash(HashError),
}

impl fmt::Display for UsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match self.error {
            UserError::NoColon => f.write_str("expected USER:HASH"),
            UserError::Name => f.write_str("the name of the user is empty or has a control character in it"),
            UserError::Twice => f.write_str("there is another user of the same name"),
            UserError::Hash(error) => error.fmt(f),
        }
    }
}

impl Error for UsersError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(password: &str) -> String {
        bcrypt::hash_with_salt(password, 4, *b"0123456789abcdef").unwrap().to_string()
    }

    #[test]
    fn files_have_a_user_in_each_line() {
        let mut users = Users::default();
        users.add_lines(&format!("\n# all\r\nann:{}\r\n  \n\u{fc}:{}", hash("a"), hash("b"))).unwrap();
        let verify =
            |name: &str, password: &str| users.verify(name.as_bytes(), password.as_bytes(), 7).unwrap().is_some();
        assert!(verify("ann", "a") && verify("\u{fc}", "b"));
        assert!(!verify("ann", "b") && !verify("Ann", "a") && !verify("", "") && !verify("all", "a"));
        assert_eq!(Users::default().verify(b"ann", b"a", 7), Ok(None));
    }

    #[test]
    fn mistakes_are_told_with_their_line() {
        let good = format!("ann:{}", hash("a"));
        for (text, line, error) in [
            ("ann".into(), 1, UserError::NoColon),
            (format!("{good}\n\nbob"), 3, UserError::NoColon),
            (format!("{good}\n:{}", hash("a")), 2, UserError::Name),
            (format!("a\tb:{}", hash("a")), 1, UserError::Name),
            (format!("{good}\n{good}"), 2, UserError::Twice),
            ("ann:secret".into(), 1, UserError::Hash(HashError::NoHash)),
            ("ann:".into(), 1, UserError::Hash(HashError::NoHash)),
        ] {
            let told = Users::default().add_lines(&text).unwrap_err();
            assert_eq!(told, UsersError { line: Some(line), error }, "{text}");
            assert!(!told.to_string().contains("secret"));
        }
    }
}
