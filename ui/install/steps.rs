//! The list of steps at the left of the New-machine window.
use adw::prelude::*;
use gtk::glib;

use super::field::Pen;
use super::form::Step;
use super::state::State;
use super::wizard::Msg;
use crate::i18n::gettext;

/// The list and its rows' ticks.
pub struct Steps {
    pub widget: gtk::ScrolledWindow,
    list: gtk::ListBox,
    ticks: Vec<gtk::Image>,
}

impl Steps {
    pub fn new(pen: &Pen) -> Self {
        let list = gtk::ListBox::builder().selection_mode(gtk::SelectionMode::Browse).width_request(190).build();
        list.add_css_class("navigation-sidebar");
        // Folded, it lies over the page.
        let behind = gtk::ScrolledWindow::builder().hscrollbar_policy(gtk::PolicyType::Never).child(&list).build();
        behind.add_css_class("background");
        let ticks = Step::ALL.iter().map(|step| {
            let name = glib::markup_escape_text(&step_name(*step));
            let builder = gtk::Builder::from_string(&ROW.replace("{name}", &name));
            list.append(&builder.object::<gtk::ListBoxRow>("row").unwrap_or_default());
            builder.object::<gtk::Image>("tick").unwrap_or_default()
        });
        let ticks = ticks.collect();
        let pen = pen.clone();
        list.connect_row_selected(move |_, row| {
            let step = row.and_then(|r| usize::try_from(r.index()).ok()).and_then(|i| Step::ALL.get(i));
            if let Some(step) = step {
                pen.send(Msg::Go(*step));
            }
        });
        Self { widget: behind, list, ticks }
    }

    /// Ticks what is complete and marks what stands in the way on a step that was seen.
    pub fn show(&self, state: &State) {
        for (step, tick) in Step::ALL.iter().zip(&self.ticks) {
            let (icon, class) = if state.is_complete(*step) {
                ("object-select-symbolic", "success")
            } else if state.visited[step.index()] && *step != state.step && state.is_blocked(*step) {
                ("dialog-warning-symbolic", "warning")
            } else {
                ("", "dim-label")
            };
            tick.set_icon_name(Some(icon).filter(|i| !i.is_empty()));
            tick.set_css_classes(&[class]);
        }
        let row = i32::try_from(state.step.index()).ok().and_then(|i| self.list.row_at_index(i));
        if self.list.selected_row() != row {
            self.list.select_row(row.as_ref());
        }
    }
}

/// A step's name.
pub fn step_name(step: Step) -> String {
    match step {
        Step::Source => gettext("Source"),
        Step::System => gettext("System"),
        Step::Unattended => gettext("Unattended"),
        Step::Disk => gettext("Disk"),
        Step::Network => gettext("Network"),
        Step::Summary => gettext("Summary"),
    }
}

/// Named for screen readers, which on GTK 4.8 only a builder text can do.
const ROW: &str = r#"<interface><object class="GtkListBoxRow" id="row">
<accessibility><property name="label">{name}</property></accessibility>
<property name="child"><object class="GtkBox"><property name="spacing">12</property>
 <child><object class="GtkLabel"><property name="label">{name}</property><property name="xalign">0</property>
  <property name="hexpand">1</property></object></child>
 <child><object class="GtkImage" id="tick"><property name="accessible-role">presentation</property></object></child>
</object></property></object></interface>"#;
