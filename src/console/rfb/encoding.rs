//! The numbers of encodings and messages, and what we ask for (RFC 6143, sections 7.5 to 7.8; the rest in "rfbproto").

pub(super) const RAW: i32 = 0;
pub(super) const COPY_RECT: i32 = 1;
pub(super) const RRE: i32 = 2;
pub(super) const HEXTILE: i32 = 5;
pub(super) const ZLIB: i32 = 6;
pub(super) const TIGHT: i32 = 7;
pub(super) const TRLE: i32 = 15;
pub(super) const ZRLE: i32 = 16;

/// Pseudo-encodings: what a server may send as well.
pub(super) const DESKTOP_SIZE: i32 = -223;
pub(super) const LAST_RECT: i32 = -224;
pub(super) const CURSOR: i32 = -239;
pub(super) const DESKTOP_NAME: i32 = -307;
pub(super) const EXTENDED_DESKTOP_SIZE: i32 = -308;
pub(super) const FENCE: i32 = -312;
pub(super) const CONTINUOUS_UPDATES: i32 = -313;
pub(super) const ALPHA_CURSOR: i32 = -314;
/// QEMU's: keys by their hardware code.
pub(super) const EXTENDED_KEYS: i32 = -258;
/// JPEG quality 8 of 0 to 9: text stays sharp.
const JPEG_QUALITY_8: i32 = -24;

/// All we ask for, best first. A `local` display is sent as it is, because packing costs more than it saves; one over a
/// network may come as JPEG. QEMU's pointers with alpha have red and blue in each other's place, and their colours are
/// multiplied by alpha or not, as the guest's device likes: from there we want a mask.
pub(super) fn wanted(local: bool, is_qemu: bool) -> impl Iterator<Item = i32> {
    let first = local.then_some(RAW);
    let packed = [COPY_RECT, TIGHT, ZRLE, TRLE, HEXTILE, ZLIB, RRE];
    let last = if local { [None, None] } else { [Some(RAW), Some(JPEG_QUALITY_8)] };
    let alpha = (!is_qemu).then_some(ALPHA_CURSOR);
    let pseudo = [
        CURSOR,
        EXTENDED_DESKTOP_SIZE,
        DESKTOP_SIZE,
        DESKTOP_NAME,
        LAST_RECT,
        FENCE,
        CONTINUOUS_UPDATES,
        EXTENDED_KEYS,
    ];
    first.into_iter().chain(packed).chain(last.into_iter().flatten()).chain(alpha).chain(pseudo)
}
