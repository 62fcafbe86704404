//! What happens to the machine list, and what it asks of the app.
use std::rc::Rc;
use std::sync::Arc;

use drover::domain::DomainKey;
use drover::host::HostId;
use drover::inventory::Change;

use super::columns::Layout;
use super::perform::Request;
use super::table::Event;
use crate::actions::Command;
use crate::hosts::Shown;
use crate::migrate::drag::Act;
use crate::migrate::sign::Signs;

/// What happens to the list.
#[derive(Debug)]
pub enum MachineListMsg {
    /// The inventory has changed.
    Changes(Rc<Vec<Change>>),
    /// Hosts were added or removed.
    Hosts,
    /// What the sidebar chose.
    Show(Shown),
    /// The text of the search field.
    Search(String),
    ClearSearch,
    FocusSearch,
    FocusRows,
    /// Something was done in the table.
    Table(Event),
    LayoutRests,
    Settle,
    Second,
    Command(Command),
    /// The context menu for the row at this place of the view, which is selected unless it is already.
    MenuAt(f64, f64),
    MenuAtFocus,
    /// Unfold the host of the selected row, or fold it.
    Unfold(bool),
    Carry(Carry),
}

/// What has to do with machines that are dragged, or cut and pasted.
#[derive(Debug)]
pub enum Carry {
    /// What hosts say to machines that are dragged.
    Signs(Arc<Signs>),
    /// Ctrl+X, Ctrl+V and Escape in the rows.
    Cut,
    Paste,
    Escape,
    /// These machines are cut now.
    AreCut(Vec<DomainKey>),
}

/// What the list asks of the app.
#[derive(Debug)]
pub enum MachineListOutput {
    Open(DomainKey),
    OpenHost(HostId),
    Retry(HostId),
    /// Columns, widths or order are others: remember them.
    Layout(Layout),
    /// Do this; questions were asked and answered.
    Request(Request),
    Drag(Act),
    /// Remember these machines, to be pasted onto a host; none: forget them.
    Cut(Vec<DomainKey>),
    /// Move the cut machines to this host.
    Paste(HostId),
}
