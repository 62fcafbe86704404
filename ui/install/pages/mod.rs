//! The pages of the New-machine window: each builds its rows once and shows the state whenever that changed.
mod disk;
mod network;
mod source;
mod summary;
mod system;
mod unattended;

use adw::prelude::*;

use super::field::Pen;
use super::form::Step;
use super::state::State;

/// All pages in their stack.
pub struct Pages {
    pub stack: gtk::Stack,
    pen: Pen,
    source: source::Page,
    system: system::Page,
    unattended: unattended::Page,
    disk: disk::Page,
    network: network::Page,
    summary: summary::Page,
    firsts: Vec<gtk::Widget>,
}

impl Pages {
    /// Builds them; what a person does goes out through the pen.
    pub fn new(pen: Pen, recent: &[String]) -> Self {
        let stack = gtk::Stack::builder().transition_type(gtk::StackTransitionType::Crossfade).vexpand(true).build();
        let source = source::Page::new(&pen, recent);
        let system = system::Page::new(&pen);
        let unattended = unattended::Page::new(&pen);
        let disk = disk::Page::new(&pen);
        let network = network::Page::new(&pen);
        let summary = summary::Page::new(&pen);
        let (pages, firsts): (Vec<_>, Vec<_>) = [
            (&source.page, source.first()),
            (&system.page, system.first()),
            (&unattended.page, unattended.first()),
            (&disk.page, disk.first()),
            (&network.page, network.first()),
            (&summary.page, summary.page.clone().upcast()),
        ]
        .into_iter()
        .unzip();
        for (step, page) in Step::ALL.iter().zip(pages) {
            stack.add_named(page, Some(&step.index().to_string()));
        }
        Self { stack, pen, source, system, unattended, disk, network, summary, firsts }
    }

    /// Brings a step's page to the front with the cursor in its first field.
    pub fn go(&self, step: Step) {
        self.stack.set_visible_child_name(&step.index().to_string());
        if let Some(first) = self.firsts.get(step.index()) {
            first.grab_focus();
        }
    }

    /// Shows the state on every page.
    pub fn show(&self, state: &State) {
        self.pen.quietly(|| {
            self.source.show(state);
            self.system.show(state);
            self.unattended.show(state);
            self.disk.show(state);
            self.network.show(state);
            self.summary.show(state);
        });
    }
}

/// A page out of its groups.
fn page(groups: &[&adw::PreferencesGroup]) -> adw::PreferencesPage {
    let page = adw::PreferencesPage::new();
    for group in groups {
        page.add(*group);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::install::form::Form;

    /// Else the window would ask before it closes, and keep values that nobody chose.
    #[gtk::test]
    fn building_and_showing_is_not_editing() {
        adw::init().unwrap();
        let (sender, receiver) = relm4::channel();
        let pen = Pen::new(sender);
        let pages = Pages::new(pen.clone(), &["nfs:10.1.1.22:/soft".into()]);
        let mut state = State::new(Vec::new(), None, Form::default());
        pages.show(&state);
        state.form.size_gib = 15.0;
        state.form.name = "node2".into();
        pages.show(&state);
        pages.show(&state);
        assert!(pen.take().is_empty());
        drop((pen, pages));
        assert_eq!(receiver.recv_sync().map(|msg| format!("{msg:?}")), None, "nothing was sent");
    }
}
