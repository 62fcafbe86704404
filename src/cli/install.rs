//! install: check, plan, run; Ctrl-C rolls back.
use drover::domain::actions;
use drover::finding::{Field, Finding, Reason, Severity};
use drover::install::detect::{Detected, detect};
use drover::install::plan::{self, Plan};
use drover::install::{Request, Unattended, run as job, unattended};
use drover::secret::hidden;
use drover::task::{Cancel, Progress, Step};
use drover::{Error, Result};
use serde_json::json;

use super::install_args::InstallArgs;
use super::progress::Line;
use super::{Context, print};

/// A button that Ctrl-C (or a TERM signal) presses.
pub fn cancel_on_interrupt() -> Cancel {
    let cancel = Cancel::default();
    let button = cancel.clone();
    // Without a handler the signal ends the program as it always did.
    if let Err(e) = ctrlc::set_handler(move || button.cancel()) {
        tracing::warn!(error = %e, "no handler for Ctrl-C");
    }
    cancel
}

/// Makes the machine, or says why not.
pub fn run(context: &Context, args: &InstallArgs) -> Result<()> {
    let request = args.request()?;
    let cancel = cancel_on_interrupt();
    let host = context.open()?;
    let line = Line::new();
    let quiet = args.print_xml || args.dry_run;
    let show = |p: Progress| {
        if !quiet {
            line.show(p);
        }
    };
    // What the host alone can refuse is refused before the network is asked.
    refuse(&plan::check(&host, &request, None)?)?;
    show(Progress::begin(Step::Detect));
    let detected = detect(&request.location, &cancel).map_err(|e| at(Field::Source, e))?;
    show(Progress::begin(Step::FetchUnattended));
    let mut findings = check_unattended(&request, &detected, &cancel)?;
    findings.extend(plan::check(&host, &request, Some(&detected))?);
    line.end();
    for finding in findings.iter().filter(|f| f.severity != Severity::Block) {
        complain!("{}: {finding}", field_name(finding.field));
    }
    refuse(&findings)?;
    let plan = plan::plan(&host, request, detected)?;
    if args.print_xml {
        print_xml(&plan);
        return Ok(());
    }
    if args.dry_run {
        report(context, &plan, "nothing was done: the machine could be made");
        return Ok(());
    }
    let outcome = job::run(&host, &plan, show, &cancel);
    line.end();
    let domain = outcome?;
    if !args.wait {
        report(context, &plan, "the installer runs");
        return Ok(());
    }
    let outcome = job::finish(&host, &plan, domain, show, &cancel);
    line.end();
    outcome?;
    let words = match actions::find(&host, &plan.uuid.to_string())?.state.is_active() {
        true => "the installer has ended, and the machine runs from its disk",
        false => "the installer was stopped; the machine is off",
    };
    report(context, &plan, words);
    Ok(())
}

fn print_xml(plan: &Plan) {
    let shown = hidden(&plan.install_xml);
    if shown != plan.install_xml {
        complain!("a password in the kernel's arguments is shown as “…”");
    }
    for line in shown.lines().chain(plan.final_xml.lines()) {
        say!("{line}");
    }
}

fn report(context: &Context, plan: &Plan, words: &str) {
    let name = &plan.request.name;
    if context.json {
        print::json(&json!({
            "machine": name,
            "uuid": plan.uuid.to_string(),
            "status": words,
            "os": plan.detected.os,
            "virt_type": plan.virt_type,
            "mac": plan.mac,
            "kernel_args": hidden(&plan.kernel_args),
        }));
    } else {
        say!("{name}: {words}");
    }
}

fn check_unattended(request: &Request, detected: &Detected, cancel: &Cancel) -> Result<Vec<Finding>> {
    if request.unattended == Unattended::None {
        return Ok(Vec::new());
    }
    let checked = unattended::check_for(&request.unattended, Some(detected), cancel);
    Ok(checked.map_err(|e| at(Field::Unattended, e))?.map(|c| c.findings).unwrap_or_default())
}

/// A source that can't be read is a check that failed: nothing was done yet.
fn at(field: Field, e: Error) -> Error {
    match e {
        Error::Source(e) => Error::Refused(vec![Finding::block(field, Reason::Source(e))]),
        other => other,
    }
}

fn refuse(findings: &[Finding]) -> Result<()> {
    let blocking: Vec<_> = findings.iter().filter(|f| f.severity == Severity::Block).cloned().collect();
    if blocking.is_empty() { Ok(()) } else { Err(Error::Refused(blocking)) }
}

/// What a person calls the input.
pub fn field_name(field: Field) -> &'static str {
    match field {
        Field::Host => "host",
        Field::Source => "location",
        Field::Name => "name",
        Field::Memory => "memory",
        Field::Vcpus => "vcpus",
        Field::VirtType => "virtualisation",
        Field::Unattended => "unattended file",
        Field::DiskPath => "file",
        Field::DiskSize => "file size",
        Field::Network => "network",
        Field::Mac => "mac",
    }
}
