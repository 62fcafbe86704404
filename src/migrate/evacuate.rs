//! Emptying a host: which machine goes where and how, then several moves at once.
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::check::best_kind;
use super::facts::HostFacts;
use super::finding::Finding;
use super::plan::{Plan, plan};
use super::run::{Done, Progress, run};
use super::survey::Survey;
use super::{Choices, bring_back};
use crate::Result;
use crate::domain::{DomainId, actions};
use crate::host::Host;
use crate::task::Cancel;

/// More moves at once would fill what libvirt's daemons do for one connection (max_client_requests, 5 by default), and an
/// abort could not get through.
pub const MOST_JOBS: usize = 3;

/// Where one machine goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub name: String,
    /// Which of the destinations, and the plan; or what stands against the one with the most free memory.
    pub place: Result<(usize, Plan), Vec<Finding>>,
}

/// What a destination is left with while machines are given out.
#[derive(Clone, Debug, Default, PartialEq)]
struct Left {
    free_kib: u64,
    /// `apart:` tags of those that it has and gets.
    apart: Vec<String>,
}

/// Gives every machine of the source a place: the largest first, each to the host with the most free memory that can take
/// it, in the way that disturbs it least. `choices` holds for all of them, but for the kind.
pub fn orders(source: &Host, dests: &[Host], choices: &Choices) -> Result<Vec<Order>> {
    let here = Arc::new(HostFacts::read(source)?);
    let mut there = Vec::new();
    for dest in dests {
        there.push(Arc::new(HostFacts::read(dest)?));
    }
    let mut machines = Vec::new();
    // Xen's Domain-0 has the null UUID.
    for id in here.machines.iter().map(|m| m.id).filter(|id| *id != DomainId(uuid::Uuid::nil())) {
        machines.push(source.call(move |conn| super::machine::Machine::read(conn, id))?);
    }
    machines.sort_by(|a, b| b.memory_kib.cmp(&a.memory_kib).then_with(|| a.name.cmp(&b.name)));
    let wanted = machines.iter().any(|m| apart(&m.tags).next().is_some());
    let mut left = Vec::new();
    for (dest, facts) in dests.iter().zip(&there) {
        // Their tags are in each machine's XML: not read where nobody cares.
        let apart = if wanted { apart_at(dest)? } else { Vec::new() };
        left.push(Left { free_kib: facts.free_memory_kib.unwrap_or(u64::MAX), apart });
    }
    let mut orders = Vec::new();
    for machine in machines {
        let Some(id) = machine.id else { continue };
        let mut refused = None;
        let mut placed = None;
        for at in preference(&left, &machine.tags) {
            let mut facts = (*there[at]).clone();
            facts.free_memory_kib = facts.free_memory_kib.map(|_| left[at].free_kib);
            let survey = Survey::of((source, &here), (&dests[at], &Arc::new(facts)), id, choices.tls)?;
            let kind = best_kind(&survey.input(choices));
            match plan(&survey, &Choices { kind, ..choices.clone() }) {
                Ok(plan) => {
                    placed = Some((at, plan));
                    break;
                }
                Err(findings) => {
                    refused.get_or_insert(findings);
                }
            }
        }
        if let Some((at, _)) = &placed {
            // One that is off needs its memory later.
            left[*at].free_kib = left[*at].free_kib.saturating_sub(machine.memory_kib);
            left[*at].apart.extend(apart(&machine.tags).map(str::to_owned));
        }
        let place = placed.ok_or_else(|| refused.unwrap_or_default());
        orders.push(Order { name: machine.name, place });
    }
    Ok(orders)
}

fn apart(tags: &[String]) -> impl Iterator<Item = &str> {
    tags.iter().map(String::as_str).filter(|t| t.starts_with("apart:"))
}

/// The `apart:` tags of the machines that a host has.
fn apart_at(host: &Host) -> Result<Vec<String>> {
    let details = actions::list(host, true)?.into_iter().filter_map(|info| info.details);
    Ok(details.flat_map(|d| apart(&d.tags).map(str::to_owned).collect::<Vec<_>>()).collect())
}

/// The destinations for a machine with these tags: the most free memory first; one that has or got a machine which shall
/// be apart from it comes last.
fn preference(left: &[Left], tags: &[String]) -> Vec<usize> {
    let meets = |at: usize| apart(tags).any(|t| left[at].apart.iter().any(|a| a == t));
    let mut all: Vec<_> = (0..left.len()).collect();
    all.sort_by_key(|at| (meets(*at), std::cmp::Reverse(left[*at].free_kib), *at));
    all
}

/// Carries the orders out, `jobs` at once (at most [`MOST_JOBS`]), in their order; those without a place are left out.
/// One that fails stops no other. A cancel stops those that move and leaves the others where they are. Who went away is noted,
/// to be [brought back](super::bring_back).
pub fn carry_out(
    source: &Host,
    dests: &[Host],
    orders: &[Order],
    jobs: usize,
    on: impl Fn(&Plan, Progress) + Sync,
    cancel: &Cancel,
) -> Vec<(String, Result<Done>)> {
    let moves = orders.iter().filter_map(|order| order.place.as_ref().ok());
    each(jobs.min(MOST_JOBS), moves, |(at, plan)| {
        let result = run(source, &dests[*at], plan, |p| on(plan, p), cancel);
        if let Ok(done) = &result
            && let Err(error) = bring_back::went(source, &dests[*at], plan, done)
        {
            tracing::warn!(%error, machine = plan.name, "it is not noted that it went away");
        }
        (plan.name.clone(), result)
    })
}

/// Does each item's work, `jobs` at once, in their order; gives the results as they come.
pub(super) fn each<T: Send, R: Send>(
    jobs: usize,
    items: impl Iterator<Item = T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let waiting: Mutex<VecDeque<_>> = Mutex::new(items.collect());
    let results = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(item) = next else { break };
                    let result = work(item);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push(result);
                }
            });
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_machines_that_are_there_count() {
        use std::io::Write;
        let domain = |name: &str, tag: &str| {
            format!(
                "<domain type='test'><name>{name}</name><memory>1024</memory><os><type>hvm</type></os><metadata>\
                 <d:drover xmlns:d='{}'><d:tag>{tag}</d:tag></d:drover></metadata></domain>",
                crate::domain::xml::DROVER_NAMESPACE
            )
        };
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write!(file, "<node>{}{}</node>", domain("a", "apart:db"), domain("b", "web")).unwrap();
        let uri = format!("test://{}", file.path().display());
        let host = Host::open_now(&uri, Arc::new(crate::host::NoCredentials)).unwrap();
        assert_eq!(apart_at(&host).unwrap(), ["apart:db"]);
    }

    #[test]
    fn most_memory_first_and_apart_where_possible() {
        let left = |free_kib, apart: &[&str]| Left { free_kib, apart: apart.iter().map(|a| (*a).to_owned()).collect() };
        let hosts = [left(10, &[]), left(30, &["apart:db"]), left(20, &[])];
        assert_eq!(preference(&hosts, &[]), [1, 2, 0]);
        assert_eq!(preference(&hosts, &["apart:db".into(), "web".into()]), [2, 0, 1]);
        assert_eq!(preference(&hosts, &["apart:web".into(), "db".into()]), [1, 2, 0]);
    }
}
