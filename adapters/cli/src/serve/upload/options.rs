//! The command line of uploads.

use clap::Args;

/// What clients may write.
#[derive(Debug, Args)]
#[command(next_help_heading = "Uploads")]
pub struct UploadOptions {
    /// Let clients write files: by PUT ('curl -T FILE URL/'), and by a form on the lists of directories. A file that is there
    /// is replaced once the new one is whole. Whoever may write also decides what others see here: use it with --auth
    #[arg(long)]
    pub upload: bool,
    /// The longest upload, in bytes, or with K, M, G or T behind it (1024 each): of a form, all of its files together
    #[arg(long, value_name = "SIZE", default_value = "1G", requires = "upload", value_parser = size)]
    pub upload_limit: u64,
}

/// Reads a number of bytes.
fn size(text: &str) -> Result<u64, &'static str> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K' | b'k') => (&text[..text.len() - 1], 10),
        Some(b'M' | b'm') => (&text[..text.len() - 1], 20),
        Some(b'G' | b'g') => (&text[..text.len() - 1], 30),
        Some(b'T' | b't') => (&text[..text.len() - 1], 40),
        _ => (text, 0),
    };
    let number = digits.parse::<u64>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let size = number.and_then(|number| number.checked_mul(1 << shift)).filter(|size| (1..=1 << 50).contains(size));
    size.ok_or("expected a size, such as 500M or 2G")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_or_powers_of_1024() {
        for (text, expected) in [
            ("1", Some(1)),
            ("500M", Some(500 << 20)),
            ("2g", Some(2 << 30)),
            ("1024T", Some(1 << 50)),
            ("0", None),
            ("", None),
            ("G", None),
            ("+1G", None),
            ("1.5G", None),
            ("1025T", None),
            ("18446744073709551615T", None),
            ("1 G", None),
            ("1\u{fc}", None),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
    }
}
