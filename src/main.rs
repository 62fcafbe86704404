//! droverctl: the core without a window.
mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
