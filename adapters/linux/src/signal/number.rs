//! Signals by name and number: signal(7).

use core::fmt;
use core::str::FromStr;

/// A signal of this system: a number that it knows, with the name that signal(7) gives it.
///
/// ```
/// use wirenut_linux::signal::Signal;
/// let signal: Signal = "TERM".parse()?;
/// assert_eq!((signal, signal.number()), (Signal::SIGTERM, 15));
/// assert_eq!(signal.to_string(), "SIGTERM");
/// assert_eq!("RTMIN+3".parse(), Ok(Signal::real_time(3).unwrap()));
/// # Ok::<(), wirenut_linux::signal::UnknownSignal>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

/// What a signal does to a process that neither ignores nor handles it: the dispositions of signal(7).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DefaultAction {
    /// The process ends.
    Terminate,
    /// The process ends and leaves a core dump, where core(5) has it so.
    Core,
    /// Nothing happens.
    Ignore,
    /// The process stops.
    Stop,
    /// The process goes on, if it was stopped.
    Continue,
}

use DefaultAction::{Continue, Core, Ignore, Stop, Terminate};

/// Defines the constants and the table of all standard signals from one list.
macro_rules! standard {
    ($($name:ident $action:ident $doc:literal;)*) => {
        /// The standard signals. Their numbers are those of the machine that the program is built for.
        impl Signal {
            $(#[doc = $doc] pub const $name: Self = Self(libc::$name as u8);)*
        }

        const STANDARD: &[(Signal, &str, DefaultAction)] = &[$((Signal::$name, stringify!($name), $action),)*];
    };
}

standard! {
    SIGHUP Terminate "The terminal is gone; by custom: read the configuration anew.";
    SIGINT Terminate "The terminal's interrupt key, Ctrl-C.";
    SIGQUIT Core "The terminal's quit key, Ctrl-\\.";
    SIGILL Core "An instruction that there is not.";
    SIGTRAP Core "A breakpoint.";
    SIGABRT Core "abort(3). Also called SIGIOT.";
    SIGBUS Core "A bad memory access, such as beyond the end of a mapped file.";
    SIGFPE Core "An arithmetic error.";
    SIGKILL Terminate "Ends the process, whatever it says.";
    SIGUSR1 Terminate "For what programs agree on.";
    SIGSEGV Core "An address that is not the process's.";
    SIGUSR2 Terminate "For what programs agree on, another one.";
    SIGPIPE Terminate "A pipe or socket that nobody reads. A Rust program ignores it from its beginning.";
    SIGALRM Terminate "alarm(2), and the interval timer of real time.";
    SIGTERM Terminate "Asks the process to end.";
    SIGSTKFLT Terminate "Unused.";
    SIGCHLD Ignore "A child has ended or stopped. Also called SIGCLD.";
    SIGCONT Continue "Goes on after a stop.";
    SIGSTOP Stop "Stops the process, whatever it says.";
    SIGTSTP Stop "The terminal's stop key, Ctrl-Z.";
    SIGTTIN Stop "A background process reads from the terminal.";
    SIGTTOU Stop "A background process writes to the terminal.";
    SIGURG Ignore "A socket has urgent data.";
    SIGXCPU Core "The limit of processor time is passed: setrlimit(2).";
    SIGXFSZ Core "The limit of a file's size is passed: setrlimit(2).";
    SIGVTALRM Terminate "The interval timer of the process's own time.";
    SIGPROF Terminate "The interval timer of the process's and the kernel's time for it.";
    SIGWINCH Ignore "The terminal has another size.";
    SIGIO Terminate "A descriptor is ready: O_ASYNC of open(2). Also called SIGPOLL.";
    SIGPWR Terminate "The power fails.";
    SIGSYS Core "A system call that is not allowed: seccomp(2).";
}

/// Other names of the same: signal(7).
const SYNONYMS: [(&str, Signal); 4] =
    [("IOT", Signal::SIGABRT), ("CLD", Signal::SIGCHLD), ("POLL", Signal::SIGIO), ("UNUSED", Signal::SIGSYS)];

impl Signal {
    /// The signal of that number; `None` where the system has none, as for 0.
    ///
    /// Between the standard and the real-time signals lie a few (32 and 33 with glibc) that libc keeps for itself. They are
    /// signals too, since a process can die of one, but [cannot be caught](Self::can_be_caught).
    ///
    /// ```
    /// use wirenut_linux::signal::Signal;
    /// assert_eq!(Signal::from_number(9), Some(Signal::SIGKILL));
    /// assert_eq!((Signal::from_number(0), Signal::from_number(1_000)), (None, None));
    /// ```
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        let is_there = (1..=libc::SIGRTMAX()).contains(&number);
        u8::try_from(number).ok().filter(|_| is_there).map(Self)
    }

    /// The real-time signal SIGRTMIN+`offset`, as libc counts them; `None` beyond SIGRTMAX. There are at least 8, and 31 with
    /// glibc. They queue, where several standard signals of a number that wait are one.
    ///
    /// ```
    /// use wirenut_linux::signal::Signal;
    /// assert_eq!(Signal::real_time(0).unwrap().to_string(), "SIGRTMIN");
    /// assert_eq!(Signal::real_time(200), None);
    /// ```
    #[must_use]
    pub fn real_time(offset: u8) -> Option<Self> {
        Self::from_number(libc::SIGRTMIN() + i32::from(offset))
    }

    /// All signals of the system, by number.
    ///
    /// ```
    /// use wirenut_linux::signal::{DefaultAction, Signal};
    /// let stop: Vec<_> = Signal::all().filter(|signal| signal.default_action() == DefaultAction::Stop).collect();
    /// assert_eq!(stop, [Signal::SIGSTOP, Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU]);
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        (1..=libc::SIGRTMAX()).filter_map(Self::from_number)
    }

    /// Its number, as kill(1) takes it.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0 as i32
    }

    /// Whether it is one of those that queue: see [`Self::real_time`].
    #[must_use]
    pub fn is_real_time(self) -> bool {
        self.number() >= libc::SIGRTMIN()
    }

    /// What it does to a process that has said nothing about it.
    #[must_use]
    pub fn default_action(self) -> DefaultAction {
        self.standard().map_or(Terminate, |(_, _, action)| *action)
    }

    /// Whether a process may handle, ignore or block it: all but SIGKILL, SIGSTOP and what libc keeps for itself.
    ///
    /// ```
    /// use wirenut_linux::signal::Signal;
    /// assert!(Signal::SIGTERM.can_be_caught());
    /// assert!(!Signal::SIGKILL.can_be_caught());
    /// ```
    #[must_use]
    pub fn can_be_caught(self) -> bool {
        match self {
            Self::SIGKILL | Self::SIGSTOP => false,
            _ => self.is_real_time() || self.standard().is_some(),
        }
    }

    fn standard(self) -> Option<&'static (Self, &'static str, DefaultAction)> {
        STANDARD.iter().find(|(signal, ..)| *signal == self)
    }
}

/// `SIGTERM`, `SIGRTMIN+3`; `SIG32` for one that libc keeps for itself.
impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((_, name, _)) = self.standard() {
            return f.pad(name);
        }
        let name = match self.number() - libc::SIGRTMIN() {
            0 => "SIGRTMIN".to_owned(),
            offset @ 1.. => format!("SIGRTMIN+{offset}"),
            _ => format!("SIG{}", self.0),
        };
        f.pad(&name)
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Takes what kill(1) takes: a name with or without `SIG`, in any case, `RTMIN+n` and `RTMAX-n`, a number.
///
/// ```
/// use wirenut_linux::signal::{Signal, UnknownSignal};
/// for text in ["TERM", "SIGTERM", "sigterm", "15"] {
///     assert_eq!(text.parse(), Ok(Signal::SIGTERM));
/// }
/// assert_eq!("SIGNAL".parse::<Signal>(), Err(UnknownSignal));
/// ```
impl FromStr for Signal {
    type Err = UnknownSignal;

    fn from_str(text: &str) -> Result<Self, UnknownSignal> {
        let name = without_prefix(text, "SIG").unwrap_or(text);
        let is_name = |(_, full, _): &&(Self, &str, _)| full["SIG".len()..].eq_ignore_ascii_case(name);
        if let Some((signal, ..)) = STANDARD.iter().find(is_name) {
            return Ok(*signal);
        }
        if let Some((_, signal)) = SYNONYMS.iter().find(|(synonym, _)| synonym.eq_ignore_ascii_case(name)) {
            return Ok(*signal);
        }
        let number = if let Some(offset) = without_prefix(name, "RTMIN") {
            offset_from(offset, b'+').map(|offset| libc::SIGRTMIN() + offset)
        } else if let Some(offset) = without_prefix(name, "RTMAX") {
            let number = offset_from(offset, b'-').map(|offset| libc::SIGRTMAX() - offset);
            number.filter(|number| *number >= libc::SIGRTMIN())
        } else {
            digits(name.as_bytes())
        };
        number.and_then(Self::from_number).ok_or(UnknownSignal)
    }
}

/// The text is no signal's name or number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct UnknownSignal;

impl fmt::Display for UnknownSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no such signal: want a name such as TERM or RTMIN+1, or a number")
    }
}

impl core::error::Error for UnknownSignal {}

fn without_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Nothing is an offset of zero.
fn offset_from(text: &str, sign: u8) -> Option<i32> {
    match text.as_bytes() {
        [] => Some(0),
        [first, rest @ ..] if *first == sign => digits(rest),
        _ => None,
    }
}

/// At most three, and nothing else: the parser of the standard library takes a sign.
fn digits(bytes: &[u8]) -> Option<i32> {
    let is_number = (1..=3).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_digit);
    is_number.then(|| bytes.iter().fold(0, |number, digit| number * 10 + i32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_those_of_signal_7() {
        #[rustfmt::skip]
        const TABLE: [(&str, i32, DefaultAction); 31] = [
            ("HUP", 1, Terminate), ("INT", 2, Terminate), ("QUIT", 3, Core), ("ILL", 4, Core), ("TRAP", 5, Core),
            ("ABRT", 6, Core), ("BUS", 7, Core), ("FPE", 8, Core), ("KILL", 9, Terminate), ("USR1", 10, Terminate),
            ("SEGV", 11, Core), ("USR2", 12, Terminate), ("PIPE", 13, Terminate), ("ALRM", 14, Terminate),
            ("TERM", 15, Terminate), ("STKFLT", 16, Terminate), ("CHLD", 17, Ignore), ("CONT", 18, Continue),
            ("STOP", 19, Stop), ("TSTP", 20, Stop), ("TTIN", 21, Stop), ("TTOU", 22, Stop), ("URG", 23, Ignore),
            ("XCPU", 24, Core), ("XFSZ", 25, Core), ("VTALRM", 26, Terminate), ("PROF", 27, Terminate),
            ("WINCH", 28, Ignore), ("IO", 29, Terminate), ("PWR", 30, Terminate), ("SYS", 31, Core),
        ];
        for (name, number, action) in TABLE {
            let signal: Signal = name.parse().unwrap();
            // mips and others count otherwise.
            if cfg!(any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")) {
                assert_eq!(signal.number(), number, "{name}");
            }
            assert_eq!(signal.default_action(), action, "{name}");
            assert_eq!(signal.to_string(), format!("SIG{name}"));
            assert_eq!(signal.can_be_caught(), !["KILL", "STOP"].contains(&name), "{name}");
        }
        assert_eq!(STANDARD.len(), TABLE.len());
    }

    #[test]
    fn each_signal_is_read_as_it_is_written() {
        for signal in Signal::all() {
            assert_eq!(Signal::from_number(signal.number()), Some(signal));
            for text in [signal.to_string(), signal.to_string().to_lowercase(), signal.number().to_string()] {
                assert_eq!(text.parse(), Ok(signal), "{text}");
            }
            let short = signal.to_string()["SIG".len()..].to_owned();
            assert_eq!(short.parse(), Ok(signal), "{short}");
        }
        assert_eq!(Signal::all().count(), usize::try_from(libc::SIGRTMAX()).unwrap());
    }

    #[test]
    fn real_time_signals_count_from_either_end() {
        let (first, last) = (libc::SIGRTMIN(), libc::SIGRTMAX());
        for (text, number) in [
            ("RTMIN", first),
            ("SIGRTMIN+0", first),
            ("rtmin+3", first + 3),
            ("RTMAX", last),
            ("SIGRTMAX-0", last),
            ("RTMAX-1", last - 1),
        ] {
            assert_eq!(text.parse::<Signal>().map(Signal::number), Ok(number), "{text}");
        }
        let all: Vec<_> = (0..=u8::MAX).map_while(Signal::real_time).collect();
        assert_eq!(all.len(), usize::try_from(last - first + 1).unwrap());
        assert!(all.iter().all(|signal| signal.is_real_time() && signal.can_be_caught()));
    }

    #[test]
    fn what_libc_keeps_is_a_signal_that_cannot_be_caught() {
        for number in 32..libc::SIGRTMIN() {
            let signal = Signal::from_number(number).unwrap();
            assert!(!signal.can_be_caught() && !signal.is_real_time());
            assert_eq!(signal.to_string(), format!("SIG{number}"));
        }
    }

    #[test]
    fn what_is_no_signal_is_refused() {
        const TEXTS: &str = "/SIG/0/-1/+15/ 15/15 /65/128/1000/4294967297/1e1/TER/TERMS/SIGSIGTERM/ŠIGTERM/SIŠ\
            /RTMIN-1/RTMIN+/RTMIN+31/RTMIN++1/RTMIN+999/RTMIN 1/RTMAX+1/RTMAX-/RTMAX-31";
        for text in TEXTS.split('/') {
            assert_eq!(text.parse::<Signal>(), Err(UnknownSignal), "{text}");
        }
        for number in [0, -1, 65, 256 + 15, i32::MIN, i32::MAX] {
            assert_eq!(Signal::from_number(number), None, "{number}");
        }
    }

    #[test]
    fn synonyms_are_read() {
        for (text, signal) in
            [("IOT", Signal::SIGABRT), ("SIGCLD", Signal::SIGCHLD), ("poll", Signal::SIGIO), ("UNUSED", Signal::SIGSYS)]
        {
            assert_eq!(text.parse(), Ok(signal));
        }
    }
}
