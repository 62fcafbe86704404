//! When a display is asked for its next update: after each one, or never where it sends them by itself.
use std::time::Duration;

use tokio::time::Instant;

use crate::console::DisplayError;
use crate::console::rfb::Link;

/// Between two requests: more than any screen shows, and a display that answers at once, with nothing, costs nothing.
const PACE: Duration = Duration::from_millis(8);

/// The flow of updates while a link is up.
#[derive(Default)]
pub(super) struct Flow {
    pub(super) width: u32,
    pub(super) height: u32,
    /// A request is out, or goes out when it is due.
    asked: bool,
    /// When the last request went out, and when the one that came too early does.
    last: Option<Instant>,
    pub(super) due: Option<Instant>,
    /// The next request is for the whole screen.
    whole: bool,
    /// The display can send by itself, and was told to.
    can_stream: bool,
    streams: bool,
    /// It was told to stop so often, and has not yet said that it did.
    stops: u32,
}

impl Flow {
    /// The screen has this size, so all of it is wanted.
    pub(super) async fn resize(
        &mut self,
        link: &mut Link,
        visible: bool,
        width: u32,
        height: u32,
    ) -> Result<(), DisplayError> {
        let first = self.width == 0;
        (self.width, self.height, self.whole) = (width, height, true);
        if self.streams {
            link.output.continuous(true, width, height).await?;
        }
        // Later sizes come in an update, at whose end the next request goes out.
        if first { self.next(link, visible).await } else { Ok(()) }
    }

    /// Asks for what changes from now on, unless nobody looks or it comes by itself.
    pub(super) async fn next(&mut self, link: &mut Link, visible: bool) -> Result<(), DisplayError> {
        self.asked = visible && (self.whole || !self.streams);
        let now = Instant::now();
        self.due = self.last.map(|last| last + PACE).filter(|due| self.asked && *due > now);
        if !self.asked || self.due.is_some() {
            return Ok(());
        }
        self.last = Some(now);
        link.output.request(std::mem::take(&mut self.whole), self.width, self.height).await
    }

    /// Somebody looks at the screen now, or nobody any more.
    pub(super) async fn see(&mut self, link: &mut Link, visible: bool) -> Result<(), DisplayError> {
        if self.can_stream && self.streams != visible {
            self.stream(link, visible).await?;
        }
        if visible && !self.asked { self.next(link, visible).await } else { Ok(()) }
    }

    /// The display says that it can send by itself, or that it stopped doing so.
    pub(super) async fn offered(&mut self, link: &mut Link, visible: bool) -> Result<(), DisplayError> {
        if !self.can_stream {
            self.can_stream = true;
            return if visible { self.stream(link, true).await } else { Ok(()) };
        }
        if self.stops > 0 {
            self.stops -= 1;
        } else if self.streams {
            self.streams = false;
            return self.next(link, visible).await;
        }
        Ok(())
    }

    async fn stream(&mut self, link: &mut Link, on: bool) -> Result<(), DisplayError> {
        self.streams = on;
        self.stops += u32::from(!on);
        link.output.continuous(on, self.width, self.height).await
    }
}
