//! Preseed: `owner question type value`, one a line (debconf-set-selections(1), the installer's manual, appendix B).
use super::kickstart::short;
use super::{LineProblem, block, warn};
use crate::finding::Finding;

/// debconf's types, and the flag that may stand in their place.
const TYPES: [&str; 10] =
    ["string", "boolean", "select", "multiselect", "password", "note", "text", "error", "title", "seen"];

/// What the installer would stumble over.
pub(super) fn check(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((first, number)) = lines.next() {
        let mut line = first.to_owned();
        while line.ends_with('\\') {
            line.pop();
            match lines.next() {
                Some((next, _)) => line.push_str(next),
                None => findings.push(warn(number, LineProblem::GoesOn)),
            }
        }
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if line.starts_with('%') || line.starts_with("rootpw ") {
            return vec![block(number, LineProblem::Kickstart)];
        }
        findings.extend(check_line(number, line));
    }
    findings
}

fn check_line(number: usize, line: &str) -> Option<Finding> {
    let mut words = line.split_whitespace();
    let (Some(_owner), Some(question), Some(kind)) = (words.next(), words.next(), words.next()) else {
        return Some(block(number, LineProblem::NotFour(short(line))));
    };
    if !question.contains('/') {
        return Some(warn(number, LineProblem::NoQuestion(short(question))));
    }
    if !TYPES.contains(&kind) {
        return Some(block(number, LineProblem::NoType(short(kind))));
    }
    let value = words.next();
    match (kind, value) {
        ("boolean", Some(value)) if !["true", "false"].contains(&value) => {
            Some(warn(number, LineProblem::NotBoolean(short(value))))
        }
        _ => None,
    }
}
