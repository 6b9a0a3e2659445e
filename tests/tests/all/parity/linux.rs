//! The second wire: the Linux server, over the loopback interface.

use core::net::SocketAddr;
use std::thread::{self, JoinHandle};

use wirenut::time::Duration;
use wirenut_reference::{DEVICE_LIMITS, Reference};
use wirenut_server::{Config, Server, Stopper};
use wirenut_tests::parity::State;

const CONFIG: Config =
    Config { limits: DEVICE_LIMITS, max_connections: 16, drain: Duration::from_millis(200), ..Config::DEFAULT };

/// A server in a thread, until it is dropped.
pub(crate) struct Linux {
    pub(crate) address: SocketAddr,
    stopper: Stopper,
    running: Option<JoinHandle<()>>,
}

impl Linux {
    pub(crate) fn start(state: State) -> Self {
        let server = Server::bind("127.0.0.1:0", CONFIG).expect("a free port");
        let (address, stopper) = (server.local_addr().expect("an address"), server.stopper());
        let running = thread::spawn(move || {
            server.run_on_this_thread(&Reference { device: state.device() }).expect("a server that runs");
        });
        Self { address, stopper, running: Some(running) }
    }
}

impl Drop for Linux {
    fn drop(&mut self) {
        self.stopper.stop();
        let ended = self.running.take().map(JoinHandle::join);
        if !thread::panicking() {
            assert!(matches!(ended, Some(Ok(()))), "the Linux server failed");
        }
    }
}
