//! The states of the grammar.

/// Defines [`State`]: each state with the number of its rows in the table. Its own number is the place of the first one.
macro_rules! states {
    ($($(#[$doc:meta])* $name:ident $rows:literal,)*) => {
        /// What was read last of a message, and so what may come next. States that have rows in the [table](crate::http::grammar::ROWS)
        /// take bytes of the grammar; in the others, content begins, or nothing is read.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        #[repr(u8)]
        pub enum State {
            $($(#[$doc])* $name = first_row(Order::$name),)*
        }

        /// The same, numbered one by one.
        #[derive(Clone, Copy)]
        enum Order {
            $($name,)*
        }

        /// How many rows each has.
        const ROWS: &[u8] = &[$($rows),*];
    };
}

/// Where the rows of a state begin. One that has none takes a place for itself, behind all that have.
#[expect(
    clippy::as_conversions,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "evaluated by the compiler"
)]
const fn first_row(state: Order) -> u8 {
    let (mut before, mut at) = (0, 0);
    while at < state as usize {
        before += if ROWS[at] == 0 { 1 } else { ROWS[at] };
        at += 1;
    }
    before
}

states! {
    /// Before the first byte of a request; empty lines may come.
    RequestStart 2,
    /// Behind the carriage return of an empty line before a request.
    RequestStartLf 1,
    /// In the method.
    Method 2,
    /// Before the first byte of the target.
    Target 4,
    /// Behind `*`.
    Asterisk 1,
    /// Behind `h` of a scheme.
    SchemeH 2,
    /// Behind `ht` of a scheme.
    SchemeHt 2,
    /// Behind `htt` of a scheme.
    SchemeHtt 2,
    /// Behind `http` of a scheme.
    SchemeHttp 3,
    /// Behind `https` of a scheme.
    SchemeHttps 1,
    /// Behind the colon of a scheme.
    SchemeColon 1,
    /// Behind the first slash.
    SchemeSlash 1,
    /// In path and query.
    Path 2,
    /// Before the version.
    Version 1,
    /// Before the first byte of a response.
    StatusStart 1,
    /// Behind `H` of the version.
    VersionH 1,
    /// Behind `HT` of the version.
    VersionHt 1,
    /// Behind `HTT` of the version.
    VersionHtt 1,
    /// Behind `HTTP` of the version.
    VersionHttp 1,
    /// Before the major version.
    VersionSlash 2,
    /// Behind the major version.
    VersionMajor 1,
    /// Before the minor version.
    VersionDot 2,
    /// Behind the version.
    VersionEnd 2,
    /// Before the status code.
    Status 1,
    /// Behind one digit of the status code.
    StatusTens 1,
    /// Behind two digits.
    StatusOnes 1,
    /// Behind the status code.
    StatusEnd 1,
    /// In the reason phrase.
    Reason 2,
    /// Behind the carriage return of a start line.
    StartLineLf 1,
    /// At the beginning of a field line, or of the empty line.
    Line 2,
    /// The same, where no field line may come any more.
    LastLine 2,
    /// In a field name.
    Name 2,
    /// In a value that means nothing to framing.
    Value 2,
    /// Before a member of Connection.
    Options 4,
    /// In a member.
    Option 5,
    /// Behind a member and white space.
    OptionGap 4,
    /// In a member that is none of those that are known: it is no token, or there is more behind white space.
    OtherOption 3,
    /// Before the first transfer coding.
    Codings 2,
    /// Before another transfer coding.
    CodingStart 2,
    /// In the name of a transfer coding.
    Coding 5,
    /// Behind white space and the name of a transfer coding.
    CodingGap 4,
    /// In the parameters of a transfer coding.
    CodingParameters 7,
    /// In a quoted parameter of a transfer coding.
    CodingQuoted 3,
    /// Behind a backslash in it.
    CodingEscape 1,
    /// Before a Content-Length.
    LengthStart 2,
    /// In a Content-Length.
    Length 3,
    /// Behind a Content-Length.
    LengthGap 2,
    /// Before an expectation.
    Expect 2,
    /// Behind `1`.
    Expect1 1,
    /// Behind `10`.
    Expect10 1,
    /// Behind `100`.
    Expect100 1,
    /// Behind `100-`.
    ExpectDash 2,
    /// Behind `100-c`.
    ExpectC 2,
    /// Behind `100-co`.
    ExpectCo 2,
    /// Behind `100-con`.
    ExpectCon 2,
    /// Behind `100-cont`.
    ExpectCont 2,
    /// Behind `100-conti`.
    ExpectConti 2,
    /// Behind `100-contin`.
    ExpectContin 2,
    /// Behind `100-continu`.
    ExpectContinu 2,
    /// Behind the expectation.
    ExpectEnd 2,
    /// Before the value of Host.
    HostStart 5,
    /// Before a host in a target.
    Host 3,
    /// In a registered name or an IPv4 address.
    HostName 7,
    /// Behind the percent sign of a host.
    HostPercent 1,
    /// Behind the first digit of percent-encoding.
    HostPercentDigit 1,
    /// At the beginning of an IP literal.
    HostIp 2,
    /// Behind a colon at its beginning.
    IpFirstColon 1,
    /// In a group of hexadecimal digits, or in the first octet of an IPv4 address.
    IpGroup 4,
    /// Behind a group and a colon.
    IpColon 2,
    /// Behind `::`.
    IpEllipsis 2,
    /// Behind a full stop.
    IpDot 1,
    /// In another octet of an IPv4 address.
    IpOctet 3,
    /// Behind an IP literal.
    HostIpEnd 5,
    /// Behind the colon before a port.
    PortStart 5,
    /// In a port.
    Port 5,
    /// Behind a host and white space.
    HostGap 2,
    /// Behind the carriage return of a field line.
    LineLf 1,
    /// Behind the carriage return of the empty line.
    SectionLf 1,
    /// Before a chunk size.
    SizeStart 1,
    /// In a chunk size.
    Size 4,
    /// Before the semicolon of a chunk extension.
    ExtensionGap 2,
    /// Before the name of a chunk extension.
    Extension 2,
    /// In the name of a chunk extension.
    ExtensionName 5,
    /// Behind the name of a chunk extension.
    ExtensionNameGap 3,
    /// Before the value of a chunk extension.
    ExtensionEquals 3,
    /// In a value that is a token.
    ExtensionToken 4,
    /// In a quoted string.
    ExtensionQuoted 3,
    /// Behind a backslash in a quoted string.
    ExtensionEscape 1,
    /// Behind a quoted string.
    ExtensionQuoteEnd 3,
    /// Behind the carriage return of a chunk-size line.
    SizeLf 1,
    /// Behind the data of a chunk.
    ChunkDataCr 1,
    /// Behind the carriage return that follows the data of a chunk.
    ChunkDataLf 1,
    /// A head or a trailer section is complete.
    SectionDone 0,
    /// All lines of a response's head have come, and the carriage return of its empty line: what follows depends on what
    /// was asked.
    ResponseRead 0,
    /// Content of a declared length.
    Content 0,
    /// The data of a chunk.
    ChunkData 0,
    /// Content, or the bytes of a tunnel, until the connection ends.
    UntilClose 0,
    /// The message is complete.
    End 0,
}

impl State {
    /// How many rows there are: behind the last one stand the states without.
    pub(super) const ROWS: usize = Self::SectionDone.index();

    /// The place of its first row.
    #[expect(clippy::as_conversions, reason = "a state is a byte")]
    pub(super) const fn index(self) -> usize {
        self as usize
    }
}
