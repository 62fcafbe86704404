//! Which disks are copied along: a check for each disk of the one machine that moves, among the dialog's options.
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use adw::prelude::*;

use super::copies::Offer;
use super::dialog::Msg;
use crate::i18n::{gettext, gettext_f};
use crate::install::{check_button, row_with};
use crate::widgets::accessible;

/// The checks.
pub struct Disks {
    /// Hidden where nothing is to choose.
    pub row: adw::PreferencesRow,
    column: gtk::Box,
    input: relm4::Sender<Msg>,
    shown: RefCell<Vec<Row>>,
    chosen: Rc<RefCell<Vec<(String, bool)>>>,
    quiet: Rc<Cell<bool>>,
}

#[derive(Clone)]
struct Row {
    offer: Offer,
    usual: Rc<Cell<bool>>,
    check: gtk::CheckButton,
}

impl Disks {
    /// Each change sends [`Msg::Options`].
    pub fn new(input: &relm4::Sender<Msg>) -> Self {
        let column = gtk::Box::new(gtk::Orientation::Vertical, 6);
        let title = gtk::Label::builder().label(gettext("Disks to copy along")).xalign(0.0).wrap(true);
        column.append(&title.css_classes(["caption-heading"]).build());
        let note = gettext("What is not copied must be there already: on shared storage, or put there by hand.");
        let note = gtk::Label::builder().label(note).xalign(0.0).wrap(true).css_classes(["caption", "dim-label"]);
        column.append(&note.build());
        let row = row_with(&column);
        row.set_visible(false);
        let (shown, chosen, quiet) = Default::default();
        Self { row, column, input: input.clone(), shown, chosen, quiet }
    }

    /// Offers these. Checks of disks that were there before stay, with the keyboard.
    pub fn offer(&self, offers: &[Offer]) {
        self.row.set_visible(!offers.is_empty());
        if self.shown.borrow().iter().map(|row| &row.offer).eq(offers) {
            return;
        }
        let before = self.shown.take();
        let targets = before.iter().map(|row| &row.offer.target);
        let stay = targets.eq(offers.iter().map(|offer| &offer.target));
        if !stay {
            before.iter().for_each(|row| self.column.remove(&row.check));
        }
        let row = |(i, offer): (usize, &Offer)| match before.get(i).filter(|_| stay) {
            Some(row) => Row { offer: offer.clone(), ..row.clone() },
            None => self.row_of(offer),
        };
        let now: Vec<Row> = offers.iter().enumerate().map(row).collect();
        for row in &now {
            row.usual.set(row.offer.usual);
            label(row);
        }
        *self.shown.borrow_mut() = now;
        self.show();
    }

    fn row_of(&self, offer: &Offer) -> Row {
        let row = Row { offer: offer.clone(), usual: Rc::default(), check: check_button("") };
        let (target, input, usual) = (offer.target.clone(), self.input.clone(), row.usual.clone());
        let (chosen, quiet) = (self.chosen.clone(), self.quiet.clone());
        row.check.connect_toggled(move |check| {
            if !quiet.get() {
                chosen.borrow_mut().retain(|(other, _)| *other != target);
                if check.is_active() != usual.get() {
                    chosen.borrow_mut().push((target.clone(), check.is_active()));
                }
                input.emit(Msg::Options);
            }
        });
        self.column.append(&row.check);
        row
    }

    fn show(&self) {
        self.quiet.set(true);
        for Row { offer, check, .. } in self.shown.borrow().iter() {
            let chosen = self.chosen.borrow().iter().find(|(other, _)| *other == offer.target).map(|(_, copy)| *copy);
            check.set_active(chosen.unwrap_or(offer.usual));
        }
        self.quiet.set(false);
    }

    /// What a person chose otherwise than the kind does by itself.
    pub fn chosen(&self) -> Vec<(String, bool)> {
        self.chosen.borrow().clone()
    }

    /// Checks this one, as a person would.
    pub fn copy(&self, target: &str) {
        if let Some(row) = self.shown.borrow().iter().find(|row| row.offer.target == target) {
            row.check.set_active(true);
        }
    }

    /// For another destination: there, other disks are there already.
    pub fn forget(&self) {
        self.chosen.borrow_mut().clear();
        self.show();
    }
}

fn label(Row { check, offer, .. }: &Row) {
    let text = gettext_f("{disk} ({path})", &[("disk", &offer.target), ("path", &offer.path)]);
    if let Some(label) = check.child().and_downcast::<gtk::Label>() {
        label.set_use_underline(false);
        label.set_wrap_mode(gtk::pango::WrapMode::WordChar);
        label.set_label(&text);
    }
    accessible::set_label(check, &gettext_f("Copy {disk} along", &[("disk", &text)]));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(target: &str, usual: bool) -> Offer {
        Offer { target: target.into(), path: format!("/srv/{target}_1"), usual }
    }

    #[gtk::test]
    fn only_what_differs_is_chosen_and_a_choice_outlives_what_is_usual() {
        let _ = adw::init();
        let (sender, said) = relm4::channel();
        let disks = Disks::new(&sender);
        disks.offer(&[]);
        assert!(!disks.row.is_visible());
        disks.offer(&[offer("vda", true), offer("vdb", true), offer("vdc", false)]);
        let active = || disks.shown.borrow().iter().map(|row| row.check.is_active()).collect::<Vec<_>>();
        assert!(disks.row.is_visible());
        assert_eq!((active(), disks.chosen()), (vec![true, true, false], vec![]));
        let check = disks.shown.borrow()[1].check.clone();
        assert_eq!(check.child().and_downcast::<gtk::Label>().map(|l| l.text()), Some("vdb (/srv/vdb_1)".into()));
        check.set_active(false);
        assert!(matches!(said.recv_sync(), Some(Msg::Options)));
        assert_eq!(disks.chosen(), [("vdb".to_owned(), false)]);
        disks.offer(&[offer("vda", false), offer("vdb", true), offer("vdc", false)]);
        assert_eq!(active(), [false, false, false], "what nobody chose follows what is usual");
        assert_eq!(disks.shown.borrow()[1].check, check, "the widget stays");
        disks.copy("vdb");
        assert_eq!(disks.chosen(), []);
        check.set_active(false);
        disks.forget();
        assert_eq!((active(), disks.chosen()), (vec![false, true, false], vec![]));
        disks.offer(&[offer("vdb", true)]);
        assert_eq!(active(), [true]);
        assert_eq!(disks.column.observe_children().n_items(), 3, "two labels and one check");
    }
}
