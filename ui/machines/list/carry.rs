//! Machines of the list that are dragged, or cut and pasted.
use relm4::ComponentSender;

use super::super::messages::{Carry, MachineListMsg, MachineListOutput};
use super::MachineList;

impl MachineList {
    pub(super) fn carry(&mut self, what: Carry, sender: &ComponentSender<Self>) {
        match what {
            Carry::Signs(signs) => {
                self.model.borrow_mut().set_signs(&signs);
                self.table.refresh();
            }
            Carry::Cut if self.selected.is_empty() => {}
            Carry::Cut => drop(sender.output(MachineListOutput::Cut(self.selected.clone()))),
            Carry::Escape if self.model.borrow().any_cut() => {
                let _ = sender.output(MachineListOutput::Cut(Vec::new()));
            }
            Carry::Escape => sender.input(MachineListMsg::ClearSearch),
            Carry::Paste => {
                if let Some(host) = self.model.borrow().host_at_cursor() {
                    let _ = sender.output(MachineListOutput::Paste(host));
                }
            }
            Carry::AreCut(machines) => {
                self.model.borrow_mut().cut(&machines);
                self.table.refresh();
            }
        }
    }
}
