//! The states of the grammar.

/// What was read last of a message, and so what may come next. States that have rows in the
/// [table](crate::http::grammar::ROWS) take bytes of the grammar; in the others, content begins, or nothing is read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum State {
    /// Before the first byte of a request; empty lines may come.
    RequestStart,
    /// Behind the carriage return of an empty line before a request.
    RequestStartLf,
    /// In the method.
    Method,
    /// Before the first byte of the target.
    Target,
    /// Behind `*`.
    Asterisk,
    /// Behind `h` of a scheme.
    SchemeH,
    /// Behind `ht` of a scheme.
    SchemeHt,
    /// Behind `htt` of a scheme.
    SchemeHtt,
    /// Behind `http` of a scheme.
    SchemeHttp,
    /// Behind `https` of a scheme.
    SchemeHttps,
    /// Behind the colon of a scheme.
    SchemeColon,
    /// Behind the first slash.
    SchemeSlash,
    /// In path and query.
    Path,
    /// Before the version.
    Version,
    /// Before the first byte of a response.
    StatusStart,
    /// Behind `H` of the version.
    VersionH,
    /// Behind `HT` of the version.
    VersionHt,
    /// Behind `HTT` of the version.
    VersionHtt,
    /// Behind `HTTP` of the version.
    VersionHttp,
    /// Before the major version.
    VersionSlash,
    /// Behind the major version.
    VersionMajor,
    /// Before the minor version.
    VersionDot,
    /// Behind the version.
    VersionEnd,
    /// Before the status code.
    Status,
    /// Behind one digit of the status code.
    StatusTens,
    /// Behind two digits.
    StatusOnes,
    /// Behind the status code.
    StatusEnd,
    /// In the reason phrase.
    Reason,
    /// Behind the carriage return of a start line.
    StartLineLf,
    /// At the beginning of a field line, or of the empty line.
    Line,
    /// In a field name.
    Name,
    /// Behind the colon.
    BeforeValue,
    /// In a value that means nothing to framing.
    Value,
    /// In a Connection field.
    Options,
    /// Behind white space in a Connection field.
    OptionGap,
    /// Before a transfer coding.
    CodingStart,
    /// In the name of a transfer coding.
    Coding,
    /// Behind white space and the name of a transfer coding.
    CodingGap,
    /// In the parameters of a transfer coding.
    CodingParameters,
    /// In a quoted parameter of a transfer coding.
    CodingQuoted,
    /// Behind a backslash in it.
    CodingEscape,
    /// Before a Content-Length.
    LengthStart,
    /// In a Content-Length.
    Length,
    /// Behind a Content-Length.
    LengthGap,
    /// Before an expectation.
    Expect,
    /// Behind `1`.
    Expect1,
    /// Behind `10`.
    Expect10,
    /// Behind `100`.
    Expect100,
    /// Behind `100-`.
    ExpectDash,
    /// Behind `100-c`.
    ExpectC,
    /// Behind `100-co`.
    ExpectCo,
    /// Behind `100-con`.
    ExpectCon,
    /// Behind `100-cont`.
    ExpectCont,
    /// Behind `100-conti`.
    ExpectConti,
    /// Behind `100-contin`.
    ExpectContin,
    /// Behind `100-continu`.
    ExpectContinu,
    /// Behind the expectation.
    ExpectEnd,
    /// Before a host.
    Host,
    /// In a registered name or an IPv4 address.
    HostName,
    /// Behind the percent sign of a host.
    HostPercent,
    /// Behind the first digit of percent-encoding.
    HostPercentDigit,
    /// In an IP literal.
    HostIp,
    /// Behind an IP literal.
    HostIpEnd,
    /// Behind the colon before a port.
    PortStart,
    /// In a port.
    Port,
    /// Behind a host and white space.
    HostGap,
    /// Behind the carriage return of a field line.
    LineLf,
    /// Behind the carriage return of the empty line.
    SectionLf,
    /// Before a chunk size.
    SizeStart,
    /// In a chunk size.
    Size,
    /// Before the semicolon of a chunk extension.
    ExtensionGap,
    /// Before the name of a chunk extension.
    Extension,
    /// In the name of a chunk extension.
    ExtensionName,
    /// Behind the name of a chunk extension.
    ExtensionNameGap,
    /// Before the value of a chunk extension.
    ExtensionEquals,
    /// In a value that is a token.
    ExtensionToken,
    /// In a quoted string.
    ExtensionQuoted,
    /// Behind a backslash in a quoted string.
    ExtensionEscape,
    /// Behind a quoted string.
    ExtensionQuoteEnd,
    /// Behind the carriage return of a chunk-size line.
    SizeLf,
    /// Behind the data of a chunk.
    ChunkDataCr,
    /// Behind the carriage return that follows the data of a chunk.
    ChunkDataLf,
    /// A head or a trailer section is complete.
    SectionDone,
    /// Content of a declared length.
    Content,
    /// The data of a chunk.
    ChunkData,
    /// Content, or the bytes of a tunnel, until the connection ends.
    UntilClose,
    /// The message is complete.
    End,
}

impl State {
    /// How many have rows: the first ones.
    pub(super) const WITH_ROWS: usize = Self::SectionDone.index();

    /// Its place among all.
    #[expect(clippy::as_conversions, reason = "a state is a byte")]
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}
