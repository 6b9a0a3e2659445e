//! Parents and children.

use alloc::collections::BTreeMap;

use wirenut_linux::process::status::Status;

/// The processes, each behind its parent, with their depths: those that are named and all beneath them, or all where none
/// is.
///
/// They were looked at one after the other, so a number may have changed hands meanwhile, and two may seem to be each
/// other's parents. Each is shown once.
pub(super) fn rows(processes: Vec<Status>, named: &[u32]) -> Vec<(usize, Status)> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for process in &processes {
        children.entry(process.parent).or_default().push(process.pid);
    }
    let order: Vec<u32> = processes.iter().map(|process| process.pid).collect();
    let parents: BTreeMap<u32, u32> = processes.iter().map(|process| (process.pid, process.parent)).collect();
    let mut left: BTreeMap<u32, Status> = processes.into_iter().map(|process| (process.pid, process)).collect();
    let is_root = |pid: &u32| parents.get(pid).is_none_or(|parent| !parents.contains_key(parent));
    // Those that are left when all roots are done have a circle above them.
    let roots: Vec<u32> = if named.is_empty() {
        order.iter().copied().filter(is_root).chain(order.iter().copied()).collect()
    } else {
        named.to_vec()
    };
    let mut rows = Vec::new();
    for root in roots {
        let mut next = vec![(0, root)];
        while let Some((depth, pid)) = next.pop() {
            let Some(process) = left.remove(&pid) else { continue };
            let below = children.get(&pid).into_iter().flatten().rev();
            next.extend(below.map(|child| (depth + 1, *child)));
            rows.push((depth, process));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(family: &[(u32, u32)], named: &[u32]) -> Vec<(usize, u32)> {
        let this = Status::of(std::process::id()).unwrap();
        let processes = family.iter().map(|(pid, parent)| {
            let mut process = this.clone();
            (process.pid, process.parent) = (*pid, *parent);
            process
        });
        rows(processes.collect(), named).into_iter().map(|(depth, process)| (depth, process.pid)).collect()
    }

    #[test]
    fn each_process_is_shown_once_behind_its_parent() {
        let family = [(1, 0), (2, 0), (3, 2), (4, 1), (5, 4), (6, 1), (9, 8)];
        assert_eq!(order(&family, &[]), [(0, 1), (1, 4), (2, 5), (1, 6), (0, 2), (1, 3), (0, 9)]);
        assert_eq!(order(&family, &[4, 2, 5, 7]), [(0, 4), (1, 5), (0, 2), (1, 3)]);
        // Numbers that have changed hands.
        assert_eq!(order(&[(1, 0), (5, 6), (6, 5), (7, 7)], &[]), [(0, 1), (0, 5), (1, 6), (0, 7)]);
        assert_eq!(order(&[], &[1]), []);
    }
}
