//! The command line of who may ask.

use std::path::PathBuf;

use clap::Args;

use super::gate::{Gate, GateError};

/// Who may ask.
#[derive(Debug, Args)]
#[command(next_help_heading = "Users")]
pub struct AuthOptions {
    /// Answer this user only, who gives a password (HTTP's scheme Basic); may be given again for more users. The hash is
    /// what 'wirenut hash-password' (argon2) or 'htpasswd -nB USER' (bcrypt) prints. Use it with TLS, or on this machine only
    #[arg(long, value_name = "USER:HASH")]
    pub auth: Vec<String>,
    /// The same for the users in a file, with a line USER:HASH for each; it is read again within a second when it changes,
    /// unless it is a pipe
    #[arg(long, value_name = "FILE")]
    pub auth_file: Option<PathBuf>,
}

impl AuthOptions {
    /// Whether only users are answered.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.auth.is_empty() || self.auth_file.is_some()
    }

    /// Who decides, if anybody does.
    ///
    /// # Errors
    /// See [`Gate::new`].
    pub fn gate(&self) -> Result<Option<Gate>, GateError> {
        self.is_on().then(|| Gate::new(&self.auth, self.auth_file.clone())).transpose()
    }
}
