//! Hashes of passwords, as they stand in options and files.

use core::error::Error;
use core::fmt;
use core::str::FromStr;
use std::io;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use rustix::rand::{GetRandomFlags, getrandom};

/// The memory that a check may take, in KiB: 1 GiB.
const MAX_MEMORY: u32 = 1 << 20;

/// The work of a check with argon2: KiB that are written, in all passes. Some seconds.
const MAX_WORK: u64 = 1 << 22;

/// The work of a check with bcrypt: 2 to the power of this. Some seconds.
const MAX_COST: u32 = 16;

/// The hash of a password: argon2 as a string of the Password Hashing Competition (`$argon2id$v=19$m=…`), or bcrypt as
/// htpasswd(1) writes it (`$2y$12$…`).
///
/// ```
/// use wirenut_cli::serve::auth::PasswordHash;
/// let hash: PasswordHash = "$2y$04$abcdefghijklmnopqrstuu5s2v8.iXieOjg.M6a9g7OsAR4vkHlpy".parse()?;
/// assert_eq!(hash.verify(b"guess"), Ok(false));
/// assert!("secret".parse::<PasswordHash>().is_err(), "a password is no hash");
/// # Ok::<(), wirenut_cli::serve::auth::HashError>(())
/// ```
#[derive(Clone)]
pub struct PasswordHash(Kind);

#[derive(Clone)]
enum Kind {
    Argon2(Box<argon2::PasswordHash>),
    Bcrypt(Box<str>),
}

impl PasswordHash {
    /// Hashes a password by argon2id, with the memory, time and salt that OWASP recommends. Takes some 20 ms and 19 MiB.
    ///
    /// # Errors
    /// The system gives no random bytes, or no memory.
    pub fn make(password: &[u8]) -> io::Result<String> {
        let mut salt = [0; argon2::RECOMMENDED_SALT_LEN];
        getrandom(&mut salt, GetRandomFlags::empty())?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT);
        let hash = argon2.hash_password_with_salt(password, &salt).map_err(io::Error::other)?;
        Ok(hash.to_string())
    }

    /// Whether this is the hash of the password. Takes as long for one password as for another. bcrypt knows the first 72
    /// bytes of a password only.
    ///
    /// # Errors
    /// There is no memory for the check: nobody knows whether the password is right.
    pub fn verify(&self, password: &[u8]) -> Result<bool, OutOfMemory> {
        match &self.0 {
            Kind::Argon2(hash) => match Argon2::default().verify_password(password, hash.as_ref()) {
                Ok(()) => Ok(true),
                Err(argon2::password_hash::Error::OutOfMemory) => Err(OutOfMemory),
                Err(_) => Ok(false),
            },
            Kind::Bcrypt(hash) => Ok(bcrypt::verify(password, hash).unwrap_or(false)),
        }
    }
}

impl FromStr for PasswordHash {
    type Err = HashError;

    fn from_str(text: &str) -> Result<Self, HashError> {
        if text.starts_with("$argon2") {
            argon2_of(text).map(|hash| Self(Kind::Argon2(Box::new(hash))))
        } else if ["$2a$", "$2b$", "$2y$"].iter().any(|start| text.starts_with(start)) {
            let parts = bcrypt::HashParts::from_str(text).map_err(|_| HashError::Bcrypt)?;
            // `+4` is a number for the library.
            let is_number = text.as_bytes().get(4).is_some_and(u8::is_ascii_digit);
            match parts.get_cost() {
                _ if !is_number => Err(HashError::Bcrypt),
                4..=MAX_COST => Ok(Self(Kind::Bcrypt(text.into()))),
                0..4 => Err(HashError::Bcrypt),
                _ => Err(HashError::TooCostly),
            }
        } else if text.starts_with('$') || text.starts_with('{') {
            Err(HashError::Unknown)
        } else {
            Err(HashError::NoHash)
        }
    }
}

fn argon2_of(text: &str) -> Result<argon2::PasswordHash, HashError> {
    let hash = argon2::PasswordHash::new(text).map_err(|_| HashError::Argon2)?;
    let is_known = Algorithm::try_from(hash.algorithm.as_str()).is_ok()
        && hash.version.is_none_or(|version| Version::try_from(version).is_ok());
    let params = Params::try_from(&hash).map_err(|_| HashError::Argon2)?;
    if !is_known || hash.salt.is_none() || hash.hash.is_none() {
        return Err(HashError::Argon2);
    }
    let work = u64::from(params.m_cost()) * u64::from(params.t_cost());
    if params.m_cost() > MAX_MEMORY || work > MAX_WORK { Err(HashError::TooCostly) } else { Ok(hash) }
}

/// Without what would help to guess the password.
impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Argon2(_) => "PasswordHash(argon2)",
            Kind::Bcrypt(_) => "PasswordHash(bcrypt)",
        })
    }
}

/// There is no memory to check a password with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no memory is left")
    }
}

impl Error for OutOfMemory {}

/// Why a text is no hash that passwords can be checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashError {
    /// It looks like a password, or like nothing.
    NoHash,
    /// It is a hash of another kind: MD5, SHA, the crypt(3) of old.
    Unknown,
    /// It begins like a hash of argon2, and goes on otherwise.
    Argon2,
    /// It begins like a hash of bcrypt, and goes on otherwise.
    Bcrypt,
    /// A check would take seconds, or more than 1 GiB of memory: who asks with any password could stop the server.
    TooCostly,
}

impl fmt::Display for HashError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoHash => {
                "this is not the hash of a password: make one by 'wirenut hash-password USER' or 'htpasswd -nB USER'"
            }
            Self::Unknown => {
                "this kind of hash is not supported: make one by 'wirenut hash-password USER' (argon2) or 'htpasswd -nB USER' \
                 (bcrypt)"
            }
            Self::Argon2 => "the argon2 hash is malformed: is all of it there? (a shell takes '$' out of double quotes)",
            Self::Bcrypt => "the bcrypt hash is malformed: is all of it there? (a shell takes '$' out of double quotes)",
            Self::TooCostly => "to check a password against this hash would take several seconds, or more than 1 GiB of memory",
        })
    }
}

impl Error for HashError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `htpasswd -nbB -C 4 user secret`, and of `argon2 saltsalt -id -m 6 -t 1 -e` and its kin, for "secret".
    #[test]
    fn hashes_of_other_programs_are_understood() {
        let bcrypt = bcrypt::hash_with_salt("secret", 4, *b"0123456789abcdef").unwrap();
        for version in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
            let hash: PasswordHash = bcrypt.format_for_version(version).parse().unwrap();
            let verify = |password: &[u8]| hash.verify(password).unwrap();
            assert!(verify(b"secret") && !verify(b"Secret") && !verify(b""));
            assert_eq!(format!("{hash:?}"), "PasswordHash(bcrypt)");
        }
        for algorithm in [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id] {
            for version in [Version::V0x10, Version::V0x13] {
                let argon2 = Argon2::new(algorithm, version, Params::new(64, 1, 1, None).unwrap());
                let text = argon2.hash_password_with_salt(b"secret", b"saltsalt").unwrap().to_string();
                let hash: PasswordHash = text.parse().unwrap();
                assert_eq!(
                    [b"secret", &b"secret "[..]].map(|password| hash.verify(password)),
                    [Ok(true), Ok(false)],
                    "{text}"
                );
            }
        }
        let made = PasswordHash::make("geheim \u{fc}".as_bytes()).unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
        assert_eq!(made.parse::<PasswordHash>().unwrap().verify("geheim \u{fc}".as_bytes()), Ok(true));
    }

    #[test]
    fn what_is_no_hash_is_refused_with_the_reason() {
        let bcrypt = bcrypt::hash_with_salt("x", 4, [0; 16]).unwrap().to_string();
        for (text, expected) in [
            ("", HashError::NoHash),
            ("secret", HashError::NoHash),
            ("$apr1$abc$def", HashError::Unknown),
            ("$6$rounds=5000$salt$hash", HashError::Unknown),
            ("{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", HashError::Unknown),
            ("$2x$04$abcdefghijklmnopqrstuu5s2v8.iXieOjg.M6a9g7OsAR4vkHlpy", HashError::Unknown),
            (&bcrypt[..59], HashError::Bcrypt),
            (&format!("{bcrypt}="), HashError::Bcrypt),
            (&bcrypt.replacen("$04$", "$03$", 1), HashError::Bcrypt),
            (&bcrypt.replacen("$04$", "$31$", 1), HashError::TooCostly),
            (&bcrypt.replacen("$04$", "$+4$", 1), HashError::Bcrypt),
            ("$argon2id", HashError::Argon2),
            ("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ", HashError::Argon2),
            ("$argon2xx$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$W6ph5Mm5Pz8GgiULbPgzGw", HashError::Argon2),
            ("$argon2id$v=20$m=64,t=1,p=1$c2FsdHNhbHQ$W6ph5Mm5Pz8GgiULbPgzGw", HashError::Argon2),
            ("$argon2id$v=19$m=64,t=1,p=0$c2FsdHNhbHQ$W6ph5Mm5Pz8GgiULbPgzGw", HashError::Argon2),
            ("$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$W6ph5Mm5Pz8GgiULbPgzGw", HashError::TooCostly),
            ("$argon2id$v=19$m=64,t=4294967295,p=1$c2FsdHNhbHQ$W6ph5Mm5Pz8GgiULbPgzGw", HashError::TooCostly),
        ] {
            assert_eq!(text.parse::<PasswordHash>().map(|_| ()), Err(expected), "{text}");
        }
    }
}
