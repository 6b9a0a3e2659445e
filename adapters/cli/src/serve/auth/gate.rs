//! All of it together: from the fields of a request to a user, or to no.

use alloc::sync::Arc;
use core::net::IpAddr;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::Waker;
use core::time::Duration;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Instant;

use blake2::{Blake2b256, Digest as _};
use rustix::rand::{GetRandomFlags, getrandom};
use wirenut::http::service::Responder;
use wirenut::http::{BasicCredentials, Fields};
use wirenut::time::Instant as Time;
use wirenut_server::blocking::{Bounds, Job, Pool};

use super::hash::OutOfMemory;
use super::line::{Line, Place};
use super::memory::{Digest, Memory};
use super::users::{Checked, Users, UsersError, read};
use crate::log::Name;

/// How often the gate looks whether the file of users has changed.
const LOOK: Duration = Duration::from_millis(500);

/// How old what the gate knows of the file may be when it decides. Older than [`LOOK`], so that under load no request waits for
/// a look.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// How long a request waits for a look at most. A file system that hangs does not keep out everybody.
const LOOK_PATIENCE: wirenut::time::Duration = wirenut::time::Duration::from_secs(2);

/// After how long it is looked again whether a check can begin, or whether another one has had the same outcome.
const AGAIN: wirenut::time::Duration = wirenut::time::Duration::from_millis(20);

/// How long a request waits for its check at most.
const PATIENCE: wirenut::time::Duration = wirenut::time::Duration::from_secs(20);

/// How many checks wait for a thread at most.
const WAITING: usize = 64;

/// Decides who may ask.
pub struct Gate {
    /// What options name.
    own: Users,
    file: Option<PathBuf>,
    /// What is in force.
    current: RwLock<Arc<Force>>,
    line: Arc<Line>,
    pool: Pool,
    begun: Instant,
    /// When the next look is due whether the file has changed, in milliseconds since `begun`.
    next_look: AtomicU64,
    /// When the last look began that has ended, in the same unit.
    last_look: AtomicU64,
    looking: Mutex<Option<Job<()>>>,
    /// A thread that looks, however many passwords are being checked.
    looker: Pool,
}

/// Users, and what became of their credentials.
struct Force {
    users: Users,
    /// Of the file that they were read from.
    stamp: Option<Stamp>,
    key: [u8; 32],
    memory: Mutex<Memory>,
}

/// What changes when a file does: device, number, length, and the time of its last change.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp(u64, u64, u64, i64, i64);

/// Why there is no gate.
#[derive(Debug)]
pub enum GateError {
    /// What an option names is no user.
    Option(UsersError),
    /// What the file names is no user.
    File(PathBuf, UsersError),
    /// The file cannot be read.
    Read(PathBuf, io::Error),
    /// The system gives no random bytes.
    System(io::Error),
}

/// A request that wants to be let in.
pub struct Candidate {
    user: Box<[u8]>,
    password: Box<[u8]>,
    peer: Option<IpAddr>,
    since: Time,
    place: Option<Place>,
    check: Option<Job<Checked>>,
}

/// What is decided of a request.
pub enum Verdict {
    /// It is this user's.
    Accepted(Arc<[u8]>),
    /// The user is unknown, or the password wrong: 401.
    Refused,
    /// Not yet: ask again when woken, or at this time.
    Wait(Option<Time>),
    /// Too many wait, or there is no memory for the check: 503.
    Overloaded,
}

impl Gate {
    /// A gate for these users (`USER:HASH`), and those in a file, which is read again whenever it has changed.
    ///
    /// # Errors
    /// A hash is malformed, the file cannot be read, or see [`GateError`].
    pub fn new(pairs: &[String], file: Option<PathBuf>) -> Result<Self, GateError> {
        let mut own = Users::default();
        pairs.iter().try_for_each(|pair| own.add_pair(pair)).map_err(GateError::Option)?;
        let force = Force::new(&own, file.as_ref())?;
        let threads = thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        let threads = NonZeroUsize::new(threads).unwrap_or(NonZeroUsize::MIN);
        Ok(Self {
            own,
            file,
            current: RwLock::new(Arc::new(force)),
            line: Arc::default(),
            pool: Pool::new(Bounds { threads, waiting: WAITING, ..Bounds::DEFAULT }),
            begun: Instant::now(),
            next_look: AtomicU64::new(0),
            last_look: AtomicU64::new(0),
            looking: Mutex::new(None),
            looker: Pool::new(Bounds { threads: NonZeroUsize::MIN, waiting: 1, ..Bounds::DEFAULT }),
        })
    }

    /// The candidate of a request. `None`: it has no credentials that could be right.
    #[must_use]
    pub fn candidate(fields: Fields<'_>, responder: &Responder<'_>) -> Option<Box<Candidate>> {
        let mut values = fields.into_iter().filter(|field| field.name.eq_ignore_ascii_case(b"Authorization"));
        let (Some(field), None) = (values.next(), values.next()) else { return None };
        let mut room = vec![0; field.value.len()];
        let credentials = BasicCredentials::parse(field.value, &mut room).ok()?;
        Some(Box::new(Candidate {
            user: credentials.user.into(),
            password: credentials.password.into(),
            peer: responder.peer().map(|peer| peer.ip()),
            since: responder.now(),
            place: None,
            check: None,
        }))
    }

    /// Decides. It never blocks.
    pub fn decide(self: &Arc<Self>, candidate: &mut Candidate, responder: &Responder<'_>) -> Verdict {
        if let Some(check) = &mut candidate.check {
            match check.take() {
                None => return Verdict::Wait(None),
                Some(Ok(Ok(outcome))) => return outcome.map_or(Verdict::Refused, Verdict::Accepted),
                Some(Ok(Err(OutOfMemory)) | Err(_)) => return Verdict::Overloaded,
            }
        }
        let is_known = self.look(&responder.waker());
        if !is_known && responder.now() < candidate.since.saturating_add(LOOK_PATIENCE) {
            return Verdict::Wait(Some(responder.now().saturating_add(AGAIN)));
        }
        let force = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let digest = force.digest(candidate);
        match force.memory().recall(&digest, Instant::now()) {
            Some(Some(user)) => return Verdict::Accepted(user),
            Some(None) => return Verdict::Refused,
            None => {}
        }
        if candidate.place.is_none() {
            candidate.place = self.line.wait(candidate.peer);
        }
        let now = responder.now();
        if candidate.place.is_none() || candidate.since.saturating_add(PATIENCE) < now {
            return Verdict::Overloaded;
        }
        let again = Verdict::Wait(Some(now.saturating_add(AGAIN)));
        let Some(turn) = self.line.begin(candidate.peer, Instant::now()) else { return again };
        let (user, password) = (candidate.user.clone(), candidate.password.clone());
        let check = move || {
            // Without memory nothing is known, so nothing is remembered, and nobody has guessed.
            let outcome = force
                .users
                .verify(&user, &password, force.choice(&user))
                .inspect_err(|error| log::warn!("cannot check a password: {error}"))?;
            force.memory().remember(digest, outcome.as_ref(), Instant::now());
            // Also where nobody waits any more: so hanging up does not give a client another one at the same time.
            if outcome.is_none() {
                turn.fail(Instant::now());
            }
            Ok(outcome)
        };
        match self.pool.spawn(&responder.waker(), check) {
            Ok(check) => candidate.check = Some(check),
            Err(_) => return again,
        }
        Verdict::Wait(None)
    }

    /// Looks at the file if that is due, on a thread that wakes `waker` at the end. False: the last look is too long ago, as
    /// after a pause without requests. Somebody who was removed meanwhile must not be let in once more.
    fn look(self: &Arc<Self>, waker: &Waker) -> bool {
        if self.file.is_none() {
            return true;
        }
        let now = self.now();
        let due = self.next_look.load(Ordering::Relaxed);
        let next = now.saturating_add(LOOK.as_millis() as u64);
        let is_mine =
            due <= now && self.next_look.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if is_mine && let Ok(mut looking) = self.looking.try_lock() {
            let gate = Arc::clone(self);
            let look = move || {
                gate.reload();
                gate.last_look.store(now, Ordering::Release);
            };
            *looking = self.looker.spawn(waker, look).ok();
        }
        now.saturating_sub(self.last_look.load(Ordering::Acquire)) < KNOWN_FOR.as_millis() as u64
    }

    /// The time since the gate began, in milliseconds.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Takes the users of the file if it has changed. Where it cannot be read, those that were known stay.
    fn reload(&self) {
        let Some(path) = &self.file else { return };
        let known = Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner));
        let stamp = Stamp::of(path);
        if stamp == known.stamp {
            return;
        }
        let force = match Force::new(&self.own, Some(path)) {
            Ok(force) => {
                log::info!("'{}' was read again", Name::of(path));
                force
            }
            Err(error) => {
                log::error!("{error}; the users that were known before stay");
                // Not to be told again before it changes once more.
                Force { stamp, users: known.users.clone(), key: known.key, memory: Mutex::default() }
            }
        };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(force);
    }
}

impl Force {
    fn new(own: &Users, file: Option<&PathBuf>) -> Result<Self, GateError> {
        let mut users = own.clone();
        // Before it is read: what changes meanwhile is read again.
        let stamp = file.and_then(Stamp::of);
        if let Some(path) = file {
            let text = read(path).map_err(|error| GateError::Read(path.clone(), error))?;
            users.add_lines(&text).map_err(|error| GateError::File(path.clone(), error))?;
        }
        let mut key = [0; 32];
        getrandom(&mut key, GetRandomFlags::empty()).map_err(|error| GateError::System(error.into()))?;
        Ok(Self { users, stamp, key, memory: Mutex::default() })
    }

    fn memory(&self) -> std::sync::MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A user has no colon in it, so that no two pairs are the same bytes.
    fn digest(&self, candidate: &Candidate) -> Digest {
        let hash = Blake2b256::new_with_prefix(self.key);
        hash.chain_update(&candidate.user).chain_update(b":").chain_update(&candidate.password).finalize().into()
    }

    /// Depends on the name alone, and nobody can foresee it.
    fn choice(&self, user: &[u8]) -> u64 {
        let digest: Digest = Blake2b256::new_with_prefix(self.key).chain_update(user).finalize().into();
        digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

impl Stamp {
    fn of(path: &PathBuf) -> Option<Self> {
        // A pipe gives its content once. Nobody writes to it again, and to open it would wait for that.
        let status = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some(Self(status.dev(), status.ino(), status.len(), status.ctime(), status.ctime_nsec()))
    }
}

impl core::fmt::Display for GateError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Option(error) => write!(f, "cannot use --auth: {error}"),
            Self::File(path, error) => write!(f, "cannot use '{}' for --auth-file: {error}", Name::of(path)),
            Self::Read(path, error) => write!(f, "cannot read '{}' for --auth-file: {error}", Name::of(path)),
            Self::System(error) => write!(f, "cannot begin to check passwords: {error}"),
        }
    }
}

impl core::error::Error for GateError {}

impl core::fmt::Debug for Gate {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Gate").field("file", &self.file).finish_non_exhaustive()
    }
}
