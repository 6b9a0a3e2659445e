//! One server on each of several threads, over one listening socket.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::future::poll_fn;
use core::num::NonZero;
use core::pin::{Pin, pin};
use core::task::{Context, Poll};
use std::io;
use std::panic::resume_unwind;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Notify, watch};

use super::accept::TokioAccept;
use super::config::TokioConfig;
use super::listener::TokioListener;
use super::places::Places;
use super::report::TokioReport;

/// Runs a server on each of so many threads, over one listening socket, until `stop` is ready; then all of them end gracefully,
/// at the same time. Returns when all have ended, and what they did together.
///
/// `serve` is called once on each thread, with a server and its stop: it serves whatever that thread is to serve. What it makes
/// belongs to the thread, and need be neither `Send` nor `Sync`; what it borrows is shared. Each thread has a runtime of its
/// own. They have one count of places: [`Policy::slots`](wirenut::readiness::Policy::slots) holds for all together. A thread
/// without a place leaves a newcomer to one that has some; idle connections give way to newcomers of their own thread.
///
/// ```
/// use core::num::NonZero;
/// use wirenut::http::service::service_fn;
/// use wirenut_embedded_io::{TokioConfig, serve_on_threads};
///
/// fn main() -> std::io::Result<()> {
///     let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
///     let threads = std::thread::available_parallelism()?;
///     let stop = async { _ = tokio::signal::ctrl_c().await };
///     # let stop = async {};
///     let report = serve_on_threads(listener, TokioConfig::DEFAULT, threads, stop, async |server, stop| {
///         let hello = service_fn(|_, responder| responder.text("hello"));
///         server.serve(&hello, stop, |failure| eprintln!("{failure}")).await
///     })?;
///     println!("{} connections", report.accepted);
///     Ok(())
/// }
/// ```
///
/// # Errors
/// A runtime, a thread or a socket could not be made. Those that run already end gracefully first.
///
/// # Panics
/// Where it is called within a runtime, which it would block. A panic of `serve` (by a failure's log, say, for those of services
/// and handlers are caught) ends all servers, and goes on here.
pub fn serve_on_threads<L: TokioAccept>(
    listener: L,
    config: TokioConfig,
    threads: NonZero<usize>,
    stop: impl Future<Output = ()>,
    serve: impl AsyncFn(TokioListener<L>, TokioStop) -> TokioReport + Sync,
) -> io::Result<TokioReport> {
    let places = Arc::new(Places::new(config.policy.slots));
    let mut parts = Vec::new();
    let listening = listener.into_listening()?;
    for _ in 1..threads.get() {
        parts.push((runtime()?, L::try_clone(&listening)?));
    }
    // The socket listens until the last of them is closed.
    parts.push((runtime()?, listening));
    let here = runtime()?;

    let has_ended = Notify::new();
    // Dropped, it stops them too: so nobody waits for a server that nobody stops.
    let (sender, receiver) = watch::channel(false);
    let (serve, has_ended) = (&serve, &has_ended);
    thread::scope(|scope| {
        let sender = sender;
        let mut running = Vec::new();
        for (runtime, listening) in parts {
            let (places, stop) = (Arc::clone(&places), TokioStop::of(receiver.clone()));
            let run = move || {
                let _told = TellWhenDropped(has_ended);
                runtime.block_on(async {
                    let server = TokioListener::with_places(listening, config, places)?;
                    Ok(serve(server, stop).await)
                })
            };
            running.push(thread::Builder::new().spawn_scoped(scope, run)?);
        }
        here.block_on(async {
            let (mut stop, mut ended) = (pin!(stop), pin!(has_ended.notified()));
            poll_fn(|cx| if stop.as_mut().poll(cx).is_ready() { Poll::Ready(()) } else { ended.as_mut().poll(cx) })
                .await;
        });
        sender.send_replace(true);
        let ended: Vec<_> = running.into_iter().map(thread::ScopedJoinHandle::join).collect();
        ended.into_iter().try_fold(TokioReport::default(), |sum, ended: thread::Result<io::Result<_>>| {
            Ok(sum.with(ended.unwrap_or_else(|panic| resume_unwind(panic))?))
        })
    })
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// When a server of [`serve_on_threads`] is to end.
pub struct TokioStop(Pin<Box<dyn Future<Output = ()> + Send>>);

impl TokioStop {
    fn of(mut receiver: watch::Receiver<bool>) -> Self {
        Self(Box::pin(async move {
            let _ = receiver.wait_for(|is_to_stop| *is_to_stop).await;
        }))
    }
}

impl Future for TokioStop {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for TokioStop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioStop").finish_non_exhaustive()
    }
}

/// A server has ended, however it did.
struct TellWhenDropped<'n>(&'n Notify);

impl Drop for TellWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
