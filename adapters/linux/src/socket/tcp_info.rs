//! What the system knows of a TCP socket: TCP_INFO of tcp(7).

use core::time::Duration;

use rustix::io::Errno;
use wirenut::tcp::state::State as TcpState;

use super::protocol::{State, Tcp};
use super::typed::Socket;
use crate::error::Error;
use crate::sys::socket;

/// What the system knows of a TCP socket, at one moment: its state and a few figures.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct TcpInfo {
    /// Its state, in the words of RFC 9293. TIME-WAIT belongs to the system and to no socket: a socket whose connection
    /// is there, or over, is CLOSED.
    pub state: TcpState,
    /// The smoothed round-trip time; zero before the first measurement.
    pub round_trip_time: Duration,
    /// Its mean deviation.
    pub round_trip_deviation: Duration,
    /// After so long without an acknowledgement something is sent again.
    pub retransmission_timeout: Duration,
    /// Bytes of a segment to the peer at most.
    pub send_segment_bytes: u32,
    /// Segments that may be on their way: the congestion window.
    pub congestion_window: u32,
    /// Segments that were sent and are not acknowledged. Of a listener: connections that wait to be accepted.
    pub unacknowledged: u32,
    /// Segments that were sent again, ever.
    pub retransmitted: u32,
    /// How often in a row the time for an acknowledgement has run out.
    pub timeouts: u8,
}

impl<S: State> Socket<Tcp, S> {
    /// What the system knows of the socket (TCP_INFO of tcp(7)): its state and a few figures, of this moment.
    ///
    /// ```
    /// use std::net::Shutdown;
    /// use wirenut::tcp::state::State;
    /// use wirenut_linux::socket::{Mode, TcpListener, TcpStream};
    /// let listener = TcpListener::bind(&"127.0.0.1:0".parse()?)?;
    /// assert_eq!(listener.tcp_info()?.state, State::Listen);
    /// let client = TcpStream::connect(&listener.local_address()?)?;
    /// assert_eq!(client.tcp_info()?.state, State::Established);
    /// let (server, _) = listener.accept(Mode::Blocking)?.done().unwrap();
    /// server.shutdown(Shutdown::Write)?;
    /// client.recv(&mut [0])?; // the end
    /// assert_eq!(client.tcp_info()?.state, State::CloseWait);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// EPROTO: the system tells a state that RFC 9293 does not have.
    pub fn tcp_info(&self) -> Result<TcpInfo, Error> {
        let ask = || {
            let info = socket::tcp_info(self)?;
            Ok(TcpInfo {
                state: state(info.tcpi_state).ok_or(Errno::PROTO)?,
                round_trip_time: micros(info.tcpi_rtt),
                round_trip_deviation: micros(info.tcpi_rttvar),
                retransmission_timeout: micros(info.tcpi_rto),
                send_segment_bytes: info.tcpi_snd_mss,
                congestion_window: info.tcpi_snd_cwnd,
                unacknowledged: info.tcpi_unacked,
                retransmitted: info.tcpi_total_retrans,
                timeouts: info.tcpi_retransmits,
            })
        };
        ask().map_err(self.failed("tell the state of"))
    }
}

fn micros(micros: u32) -> Duration {
    Duration::from_micros(micros.into())
}

/// By the numbers of the kernel (`include/net/tcp_states.h`).
fn state(number: u8) -> Option<TcpState> {
    Some(match number {
        1 => TcpState::Established,
        2 => TcpState::SynSent,
        // The second is that of a request in front of a listener.
        3 | 12 => TcpState::SynReceived,
        4 => TcpState::FinWait1,
        5 => TcpState::FinWait2,
        6 => TcpState::TimeWait,
        7 => TcpState::Closed,
        8 => TcpState::CloseWait,
        9 => TcpState::LastAck,
        10 => TcpState::Listen,
        11 => TcpState::Closing,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_a_number() {
        for expected in TcpState::ALL {
            assert!((1..=12).any(|number| state(number) == Some(expected)), "{expected}");
        }
        assert_eq!((state(0), state(13)), (None, None));
    }
}
