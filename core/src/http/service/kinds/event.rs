//! One server-sent event, and how it is written (WHATWG HTML §9.2.5, §9.2.6).

use core::fmt::{self, Display, Write};

use crate::http::error::{Misuse, WriteError};
use crate::time::Duration;

/// An event for [`EventSink::send_event`](crate::http::service::EventSink::send_event): data of any number of lines, and perhaps a name, an id, and
/// how long a client waits before it comes back.
///
/// ```
/// use wirenut::http::service::Event;
/// use wirenut::time::Duration;
///
/// const HELLO: Event<'static, &str> = Event::new("hello").with_name("greeting").with_retry(Duration::from_secs(2));
/// let event = Event::new(format_args!("{} degrees", 21)).with_id(&7);
/// # let _ = (HELLO, event);
/// ```
#[derive(Clone, Copy)]
pub struct Event<'e, D> {
    name: Option<&'e str>,
    id: Option<&'e dyn Display>,
    retry: Option<Duration>,
    data: D,
}

impl<'e, D> Event<'e, D> {
    /// An event of this data.
    #[must_use]
    pub const fn new(data: D) -> Self {
        Self { name: None, id: None, retry: None, data }
    }

    /// With a name: what clients listen for; `message` if there is none. One line.
    #[must_use]
    pub const fn with_name(mut self, name: &'e str) -> Self {
        self.name = Some(name);
        self
    }

    /// With an id: what a client says in `Last-Event-ID` when it comes back. One line without NUL.
    #[must_use]
    pub const fn with_id(mut self, id: &'e dyn Display) -> Self {
        self.id = Some(id);
        self
    }

    /// With the time after which a client that lost the connection comes back, in whole milliseconds.
    #[must_use]
    pub const fn with_retry(mut self, retry: Duration) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Are name and id lines?
    pub(super) fn check(&self) -> Result<(), WriteError> {
        let mut lines = OneLine;
        let is_sound = self.name.is_none_or(|name| lines.write_str(name).is_ok())
            && self.id.is_none_or(|id| write!(lines, "{id}").is_ok());
        if is_sound { Ok(()) } else { Err(WriteError::Misuse(Misuse::InvalidField)) }
    }
}

impl<D: Display> Event<'_, D> {
    pub(super) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        if let Some(name) = self.name {
            writeln!(out, "event: {name}")?;
        }
        if let Some(id) = self.id {
            writeln!(out, "id: {id}")?;
        }
        if let Some(retry) = self.retry {
            writeln!(out, "retry: {}", retry.as_millis())?;
        }
        out.write_str("data: ")?;
        write!(Data { out, is_after_return: false }, "{}", self.data)?;
        out.write_str("\n\n")
    }
}

impl<D: fmt::Debug> fmt::Debug for Event<'_, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut event = f.debug_struct("Event");
        event.field("name", &self.name).field("retry", &self.retry).field("data", &self.data);
        event.finish_non_exhaustive()
    }
}

/// Takes what is one line, without NUL.
struct OneLine;

impl Write for OneLine {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.contains(['\r', '\n', '\0']) { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Begins each line of the data with `data: `, so that no data ends an event.
struct Data<'o> {
    out: &'o mut dyn Write,
    is_after_return: bool,
}

impl Write for Data<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(['\n', '\r']) {
            let is_second_half = self.is_after_return && part == "\n";
            self.is_after_return = part.ends_with('\r');
            if is_second_half {
                continue;
            }
            let line = part.trim_end_matches(['\n', '\r']);
            self.out.write_str(line)?;
            if line.len() < part.len() {
                self.out.write_str("\ndata: ")?;
            }
        }
        Ok(())
    }
}
