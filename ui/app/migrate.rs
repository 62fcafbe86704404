//! Migrations in the app: the dialog, the queue, and what a machine that has moved takes along.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use drover::domain::DomainKey;
use drover::host::{Host, HostId};
use drover::migrate::estimate::Pace;
use drover::migrate::finding::Finding;
use drover::migrate::plan::plan;
use drover::migrate::run;
use drover::migrate::survey::Survey;
use drover::migrate::{Kind, bring_back};
use drover::task::Cancel;
use gtk::prelude::{Cast, GtkWindowExt};
use relm4::{Component, ComponentController, ComponentSender, Controller};

use super::tabs::PageKey;
use super::tasks::Job;
use super::{App, AppMsg, PageTab, Toast};
use crate::activity::{Outcome, Reporter, Task, TaskId, TaskMsg};
use crate::errors::{self, Said};
use crate::i18n::{gettext, gettext_f};
use crate::migrate::dialog::{Init, MigrateDialog, Msg, Out};
use crate::migrate::evacuate::{self, Evacuate, Way};
use crate::migrate::live::Extras;
use crate::migrate::queue::{Queue, QueueAct};
use crate::migrate::{Move, Why, words};

/// How fast the last migration between two hosts was, for the next dialog's estimate.
type Paces = Arc<Mutex<HashMap<(HostId, HostId), Pace>>>;

/// The app's state of migrations.
#[derive(Default)]
pub struct Migrations {
    dialog: Option<Controller<MigrateDialog>>,
    evacuate: Option<Controller<Evacuate>>,
    queue: Queue,
    /// Those in the queue, and those that ended otherwise than well, to try again.
    moves: HashMap<TaskId, (Task, Move)>,
    paces: Paces,
}

impl App {
    /// Opens the Migrate dialog for those of the machines that don't move already.
    pub(super) fn migrate(
        &mut self,
        machines: Vec<DomainKey>,
        to: Option<HostId>,
        root: &adw::ApplicationWindow,
        sender: &ComponentSender<Self>,
    ) {
        if let Some(open) = &self.migrations.dialog {
            open.widget().present();
            return;
        }
        let (moving, machines): (Vec<_>, Vec<_>) = machines.into_iter().partition(|key| self.migrations.queue.has(key));
        if let Some(key) = moving.first() {
            let name = self.inventory.borrow().machine(key).map(|m| m.info.name.clone()).unwrap_or_default();
            let text = gettext_f("{name} is in the queue of migrations already", &[("name", &name)]);
            sender.input(AppMsg::Toast(Toast::new(text)));
        }
        if machines.is_empty() {
            return;
        }
        let (hosts, inventory) = (self.host_choices(), self.inventory.clone());
        let paces = self.migrations.paces.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let init = Init { parent: root.clone().upcast(), inventory, hosts, machines, to, paces };
        let dialog = MigrateDialog::builder().launch(init).forward(sender.input_sender(), AppMsg::MigrateDialog);
        self.migrations.dialog = Some(dialog);
    }

    /// Opens the Evacuate or the Bring-back dialog of a host.
    pub(super) fn evacuate(
        &mut self,
        way: Way,
        id: &HostId,
        root: &adw::ApplicationWindow,
        sender: &ComponentSender<Self>,
    ) {
        if let Some(open) = &self.migrations.evacuate {
            open.widget().present();
            return;
        }
        let (homes, hosts): (Vec<_>, Vec<_>) = self.host_choices().into_iter().partition(|c| c.host.id() == id);
        let Some(home) = homes.into_iter().next() else { return };
        // What is being chosen in the Migrate dialog stays there, below this one.
        let below = self.migrations.dialog.as_ref().map(|dialog| dialog.widget().clone().upcast());
        let init = evacuate::Init { parent: below.unwrap_or_else(|| root.clone().upcast()), way, home, hosts };
        let dialog = Evacuate::builder().launch(init).forward(sender.input_sender(), AppMsg::Evacuation);
        self.migrations.evacuate = Some(dialog);
    }

    /// Tells the open dialog that hosts came or went.
    pub(super) fn tell_migrate_dialog(&self) {
        if let Some(dialog) = &self.migrations.dialog {
            dialog.emit(Msg::Hosts(self.host_choices()));
        }
    }

    /// The Migrate dialog has closed, or wants room.
    pub(super) fn migrate_said(&mut self, said: Out, root: &adw::ApplicationWindow, sender: &ComponentSender<Self>) {
        match said {
            Out::Evacuate(host) => return self.evacuate(Way::Evacuate, &host, root, sender),
            Out::Begin(moves) => self.enqueue_all(moves, sender),
            Out::Closed => {}
        }
        self.migrations.dialog = None;
    }

    /// The Evacuate or the Bring-back dialog has closed.
    pub(super) fn evacuation_said(&mut self, moves: Vec<Move>, sender: &ComponentSender<Self>) {
        self.migrations.evacuate = None;
        self.enqueue_all(moves, sender);
    }

    fn enqueue_all(&mut self, moves: Vec<Move>, sender: &ComponentSender<Self>) {
        for wanted in moves {
            if !self.migrations.queue.has(&wanted.key) {
                self.enqueue(wanted);
            }
        }
        self.start_moves(sender);
    }

    /// Puts one into the queue, and shows it as a task.
    fn enqueue(&mut self, wanted: Move) {
        let Some(source) = self.hosts.get(&wanted.key.host).cloned() else { return };
        let place = {
            let inventory = self.inventory.borrow();
            let (from, to) = (inventory.label(&wanted.key.host), inventory.label(&wanted.to));
            gettext_f("{from} → {to}", &[("from", &from), ("to", &to)])
        };
        let job = Job { what: gettext_f("Migrate {name}", &[("name", &wanted.name)]), place };
        let extras = Extras { source, domain: wanted.key.domain, kind: wanted.choices.kind };
        let task = self.begin_task(job, Some(extras));
        self.migrations.queue.add(task.id, wanted.clone());
        self.migrations.moves.insert(task.id, (task, wanted));
    }

    /// Starts those whose turn has come.
    fn start_moves(&mut self, sender: &ComponentSender<Self>) {
        for (id, wanted) in self.migrations.queue.start() {
            let Some((task, _)) = self.migrations.moves.get(&id) else { continue };
            let hosts = self.hosts.get(&wanted.key.host).cloned().zip(self.hosts.get(&wanted.to).cloned());
            let paces = Arc::clone(&self.migrations.paces);
            self.spawn_task(sender, task, move |reporter, cancel| match hosts {
                Some((source, dest)) => carry_out((&source, &dest), &wanted, &paces, reporter, cancel),
                None => Outcome::Failed(host_gone()),
            });
        }
        self.show_queue();
    }

    fn show_queue(&self) {
        let queue = &self.migrations.queue;
        self.activity.emit(TaskMsg::Queue(queue.waiting(), queue.is_held()));
    }

    /// What a person did to the queue.
    pub(super) fn queue_act(&mut self, act: QueueAct, sender: &ComponentSender<Self>) {
        match act {
            // One that runs hears of it by its `Cancel`.
            QueueAct::Stop(id) => {
                if self.migrations.queue.take(id).is_some() {
                    self.end_task(id, "", Outcome::Cancelled, sender);
                }
            }
            QueueAct::Sooner(id) => self.migrations.queue.sooner(id),
            QueueAct::Hold(held) => self.migrations.queue.hold(held),
            QueueAct::Retry(id) => {
                if let Some((_, wanted)) = self.migrations.moves.remove(&id) {
                    self.activity.emit(TaskMsg::Drop(id));
                    self.enqueue(wanted);
                }
            }
        }
        self.start_moves(sender);
    }

    /// A task has ended: if it is a migration, the next may start, and the machine's page follows it.
    pub(super) fn end_migration(&mut self, id: TaskId, outcome: &Outcome, sender: &ComponentSender<Self>) {
        let well = matches!(outcome, Outcome::Done | Outcome::Noted(_));
        let wanted = match well {
            true => self.migrations.moves.remove(&id).map(|(_, wanted)| wanted),
            false => self.migrations.moves.get(&id).map(|(_, wanted)| wanted.clone()),
        };
        let Some(wanted) = wanted else { return };
        self.migrations.queue.ended(id);
        if well {
            self.follow(&wanted, sender);
            // It may have made room for what is being chosen.
            if let Some(dialog) = self.migrations.dialog.as_ref().filter(|_| wanted.why == Why::Evacuate) {
                dialog.emit(Msg::Again);
            }
        }
        self.start_moves(sender);
    }

    /// The page of a machine that has moved shows it where it is now.
    fn follow(&mut self, wanted: &Move, sender: &ComponentSender<Self>) {
        let page = PageKey::Machine(wanted.key.clone());
        if !self.machine_pages.contains_key(&wanted.key) {
            return;
        }
        let front = self.tabs.selected();
        let key = DomainKey { host: wanted.to.clone(), domain: wanted.key.domain };
        // The list need not have seen it there yet.
        let tab = if wanted.choices.kind == Kind::Offline { PageTab::Best } else { PageTab::Console };
        self.open_page(key, wanted.choices.name.as_deref().unwrap_or(&wanted.name), tab, None, sender);
        if let Some(front) = front.filter(|front| *front != page) {
            self.tabs.select(&front);
        }
        self.tabs.close(&page);
    }
}

/// One migration, from the questions to both hosts on: what was known when it was chosen may be old by now.
fn carry_out(
    (source, dest): (&Host, &Host),
    wanted: &Move,
    paces: &Paces,
    reporter: &Reporter,
    cancel: &Cancel,
) -> Outcome {
    let pair = (wanted.key.host.clone(), wanted.to.clone());
    let on = |progress: run::Progress| {
        // With a limit the figures would tell of that, not of the link.
        if let Some(pace) = progress.figures.as_ref().filter(|_| wanted.choices.bandwidth.is_none()).and_then(Pace::of)
        {
            paces.lock().unwrap_or_else(PoisonError::into_inner).insert(pair.clone(), pace);
        }
        reporter.report(progress);
    };
    let planned = cancel.check().and_then(|()| {
        let mut survey = Survey::read(source, dest, wanted.key.domain, true)?;
        survey.ask(source, dest, &wanted.choices)?;
        Ok(survey)
    });
    let planned = planned.map(|survey| plan(&survey, &wanted.choices));
    let done = match planned {
        Ok(Ok(plan)) => run::run(source, dest, &plan, on, cancel).inspect(|done| {
            let noted = match wanted.why {
                Why::Asked => Ok(()),
                Why::Evacuate => bring_back::went(source, dest, &plan, done),
                Why::BringBack => bring_back::forget(plan.id),
            };
            if let Err(error) = noted {
                tracing::warn!(%error, "who went where in an evacuation could not be noted");
            }
        }),
        Ok(Err(findings)) => return Outcome::Failed(refused(&findings)),
        Err(e) => Err(e),
    };
    match done {
        Ok(done) if done.left_here.is_empty() => Outcome::Done,
        Ok(done) => Outcome::Noted(gettext_f(
            "Done. Its old images stay at the source, unused: {paths}",
            &[("paths", &done.left_here.join(", "))],
        )),
        Err(drover::Error::Cancelled) => Outcome::Cancelled,
        Err(e) => Outcome::Failed(errors::error(&e)),
    }
}

fn refused(findings: &[Finding]) -> Said {
    let lines = |line: fn(&Finding) -> String| findings.iter().map(line).collect::<Vec<_>>().join("\n");
    Said {
        title: gettext("It can't go like this"),
        body: lines(|f| words::reason(&f.reason)),
        details: lines(|f| format!("{}: {}", f.check.name(), f.reason)),
    }
}

fn host_gone() -> Said {
    let (title, body) = (gettext("A host is not there any more"), gettext("It was removed from Drover meanwhile."));
    Said { title, body, details: String::new() }
}
