//! Bringing an emptied host's machines back: a record of who went where, and the plans of the way home.
//!
//! `$XDG_STATE_HOME/drover/evacuations/MACHINE-UUID.json` holds one JSON object ([`Away`]); it is removed when the machine is
//! home again.
use std::path::{Path, PathBuf};
use std::sync::Arc;

use roxmltree::Document;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::answers::Shared;
use super::check::unasked;
use super::evacuate::{MOST_JOBS, each};
use super::facts::HostFacts;
use super::finding::Finding;
use super::journal::Side;
use super::plan::{Plan, plan};
use super::run::{Done, Progress, run};
use super::survey::Survey;
use super::{Choices, journal};
use crate::domain::DomainId;
use crate::host::Host;
use crate::task::Cancel;
use crate::{Error, Result, state};

/// A machine that left its host when that was emptied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Away {
    pub machine: DomainId,
    pub name: String,
    /// libvirt's identity of its host, the same under every URI.
    pub home: Uuid,
    /// Where it went.
    pub at: Side,
    /// Paths of images that it left behind: the way home replaces them.
    pub left: Vec<String>,
}

/// One machine's way home.
#[derive(Debug)]
pub struct Return {
    pub away: Away,
    /// Which of the hosts has it, and the plan.
    pub place: Result<(usize, Plan), Stays>,
}

/// Why a machine does not come home.
#[derive(Debug)]
pub enum Stays {
    /// What stands against it.
    Blocked(Vec<Finding>),
    /// The host that it went to has it no longer.
    NotThere,
    /// The host that it went to is not among those that are open, or does not answer.
    NoHost(Error),
}

fn folder() -> Result<PathBuf> {
    state::folder("evacuations")
}

fn file(folder: &Path, machine: DomainId) -> PathBuf {
    folder.join(format!("{machine}.json"))
}

/// Notes that an evacuation of `home` has moved the machine. Away from another host by an evacuation before, it is now to
/// come back to this one.
pub fn went(home: &Host, at: &Host, plan: &Plan, done: &Done) -> Result<()> {
    let away = Away {
        machine: plan.id,
        name: plan.choices.name.clone().unwrap_or_else(|| plan.name.clone()),
        home: identity(home)?,
        at: Side { uri: journal::without_password(at.id().as_str()), name: plan.dest.clone() },
        left: done.left_here.clone(),
    };
    write(&folder()?, &away)
}

fn write(folder: &Path, away: &Away) -> Result<()> {
    let path = file(folder, away.machine);
    let text = serde_json::to_vec(away).map_err(|e| state::failed(&path)(e.into()))?;
    state::write(&path, &text, |_| Ok(())).map(drop)
}

/// libvirt's identity of a host.
fn identity(host: &Host) -> Result<Uuid> {
    host.call(|conn| {
        let capabilities = conn.capabilities()?;
        let document = Document::parse(&capabilities).ok();
        let uuid = document.as_ref().and_then(|d| d.descendants().find(|n| n.has_tag_name("uuid"))?.text());
        let unknown = || Error::Unsupported("it does not tell its identity".into());
        uuid.and_then(|text| Uuid::parse_str(text.trim()).ok()).ok_or_else(unknown)
    })
}

/// The machines that went away from this host and are not back, by name.
pub fn away(home: &Host) -> Result<Vec<Away>> {
    read(&folder()?, identity(home)?)
}

fn read(folder: &Path, home: Uuid) -> Result<Vec<Away>> {
    let files = match std::fs::read_dir(folder) {
        Ok(files) => files,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(state::failed(folder)(e)),
    };
    let one = |path: PathBuf| -> Option<Away> {
        let text = std::fs::read(&path).ok()?;
        let away = serde_json::from_slice(&text);
        away.inspect_err(|error| tracing::warn!(path = %path.display(), %error, "a record can't be read")).ok()
    };
    let paths = files.flatten().map(|f| f.path()).filter(|p| p.extension().is_some_and(|e| e == "json"));
    let mut all: Vec<_> = paths.filter_map(one).filter(|away| away.home == home).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// No longer to be brought back.
pub fn forget(machine: DomainId) -> Result<()> {
    let path = file(&folder()?, machine);
    match std::fs::remove_file(&path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(state::failed(&path)(e)),
        _ => Ok(()),
    }
}

/// Plans the way home of these machines from the hosts that they went to (by URI among `hosts`), each in the way that
/// disturbs it least; one that is at home already is left out. `choices` holds for all of them, but for the kind.
pub fn bring_back_orders(home: &Host, hosts: &[Host], away: &[Away], choices: &Choices) -> Result<Vec<Return>> {
    let facts = HostFacts::read(home)?;
    let mut free = facts.free_memory_kib;
    let mut orders = Vec::new();
    for away in away {
        if facts.machines.iter().any(|m| m.id == away.machine && m.active) {
            continue;
        }
        let mut there = facts.clone();
        there.free_memory_kib = free;
        let place = one_back((home, there), hosts, away, choices);
        if let Ok((_, _, memory_kib)) = &place {
            free = free.map(|kib| kib.saturating_sub(*memory_kib));
        }
        orders.push(Return { away: away.clone(), place: place.map(|(at, plan, _)| (at, plan)) });
    }
    Ok(orders)
}

fn one_back(
    (home, facts): (&Host, HostFacts),
    hosts: &[Host],
    away: &Away,
    choices: &Choices,
) -> Result<(usize, Plan, u64), Stays> {
    let is_there = |host: &Host| journal::without_password(host.id().as_str()) == away.at.uri;
    let found = hosts.iter().enumerate().find(|(_, host)| is_there(host));
    let (at, host) = found.ok_or_else(|| Stays::NoHost(Error::Lost { uri: away.at.uri.clone() }))?;
    let here = Arc::new(HostFacts::read(host).map_err(Stays::NoHost)?);
    let surveyed = Survey::of((host, &here), (home, &Arc::new(facts)), away.machine, choices.tls);
    let mut survey = surveyed.map_err(|e| match e {
        Error::NoDomain(_) => Stays::NotThere,
        other => Stays::NoHost(other),
    })?;
    for answer in &mut survey.answers.disks {
        // It was copied when it went away: what lies there is another file.
        if answer.path_there.as_ref().is_some_and(|path| away.left.contains(path)) {
            answer.shared = Shared::No;
        }
    }
    let choices = Choices { replace: away.left.clone(), ..choices.clone() };
    let plan = plan(&survey, &unasked(&survey.input(&choices))).map_err(Stays::Blocked)?;
    Ok((at, plan, survey.machine.memory_kib))
}

/// Carries the orders out, `jobs` at once (at most [`MOST_JOBS`]); those without a place are left out. One that fails stops
/// no other. Who came home is no longer away.
pub fn bring_back(
    home: &Host,
    hosts: &[Host],
    orders: &[Return],
    jobs: usize,
    on: impl Fn(&Plan, Progress) + Sync,
    cancel: &Cancel,
) -> Vec<(String, Result<Done>)> {
    let moves = orders.iter().filter_map(|order| order.place.as_ref().ok());
    each(jobs.min(MOST_JOBS), moves, |(at, plan)| {
        let result = run(&hosts[*at], home, plan, |p| on(plan, p), cancel);
        if result.is_ok()
            && let Err(error) = forget(plan.id)
        {
            tracing::warn!(%error, "the record of an evacuation could not be removed");
        }
        (plan.name.clone(), result)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_away_is_known_by_its_host() {
        let folder = tempfile::tempdir().unwrap();
        let of = |machine, name: &str, home| Away {
            machine: DomainId(Uuid::from_u128(machine)),
            name: name.into(),
            home: Uuid::from_u128(home),
            at: Side { uri: "qemu+ssh://b/system".into(), name: "b".into() },
            left: vec!["/a.img".into()],
        };
        let home = Uuid::from_u128(1);
        assert_eq!(read(&folder.path().join("none"), home).unwrap(), []);
        for away in [of(7, "web", 1), of(8, "db", 1), of(9, "else", 2)] {
            write(folder.path(), &away).unwrap();
        }
        std::fs::write(folder.path().join("x.json"), "torn").unwrap();
        assert_eq!(read(folder.path(), home).unwrap(), [of(8, "db", 1), of(7, "web", 1)]);
        write(folder.path(), &of(7, "web", 2)).unwrap();
        assert_eq!(read(folder.path(), home).unwrap(), [of(8, "db", 1)], "it left another host since");
    }
}
