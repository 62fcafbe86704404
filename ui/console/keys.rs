//! Keys on their way to the guest: what is held down, the combination that gives the keyboard back, and ready-made ones.
use std::collections::BTreeMap;

/// A key by its X11 keysym, and whether it goes down. GDK's key values are X11's keysyms.
pub type Stroke = (u32, bool);

const CONTROL_L: u32 = 0xffe3;
const CONTROL_R: u32 = 0xffe4;
const ALT_L: u32 = 0xffe9;
const ALT_R: u32 = 0xffea;
const BACKSPACE: u32 = 0xff08;
const DELETE: u32 = 0xffff;
const PRINT: u32 = 0xff61;
const F1: u32 = 0xffbe;

/// What the menu sends: the keys as people write them, and their keysyms in the order of pressing.
pub fn combinations() -> Vec<(String, Vec<u32>)> {
    let mut all = vec![
        ("Ctrl+Alt+Del".to_owned(), vec![CONTROL_L, ALT_L, DELETE]),
        ("Ctrl+Alt+Backspace".to_owned(), vec![CONTROL_L, ALT_L, BACKSPACE]),
    ];
    all.extend((0..7).map(|n| (format!("Ctrl+Alt+F{}", n + 1), vec![CONTROL_L, ALT_L, F1 + n])));
    all.push(("Print Screen".to_owned(), vec![PRINT]));
    all
}

/// The strokes of a combination: down in order, up in reverse.
pub fn strokes(keysyms: &[u32]) -> Vec<Stroke> {
    keysyms.iter().map(|key| (*key, true)).chain(keysyms.iter().rev().map(|key| (*key, false))).collect()
}

/// The keys that the guest believes to be held.
#[derive(Debug, Default)]
pub struct Held {
    /// Hardware key code → the keysym that was sent for it. The keysym of a release may be another one: "!" goes down
    /// with Shift, and "1" comes up when Shift was let go first.
    down: BTreeMap<u32, u32>,
    /// Only Ctrl and Alt were pressed since nothing was held: letting go gives the keyboard back.
    only_ctrl_alt: bool,
}

impl Held {
    /// A key goes down (or repeats).
    pub fn press(&mut self, code: u32, keysym: u32) -> Stroke {
        let modifier = matches!(keysym, CONTROL_L | CONTROL_R | ALT_L | ALT_R);
        self.only_ctrl_alt = modifier && (self.down.is_empty() || self.only_ctrl_alt);
        (*self.down.entry(code).or_insert(keysym), true)
    }

    /// A key comes up: what to send, and whether this was Ctrl+Alt alone. `None` for a key that went down elsewhere.
    pub fn release(&mut self, code: u32) -> (Option<Stroke>, bool) {
        let both = self.holds(&[CONTROL_L, CONTROL_R]) && self.holds(&[ALT_L, ALT_R]);
        let Some(keysym) = self.down.remove(&code) else { return (None, false) };
        (Some((keysym, false)), both && self.only_ctrl_alt)
    }

    /// Lets go of everything, such as when the keyboard goes elsewhere. Gives the hardware key code with each stroke.
    pub fn release_all(&mut self) -> Vec<(u32, Stroke)> {
        self.only_ctrl_alt = false;
        std::mem::take(&mut self.down).into_iter().map(|(code, keysym)| (code, (keysym, false))).collect()
    }

    fn holds(&self, any: &[u32]) -> bool {
        self.down.values().any(|keysym| any.contains(keysym))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CTRL: u32 = 37;
    const ALT: u32 = 64;
    const A: u32 = 38;

    #[test]
    fn a_release_sends_what_the_press_sent() {
        let mut held = Held::default();
        assert_eq!(held.press(50, 0xffe1), (0xffe1, true));
        assert_eq!(held.press(10, u32::from(b'!')), (u32::from(b'!'), true));
        assert_eq!(held.release(50), (Some((0xffe1, false)), false));
        assert_eq!(held.press(10, u32::from(b'1')), (u32::from(b'!'), true), "a repeat is the same key");
        assert_eq!(held.release(10), (Some((u32::from(b'!'), false)), false));
        assert_eq!(held.release(10), (None, false));
    }

    #[test]
    fn ctrl_alt_alone_gives_the_keyboard_back() {
        for (first, second) in [(CTRL, ALT), (ALT, CTRL)] {
            let mut held = Held::default();
            held.press(CTRL, CONTROL_L);
            held.press(ALT, ALT_L);
            assert!(held.release(first).1);
            assert!(!held.release(second).1, "once");
        }
    }

    #[test]
    fn ctrl_alt_with_another_key_belongs_to_the_guest() {
        let mut held = Held::default();
        held.press(CTRL, CONTROL_L);
        held.press(ALT, ALT_L);
        held.press(A, u32::from(b'a'));
        assert!(!held.release(A).1);
        assert!(!held.release(ALT).1);
        assert!(!held.release(CTRL).1);
        held.press(A, u32::from(b'a'));
        held.press(CTRL, CONTROL_L);
        held.press(ALT, ALT_L);
        assert!(!held.release(ALT).1);
        let mut held = Held::default();
        held.press(CTRL, CONTROL_L);
        assert!(!held.release(CTRL).1, "one of both is not enough");
    }

    #[test]
    fn everything_is_let_go() {
        let mut held = Held::default();
        held.press(CTRL, CONTROL_L);
        held.press(A, u32::from(b'a'));
        assert_eq!(held.release_all(), [(CTRL, (CONTROL_L, false)), (A, (u32::from(b'a'), false))]);
        assert_eq!(held.release_all(), []);
    }

    #[test]
    fn combinations_go_down_in_order_and_up_in_reverse() {
        let all = combinations();
        assert_eq!(all.len(), 10);
        assert_eq!(all[8], ("Ctrl+Alt+F7".to_owned(), vec![CONTROL_L, ALT_L, 0xffc4]));
        assert_eq!(strokes(&all[0].1)[2..4], [(DELETE, true), (DELETE, false)]);
    }
}
