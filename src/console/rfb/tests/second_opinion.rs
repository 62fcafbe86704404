//! vnc-rs reads the same streams: its picture must be ours. It knows Raw, CopyRect, Tight without JPEG, and ZRLE.
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use vnc::{PixelFormat, VncConnector, VncEncoding, VncError, VncEvent};

use super::read;
use super::server::Server;
use crate::console::framebuffer::{Framebuffer, Rect};
use crate::console::rfb::encoding::*;

/// The bell: all before it is drawn.
const BELL: u8 = 2;

/// The screen as vnc-rs has it after a stream.
async fn picture_of_vnc_rs(width: u16, height: u16, stream: Vec<u8>) -> Framebuffer {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move {
        theirs.write_all(b"RFB 003.008\n\x01\x01\0\0\0\0").await?;
        let format = [32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        theirs.write_all(&[&width.to_be_bytes()[..], &height.to_be_bytes(), &format].concat()).await?;
        theirs.write_all(&stream).await?;
        theirs.write_all(&[BELL]).await?;
        // What it says is of no interest.
        theirs.read_to_end(&mut vec![]).await
    });
    type Answer = std::future::Ready<Result<String, VncError>>;
    let mut connector = VncConnector::<_, Answer>::new(ours).set_pixel_format(PixelFormat::bgra());
    for encoding in [VncEncoding::Raw, VncEncoding::CopyRect, VncEncoding::Tight, VncEncoding::Zrle] {
        connector = connector.add_encoding(encoding);
    }
    let client = connector.build().unwrap().try_start().await.unwrap().finish().unwrap();
    let rect = |rect: vnc::Rect| Rect::new(rect.x.into(), rect.y.into(), rect.width.into(), rect.height.into());
    let mut screen = Framebuffer::default();
    loop {
        match client.recv_event().await.unwrap() {
            VncEvent::SetResolution(size) => screen.resize(size.width.into(), size.height.into()).unwrap(),
            VncEvent::RawImage(to, data) => drop(screen.put(rect(to), &data).unwrap()),
            VncEvent::Copy(to, from) => drop(screen.copy(rect(to), (from.x.into(), from.y.into()))),
            VncEvent::Bell => return screen,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn vnc_rs_sees_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for kind in [RAW, COPY_RECT, TIGHT, ZRLE] {
        for seed in 100..110 {
            let mut server = Server::new(seed, 150, 130);
            let mut stream = server.update(RAW);
            (0..6).for_each(|_| stream.extend(server.update(kind)));
            let ours = read(150, 130, &stream).screen;
            let opinion = async { timeout(Duration::from_secs(20), picture_of_vnc_rs(150, 130, stream)).await };
            let theirs = runtime.block_on(opinion).expect("vnc-rs does not come to an end");
            assert_eq!(ours.difference(&theirs, 0), Some(0), "encoding {kind}, seed {seed}");
        }
    }
}
