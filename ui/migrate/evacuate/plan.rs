//! Where each machine goes in an evacuation or on its way back, as the dialog shows it. All of it blocks.
use drover::domain::DomainKey;
use drover::host::{Host, HostId};
use drover::migrate::bring_back::{Return, Stays, away, bring_back_orders};
use drover::migrate::evacuate::{Order, orders};
use drover::migrate::finding::Finding;
use drover::migrate::{Choices, Kind};

use super::Way;
use crate::errors::{self, Said};
use crate::i18n::gettext_f;
use crate::install::HostChoice;
use crate::migrate::{Move, Why, words};

/// Where one machine goes.
#[derive(Debug)]
pub enum Planned {
    /// `other`: the host at the other end of the way.
    Goes {
        wanted: Box<Move>,
        other: String,
    },
    Stays {
        name: String,
        why: String,
    },
}

/// Asks all hosts about all machines.
pub fn plan(way: Way, home: &Host, hosts: &[HostChoice]) -> Result<Vec<Planned>, Said> {
    match way {
        Way::Evacuate => plan_away(home, hosts),
        Way::BringBack => plan_back(home, hosts),
    }
}

/// Gives every machine a place.
fn plan_away(source: &Host, hosts: &[HostChoice]) -> Result<Vec<Planned>, Said> {
    let dests: Vec<Host> = hosts.iter().map(|choice| choice.host.clone()).collect();
    let orders = orders(source, &dests, &Choices::new(Kind::Live)).map_err(|e| errors::error(&e))?;
    Ok(orders.into_iter().filter_map(|order| planned(source.id(), hosts, order)).collect())
}

fn planned(source: &HostId, hosts: &[HostChoice], order: Order) -> Option<Planned> {
    let name = order.name;
    Some(match order.place {
        Ok((at, plan)) => {
            let choice = hosts.get(at)?;
            let key = DomainKey { host: source.clone(), domain: plan.id };
            let (to, choices, why) = (choice.host.id().clone(), plan.choices, Why::Evacuate);
            let wanted = Box::new(Move { key, name, to, choices, why });
            Planned::Goes { wanted, other: choice.name.clone() }
        }
        Err(findings) => Planned::Stays { name, why: why(&findings) },
    })
}

/// Looks who is away, and plans the way home.
fn plan_back(home: &Host, hosts: &[HostChoice]) -> Result<Vec<Planned>, Said> {
    let open: Vec<Host> = hosts.iter().map(|choice| choice.host.clone()).collect();
    let orders = away(home).and_then(|away| bring_back_orders(home, &open, &away, &Choices::new(Kind::Live)));
    let planned = orders.map_err(|e| errors::error(&e))?.into_iter().filter_map(|order| back(home, hosts, order));
    Ok(planned.collect())
}

fn back(home: &Host, hosts: &[HostChoice], order: Return) -> Option<Planned> {
    let name = order.away.name;
    let stays = |why| Planned::Stays { name: name.clone(), why };
    Some(match order.place {
        Ok((at, plan)) => {
            let key = DomainKey { host: hosts.get(at)?.host.id().clone(), domain: plan.id };
            let (to, choices, why) = (home.id().clone(), plan.choices, Why::BringBack);
            let wanted = Box::new(Move { key, name, to, choices, why });
            Planned::Goes { wanted, other: hosts.get(at)?.name.clone() }
        }
        Err(Stays::Blocked(findings)) => stays(why(&findings)),
        Err(Stays::NotThere) => stays(gettext_f("{host} has it no longer.", &[("host", &order.away.at.name)])),
        Err(Stays::NoHost(_)) => {
            stays(gettext_f("{host} is not chosen here, or does not answer.", &[("host", &order.away.at.name)]))
        }
    })
}

fn why(findings: &[Finding]) -> String {
    findings.iter().map(|f| words::reason(&f.reason)).collect::<Vec<_>>().join(" ")
}
