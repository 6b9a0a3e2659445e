//! The table: in each state, which byte may come, what is done with it, and which state follows.
//!
//! One row is one transition. A byte for which its state has no row is an error, and it is the first byte that cannot
//! stand there. Where a row's `next` is its own state and it has no action, the machine takes a whole run of such bytes
//! at once.

use super::state::State;
use super::state::State as S;
use crate::bytes::{BLANK, DIGIT, FIELD_VALUE, HEX, REG_NAME, TARGET, TOKEN};

/// Which bytes a row takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum On {
    /// This one.
    Byte(u8),
    /// One of a class.
    Class(Class),
}

/// The classes of bytes that the grammar names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Class {
    /// `tchar` (RFC 9110 §5.6.2).
    Token = TOKEN,
    /// What a request target may hold (RFC 3986 §2, and what browsers send unescaped in a query).
    Target = TARGET,
    /// What a registered name may hold besides percent-encoding (RFC 3986 §3.2.2).
    RegName = REG_NAME,
    /// What a field value may hold: visible characters, space, tab, and bytes from 0x80 up (RFC 9110 §5.5).
    FieldValue = FIELD_VALUE,
    /// A hexadecimal digit.
    HexDigit = HEX,
    /// A decimal digit.
    Digit = DIGIT,
    /// Space or tab (RFC 9110 §5.6.3).
    Blank = BLANK,
}

/// What is done with a byte beyond going to the next state. An action may refuse the byte where the table alone cannot
/// tell: it then names the rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Action {
    /// Nothing.
    None,
    /// The first byte of a word that will be looked up.
    WordBegin,
    /// An empty line before the request: only a few are overlooked.
    EmptyLine,
    /// The first byte of a start line.
    Begin,
    /// The method is complete.
    MethodEnd,
    /// `*`, for OPTIONS only.
    Asterisk,
    /// An authority follows in the target.
    AuthorityBegin,
    /// The authority in the target is complete: a slash, a question mark, or white space follows.
    AuthorityEnd,
    /// A major version that is not 1.
    OtherVersion,
    /// The minor version is 0.
    Http10,
    /// The version of a request is complete.
    RequestEnd,
    /// The version of a response is complete.
    StatusBegin,
    /// The first digit of a status code: not 0.
    StatusDigit,
    /// The start line is complete.
    StartLineEnd,
    /// A field line too many.
    TooManyFields,
    /// The field name is complete. Which state reads the value depends on it.
    NameEnd,
    /// A word is a member of Connection, unless more follows the white space behind it.
    OptionGap,
    /// A member of Connection is complete.
    OptionEnd,
    /// A transfer coding is complete; behind `chunked` only the end of the line may follow.
    Coding,
    /// A digit of Content-Length.
    LengthDigit,
    /// `100-continue` is complete.
    Expect,
    /// An IP literal begins.
    IpBegin,
    /// The first digit of a group.
    GroupBegin,
    /// Another digit of a group.
    GroupDigit,
    /// A colon behind a group: another must be able to follow.
    GroupEnd,
    /// `::`, which may come once.
    Ellipsis,
    /// A full stop behind the first octet.
    FirstOctetEnd,
    /// A digit of another octet.
    OctetDigit,
    /// A full stop behind another octet.
    OctetEnd,
    /// The IP literal is complete.
    IpEnd,
    /// A port follows.
    PortBegin,
    /// A digit of a port.
    PortDigit,
    /// The Host field is complete.
    HostEnd,
    /// A field line is complete.
    LineEnd,
    /// No field line follows: what only the whole section decides is decided here.
    SectionEnd,
    /// A digit of a chunk size.
    SizeDigit,
    /// A chunk-size line is complete.
    SizeEnd,
}

/// A row: in `state`, a byte that is `on` leads to `next` and does `action`, as `section` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The state in which it stands.
    pub state: State,
    /// The bytes that it takes.
    pub on: On,
    /// The state that follows.
    pub next: State,
    /// What is done.
    pub action: Action,
    /// Where that is written.
    pub section: &'static str,
}

const fn row(section: &'static str, state: State, on: On, next: State, action: Action) -> Row {
    Row { state, on, next, action, section }
}

const fn byte(byte: u8) -> On {
    On::Byte(byte)
}

const CR: On = On::Byte(b'\r');
const LF: On = On::Byte(b'\n');
const SP: On = On::Byte(b' ');
const TCHAR: On = On::Class(Class::Token);
const TARGET_CHAR: On = On::Class(Class::Target);
const NAME_CHAR: On = On::Class(Class::RegName);
const VALUE: On = On::Class(Class::FieldValue);
const HEXDIG: On = On::Class(Class::HexDigit);
const DEC: On = On::Class(Class::Digit);
const OWS: On = On::Class(Class::Blank);

use Action as A;

/// The grammar. The rows of a state stand together, in the order of [`State`]; of two rows that could take the same
/// byte the first one does.
pub const ROWS: &[Row] = &[
    // Empty lines before a request are overlooked.
    row("RFC 9112 2.2", S::RequestStart, CR, S::RequestStartLf, A::EmptyLine),
    row("RFC 9112 3.1", S::RequestStart, TCHAR, S::Method, A::Begin),
    row("RFC 9112 2.2", S::RequestStartLf, LF, S::RequestStart, A::None),
    // request-line = method SP request-target SP HTTP-version
    row("RFC 9112 3.1", S::Method, TCHAR, S::Method, A::None),
    row("RFC 9112 3", S::Method, SP, S::Target, A::MethodEnd),
    row("RFC 9112 3.2.1", S::Target, byte(b'/'), S::Path, A::None),
    row("RFC 9112 3.2.4", S::Target, byte(b'*'), S::Asterisk, A::Asterisk),
    row("RFC 9112 3.2.2", S::Target, byte(b'h'), S::SchemeH, A::None),
    row("RFC 9112 3.2.2", S::Target, byte(b'H'), S::SchemeH, A::None),
    row("RFC 9112 3", S::Asterisk, SP, S::Version, A::None),
    row("RFC 9110 4.2.1", S::SchemeH, byte(b't'), S::SchemeHt, A::None),
    row("RFC 9110 4.2.1", S::SchemeH, byte(b'T'), S::SchemeHt, A::None),
    row("RFC 9110 4.2.1", S::SchemeHt, byte(b't'), S::SchemeHtt, A::None),
    row("RFC 9110 4.2.1", S::SchemeHt, byte(b'T'), S::SchemeHtt, A::None),
    row("RFC 9110 4.2.1", S::SchemeHtt, byte(b'p'), S::SchemeHttp, A::None),
    row("RFC 9110 4.2.1", S::SchemeHtt, byte(b'P'), S::SchemeHttp, A::None),
    row("RFC 9110 4.2.2", S::SchemeHttp, byte(b's'), S::SchemeHttps, A::None),
    row("RFC 9110 4.2.2", S::SchemeHttp, byte(b'S'), S::SchemeHttps, A::None),
    row("RFC 3986 3", S::SchemeHttp, byte(b':'), S::SchemeColon, A::None),
    row("RFC 3986 3", S::SchemeHttps, byte(b':'), S::SchemeColon, A::None),
    row("RFC 3986 3", S::SchemeColon, byte(b'/'), S::SchemeSlash, A::None),
    row("RFC 3986 3", S::SchemeSlash, byte(b'/'), S::Host, A::AuthorityBegin),
    row("RFC 3986 3.3", S::Path, TARGET_CHAR, S::Path, A::None),
    row("RFC 9112 3", S::Path, SP, S::Version, A::None),
    // HTTP-version = "HTTP" "/" DIGIT "." DIGIT
    row("RFC 9112 2.3", S::Version, byte(b'H'), S::VersionH, A::None),
    row("RFC 9112 2.3", S::StatusStart, byte(b'H'), S::VersionH, A::Begin),
    row("RFC 9112 2.3", S::VersionH, byte(b'T'), S::VersionHt, A::None),
    row("RFC 9112 2.3", S::VersionHt, byte(b'T'), S::VersionHtt, A::None),
    row("RFC 9112 2.3", S::VersionHtt, byte(b'P'), S::VersionHttp, A::None),
    row("RFC 9112 2.3", S::VersionHttp, byte(b'/'), S::VersionSlash, A::None),
    row("RFC 9112 2.3", S::VersionSlash, byte(b'1'), S::VersionMajor, A::None),
    row("RFC 9110 15.6.6", S::VersionSlash, DEC, S::VersionMajor, A::OtherVersion),
    row("RFC 9112 2.3", S::VersionMajor, byte(b'.'), S::VersionDot, A::None),
    row("RFC 9110 2.5", S::VersionDot, byte(b'0'), S::VersionEnd, A::Http10),
    row("RFC 9110 2.5", S::VersionDot, DEC, S::VersionEnd, A::None),
    row("RFC 9112 3", S::VersionEnd, CR, S::StartLineLf, A::RequestEnd),
    // status-line = HTTP-version SP status-code SP [ reason-phrase ]
    row("RFC 9112 4", S::VersionEnd, SP, S::Status, A::StatusBegin),
    row("RFC 9112 4", S::Status, DEC, S::StatusTens, A::StatusDigit),
    row("RFC 9112 4", S::StatusTens, DEC, S::StatusOnes, A::None),
    row("RFC 9112 4", S::StatusOnes, DEC, S::StatusEnd, A::None),
    row("RFC 9112 4", S::StatusEnd, SP, S::Reason, A::None),
    row("RFC 9112 4", S::Reason, VALUE, S::Reason, A::None),
    row("RFC 9112 4", S::Reason, CR, S::StartLineLf, A::None),
    row("RFC 9112 2.1", S::StartLineLf, LF, S::Line, A::StartLineEnd),
    // field-line = field-name ":" OWS field-value OWS
    row("RFC 9112 5", S::Line, TCHAR, S::Name, A::None),
    row("RFC 9112 2.1", S::Line, CR, S::SectionLf, A::SectionEnd),
    row("RFC 9112 5", S::LastLine, TCHAR, S::LastLine, A::TooManyFields),
    row("RFC 9112 2.1", S::LastLine, CR, S::SectionLf, A::SectionEnd),
    row("RFC 9110 5.1", S::Name, TCHAR, S::Name, A::None),
    row("RFC 9112 5", S::Name, byte(b':'), S::Value, A::NameEnd),
    row("RFC 9110 5.5", S::Value, VALUE, S::Value, A::None),
    row("RFC 9112 5", S::Value, CR, S::LineLf, A::None),
    // Connection = #connection-option
    row("RFC 9110 5.6.1", S::Options, OWS, S::Options, A::None),
    row("RFC 9110 5.6.1", S::Options, byte(b','), S::Options, A::None),
    row("RFC 9110 7.6.1", S::Options, VALUE, S::Option, A::WordBegin),
    row("RFC 9112 5", S::Options, CR, S::LineLf, A::None),
    row("RFC 9110 7.6.1", S::Option, TCHAR, S::Option, A::None),
    row("RFC 9110 5.6.1", S::Option, OWS, S::OptionGap, A::OptionGap),
    row("RFC 9110 5.6.1", S::Option, byte(b','), S::Options, A::OptionEnd),
    row("RFC 9110 7.6.1", S::Option, VALUE, S::OtherOption, A::None),
    row("RFC 9112 5", S::Option, CR, S::LineLf, A::OptionEnd),
    row("RFC 9110 5.6.1", S::OptionGap, OWS, S::OptionGap, A::None),
    row("RFC 9110 5.6.1", S::OptionGap, byte(b','), S::Options, A::OptionEnd),
    row("RFC 9110 7.6.1", S::OptionGap, VALUE, S::OtherOption, A::None),
    row("RFC 9112 5", S::OptionGap, CR, S::LineLf, A::OptionEnd),
    row("RFC 9110 5.6.1", S::OtherOption, byte(b','), S::Options, A::None),
    row("RFC 9110 7.6.1", S::OtherOption, VALUE, S::OtherOption, A::None),
    row("RFC 9112 5", S::OtherOption, CR, S::LineLf, A::None),
    // Transfer-Encoding = #transfer-coding, of which none is empty
    row("RFC 9110 5.6.1", S::Codings, OWS, S::Codings, A::None),
    row("RFC 9112 6.1", S::Codings, TCHAR, S::Coding, A::WordBegin),
    row("RFC 9112 6.1", S::CodingStart, TCHAR, S::Coding, A::WordBegin),
    row("RFC 9110 5.6.1", S::CodingStart, OWS, S::CodingStart, A::None),
    row("RFC 9110 10.1.4", S::Coding, TCHAR, S::Coding, A::None),
    row("RFC 9110 5.6.1", S::Coding, OWS, S::CodingGap, A::Coding),
    row("RFC 9110 5.6.1", S::Coding, byte(b','), S::CodingStart, A::Coding),
    row("RFC 9110 10.1.4", S::Coding, byte(b';'), S::CodingParameters, A::Coding),
    row("RFC 9112 5", S::Coding, CR, S::LineLf, A::Coding),
    row("RFC 9110 5.6.1", S::CodingGap, OWS, S::CodingGap, A::None),
    row("RFC 9110 5.6.1", S::CodingGap, byte(b','), S::CodingStart, A::Coding),
    row("RFC 9110 10.1.4", S::CodingGap, byte(b';'), S::CodingParameters, A::Coding),
    row("RFC 9112 5", S::CodingGap, CR, S::LineLf, A::None),
    row("RFC 9110 10.1.4", S::CodingParameters, TCHAR, S::CodingParameters, A::None),
    row("RFC 9110 10.1.4", S::CodingParameters, OWS, S::CodingParameters, A::None),
    row("RFC 9110 10.1.4", S::CodingParameters, byte(b'='), S::CodingParameters, A::None),
    row("RFC 9110 10.1.4", S::CodingParameters, byte(b';'), S::CodingParameters, A::None),
    row("RFC 9110 5.6.4", S::CodingParameters, byte(b'"'), S::CodingQuoted, A::None),
    row("RFC 9110 5.6.1", S::CodingParameters, byte(b','), S::CodingStart, A::None),
    row("RFC 9112 5", S::CodingParameters, CR, S::LineLf, A::None),
    row("RFC 9110 5.6.4", S::CodingQuoted, byte(b'"'), S::CodingParameters, A::None),
    row("RFC 9110 5.6.4", S::CodingQuoted, byte(b'\\'), S::CodingEscape, A::None),
    row("RFC 9110 5.6.4", S::CodingQuoted, VALUE, S::CodingQuoted, A::None),
    row("RFC 9110 5.6.4", S::CodingEscape, VALUE, S::CodingQuoted, A::None),
    // Content-Length = 1*DIGIT
    row("RFC 9112 5", S::LengthStart, OWS, S::LengthStart, A::None),
    row("RFC 9110 8.6", S::LengthStart, DEC, S::Length, A::LengthDigit),
    row("RFC 9110 8.6", S::Length, DEC, S::Length, A::LengthDigit),
    row("RFC 9112 5", S::Length, OWS, S::LengthGap, A::None),
    row("RFC 9112 5", S::Length, CR, S::LineLf, A::None),
    row("RFC 9112 5", S::LengthGap, OWS, S::LengthGap, A::None),
    row("RFC 9112 5", S::LengthGap, CR, S::LineLf, A::None),
    // Expect = "100-continue"
    row("RFC 9112 5", S::Expect, OWS, S::Expect, A::None),
    row("RFC 9110 10.1.1", S::Expect, byte(b'1'), S::Expect1, A::None),
    row("RFC 9110 10.1.1", S::Expect1, byte(b'0'), S::Expect10, A::None),
    row("RFC 9110 10.1.1", S::Expect10, byte(b'0'), S::Expect100, A::None),
    row("RFC 9110 10.1.1", S::Expect100, byte(b'-'), S::ExpectDash, A::None),
    row("RFC 9110 10.1.1", S::ExpectDash, byte(b'c'), S::ExpectC, A::None),
    row("RFC 9110 10.1.1", S::ExpectDash, byte(b'C'), S::ExpectC, A::None),
    row("RFC 9110 10.1.1", S::ExpectC, byte(b'o'), S::ExpectCo, A::None),
    row("RFC 9110 10.1.1", S::ExpectC, byte(b'O'), S::ExpectCo, A::None),
    row("RFC 9110 10.1.1", S::ExpectCo, byte(b'n'), S::ExpectCon, A::None),
    row("RFC 9110 10.1.1", S::ExpectCo, byte(b'N'), S::ExpectCon, A::None),
    row("RFC 9110 10.1.1", S::ExpectCon, byte(b't'), S::ExpectCont, A::None),
    row("RFC 9110 10.1.1", S::ExpectCon, byte(b'T'), S::ExpectCont, A::None),
    row("RFC 9110 10.1.1", S::ExpectCont, byte(b'i'), S::ExpectConti, A::None),
    row("RFC 9110 10.1.1", S::ExpectCont, byte(b'I'), S::ExpectConti, A::None),
    row("RFC 9110 10.1.1", S::ExpectConti, byte(b'n'), S::ExpectContin, A::None),
    row("RFC 9110 10.1.1", S::ExpectConti, byte(b'N'), S::ExpectContin, A::None),
    row("RFC 9110 10.1.1", S::ExpectContin, byte(b'u'), S::ExpectContinu, A::None),
    row("RFC 9110 10.1.1", S::ExpectContin, byte(b'U'), S::ExpectContinu, A::None),
    row("RFC 9110 10.1.1", S::ExpectContinu, byte(b'e'), S::ExpectEnd, A::Expect),
    row("RFC 9110 10.1.1", S::ExpectContinu, byte(b'E'), S::ExpectEnd, A::Expect),
    row("RFC 9112 5", S::ExpectEnd, OWS, S::ExpectEnd, A::None),
    row("RFC 9112 5", S::ExpectEnd, CR, S::LineLf, A::None),
    // Host = uri-host [ ":" port ], and the authority of a target
    row("RFC 9112 5", S::HostStart, OWS, S::HostStart, A::None),
    row("RFC 3986 3.2.2", S::HostStart, NAME_CHAR, S::HostName, A::None),
    row("RFC 3986 2.1", S::HostStart, byte(b'%'), S::HostPercent, A::None),
    row("RFC 3986 3.2.2", S::HostStart, byte(b'['), S::HostIp, A::IpBegin),
    row("RFC 9110 7.2", S::HostStart, CR, S::LineLf, A::HostEnd),
    row("RFC 3986 3.2.2", S::Host, NAME_CHAR, S::HostName, A::None),
    row("RFC 3986 2.1", S::Host, byte(b'%'), S::HostPercent, A::None),
    row("RFC 3986 3.2.2", S::Host, byte(b'['), S::HostIp, A::IpBegin),
    row("RFC 3986 3.2.2", S::HostName, NAME_CHAR, S::HostName, A::None),
    row("RFC 3986 2.1", S::HostName, byte(b'%'), S::HostPercent, A::None),
    row("RFC 3986 3.2.3", S::HostName, byte(b':'), S::PortStart, A::PortBegin),
    row("RFC 3986 3.3", S::HostName, byte(b'/'), S::Path, A::AuthorityEnd),
    row("RFC 3986 3.4", S::HostName, byte(b'?'), S::Path, A::AuthorityEnd),
    row("RFC 9112 5", S::HostName, OWS, S::HostGap, A::AuthorityEnd),
    row("RFC 9112 5", S::HostName, CR, S::LineLf, A::HostEnd),
    row("RFC 3986 2.1", S::HostPercent, HEXDIG, S::HostPercentDigit, A::None),
    row("RFC 3986 2.1", S::HostPercentDigit, HEXDIG, S::HostName, A::None),
    // IPv6address, of which what no byte can make right is refused
    row("RFC 3986 3.2.2", S::HostIp, HEXDIG, S::IpGroup, A::GroupBegin),
    row("RFC 3986 3.2.2", S::HostIp, byte(b':'), S::IpFirstColon, A::None),
    row("RFC 3986 3.2.2", S::IpFirstColon, byte(b':'), S::IpEllipsis, A::Ellipsis),
    row("RFC 3986 3.2.2", S::IpGroup, HEXDIG, S::IpGroup, A::GroupDigit),
    row("RFC 3986 3.2.2", S::IpGroup, byte(b':'), S::IpColon, A::GroupEnd),
    row("RFC 3986 3.2.2", S::IpGroup, byte(b'.'), S::IpDot, A::FirstOctetEnd),
    row("RFC 3986 3.2.2", S::IpGroup, byte(b']'), S::HostIpEnd, A::IpEnd),
    row("RFC 3986 3.2.2", S::IpColon, HEXDIG, S::IpGroup, A::GroupBegin),
    row("RFC 3986 3.2.2", S::IpColon, byte(b':'), S::IpEllipsis, A::Ellipsis),
    row("RFC 3986 3.2.2", S::IpEllipsis, HEXDIG, S::IpGroup, A::GroupBegin),
    row("RFC 3986 3.2.2", S::IpEllipsis, byte(b']'), S::HostIpEnd, A::None),
    row("RFC 3986 3.2.2", S::IpDot, DEC, S::IpOctet, A::OctetDigit),
    row("RFC 3986 3.2.2", S::IpOctet, DEC, S::IpOctet, A::OctetDigit),
    row("RFC 3986 3.2.2", S::IpOctet, byte(b'.'), S::IpDot, A::OctetEnd),
    row("RFC 3986 3.2.2", S::IpOctet, byte(b']'), S::HostIpEnd, A::IpEnd),
    row("RFC 3986 3.2.3", S::HostIpEnd, byte(b':'), S::PortStart, A::PortBegin),
    row("RFC 3986 3.3", S::HostIpEnd, byte(b'/'), S::Path, A::AuthorityEnd),
    row("RFC 3986 3.4", S::HostIpEnd, byte(b'?'), S::Path, A::AuthorityEnd),
    row("RFC 9112 5", S::HostIpEnd, OWS, S::HostGap, A::AuthorityEnd),
    row("RFC 9112 5", S::HostIpEnd, CR, S::LineLf, A::HostEnd),
    row("RFC 3986 3.2.3", S::PortStart, DEC, S::Port, A::PortDigit),
    row("RFC 3986 3.3", S::PortStart, byte(b'/'), S::Path, A::AuthorityEnd),
    row("RFC 3986 3.4", S::PortStart, byte(b'?'), S::Path, A::AuthorityEnd),
    row("RFC 9112 5", S::PortStart, OWS, S::HostGap, A::AuthorityEnd),
    row("RFC 9112 5", S::PortStart, CR, S::LineLf, A::HostEnd),
    row("RFC 3986 3.2.3", S::Port, DEC, S::Port, A::PortDigit),
    row("RFC 3986 3.3", S::Port, byte(b'/'), S::Path, A::AuthorityEnd),
    row("RFC 3986 3.4", S::Port, byte(b'?'), S::Path, A::AuthorityEnd),
    row("RFC 9112 5", S::Port, OWS, S::HostGap, A::AuthorityEnd),
    row("RFC 9112 5", S::Port, CR, S::LineLf, A::HostEnd),
    row("RFC 9112 5", S::HostGap, OWS, S::HostGap, A::None),
    row("RFC 9112 5", S::HostGap, CR, S::LineLf, A::HostEnd),
    row("RFC 9112 2.1", S::LineLf, LF, S::Line, A::LineEnd),
    row("RFC 9112 2.1", S::SectionLf, LF, S::SectionDone, A::None),
    // chunk-size [ chunk-ext ] CRLF
    row("RFC 9112 7.1", S::SizeStart, HEXDIG, S::Size, A::SizeDigit),
    row("RFC 9112 7.1", S::Size, HEXDIG, S::Size, A::SizeDigit),
    row("RFC 9112 7.1", S::Size, CR, S::SizeLf, A::None),
    row("RFC 9112 7.1.1", S::Size, byte(b';'), S::Extension, A::None),
    row("RFC 9112 7.1.1", S::Size, OWS, S::ExtensionGap, A::None),
    row("RFC 9112 7.1.1", S::ExtensionGap, OWS, S::ExtensionGap, A::None),
    row("RFC 9112 7.1.1", S::ExtensionGap, byte(b';'), S::Extension, A::None),
    row("RFC 9112 7.1.1", S::Extension, OWS, S::Extension, A::None),
    row("RFC 9112 7.1.1", S::Extension, TCHAR, S::ExtensionName, A::None),
    row("RFC 9112 7.1.1", S::ExtensionName, TCHAR, S::ExtensionName, A::None),
    row("RFC 9112 7.1.1", S::ExtensionName, CR, S::SizeLf, A::None),
    row("RFC 9112 7.1.1", S::ExtensionName, byte(b';'), S::Extension, A::None),
    row("RFC 9112 7.1.1", S::ExtensionName, byte(b'='), S::ExtensionEquals, A::None),
    row("RFC 9112 7.1.1", S::ExtensionName, OWS, S::ExtensionNameGap, A::None),
    row("RFC 9112 7.1.1", S::ExtensionNameGap, OWS, S::ExtensionNameGap, A::None),
    row("RFC 9112 7.1.1", S::ExtensionNameGap, byte(b';'), S::Extension, A::None),
    row("RFC 9112 7.1.1", S::ExtensionNameGap, byte(b'='), S::ExtensionEquals, A::None),
    row("RFC 9112 7.1.1", S::ExtensionEquals, OWS, S::ExtensionEquals, A::None),
    row("RFC 9112 7.1.1", S::ExtensionEquals, TCHAR, S::ExtensionToken, A::None),
    row("RFC 9112 7.1.1", S::ExtensionEquals, byte(b'"'), S::ExtensionQuoted, A::None),
    row("RFC 9112 7.1.1", S::ExtensionToken, TCHAR, S::ExtensionToken, A::None),
    row("RFC 9112 7.1.1", S::ExtensionToken, CR, S::SizeLf, A::None),
    row("RFC 9112 7.1.1", S::ExtensionToken, byte(b';'), S::Extension, A::None),
    row("RFC 9112 7.1.1", S::ExtensionToken, OWS, S::ExtensionGap, A::None),
    row("RFC 9110 5.6.4", S::ExtensionQuoted, byte(b'"'), S::ExtensionQuoteEnd, A::None),
    row("RFC 9110 5.6.4", S::ExtensionQuoted, byte(b'\\'), S::ExtensionEscape, A::None),
    row("RFC 9110 5.6.4", S::ExtensionQuoted, VALUE, S::ExtensionQuoted, A::None),
    row("RFC 9110 5.6.4", S::ExtensionEscape, VALUE, S::ExtensionQuoted, A::None),
    row("RFC 9112 7.1.1", S::ExtensionQuoteEnd, CR, S::SizeLf, A::None),
    row("RFC 9112 7.1.1", S::ExtensionQuoteEnd, byte(b';'), S::Extension, A::None),
    row("RFC 9112 7.1.1", S::ExtensionQuoteEnd, OWS, S::ExtensionGap, A::None),
    row("RFC 9112 7.1", S::SizeLf, LF, S::ChunkData, A::SizeEnd),
    row("RFC 9112 7.1", S::ChunkDataCr, CR, S::ChunkDataLf, A::None),
    row("RFC 9112 7.1", S::ChunkDataLf, LF, S::SizeStart, A::None),
];
