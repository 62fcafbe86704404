//! Every error and finding of the core, in Chinese: no English sentence of ours may reach the window.
use std::io;

use drover::Error;
use drover::console::{DisplayError, Mute, Nonsense};
use drover::domain::actions::Denial;
use drover::error::{Absent, Expected, Lack, Left, LocationProblem, Odd, Silence, SourceError};
use drover::finding::{Field, Finding, LineProblem, Reason, Wanted};
use drover::host::uri::UriProblem;
use drover::host::{Cause, FailKind};
use drover::storage::FolderProblem;

use super::{error, failure_title, remedy};
use crate::i18n::testing::use_catalogue;

/// What somebody else said, or a name: it is no lower-case word.
const X: &str = "X9";

fn x() -> String {
    X.into()
}

/// One of each variant; a variant without a sample does not compile.
macro_rules! each {
    ($kind:ident { $($name:ident $(($($value:expr),+))? $({ $($field:ident: $is:expr),+ })?),+ $(,)? }) => {{
        let _ = |one: &$kind| match one { $($kind::$name { .. } => ()),+ };
        vec![$($kind::$name $(($($value),+))? $({ $($field: $is),+ })?),+]
    }};
}

fn uris() -> Vec<UriProblem> {
    each!(UriProblem {
        Empty, NoScheme, Driver(x()), Transport(x()), NoHost(x()), HostWithUnix(x()), HostCharacter('X'), Brackets(x()),
        OpenBracket, Port(x()), NoPath, Path(x()), Blank,
    })
}

fn causes() -> Vec<Cause> {
    let mut all = each!(Cause {
        Uri(UriProblem::Empty), Broken, Closed, Silent, ClosedHere, Busy, Fault, Thread(x()), Said(x()),
    });
    all.extend(uris().into_iter().map(Cause::Uri));
    all
}

fn locations() -> Vec<LocationProblem> {
    each!(LocationProblem {
        Empty, NoScheme, Scheme(x()), Ftp, ForNfs(x()), NotWhole, NoPath { form: X }, NoServer { form: x() },
        Form { form: x() }, FileForm, NotUtf8, ZeroByte, OpenBracket, NotIpv6(x()), Brackets(x()), MountOptions,
        ServerCharacter('X'), Port(x()), Option(x()), Space, Control, Query, NotUrl, AnswersForm, AnswersHere, NoFileName,
    })
}

fn silences() -> Vec<Silence> {
    each!(Silence { Within(9), NoConnection, Refused, Port(9), NoPortmapper { server: x() }, Closed, System(x()) })
}

fn lacks() -> Vec<Lack> {
    let absent = |empty| Absent { path: x(), empty };
    each!(Lack {
        Everything, Half(absent(true)), NoNames { treeinfo: X },
        Files { treeinfo: X, files: vec![absent(true), absent(false)] },
    })
}

fn odds() -> Vec<Odd> {
    each!(Odd {
        Status { url: x(), status: x() }, Redirects, Certificate(x()), NoTls, NoListing, NoMountService, NoNfsServer, Links(x()),
        LinkOutside { name: x(), target: x(), export: x() }, LinkNotUtf8(x()), Listing { entries: 9, name: x() },
        EndlessListing, TooMuch(x()), TooLittle(x()), Replaced(x()), Nfs { name: x(), status: x() }, Reply(9), Said(x()),
    })
}

fn sources() -> Vec<SourceError> {
    let mut all = each!(SourceError {
        Location { text: x(), reason: LocationProblem::Empty }, UnknownServer(x()),
        NoAnswer { server: x(), reason: Silence::Refused }, Timeout(x()), NfsSecure { server: x(), export: x() },
        NoExport { server: x(), export: x(), offered: Vec::new() }, NotFound(x()), Forbidden(x()),
        Truncated { name: x(), got: 1, want: 2 }, Damaged { name: x(), expected: Expected::File },
        TooLarge { name: x(), limit: 9 }, NothingInstallable { location: x(), looked_for: Lack::Everything },
        Protocol { server: x(), reason: Odd::Redirects },
    });
    let kinds = each!(Expected { File, Folder, Kernel, Initrd, InitrdForFiles });
    all.extend(locations().into_iter().map(|reason| SourceError::Location { text: x(), reason }));
    all.extend(silences().into_iter().map(|reason| SourceError::NoAnswer { server: x(), reason }));
    all.extend(kinds.into_iter().map(|expected| SourceError::Damaged { name: x(), expected }));
    all.extend(lacks().into_iter().map(|looked_for| SourceError::NothingInstallable { location: x(), looked_for }));
    all.extend(odds().into_iter().map(|reason| SourceError::Protocol { server: x(), reason }));
    all
}

fn lines() -> Vec<LineProblem> {
    let mut all = each!(LineProblem {
        NoText, Empty, WebPage, Preseed, Kickstart, NewSection(x()), NoSection(x()), NotEnded(x()), StrayEnd, EndTooNew,
        NoCommand(x()), OtherCommand(x()), Missing(Wanted::Language), NoDevice, NoAddress, BootProto(x()),
        BadAddress { option: X, text: x() }, GoesOn, NotFour(x()), NoQuestion(x()), NoType(x()), NotBoolean(x()),
    });
    let wanted = each!(Wanted { Language, Keyboard, TimeZone, Password, BootLoader, DiskLayout });
    all.extend(wanted.into_iter().map(LineProblem::Missing));
    all
}

fn reasons() -> Vec<Reason> {
    let mut all = each!(Reason {
        NameEmpty, NameCharacter('X'), NameTaken { host: x(), name: x() }, MemoryBelowMinimum { asked: 1, minimum: 2 },
        MemoryAboveHost { host: x(), asked: 2, have: 1 }, TooManyVcpus { host: x(), asked: 2, limit: 1 }, Zero,
        NoParavirt { host: x() }, NoKvm { host: x() }, NoArch { host: x(), arch: x() }, NoXen { host: x() },
        NoEmulation { host: x() }, PathNotAbsolute, DiskExists { host: x(), path: x() },
        DiskMissing { host: x(), path: x() }, DiskInUse { host: x(), path: x(), domain: x() },
        NoRoom { host: x(), folder: x(), asked_gib: 2.0, free_gib: 1.0 }, NoFolder { host: x(), folder: x() },
        KernelFolder { folder: x() }, NotWritable { host: x(), folder: x(), reason: x() },
        NoBridge { host: x(), bridge: x(), have: Vec::new() }, NoNetwork { host: x(), network: x(), have: Vec::new() },
        NetworkInactive { host: x(), network: x() }, BadMac(x()), MacInUse { host: x(), mac: x(), domain: x() },
        Source(SourceError::NotFound(x())), UnattendedLine { line: 9, problem: LineProblem::Empty },
        PreseedScheme { scheme: x() }, SeveralAnswers { named: vec![x(), x()] }, Host(x()),
    });
    all.extend(lines().into_iter().map(|problem| Reason::UnattendedLine { line: 9, problem }));
    all
}

fn displays() -> Vec<DisplayError> {
    let mut all = each!(DisplayError {
        None, Kind(x()), Sample, HostOnly { host: x(), listen: x() }, RemoteSocket { host: x(), socket: x() },
        NotListening, Security, Refused(x()), Size { width: 9, height: 9 }, NoAnswer(Mute::NoPort), Closed,
        Protocol(Nonsense::Said(x())),
    });
    let mutes = each!(Mute {
        NoPort, Silent { host: x(), port: 9 }, At { host: x(), port: 9, words: x() }, NoGreeting(9), NoInput(9), System(x()),
    });
    let nonsense = each!(Nonsense { Greeting(x()), Rectangle { width: 9, height: 9, bytes: 9 }, Said(x()) });
    all.extend(mutes.into_iter().map(DisplayError::NoAnswer));
    all.extend(nonsense.into_iter().map(DisplayError::Protocol));
    all
}

fn errors() -> Vec<Error> {
    let finding = |reason| Finding::block(Field::Name, reason);
    let file = || Left::File { path: x(), why: Box::new(Error::Fault) };
    let mut all = each!(Error {
        Uri { uri: x(), reason: Cause::Broken }, Unreachable { uri: x(), reason: x() }, Login { uri: x(), reason: x() },
        NoDaemon { uri: x(), reason: x() }, Denied { uri: x(), reason: x() }, Lost { uri: x() }, Busy { uri: x() },
        NoDomain(x()), NameTaken(x()), NotAllowed(Denial::Running), DomainXml(x()),
        Folder { folder: x(), problem: FolderProblem::Missing }, NoBootFolder, NotAbsolute(x()), Unsupported(x()),
        Refused(vec![finding(Reason::Zero)]), Cancelled, Source(SourceError::NotFound(x())), Display(DisplayError::None),
        File { path: X.into(), source: io::Error::other(X) }, Libvirt { code: 1, message: x() },
        LeftBehind { cause: Box::new(Error::Cancelled), left: vec![file()] }, Fault, Thread(io::Error::other(X)),
    });
    let left = each!(Left {
        Machine { name: x(), why: Box::new(Error::NoDomain(x())) }, File { path: x(), why: Box::new(Error::Fault) },
        At { host: x(), left: Box::new(file()) }, Saved { name: x(), host: x(), why: Box::new(Error::Fault) },
        Undecided { name: x(), here: x(), there: x(), why: Box::new(Error::Fault) }, Twin { name: x(), host: x() },
    });
    let denials = each!(Denial {
        Running,
        NotRunning,
        Paused,
        NotPaused,
        ResumeFirst,
        NoSave,
        RunFirst,
        Transient,
        MustBeOff,
        NoName,
        UnknownState,
    });
    let folders = each!(FolderProblem { Missing, NotFolder, Denied(x()), Kernels });
    all.push(Error::LeftBehind { cause: Box::new(Error::Fault), left });
    all.extend(denials.into_iter().map(Error::NotAllowed));
    all.extend(folders.into_iter().map(|problem| Error::Folder { folder: x(), problem }));
    all.extend(causes().into_iter().map(|reason| Error::Uri { uri: x(), reason }));
    all.extend(sources().into_iter().map(Error::Source));
    all.extend(reasons().into_iter().map(|reason| Error::Refused(vec![finding(reason)])));
    all.extend(displays().into_iter().map(Error::Display));
    all
}

/// Two English words of the text, one after the other; commands to type are none.
fn english(text: &str) -> Option<String> {
    let text = ["sudo systemctl enable", "sudo usermod"]
        .iter()
        .fold(text.to_owned(), |text, command| text.replace(command, ""));
    let is_word = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_lowercase() || c == '\'');
    let words: Vec<&str> = text.split(' ').collect();
    words.windows(2).find(|two| two.iter().all(is_word)).map(|two| two.join(" "))
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn an_english_sentence_is_seen() {
    assert_eq!(english("X9: nothing listens there"), Some("nothing listens".into()));
    assert_eq!(english("连接断开：sudo usermod -aG libvirt USER"), None);
}

#[test]
fn none_is_left_in_english() {
    let all = errors();
    for one in &all {
        assert_eq!(error(one).body, error(one).body.replace("{", ""), "a value was not filled in: {one:?}");
    }
    assert!(use_catalogue(include_str!("../../po/zh_CN.po")) > 300);
    let mut left = Vec::new();
    for one in &all {
        let said = error(one);
        let bad = english(&said.title).or_else(|| english(&said.body));
        // A file's error has its path and the system's words only.
        let quoted = matches!(one, Error::File { .. });
        if bad.is_some() || !is_chinese(&said.title) || !(quoted || is_chinese(&said.body)) {
            left.push(format!("{bad:?} in {}: {}", said.title, said.body));
        }
    }
    for kind in each!(FailKind { BadUri, Unreachable, Login, Denied, NoDaemon, Other }) {
        assert!(is_chinese(&failure_title(kind)) && english(&remedy(kind)).is_none(), "{kind:?}");
    }
    let causes = causes().into_iter().filter(|cause| !matches!(cause, Cause::Said(_)));
    left.extend(causes.map(|cause| super::cause(&cause)).filter(|words| !is_chinese(words)));
    assert!(left.is_empty(), "{} of {}:\n{}", left.len(), all.len(), left.join("\n"));
}
