//! Kernel and initrd as files here: whether they are whole, and putting a file into an initrd by an appended newc archive
//! (the kernel's Documentation/driver-api/early-userspace/buffer-format).
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use flate2::read::GzDecoder;

use crate::error::{Expected, SourceError};
use crate::task::Cancel;
use crate::{Error, Result};

/// The largest file that we put into an initrd.
pub const INJECT_LIMIT: u64 = 16 << 20;

const GZIP: &[u8] = b"\x1f\x8b";
const XZ: &[u8] = b"\xfd7zXZ\0";
const CPIO: &[u8] = b"07070";
/// What an initial RAM disk begins with: a cpio archive as it is, or compressed in a way that kernels know.
const INITRDS: [&[u8]; 8] = [CPIO, GZIP, XZ, b"\x28\xb5\x2f\xfd", b"\x02\x21\x4c\x18", b"BZh", b"\x5d\0\0", b"\x89LZO"];

/// Whether a file that begins like this is a kernel: x86 bzImage (Documentation/arch/x86/boot), arm64 Image, ELF, or
/// any of them compressed.
pub fn looks_like_kernel(first: &[u8]) -> bool {
    let at = |offset: usize, magic: &[u8]| first.get(offset..offset + magic.len()) == Some(magic);
    at(0x202, b"HdrS") || at(0x38, b"ARM\x64") || at(0, b"\x7fELF") || at(0, GZIP)
}

/// Whether a file that begins like this is an initial RAM disk.
pub fn looks_like_initrd(first: &[u8]) -> bool {
    // Before there was cpio: a file system, ext2.
    INITRDS.iter().any(|magic| first.starts_with(magic)) || first.get(0x438..0x43a) == Some(b"\x53\xef")
}

/// Refuses a fetched file that is no kernel, or an x86 one that is shorter than its header says. `name` is the name that
/// a person knows it by.
pub fn check_kernel(file: &Path, name: &str) -> Result<()> {
    let (first, length) = beginning(file)?;
    if !looks_like_kernel(&first) {
        return Err(SourceError::Damaged { name: name.into(), expected: Expected::Kernel }.into());
    }
    match bz_image_size(&first) {
        Some(want) if length < want => Err(SourceError::Truncated { name: name.into(), got: length, want }.into()),
        _ => Ok(()),
    }
}

/// The least size of a bzImage, by its header: the set-up sectors and the rest in paragraphs of 16 bytes (setup_sects and
/// syssize of the x86 boot protocol); the last paragraph may be cut.
fn bz_image_size(first: &[u8]) -> Option<u64> {
    let header = first.get(0x1f1..0x206)?;
    if &header[0x11..0x15] != b"HdrS" {
        return None;
    }
    let sectors = if header[0] == 0 { 4 } else { u64::from(header[0]) };
    let paragraphs = u32::from_le_bytes([header[3], header[4], header[5], header[6]]);
    Some((sectors + 1) * 512 + (u64::from(paragraphs) * 16).saturating_sub(15))
}

/// Refuses a fetched file that is no initrd, or one that was cut off: a gzip stream is unpacked to its check sum (into
/// nothing), an xz stream must have its end. Takes about a second for a large one.
pub fn check_initrd(file: &Path, name: &str, cancel: &Cancel) -> Result<()> {
    let (first, _) = beginning(file)?;
    let whole = looks_like_initrd(&first)
        && match () {
            () if first.starts_with(GZIP) => gunzips(file, cancel)?,
            () if first.starts_with(XZ) => xz_ends(file)?,
            () => true,
        };
    if whole { Ok(()) } else { Err(SourceError::Damaged { name: name.into(), expected: Expected::Initrd }.into()) }
}

fn gunzips(file: &Path, cancel: &Cancel) -> Result<bool> {
    let mut stream = GzDecoder::new(BufReader::with_capacity(1 << 20, open(file)?));
    let mut block = vec![0; 1 << 20];
    loop {
        cancel.check()?;
        match stream.read(&mut block) {
            Ok(0) => return Ok(true),
            Ok(_) => {}
            Err(_) => return Ok(false),
        }
    }
}

/// An xz stream's footer (The .xz File Format, 2.1.2), or the end of an archive that somebody appended.
fn xz_ends(file: &Path) -> Result<bool> {
    let read = || {
        let mut opened = File::open(file)?;
        let length = opened.metadata()?.len();
        opened.seek(SeekFrom::Start(length.saturating_sub(1024)))?;
        let mut last = Vec::new();
        opened.read_to_end(&mut last)?;
        Ok(last)
    };
    let last = read().map_err(|e| failed(file, e))?;
    let stripped = &last[..last.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1)];
    Ok(stripped.ends_with(b"YZ") || last.windows(TRAILER.len()).any(|part| part == TRAILER.as_bytes()))
}

/// Puts a file of this machine at the root of an initrd, as `/name`, readable by root alone (it may hold a password).
/// The archive is appended as it is; the kernel unpacks one after the other, and files of the later one win.
pub fn append(initrd: &Path, file: &Path, name: &str) -> Result<()> {
    let mut content = Vec::new();
    open(file)?.take(INJECT_LIMIT + 1).read_to_end(&mut content).map_err(|e| failed(file, e))?;
    if content.len() as u64 > INJECT_LIMIT {
        return Err(SourceError::TooLarge { name: file.display().to_string(), limit: INJECT_LIMIT }.into());
    }
    append_files(initrd, &[(name, &content)])
}

/// The same for contents, all in one archive. A name has no slash in it.
pub fn append_files(initrd: &Path, files: &[(&str, &[u8])]) -> Result<()> {
    if let Some((name, _)) = files.iter().find(|(name, _)| name.is_empty() || name.contains(['/', '\0'])) {
        let source = io::ErrorKind::InvalidFilename.into();
        return Err(Error::File { path: (*name).into(), source });
    }
    if !holds_cpio(initrd)? {
        let name = initrd.display().to_string();
        return Err(SourceError::Damaged { name, expected: Expected::InitrdForFiles }.into());
    }
    let write = || {
        let mut out = OpenOptions::new().append(true).open(initrd)?;
        // The kernel looks for the next archive at multiples of four only, and passes over zero bytes.
        let length = out.metadata()?.len();
        out.write_all(padding(length))?;
        out.write_all(&archive(files)?)?;
        out.sync_data()
    };
    write().map_err(|e| failed(initrd, e))
}

/// An ancient initrd is a file system's image: nothing can be appended to that. Only gzip is looked into.
fn holds_cpio(initrd: &Path) -> Result<bool> {
    let (first, _) = beginning(initrd)?;
    if !first.starts_with(GZIP) {
        return Ok(INITRDS.iter().any(|magic| first.starts_with(magic)));
    }
    let mut inside = [0; CPIO.len()];
    let unpacked = GzDecoder::new(open(initrd)?).read_exact(&mut inside);
    Ok(unpacked.is_ok() && inside == CPIO)
}

const TRAILER: &str = "TRAILER!!!";
/// A regular file, for its owner only.
const MODE: u32 = 0o100_600;

/// A cpio archive in the "newc" form.
fn archive(files: &[(&str, &[u8])]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    // Inode numbers matter only for hard links; high ones meet nobody else's.
    for (inode, (name, content)) in (0xd000_0000_u32..).zip(files) {
        entry(&mut out, inode, MODE, name, content)?;
    }
    entry(&mut out, 0, 0, TRAILER, &[])?;
    Ok(out)
}

fn entry(out: &mut Vec<u8>, inode: u32, mode: u32, name: &str, content: &[u8]) -> io::Result<()> {
    let size = u32::try_from(content.len()).map_err(io::Error::other)?;
    let name_size = u32::try_from(name.len() + 1).map_err(io::Error::other)?;
    out.extend_from_slice(b"070701");
    // inode, mode, uid, gid, links, time, size, device (2), device of a node (2), name's size, check sum
    for field in [inode, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0] {
        write!(out, "{field:08x}")?;
    }
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    out.extend_from_slice(padding(out.len() as u64));
    out.extend_from_slice(content);
    out.extend_from_slice(padding(out.len() as u64));
    Ok(())
}

/// Zero bytes up to the next multiple of four.
fn padding(length: u64) -> &'static [u8] {
    &[0; 3][..(length.next_multiple_of(4) - length) as usize]
}

/// The first two kilobytes, and the length.
fn beginning(file: &Path) -> Result<(Vec<u8>, u64)> {
    let length = fs::metadata(file).map_err(|e| failed(file, e))?.len();
    let mut first = Vec::new();
    open(file)?.take(2048).read_to_end(&mut first).map_err(|e| failed(file, e))?;
    Ok((first, length))
}

fn open(file: &Path) -> Result<File> {
    File::open(file).map_err(|e| failed(file, e))
}

fn failed(file: &Path, source: io::Error) -> Error {
    Error::File { path: file.into(), source }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(content).expect("write");
        out.finish().expect("finish")
    }

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("file");
        file.write_all(content).expect("write");
        file
    }

    /// What cpio(1) makes of an archive: names and contents.
    #[test]
    fn cpio_reads_what_we_append() {
        let archive = archive(&[("ks.cfg", b"install\n".as_slice()), ("x", b"12345")]).expect("archive");
        let folder = tempfile::tempdir().expect("folder");
        let child = Command::new("cpio").args(["-id", "--quiet"]).current_dir(&folder).stdin(Stdio::piped()).spawn();
        let Ok(mut child) = child else { return eprintln!("skipped: no cpio here") };
        child.stdin.take().expect("stdin").write_all(&archive).expect("send");
        assert!(child.wait().expect("wait").success());
        assert_eq!(fs::read(folder.path().join("ks.cfg")).expect("read"), b"install\n");
        assert_eq!(fs::read(folder.path().join("x")).expect("read"), b"12345");
    }

    #[test]
    fn the_appended_archive_begins_at_a_multiple_of_four() {
        for extra in 0..4 {
            let first = gzip(&archive(&[("a", &vec![b'z'; extra])]).expect("archive"));
            let (initrd, ks) = (file(&first), file(b"install\n"));
            append(initrd.path(), ks.path(), "ks.cfg").expect("append");
            let whole = fs::read(initrd.path()).expect("read");
            assert!(whole.starts_with(&first));
            let begin = first.len().next_multiple_of(4);
            assert!(whole[first.len()..begin].iter().all(|byte| *byte == 0));
            assert_eq!(whole[begin..], archive(&[("ks.cfg", b"install\n")]).expect("archive"));
        }
    }

    #[test]
    fn what_can_take_no_file_is_refused() {
        let ks = file(b"install\n");
        for content in [gzip(b"an ext2 image"), b"<html>".to_vec(), Vec::new()] {
            let initrd = file(&content);
            let result = append(initrd.path(), ks.path(), "ks.cfg");
            assert!(matches!(result, Err(Error::Source(SourceError::Damaged { .. }))), "{result:?}");
            assert_eq!(fs::read(initrd.path()).expect("read"), content, "nothing was written");
        }
        let initrd = file(&gzip(&archive(&[]).expect("archive")));
        assert!(matches!(append(initrd.path(), ks.path(), "etc/passwd"), Err(Error::File { .. })));
        assert!(matches!(append(initrd.path(), Path::new("/none"), "ks.cfg"), Err(Error::File { .. })));
    }

    #[test]
    fn a_cut_off_initrd_is_noticed() {
        let whole = gzip(&(0..100_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
        let check = |content: &[u8]| check_initrd(file(content).path(), "initrd.img", &Cancel::default());
        check(&whole).expect("whole");
        check(&[&whole[..], &[0, 0], b"070701"].concat()).expect("with an archive behind it");
        check(&[XZ, b"...YZ\0\0"].concat()).expect("xz");
        for cut in [&whole[..whole.len() - 1], &whole[..whole.len() / 2], &[XZ, b"..."].concat(), b"<html>", b""] {
            let result = check(cut);
            assert!(matches!(result, Err(Error::Source(SourceError::Damaged { .. }))), "{result:?}");
        }
    }

    #[test]
    fn a_cut_off_kernel_is_noticed() {
        let mut kernel = vec![0; 512 * 2 + 64];
        kernel[0x1f1] = 1;
        kernel[0x1f4] = 4;
        kernel[0x202..0x206].copy_from_slice(b"HdrS");
        let check = |content: &[u8]| check_kernel(file(content).path(), "vmlinuz");
        check(&kernel).expect("whole");
        check(&kernel[..kernel.len() - 15]).expect("the last paragraph need not be full");
        let result = check(&kernel[..kernel.len() - 16]);
        assert!(
            matches!(result, Err(Error::Source(SourceError::Truncated { want: 1073, got: 1072, .. }))),
            "{result:?}"
        );
        for content in [b"<html>not found</html>".as_slice(), b""] {
            assert!(matches!(check(content), Err(Error::Source(SourceError::Damaged { .. }))));
        }
    }
}
