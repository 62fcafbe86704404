//! The files of the machine's firmware at the destination.
use super::{Answers, Spot};
use crate::Result;
use crate::host::Host;
use crate::migrate::machine::Machine;
use crate::storage;

/// Looks for its code, for what its variables are made from, and for what lies in their place.
pub(super) fn ask(source: &Host, dest: &Host, machine: &Machine, answers: &mut Answers) -> Result<()> {
    let local = |path: &Option<String>| path.clone().filter(|p| p.starts_with('/'));
    if let Some(loader) = local(&machine.loader) {
        answers.loader = dest.call(move |conn| Ok(storage::exists(conn, &loader)))?;
    }
    let (template, nvram) = (local(&machine.template), local(&machine.nvram));
    if let Some(nvram) = nvram.clone() {
        let path = nvram.clone();
        // Where there is none here, none is copied.
        if source.call(move |conn| Ok(storage::exists(conn, &path)))? == Some(true) {
            answers.nvram = dest.call(move |conn| match storage::exists(conn, &nvram) {
                Some(true) if storage::domain_using_path(conn, &nvram)?.is_some() => Ok(Spot::Used),
                Some(true) => Ok(Spot::LeftOver),
                Some(false) | None => Ok(Spot::Free),
            })?;
        }
    }
    if let (Some(template), Spot::Free) = (template, answers.nvram) {
        answers.template = dest.call(move |conn| Ok(storage::exists(conn, &template)))?;
    }
    Ok(())
}
