//! Alarms and interval timers.

use wirenut::time::Duration;
use wirenut_linux::process::{self, Ended};
use wirenut_linux::signal::{self, Interval, Signal};

use crate::lab::{counted, of};

pub(crate) fn end_a_pause() {
    let count = counted(Signal::SIGALRM);
    // Again and again, since the first may come before the pause.
    Interval::Real.start(Duration::from_millis(1)).unwrap();
    for _ in 0..20 {
        let before = of(&count);
        signal::pause();
        assert!(of(&count) > before);
    }
    Interval::Real.stop().unwrap();
}

pub(crate) fn end_a_suspension() {
    let count = counted(Signal::SIGALRM);
    let blocked = signal::block(&Signal::SIGALRM.into());
    for number in 1..=200 {
        // It has mostly come before the suspension, which it ends all the same.
        signal::alarm(Duration::from_micros(number % 5 * 20)).unwrap();
        assert_eq!(of(&count) as u64, number - 1);
        signal::suspend(&blocked.previous());
        assert_eq!(of(&count) as u64, number);
        assert!(signal::mask().contains(Signal::SIGALRM));
    }
}

pub(crate) fn count_three_times() {
    for timer in [Interval::Real, Interval::Virtual, Interval::Prof] {
        let count = counted(timer.signal());
        assert_eq!(timer.start(Duration::from_millis(1)).unwrap(), None);
        while of(&count) < 3 {
            // Uses its own time.
            core::hint::spin_loop();
        }
        assert!(timer.left().unwrap().is_some());
        assert!(timer.stop().unwrap().is_some());
        let after = of(&count);
        crate::lab::rest();
        assert_eq!((of(&count), timer.left().unwrap()), (after, None));
    }
}

pub(crate) fn tell_what_is_left() {
    let (long, longer) = (Duration::from_secs(1_000), Duration::from_secs(2_000));
    assert_eq!(signal::alarm(longer).unwrap(), None);
    let left = signal::alarm(long).unwrap().unwrap();
    assert!(long < left && left <= longer, "{left:?}");
    let left = Interval::Real.left().unwrap().unwrap();
    assert!(left <= long, "{left:?}");
    assert!(signal::cancel_alarm().unwrap().is_some());
    assert_eq!(signal::cancel_alarm().unwrap(), None);
    // Longer than any clock.
    let _ = signal::alarm(Duration::from_micros(u64::MAX)).unwrap();
    assert!(signal::cancel_alarm().unwrap().is_some());
}

pub(crate) fn begin_at_once_with_no_time() {
    let _blocked = signal::block(&Signal::SIGALRM.into());
    signal::alarm(Duration::default()).unwrap();
    assert!(signal::wait(&Signal::SIGALRM.into(), Some(Duration::from_secs(30))).unwrap().done().is_some());
}

pub(crate) fn end_who_does_not_handle_them() {
    for timer in [Interval::Real, Interval::Virtual, Interval::Prof] {
        let child = process::spawn(move || -> u8 {
            timer.start_once(Duration::from_millis(1)).unwrap();
            loop {
                core::hint::spin_loop();
            }
        });
        let ended = child.unwrap().join().unwrap();
        assert_eq!(ended, Ended::Signaled { signal: timer.signal(), core_dumped: false });
    }
}

pub(crate) fn are_not_a_childs() {
    let count = counted(Signal::SIGALRM);
    Interval::Real.start(Duration::from_millis(1)).unwrap();
    let child = process::spawn(|| {
        assert_eq!(Interval::Real.left().unwrap(), None);
        crate::lab::rest();
    });
    let ended = child.unwrap().join().unwrap();
    Interval::Real.stop().unwrap();
    assert!(ended.is_success() && of(&count) > 0, "{ended:?}");
}
