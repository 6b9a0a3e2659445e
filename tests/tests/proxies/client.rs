//! What a client of a proxy or of a server gets for its bytes.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Instant;

/// Nothing takes so long: whoever is not done by then hangs.
const PATIENCE: Duration = Duration::from_secs(15);

/// All that came, until the other side ended.
#[derive(Default, Debug)]
pub(crate) struct Transcript(Vec<u8>);

impl Transcript {
    /// The codes of all responses.
    pub(crate) fn codes(&self) -> Vec<u16> {
        let digits = |start: &[u8]| match start {
            [b'H', b'T', b'T', b'P', b'/', b'1', b'.', _, b' ', digits @ ..] => {
                core::str::from_utf8(digits.get(..3)?).ok()?.parse().ok()
            }
            _ => None,
        };
        (0..self.0.len()).filter_map(|at| digits(&self.0[at..])).collect()
    }

    /// Is this part of it?
    pub(crate) fn holds(&self, text: &str) -> bool {
        self.0.windows(text.len()).any(|window| window == text.as_bytes())
    }

    /// For a reader.
    pub(crate) fn text(&self) -> String {
        self.0.escape_ascii().to_string()
    }
}

/// Sends `bytes`, and ends this direction once nothing has come for the time of `silence`.
///
/// # Errors
/// The other side neither ends nor lets the bytes in; in words.
pub(crate) fn converse(address: SocketAddr, bytes: &[u8], silence: Duration) -> Result<Transcript, String> {
    let connect = || {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(stream)
    };
    let stream = connect().map_err(|error: std::io::Error| format!("no connection: {error}"))?;
    // Who has said his last word takes no more: what came tells.
    let _ = (&stream).write_all(bytes);
    let mut transcript = Transcript::default();
    if !silence.is_zero() && gather(&stream, &mut transcript, silence)? {
        return Ok(transcript);
    }
    let _ = stream.shutdown(Shutdown::Write);
    if gather(&stream, &mut transcript, PATIENCE)? {
        Ok(transcript)
    } else {
        Err(format!("neither an answer nor an end; so far: {}", transcript.text()))
    }
}

/// Reads until the end (true), or until nothing has come for so long (false).
fn gather(mut stream: &TcpStream, transcript: &mut Transcript, silence: Duration) -> Result<bool, String> {
    let end = Instant::now() + PATIENCE;
    let mut buffer = [0; 16 * 1024];
    stream.set_read_timeout(Some(silence)).map_err(|error| error.to_string())?;
    while Instant::now() < end {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(true),
            Ok(length) => transcript.0.extend(&buffer[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(false),
            // A reset is an end, too.
            Err(_) => return Ok(true),
        }
    }
    Err(format!("answers without end: {}", transcript.text()))
}
