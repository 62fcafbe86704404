//! Step 4: the machine's disk.
use adw::prelude::*;
use drover::finding;
use drover::install::Format;

use super::page;
use crate::i18n::gettext;
use crate::install::field::{Field, Pen, choose, group, radios};
use crate::install::form::{DiskKind, Edit};
use crate::install::picks::Picks;
use crate::install::state::State;

pub struct Page {
    pub page: adw::PreferencesPage,
    kinds: Vec<(gtk::CheckButton, DiskKind)>,
    path: Field<gtk::Entry>,
    folders: Picks,
    size: Field<gtk::SpinButton>,
    formats_row: adw::PreferencesRow,
    formats: Vec<(gtk::CheckButton, Format)>,
    sparse_row: adw::ActionRow,
    sparse: gtk::Switch,
    existing: Field<gtk::Entry>,
    images: Picks,
}

impl Page {
    pub fn new(pen: &Pen) -> Self {
        let items = [
            (gettext("A _new image"), DiskKind::New),
            (gettext("An image or volume that _exists"), DiskKind::Existing),
            (gettext("N_o disk"), DiskKind::None),
        ];
        let (kinds_row, kinds) = radios(&items, pen, Edit::DiskKind);
        let path = Field::entry(&gettext("_Path on the host"), pen, Edit::DiskPath);
        let folders = Picks::new(&gettext("Folders for images on the host"), &path, pen, |folder, path| {
            Edit::DiskPath(in_folder(folder, path))
        });
        let size = Field::spin(&gettext("_Size (GiB)"), (0.1, 65_536.0, 1.0), 1, pen, Edit::DiskSize);
        let items = [
            (gettext("_qcow2: grows, can have snapshots"), Format::Qcow2),
            (gettext("_raw: plain and fast"), Format::Raw),
        ];
        let (formats_row, formats) = radios(&items, pen, Edit::DiskFormat);
        let (sparse_row, sparse) = sparse(pen);
        let existing = Field::entry(&gettext("Pat_h of the image"), pen, Edit::ExistingPath);
        existing.control.set_placeholder_text(Some("/var/lib/libvirt/images/old.qcow2"));
        let images =
            Picks::new(&gettext("Images on the host"), &existing, pen, |image, _| Edit::ExistingPath(image.to_owned()));
        let what = group(&gettext("What does it install to?"), "", &[&kinds_row, &path.row, &existing.row, &size.row]);
        what.add(&formats_row);
        what.add(&sparse_row);
        Self {
            page: page(&[&what]),
            kinds,
            path,
            folders,
            size,
            formats_row,
            formats,
            sparse_row,
            sparse,
            existing,
            images,
        }
    }

    /// Where the cursor starts.
    pub fn first(&self) -> gtk::Widget {
        self.path.control.clone().upcast()
    }

    pub fn show(&self, state: &State) {
        let form = &state.form;
        choose(&self.kinds, &form.disk);
        choose(&self.formats, &form.format);
        let is_new = form.disk == DiskKind::New;
        self.path.row.set_visible(is_new);
        self.size.row.set_visible(is_new);
        self.formats_row.set_visible(is_new);
        self.sparse_row.set_visible(is_new);
        self.existing.row.set_visible(form.disk == DiskKind::Existing);
        self.path.set(&form.disk_path);
        self.existing.set(&form.existing_path);
        self.size.set(form.size_gib);
        self.sparse.set_active(form.sparse);
        let offers = state.offers.good();
        self.folders.show(offers.map_or(&[], |o| &o.folders));
        self.images.show(offers.map_or(&[], |o| &o.images));
        let path = state.says(finding::Field::DiskPath);
        self.path.say(&path);
        self.existing.say(&path);
        self.size.say(&state.says(finding::Field::DiskSize));
    }
}

/// The path's file, in another folder.
fn in_folder(folder: &str, path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    format!("{}/{file}", folder.trim_end_matches('/'))
}

fn sparse(pen: &Pen) -> (adw::ActionRow, gtk::Switch) {
    let switch = gtk::Switch::builder().valign(gtk::Align::Center).build();
    let pen = pen.clone();
    switch.connect_active_notify(move |s| pen.edit(Edit::Sparse(s.is_active())));
    let row = adw::ActionRow::builder()
        .title(gettext("_Grow as needed"))
        .subtitle(gettext("Takes room on the host only as the machine fills it"))
        .use_underline(true)
        .activatable_widget(&switch)
        .build();
    row.add_suffix(&switch);
    (row, switch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_keeps_its_name_in_another_folder() {
        assert_eq!(in_folder("/srv/pool/", "/var/lib/libvirt/images/node2.img"), "/srv/pool/node2.img");
        assert_eq!(in_folder("/srv/pool", ""), "/srv/pool/");
    }
}
