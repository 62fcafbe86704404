//! The header's button with the number of running tasks, and the panel that it opens.
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use gtk::glib;
use gtk::prelude::*;
use relm4::prelude::*;

use super::row::TaskRow;
use super::tasks::{Entry, Tasks, misplaced};
use super::{LOOK, Outcome, TaskMsg};
use crate::i18n::{gettext, ngettext_f};
use crate::migrate::queue::QueueAct;
use crate::widgets::gradual;
use crate::widgets::icon_button::icon_menu_button;

/// The panel component; its root is the header's button.
pub struct Panel {
    tasks: Tasks,
    list: gtk::ListBox,
    rows: Vec<TaskRow>,
    /// Where each row belongs in the list.
    places: Places,
    more: gtk::Button,
    hold: gtk::ToggleButton,
    clear: gtk::Button,
    stack: gtk::Stack,
    count: gtk::Label,
    spinner: gtk::Spinner,
    looking: bool,
    /// Whether [`TaskMsg::Rows`] is on its way.
    making: bool,
}

type Places = Rc<RefCell<HashMap<gtk::ListBoxRow, usize>>>;

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
        let places = Places::default();
        let of = places.clone();
        list.set_sort_func(move |a, b| of.borrow().get(a).cmp(&of.borrow().get(b)).into());
        let more = gtk::Button::builder().css_classes(["flat"]).visible(false).build();
        let input = sender.input_sender().clone();
        more.connect_clicked(move |_| input.emit(TaskMsg::More));
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
        full.append(&more);
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
        let (tasks, rows) = (Tasks::default(), Vec::new());
        let (looking, making) = (false, false);
        let model = Self { tasks, list, rows, places, more, hold, clear, stack, count, spinner, looking, making };
        model.show();
        ComponentParts { model, widgets: () }
    }

    fn update(&mut self, msg: TaskMsg, sender: ComponentSender<Self>, _: &Self::Root) {
        match msg {
            TaskMsg::Begin(task) => {
                self.tasks.begin(task);
                if !self.looking {
                    self.looking = true;
                    sender.input(TaskMsg::Look);
                }
            }
            TaskMsg::End(id, outcome) => self.tasks.end(id, outcome),
            TaskMsg::Queue(waiting, held) => {
                self.tasks.queue(&waiting);
                self.hold.set_visible(held || !waiting.is_empty());
                self.hold.set_active(held);
            }
            TaskMsg::Drop(id) => self.tasks.forget(|e| e.task.id == id),
            TaskMsg::Clear => self.tasks.forget(|e| !e.runs()),
            TaskMsg::More => self.tasks.show_more(),
            TaskMsg::Look => return self.look(&sender),
            TaskMsg::Rows => return self.make_rows(&sender),
        }
        self.show();
        // Many tasks may begin or end at once.
        if !self.making {
            self.making = true;
            gradual::later(sender.input_sender(), TaskMsg::Rows);
        }
    }
}

impl Panel {
    fn look(&mut self, sender: &ComponentSender<Self>) {
        self.rows.iter_mut().for_each(TaskRow::look);
        self.looking = self.tasks.all().iter().any(Entry::runs);
        if self.looking {
            let input = sender.input_sender().clone();
            glib::timeout_add_local_once(LOOK, move || {
                let _ = input.send(TaskMsg::Look);
            });
        }
    }

    /// Takes rows away that are not wanted any more, shows on the others how their tasks are, and makes some of those that
    /// are missing, the first first.
    fn make_rows(&mut self, sender: &ComponentSender<Self>) {
        let shown = self.tasks.shown();
        let places: HashMap<_, _> = shown.iter().enumerate().map(|(place, entry)| (entry.task.id, place)).collect();
        for row in self.rows.extract_if(.., |row| !places.contains_key(&row.id())) {
            self.list.remove(&row.root);
        }
        let mut had: Vec<bool> = vec![false; shown.len()];
        for row in &mut self.rows {
            if let Some(place) = places.get(&row.id()) {
                had[*place] = true;
                row.show(shown[*place]);
            }
        }
        let mut missing = shown.iter().zip(had).filter(|(_, had)| !had).map(|(entry, _)| entry).peekable();
        let mut made = Vec::new();
        let more = gradual::some(|| {
            if let Some(entry) = missing.next() {
                let mut row = TaskRow::new(entry.task.clone(), sender.output_sender());
                row.show(entry);
                made.push(row);
            }
            missing.peek().is_some()
        });
        let place = |row: &TaskRow| places.get(&row.id()).map(|place| (row.root.clone(), *place));
        self.places.replace(self.rows.iter().chain(&made).filter_map(place).collect());
        self.sort();
        made.iter().for_each(|row| self.list.append(&row.root));
        self.rows.extend(made);
        self.making = more;
        if more {
            gradual::later(sender.input_sender(), TaskMsg::Rows);
        }
    }

    /// Moves the rows that stand wrong. To sort the list as a whole restyles each row.
    fn sort(&self) {
        let stand = || (0..).map_while(|at| self.list.row_at_index(at)).collect::<Vec<_>>();
        let misplaced = |rows: &[gtk::ListBoxRow]| {
            let places = self.places.borrow();
            misplaced(&rows.iter().map(|row| places.get(row).copied().unwrap_or_default()).collect::<Vec<_>>())
        };
        let rows = stand();
        rows.iter().zip(misplaced(&rows)).filter(|(_, moves)| *moves).for_each(|(row, _)| row.changed());
        // Each finds its place among rows that stand right: several may have misled one another.
        if misplaced(&stand()).contains(&true) {
            self.list.invalidate_sort();
        }
    }

    fn show(&self) {
        let all = self.tasks.all();
        let running = all.iter().filter(|e| e.runs()).count();
        let failed = all.iter().filter(|e| matches!(e.outcome, Some(Outcome::Failed(_)))).count();
        let hidden = all.len() - self.tasks.shown().len();
        self.more.set_visible(hidden > 0);
        self.more.set_label(&ngettext_f(
            "Show more ({n} is not shown)",
            "Show more ({n} are not shown)",
            hidden as u64,
            &[],
        ));
        self.spinner.set_visible(running > 0);
        self.spinner.set_spinning(running > 0);
        self.count.set_label(&match (running, failed) {
            (0, 0) => String::new(),
            (0, n) => ngettext_f("{n} failed", "{n} failed", n as u64, &[]),
            (n, _) => ngettext_f("{n} task", "{n} tasks", n as u64, &[]),
        });
        self.count.set_visible(running + failed > 0);
        self.clear.set_visible(all.len() > running);
        self.stack.set_visible_child_name(if all.is_empty() { "empty" } else { "full" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::{Outcome, Reporter, Task, TaskId};
    use crate::errors;
    use drover::task::{Progress, Step};

    /// Until all rows are made.
    fn pump(panel: &Controller<Panel>) {
        for at_least in 0.. {
            glib::MainContext::default().iteration(false);
            if at_least > 50 && !panel.state().get().model.making {
                break;
            }
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

    fn order(panel: &Controller<Panel>) -> Vec<u64> {
        let state = panel.state().get();
        let id = |row: gtk::ListBoxRow| state.model.rows.iter().find(|r| r.root == row).map(|r| r.id().0);
        (0..).map_while(|i| state.model.list.row_at_index(i)).filter_map(id).collect()
    }

    #[gtk::test]
    fn a_hundred_tasks_do_not_hold_the_window_up() {
        let panel = Panel::builder().launch(()).detach();
        for n in 1..=100 {
            panel.emit(TaskMsg::Begin(task(n)));
        }
        panel.emit(TaskMsg::Queue((2..=100).map(TaskId).collect(), false));
        pump(&panel);
        let state = || panel.state().get();
        assert_eq!(order(&panel), (1..=16).collect::<Vec<_>>());
        assert!(state().model.more.get_visible());
        assert_eq!(state().model.more.label().as_deref(), Some("Show more (84 are not shown)"));
        let first = state().model.rows[0].root.clone();
        panel.emit(TaskMsg::End(TaskId(1), Outcome::Done));
        panel.emit(TaskMsg::Queue((4..=100).map(TaskId).collect(), false));
        pump(&panel);
        assert_eq!(order(&panel), [vec![3, 2], (4..=18).collect()].concat());
        assert!(first.parent().is_none(), "what has finished makes room");
        for _ in 0..6 {
            panel.emit(TaskMsg::More);
        }
        pump(&panel);
        assert_eq!((order(&panel).len(), order(&panel).last()), (100, Some(&1)));
        assert!(!state().model.more.get_visible());
    }

    #[gtk::test]
    fn what_waits_follows_what_runs_in_the_queues_order() {
        let panel = Panel::builder().launch(()).detach();
        for n in 1..=4 {
            panel.emit(TaskMsg::Begin(task(n)));
        }
        let hold = || panel.state().get().model.hold.clone();
        let order = || {
            pump(&panel);
            order(&panel)
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
        let order = || {
            pump(&panel);
            order(&panel)
        };
        assert_eq!(order(), [1, 2, 3]);
        panel.emit(TaskMsg::Clear);
        assert_eq!(order(), [2]);
        assert_eq!(panel.state().get().model.count.label(), "1 task");
    }
}
