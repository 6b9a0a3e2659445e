//! Cookies in both directions: what is written is read back as the same.

use wirenut::http::{CookieWriter, Cookies, SetCookie, ValueRule};

/// The bytes as the value of a Cookie field.
pub fn cookies(data: &[u8]) {
    let cookies: Vec<_> = Cookies::parse(data).into_iter().collect();
    let mut room = vec![0; data.len() * 2];
    let mut writer = CookieWriter::new(&mut room);
    let mut written = Vec::new();
    for cookie in &cookies {
        match cookie {
            Ok(cookie) => match writer.cookie(cookie.name, cookie.value) {
                Ok(_) => written.push(Ok(*cookie)),
                // Only a control, which no field holds, can be in it and not be written.
                Err(_) => assert!([cookie.name, cookie.value].concat().iter().any(u8::is_ascii_control)),
            },
            Err(error) => assert!(error.rule == ValueRule::InvalidCookiePair && error.offset < data.len()),
        }
    }
    assert_eq!(Cookies::parse(writer.finish()).into_iter().collect::<Vec<_>>(), written);
}

/// The bytes as the value of a Set-Cookie field.
pub fn set_cookie(data: &[u8]) {
    let cookie = match SetCookie::parse(data) {
        Ok(cookie) => cookie,
        Err(error) => {
            assert!(error.offset <= data.len(), "{error}");
            return;
        }
    };
    let mut room = vec![0; data.len() + 256];
    match cookie.write(&mut room) {
        Ok(text) => {
            assert_eq!(cookie.check(), Ok(()));
            assert_eq!(SetCookie::parse(text), Ok(cookie), "{}", text.escape_ascii());
            let length = text.len();
            let error = cookie.write(&mut room[..length - 1]).expect_err("no room");
            assert_eq!((error.rule, error.offset), (ValueRule::BufferTooShort, length - 1));
        }
        Err(error) => assert_eq!(cookie.check(), Err(error)),
    }
}
