//! Results: whole, each once, in their order where that was asked for.

use alloc::collections::BTreeSet;
use core::time::Duration;
use std::thread;

use wirenut_linux::process::pool::{Builder, Pool, Task};

use crate::processes::Before;

fn number(bytes: &[u8]) -> u32 {
    u32::from_ne_bytes(bytes.try_into().unwrap())
}

/// Doubles, and takes its time for some.
pub(crate) fn double(builder: &mut Builder) -> Task {
    builder.task("double", |argument| {
        let number = number(argument);
        if number.is_multiple_of(97) {
            thread::sleep(Duration::from_millis(2));
        }
        Ok::<_, String>((number * 2).to_ne_bytes().to_vec())
    })
}

pub(crate) fn in_the_order_of_arguments() {
    let before = Before::now();
    for workers in [1, 2, 7] {
        let mut builder = Pool::builder().workers(workers);
        let double = double(&mut builder);
        let pool = builder.start().unwrap();
        let results = pool.map(double, (0..2_000_u32).map(u32::to_ne_bytes));
        for (argument, result) in (0..).zip(results) {
            assert_eq!(number(&result.unwrap()), 2 * argument);
        }
        pool.join().unwrap();
    }
    before.is_again();
}

pub(crate) fn as_they_come() {
    let mut builder = Pool::builder().workers(3);
    let double = double(&mut builder);
    let pool = builder.start().unwrap();
    for chunk in [1, 3, 1_000] {
        let results = pool.map_unordered(double, (0..2_000_u32).map(u32::to_ne_bytes)).chunk(chunk);
        let seen: BTreeSet<_> = results.map(|(place, result)| (place, number(&result.unwrap()))).collect();
        assert!(seen.into_iter().eq((0..2_000).map(|place| (place, 2 * u32::try_from(place).unwrap()))));
    }
}

pub(crate) fn of_chunks() {
    let mut builder = Pool::builder().workers(2);
    let double = double(&mut builder);
    let pool = builder.start().unwrap();
    // A chunk that is not full, one that is larger than all, one that no message holds.
    for (count, chunk) in [(10, 3), (10, 10), (10, 11), (100_000, 50_000), (0, 5), (1, usize::MAX)] {
        let results = pool.map(double, (0..count).map(u32::to_ne_bytes)).chunk(chunk);
        let sum: u64 = results.map(|result| u64::from(number(&result.unwrap()))).sum();
        assert_eq!(sum, u64::from(count) * (u64::from(count).saturating_sub(1)));
    }
}

pub(crate) fn of_any_size() {
    let before = Before::now();
    let mut builder = Pool::builder().workers(2);
    let reverse = builder.task("reverse", |bytes| Ok::<_, String>(bytes.iter().rev().copied().collect()));
    let grow = builder.task("grow", |length| Ok::<_, String>(vec![7; usize::try_from(number(length)).unwrap()]));
    let pool = builder.start().unwrap();
    let limit = 212_960;
    for length in [0, 1, limit - 21, limit - 20, limit - 19, limit, limit + 1, 1_000_000, 30_000_000] {
        let bytes: Vec<u8> = (0..length).map(|place| (place % 251) as u8).collect();
        let result = pool.apply(reverse, &bytes).unwrap();
        assert!(result.iter().rev().eq(&bytes), "{length}");
        let length = u32::try_from(length).unwrap();
        assert_eq!(pool.apply(grow, &length.to_ne_bytes()).unwrap(), vec![7; length.try_into().unwrap()]);
    }
    // More large ones at a time than may be on their way.
    let many: Vec<_> = (0..200).map(|_| pool.apply_async(grow, &300_000_u32.to_ne_bytes()).unwrap()).collect();
    assert!(many.into_iter().all(|pending| pending.wait().unwrap().len() == 300_000));
    let large = vec![1; 300_000];
    let many: Vec<_> = (0..200).map(|_| pool.apply_async(reverse, &large).unwrap()).collect();
    assert!(many.into_iter().all(|pending| pending.wait().unwrap() == large));
    pool.join().unwrap();
    drop(pool);
    before.is_again();
}

pub(crate) fn for_many_threads() {
    let before = Before::now();
    let mut builder = Pool::builder().workers(3).queue(5);
    let double = double(&mut builder);
    let pool = builder.start().unwrap();
    thread::scope(|scope| {
        for thread in 0..6_u32 {
            let pool = pool.clone();
            scope.spawn(move || match thread % 3 {
                0 => (0..500_u32).for_each(|argument| {
                    assert_eq!(number(&pool.apply(double, &argument.to_ne_bytes()).unwrap()), 2 * argument);
                }),
                1 => (0..).zip(pool.map(double, (0..500_u32).map(u32::to_ne_bytes))).for_each(|(argument, result)| {
                    assert_eq!(number(&result.unwrap()), 2 * argument);
                }),
                _ => {
                    let results = pool.map_unordered(double, (0..500_u32).map(u32::to_ne_bytes));
                    assert_eq!(results.filter(|(_, result)| result.is_ok()).count(), 500);
                }
            });
        }
    });
    pool.join().unwrap();
    drop(pool);
    before.is_again();
}

pub(crate) fn that_nobody_takes() {
    let mut builder = Pool::builder().workers(2).queue(10);
    let double = double(&mut builder);
    let pool = builder.start().unwrap();
    for argument in 0..1_000_u32 {
        drop(pool.apply_async(double, &argument.to_ne_bytes()).unwrap());
    }
    drop(pool.map(double, (0..1_000_u32).map(u32::to_ne_bytes)).nth(3));
    let pending = pool.apply_async(double, &1_u32.to_ne_bytes()).unwrap();
    pool.join().unwrap();
    assert_eq!(number(&pending.wait().unwrap()), 2);
}

pub(crate) fn without_anybody_who_waits() {
    let (sender, receiver) = wirenut_linux::process::pipe::pipe().unwrap();
    let mut builder = Pool::builder().workers(2);
    let tell = builder.task("tell", move |bytes| sender.send(bytes).map(|()| Vec::new()));
    let pool = builder.start().unwrap();
    let pending: Vec<_> = (0..200_u8).map(|number| pool.apply_async(tell, &[number]).unwrap()).collect();
    // Nobody looks at the pool, and all of them are done.
    let done: BTreeSet<_> = (0..200).map(|_| receiver.recv().unwrap().unwrap()[0]).collect();
    assert!(done.into_iter().eq(0..200));
    assert!(pending.into_iter().all(|pending| pending.wait().is_ok()));
}

pub(crate) fn of_no_argument() {
    let mut builder = Pool::builder().workers(2);
    let double = double(&mut builder);
    let pool = builder.start().unwrap();
    assert_eq!(pool.map(double, core::iter::empty::<[u8; 4]>()).count(), 0);
    let mut results = pool.map_unordered(double, core::iter::empty::<[u8; 4]>());
    assert!(results.next().is_none() && results.next().is_none());
    let mut results = pool.map(double, [[0; 4]]);
    assert_eq!(results.next().unwrap().unwrap(), [0; 4]);
    assert!(results.next().is_none() && results.next().is_none());
}

/// What a task prints comes out before its result, though standard output is no terminal.
pub(crate) fn printed_once() {
    use std::io::Read as _;
    let (mut read, write) = std::io::pipe().unwrap();
    let output = rustix::io::dup(std::io::stdout()).unwrap();
    rustix::stdio::dup2_stdout(&write).unwrap();
    drop(write);
    print!("before, ");
    let mut builder = Pool::builder().workers(2);
    let print = builder.task("print", |text| {
        print!("{}, ", String::from_utf8_lossy(text));
        Ok::<_, String>(Vec::new())
    });
    let pool = builder.start().unwrap();
    for text in ["one", "two", "three"] {
        pool.apply(print, text.as_bytes()).unwrap();
    }
    drop(pool);
    rustix::stdio::dup2_stdout(&output).unwrap();
    let mut text = String::new();
    read.read_to_string(&mut text).unwrap();
    assert_eq!(text, "before, one, two, three, ");
}
