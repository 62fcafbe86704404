//! check-migrate: what stands against moving a machine. migrate: moving it; Ctrl-C leaves it where it was.
use std::sync::Arc;

use drover::Result;
use drover::domain::actions;
use drover::host::Host;
use drover::migrate::check::{best_kind, check, verdict};
use drover::migrate::command_line::command;
use drover::migrate::finding::{Finding, Severity};
use drover::migrate::plan::{Plan, plan};
use drover::migrate::run::{Done, Progress, Step, run as job};
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind};
use serde_json::{Value, json};

use super::install::cancel_on_interrupt;
use super::migrate_args::{CheckArgs, MigrateArgs, Target};
use super::progress::Line;
use super::{Context, Failure, login, print, recover};

const MIB: f64 = 1024.0 * 1024.0;

/// Both hosts, what they say about the machine, and the choices: the kind that was asked for, or the best.
fn survey(context: &Context, target: &Target, kind: Option<Kind>) -> Result<(Host, Host, Survey, Choices)> {
    let source = context.open()?;
    let id = actions::find(&source, &target.machine)?.id;
    let dest = Host::open_now(&target.dest, Arc::new(login::Terminal))?;
    let mut choices = target.choices(kind.unwrap_or(Kind::Live));
    let mut survey = Survey::read(&source, &dest, id, choices.tls)?;
    survey.ask(&source, &dest, &choices)?;
    if kind.is_none() {
        choices.kind = best_kind(&survey.input(&choices));
    }
    Ok((source, dest, survey, choices))
}

/// Prints the findings; refuses when one blocks.
pub fn check_only(context: &Context, args: &CheckArgs) -> Result<(), Failure> {
    let (_, _, survey, choices) = survey(context, &args.target, args.kind.map(Kind::from))?;
    let findings = check(&survey.input(&choices));
    if context.json {
        print::json(&Value::Array(findings.iter().map(as_json).collect()));
    } else {
        findings.iter().for_each(print);
    }
    let (name, dest, how) = (&survey.machine.name, &survey.dest.name, choices.kind.option());
    if verdict(&findings) == Severity::Block {
        return Err(Failure::Refused(format!("{name} can't move to {dest} ({how})")));
    }
    if !context.json {
        say!("{name} can move to {dest} ({how})");
    }
    Ok(())
}

/// Moves the machine, or says why not.
pub fn run(context: &Context, args: &MigrateArgs) -> Result<(), Failure> {
    let cancel = cancel_on_interrupt();
    recover::remind();
    let (source, dest, survey, choices) = survey(context, &args.target, args.kind())?;
    for finding in check(&survey.input(&choices)).iter().filter(|f| f.severity == Severity::Warn) {
        complain!("{finding}");
    }
    let plan = plan(&survey, &choices).map_err(refused)?;
    if args.print_command {
        say!("{}", command(&plan, &context.uri, &args.target.dest));
        return Ok(());
    }
    let line = Line::new();
    let outcome = job(&source, &dest, &plan, |p| show(&line, p), &cancel);
    line.end();
    report(context, &plan, &outcome?);
    Ok(())
}

fn refused(findings: Vec<Finding>) -> Failure {
    Failure::Refused(findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

fn report(context: &Context, plan: &Plan, done: &Done) {
    let (name, dest) = (&plan.name, &plan.dest);
    if context.json {
        print::json(&json!({
            "machine": name,
            "uuid": plan.id.to_string(),
            "from": plan.source,
            "to": dest,
            "kind": plan.choices.kind.option().trim_start_matches('-'),
            "left_here": done.left_here,
        }));
        return;
    }
    let is = if plan.active { "runs on" } else { "is on" };
    say!("{name} {is} {dest}");
    for path in &done.left_here {
        say!("left on {}: {path}", plan.source);
    }
}

fn show(line: &Line, p: Progress) {
    line.write(head(p.step), false, || text(p));
}

/// A step in words.
fn head(step: Step) -> &'static str {
    match step {
        Step::Prepare => "Preparing",
        Step::Move => "Moving",
        Step::PostCopy => "Running there, fetching the rest",
        Step::Save => "Saving the machine here",
        Step::CopyDisk => "Copying a disk",
        Step::CopyFirmware => "Copying the firmware's variables",
        Step::CopyMemory => "Copying its memory",
        Step::Restore => "Starting it there where it was",
        Step::Define => "Defining the machine there",
        Step::Remove => "Removing it here",
        Step::RollBack => "Undoing what was made",
    }
}

/// The progress in words.
pub fn text(p: Progress) -> String {
    // Bytes to MiB for the eye.
    #[allow(clippy::cast_precision_loss)]
    let mib = |bytes: u64| bytes as f64 / MIB;
    let mut text = head(p.step).to_owned();
    if let Some(total) = p.total.filter(|total| *total > 0) {
        text += &format!("  {:.0} of {:.0} MiB", mib(p.done), mib(total));
    }
    if let Some(figures) = p.figures {
        text += &format!(", {:.0} MiB/s", mib(figures.rate));
        if figures.iteration > 0 {
            text += &format!(", round {}, {:.0} MiB/s change", figures.iteration, mib(figures.dirty_rate));
        }
    }
    text
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Ok => "ok",
        Severity::Warn => "warn",
        Severity::Block => "block",
    }
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "check": finding.check.name(),
        "severity": word(finding.severity),
        "reason": finding.reason.to_string(),
        "remedy": finding.remedy.as_ref().map(ToString::to_string),
    })
}

fn print(finding: &Finding) {
    let remedy = finding.remedy.as_ref().map(|r| format!(" — {r}")).unwrap_or_default();
    say!("{:<6}{:<16}{}{remedy}", word(finding.severity), finding.check.name(), finding.reason);
}
