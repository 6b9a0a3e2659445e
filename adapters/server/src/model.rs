//! Who serves a connection: one line of the configuration.

use core::num::NonZeroUsize;

/// How the work of a server is spread over processes and threads: who serves a connection, and how many are served at a
/// time.
///
/// | model | who serves a connection | at a time | a handler that panics | that exits or is killed |
/// |---|---|---|---|---|
/// | [`Iterative`](Self::Iterative) | the thread that runs the server | one | costs its connection | ends the server |
/// | [`Forking`](Self::Forking) | a process made for it | `children` | costs its connection | costs its connection |
/// | [`Threading`](Self::Threading) | a thread made for it | `threads` | costs its connection | ends the server |
/// | [`PreForked`](Self::PreForked) | one of the processes made at the start | see there | costs its connection | costs those of its process, which is replaced |
/// | [`PreThreaded`](Self::PreThreaded) | one of the threads made at the start | `workers` | costs its connection | ends the server |
/// | [`Multiplexed`](Self::Multiplexed) | a thread, beside many others | [`max_connections`](crate::Config::max_connections) | costs its connection | ends the server |
///
/// What is served is the same under each: an [HTTP service](crate::Server::run), a
/// [protocol](crate::Server::run_protocol), a [handler that blocks](crate::handler) (not multiplexed), or
/// [datagrams](crate::datagram) (likewise). What must outlive a connection lies with the host: under the models that
/// fork, in [memory that processes share](wirenut_linux::sync), for each process has its own copy of all other.
///
/// # Who waits
///
/// Under the models that make a process or thread for each connection, one thread accepts. While there are as many as
/// there may be, whoever is idle for longest gives way ([`Config::evict_idle`](crate::Config::evict_idle)), or the
/// newcomer waits in the queue of the system or is refused ([`Config::when_full`](crate::Config::when_full)). Where the
/// system has no process, thread or descriptor left, one connection is refused and the others wait for a tenth of a
/// second.
///
/// # Processes
///
/// A process is forked as a copy of the program, which must have one thread then. It closes what is the acceptor's, and
/// ends with its parent, whatever ends that. SIGTERM drains it alone; SIGINT, which a terminal sends to all, it leaves
/// to its parent. Whatever else ends one is logged, with its peer where it had one, and nobody but these processes is
/// reaped. One that was made at the start is made again at once if it has lasted for five seconds; otherwise after 50
/// ms, and twice as long each time, up to ten seconds.
///
/// # One listening socket
///
/// All of them take connections from one listening socket, and the system wakes one of those that wait
/// (EPOLLEXCLUSIVE). One socket for each worker (SO_REUSEPORT) spreads connections by their addresses, also to a worker
/// that is busy or hangs; and what waits in the queue of a worker that ends is reset.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Model {
    /// One connection at a time, on this thread. A client that keeps its connection gives way, when it is idle, to one that
    /// waits.
    Iterative,
    /// A process for each connection. Refused before anybody is accepted where the program has more than one thread: see
    /// [`process`](wirenut_linux::process#threads).
    Forking {
        /// How many there are at most.
        children: NonZeroUsize,
    },
    /// A thread for each connection.
    Threading {
        /// How many there are at most.
        threads: NonZeroUsize,
    },
    /// So many processes, made at the start and replaced when they die. In each, HTTP services and protocols are
    /// multiplexed, with an equal part of [`max_connections`](crate::Config::max_connections); handlers that block serve one
    /// connection at a time. Refused once the program has more than one thread.
    PreForked {
        /// How many there are.
        workers: NonZeroUsize,
    },
    /// So many threads, made at the start, each of which serves one connection at a time.
    PreThreaded {
        /// How many there are.
        workers: NonZeroUsize,
    },
    /// So many threads, each of which serves many connections at a time. Not for handlers that block.
    Multiplexed {
        /// How many there are, the one that runs the server among them. Usually one for each core.
        workers: NonZeroUsize,
    },
}

impl Model {
    /// One thread that serves all connections.
    pub const DEFAULT: Self = Self::Multiplexed { workers: NonZeroUsize::MIN };

    /// Its name, as the `wirenut` command takes it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Iterative => "iterative",
            Self::Forking { .. } => "forking",
            Self::Threading { .. } => "threading",
            Self::PreForked { .. } => "pre-forked",
            Self::PreThreaded { .. } => "pre-threaded",
            Self::Multiplexed { .. } => "multiplexed",
        }
    }

    /// The model of that [name](Self::name), with so many processes or threads where it has any. None: no model is
    /// called so.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use wirenut_server::Model;
    /// let four = NonZeroUsize::new(4).unwrap();
    /// assert_eq!(Model::by_name("forking", four), Some(Model::Forking { children: four }));
    /// assert_eq!(Model::by_name("telepathic", four), None);
    /// assert!(Model::NAMES.iter().all(|name| Model::by_name(name, four).unwrap().name() == *name));
    /// ```
    #[must_use]
    pub fn by_name(name: &str, count: NonZeroUsize) -> Option<Self> {
        Some(match name {
            "iterative" => Self::Iterative,
            "forking" => Self::Forking { children: count },
            "threading" => Self::Threading { threads: count },
            "pre-forked" => Self::PreForked { workers: count },
            "pre-threaded" => Self::PreThreaded { workers: count },
            "multiplexed" => Self::Multiplexed { workers: count },
            _ => return None,
        })
    }

    /// The names of all models.
    pub const NAMES: [&'static str; 6] =
        ["iterative", "forking", "threading", "pre-forked", "pre-threaded", "multiplexed"];

    /// How many threads or processes there are at most, that of the server itself not counted.
    pub(crate) const fn flows(&self) -> usize {
        match self {
            Self::Iterative => 0,
            Self::Forking { children: count }
            | Self::Threading { threads: count }
            | Self::PreForked { workers: count }
            | Self::PreThreaded { workers: count }
            | Self::Multiplexed { workers: count } => count.get(),
        }
    }
}
