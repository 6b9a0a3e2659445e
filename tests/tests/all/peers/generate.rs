//! Streams of requests and responses, most of them nearly right: the same ones for the same seed.

mod words;

use wirenut_tests::cases;
use wirenut_tests::wire::bytes;
use words::{
    EXTENSIONS, FIELDS, LINE_ENDS, METHODS, ODD_FIELDS, ODD_FRAMING, ODD_METHODS, ODD_SIZES, ODD_STATUSES, ODD_TARGETS,
    ODD_VERSIONS, PARTS, SIGNS, STATUSES, TARGETS, TRAILERS,
};

/// What follows some streams, so that it shows where the message before it ended.
const NEXT_REQUEST: &[u8] = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n";

/// So many choices are usual ones, to one that is odd.
const USUAL: usize = 40;

/// Numbers that look as if they came by chance (SplitMix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, nth: u64) -> Self {
        let mut dice = Self(seed ^ nth.wrapping_mul(0xd134_2543_de82_ef95));
        dice.roll();
        dice
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(end.max(1)).expect("a count")).expect("below a count")
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// One of the usual ones, or now and then an odd one.
    fn mostly<T: Copy>(&mut self, usual: &[T], odd: &[T]) -> T {
        if self.one_in(USUAL) { self.pick(odd) } else { self.pick(usual) }
    }
}

/// What the messages of a stream are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Requests,
    Response,
}

/// The streams of a run: each raw case as it is, and `count` made ones.
pub(crate) fn streams(role: Role, seed: u64, count: u64) -> impl Iterator<Item = Vec<u8>> {
    let cases: Vec<Vec<u8>> = cases::all().map(|case| bytes(case.text)).collect();
    let whole = if role == Role::Requests { cases.clone() } else { Vec::new() };
    whole.into_iter().chain((0..count).map(move |nth| {
        let mut dice = Dice::new(seed, nth);
        let mut stream = match (dice.below(8), role) {
            (0, _) => (0..dice.below(9)).flat_map(|_| latin1(dice.pick(PARTS))).collect(),
            (1, Role::Requests) => cases[dice.below(cases.len())].clone(),
            _ => (0..1 + dice.below(2)).flat_map(|_| message(&mut dice, role)).collect(),
        };
        if dice.one_in(2) {
            (0..1 + dice.below(2)).for_each(|_| mutate(&mut dice, &mut stream));
        }
        if role == Role::Requests && dice.one_in(2) {
            stream.extend(NEXT_REQUEST);
        }
        stream
    }))
}

/// The characters of the tables of words stand for the bytes of their numbers; those that no byte has, for their UTF-8.
fn latin1(text: &str) -> Vec<u8> {
    let byte =
        |sign: char| u8::try_from(u32::from(sign)).map_or_else(|_| sign.to_string().into_bytes(), |byte| vec![byte]);
    text.chars().flat_map(byte).collect()
}

fn message(dice: &mut Dice, role: Role) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |text: &str| out.extend(latin1(text));
    match role {
        Role::Requests => {
            put(dice.mostly(METHODS, ODD_METHODS));
            put(dice.mostly(&[" "], &["  ", "\t", ""]));
            put(dice.mostly(TARGETS, ODD_TARGETS));
            put(dice.mostly(&[" "], &["  ", "\t", ""]));
            put(dice.mostly(&["HTTP/1.1"], ODD_VERSIONS));
        }
        Role::Response => {
            put(dice.mostly(&["HTTP/1.1"], ODD_VERSIONS));
            put(dice.mostly(&[" "], &["  ", "\t", ""]));
            put(dice.mostly(STATUSES, ODD_STATUSES));
        }
    }
    put(dice.mostly(&["\r\n"], LINE_ENDS));
    let mut fields = vec![];
    if role == Role::Requests && !dice.one_in(USUAL) {
        fields.push("Host: a".to_owned());
    }
    (0..dice.below(4)).for_each(|_| fields.push(dice.mostly(FIELDS, ODD_FIELDS).to_owned()));
    let content = content(dice, &mut fields);
    for field in fields {
        put(&field);
        put(dice.mostly(&["\r\n"], LINE_ENDS));
    }
    put(dice.mostly(&["\r\n"], LINE_ENDS));
    out.extend(content);
    out
}

/// The content, and behind `fields` those that frame it.
fn content(dice: &mut Dice, fields: &mut Vec<String>) -> Vec<u8> {
    let data = &b"hello\r\nHTTP/1.1 x\r\n\r\n0\r\n\r\n"[..dice.below(20)];
    let (mut content, framing) = match dice.below(3) {
        0 => (Vec::new(), None),
        1 => (data.to_vec(), Some(format!("Content-Length: {}", data.len()))),
        _ => (chunks(dice, data), Some("Transfer-Encoding: chunked".to_owned())),
    };
    fields.extend(framing);
    if dice.one_in(USUAL / 4) {
        let at = dice.below(fields.len() + 1);
        fields.insert(at, dice.pick(ODD_FRAMING).to_owned());
    }
    if dice.one_in(USUAL) {
        content.truncate(dice.below(content.len()));
    }
    content
}

fn chunks(dice: &mut Dice, data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut put = |text: &str| out.extend(latin1(text));
    for piece in data.chunks(1 + dice.below(9)) {
        let size = format!("{:x}", piece.len());
        put(dice.mostly(&[size.as_str()], ODD_SIZES));
        put(dice.mostly(&[""], EXTENSIONS));
        put(dice.mostly(&["\r\n"], LINE_ENDS));
        put(&piece.iter().copied().map(char::from).collect::<String>());
        put(dice.mostly(&["\r\n"], LINE_ENDS));
    }
    put(dice.mostly(&["0", "000"], &["", "00000000000000000000", "-0", "0x0"]));
    put(dice.mostly(&[""], EXTENSIONS));
    put(dice.mostly(&["\r\n"], LINE_ENDS));
    for _ in 0..dice.below(3) / 2 {
        put(dice.pick(TRAILERS));
        put(dice.mostly(&["\r\n"], LINE_ENDS));
    }
    put(dice.mostly(&["\r\n"], LINE_ENDS));
    out
}

/// Changes a byte, puts one in, takes one out, doubles, moves or drops a line, or strews a part in.
fn mutate(dice: &mut Dice, stream: &mut Vec<u8>) {
    let at = dice.below(stream.len());
    if stream.is_empty() {
        return;
    }
    match dice.below(7) {
        0 => stream[at] = dice.pick(SIGNS),
        1 => stream.insert(at, dice.pick(SIGNS)),
        2 => drop(stream.remove(at)),
        3 => drop(stream.splice(at..at, latin1(dice.pick(PARTS)))),
        manner => {
            let mut lines: Vec<Vec<u8>> = stream.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
            let (from, to) = (dice.below(lines.len()), dice.below(lines.len()));
            match manner {
                4 => lines.insert(to, lines[from].clone()),
                5 => lines.swap(from, to),
                _ => drop(lines.remove(from)),
            }
            *stream = lines.concat();
        }
    }
}
