//! Which fields somebody will ask for: so that a head may be larger than the buffer that it is received in.

/// The fields of a head, or of a trailer section, that are kept; all others are validated, counted and dropped.
///
/// Named in [`Limits::field_filter`](crate::http::Limits::field_filter). The same fields are seen, and the same messages are refused at
/// the same byte, whether a head comes whole or byte by byte, and however little room there is for what comes. What the
/// connection itself needs (Connection, Content-Length, Expect, Host, Transfer-Encoding, Upgrade) it takes from the
/// bytes as they come; name them only if somebody asks for them.
///
/// ```
/// use wirenut::http::{Context, ServerEvent, FieldFilter, Limits, ServerConnection};
/// # use wirenut::time::Instant;
/// const LIMITS: Limits = Limits { field_filter: Some(&FieldFilter { names: &["Accept"], bytes: 100 }), ..Limits::DEFAULT };
/// let mut store = [0; LIMITS.store_bytes()];
/// # let cx = Context { now: Instant::START, limits: &LIMITS, date: None };
/// let mut connection = ServerConnection::new(&cx);
/// let head = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n";
/// let Ok((_, ServerEvent::Head(head))) = connection.receive(&cx, head, &mut store) else { panic!() };
/// assert_eq!((head.fields.get("accept"), head.fields.get("user-agent")), (Some(&b"*/*"[..]), None));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldFilter {
    /// The names, without regard to case.
    pub names: &'static [&'static str],
    /// Bytes of the first line and of the lines that are kept, line ends included: what a store has to hold. A longer
    /// request line is answered 414 (in its method 501), more in kept fields 431.
    pub bytes: u32,
}

impl FieldFilter {
    /// Is this one of those that are kept?
    pub(crate) fn keeps(&self, name: &[u8]) -> bool {
        self.names.iter().any(|kept| kept.as_bytes().eq_ignore_ascii_case(name))
    }

    /// The length of the longest name.
    pub(super) const fn longest_name(&self) -> usize {
        let mut longest = 0;
        let mut names = self.names;
        while let [name, rest @ ..] = names {
            if name.len() > longest {
                longest = name.len();
            }
            names = rest;
        }
        longest
    }
}
