//! recover: finishes or undoes the migrations whose program was ended in their middle, and says what it found.
use std::sync::Arc;

use drover::Result;
use drover::host::Host;
use drover::migrate::journal::{Entry, Record, Seen, Settled, pending, settle};
use serde_json::{Value, json};

use super::{Context, Failure, login, print};

/// Options of `droverctl recover`.
#[derive(clap::Args)]
#[command(
    after_help = "Exit status: 0 nothing is left to settle; 1 some could not be settled (yet), with a line for each."
)]
pub struct Args {
    /// Only list them
    #[arg(long)]
    list: bool,
    /// Forget the records of those that can't be settled; what they left at either host stays there
    #[arg(long, conflicts_with = "list")]
    forget: bool,
}

/// Lists or settles them.
pub fn run(context: &Context, args: &Args) -> Result<(), Failure> {
    let mut told = Vec::new();
    let mut failures = Vec::new();
    for record in pending()? {
        let entry = record.entry();
        if args.list {
            told.push(about(&entry, "pending"));
            if !context.json {
                say!("{}: {} → {}, broken off", entry.name, entry.source.name, entry.dest.name);
            }
            continue;
        }
        match one(&record, &entry) {
            Ok(settled) => {
                let (word, words, over) = outcome(&entry, &settled);
                let mut value = about(&entry, word);
                value["paths"] = paths(&settled).into();
                told.push(value);
                if !over {
                    failures.push(words);
                } else if !context.json {
                    say!("{words}");
                }
                if !over && args.forget {
                    record.forget()?;
                }
            }
            Err(e) => {
                let mut value = about(&entry, "unknown");
                value["reason"] = e.to_string().into();
                told.push(value);
                failures.push(format!("{}: {e}", entry.name));
                if args.forget {
                    record.forget()?;
                }
            }
        }
    }
    if context.json {
        print::json(&Value::Array(told));
    } else if told.is_empty() {
        say!("no migration was broken off");
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::Failed(failures)) }
}

fn one(record: &Record, entry: &Entry) -> Result<Settled> {
    let open = |uri: &str| Host::open_now(uri, Arc::new(login::Terminal));
    settle(record, &open(&entry.source.uri)?, &open(&entry.dest.uri)?)
}

fn about(entry: &Entry, outcome: &str) -> Value {
    json!({
        "machine": entry.name,
        "uuid": entry.machine.to_string(),
        "from": entry.source.uri,
        "to": entry.dest.uri,
        "kind": entry.kind,
        "step": entry.step,
        "outcome": outcome,
    })
}

fn paths(settled: &Settled) -> Vec<String> {
    match settled {
        Settled::StayedHere { removed: paths, .. } | Settled::FinishedThere { left_here: paths, .. } => paths.clone(),
        Settled::NothingToDo | Settled::CannotTell { .. } => Vec::new(),
    }
}

/// A word for programs, words for persons, and whether it is settled for good.
fn outcome(entry: &Entry, settled: &Settled) -> (&'static str, String, bool) {
    let (name, here, there) = (&entry.name, &entry.source.name, &entry.dest.name);
    let is = |running: bool| if running { "runs" } else { "is off" };
    let more = |what: &str, paths: &[String]| match paths {
        [] => String::new(),
        some => format!("; {what}: {}", some.join(", ")),
    };
    let (word, mut words, left) = match settled {
        Settled::StayedHere { running, removed, left } => {
            let removed = more(&format!("removed on {there}"), removed);
            let before = if *running { " as before" } else { "" };
            ("stayed", format!("{name} {} on {here}{before}{removed}", is(*running)), left.as_slice())
        }
        Settled::FinishedThere { running, left_here, left } => {
            let stay = more(&format!("left on {here}"), left_here);
            ("moved", format!("{name} {} on {there}{stay}", is(*running)), left.as_slice())
        }
        Settled::NothingToDo => ("gone", format!("{name} is on neither {here} nor {there}"), &[][..]),
        Settled::CannotTell { here: at, there: at_there } => {
            if *at == Seen::Torn && !matches!(at_there, Seen::On | Seen::Torn) {
                let words = format!(
                    "{name} had gone over to {there} with half of its memory, and is gone there: force it off on {here}, and start it from its disks"
                );
                return ("torn", words, false);
            }
            let words = format!(
                "{name} is {at} on {here} and {at_there} on {there}: nothing was touched; leave it on one of them and recover again"
            );
            return ("undecided", words, false);
        }
    };
    for what in left {
        words += &format!("; left behind: {what}");
    }
    (word, words, left.is_empty())
}

/// Says, before another migration, that some are still to be settled.
pub fn remind() {
    match pending() {
        Ok(records) if records.is_empty() => {}
        Ok(records) => {
            let names: Vec<_> = records.iter().map(|r| r.entry().name).collect();
            complain!("broken off before, see droverctl recover: {}", names.join(", "));
        }
        Err(e) => complain!("{e}"),
    }
}
