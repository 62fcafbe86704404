//! The header's button with the number of running tasks, and the panel that it opens.
use gtk::glib;
use gtk::prelude::*;
use relm4::prelude::*;

use super::row::TaskRow;
use super::{LOOK, TaskMsg};
use crate::i18n::{gettext, ngettext_f};
use crate::migrate::queue::QueueAct;
use crate::widgets::icon_button::icon_menu_button;

/// The panel component; its root is the header's button.
pub struct Panel {
    list: gtk::ListBox,
    rows: Vec<TaskRow>,
    hold: gtk::ToggleButton,
    clear: gtk::Button,
    stack: gtk::Stack,
    count: gtk::Label,
    spinner: gtk::Spinner,
    looking: bool,
}

impl Component for Panel {
    type Init = ();
    type Input = TaskMsg;
    type Output = QueueAct;
    type CommandOutput = ();
    type Root = gtk::MenuButton;
    type Widgets = ();

    fn init_root() -> Self::Root {
        icon_menu_button("view-list-bullet-symbolic", &gettext("Tasks"))
    }

    fn init((): (), root: Self::Root, sender: ComponentSender<Self>) -> ComponentParts<Self> {
        let list = gtk::ListBox::builder().selection_mode(gtk::SelectionMode::None).css_classes(["boxed-list"]).build();
        list.set_sort_func(|a, b| a.widget_name().cmp(&b.widget_name()).into());
        let clear = gtk::Button::builder().label(gettext("Clear finished")).css_classes(["flat"]).build();
        let input = sender.input_sender().clone();
        clear.connect_clicked(move |_| input.emit(TaskMsg::Clear));
        let hold = gtk::ToggleButton::builder().label(gettext("Hold the queue")).css_classes(["flat"]).build();
        hold.set_tooltip_text(Some(&gettext("Migrations that wait are not started; those that run go on.")));
        hold.set_visible(false);
        let output = sender.output_sender().clone();
        hold.connect_toggled(move |hold| {
            let _ = output.send(QueueAct::Hold(hold.is_active()));
        });
        let empty = gtk::Label::builder()
            .label(gettext("Nothing is running. Installs and other long jobs show here."))
            .wrap(true)
            .max_width_chars(30)
            .justify(gtk::Justification::Center)
            .css_classes(["dim-label"])
            .margin_top(18)
            .margin_bottom(18)
            .build();
        let full = gtk::Box::new(gtk::Orientation::Vertical, 6);
        let scrolled = gtk::ScrolledWindow::builder()
            .child(&list)
            .hscrollbar_policy(gtk::PolicyType::Never)
            .propagate_natural_height(true)
            .max_content_height(420)
            .build();
        full.append(&scrolled);
        full.append(&hold);
        full.append(&clear);
        let stack = gtk::Stack::builder().vhomogeneous(false).build();
        stack.add_named(&empty, Some("empty"));
        stack.add_named(&full, Some("full"));
        let content = gtk::Box::builder().orientation(gtk::Orientation::Vertical).width_request(290).spacing(6).build();
        content.append(&gtk::Label::builder().label(gettext("Tasks")).css_classes(["heading"]).build());
        content.append(&stack);
        root.set_popover(Some(&gtk::Popover::builder().child(&content).build()));
        let face = gtk::Box::new(gtk::Orientation::Horizontal, 6);
        let spinner = gtk::Spinner::builder().visible(false).build();
        let count = gtk::Label::builder().css_classes(["numeric"]).build();
        face.append(&gtk::Image::from_icon_name("view-list-bullet-symbolic"));
        face.append(&spinner);
        face.append(&count);
        root.set_child(Some(&face));
        root.add_css_class("flat");
        let model = Self { list, rows: Vec::new(), hold, clear, stack, count, spinner, looking: false };
        model.show();
        ComponentParts { model, widgets: () }
    }

    fn update(&mut self, msg: TaskMsg, sender: ComponentSender<Self>, _: &Self::Root) {
        match msg {
            TaskMsg::Begin(task) => {
                let row = TaskRow::new(task, sender.output_sender());
                self.list.append(&row.root);
                self.rows.push(row);
                if !self.looking {
                    self.looking = true;
                    sender.input(TaskMsg::Look);
                }
            }
            TaskMsg::End(id, outcome) => {
                if let Some(row) = self.rows.iter_mut().find(|r| r.id() == id) {
                    row.end(outcome);
                }
            }
            TaskMsg::Queue(waiting, held) => {
                for row in self.rows.iter_mut().filter(|r| r.runs()) {
                    row.wait(waiting.iter().position(|id| *id == row.id()));
                }
                self.hold.set_visible(held || !waiting.is_empty());
                self.hold.set_active(held);
            }
            TaskMsg::Drop(id) => {
                for row in self.rows.extract_if(.., |r| r.id() == id) {
                    self.list.remove(&row.root);
                }
            }
            TaskMsg::Look => {
                self.rows.iter_mut().filter(|r| r.runs()).for_each(TaskRow::look);
                self.looking = self.rows.iter().any(TaskRow::runs);
                if self.looking {
                    let input = sender.input_sender().clone();
                    glib::timeout_add_local_once(LOOK, move || {
                        let _ = input.send(TaskMsg::Look);
                    });
                }
            }
            TaskMsg::Clear => {
                for row in self.rows.extract_if(.., |r| !r.runs()) {
                    self.list.remove(&row.root);
                }
            }
        }
        self.show();
    }
}

impl Panel {
    fn show(&self) {
        let running = self.rows.iter().filter(|r| r.runs()).count();
        let failed = self.rows.iter().filter(|r| r.failed()).count();
        self.spinner.set_visible(running > 0);
        self.spinner.set_spinning(running > 0);
        self.count.set_label(&match (running, failed) {
            (0, 0) => String::new(),
            (0, n) => ngettext_f("{n} failed", "{n} failed", n as u64, &[]),
            (n, _) => ngettext_f("{n} task", "{n} tasks", n as u64, &[]),
        });
        self.count.set_visible(running + failed > 0);
        self.clear.set_visible(self.rows.len() > running);
        self.stack.set_visible_child_name(if self.rows.is_empty() { "empty" } else { "full" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::{Outcome, Reporter, Task, TaskId};
    use crate::errors;
    use drover::task::{Progress, Step};

    fn pump() {
        for _ in 0..50 {
            glib::MainContext::default().iteration(false);
        }
    }

    fn task(n: u64) -> Task {
        let reporter = Reporter::default();
        reporter.report(Progress { step: Step::FetchKernel, done: 1, total: Some(2) });
        Task {
            id: TaskId(n),
            what: format!("Install {n}"),
            place: "kvm1".into(),
            reporter,
            cancel: None,
            migration: None,
        }
    }

    #[gtk::test]
    fn what_waits_follows_what_runs_in_the_queues_order() {
        let panel = Panel::builder().launch(()).detach();
        for n in 1..=4 {
            panel.emit(TaskMsg::Begin(task(n)));
        }
        let hold = || panel.state().get().model.hold.clone();
        let order = || -> Vec<u64> {
            pump();
            let state = panel.state().get();
            let id = |row: gtk::ListBoxRow| state.model.rows.iter().find(|r| r.root == row).map(|r| r.id().0);
            (0..).map_while(|i| state.model.list.row_at_index(i)).filter_map(id).collect()
        };
        assert_eq!(order(), [4, 3, 2, 1]);
        assert!(!hold().get_visible(), "nothing waits");
        panel.emit(TaskMsg::Queue([3, 1, 2].map(TaskId).to_vec(), true));
        assert_eq!(order(), [4, 3, 1, 2]);
        assert!(hold().get_visible() && hold().is_active());
        panel.emit(TaskMsg::Queue([2].map(TaskId).to_vec(), false));
        assert_eq!(order(), [4, 3, 1, 2]);
        panel.emit(TaskMsg::Drop(TaskId(3)));
        assert_eq!(order(), [4, 1, 2]);
    }

    #[gtk::test]
    fn failed_first_and_clear_keeps_what_runs() {
        let panel = Panel::builder().launch(()).detach();
        for n in 1..=3 {
            panel.emit(TaskMsg::Begin(task(n)));
        }
        panel.emit(TaskMsg::End(TaskId(1), Outcome::Failed(errors::error(&drover::Error::NoDomain("x".into())))));
        panel.emit(TaskMsg::End(TaskId(3), Outcome::Done));
        pump();
        let order = || -> Vec<u64> {
            let state = panel.state().get();
            let rows = |i| state.model.list.row_at_index(i);
            let id = |row: gtk::ListBoxRow| {
                let at = state.model.rows.iter().position(|r| r.root == row);
                (1..=3).find(|n| at.is_some_and(|at| state.model.rows[at].id() == TaskId(*n))).unwrap_or(0)
            };
            (0..).map_while(rows).map(id).collect()
        };
        assert_eq!(order(), [1, 2, 3]);
        panel.emit(TaskMsg::Clear);
        pump();
        assert_eq!(order(), [2]);
        assert_eq!(panel.state().get().model.count.label(), "1 task");
    }
}
