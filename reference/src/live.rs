//! Readings as they change, and commands, over WebSocket.

use wirenut::http::RequestHead;
use wirenut::http::service::{Responder, Result, Step};
use wirenut::time::{Duration, Instant};
use wirenut::transport::Protocol;
use wirenut::websocket::{Connection, Context, Limits, MessageHandler, Next, Outbox, Server, Upgrade};

use crate::device::Device;
use crate::service::{TEXT_BYTES, WRONG_SETTING, put_reading, setting};
use crate::text::Text;

/// How often it is looked whether the reading has changed.
const PERIOD: Duration = Duration::from_millis(500);

/// Commands are short, and who is gone without a word must not keep one of few sockets for long.
const LIMITS: Limits = Limits {
    message_bytes: 64,
    frame_bytes: 64,
    ping: Duration::from_secs(15),
    pong: Duration::from_secs(5),
    close: Duration::from_secs(2),
    ..Limits::DEFAULT
};

const UPGRADE: Upgrade<'static> = Upgrade { limits: &LIMITS, ..Upgrade::DEFAULT };

/// A connection on which readings are shown.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    connection: Connection<Server>,
    view: View,
}

/// What the peer was shown last, and when it is looked whether that has changed.
#[derive(Clone, Copy, Debug)]
struct View {
    shown: Option<(i32, u8, u32)>,
    next_look: Instant,
}

impl Live {
    /// Takes the connection over, or refuses the request.
    pub(crate) fn begin(head: &RequestHead<'_>, responder: &mut Responder<'_>) -> Result<Self> {
        UPGRADE.switch(&UPGRADE.accept(head, responder)?, responder)?;
        let cx = Context { now: responder.now(), limits: &LIMITS };
        let view = View { shown: None, next_look: cx.now };
        Ok(Self { connection: Connection::new(Server, &cx), view })
    }

    /// Lets it do what it can with these bytes.
    pub(crate) fn converse(
        &mut self,
        device: &impl Device,
        piece: &[u8],
        has_ended: bool,
        responder: &mut Responder<'_>,
    ) -> (usize, Step) {
        let cx = Context { now: responder.now(), limits: &LIMITS };
        let Some(mut tunnel) = responder.tunnel() else { return (0, Step::More) };
        let mut handler = Readings { device, view: &mut self.view };
        let mut protocol = self.connection.speak(&mut handler, cx);
        if has_ended {
            protocol.handle_eof();
        }
        tunnel.speak(piece, &mut protocol)
    }
}

/// A [`View`] for one call.
struct Readings<'c, D> {
    device: &'c D,
    view: &'c mut View,
}

impl<D: Device> Readings<'_, D> {
    fn reading(&self) -> (i32, u8, u32) {
        (self.device.celsius_tenths(), self.device.setting(), self.device.requests())
    }

    fn show(&mut self, outbox: &mut Outbox<'_>) -> Next {
        let mut place = [0; TEXT_BYTES];
        let mut text = Text::new(&mut place);
        put_reading(self.device, &mut text);
        self.view.shown = Some(self.reading());
        outbox.text(str::from_utf8(text.as_bytes()).unwrap_or_default()).into()
    }
}

impl<D: Device> MessageHandler for Readings<'_, D> {
    /// The longest text with its frame.
    const ROOM: usize = TEXT_BYTES + 10;
    const PUSHES: bool = true;

    /// `set 23`.
    fn text(&mut self, text: &str, outbox: &mut Outbox<'_>) -> Next {
        let degrees = text.strip_prefix("set ").and_then(|degrees| setting(degrees.as_bytes()));
        match degrees {
            Some(degrees) => {
                self.device.set(degrees);
                self.show(outbox)
            }
            None => outbox.text(WRONG_SETTING.strip_suffix('\n').unwrap_or(WRONG_SETTING)).into(),
        }
    }

    fn proceed(&mut self, outbox: &mut Outbox<'_>) -> Next {
        if outbox.now() >= self.view.next_look {
            self.view.next_look = outbox.now().saturating_add(PERIOD);
        }
        if self.view.shown == Some(self.reading()) { Next::More } else { self.show(outbox) }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Some(self.view.next_look)
    }
}
