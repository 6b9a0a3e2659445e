//! `nothing`, and a server's cookies: one is looked up, and one is set.
#![no_std]
#![no_main]

use wirenut::http::{Cookies, SameSite, SetCookie};
use wirenut_size_probes::{BUFFER, receive, send};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    const SESSION: SetCookie<'static> =
        SetCookie::new("session", "").with_path("/").secure().http_only().with_same_site(SameSite::Lax);
    let (mut buffer, mut out) = ([0; BUFFER], [0; BUFFER]);
    loop {
        let length = receive(&mut buffer);
        let session = Cookies::parse(buffer.get(..length).unwrap_or(&[])).get("session").unwrap_or(b"");
        let session = str::from_utf8(session).unwrap_or("");
        send(SESSION.with_value(session).with_max_age(3_600).write(&mut out).unwrap_or(&[]));
    }
}
