//! A machine that is being installed and isn't there yet: its task above the console's place, its steps, and what to do
//! when it did not come to be.
use adw::prelude::*;
use drover::inventory::Inventory;
use drover::task::Step;
use gtk::glib;
use relm4::{ComponentSender, Sender};

use super::{MachinePage, MachinePageMsg, MachinePageOutput, MachinePageWidgets};
use crate::activity::{LOOK, Outcome, Task, TaskView, step_name};
use crate::app::show_details;
use crate::errors::Said;
use crate::i18n::{gettext, gettext_f};

/// What a person wants after an install that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallAct {
    /// The same once more.
    Retry,
    /// Change what was entered.
    Edit,
}

/// What happens to an install.
#[derive(Debug)]
pub enum InstallMsg {
    /// It begins, by these steps.
    Begin(Task, Vec<Step>),
    /// The installer was started.
    Runs,
    /// It ended before its machine ran.
    Ended(Outcome),
    /// Look at its progress.
    Look,
    /// A person decides what comes after a failure.
    Act(InstallAct),
}

impl MachinePage {
    pub(super) fn hear_install(
        &mut self,
        msg: InstallMsg,
        widgets: &MachinePageWidgets,
        sender: &ComponentSender<Self>,
    ) {
        match (msg, &mut self.install) {
            (InstallMsg::Begin(task, steps), _) => self.begin_install(task, steps, sender.input_sender()),
            (InstallMsg::Runs, _) => self.started = true,
            (InstallMsg::Ended(outcome), Some(install)) => install.end(outcome),
            (InstallMsg::Look, Some(install)) => return install.look(),
            (InstallMsg::Ended(_) | InstallMsg::Look, None) => return,
            (InstallMsg::Act(act), _) => {
                let _ = sender.output(MachinePageOutput::Install(self.key.clone(), act));
                return;
            }
        }
        self.show_machine(widgets, sender);
    }

    /// Shows an install from its beginning on.
    pub(super) fn begin_install(&mut self, task: Task, steps: Vec<Step>, input: &Sender<MachinePageMsg>) {
        let install = Install::new(task, steps, input);
        self.strip_place.set_child(Some(&install.strip));
        self.console_place.set_child(Some(&install.poster));
        self.console = None;
        self.started = false;
        self.install = Some(install);
    }

    /// The machine is not there yet: nothing can be done to it.
    pub(super) fn show_absent(&self, widgets: &MachinePageWidgets, inventory: &Inventory) {
        widgets.name.set_label(&self.name);
        widgets.line.set_label(&inventory.label(&self.key.host));
        widgets.icon.set_icon_name(Some("computer-symbolic"));
        self.actions.update(&[]);
        self.show_parts(false);
    }

    /// What only a machine that is there has.
    pub(super) fn show_parts(&self, there: bool) {
        self.buttons.widget.set_visible(there);
        self.stack.page(&self.overview.widget).set_visible(there);
    }
}

/// The install on screen.
pub struct Install {
    /// For above the console.
    pub strip: gtk::Box,
    /// For the console's place, until the machine is there.
    pub poster: adw::StatusPage,
    view: TaskView,
    what: String,
    steps: Vec<Step>,
    line: gtk::Label,
    input: Sender<MachinePageMsg>,
}

impl Install {
    /// A task that has just begun and takes these steps.
    pub fn new(task: Task, steps: Vec<Step>, input: &Sender<MachinePageMsg>) -> Self {
        let what = task.what.clone();
        // The page's header says where.
        let view = TaskView::new(Task { place: String::new(), ..task }, None);
        let line = gtk::Label::builder().wrap(true).xalign(0.0).css_classes(["caption"]).build();
        line.set_margin_start(12);
        line.set_margin_end(12);
        line.set_margin_bottom(9);
        let strip = gtk::Box::new(gtk::Orientation::Vertical, 0);
        strip.append(&view.widget);
        strip.append(&line);
        strip.append(&gtk::Separator::new(gtk::Orientation::Horizontal));
        let poster = adw::StatusPage::builder()
            .icon_name("video-display-symbolic")
            .title(gettext("The installer's screen comes here"))
            .description(gettext("It opens as soon as the machine runs."))
            .build();
        let mut install = Self { strip, poster, view, what, steps, line, input: input.clone() };
        install.look();
        install
    }

    /// Shows the latest progress, and asks for the next look while the task goes on.
    pub fn look(&mut self) {
        if !self.view.runs() {
            return;
        }
        self.view.look();
        let line = line(&self.steps, self.view.step());
        if self.line.label() != line {
            self.line.set_markup(&line);
        }
        let input = self.input.clone();
        glib::timeout_add_local_once(LOOK, move || {
            let _ = input.send(MachinePageMsg::Install(InstallMsg::Look));
        });
    }

    /// The task ended before the machine ran: says why, and what can be done now.
    pub fn end(&mut self, outcome: Outcome) {
        self.strip.set_visible(false);
        let buttons = gtk::Box::builder().orientation(gtk::Orientation::Vertical).spacing(12).build();
        buttons.set_halign(gtk::Align::Center);
        let said = match &outcome {
            Outcome::Failed(said) => Some(said),
            Outcome::Cancelled | Outcome::Done | Outcome::Noted(_) => None,
        };
        let title = match said {
            Some(_) => gettext_f("{what} failed", &[("what", &self.what)]),
            None => gettext_f("{what}: cancelled", &[("what", &self.what)]),
        };
        let words = said.map_or_else(|| gettext("Nothing of it was left on the host."), |said| said.body.clone());
        self.poster.set_icon_name(Some(if said.is_some() { "dialog-error-symbolic" } else { "process-stop-symbolic" }));
        self.poster.set_title(&title);
        self.poster.set_description(Some(&glib::markup_escape_text(&words)));
        let acts = [
            (gettext("Try again"), InstallAct::Retry, vec!["pill", "suggested-action"]),
            (gettext("Change what was entered…"), InstallAct::Edit, vec!["pill"]),
        ];
        for (label, act, classes) in acts {
            let button = gtk::Button::builder().label(label).css_classes(classes).build();
            let input = self.input.clone();
            button.connect_clicked(move |_| input.emit(MachinePageMsg::Install(InstallMsg::Act(act))));
            buttons.append(&button);
        }
        if let Some(said) = said {
            buttons.append(&details(said));
        }
        self.poster.set_child(Some(&buttons));
        self.view.end(outcome);
    }
}

fn details(said: &Said) -> gtk::Button {
    let button = gtk::Button::builder().label(gettext("Details")).css_classes(["pill", "flat"]).build();
    let said = said.clone();
    button.connect_clicked(move |button| {
        if let Some(window) = button.root().and_downcast::<gtk::Window>() {
            show_details(&window, &said);
        }
    });
    button
}

/// The steps in a row, as markup: those done ticked, the one under way bold, those to come dim.
fn line(steps: &[Step], now: Option<Step>) -> String {
    let at = now.and_then(|now| steps.iter().position(|step| *step == now));
    // Undoing is none of the steps: then none is under way.
    let words = steps.iter().enumerate().map(|(i, step)| {
        // A line breaks between steps only.
        let name = glib::markup_escape_text(&step_name(*step)).replace(' ', "\u{a0}");
        match at {
            Some(at) if i < at => format!("✔ {name}"),
            Some(at) if i == at => format!("<b>{name}</b>"),
            _ => format!("<span alpha=\"60%\">{name}</span>"),
        }
    });
    words.collect::<Vec<_>>().join("  ›  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_ticked_up_to_the_one_under_way() {
        let steps = [Step::FetchKernel, Step::Upload, Step::Start];
        let name = |step| step_name(step).replace(' ', "\u{a0}");
        let (fetch, start) = (name(Step::FetchKernel), name(Step::Start));
        let shown = line(&steps, Some(Step::Upload));
        assert!(shown.starts_with(&format!("✔ {fetch}")) && shown.contains("<b>"), "{shown}");
        assert!(shown.ends_with(&format!("<span alpha=\"60%\">{start}</span>")), "{shown}");
        for none in [None, Some(Step::RollBack)] {
            let shown = line(&steps, none);
            assert!(!shown.contains('✔') && !shown.contains("<b>"), "{shown}");
        }
    }
}
