//! Downloads that break off and go on: whatever happens to the resource meanwhile, a file that is whole is one version of it.

use wirenut::http::HttpDate;
use wirenut_client::resume::{Answer, Validator, Verdict, Version, content_range, is_finished, judge};

/// A resource that changes, with a server that does as RFC 9110 says.
struct Resource {
    version: u8,
    content: Vec<u8>,
    changed: u64,
    now: u64,
    kind: Kind,
}

/// By what the server names its versions.
#[derive(Clone, Copy)]
enum Kind {
    Tags,
    WeakTags,
    Dates,
    Nothing,
}

/// What is kept of a response, without its content.
#[derive(Default)]
struct Response {
    status: u16,
    content_range: Option<String>,
    tag: Option<String>,
    last_modified: Option<String>,
    date: String,
    length: usize,
}

/// A byte for the server, and then pairs of bytes: what happens, and how much of it.
pub fn resume(data: &[u8]) {
    let Some((choice, events)) = data.split_first() else { return };
    arbitrary(data);
    let kind = [Kind::Tags, Kind::WeakTags, Kind::Dates, Kind::Nothing][usize::from(choice % 4)];
    let mut resource = Resource { version: 0, content: Vec::new(), changed: 0, now: 1, kind };
    resource.change(*choice);
    let mut file: Option<(Vec<u8>, Version)> = None;
    for event in events.chunks_exact(2) {
        match event[0] % 8 {
            0 | 1 => resource.change(event[1]),
            2 | 3 => resource.now += u64::from(event[1] % 3),
            _ => file = fetch(&resource, file, usize::from(event[1])),
        }
    }
}

impl Resource {
    fn change(&mut self, length: u8) {
        self.version = self.version.wrapping_add(1);
        self.content = (0..length).map(|place| place.wrapping_mul(31) ^ self.version.wrapping_mul(17)).collect();
        self.changed = self.now;
    }

    fn answer(&self, range: Option<(usize, &[u8])>) -> Response {
        let date = |seconds| String::from_utf8_lossy(HttpDate::from_unix(seconds).as_bytes()).into_owned();
        let (tag, last_modified) = match self.kind {
            Kind::Tags => (Some(format!("\"{}\"", self.version)), None),
            Kind::WeakTags => (Some(format!("W/\"{}\"", self.version)), Some(date(self.changed))),
            Kind::Dates => (None, Some(date(self.changed))),
            Kind::Nothing => (None, None),
        };
        let length = self.content.len();
        let is_current = |validator: &[u8]| {
            let strong = tag.iter().filter(|tag| !tag.starts_with('W')).chain(&last_modified);
            strong.into_iter().any(|other| other.as_bytes() == validator)
        };
        let (status, content_range, count) = match range {
            Some((first, validator)) if is_current(validator) && first < length => {
                (206, Some(format!("bytes {first}-{}/{length}", length - 1)), length - first)
            }
            Some((_, validator)) if is_current(validator) => (416, Some(format!("bytes */{length}")), 0),
            _ => (200, None, length),
        };
        Response { status, content_range, tag, last_modified, date: date(self.now), length: count }
    }
}

impl Response {
    fn as_answer(&self) -> Answer<'_> {
        Answer {
            status: self.status,
            content_range: self.content_range.as_deref().map(str::as_bytes),
            tag: self.tag.as_deref().map(str::as_bytes),
            last_modified: self.last_modified.as_deref().map(str::as_bytes),
            length: u64::try_from(self.length).ok(),
        }
    }
}

/// One try, of whose content `most` bytes come. Returns what is there for the next.
fn fetch(resource: &Resource, file: Option<(Vec<u8>, Version)>, most: usize) -> Option<(Vec<u8>, Version)> {
    let range = file.as_ref().map(|(have, version)| (have.len(), version.validator.value()));
    let response = resource.answer(range);
    let answer = response.as_answer();
    let (have, version) = match file {
        None => (Vec::new(), None),
        Some((have, version)) => {
            let count = u64::try_from(have.len()).expect("few");
            match judge(count, &version, &answer) {
                Verdict::Continue { total } => {
                    assert_eq!(total, u64::try_from(resource.content.len()).ok());
                    (have, Some(version))
                }
                Verdict::Anew => (Vec::new(), None),
                Verdict::Finished => {
                    assert!(is_finished(count, &answer));
                    assert_eq!(have, resource.content, "a file of another version is taken for whole");
                    return None;
                }
                Verdict::AskAgain(_) | Verdict::Failed => {
                    // A server that does as the RFC says gives no reason for that.
                    panic!("{}: {:?}", response.status, response.content_range);
                }
            }
        }
    };
    let mut all = have;
    let rest = &resource.content[all.len()..];
    all.extend_from_slice(&rest[..rest.len().min(most)]);
    if all.len() == resource.content.len() {
        assert_eq!(all, resource.content, "two versions are glued");
        return None;
    }
    let version = version.or_else(|| {
        let validator = Validator::of(answer.tag, answer.last_modified, Some(response.date.as_bytes()))?;
        Some(Version { validator, length: u64::try_from(resource.content.len()).ok() })
    })?;
    (!all.is_empty()).then_some((all, version))
}

/// Whatever a server says of its range: bytes are put behind others only where it begins there.
fn arbitrary(data: &[u8]) {
    let (have, status) = (u64::from(data[0]).max(1), if data.len().is_multiple_of(2) { 206 } else { 416 });
    let version = Version { validator: Validator::Tag(b"\"1\"".to_vec()), length: None };
    for value in data.split(|byte| *byte == b'\n') {
        let answer = Answer { status, content_range: Some(value), ..Answer::default() };
        match judge(have, &version, &answer) {
            Verdict::Continue { total } => {
                let text = str::from_utf8(value).expect("digits");
                let numbers: Vec<u128> =
                    text.split(|sign: char| !sign.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect();
                assert_eq!(numbers[0], u128::from(have), "{text}");
                assert!(
                    numbers[1] >= numbers[0] && total.is_some_and(|total| u128::from(total) > numbers[1]),
                    "{text}"
                );
                assert_eq!(content_range(value).map(|(range, _)| range.is_some()), Some(true));
            }
            Verdict::Finished => assert!(is_finished(have, &answer) && status == 416),
            Verdict::Anew | Verdict::AskAgain(_) | Verdict::Failed => {}
        }
    }
}
