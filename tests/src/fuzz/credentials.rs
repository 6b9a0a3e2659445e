//! Credentials and challenges: what is written is read back as the same, and base64 is what others take it for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wirenut::http::{
    Authentication, AuthenticationWriter, BasicCredentials, BearerToken, Challenges, constant_time_eq,
};

/// The bytes as the value of Authorization, of WWW-Authenticate, and as a secret.
pub fn credentials(data: &[u8]) {
    for challenge in Challenges::parse(data) {
        match challenge {
            Ok(challenge) => written(&challenge),
            Err(error) => assert!(error.offset <= data.len(), "{error}"),
        }
    }
    match Authentication::parse(data) {
        Ok(read) => {
            written(&read);
            let first = Challenges::parse(data).next().expect("it is one");
            assert_eq!(first, Ok(read), "{}", data.escape_ascii());
        }
        Err(error) => assert!(error.offset <= data.len(), "{error}"),
    }
    basic(data);
    if let Ok(token) = BearerToken::parse(data) {
        let mut room = vec![0; data.len() + 8];
        let text = token.write(&mut room).expect("room");
        assert!(BearerToken::parse(text).is_ok_and(|again| again.is(token.as_str())));
    }
    let other: Vec<u8> = data.iter().rev().copied().collect();
    assert!(constant_time_eq(data, data) && constant_time_eq(data, &other) == (data == other));
}

fn written(read: &Authentication<'_>) {
    if let Some(token) = read.token68() {
        let text = format!("{} {token}", read.scheme());
        assert_eq!(Authentication::parse(text.as_bytes()), Ok(*read));
        return;
    }
    let mut room = vec![0; 1 << 13];
    let mut writer = AuthenticationWriter::new(&mut room, read.scheme()).expect("it was read");
    for parameter in read.parameters() {
        let value: Vec<u8> = parameter.value.bytes().collect();
        writer.parameter(parameter.name, value).expect("it was read");
    }
    assert_eq!(Authentication::parse(writer.finish()), Ok(*read));
}

fn basic(data: &[u8]) {
    let mut room = vec![0; data.len()];
    let ours = BasicCredentials::parse(data, &mut room);
    let token = Authentication::parse(data).ok().filter(|read| read.is_scheme("Basic")).and_then(|read| read.token68());
    let theirs = token.and_then(|token| STANDARD.decode(token).ok());
    match (&ours, &theirs) {
        (Ok(ours), Some(theirs)) => {
            assert_eq!([ours.user, b":", ours.password].concat(), *theirs);
            assert!(ours.is(ours.user, ours.password));
            let mut room = vec![0; data.len() + 8];
            let text = ours.write(&mut room).expect("room");
            assert_eq!(text, format!("Basic {}", STANDARD.encode(theirs)).as_bytes());
        }
        (Ok(_), None) => panic!("only we decode {}", data.escape_ascii()),
        (Err(_), Some(theirs)) => {
            assert!(!theirs.contains(&b':') || theirs.iter().any(u8::is_ascii_control), "{}", data.escape_ascii());
        }
        (Err(_), None) => {}
    }
    // Any bytes, cut in two.
    let (user, password) = data.split_at(data.len() / 2);
    let mut text = vec![0; data.len() * 2 + 16];
    if let Ok(text) = (BasicCredentials { user, password }).write(&mut text) {
        let again = BasicCredentials::parse(text, &mut room).err().map(|error| error.rule);
        // One byte more than there are: the colon.
        let mut room = vec![0; data.len() + 1];
        assert!(again.is_some() || data.is_empty());
        assert!(BasicCredentials::parse(text, &mut room).is_ok_and(|again| again.is(user, password)));
    }
}
