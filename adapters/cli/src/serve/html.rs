//! What all pages made here have in common: their look, what a browser may do with them, and how text gets into them.

use core::fmt::Write;

use super::sha256;

/// The style sheet, which stands in each page: it needs nothing else to be loaded.
const STYLE: &str = include_str!("style.css");

const BEFORE_DIGEST: &[u8] = b"default-src 'none'; style-src 'sha256-";
const AFTER_DIGEST: &[u8] = b"'; base-uri 'none'; form-action '";
const NO_FORMS: &[u8] = b"none'";
const OWN_FORMS: &[u8] = b"self'";
const POLICY_LENGTH: usize = BEFORE_DIGEST.len() + 44 + AFTER_DIGEST.len() + NO_FORMS.len();

/// The Content-Security-Policy of these pages: they run nothing, load nothing and send nothing, and have no other style
/// than [the one that stands in them](top), whatever the names in them are.
pub(super) const CONTENT_SECURITY_POLICY: &str = text(&POLICIES[0]);

/// The same of pages with a form, which is sent to this server only.
pub(super) const FORM_POLICY: &str = text(&POLICIES[1]);

const POLICIES: [[u8; POLICY_LENGTH]; 2] = [policy(NO_FORMS), policy(OWN_FORMS)];

const fn text(policy: &'static [u8]) -> &'static str {
    match str::from_utf8(policy) {
        Ok(policy) => policy,
        Err(_) => panic!("ASCII"),
    }
}

const fn policy(forms: &[u8]) -> [u8; POLICY_LENGTH] {
    let mut policy = [0; POLICY_LENGTH];
    let digest = sha256::base64(sha256::digest(STYLE.as_bytes()));
    let (before, rest) = policy.split_at_mut(BEFORE_DIGEST.len());
    let (middle, rest) = rest.split_at_mut(digest.len());
    let (after, end) = rest.split_at_mut(AFTER_DIGEST.len());
    before.copy_from_slice(BEFORE_DIGEST);
    middle.copy_from_slice(&digest);
    after.copy_from_slice(AFTER_DIGEST);
    end.copy_from_slice(forms);
    policy
}

/// Appends what stands before the content of a page. The title is HTML.
pub(super) fn top(title: &str, page: &mut impl Write) {
    put(
        page,
        format_args!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>\n\
             <style>{STYLE}</style></head>\n<body><main>\n"
        ),
    );
}

/// What stands behind the content of a page.
pub(super) const BOTTOM: &str = "</main></body></html>\n";

/// Appends to what takes anything, as a `String` does.
pub(super) fn put(page: &mut impl Write, text: core::fmt::Arguments<'_>) {
    let _ = page.write_fmt(text);
}

/// Appends bytes as text of HTML, and of an attribute in quotes. What is not UTF-8 is shown as such.
pub(super) fn escape(bytes: &[u8], page: &mut impl Write) {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = &*text;
    while let Some((at, escaped)) = rest.char_indices().find_map(|(at, sign)| Some((at, in_html(sign)?))) {
        let (plain, special) = rest.split_at(at);
        let mut signs = special.chars();
        signs.next();
        rest = signs.as_str();
        put(page, format_args!("{plain}{escaped}"));
    }
    put(page, format_args!("{rest}"));
}

/// What is written for a character. `None`: itself.
const fn in_html(sign: char) -> Option<&'static str> {
    match sign {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        '\'' => Some("&#39;"),
        // A line break in a name would look like none, and a name that turns the direction of the text would end in
        // what is not its extension.
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => Some("\u{fffd}"),
        // No characters, says Unicode, and no text of HTML, says HTML.
        '\u{fdd0}'..='\u{fdef}' => Some("\u{fffd}"),
        sign if sign as u32 & 0xfffe == 0xfffe => Some("\u{fffd}"),
        sign if is_bidirectional_control(sign) => Some("\u{fffd}"),
        _ => None,
    }
}

/// Whether it has the Unicode property Bidi_Control.
const fn is_bidirectional_control(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for (bytes, expected) in [
            (&b""[..], ""),
            (b"a b.txt", "a b.txt"),
            (b"<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
            (b"\" onclick=\"", "&quot; onclick=&quot;"),
            (b"&amp;&#60;", "&amp;amp;&amp;#60;"),
            (b"</title><style>", "&lt;/title&gt;&lt;style&gt;"),
            (b"a\r\n\t\x1b[2J\x7f", "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}[2J\u{fffd}"),
            (b"\xff\xc3\xe2\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            ("日本語 ü 🎉".as_bytes(), "日本語 ü 🎉"),
            ("\u{202e}\u{2066}\u{61c}\u{85}".as_bytes(), "\u{fffd}\u{fffd}\u{fffd}\u{fffd}"),
            ("\u{fdd0}\u{ffff}\u{1fffe}\u{fffc}".as_bytes(), "\u{fffd}\u{fffd}\u{fffd}\u{fffc}"),
        ] {
            let mut text = String::new();
            escape(bytes, &mut text);
            assert_eq!(text, expected, "{}", bytes.escape_ascii());
        }
    }

    /// It must not end its element, nor be changed by a browser before it is hashed.
    #[test]
    fn the_style_sheet_can_stand_in_a_page() {
        assert!(STYLE.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) && !STYLE.contains("</"));
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"), "nothing else is loaded");
        assert!(CONTENT_SECURITY_POLICY.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(CONTENT_SECURITY_POLICY.ends_with("; base-uri 'none'; form-action 'none'"));
        assert_eq!(FORM_POLICY, CONTENT_SECURITY_POLICY.replace("form-action 'none'", "form-action 'self'"));
    }
}
