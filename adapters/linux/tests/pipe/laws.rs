//! Messages of many senders reach many receivers whole, once, and in the order of each sender.

use std::thread;

use wirenut::time::Duration;
use wirenut_linux::process::pipe::{Receiver, RecvError, Sender, pipe};
use wirenut_linux::socket::{Attempt, Received};

use crate::numbered::{check, message};

const SENDERS: u32 = 4;
const MESSAGES: u32 = 5_000;

/// In all the ways that there are, in turns.
fn send_all(sender: &Sender, who: u32) {
    for number in 0..MESSAGES {
        let bytes = message(who, number);
        match number % 3 {
            0 => sender.send(&bytes).unwrap(),
            1 => {
                while sender.try_send(&bytes).unwrap() == Attempt::WouldBlock {
                    thread::yield_now();
                }
            }
            _ => while sender.send_timeout(&bytes, Duration::from_micros(200)).unwrap() == Attempt::WouldBlock {},
        }
    }
}

fn recv_all(receiver: &Receiver) -> Vec<(u32, u32)> {
    let mut seen = Vec::new();
    let mut buffer = vec![0; 2_000];
    loop {
        let next = match seen.len() % 4 {
            0 => receiver.recv().unwrap(),
            1 => match receiver.recv_timeout(Duration::from_micros(200)).unwrap() {
                Received::Data(message) => Some(message),
                Received::End => None,
                Received::WouldBlock => continue,
            },
            2 => receiver.recv_descriptors().unwrap().map(|delivery| delivery.bytes),
            _ => match receiver.recv_into(&mut buffer) {
                Ok(length) => length.map(|length| buffer[..length].to_vec()),
                Err(RecvError::TooLarge(message)) => Some(message),
                Err(error) => panic!("{error}"),
            },
        };
        let Some(message) = next else { return seen };
        seen.push(check(&message));
    }
}

#[test]
fn between_threads() {
    let (sender, receiver) = pipe().unwrap();
    let senders: Vec<_> = (0..SENDERS)
        .map(|who| {
            let sender = sender.clone();
            thread::spawn(move || send_all(&sender, who))
        })
        .collect();
    drop(sender);
    let receivers: Vec<_> = (0..3)
        .map(|_| {
            let receiver = receiver.clone();
            thread::spawn(move || recv_all(&receiver))
        })
        .collect();
    senders.into_iter().for_each(|sender| sender.join().unwrap());
    let seen: Vec<_> = receivers.into_iter().map(|receiver| receiver.join().unwrap()).collect();
    each_once_and_in_order(&seen);
}

fn each_once_and_in_order(seen: &[Vec<(u32, u32)>]) {
    for of_one in seen {
        for who in 0..SENDERS {
            let numbers: Vec<u32> =
                of_one.iter().filter(|(sender, _)| *sender == who).map(|(_, number)| *number).collect();
            assert!(numbers.is_sorted(), "of sender {who}");
        }
    }
    let mut all: Vec<_> = seen.concat();
    all.sort_unstable();
    let expected: Vec<_> = (0..SENDERS).flat_map(|who| (0..MESSAGES).map(move |number| (who, number))).collect();
    assert!(all == expected);
}
