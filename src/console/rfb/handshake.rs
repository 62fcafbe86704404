//! The greeting: protocol versions 3.3, 3.7 and 3.8, the login, and the screen's size (RFC 6143, sections 7.1 to 7.3).
use des::Des;
use des::cipher::{BlockCipherEncrypt, KeyInit};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::console::rfb::input::{Input, failed};
use crate::console::rfb::said;
use crate::console::{DisplayError, Nonsense};
use crate::secret::Secret;

/// Security types (RFC 6143, section 7.2).
const NONE: u8 = 1;
const VNC_AUTH: u8 = 2;
/// The most bytes of a server's reason that are told, and the longest name of a desktop that is believed.
const MOST_WORDS: usize = 4096;
const LONGEST_NAME: u32 = 1 << 20;
/// How QEMU's names begin: "QEMU" or "QEMU (machine)".
const QEMU: &[u8] = b"QEMU";

/// What came of it.
#[derive(Debug, PartialEq)]
pub(super) enum Greeted {
    /// The screen's size in pixels.
    Screen {
        width: u32,
        height: u32,
        /// By the desktop's name.
        is_qemu: bool,
    },
    PasswordWanted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Version {
    V3_3,
    V3_7,
    V3_8,
}

/// Greets the server and logs in; the connection is shared with others. Errors are those of a display that does not
/// speak RFB ([`Nonsense::Greeting`]), wants another login ([`DisplayError::Security`]), or says why it doesn't want us
/// ([`DisplayError::Refused`]).
pub(super) async fn greet<R, W>(
    input: &mut Input<R>,
    output: &mut W,
    password: Option<&Secret>,
) -> Result<Greeted, DisplayError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let (version, ours) = version(&input.take().await?)?;
    send(output, ours).await?;
    let kind = match version {
        Version::V3_3 => demanded(input).await?,
        Version::V3_7 | Version::V3_8 => {
            let kind = offered(input).await?;
            if kind != VNC_AUTH || password.is_some() {
                send(output, &[kind]).await?;
            }
            kind
        }
    };
    if kind == VNC_AUTH {
        let Some(password) = password else { return Ok(Greeted::PasswordWanted) };
        let challenge = input.take().await?;
        send(output, &response(password, challenge)).await?;
    }
    // Without a login, only 3.8 says how it went.
    if kind == VNC_AUTH || version == Version::V3_8 {
        match input.u32().await? {
            0 => {}
            1 if kind == VNC_AUTH => return Ok(Greeted::PasswordWanted),
            _ if version == Version::V3_8 => return Err(DisplayError::Refused(reason(input).await?)),
            result => return Err(DisplayError::Refused(format!("security result {result}"))),
        }
    }
    send(output, &[1]).await?;
    let [width, height] = [input.u16().await?, input.u16().await?];
    // Its pixel format is of no interest: ours is set.
    input.skip(16).await?;
    let name = input.u32().await?;
    if name > LONGEST_NAME {
        return Err(said(format!("a desktop's name of {name} bytes")));
    }
    let mut beginning = vec![];
    input.read(QEMU.len().min(name as usize), &mut beginning).await?;
    input.skip(name as usize - beginning.len()).await?;
    Ok(Greeted::Screen { width: width.into(), height: height.into(), is_qemu: beginning == QEMU })
}

/// The version to speak and how we say it. Odd ones (3.5, 3.889, 4.1, 5.0) are taken for the known one below them.
fn version(greeting: &[u8; 12]) -> Result<(Version, &'static [u8; 12]), DisplayError> {
    let nonsense = || {
        let said = String::from_utf8_lossy(greeting).trim_end().to_owned();
        DisplayError::Protocol(Nonsense::Greeting(said))
    };
    let number = |digits: &[u8]| {
        let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
        std::str::from_utf8(digits).ok()?.parse::<u16>().ok()
    };
    let [b'R', b'F', b'B', b' ', major @ .., _] = greeting else { return Err(nonsense()) };
    let (major, minor) = major.split_at(3);
    match (number(major), minor.strip_prefix(b".").and_then(number)) {
        (Some(3), Some(3..=6)) => Ok((Version::V3_3, b"RFB 003.003\n")),
        (Some(3), Some(7)) => Ok((Version::V3_7, b"RFB 003.007\n")),
        (Some(3), Some(8..)) | (Some(4..), Some(_)) => Ok((Version::V3_8, b"RFB 003.008\n")),
        _ => Err(nonsense()),
    }
}

/// 3.3: the server decides.
async fn demanded<R: AsyncRead + Unpin>(input: &mut Input<R>) -> Result<u8, DisplayError> {
    match input.u32().await? {
        0 => Err(DisplayError::Refused(reason(input).await?)),
        1 => Ok(NONE),
        2 => Ok(VNC_AUTH),
        _ => Err(DisplayError::Security),
    }
}

/// 3.7 and 3.8: we choose; a display that needs no login is asked for none.
async fn offered<R: AsyncRead + Unpin>(input: &mut Input<R>) -> Result<u8, DisplayError> {
    let mut kinds = vec![];
    match input.u8().await? {
        0 => return Err(DisplayError::Refused(reason(input).await?)),
        count => input.read(count.into(), &mut kinds).await?,
    }
    [NONE, VNC_AUTH].into_iter().find(|kind| kinds.contains(kind)).ok_or(DisplayError::Security)
}

/// A length and words, of which the beginning is enough.
async fn reason<R: AsyncRead + Unpin>(input: &mut Input<R>) -> Result<String, DisplayError> {
    let length = input.u32().await?;
    let mut words = vec![];
    input.read(MOST_WORDS.min(length as usize), &mut words).await?;
    Ok(String::from_utf8_lossy(&words).trim_end().to_owned())
}

/// VNC Authentication (RFC 6143, section 7.2.2): the challenge's two halves, encrypted by DES with the password's first
/// eight bytes as the key. Servers take each byte of the key from its lowest bit on.
fn response(password: &Secret, challenge: [u8; 16]) -> [u8; 16] {
    let mut key = [0; 8];
    for (to, from) in key.iter_mut().zip(password.expose().bytes()) {
        *to = from.reverse_bits();
    }
    let cipher = Des::new(&key.into());
    let mut answer = challenge;
    for half in answer.as_chunks_mut::<8>().0 {
        let mut block = (*half).into();
        cipher.encrypt_block(&mut block);
        *half = block.into();
    }
    answer
}

async fn send<W: AsyncWrite + Unpin>(output: &mut W, bytes: &[u8]) -> Result<(), DisplayError> {
    output.write_all(bytes).await.map_err(|e| failed(&e))?;
    output.flush().await.map_err(|e| failed(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INIT: [u8; 28] =
        [0, 20, 0, 10, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0, 0, 0, 0, 4, b't', b'e', b's', b't'];

    /// What the client makes of a server's bytes, and what it sent.
    fn greet_with(server: &[&[u8]], password: Option<&str>) -> (Result<Greeted, DisplayError>, Vec<u8>) {
        let server = server.concat();
        let password = password.map(Secret::new);
        let mut sent = vec![];
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let result = runtime.block_on(greet(&mut Input::new(&*server), &mut sent, password.as_ref()));
        (result, sent)
    }

    const SCREEN: Greeted = Greeted::Screen { width: 20, height: 10, is_qemu: false };

    #[test]
    fn qemu_is_known_by_its_name() {
        for (name, want) in [("QEMU", true), ("QEMU (vm1)", true), ("QEM", false), ("", false), ("my QEMU", false)] {
            let init = [&INIT[..20], &(name.len() as u32).to_be_bytes(), name.as_bytes()].concat();
            let greeted = greet_with(&[b"RFB 003.008\n", &[1, 1], &[0; 4], &init], None).0;
            assert_eq!(greeted, Ok(Greeted::Screen { width: 20, height: 10, is_qemu: want }), "{name}");
        }
    }

    #[test]
    fn three_versions_without_a_login() {
        let v33 = greet_with(&[b"RFB 003.003\n", &[0, 0, 0, 1], &INIT], None);
        assert_eq!(v33, (Ok(SCREEN), b"RFB 003.003\n\x01".to_vec()));
        let v37 = greet_with(&[b"RFB 003.007\n", &[2, 2, 1], &INIT], None);
        assert_eq!(v37, (Ok(SCREEN), b"RFB 003.007\n\x01\x01".to_vec()));
        let v38 = greet_with(&[b"RFB 003.008\n", &[2, 16, 1], &[0; 4], &INIT], None);
        assert_eq!(v38, (Ok(SCREEN), b"RFB 003.008\n\x01\x01".to_vec()));
        for odd in [b"RFB 003.889\n", b"RFB 004.001\n", b"RFB 005.000\n"] {
            assert_eq!(greet_with(&[odd, &[1, 1], &[0; 4], &INIT], None).0, Ok(SCREEN));
        }
        assert_eq!(greet_with(&[b"RFB 003.005\n", &[0, 0, 0, 1], &INIT], None).0, Ok(SCREEN));
    }

    #[test]
    fn the_password_is_asked_for_when_it_is_missing_or_wrong() {
        let challenge = [0x5a; 16];
        for (version, kinds) in [(b"RFB 003.003\n", &[0, 0, 0, 2][..]), (b"RFB 003.007\n", &[1, 2])] {
            let without = greet_with(&[version, kinds], None);
            assert_eq!(without, (Ok(Greeted::PasswordWanted), version.to_vec()));
            let wrong = greet_with(&[version, kinds, &challenge, &[0, 0, 0, 1]], Some("x"));
            assert_eq!(wrong.0, Ok(Greeted::PasswordWanted));
            let right = greet_with(&[version, kinds, &challenge, &[0; 4], &INIT], Some("x"));
            assert_eq!(right.0, Ok(SCREEN));
        }
        let wrong = greet_with(&[b"RFB 003.008\n", &[1, 2], &challenge, &[0, 0, 0, 1, 0, 0, 0, 2], b"no"], Some("x"));
        assert_eq!(wrong.0, Ok(Greeted::PasswordWanted));
    }

    #[test]
    fn a_password_s_answer_is_that_of_the_field() {
        // By `openssl enc -des-ede3 -nopad -K` with the key three times: "password", each byte's bits turned round.
        let known = [0x56, 0x45, 0xab, 0xeb, 0x5f, 0x1e, 0x64, 0x75, 0xe8, 0xfe, 0xb1, 0x1b, 0xeb, 0x66, 0xea, 0x19];
        assert_eq!(response(&Secret::new("password"), *b"0123456789abcdef"), known);
        let long = response(&Secret::new("12345678"), [7; 16]);
        assert_eq!(response(&Secret::new("123456789"), [7; 16]), long, "eight bytes count");
        assert_ne!(response(&Secret::new("1234567"), [7; 16]), long);
    }

    #[test]
    fn a_refusal_comes_in_the_server_s_words() {
        let words = |text: &[u8]| [&(text.len() as u32).to_be_bytes(), text].concat();
        let refused = |text: &str| Err(DisplayError::Refused(text.into()));
        let no = words(b"too many\n");
        assert_eq!(greet_with(&[b"RFB 003.003\n", &[0; 4], &no], None).0, refused("too many"));
        assert_eq!(greet_with(&[b"RFB 003.008\n", &[0], &no], None).0, refused("too many"));
        assert_eq!(greet_with(&[b"RFB 003.008\n", &[1, 1, 0, 0, 0, 1], &no], None).0, refused("too many"));
        let endless = [&[255; 4][..], &[b'a'; 10_000]].concat();
        assert_eq!(greet_with(&[b"RFB 003.008\n", &[0], &endless], None).0, refused(&"a".repeat(MOST_WORDS)));
    }

    #[test]
    fn other_logins_and_other_protocols_are_named() {
        assert_eq!(greet_with(&[b"RFB 003.008\n", &[2, 19, 16]], None).0, Err(DisplayError::Security));
        assert_eq!(greet_with(&[b"RFB 003.003\n", &[0, 0, 0, 30]], None).0, Err(DisplayError::Security));
        for nonsense in ["HTTP/1.1 400", "RFB 00x.008\n", "RFB 003,008\n", "RFB 002.000\n", "RFB +03.+08\n"] {
            let greeting = DisplayError::Protocol(Nonsense::Greeting(nonsense.trim_end().into()));
            assert_eq!(greet_with(&[nonsense.as_bytes()], None).0, Err(greeting));
        }
        assert_eq!(greet_with(&[b"SSH-2.0"], None).0, Err(DisplayError::Closed));
        let name = [&INIT[..20], &[255; 4]].concat();
        let giant = greet_with(&[b"RFB 003.008\n", &[1, 1], &[0; 4], &name], None);
        assert!(matches!(giant.0, Err(DisplayError::Protocol(_))), "{giant:?}");
    }
}
