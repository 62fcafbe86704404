//! The settings file `$XDG_CONFIG_HOME/drover/settings.toml`: read before the window, written by worker threads.
//!
//! | key | what |
//! |---|---|
//! | `window.width`, `window.height`, `window.maximized` | the main window |
//! | `list.columns` | the shown columns of the machine list, in order; empty: the default ones |
//! | `list.widths` | widths of columns that were dragged, in pixels |
//! | `list.sort` | the column that the list is sorted by, `-` before it for descending |
//! | `confirm.silenced` | actions that no longer ask, such as `"force-off"` |
//! | `install.recent` | locations of install trees, the last used first |
//! | `hosts` | the saved hosts in order, opened at start: `uri` |
//!
//! Comments and keys that this version does not know survive a save. A broken file is kept aside, never overwritten.
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, value};

/// The head of a new file.
const HEAD: &str = "# Drover's settings. You may edit this file while Drover is not running.\n\n";

/// Everything that is remembered between two starts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub window: Window,
    pub list: List,
    pub confirm: Confirm,
    pub install: Install,
    pub hosts: Vec<SavedHost>,
}

/// The New-machine window.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Install {
    pub recent: Vec<String>,
}

/// The main window's size in logical pixels.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Window {
    pub width: i32,
    pub height: i32,
    pub maximized: bool,
}

impl Default for Window {
    fn default() -> Self {
        Self { width: 1180, height: 760, maximized: false }
    }
}

/// The machine list.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct List {
    pub columns: Vec<String>,
    /// Dragged widths in pixels, by column.
    pub widths: BTreeMap<String, i32>,
    pub sort: String,
}

/// Questions that were silenced.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Confirm {
    pub silenced: BTreeSet<String>,
}

/// A host in the sidebar.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SavedHost {
    pub uri: String,
}

impl Settings {
    /// Reads a file's text.
    fn parse(text: &str) -> Result<Self, toml_edit::de::Error> {
        toml_edit::de::from_str(text)
    }

    /// Puts these settings into the text of an older file.
    fn write_into(&self, old: &str) -> String {
        let mut doc: DocumentMut = old.parse().unwrap_or_default();
        set(&mut doc, "window", "width", value(i64::from(self.window.width)));
        set(&mut doc, "window", "height", value(i64::from(self.window.height)));
        set(&mut doc, "window", "maximized", value(self.window.maximized));
        set(&mut doc, "list", "columns", value(self.list.columns.iter().collect::<Array>()));
        let widths = self.list.widths.iter().map(|(column, width)| (column, i64::from(*width)));
        set(&mut doc, "list", "widths", value(widths.collect::<InlineTable>()));
        set(&mut doc, "list", "sort", value(&self.list.sort));
        set(&mut doc, "confirm", "silenced", value(self.confirm.silenced.iter().collect::<Array>()));
        set(&mut doc, "install", "recent", value(self.install.recent.iter().collect::<Array>()));
        let known = doc.get("hosts").and_then(Item::as_array_of_tables).cloned().unwrap_or_default();
        let mut hosts = ArrayOfTables::new();
        for host in &self.hosts {
            let same = |t: &&Table| t.get("uri").and_then(Item::as_str) == Some(&host.uri);
            let mut table = known.iter().find(same).cloned().unwrap_or_default();
            table.insert("uri", value(&host.uri));
            hosts.push(table);
        }
        if hosts.is_empty() {
            doc.remove("hosts");
        } else {
            doc.insert("hosts", Item::ArrayOfTables(hosts));
        }
        if old.is_empty() { format!("{HEAD}{doc}") } else { doc.to_string() }
    }
}

/// Sets one key, keeping the comment behind its old value.
fn set(doc: &mut DocumentMut, section: &str, key: &str, new: Item) {
    let table = doc.entry(section).or_insert_with(|| Item::Table(Table::new()));
    match table.get_mut(key) {
        Some(Item::Value(old)) => {
            if let Item::Value(mut new) = new {
                *new.decor_mut() = old.decor().clone();
                *old = new;
            }
        }
        _ => {
            if let Some(table) = table.as_table_like_mut() {
                table.insert(key, new);
            }
        }
    }
}

/// The turns of saves that were begun, and which is the last one before the program ends. Saves run on several threads
/// and end in any order.
#[derive(Debug, Default)]
pub struct Saves {
    newest: u64,
    closing: bool,
}

impl Saves {
    /// The turn of another save.
    pub fn begin(&mut self) -> u64 {
        self.newest += 1;
        self.newest
    }

    /// The program ends after the newest save.
    pub fn close(&mut self) {
        self.closing = true;
    }

    /// Whether the program may end, now that the save of this turn is done.
    pub fn is_last(&self, turn: u64) -> bool {
        self.closing && turn == self.newest
    }
}

/// Where the file is, and who writes last.
#[derive(Clone, Debug)]
pub struct Store {
    path: PathBuf,
    newest: Arc<Mutex<u64>>,
}

impl Store {
    /// The file under `config` (such as `~/.config`).
    pub fn under(config: &Path) -> Self {
        Self { path: config.join("drover").join("settings.toml"), newest: Arc::default() }
    }

    /// Reads the file. A broken one is renamed; its new path comes back, so that the person can be told.
    pub fn load(&self) -> (Settings, Option<PathBuf>) {
        let Ok(text) = std::fs::read_to_string(&self.path) else { return (Settings::default(), None) };
        match Settings::parse(&text) {
            Ok(settings) => (settings, None),
            Err(e) => {
                tracing::warn!(path = %self.path.display(), "settings can't be read: {e}");
                let aside = self.path.with_extension("toml.broken");
                let kept = std::fs::rename(&self.path, &aside).is_ok();
                (Settings::default(), kept.then_some(aside))
            }
        }
    }

    /// Writes the settings as a whole or not at all. `turn` counts up with each save: an older one that comes late
    /// is dropped. Blocks on the disk.
    pub fn save(&self, settings: &Settings, turn: u64) -> io::Result<()> {
        let mut newest = self.newest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if turn < *newest {
            return Ok(());
        }
        *newest = turn;
        let old = std::fs::read_to_string(&self.path).unwrap_or_default();
        let text = settings.write_into(&old);
        if text == old {
            return Ok(());
        }
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let new = self.path.with_extension("toml.new");
        std::fs::write(&new, text)?;
        std::fs::rename(&new, &self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::under(dir.path());
        (dir, store)
    }

    #[test]
    fn what_is_saved_is_read_again() {
        let (_dir, store) = store();
        let mut settings = Settings::default();
        settings.window.width = 900;
        settings.list.columns = vec!["name".into(), "cpu".into()];
        settings.list.widths.insert("name".into(), 300);
        settings.confirm.silenced.insert("force-off".into());
        settings.install.recent.push("nfs:10.1.1.22:/soft/rhel5_source".into());
        settings.hosts.push(SavedHost { uri: "qemu+ssh://root@[fd00::1]/system".into() });
        store.save(&settings, 1).unwrap();
        assert_eq!(store.load(), (settings, None));
        assert!(std::fs::read_to_string(&store.path).unwrap().starts_with("# Drover's settings"));
    }

    #[test]
    fn comments_and_unknown_keys_survive() {
        let old = "future = 1\n[window]\nwidth = 5 # narrow\nglow = true\n[[hosts]]\nuri = \"a\"\ncolour = \"red\"\n";
        let mut settings = Settings::parse(old).unwrap();
        settings.window.width = 7;
        settings.hosts.push(SavedHost { uri: "b".into() });
        let new = settings.write_into(old);
        for part in ["future = 1", "width = 7 # narrow", "glow = true", "colour = \"red\"", "uri = \"b\""] {
            assert!(new.contains(part), "{part} in {new}");
        }
        settings.hosts.clear();
        assert_eq!(Settings::parse(&settings.write_into(&new)).unwrap(), settings);
    }

    #[test]
    fn a_broken_file_is_kept_aside() {
        let (_dir, store) = store();
        std::fs::create_dir_all(store.path.parent().unwrap()).unwrap();
        std::fs::write(&store.path, "window = [").unwrap();
        let (settings, aside) = store.load();
        assert_eq!(settings, Settings::default());
        assert_eq!(std::fs::read_to_string(aside.unwrap()).unwrap(), "window = [");
        assert!(!store.path.exists());
    }

    #[test]
    fn only_the_newest_save_ends_the_program() {
        let mut saves = Saves::default();
        let (early, last) = (saves.begin(), saves.begin());
        assert!(!saves.is_last(last), "nobody wants to close");
        saves.close();
        assert!(!saves.is_last(early) && saves.is_last(last));
        let later = saves.begin();
        assert!(!saves.is_last(last) && saves.is_last(later), "one begun meanwhile is waited for too");
    }

    #[test]
    fn a_save_that_comes_late_changes_nothing() {
        let (_dir, store) = store();
        let mut settings = Settings::default();
        settings.window.width = 2;
        store.save(&settings, 2).unwrap();
        store.save(&Settings::default(), 1).unwrap();
        assert_eq!(store.load().0.window.width, 2);
    }
}
