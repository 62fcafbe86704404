//! check-migrate: what stands against moving a machine.
use std::sync::Arc;

use drover::Result;
use drover::domain::actions;
use drover::host::Host;
use drover::migrate::check::{best_kind, check, verdict};
use drover::migrate::finding::{Finding, Severity};
use drover::migrate::survey::Survey;
use drover::migrate::{Choices, Kind};
use serde_json::{Value, json};

use super::migrate_args::{CheckArgs, Target};
use super::{Context, Failure, login, print_json};

/// Both hosts, what they say about the machine, and the choices: the kind that was asked for, or the best.
fn survey(context: &Context, target: &Target, kind: Option<Kind>) -> Result<(Host, Host, Survey, Choices)> {
    let source = context.open()?;
    let id = actions::find(&source, &target.machine)?.id;
    let dest = Host::open_now(&target.dest, Arc::new(login::Terminal))?;
    let mut choices = target.options.choices(kind.unwrap_or(Kind::Live));
    let survey = Survey::read(&source, &dest, id, choices.tls)?;
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
        print_json(&Value::Array(findings.iter().map(as_json).collect()));
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
