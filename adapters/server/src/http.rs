//! HTTP services as the work of a server.

use wirenut::http::service::Service;
use wirenut_linux::Error;
use wirenut_linux::socket::AnyByteStream;

use crate::board::Seat;
use crate::config::Config;
use crate::guard::{Guard, RequestNames};
use crate::throttle::Throttle;
use crate::transfer::Transfer;
use crate::work::{Queue, Work};
use crate::worker::Worker;

/// A service, asked over HTTP.
pub(crate) struct Http<'s, S: ?Sized> {
    pub(crate) service: &'s S,
    pub(crate) config: Config,
    pub(crate) throttle: Throttle,
}

impl<S: Service<Source: Transfer> + ?Sized> Work for Http<'_, S> {
    const MULTIPLEXES: bool = true;

    fn serve_all(&self, queue: Queue<'_>, seat: Seat) -> Result<(), Error> {
        let names = RequestNames::new(seat.clone());
        let guard = Guard::new(self.service, &names);
        Worker::new(&guard, &names, (self.config, &self.throttle), queue, seat)?.run()
    }

    fn serve_one(&self, _: AnyByteStream, _: Seat) -> Result<(), Error> {
        unimplemented!("made by the models")
    }
}
