//! The header's button with the number of running tasks, and the panel that it opens.
use gtk::glib;
use gtk::prelude::*;
use relm4::prelude::*;

use super::row::TaskRow;
use super::{LOOK, Outcome, Task, TaskMsg};
use crate::i18n::{gettext, ngettext_f};
use crate::migrate::queue::QueueAct;
use crate::widgets::gradual;
use crate::widgets::icon_button::icon_menu_button;

/// The panel component; its root is the header's button.
pub struct Panel {
    list: gtk::ListBox,
    tasks: Vec<Entry>,
    hold: gtk::ToggleButton,
    clear: gtk::Button,
    stack: gtk::Stack,
    count: gtk::Label,
    spinner: gtk::Spinner,
    looking: bool,
    /// Whether [`TaskMsg::Rows`] is on its way.
    making: bool,
}

/// A task, and its row as soon as that is made.
struct Entry {
    task: Task,
    before: Option<usize>,
    outcome: Option<Outcome>,
    row: Option<TaskRow>,
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
        let model = Self { list, tasks: Vec::new(), hold, clear, stack, count, spinner, looking: false, making: false };
        model.show();
        ComponentParts { model, widgets: () }
    }

    fn update(&mut self, msg: TaskMsg, sender: ComponentSender<Self>, _: &Self::Root) {
        match msg {
            TaskMsg::Begin(task) => {
                self.tasks.push(Entry { task, before: None, outcome: None, row: None });
                if !self.making {
                    self.making = true;
                    gradual::later(sender.input_sender(), TaskMsg::Rows);
                }
                if !self.looking {
                    self.looking = true;
                    sender.input(TaskMsg::Look);
                }
            }
            TaskMsg::Rows => self.make_rows(&sender),
            TaskMsg::End(id, outcome) => {
                if let Some(entry) = self.tasks.iter_mut().find(|e| e.task.id == id) {
                    entry.end(outcome);
                }
            }
            TaskMsg::Queue(waiting, held) => {
                for entry in self.tasks.iter_mut().filter(|e| e.runs()) {
                    entry.wait(waiting.iter().position(|id| *id == entry.task.id));
                }
                self.hold.set_visible(held || !waiting.is_empty());
                self.hold.set_active(held);
            }
            TaskMsg::Drop(id) => self.remove(|e| e.task.id == id),
            TaskMsg::Look => {
                let running = self.tasks.iter_mut().filter(|e| e.runs());
                running.filter_map(|e| e.row.as_mut()).for_each(TaskRow::look);
                self.looking = self.tasks.iter().any(Entry::runs);
                if self.looking {
                    let input = sender.input_sender().clone();
                    glib::timeout_add_local_once(LOOK, move || {
                        let _ = input.send(TaskMsg::Look);
                    });
                }
            }
            TaskMsg::Clear => self.remove(|e| !e.runs()),
        }
        self.show();
    }
}

impl Entry {
    fn runs(&self) -> bool {
        self.outcome.is_none()
    }

    fn wait(&mut self, before: Option<usize>) {
        self.before = before;
        if let Some(row) = &mut self.row {
            row.wait(before);
        }
    }

    fn end(&mut self, outcome: Outcome) {
        if let Some(row) = &mut self.row {
            row.end(outcome.clone());
        }
        self.outcome = Some(outcome);
    }
}

impl Panel {
    /// Makes some of the rows, and has the others made later: an evacuation begins a hundred tasks at once.
    fn make_rows(&mut self, sender: &ComponentSender<Self>) {
        let mut missing = self.tasks.iter_mut().filter(|e| e.row.is_none()).peekable();
        let more = gradual::some(|| {
            if let Some(entry) = missing.next() {
                let mut row = TaskRow::new(entry.task.clone(), sender.output_sender());
                row.wait(entry.before);
                if let Some(outcome) = &entry.outcome {
                    row.end(outcome.clone());
                }
                self.list.append(&row.root);
                entry.row = Some(row);
            }
            missing.peek().is_some()
        });
        self.making = more;
        if more {
            gradual::later(sender.input_sender(), TaskMsg::Rows);
        }
    }

    fn remove(&mut self, which: impl Fn(&Entry) -> bool) {
        for row in self.tasks.extract_if(.., |e| which(e)).filter_map(|e| e.row) {
            self.list.remove(&row.root);
        }
    }

    fn show(&self) {
        let running = self.tasks.iter().filter(|e| e.runs()).count();
        let failed = self.tasks.iter().filter(|e| matches!(e.outcome, Some(Outcome::Failed(_)))).count();
        self.spinner.set_visible(running > 0);
        self.spinner.set_spinning(running > 0);
        self.count.set_label(&match (running, failed) {
            (0, 0) => String::new(),
            (0, n) => ngettext_f("{n} failed", "{n} failed", n as u64, &[]),
            (n, _) => ngettext_f("{n} task", "{n} tasks", n as u64, &[]),
        });
        self.count.set_visible(running + failed > 0);
        self.clear.set_visible(self.tasks.len() > running);
        self.stack.set_visible_child_name(if self.tasks.is_empty() { "empty" } else { "full" });
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

    fn is(entry: &Entry, row: &gtk::ListBoxRow) -> bool {
        entry.row.as_ref().is_some_and(|r| r.root == *row)
    }

    #[gtk::test]
    fn a_hundred_tasks_do_not_hold_the_window_up() {
        let panel = Panel::builder().launch(()).detach();
        for n in 1..=100 {
            panel.emit(TaskMsg::Begin(task(n)));
        }
        panel.emit(TaskMsg::Queue((2..=100).map(TaskId).collect(), false));
        panel.emit(TaskMsg::End(TaskId(1), Outcome::Cancelled));
        let made = || panel.state().get().model.tasks.iter().filter(|e| e.row.is_some()).count();
        // The first go sees them all.
        while made() == 0 {
            glib::MainContext::default().iteration(false);
        }
        assert!(made() < 100, "all at once");
        while made() < 100 {
            glib::MainContext::default().iteration(true);
        }
        let state = panel.state().get();
        let first = state.model.list.row_at_index(0);
        assert!(first.is_some_and(|row| is(&state.model.tasks[1], &row)), "the row knows its place in the queue");
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
            let id = |row: gtk::ListBoxRow| state.model.tasks.iter().find(|e| is(e, &row)).map(|e| e.task.id.0);
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
            let id = |row: gtk::ListBoxRow| state.model.tasks.iter().find(|e| is(e, &row)).map_or(0, |e| e.task.id.0);
            (0..).map_while(rows).map(id).collect()
        };
        assert_eq!(order(), [1, 2, 3]);
        panel.emit(TaskMsg::Clear);
        pump();
        assert_eq!(order(), [2]);
        assert_eq!(panel.state().get().model.count.label(), "1 task");
    }
}
