//! Pictures: libvirt's own screenshot against what a display session painted.
use std::fs;
use std::io::Cursor;

use drover::console::framebuffer::Framebuffer;

use crate::support::{Machine, virsh};

/// A picture as RGB, rows top to bottom.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<[u8; 3]>,
}

impl Picture {
    /// What libvirt says the machine shows.
    pub fn of(machine: &Machine<'_>) -> Self {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        virsh(machine.uri, &["screenshot", &machine.name, &file.path().display().to_string()]);
        let bytes = fs::read(file.path()).expect("virsh wrote it");
        if bytes.starts_with(b"\x89PNG") { Self::from_png(&bytes) } else { Self::from_ppm(&bytes) }
    }

    /// What our session painted.
    pub fn from_framebuffer(fb: &Framebuffer) -> Self {
        let rgb = fb.pixels.chunks_exact(4).map(|p| [p[2], p[1], p[0]]).collect();
        Self { width: fb.width, height: fb.height, rgb }
    }

    fn from_png(bytes: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND | png::Transformations::STRIP_16);
        let mut reader = decoder.read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a sane size")];
        let info = reader.next_frame(&mut pixels).expect("a whole PNG");
        let rgb = pixels[..info.buffer_size()].chunks_exact(info.color_type.samples());
        Self { width: info.width, height: info.height, rgb: rgb.map(|p| [p[0], p[1], p[2]]).collect() }
    }

    /// QEMU before 7.1 and libvirt before 8.4 write `P6\nWIDTH HEIGHT\n255\n` and RGB.
    fn from_ppm(bytes: &[u8]) -> Self {
        let mut fields = bytes.splitn(4, |&b| b == b'\n' || b == b' ');
        assert_eq!(fields.next(), Some(&b"P6"[..]), "neither PNG nor PPM");
        let mut number = || {
            fields.next().and_then(|f| std::str::from_utf8(f).ok()).and_then(|f| f.parse().ok()).expect("a PPM header")
        };
        let (width, height) = (number(), number());
        let pixels = fields.next().expect("pixels").split_at(4).1; // after "255\n"
        Self { width, height, rgb: pixels.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect() }
    }

    /// The share of pixels (0 to 1) that differ by more than a hair; 1 where even the sizes do.
    pub fn difference(&self, other: &Self) -> f64 {
        if (self.width, self.height, self.rgb.len()) != (other.width, other.height, other.rgb.len()) {
            return 1.0;
        }
        let differs = |(a, b): &(&[u8; 3], &[u8; 3])| a.iter().zip(*b).any(|(x, y)| x.abs_diff(*y) > 8);
        self.rgb.iter().zip(&other.rgb).filter(differs).count() as f64 / self.rgb.len().max(1) as f64
    }

    /// The share of pixels for which it is true.
    pub fn share(&self, is: impl Fn(&[u8; 3]) -> bool) -> f64 {
        self.rgb.iter().filter(|p| is(p)).count() as f64 / self.rgb.len().max(1) as f64
    }
}
