//! Messages of 64 bytes, from one process to another, in one direction and to and fro; between threads for crossbeam.

use std::thread;
use std::time::Instant;

use ipc_channel::ipc::{self, IpcReceiver, IpcSender};
use wirenut_linux::process;
use wirenut_linux::socket::Received;
use wirenut_linux::sync::queue::{self, Bounds, Receiver, Sender};

use crate::Measured;
use crate::locks::each;

const MESSAGE: [u8; 64] = [7; 64];
const MESSAGES: u32 = 200_000;
const ROUND_TRIPS: u32 = 10_000;
const PLACES: usize = 1_024;

pub(crate) const ALL: &[Measured] = &[
    ("queue", "wirenut", || {
        let (sender, receiver) = ours();
        let child = process::spawn(move || (0..MESSAGES).for_each(|_| sender.send(&MESSAGE).unwrap())).unwrap();
        let taken = from_the_first(|| drop(taken(&receiver)));
        child.join().unwrap();
        taken
    }),
    ("queue", "ipc-channel", || {
        let (sender, receiver) = ipc::bytes_channel().unwrap();
        let child = process::spawn(move || (0..MESSAGES).for_each(|_| sender.send(&MESSAGE).unwrap())).unwrap();
        let taken = from_the_first(|| drop(receiver.recv().unwrap()));
        child.join().unwrap();
        taken
    }),
    ("queue", "crossbeam, threads", || {
        let (sender, receiver) = crossbeam_channel::bounded(PLACES);
        let other = thread::spawn(move || (0..MESSAGES).for_each(|_| sender.send(MESSAGE.to_vec()).unwrap()));
        let taken = from_the_first(|| drop(receiver.recv().unwrap()));
        other.join().unwrap();
        taken
    }),
    ("round trip", "wirenut", || {
        let ((there, thence), (hither, here)) = (ours(), ours());
        let child = process::spawn(move || {
            while let Received::Data(delivery) = thence.recv().unwrap() {
                hither.send(&delivery.into_inner()).unwrap();
            }
        })
        .unwrap();
        let took = each(ROUND_TRIPS, || {
            there.send(&MESSAGE).unwrap();
            drop(taken(&here));
        });
        drop(there);
        child.join().unwrap();
        took
    }),
    ("round trip", "ipc-channel", || {
        let ((there, thence), (hither, here)) = (theirs(), theirs());
        let child = process::spawn(move || {
            // The child has its parent's end, too, so the stream has no end: an empty message is one.
            while let Some(message) = thence.recv().ok().filter(|message| !message.is_empty()) {
                hither.send(message).unwrap();
            }
        })
        .unwrap();
        let took = each(ROUND_TRIPS, || {
            there.send(MESSAGE.to_vec()).unwrap();
            drop(here.recv().unwrap());
        });
        there.send(Vec::new()).unwrap();
        child.join().unwrap();
        took
    }),
    ("round trip", "crossbeam, threads", || {
        let ((there, thence), (hither, here)) =
            (crossbeam_channel::bounded(PLACES), crossbeam_channel::bounded(PLACES));
        let other = thread::spawn(move || {
            while let Ok(message) = thence.recv() {
                hither.send(message).unwrap();
            }
        });
        let took = each(ROUND_TRIPS, || {
            there.send(MESSAGE.to_vec()).unwrap();
            drop(here.recv().unwrap());
        });
        drop(there);
        other.join().unwrap();
        took
    }),
];

fn ours() -> (Sender, Receiver) {
    queue::bounded(Bounds { messages: PLACES, message_bytes: MESSAGE.len(), ..Bounds::DEFAULT }).unwrap()
}

fn theirs() -> (IpcSender<Vec<u8>>, IpcReceiver<Vec<u8>>) {
    ipc::channel().unwrap()
}

fn taken(receiver: &Receiver) -> queue::Message {
    match receiver.recv().unwrap() {
        Received::Data(delivery) => delivery.into_inner(),
        Received::End | Received::WouldBlock => unreachable!("there are more"),
    }
}

/// Nanoseconds for each message behind the first: the child has started then.
fn from_the_first(mut take: impl FnMut()) -> f64 {
    take();
    let begun = Instant::now();
    (1..MESSAGES).for_each(|_| take());
    begun.elapsed().as_nanos() as f64 / f64::from(MESSAGES - 1)
}
