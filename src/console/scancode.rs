//! Hardware key codes as QEMU wants them: independent of the keyboard's layout here and in the guest.

/// The "XT" code of QEMU's extended key event for a key of Linux' evdev (`KEY_*` in `input-event-codes.h`; X11's and
/// Wayland's key codes are 8 more): the set-1 scan code, with bit 7 for those after 0xe0. `None` for keys that have none,
/// or that no guest would miss. Source: keycodemapdb's table, which QEMU is built with.
pub fn of_evdev(key: u32) -> Option<u16> {
    /// Keys 85 to 127: Zenkaku to Compose.
    const FROM_85: [u8; 43] = [
        0x76, 0x56, 0x57, 0x58, 0x73, 0x78, 0x77, 0x79, 0x70, 0x7b, 0x5c, // up to 95, the Japanese keypad's comma
        0x9c, 0x9d, 0xb5, 0x54, 0xb8, 0x5b, 0xc7, 0xc8, 0xc9, 0xcb, 0xcd, // up to 106, Right
        0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0, 0xa0, 0xae, 0xb0, 0xde, 0x59, // up to 117, the keypad's =
        0, 0xc6, 0, 0x7e, 0, 0, 0x7d, 0xdb, 0xdc, 0xdd, // up to 127, Compose
    ];
    match key {
        1..=83 => u16::try_from(key).ok(),
        _ => FROM_85.get(usize::try_from(key).ok()?.checked_sub(85)?).map(|code| u16::from(*code)).filter(|c| *c != 0),
    }
}

#[cfg(test)]
mod tests {
    use super::of_evdev;

    #[test]
    fn codes_are_those_of_the_table() {
        // KEY_ESC, KEY_Z, KEY_KPDOT, none, KEY_102ND, KEY_F12, KEY_MUHENKAN, KEY_KPENTER, KEY_SYSRQ, KEY_RIGHTALT.
        let keys = [1, 44, 83, 84, 86, 88, 94, 96, 99, 100];
        let want = [1, 0x2c, 0x53, 0, 0x56, 0x58, 0x7b, 0x9c, 0x54, 0xb8];
        assert_eq!(keys.map(|key| of_evdev(key).unwrap_or(0)), want);
        // KEY_HOME, KEY_RIGHT, KEY_END, KEY_DELETE, KEY_MACRO, KEY_MUTE, KEY_KPEQUAL, KEY_PAUSE, KEY_YEN, KEY_COMPOSE.
        let keys = [102, 106, 107, 111, 112, 113, 117, 119, 124, 127];
        let want = [0xc7, 0xcd, 0xcf, 0xd3, 0, 0xa0, 0x59, 0xc6, 0x7d, 0xdd];
        assert_eq!(keys.map(|key| of_evdev(key).unwrap_or(0)), want);
        assert_eq!([0, 128, u32::MAX].map(of_evdev), [None; 3]);
    }
}
