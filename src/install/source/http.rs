//! An HTTP or HTTPS install tree.
use super::{Entry, Tree};
use crate::Result;
use crate::error::SourceError;
use crate::task::Cancel;
pub struct HttpTree;
impl HttpTree {
    pub fn open(url: &str, _c: &Cancel) -> Result<Self> {
        Err(SourceError::NotFound(url.into()).into())
    }
}
impl Tree for HttpTree {
    fn read(&mut self, p: &str, _l: u64) -> Result<Option<Vec<u8>>, SourceError> {
        Err(SourceError::NotFound(p.into()))
    }
    fn stat(&mut self, p: &str) -> Result<Option<Option<u64>>, SourceError> {
        Err(SourceError::NotFound(p.into()))
    }
    fn fetch(
        &mut self,
        p: &str,
        _o: &mut dyn std::io::Write,
        _on: &mut dyn FnMut(u64, Option<u64>),
        _c: &Cancel,
    ) -> Result<u64> {
        Err(SourceError::NotFound(p.into()).into())
    }
    fn list(&mut self, p: &str) -> Result<Vec<Entry>, SourceError> {
        Err(SourceError::NotFound(p.into()))
    }
}
