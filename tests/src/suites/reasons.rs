//! Why we differ from other people's suites: one line for each kind of difference. One that is not used fails.
//!
//! Sections are those of RFC 9112 where no other is named.

use wirenut::http::Rule::*;

use super::What::*;
use super::{Reason, Suite, What};

const fn reason(what: What, why: &'static str) -> Reason {
    Reason { what, cases: &[], why }
}

impl Reason {
    /// Only in cases whose name holds one of these.
    const fn only(self, cases: &'static [&'static str]) -> Self {
        Self { cases, ..self }
    }
}

/// Those of `suite`. The first that fits is taken.
pub(super) const fn of(suite: Suite) -> &'static [Reason] {
    match suite {
        Suite::Llhttp => LLHTTP,
        Suite::Picohttpparser => PICOHTTPPARSER,
        Suite::Curl => CURL,
        Suite::H11 => H11,
    }
}

const BARE: &str = "a line ends with CR LF (§2.2); who takes a bare LF for it sees messages that others do not";
const FOLDED: &str =
    "a folded line is another line to whoever does not unfold it: a server refuses it or undoes it (§5.2)";
const NO_SPACE: &str = "the space behind the code is there even if the phrase is not (§4)";
const FINAL: &str = "a coding behind chunked leaves two ends to choose from: of the chunks, of the connection (§6.3)";
const BEHIND: &str = "what comes behind the last message is not looked at (§9.6)";
const TOKEN: &str = "a method is any token (RFC 9110 §9.1)";
const CALLER: &str = "what Location says, and how often, is the caller's matter";

const LLHTTP: &[Reason] = &[
    reason(Stricter(InvalidVersion), "RTSP and ICE are other protocols").only(&["RTSP", "ICE"]),
    reason(Stricter(InvalidVersion), "empty lines may stand before requests only (§2.2)"),
    reason(Stricter(UnsupportedVersion), "HTTP/0.9 is not spoken"),
    reason(Stricter(InvalidTarget), "HTTP/0.9 is not spoken").only(&["No HTTP version"]),
    reason(Stricter(InvalidTarget), "user information in a target is a disguise (RFC 9110 §4.2.4)")
        .only(&["basic auth"]),
    reason(Stricter(InvalidTarget), "the zone of an address means nothing to another host (RFC 6874 §1)")
        .only(&["Zone ID"]),
    reason(Stricter(InvalidTarget), "no URI holds a quotation mark (RFC 3986 §2)").only(&["Quotes in URI"]),
    reason(Stricter(InvalidTarget), "a target has no fragment (§3.2)"),
    reason(Stricter(MismatchedTarget), "the asterisk is for OPTIONS (§3.2.4)"),
    reason(Stricter(InvalidStatusLine), NO_SPACE),
    reason(Stricter(ChunkedNotFinal), FINAL),
    reason(Laxer("Data after `Connection: close`"), BEHIND),
    reason(Laxer("lenient only"), BEHIND).only(&["connection.md"]),
    reason(Laxer("Invalid method for HTTP/x.x request"), TOKEN),
    reason(Laxer("Expected space after method"), TOKEN),
    reason(Stricter(ForbiddenTrailer), "what decides how content is read does not come behind it (RFC 9110 §6.5.1)"),
    reason(Unlike, "until it is answered 2xx, a CONNECT has the content that it announces (§6.3)")
        .only(&["CONNECT with body"]),
    reason(Unlike, "101 has no content (§6.3): what follows is of the other protocol").only(&["HTTP 101"]),
];

const PICOHTTPPARSER: &[Reason] = &[
    reason(Stricter(ObsoleteLineFolding), FOLDED),
    reason(Stricter(BareLineFeed), BARE),
    reason(Stricter(InvalidTarget), "a URI holds no byte above 0x7f, nor a space (§3.2)"),
    reason(Stricter(InvalidStatusLine), NO_SPACE).only(&["missing trailing"]),
    reason(Stricter(InvalidStatusLine), "one space stands between the parts of the line (§4)"),
    reason(Stricter(BodyTooLarge), "it has no bound"),
];

const H11: &[Reason] = &[
    reason(Stricter(ObsoleteLineFolding), FOLDED),
    reason(Stricter(BareLineFeed), BARE),
    reason(Stricter(InvalidStatusLine), NO_SPACE),
    reason(Stricter(InvalidFieldValue), "a control is invalid in every field (RFC 9110 §5.5), in cookies too"),
    reason(Stricter(InvalidChunkExtension), "white space stands before a semicolon only (§7.1.1)"),
];

const CURL: &[Reason] = &[
    reason(Stricter(BareLineFeed), BARE),
    reason(Stricter(ObsoleteLineFolding), FOLDED),
    reason(Stricter(InvalidStatusLine), NO_SPACE),
    reason(Stricter(ChunkedNotFinal), FINAL),
    reason(Stricter(UnknownTransferCoding), "what cannot be undone here is not passed off as content (§6.1)"),
    reason(
        Stricter(ContentLengthWithTransferEncoding),
        "one is wrong, and who believes it reads another message (§6.1)",
    ),
    reason(Stricter(DuplicateContentLength), "what is said twice may have been heard by two (§6.3)"),
    reason(Stricter(InvalidContentLength), "a length is digits, once, and no more than can be counted (§6.3)"),
    reason(Stricter(HeadTooLarge), "its bound is higher than that of our default limits"),
    reason(Stricter(UnsolicitedResponse), "bytes behind the response answer nothing (§9.2); it drops them"),
    reason(Stricter(Truncated), "it was told to disregard the length").only(&["test269 "]),
    reason(Stricter(Truncated), "the case is that it asks again").only(&["test1909 ", "test3035 ", "test3223 "]),
    reason(Stricter(Truncated), "a head without its empty line is cut off (§8); it takes it for whole"),
    reason(Laxer("exit code 1"), "a higher minor version is read as 1.1 (RFC 9110 §2.5)").only(&["test129 "]),
    reason(Laxer("exit code 1"), CALLER).only(&["test325 ", "test1245 ", "test1563 "]),
    reason(Laxer("exit code 8"), CALLER).only(&["test580 ", "test772 "]),
    reason(Laxer("exit code 56"), "what is wrong is of the other protocol, behind the switch").only(&["test27"]),
    reason(Laxer("exit code 52"), "what is missing is of the other protocol, behind the switch").only(&["test2300 "]),
    reason(Laxer("exit code 100"), "what is too large is what it would have to ask next").only(&["test775 "]),
    reason(Unlike, "it gives trailer fields out behind the content").only(&["test266 ", "test1499 ", "test1540 "]),
    reason(Unlike, "it was told to keep no such content").only(&["test78 ", "test92 ", "test194 ", "test1127 "]),
    reason(Unlike, "it gives out what it was redirected to, too").only(&["test795 ", "test973 ", "test975 "]),
];
