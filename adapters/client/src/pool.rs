//! Connections that are kept, and how many there may be.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use std::collections::HashMap;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use wirenut::time::{Duration, Instant};
use wirenut_linux::monotonic_time;
use wirenut_linux::poller::{Bell, Interest};

use crate::error::Cause;
use crate::link::Link;
use crate::route::Route;
use crate::watch::Watch;
use crate::watcher::Watcher;

/// How many connections a client has, and how long it keeps those that are idle.
///
/// ```
/// use wirenut_client::PoolLimits;
/// const MODEST: PoolLimits = PoolLimits { per_host: 2, ..PoolLimits::DEFAULT };
/// assert_eq!(MODEST.in_all, PoolLimits::DEFAULT.in_all);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PoolLimits {
    /// Connections to one host and port, in use or idle. A request that finds no place waits for one.
    ///
    /// Default: `16`.
    pub per_host: usize,
    /// Connections in all. If there are more, idle ones are closed first.
    ///
    /// Default: `256`.
    pub in_all: usize,
    /// How long an idle connection is kept. Zero: none is. No thread watches it: one that is older is closed when the client
    /// gets the next connection back, wants that one, or is dropped.
    ///
    /// Default: `Duration::from_secs(30)`, less than most servers keep theirs.
    pub idle: Duration,
}

impl PoolLimits {
    /// For a program that is not a crawler.
    pub const DEFAULT: Self = Self { per_host: 16, in_all: 256, idle: Duration::from_secs(30) };
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The connections of a client.
pub(crate) struct Pool {
    limits: PoolLimits,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: HashMap<Route, Vec<Idle>>,
    /// How many there are, in use or idle.
    counts: HashMap<Route, usize>,
    in_all: usize,
    /// Who waits for a place, and for which route.
    waiting: VecDeque<(Route, Bell)>,
}

struct Idle {
    link: Box<Link>,
    since: Instant,
}

/// What a request gets of the pool.
pub(crate) enum Got {
    /// A connection that was kept.
    Kept(Box<Link>, Place),
    /// A place for a new one.
    Place(Place),
}

/// The wait for a connection, or for a place for one.
pub(crate) struct Ticket {
    pool: Arc<Pool>,
    /// Only a new connection will do.
    is_new: bool,
    /// Rings when there may be a place. There is none before it has to be waited for.
    bell: Option<Bell>,
}

/// The right to have one connection. Given back when dropped.
pub(crate) struct Place {
    pool: Option<Arc<Pool>>,
    route: Route,
}

impl Pool {
    pub(crate) fn new(limits: PoolLimits) -> Arc<Self> {
        Arc::new(Self { limits, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_get(self: &Arc<Self>, route: &Route, is_new: bool) -> Option<Got> {
        let mut state = loop {
            if let Some(link) = (!is_new).then(|| self.kept(route)).flatten() {
                return Some(Got::Kept(link, Place::new(self, route)));
            }
            let state = self.state();
            // One that was given back in between is used, and not closed for a new one.
            if is_new || state.idle.get(route).is_none_or(Vec::is_empty) {
                break state;
            }
        };
        let count = state.counts.get(route).copied().unwrap_or(0);
        let idle = if count >= self.limits.per_host {
            Some(state.idle.get_mut(route).and_then(Vec::pop).map(|idle| (route.clone(), idle))?)
        } else if state.in_all >= self.limits.in_all {
            Some(state.take_longest_idle()?)
        } else {
            None
        };
        if let Some((route, _)) = &idle {
            state.release(route);
        }
        *state.counts.entry(route.clone()).or_default() += 1;
        state.in_all += 1;
        drop(state);
        if let Some((_, idle)) = idle {
            idle.link.close();
        }
        Some(Got::Place(Place::new(self, route)))
    }

    /// A connection that was kept and is still good. Connections are looked at and closed without the lock.
    fn kept(self: &Arc<Self>, route: &Route) -> Option<Box<Link>> {
        let now = monotonic_time();
        loop {
            let Idle { mut link, since } = self.state().idle.get_mut(route).and_then(Vec::pop)?;
            if now.saturating_since(since) < self.limits.idle && link.is_reusable() {
                return Some(link);
            }
            drop(Place::new(self, route));
        }
    }

    /// Wakes the first of those that wait who would get something now. Another would only wait again, and those behind it
    /// would not hear of what is free.
    fn ring(&self) {
        let mut state = self.state();
        let next = state.waiting.iter().position(|(route, _)| state.has_place(route, self.limits));
        let next = next.and_then(|next| state.waiting.remove(next));
        drop(state);
        if let Some((_, bell)) = next {
            bell.ring();
        }
    }
}

impl Ticket {
    pub(crate) fn new(pool: &Arc<Pool>, is_new: bool) -> Self {
        Self { pool: Arc::clone(pool), is_new, bell: None }
    }

    /// A connection that was kept, or a place for a new one. `None`: not yet; the watcher says when to ask again.
    pub(crate) fn poll(
        &mut self,
        route: &Route,
        watch: &Watch,
        watcher: &mut dyn Watcher,
    ) -> Result<Option<Got>, Cause> {
        watch.check(monotonic_time())?;
        if let Some(bell) = &self.bell {
            bell.silence();
        }
        if let Some(got) = self.pool.try_get(route, self.is_new) {
            self.leave(watcher);
            return Ok(Some(got));
        }
        let bell = match &mut self.bell {
            Some(bell) => bell,
            none => {
                let bell = Bell::new()?;
                watcher.register(bell.as_fd(), Interest::READABLE)?;
                none.insert(bell)
            }
        };
        {
            let mut state = self.pool.state();
            if !state.waiting.iter().any(|(_, other)| is_same(other, bell)) {
                state.waiting.push_back((route.clone(), bell.clone()));
            }
        }
        // What was given back before the bell was in the list has rung for nobody, so look once more.
        let got = self.pool.try_get(route, self.is_new);
        if got.is_some() {
            self.leave(watcher);
        }
        Ok(got)
    }

    /// The wait is over, with success.
    fn leave(&mut self, watcher: &mut dyn Watcher) {
        if let Some(bell) = self.bell.take() {
            watcher.deregister(bell.as_fd());
            self.pool.state().waiting.retain(|(_, other)| !is_same(other, &bell));
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(bell) = self.bell.take() {
            self.pool.state().waiting.retain(|(_, other)| !is_same(other, &bell));
            // It may have been rung for a place that it does not take now.
            self.pool.ring();
        }
    }
}

impl State {
    /// Would a request for this route get a connection, or a place for one?
    fn has_place(&self, route: &Route, limits: PoolLimits) -> bool {
        let has_idle = |idle: &Vec<Idle>| !idle.is_empty();
        let is_below = self.counts.get(route).copied().unwrap_or(0) < limits.per_host;
        let may_open = is_below && (self.in_all < limits.in_all || self.idle.values().any(has_idle));
        may_open || self.idle.get(route).is_some_and(has_idle)
    }

    /// Connections that are idle for that long.
    fn take_older_than(&mut self, limit: Duration, now: Instant) -> Vec<Idle> {
        let (mut old, mut routes) = (Vec::new(), Vec::new());
        for (route, idle) in &mut self.idle {
            let kept = idle.iter().position(|idle| now.saturating_since(idle.since) < limit);
            let gone = idle.drain(..kept.unwrap_or(idle.len()));
            routes.extend(core::iter::repeat_n(route.clone(), gone.len()));
            old.extend(gone);
        }
        routes.iter().for_each(|route| self.release(route));
        old
    }

    /// One connection less.
    fn release(&mut self, route: &Route) {
        self.in_all = self.in_all.saturating_sub(1);
        if let Some(count) = self.counts.get_mut(route) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.counts.remove(route);
                self.idle.remove(route);
            }
        }
    }

    fn take_longest_idle(&mut self) -> Option<(Route, Idle)> {
        let oldest = self.idle.iter().filter_map(|(route, idle)| Some((idle.first()?.since, route)));
        let route = oldest.min_by_key(|(since, _)| *since)?.1.clone();
        let idle = self.idle.get_mut(&route)?.remove(0);
        Some((route, idle))
    }
}

impl Place {
    fn new(pool: &Arc<Pool>, route: &Route) -> Self {
        Self { pool: Some(Arc::clone(pool)), route: route.clone() }
    }

    /// Keeps a connection that is idle, and this place with it. One that is not is closed.
    pub(crate) fn keep(mut self, link: Box<Link>) {
        if !link.is_idle() {
            return;
        }
        let Some(pool) = self.pool.take_if(|pool| pool.limits.idle > Duration::default()) else { return link.close() };
        let now = monotonic_time();
        let old = {
            let mut state = pool.state();
            let old = state.take_older_than(pool.limits.idle, now);
            let idle = Idle { link, since: now };
            match state.idle.get_mut(&self.route) {
                Some(others) => others.push(idle),
                None => _ = state.idle.insert(self.route.clone(), vec![idle]),
            }
            old
        };
        pool.ring();
        old.into_iter().for_each(|idle| idle.link.close());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Without a pool, a connection that is kept has the place.
        if let Some(pool) = self.pool.take() {
            pool.state().release(&self.route);
            pool.ring();
        }
    }
}

fn is_same(one: &Bell, other: &Bell) -> bool {
    one.as_fd().as_raw_fd() == other.as_fd().as_raw_fd()
}
