//! evacuate: every machine of a host to others, told before it begins; Ctrl-C leaves those that move where they were.
use std::sync::Arc;

use drover::host::Host;
use drover::migrate::Kind;
use drover::migrate::evacuate::{Order, carry_out, orders};
use drover::migrate::plan::Plan;
use drover::migrate::run::Progress;
use serde_json::{Value, json};

use super::install::cancel_on_interrupt;
use super::migrate::text;
use super::migrate_args::EvacuateArgs;
use super::progress::Line;
use super::{Context, Failure, login, print, recover};

/// Plans, shows the plan, moves.
pub fn run(context: &Context, args: &EvacuateArgs) -> Result<(), Failure> {
    let cancel = cancel_on_interrupt();
    recover::remind();
    let source = context.open()?;
    let mut dests = Vec::new();
    for uri in &args.dests {
        dests.push(Host::open_now(uri, Arc::new(login::Terminal))?);
    }
    let orders = orders(&source, &dests, &args.options.choices(Kind::Live))?;
    if !context.json {
        orders.iter().for_each(|o| say!("{}", words(o)));
    } else if args.dry_run {
        print::json(&Value::Array(orders.iter().map(as_json).collect()));
    }
    let staying: Vec<_> = orders.iter().filter(|o| o.place.is_err()).map(|o| o.name.as_str()).collect();
    if !staying.is_empty() && !args.partly {
        return Err(Failure::Refused(format!("these can't move: {}", staying.join(", "))));
    }
    if args.dry_run {
        return Ok(());
    }
    let line = Line::new();
    // One line for all of them.
    let show =
        |plan: &Plan, p: Progress| line.write("moving", false, || print::plain(&format!("{}: {}", plan.name, text(p))));
    let results = carry_out(&source, &dests, &orders, usize::from(args.jobs), show, &cancel);
    line.end();
    let mut failures = Vec::new();
    let mut moved = Vec::new();
    for (name, result) in results {
        match result {
            Ok(done) => moved.push(json!({ "machine": name, "left_here": done.left_here })),
            Err(e) => failures.push(format!("{name}: {e}")),
        }
    }
    if context.json {
        print::json(&json!({ "moved": moved, "failed": failures, "staying": staying }));
    } else {
        say!("{} of {} moved", moved.len(), orders.len());
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::Failed(failures)) }
}

fn words(order: &Order) -> String {
    match &order.place {
        Ok((_, plan)) => {
            let still = if plan.choices.stand_still { " --stand-still" } else { "" };
            format!("{} → {} ({}{still})", order.name, plan.dest, plan.choices.kind.option())
        }
        Err(findings) => {
            let why = findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            format!("{} stays: {why}", order.name)
        }
    }
}

fn as_json(order: &Order) -> Value {
    match &order.place {
        Ok((_, plan)) => {
            json!({ "machine": order.name, "to": plan.dest, "kind": plan.choices.kind.option().trim_start_matches('-') })
        }
        Err(findings) => {
            let why: Vec<_> = findings.iter().map(ToString::to_string).collect();
            json!({ "machine": order.name, "to": null, "reasons": why })
        }
    }
}
