//! Why others read something else: the tables. They speak of hyper 1.12, h11 0.16 and node 24 (llhttp 9.4).

use wirenut::http::{Method, Rule};

use super::reading::{Difference, Reading, Step};

/// Who reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Peer {
    Hyper,
    H11,
    Node,
}

use Peer::{H11, Hyper, Node};

/// A stream in which our reading and a peer's part.
pub(crate) struct Parting<'a> {
    pub(crate) stream: &'a [u8],
    pub(crate) ours: &'a Reading<Rule>,
    pub(crate) theirs: &'a Reading<String>,
    /// At this step.
    pub(crate) at: usize,
    pub(crate) difference: &'a Difference<Rule>,
}

impl Parting<'_> {
    /// Is any of these in the stream?
    fn holds_any(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.stream.windows(text.len()).any(|part| part == text.as_bytes()))
    }

    /// What we read there.
    fn ours(&self) -> Option<&Step> {
        self.ours.steps.get(self.at)
    }

    /// What they read there.
    fn theirs(&self) -> Option<&Step> {
        self.theirs.steps.get(self.at)
    }

    /// The head that we read there.
    fn head(&self) -> Option<[&[u8]; 3]> {
        self.ours().and_then(Step::request_line)
    }

    /// The last head that they read before, in which nothing parts.
    fn before(&self) -> Option<&Step> {
        let steps = &self.theirs.steps[..self.theirs.steps.len().min(self.at)];
        steps.iter().rev().find(|step| matches!(step, Step::Head(..)))
    }

    /// Is that of HTTP/1.0, with this option of the connection?
    fn is_behind_http10(&self, option: &str) -> bool {
        self.before().is_some_and(|head| {
            let is_option = |member: &[u8]| member.trim_ascii().eq_ignore_ascii_case(option.as_bytes());
            let has_option = |value: &[u8]| value.split(|&byte| byte == b',').any(is_option);
            head.request_line().is_some_and(|line| line[2] == b"1.0") && head.has_field("connection", has_option)
        })
    }
}

/// In what way they read something else.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// They do not have this rule of ours.
    NotTheirs(Rule),
    /// They have a rule that we do not have. So begins what they say then.
    OnlyTheirs(&'static str),
    /// They read the same bytes in another way, or no more of them, or more.
    Otherwise,
}

use Kind::{NotTheirs, OnlyTheirs, Otherwise};

/// Why some of them do.
pub(crate) struct Explanation {
    pub(crate) peers: &'static [Peer],
    pub(crate) kind: Kind,
    /// What else must be so.
    is_it: fn(&Parting<'_>) -> bool,
    pub(crate) why: &'static str,
}

impl Explanation {
    const fn not_theirs(peers: &'static [Peer], rule: Rule, why: &'static str) -> Self {
        Self { peers, kind: NotTheirs(rule), is_it: |_| true, why }
    }

    const fn only_theirs(
        peers: &'static [Peer],
        reason: &'static str,
        is_it: fn(&Parting<'_>) -> bool,
        why: &'static str,
    ) -> Self {
        Self { peers, kind: OnlyTheirs(reason), is_it, why }
    }

    const fn otherwise(peers: &'static [Peer], is_it: fn(&Parting<'_>) -> bool, why: &'static str) -> Self {
        Self { peers, kind: Otherwise, is_it, why }
    }

    /// Does it explain this?
    pub(crate) fn explains(&self, parting: &Parting<'_>) -> bool {
        let is_of_kind = match (self.kind, parting.difference) {
            (NotTheirs(rule), Difference::OnlyWeRefuse(broken)) => rule == *broken,
            (OnlyTheirs(begin), Difference::OnlyTheyRefuse(reason)) => reason.starts_with(begin),
            (Otherwise, _) => true,
            (NotTheirs(_) | OnlyTheirs(_), _) => false,
        };
        is_of_kind && (self.is_it)(parting)
    }
}

/// What is known. The first that fits counts.
pub(crate) const EXPLANATIONS: &[Explanation] = &[
    // The same bytes, read in another way.
    Explanation::otherwise(
        &[Hyper],
        |parting| {
            let theirs = parting.theirs().and_then(Step::request_line);
            let targets = parting.head().zip(theirs).and_then(|(ours, theirs)| plain(ours[1]).zip(plain(theirs[1])));
            targets.is_some_and(|(ours, theirs)| ours == theirs)
        },
        "it shows an absolute target as its Uri has it: the scheme in lower case, a slash where there is no path",
    ),
    Explanation::otherwise(
        &[H11],
        |parting| {
            let is_changed = |step: &Step| step.has_field("transfer-encoding", |value| value != b"chunked");
            let pair = parting.ours().filter(|ours| is_changed(ours)).zip(parting.theirs());
            pair.is_some_and(|(ours, theirs)| ours.in_lower_case() == theirs.in_lower_case())
        },
        "it shows the value of Transfer-Encoding in lower case",
    ),
    Explanation::otherwise(
        &[H11],
        |parting| {
            let has_stopped = parting.theirs().is_none() && parting.theirs.refused.is_none();
            has_stopped && parting.is_behind_http10("keep-alive")
        },
        "it does not know the keep-alive of HTTP/1.0: it closes",
    ),
    Explanation::otherwise(
        &[Node],
        |parting| {
            let have_stopped = parting.ours().is_none() && parting.ours.refused.is_none();
            have_stopped && parting.is_behind_http10("close")
        },
        "in HTTP/1.0 it lets keep-alive win against close; RFC 9112 §9.3 looks for close first",
    ),
    Explanation::otherwise(
        &[Node],
        |parting| {
            let is_connect = |head: &Step| head.request_line().is_some_and(|line| line[0] == b"CONNECT");
            parting.before().or(parting.theirs()).is_some_and(is_connect)
        },
        "behind CONNECT it is no HTTP any more, whatever the answer; neither content nor Host is looked at",
    ),
    Explanation::otherwise(
        &[Node],
        |parting| {
            let is_declined = |head: &Step| head.has_field("upgrade", |_| true);
            parting.theirs().is_none() && parting.theirs.refused.is_none() && parting.before().is_some_and(is_declined)
        },
        "behind a request to upgrade it loses what came with it, also if nobody upgrades",
    ),
    Explanation::otherwise(
        &[Node],
        |parting| parting.before().is_some_and(|head| head.has_field("proxy-connection", |_| true)),
        "it takes Proxy-Connection for Connection, which no RFC does",
    ),
    Explanation::otherwise(
        &[Node],
        |parting| {
            let is_chunked =
                |head: &Step| head.has_field("transfer-encoding", |value| value.eq_ignore_ascii_case(b"chunked"));
            let is_response = |head: &Step| head.request_line().is_none();
            parting.holds_any(&["\t\r\n"]) && parting.before().is_some_and(|head| is_response(head) && is_chunked(head))
        },
        "a tab behind `chunked` makes it another coding: the response ends with the connection (RFC 9110 §5.6.3)",
    ),
    // What only they refuse.
    Explanation::only_theirs(
        &[Hyper],
        "invalid HTTP version parsed",
        has_later_minor,
        "it knows two minor versions; we read every later one as 1.1, as RFC 9110 §2.5 asks",
    ),
    Explanation::only_theirs(
        &[Node],
        "HPE_INVALID_VERSION",
        has_later_minor,
        "it knows two minor versions; we read every later one as 1.1, as RFC 9110 §2.5 asks",
    ),
    Explanation::only_theirs(
        &[Hyper],
        "invalid URI",
        |parting| parting.head().is_some_and(|[_, target, _]| target.iter().any(|byte| b"^`{|}[]%:".contains(byte))),
        "its Uri does not know all the characters that browsers leave unescaped",
    ),
    Explanation::only_theirs(
        &[H11],
        "no request line received",
        |parting| parting.holds_any(&["\r\n"]),
        "it skips no empty line before a request; RFC 9112 §2.2 asks to skip at least one",
    ),
    Explanation::only_theirs(
        &[H11],
        "illegal request line",
        |parting| parting.ours().is_none() && parting.stream.ends_with(b"\r"),
        "half an empty line is the beginning of a request to it, and to us of nothing",
    ),
    Explanation::only_theirs(
        &[H11],
        "illegal chunk header",
        |parting| parting.holds_any(&[" ;", "\t;", "00000000000000000000"]),
        "it allows no white space before a chunk extension (RFC 9112 §7.1.1 asks to), and no more than twenty digits",
    ),
    Explanation::only_theirs(
        &[H11],
        "Only Transfer-Encoding: chunked is supported",
        |parting| parting.ours().is_some_and(|head| head.has_field("transfer-encoding", |value| value != b"chunked")),
        "we leave other codings of a response to the caller, its body ending with the connection (RFC 9112 §6.3)",
    ),
    Explanation::only_theirs(
        &[Node],
        "HPE_INVALID_METHOD",
        |parting| parting.head().is_some_and(|[method, ..]| matches!(Method::from_token(method), Method::Other(_))),
        "it has a list of methods; RFC 9110 §9.1 allows any token",
    ),
    Explanation::only_theirs(
        &[Node],
        "HPE_CLOSED_CONNECTION",
        |parting| parting.ours().is_none() || parting.holds_any(&["HTTP/1.0 10"]),
        "behind what ends a connection (so does a 1xx of HTTP/1.0, to it) it wants nothing; we do not look there",
    ),
    Explanation::only_theirs(
        &[Node],
        "HPE_INVALID_TRANSFER_ENCODING",
        |parting| parting.holds_any(&["\t\r\n"]),
        "it does not know that a tab behind a coding is white space (RFC 9110 §5.6.3)",
    ),
    Explanation::only_theirs(
        &[Node],
        "HPE_INVALID_CHUNK_SIZE",
        |parting| parting.holds_any(&[" ;", "\t;"]),
        "it allows no white space before a chunk extension; RFC 9112 §7.1.1 asks to",
    ),
    Explanation::only_theirs(
        &[Node],
        "HPE_STRICT",
        |parting| parting.holds_any(&[";"]),
        "it wants no white space in chunk extensions; RFC 9112 §7.1.1 asks to allow it",
    ),
    // What only we refuse.
    Explanation::not_theirs(&[Hyper, H11], Rule::BareLineFeed, "they take a line feed for a line end"),
    Explanation::not_theirs(&[H11], Rule::BareCarriageReturn, "it allows any byte in a chunk extension"),
    Explanation::not_theirs(&[Node], Rule::BareLineFeed, "it skips bare line feeds before a message"),
    Explanation::not_theirs(&[Node], Rule::BareCarriageReturn, "it skips bare carriage returns before a message"),
    Explanation::not_theirs(
        &[Hyper, Node],
        Rule::InvalidMethod,
        "they skip any number of empty lines, and of bare ends",
    ),
    Explanation::not_theirs(
        &[Hyper, H11],
        Rule::InvalidTarget,
        "they do not look at forms, nor at the characters that no target may hold",
    ),
    Explanation::not_theirs(
        &[Node],
        Rule::InvalidTarget,
        "nor does it; it also takes more spaces for one, and a line without a version for HTTP/0.9",
    ),
    Explanation::not_theirs(&[Hyper, H11, Node], Rule::MismatchedTarget, "they do not look at forms"),
    Explanation::not_theirs(&[Hyper], Rule::InvalidVersion, "it skips empty lines before a response"),
    Explanation::not_theirs(
        &[Node],
        Rule::InvalidVersion,
        "it takes more spaces for one, knows RTSP and ICE, and skips empty lines before a response",
    ),
    Explanation::not_theirs(
        &[H11, Node],
        Rule::UnsupportedVersion,
        "they read HTTP/0.9 and HTTP/2.0 as if it were 1.1",
    ),
    Explanation::not_theirs(
        &[Hyper, H11, Node],
        Rule::InvalidStatusLine,
        "they can do without the space behind the code, and do not look at all bytes of the reason phrase",
    ),
    Explanation::not_theirs(&[H11], Rule::ObsoleteLineFolding, "it unfolds lines"),
    Explanation::not_theirs(
        &[H11],
        Rule::InvalidFieldValue,
        "it allows controls in values, other than NUL and line ends",
    ),
    Explanation::not_theirs(&[Hyper], Rule::MissingHost, "it does not look at Host"),
    Explanation::not_theirs(&[H11], Rule::MissingHost, "it wants one in HTTP/1.1, not in later minor versions"),
    Explanation::not_theirs(&[Node], Rule::MissingHost, "it answers 400, and reads the requests that came with it"),
    Explanation::not_theirs(&[Hyper, Node], Rule::DuplicateHost, "they do not count Host fields"),
    Explanation::not_theirs(&[Hyper, H11, Node], Rule::InvalidHost, "they do not read the value of Host"),
    Explanation::not_theirs(
        &[Hyper, H11, Node],
        Rule::UnknownExpectation,
        "they ignore what they do not know, or some of it",
    ),
    Explanation::not_theirs(&[Hyper, H11], Rule::InvalidContentLength, "of a list of equal lengths they take one"),
    Explanation::not_theirs(&[Hyper, H11], Rule::DuplicateContentLength, "of equal fields they take one"),
    Explanation::not_theirs(
        &[Hyper, H11],
        Rule::ContentLengthWithTransferEncoding,
        "they let the coding win, as RFC 9112 §6.3 allows; we refuse, as it allows, too",
    ),
    Explanation::not_theirs(
        &[Hyper],
        Rule::ChunkedNotFinal,
        "only the last coding counts to it; where that is another one, a response ends with the connection",
    ),
    Explanation::not_theirs(
        &[Node],
        Rule::ChunkedNotFinal,
        "it gives the head out before it refuses the request; a response ends with the connection",
    ),
    Explanation::not_theirs(&[Hyper, Node], Rule::UnknownTransferCoding, "they leave other codings to the application"),
    Explanation::not_theirs(&[Hyper, Node], Rule::InvalidTransferEncoding, "they look at the last coding at most"),
    Explanation::not_theirs(&[H11], Rule::InvalidTransferEncoding, "it unfolds lines"),
    Explanation::not_theirs(
        &[Hyper, H11, Node],
        Rule::TransferEncodingInHttp10,
        "they decode it (hyper only in responses); RFC 9112 §6.1 says to take the framing for faulty",
    ),
    Explanation::not_theirs(&[Hyper, H11, Node], Rule::BodyTooLarge, "they leave this bound to the application"),
    Explanation::not_theirs(
        &[Hyper, H11, Node],
        Rule::InvalidChunkExtension,
        "hyper and h11 skip extensions, and white space before the line end; node lets a name or a value be missing",
    ),
    Explanation::not_theirs(&[Hyper, H11, Node], Rule::ForbiddenTrailer, "they give out every trailer field"),
    Explanation::not_theirs(&[Hyper, Node], Rule::UnrequestedSwitch, "they leave it to the application"),
];

fn has_later_minor(parting: &Parting<'_>) -> bool {
    (2..10).any(|minor| parting.holds_any(&[&format!("HTTP/1.{minor}")]))
}

/// An absolute target without what may be normalized. `None`: it is another.
fn plain(target: &[u8]) -> Option<Vec<u8>> {
    let target = target.to_ascii_lowercase();
    target.starts_with(b"http").then(|| target.into_iter().filter(|&byte| byte != b'/').collect())
}
