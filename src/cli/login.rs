//! A host's questions at login, asked at the terminal.
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, IsTerminal, Write};

use drover::host::{Challenge, ChallengeKind, Credentials};
use drover::secret::Secret;

use super::print;

/// Asks at the terminal; where there is none it gives up instead of waiting for ever.
pub struct Terminal;

impl Terminal {
    /// Whether somebody can answer.
    pub fn is_here() -> bool {
        std::io::stdin().is_terminal()
    }
}

impl Credentials for Terminal {
    fn answer(&self, challenges: &[Challenge]) -> Option<Vec<Secret>> {
        if Self::is_here() { challenges.iter().map(ask).collect() } else { None }
    }

    /// Here ssh may ask for itself.
    fn has_terminal(&self) -> bool {
        std::io::stdin().is_terminal()
    }
}

fn ask(challenge: &Challenge) -> Option<Secret> {
    let label = match challenge.kind {
        ChallengeKind::User | ChallengeKind::AuthName => "User",
        ChallengeKind::Password => "Password",
        ChallengeKind::Passphrase => "Passphrase",
        ChallengeKind::Realm => "Realm",
        ChallengeKind::Other => "Answer",
    };
    let asked = challenge.prompt.trim().trim_end_matches(':');
    let asked = if asked.is_empty() { label } else { asked };
    let prompt = print::plain(&format!("{}: {asked}: ", challenge.host.as_str()));
    match challenge.kind {
        ChallengeKind::Password | ChallengeKind::Passphrase => rpassword::prompt_password(prompt).ok().map(Secret::new),
        _ => read_line(&prompt, challenge.default.as_deref()),
    }
}

/// Reads from the terminal itself, as rpassword does, so that a pipe on standard output stays clean.
fn read_line(prompt: &str, default: Option<&str>) -> Option<Secret> {
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").ok()?;
    terminal.write_all(prompt.as_bytes()).ok()?;
    let mut line = String::new();
    if BufReader::new(terminal).read_line(&mut line).ok()? == 0 {
        return None;
    }
    let typed = line.trim_end_matches(['\r', '\n']);
    Some(Secret::new(if typed.is_empty() { default.unwrap_or_default() } else { typed }))
}
