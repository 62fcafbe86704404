//! Which rows are selected and which one the keyboard is at; pure, by the rules of every list with multiple selection.
use std::collections::HashSet;

use super::rows::RowId;

/// What a person does to the selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Select {
    /// A click, or the right button on a row outside of the selection.
    Only(RowId),
    /// Ctrl and a click; the space bar.
    Toggle(RowId),
    /// Shift and a click: from where the last click was up to here; with Ctrl added to what is selected.
    To(RowId, bool),
    /// The keyboard goes some rows down, or up where negative.
    Step(i32, Keep),
    All,
    Nothing,
}

/// What the keyboard's way through the rows does to the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Only the row that is reached is selected.
    No,
    /// All from where it began (Shift).
    Extend,
    /// As it is (Ctrl).
    Yes,
}

/// The selected rows, the one with the keyboard, and the one where a range begins.
#[derive(Debug, Default)]
pub struct Selection {
    selected: HashSet<RowId>,
    cursor: Option<RowId>,
    anchor: Option<RowId>,
    /// Where the cursor stood, for when its row goes.
    place: usize,
}

impl Selection {
    /// Whether the row is selected.
    pub fn has(&self, row: &RowId) -> bool {
        self.selected.contains(row)
    }

    /// How many are.
    pub fn len(&self) -> usize {
        self.selected.len()
    }

    /// The row that the keyboard is at.
    pub fn cursor(&self) -> Option<&RowId> {
        self.cursor.as_ref()
    }

    /// Applies it to these rows; says whether other rows are selected than before.
    pub fn select(&mut self, what: Select, rows: &[RowId]) -> bool {
        match what {
            Select::Only(row) => {
                let same = self.selected.len() == 1 && self.selected.contains(&row);
                self.selected = HashSet::from([row.clone()]);
                self.put(row, rows, true);
                !same
            }
            Select::Toggle(row) => {
                if !self.selected.remove(&row) {
                    self.selected.insert(row.clone());
                }
                self.put(row, rows, true);
                true
            }
            Select::To(row, add) => {
                let Some(to) = position(rows, &row) else { return false };
                self.range(to, rows, add);
                self.put(row, rows, false);
                true
            }
            Select::Step(by, keep) => self.step(by, keep, rows),
            Select::All => {
                self.selected = rows.iter().cloned().collect();
                true
            }
            Select::Nothing => !std::mem::take(&mut self.selected).is_empty(),
        }
    }

    fn step(&mut self, by: i32, keep: Keep, rows: &[RowId]) -> bool {
        let Some(last) = rows.len().checked_sub(1) else { return false };
        let to = match self.cursor.as_ref().and_then(|row| position(rows, row)) {
            Some(from) => from.saturating_add_signed(by as isize).min(last),
            None if by < 0 => last,
            None => 0,
        };
        let row = rows[to].clone();
        match keep {
            Keep::No => return self.select(Select::Only(row), rows),
            Keep::Extend => self.range(to, rows, false),
            Keep::Yes => {}
        }
        self.put(row, rows, false);
        keep == Keep::Extend
    }

    fn range(&mut self, to: usize, rows: &[RowId], add: bool) {
        let anchor = self.anchor.as_ref().or(self.cursor.as_ref());
        let from = anchor.and_then(|row| position(rows, row)).unwrap_or(to);
        self.anchor.get_or_insert_with(|| rows[from].clone());
        if !add {
            self.selected.clear();
        }
        self.selected.extend(rows[from.min(to)..=from.max(to)].iter().cloned());
    }

    fn put(&mut self, row: RowId, rows: &[RowId], anchor: bool) {
        self.place = position(rows, &row).unwrap_or(self.place);
        if anchor {
            self.anchor = Some(row.clone());
        }
        self.cursor = Some(row);
    }

    /// The rows are others now: forgets those for which `shows` is false. The cursor of a row that went stays at its
    /// place. Says whether other rows are selected than before.
    pub fn follow(&mut self, rows: &[RowId], shows: impl Fn(&RowId) -> bool) -> bool {
        let before = self.selected.len();
        self.selected.retain(|row| shows(row));
        if self.anchor.as_ref().is_some_and(|row| !shows(row)) {
            self.anchor = None;
        }
        match self.cursor.take() {
            Some(row) if shows(&row) => {
                self.place = position(rows, &row).unwrap_or(self.place);
                self.cursor = Some(row);
            }
            Some(_) => self.cursor = rows.get(self.place.min(rows.len().saturating_sub(1))).cloned(),
            None => {}
        }
        before != self.selected.len()
    }
}

fn position(rows: &[RowId], row: &RowId) -> Option<usize> {
    rows.iter().position(|other| other == row)
}

#[cfg(test)]
mod tests {
    use drover::host::HostId;

    use super::*;
    use crate::machines::testing::key;

    fn rows(n: u32) -> Vec<RowId> {
        let host = HostId::new("test:///default");
        std::iter::once(RowId::Host(host.clone())).chain((1..n).map(|i| RowId::Machine(key(&host, i)))).collect()
    }

    fn chosen(selection: &Selection, rows: &[RowId]) -> Vec<usize> {
        (0..rows.len()).filter(|i| selection.has(&rows[*i])).collect()
    }

    #[test]
    fn clicks_select_one_add_one_and_take_a_range() {
        let rows = rows(8);
        let mut selection = Selection::default();
        assert!(selection.select(Select::Only(rows[2].clone()), &rows));
        assert!(!selection.select(Select::Only(rows[2].clone()), &rows), "it was already");
        selection.select(Select::Toggle(rows[6].clone()), &rows);
        assert_eq!(chosen(&selection, &rows), [2, 6]);
        selection.select(Select::To(rows[4].clone(), false), &rows);
        assert_eq!(chosen(&selection, &rows), [4, 5, 6]);
        selection.select(Select::To(rows[7].clone(), true), &rows);
        assert_eq!(chosen(&selection, &rows), [4, 5, 6, 7]);
        selection.select(Select::Toggle(rows[5].clone()), &rows);
        assert_eq!(chosen(&selection, &rows), [4, 6, 7]);
    }

    #[test]
    fn the_keyboard_goes_on_from_the_cursor_and_stops_at_the_ends() {
        let rows = rows(5);
        let mut selection = Selection::default();
        selection.select(Select::Step(1, Keep::No), &rows);
        assert_eq!(chosen(&selection, &rows), [0], "the first key selects the first row");
        selection.select(Select::Step(i32::MAX, Keep::No), &rows);
        assert_eq!(chosen(&selection, &rows), [4]);
        selection.select(Select::Step(-2, Keep::Extend), &rows);
        assert_eq!(chosen(&selection, &rows), [2, 3, 4]);
        selection.select(Select::Step(1, Keep::Extend), &rows);
        assert_eq!(chosen(&selection, &rows), [3, 4], "a range shrinks towards where it began");
        assert!(!selection.select(Select::Step(-100, Keep::Yes), &rows));
        assert_eq!((chosen(&selection, &rows), selection.cursor()), (vec![3, 4], Some(&rows[0])));
    }

    #[test]
    fn rows_that_go_are_no_longer_selected_and_the_cursor_stays_at_its_place() {
        let rows = rows(5);
        let mut selection = Selection::default();
        selection.select(Select::All, &rows);
        selection.select(Select::Toggle(rows[2].clone()), &rows);
        let left: Vec<RowId> = rows.iter().filter(|row| **row != rows[2] && **row != rows[4]).cloned().collect();
        assert!(selection.follow(&left, |row| left.contains(row)));
        assert_eq!((selection.len(), selection.cursor()), (3, Some(&rows[3])));
        assert!(selection.follow(&[], |_| false));
        assert_eq!((selection.len(), selection.cursor()), (0, None));
    }
}
