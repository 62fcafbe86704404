//! bring-back: the machines that `evacuate` moved away from a host return to it; told before it begins.
use std::collections::BTreeSet;
use std::sync::Arc;

use drover::host::Host;
use drover::migrate::Kind;
use drover::migrate::bring_back::{Return, Stays, away, bring_back, bring_back_orders, forget};
use drover::migrate::plan::Plan;
use drover::migrate::run::Progress;
use serde_json::{Value, json};

use super::install::cancel_on_interrupt;
use super::migrate::text;
use super::migrate_args::BringBackArgs;
use super::progress::Line;
use super::{Context, Failure, login, print, recover};

/// Plans, shows the plan, moves.
pub fn run(context: &Context, args: &BringBackArgs) -> Result<(), Failure> {
    let cancel = cancel_on_interrupt();
    recover::remind();
    let home = context.open()?;
    let away = away(&home)?;
    let mut hosts = Vec::new();
    for uri in away.iter().map(|a| a.at.uri.as_str()).collect::<BTreeSet<_>>() {
        match Host::open_now(uri, Arc::new(login::Terminal)) {
            Ok(host) => hosts.push(host),
            // Its machines stay; the others may come.
            Err(e) => complain!("{e}"),
        }
    }
    let orders = bring_back_orders(&home, &hosts, &away, &args.options.choices(Kind::Live))?;
    if !context.json {
        orders.iter().for_each(|o| say!("{}", words(o)));
    } else if args.dry_run {
        print::json(&Value::Array(orders.iter().map(as_json).collect()));
    }
    let staying: Vec<_> = orders
        .iter()
        .filter(|o| matches!(o.place, Err(Stays::Blocked(_) | Stays::NoHost(_))))
        .map(|o| o.away.name.as_str())
        .collect();
    if !staying.is_empty() && !args.partly {
        return Err(Failure::Refused(format!("these can't come back: {}", staying.join(", "))));
    }
    if args.dry_run {
        return Ok(());
    }
    // Who is at home by other ways, or nowhere, is no longer away.
    for gone in &away {
        let order = orders.iter().find(|o| o.away.machine == gone.machine);
        if order.is_none_or(|o| matches!(o.place, Err(Stays::NotThere))) {
            forget(gone.machine)?;
        }
    }
    let line = Line::new();
    let show =
        |plan: &Plan, p: Progress| line.write("moving", false, || print::plain(&format!("{}: {}", plan.name, text(p))));
    let results = bring_back(&home, &hosts, &orders, usize::from(args.jobs), show, &cancel);
    line.end();
    let (moved, failed): (Vec<_>, Vec<_>) = results.into_iter().partition(|(_, result)| result.is_ok());
    let moved: Vec<_> = moved.into_iter().map(|(name, _)| name).collect();
    let said = |(name, result): (String, drover::Result<_>)| result.err().map(|e| format!("{name}: {e}"));
    let failures: Vec<_> = failed.into_iter().filter_map(said).collect();
    if context.json {
        print::json(&json!({ "moved": moved, "failed": failures, "staying": staying }));
    } else {
        say!("{} of {} came back", moved.len(), orders.len());
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::Failed(failures)) }
}

fn why(stays: &Stays) -> String {
    match stays {
        Stays::Blocked(findings) => findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        Stays::NotThere => "it is no longer there".to_owned(),
        Stays::NoHost(e) => e.to_string(),
    }
}

fn words(order: &Return) -> String {
    let (name, at) = (&order.away.name, &order.away.at.name);
    match &order.place {
        Ok((_, plan)) => format!("{name} ← {at} ({})", plan.choices.kind.option()),
        Err(stays) => format!("{name} stays on {at}: {}", why(stays)),
    }
}

fn as_json(order: &Return) -> Value {
    let (name, at) = (&order.away.name, &order.away.at.name);
    match &order.place {
        Ok((_, plan)) => {
            let kind = plan.choices.kind.option().trim_start_matches('-');
            json!({ "machine": name, "from": at, "kind": kind, "replaces": order.away.left })
        }
        Err(stays) => json!({ "machine": name, "from": at, "kind": null, "reason": why(stays) }),
    }
}
