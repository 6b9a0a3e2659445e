//! What a process does.

use core::fmt;

/// The state of a process, by the letter that ps(1) and proc(5) have for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum State {
    /// R: it is on a processor, or ready for one.
    Running,
    /// S: it waits for something, and a signal wakes it.
    Sleeping,
    /// D: it waits for something, mostly a disk, and no signal wakes it (or none but one that kills).
    UninterruptibleSleep,
    /// T: a signal has stopped it.
    Stopped,
    /// t: its tracer has stopped it.
    TracingStop,
    /// Z: it has ended, and its parent has not taken its status.
    Zombie,
    /// X: it is about to vanish.
    Dead,
    /// I: a thread of the kernel that waits for work.
    Idle,
    /// Another letter, of an older or newer system.
    Other(u8),
}

use State::{Dead, Idle, Other, Running, Sleeping, Stopped, TracingStop, UninterruptibleSleep, Zombie};

const LETTERS: [(u8, State); 8] = [
    (b'R', Running),
    (b'S', Sleeping),
    (b'D', UninterruptibleSleep),
    (b'T', Stopped),
    (b't', TracingStop),
    (b'Z', Zombie),
    (b'X', Dead),
    (b'I', Idle),
];

impl State {
    /// The state with this letter.
    ///
    /// ```
    /// use wirenut_linux::process::status::State;
    /// assert_eq!((State::from_letter(b'Z'), State::from_letter(b'P')), (State::Zombie, State::Other(b'P')));
    /// ```
    #[must_use]
    pub fn from_letter(letter: u8) -> Self {
        let known = LETTERS.iter().find(|(known, _)| *known == letter);
        known.map_or(Other(letter), |(_, state)| *state)
    }

    /// Its letter.
    ///
    /// ```
    /// use wirenut_linux::process::status::State;
    /// assert_eq!(State::TracingStop.letter(), b't');
    /// ```
    #[must_use]
    pub fn letter(self) -> u8 {
        if let Other(letter) = self {
            return letter;
        }
        LETTERS.iter().find(|(_, state)| *state == self).map_or(b'?', |(letter, _)| *letter)
    }
}

/// Its letter.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = self.letter();
        f.write_str(if letter.is_ascii_graphic() { char::from(letter) } else { '?' }.encode_utf8(&mut [0; 4]))
    }
}
