//! Machines in the app: the list's columns as settings, pages of machines, and doing what was asked.
use std::collections::HashMap;

use drover::domain::DomainKey;
use drover::domain::actions::{self, Action};
use drover::host::{Host, HostId};
use drover::task::{Progress, Step};
use relm4::ComponentSender;

use super::drag::Carry;
use super::tasks::Job;
use super::{App, AppMsg, Done};
use crate::activity::Outcome;
use crate::errors::{self, Said};
use crate::i18n::{gettext_f, ngettext_f};
use crate::machines::{Column, Layout, MachineListOutput, Order, Request};
use crate::settings;

/// What the list asks for, as the app's message.
pub fn from_list(output: MachineListOutput) -> AppMsg {
    match output {
        MachineListOutput::Open(key) => AppMsg::OpenMachine(key, super::PageTab::Best),
        MachineListOutput::OpenHost(id) => AppMsg::Host(id, super::HostAct::Page),
        MachineListOutput::Retry(id) => AppMsg::Host(id, super::HostAct::Connect),
        MachineListOutput::Layout(layout) => AppMsg::Layout(layout),
        MachineListOutput::Request(request) => AppMsg::Request(request),
        MachineListOutput::Drag(act) => AppMsg::Carry(Carry::Drag(act)),
        MachineListOutput::Cut(machines) => AppMsg::Carry(Carry::Cut(machines)),
        MachineListOutput::Paste(host) => AppMsg::Carry(Carry::Paste(host)),
    }
}

/// The list's layout out of the settings; what is unknown there is left out.
pub fn layout(list: &settings::List) -> Layout {
    let mut layout = Layout::default();
    let shown: Vec<Column> = list.columns.iter().filter_map(|id| Column::from_id(id)).collect();
    if !shown.is_empty() {
        layout.shown = shown;
    }
    layout.widths = list.widths.iter().filter_map(|(id, width)| Some((Column::from_id(id)?, *width))).collect();
    let (id, descending) = list.sort.strip_prefix('-').map_or((list.sort.as_str(), false), |id| (id, true));
    if let Some(column) = Column::from_id(id) {
        layout.order = Order { column, descending };
    }
    layout
}

/// The settings of a layout.
pub fn list_settings(layout: &Layout) -> settings::List {
    let order = layout.order;
    settings::List {
        columns: layout.shown.iter().map(|c| c.id().to_owned()).collect(),
        widths: layout.widths.iter().map(|(c, width)| (c.id().to_owned(), *width)).collect(),
        sort: format!("{}{}", if order.descending { "-" } else { "" }, order.column.id()),
    }
}

impl App {
    /// Does what was asked and answered.
    pub(super) fn request(&mut self, request: Request, sender: &ComponentSender<Self>) {
        match request {
            Request::Silence(name) => {
                self.settings.confirm.silenced.insert(name.to_owned());
                sender.input(AppMsg::Save);
            }
            Request::Migrate(machines) => sender.input(AppMsg::Migrate { machines, to: None }),
            Request::RestoreFrom { host, path } => {
                let Some(handle) = self.hosts.get(&host).cloned() else { return };
                let what = gettext_f("Restore from {path}", &[("path", &path)]);
                let place = self.inventory.borrow().label(&host);
                self.run_task(sender, Job { what, place }, move |reporter, _| {
                    reporter.report(Progress::begin(Step::Act));
                    actions::restore_from(&handle, &path)
                });
            }
            Request::Act { keys, action } => {
                let mut hosts: HashMap<HostId, Vec<(DomainKey, String)>> = HashMap::new();
                for key in keys {
                    let name = self.inventory.borrow().machine(&key).map(|m| m.info.name.clone());
                    hosts.entry(key.host.clone()).or_default().push((key, name.unwrap_or_default()));
                }
                for (id, machines) in hosts {
                    self.act(&id, machines, &action, sender);
                }
            }
        }
    }
}

impl App {
    /// One action for machines of one host: a single quick one at once, many or a slow one as a task.
    fn act(
        &mut self,
        id: &HostId,
        machines: Vec<(DomainKey, String)>,
        action: &Action,
        sender: &ComponentSender<Self>,
    ) {
        let Some(host) = self.hosts.get(id).cloned() else { return };
        let what = title(action, &machines);
        let slow = matches!(action, Action::Save | Action::SaveTo(_) | Action::Restore);
        let action = action.clone();
        if machines.len() == 1 && !slow {
            let job = what.clone();
            sender.spawn_oneshot_command(move || Done::Acted {
                what: job,
                outcome: do_all(&host, &machines, &action, |_| true),
            });
            return;
        }
        let place = self.inventory.borrow().label(id);
        let total = machines.len() as u64;
        self.run_many(sender, Job { what, place }, move |reporter, cancel| {
            do_all(&host, &machines, &action, |done| {
                reporter.report(Progress { step: Step::Act, done, total: (total > 1).then_some(total) });
                !cancel.is_cancelled()
            })
        });
    }
}

/// One after the other: a host's lane takes a few calls at once, and a failure of one does not stop the rest.
fn do_all(host: &Host, machines: &[(DomainKey, String)], action: &Action, go_on: impl Fn(u64) -> bool) -> Outcome {
    let mut failures: Vec<(&str, Said)> = Vec::new();
    for (n, (key, name)) in machines.iter().enumerate() {
        if !go_on(n as u64) {
            return Outcome::Cancelled;
        }
        if let Err(e) = actions::run(host, key.domain, action.clone()) {
            failures.push((name, errors::error(&e)));
        }
    }
    match failures.as_slice() {
        [] => Outcome::Done,
        [(_, said)] if machines.len() == 1 => Outcome::Failed(said.clone()),
        many => {
            let lines = |part: fn(&Said) -> &str| -> String {
                many.iter().map(|(name, said)| format!("{name}: {}", part(said))).collect::<Vec<_>>().join("\n")
            };
            let (n, total) = (many.len().to_string(), machines.len().to_string());
            Outcome::Failed(Said {
                title: gettext_f("{n} of {total} machines failed", &[("n", &n), ("total", &total)]),
                body: lines(|said| &said.body),
                details: lines(|said| &said.details),
            })
        }
    }
}

/// "Start web-01", "Start 3 machines".
fn title(action: &Action, machines: &[(DomainKey, String)]) -> String {
    let count = ngettext_f("{n} machine", "{n} machines", machines.len() as u64, &[]);
    let whom = match machines {
        [(_, name)] => name,
        _ => &count,
    };
    let values = [("whom", whom.as_str())];
    match action {
        Action::Start | Action::Restore => gettext_f("Start {whom}", &values),
        Action::Shutdown => gettext_f("Shut down {whom}", &values),
        Action::Reboot => gettext_f("Reboot {whom}", &values),
        Action::Reset => gettext_f("Reset {whom}", &values),
        Action::ForceOff => gettext_f("Force off {whom}", &values),
        Action::Pause => gettext_f("Pause {whom}", &values),
        Action::Resume => gettext_f("Resume {whom}", &values),
        Action::Save | Action::SaveTo(_) => gettext_f("Save {whom}", &values),
        Action::Autostart(_) => gettext_f("Set autostart of {whom}", &values),
        Action::Rename(_) => gettext_f("Rename {whom}", &values),
        Action::Delete { .. } => gettext_f("Delete {whom}", &values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drover::domain::{DomainId, State};
    use drover::host::NoCredentials;
    use std::sync::Arc;

    #[test]
    fn a_layout_survives_the_settings() {
        let layout = Layout {
            shown: vec![Column::Name, Column::Cpu],
            widths: vec![(Column::Name, 300)],
            order: Order { column: Column::Memory, descending: true },
        };
        assert_eq!(super::layout(&list_settings(&layout)), layout);
    }

    #[test]
    fn unknown_columns_are_left_out_and_none_means_the_default() {
        let list = settings::List { columns: vec!["glow".into()], sort: "-glow".into(), ..Default::default() };
        assert_eq!(super::layout(&list), Layout::default());
    }

    #[test]
    fn each_machine_that_failed_is_named_and_the_rest_was_done() {
        let host = Host::open_now("test:///default", Arc::new(NoCredentials)).unwrap();
        let there = actions::find(&host, "test").unwrap().id;
        let key = |domain| DomainKey { host: host.id().clone(), domain };
        let machines = [(key(DomainId(uuid::Uuid::nil())), "ghost".to_owned()), (key(there), "test".to_owned())];
        let Outcome::Failed(said) = do_all(&host, &machines, &Action::Pause, |_| true) else { panic!("it failed") };
        assert_eq!(said.title, "1 of 2 machines failed");
        assert!(said.body.starts_with("ghost: "), "{}", said.body);
        assert_eq!(actions::find(&host, "test").unwrap().state, State::Paused);
        assert!(matches!(do_all(&host, &machines, &Action::Resume, |_| false), Outcome::Cancelled));
    }
}
