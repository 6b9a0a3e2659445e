//! What is measured of a transfer while it goes on, for `--write-out`.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::time::Duration;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use wirenut::http::{ResponseHead, Version};
use wirenut_client::{Observed, Url};

/// What is measured of the last try of one URL. All clones measure the same.
#[derive(Clone, Default)]
pub(super) struct Measure(Arc<Mutex<Measured>>);

/// What was measured. The times count from the beginning of the try; `None`: it did not come so far.
#[derive(Clone, Default)]
pub(super) struct Measured {
    pub(super) began: Option<Instant>,
    pub(super) looked_up: Option<Duration>,
    pub(super) connected: Option<Duration>,
    pub(super) secured: Option<Duration>,
    pub(super) asked: Option<Duration>,
    pub(super) answered: Option<Duration>,
    /// When the request began that no redirect followed.
    pub(super) redirected: Option<Duration>,
    pub(super) ended: Duration,
    pub(super) connections: u32,
    pub(super) redirects: u32,
    pub(super) local: Option<SocketAddr>,
    pub(super) peer: Option<SocketAddr>,
    /// What was asked last.
    pub(super) url: Option<Url>,
    /// Where the last answer would lead.
    pub(super) next: Option<Url>,
    /// The same, as it came, where it is no URL that can be asked for.
    pub(super) elsewhere: Vec<u8>,
    pub(super) method: String,
    /// The last request was one for a tunnel.
    pub(super) is_tunnel: bool,
    pub(super) status: u16,
    /// That of a proxy's answer to CONNECT.
    pub(super) tunnel_status: u16,
    pub(super) version: Option<Version>,
    pub(super) content_type: Vec<u8>,
    /// Names and values of all fields of the last answer.
    pub(super) fields: Vec<(Vec<u8>, Vec<u8>)>,
    /// Bytes of content.
    pub(super) sent: u64,
    pub(super) received: u64,
    /// The file, if there is to be one.
    pub(super) file: Option<PathBuf>,
}

impl Measure {
    fn measured(&self) -> MutexGuard<'_, Measured> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets all: another URL begins.
    pub(super) fn reset(&self, method: &str) {
        *self.measured() = Measured { began: Some(Instant::now()), method: method.to_owned(), ..Measured::default() };
    }

    /// Another try begins.
    pub(super) fn begin(&self, url: &Url, method: &str) {
        let file = self.measured().file.take();
        self.reset(method);
        let mut measured = self.measured();
        (measured.url, measured.file) = (Some(url.clone()), file);
    }

    /// The file that the content goes to.
    pub(super) fn set_file(&self, file: &Path) {
        self.measured().file = Some(file.to_owned());
    }

    /// So much of the request's content was read to be sent.
    pub(super) fn set_sent(&self, count: u64) {
        self.measured().sent = count;
    }

    /// So much content has come in this try.
    pub(super) fn set_received(&self, count: u64) {
        self.measured().received = count;
    }

    /// The redirect that came last was followed, although no request was sent for it.
    pub(super) fn follow(&self) {
        self.measured().follow();
    }

    /// The URL is over: what was measured.
    pub(super) fn end(&self) -> Measured {
        let mut measured = self.measured();
        measured.ended = measured.elapsed();
        measured.clone()
    }

    pub(super) fn observe(&self, observed: &Observed<'_>) {
        self.measured().observe(observed);
    }
}

impl Measured {
    fn elapsed(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| began.elapsed())
    }

    /// The value of the first field of this name, whatever its case; nothing, if the last answer had none.
    pub(super) fn field(&self, name: &[u8]) -> &[u8] {
        let found = self.fields.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map_or(b"", |(_, value)| value)
    }

    fn observe(&mut self, observed: &Observed<'_>) {
        let now = Some(self.elapsed());
        match observed {
            Observed::LookedUp(_) => self.looked_up = now,
            Observed::Connected(_) => {
                self.connected = now;
                self.connections += 1;
                // A Unix socket is not looked up.
                self.looked_up = self.looked_up.or(now);
            }
            Observed::Reused(_) => {
                self.looked_up = self.looked_up.or(now);
                self.connected = self.connected.or(now);
            }
            Observed::Between { local, peer } => (self.local, self.peer) = (Some(*local), Some(*peer)),
            Observed::Secured(_) => self.secured = now,
            Observed::Request(head) => self.ask(head, now),
            Observed::Response(head) => self.answer(head, now),
            // What this does not know, it does not measure.
            _ => {}
        }
    }

    fn ask(&mut self, head: &[u8], now: Option<Duration>) {
        let method = head.split(|byte| *byte == b' ').next().unwrap_or_default();
        self.is_tunnel = method == b"CONNECT";
        if !self.is_tunnel {
            self.follow();
            self.method = String::from_utf8_lossy(method).into_owned();
            (self.asked, self.sent) = (now, 0);
        }
    }

    fn answer(&mut self, head: &ResponseHead<'_>, now: Option<Duration>) {
        let status = head.status.code();
        if self.is_tunnel {
            self.tunnel_status = status;
            return;
        }
        if status < 200 && status != 101 {
            return;
        }
        (self.status, self.version, self.answered) = (status, Some(head.version), now);
        self.fields = head.fields.into_iter().map(|field| (field.name.to_vec(), field.value.to_vec())).collect();
        self.content_type = head.fields.get("Content-Type").map(<[u8]>::to_vec).unwrap_or_default();
        let location = head.fields.get("Location").filter(|_| (300..400).contains(&status));
        self.next = location.and_then(|location| self.url.as_ref()?.join(location).ok());
        self.elsewhere = location.filter(|_| self.next.is_none()).map(<[u8]>::to_vec).unwrap_or_default();
    }

    fn follow(&mut self) {
        if let Some(next) = self.next.take() {
            self.url = Some(next);
            self.redirects += 1;
            // The answer that led here came just before.
            self.redirected = self.answered;
        }
    }
}
