//! Pipes between processes that are killed. Each test is a process of its own.

use core::time::Duration;
use std::process::ExitCode;

use wirenut_linux::process::pipe::{Receiver, SendError, Sender, duplex, pipe};
use wirenut_linux::process::{Child, spawn};
use wirenut_linux::socket::Received;

use numbered::{check, message};

#[path = "pipe/numbered.rs"]
mod numbered;

mod pipes {
    pub(crate) use super::{
        between_many_processes, end_when_killed_senders_are_gone, fail_when_killed_receivers_are_gone, lose_no_answer,
    };
}

fn main() -> ExitCode {
    wirenut_tests::isolated::run(wirenut_tests::isolated_tests![
        pipes::between_many_processes,
        pipes::end_when_killed_senders_are_gone,
        pipes::fail_when_killed_receivers_are_gone,
        pipes::lose_no_answer,
    ])
}

const SENDERS: u32 = 4;
const RECEIVERS: u32 = 3;
const MESSAGES: u32 = 5_000;

fn send_without_end(sender: &Sender, who: u32) {
    for number in 0.. {
        if sender.send(&message(who, number)).is_err() {
            return;
        }
    }
}

/// Each message reaches one of many receivers, once, whole, and in the order of its sender.
fn between_many_processes() {
    let (sender, receiver) = pipe().unwrap();
    let (report, reports) = pipe().unwrap();
    let mut children: Vec<Child> = Vec::new();
    for who in 0..SENDERS {
        let sender = sender.clone();
        children
            .push(spawn(move || (0..MESSAGES).for_each(|number| sender.send(&message(who, number)).unwrap())).unwrap());
    }
    for _ in 0..RECEIVERS {
        let (receiver, report) = (receiver.clone(), report.clone());
        children.push(spawn(move || receive_all(&receiver, &report)).unwrap());
    }
    drop((sender, receiver, report));
    let mut seen = Vec::new();
    while let Some(report) = reports.recv().unwrap() {
        let word = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().unwrap());
        let all: Vec<_> = report.chunks(8).map(|pair| (word(&pair[..4]), word(&pair[4..]))).collect();
        for who in 0..SENDERS {
            assert!(all.iter().filter(|(sender, _)| *sender == who).is_sorted());
        }
        seen.extend(all);
    }
    assert!(children.iter().all(|child| child.join().unwrap().is_success()));
    seen.sort_unstable();
    assert!(seen.into_iter().eq((0..SENDERS).flat_map(|who| (0..MESSAGES).map(move |number| (who, number)))));
}

fn receive_all(receiver: &Receiver, report: &Sender) {
    let mut seen = Vec::new();
    while let Some(message) = receiver.recv().unwrap() {
        let (sender, number) = check(&message);
        seen.extend([sender.to_le_bytes(), number.to_le_bytes()].concat());
    }
    report.send(&seen).unwrap();
}

fn end_when_killed_senders_are_gone() {
    for round in (1..50).cycle().take(300) {
        let (sender, receiver) = pipe().unwrap();
        let children: Vec<_> = (0..2)
            .map(|who| {
                let sender = sender.clone();
                spawn(move || send_without_end(&sender, who)).unwrap()
            })
            .collect();
        drop(sender);
        let mut next = [0, 0];
        let mut count = 0;
        while let Some(message) = receiver.recv().unwrap() {
            let (who, number) = check(&message);
            let next = &mut next[who as usize];
            assert_eq!(number, *next);
            *next += 1;
            count += 1;
            if count == round {
                children.iter().for_each(|child| child.kill().unwrap());
            }
        }
        assert!(children.iter().all(|child| !child.join().unwrap().is_success()));
    }
}

fn fail_when_killed_receivers_are_gone() {
    for round in (0..50).cycle().take(300) {
        let (sender, receiver) = pipe().unwrap();
        let child = spawn(move || {
            while let Some(message) = receiver.recv().unwrap() {
                check(&message);
            }
        });
        let child = child.unwrap();
        let error = (0..).find_map(|number| {
            if number == round {
                child.kill().unwrap();
            }
            sender.send(&message(0, number)).err()
        });
        assert!(matches!(error, Some(SendError::Closed)));
        assert!(matches!(sender.send(b""), Err(SendError::Closed)));
    }
}

/// What a child has answered before it was killed can be received.
fn lose_no_answer() {
    for _ in 0..200 {
        let (ours, theirs) = duplex().unwrap();
        let child = spawn(move || {
            for number in 0..20 {
                theirs.send(&message(1, number)).unwrap();
            }
            loop {
                std::thread::sleep(Duration::from_secs(1));
            }
        });
        let child = child.unwrap();
        ours.send(b"never received").unwrap();
        assert_eq!(check(&ours.recv().unwrap().unwrap()), (1, 0));
        for number in 1..19 {
            assert_eq!(check(&ours.recv().unwrap().unwrap()), (1, number));
        }
        child.kill().unwrap();
        child.join().unwrap();
        match ours.try_recv().unwrap() {
            Received::Data(last) => {
                assert_eq!(check(&last), (1, 19));
                assert_eq!(ours.recv().unwrap(), None);
            }
            Received::End => {}
            Received::WouldBlock => panic!("nobody is left to send"),
        }
    }
}
