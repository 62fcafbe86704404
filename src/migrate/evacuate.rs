//! Emptying a host: which machine goes where and how, then several moves at once.
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::answers::Answers;
use super::check::unasked;
use super::facts::HostFacts;
use super::finding::Finding;
use super::machine::Machine;
use super::plan::{Plan, plan};
use super::run::{Done, Progress, run};
use super::survey::Survey;
use super::{Choices, bring_back};
use crate::domain::{DomainId, actions};
use crate::host::Host;
use crate::task::Cancel;
use crate::{Error, Result};

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

impl Left {
    /// Gives it a machine. One that is off needs its memory later.
    fn take(&mut self, machine: &Machine) {
        self.free_kib = self.free_kib.saturating_sub(machine.memory_kib);
        self.apart.extend(apart(&machine.tags).map(str::to_owned));
    }
}

/// So many machines are asked about at once: as many calls as one link to a host makes side by side.
const ASKED_AT_ONCE: usize = 4;

/// Gives every machine of the source a place: the largest first, each to the host with the most free memory that can take
/// it, in the way that disturbs it least. `choices` holds for all of them, but for the kind.
pub fn orders(source: &Host, dests: &[Host], choices: &Choices) -> Result<Vec<Order>> {
    let here = Arc::new(HostFacts::read(source)?);
    let there = dests.iter().map(|dest| HostFacts::read(dest).map(Arc::new)).collect::<Result<Vec<_>>>()?;
    let machines = machines(source, &here)?;
    let wanted = machines.iter().any(|(_, m)| apart(&m.tags).next().is_some());
    let mut left = Vec::new();
    for (dest, facts) in dests.iter().zip(&there) {
        // Their tags are in each machine's XML: not read where nobody cares.
        let apart = if wanted { apart_at(dest)? } else { Vec::new() };
        left.push(Left { free_kib: facts.free_memory_kib.unwrap_or(u64::MAX), apart });
    }
    let ask =
        |machine: &Machine, at: usize| Answers::read((source, &here), (&dests[at], &there[at]), machine, choices.tls);
    // Most go where they would if every host could take every machine: these questions don't wait for each other.
    let likely = machines.iter().zip(likely(&machines, left.clone()));
    let asked = each(ASKED_AT_ONCE, likely, |((id, machine), at)| ask(machine, at).map(|said| ((*id, at), said)));
    let mut answers = asked.into_iter().collect::<Result<HashMap<_, _>>>()?;
    let mut orders = Vec::new();
    for (id, machine) in machines {
        let mut refused = None;
        let mut placed = None;
        for at in preference(&left, &machine.tags) {
            let mut facts = (*there[at]).clone();
            facts.free_memory_kib = facts.free_memory_kib.map(|_| left[at].free_kib);
            let known = answers.remove(&(id, at));
            let answers = known.map_or_else(|| ask(&machine, at), Ok)?;
            let survey = Survey { machine: machine.clone(), source: Arc::clone(&here), dest: Arc::new(facts), answers };
            match plan(&survey, &unasked(&survey.input(choices))) {
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
            left[*at].take(&machine);
        }
        let place = placed.ok_or_else(|| refused.unwrap_or_default());
        orders.push(Order { name: machine.name, place });
    }
    Ok(orders)
}

/// The machines of the source, the largest first. One that goes away meanwhile is none of them.
fn machines(source: &Host, here: &HostFacts) -> Result<Vec<(DomainId, Machine)>> {
    // Xen's Domain-0 has the null UUID.
    let ids = here.machines.iter().map(|m| m.id).filter(|id| *id != DomainId(uuid::Uuid::nil()));
    let read = each(ASKED_AT_ONCE, ids, |id| match source.call(move |conn| Machine::read(conn, id)) {
        Ok(machine) => Ok(Some((id, machine))),
        Err(Error::NoDomain(_)) => Ok(None),
        Err(e) => Err(e),
    });
    let mut machines: Vec<_> = read.into_iter().filter_map(Result::transpose).collect::<Result<_>>()?;
    machines.sort_by(|(_, a), (_, b)| b.memory_kib.cmp(&a.memory_kib).then_with(|| a.name.cmp(&b.name)));
    Ok(machines)
}

/// Where each machine would go if no host refused any.
fn likely(machines: &[(DomainId, Machine)], mut left: Vec<Left>) -> Vec<usize> {
    let place = |(_, machine): &(DomainId, Machine)| {
        let at = *preference(&left, &machine.tags).first()?;
        left[at].take(machine);
        Some(at)
    };
    machines.iter().map_while(place).collect()
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
    fn what_is_given_out_counts_for_the_next() {
        let machine = |name: &str, memory_kib, tags: &[&str]| {
            let tags = tags.iter().map(|t| (*t).to_owned()).collect();
            let machine = Machine { name: name.to_owned(), memory_kib, tags, ..Machine::default() };
            (DomainId(uuid::Uuid::from_u128(memory_kib.into())), machine)
        };
        let machines = [machine("a", 30, &[]), machine("b", 20, &["apart:db"]), machine("c", 10, &["apart:db"])];
        let left = [Left { free_kib: 100, apart: vec![] }, Left { free_kib: 60, apart: vec![] }];
        assert_eq!(likely(&machines, left.to_vec()), [0, 0, 1]);
        assert_eq!(likely(&machines, Vec::new()), [0; 0]);
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
