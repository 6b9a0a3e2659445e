//! Where to listen, and the model.

use core::num::NonZeroUsize;

use wirenut_server::Model;

/// The address, the model, and how many children, threads or workers it has: one if nothing is said.
pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Option<(String, Model)> {
    let (address, name) = (arguments.next()?, arguments.next()?);
    let count = arguments.next().map_or(Some(NonZeroUsize::MIN), |count| count.parse().ok())?;
    let model = match &*name {
        "iterative" => Model::Iterative,
        "forking" => Model::Forking { children: count },
        "threading" => Model::Threading { threads: count },
        "pre-forked" => Model::PreForked { workers: count },
        "pre-threaded" => Model::PreThreaded { workers: count },
        "multiplexed" => Model::Multiplexed { workers: count },
        _ => return None,
    };
    Some((address, model))
}
