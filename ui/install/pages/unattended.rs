//! Step 3: how the installer is answered, and more kernel arguments.
use adw::prelude::*;
use drover::finding;

use super::page;
use crate::i18n::gettext;
use crate::install::field::{Field, Pen, choose, group, radios};
use crate::install::form::{Answers, Edit};
use crate::install::state::State;
use crate::install::wizard::Msg;

pub struct Page {
    pub page: adw::PreferencesPage,
    kinds: Vec<(gtk::CheckButton, Answers)>,
    url: Field<gtk::Entry>,
    file: Field<gtk::Button>,
    extra: Field<gtk::Entry>,
}

impl Page {
    pub fn new(pen: &Pen) -> Self {
        let items = [
            (gettext("N_obody: I sit at the console"), Answers::None),
            (gettext("A kickstart or preseed file at a _URL"), Answers::Url),
            (gettext("A _file on this computer, put into the initrd"), Answers::File),
        ];
        let (kinds_row, kinds) = radios(&items, pen, Edit::Answers);
        let url = Field::entry(&gettext("_Address of the file"), pen, Edit::AnswersUrl);
        url.control.set_placeholder_text(Some("nfs:10.1.1.22:/soft/xen-ks.cfg"));
        let file = Field::<gtk::Button>::new("GtkButton", &gettext("Answer f_ile"));
        let chosen = pen.clone();
        file.control.connect_clicked(move |_| chosen.send(Msg::PickAnswers));
        let extra = Field::entry(&gettext("More kernel ar_guments"), pen, Edit::ExtraArgs);
        extra.control.set_placeholder_text(Some("console=ttyS0"));
        let who = group(&gettext("Who answers the installer's questions?"), "", &[&kinds_row, &url.row, &file.row]);
        let more = group(&gettext("Anything else for the installer's kernel?"), "", &[&extra.row]);
        Self { page: page(&[&who, &more]), kinds, url, file, extra }
    }

    /// Where the cursor starts.
    pub fn first(&self) -> gtk::Widget {
        self.kinds.first().map_or_else(|| self.url.control.clone().upcast(), |(b, _)| b.clone().upcast())
    }

    pub fn show(&self, state: &State) {
        let form = &state.form;
        choose(&self.kinds, &form.answers);
        self.url.row.set_visible(form.answers == Answers::Url);
        self.file.row.set_visible(form.answers == Answers::File);
        self.url.set(&form.answers_url);
        self.extra.set(&form.extra_args);
        let path = form.answers_file.as_ref().map(|p| p.display().to_string());
        self.file.control.set_label(&path.unwrap_or_else(|| gettext("Choose a file…")));
        let says = state.says(finding::Field::Unattended);
        self.url.say(&says);
        self.file.say(&says);
    }
}
