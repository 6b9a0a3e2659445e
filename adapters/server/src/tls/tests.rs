use std::fs;
use std::io::Write as _;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

use super::*;

/// What takes so long is stuck.
const LONG: core::time::Duration = core::time::Duration::from_secs(30);

fn made() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// As the user wrote it, but for what would command a terminal.
#[test]
fn errors_show_paths_as_they_are() {
    let error = Tls::from_files("/nowhere/Bob's \"own\"\\\u{1b}[2J.pem", "/nowhere/a.key").unwrap_err().to_string();
    assert!(error.contains("/nowhere/Bob's \"own\"\\\\u{1b}[2J.pem: No such file"), "{error}");
}

#[test]
fn errors_say_which_file_and_what_to_do() {
    let (one, other) = (made(), made());
    let (certificate, key) = (one.cert.pem(), one.signing_key.serialize_pem());
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    let folder = std::env::temp_dir().join(format!("wirenut-tls-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let files = ["a.pem", "a.key"].map(|name| folder.join(name));
    for (pems, which, flaw, hint) in [
        (["", &key], 0, TlsFlaw::NoCertificate, "BEGIN CERTIFICATE"),
        ([&key, &certificate], 0, TlsFlaw::KeyInPlaceOfCertificate, "give the certificate first"),
        ([&certificate, ""], 1, TlsFlaw::NoKey, "BEGIN PRIVATE KEY"),
        ([&certificate, &certificate], 1, TlsFlaw::CertificateInPlaceOfKey, "private key"),
        ([&certificate, encrypted], 1, TlsFlaw::EncryptedKey, "openssl pkey"),
        ([&certificate, old], 1, TlsFlaw::EncryptedKey, "openssl pkey"),
        ([&certificate, &other.signing_key.serialize_pem()], 1, TlsFlaw::KeyMismatch, "not that of the certificate"),
        ([&certificate[..certificate.len() / 2], &key], 0, TlsFlaw::InvalidPem(String::new()), "valid PEM"),
    ] {
        for (file, pem) in files.iter().zip(pems) {
            File::create(file).unwrap().write_all(pem.as_bytes()).unwrap();
        }
        let error = Tls::from_files(&files[0], &files[1]).unwrap_err();
        assert_eq!(error.flaw(), &flaw, "{error}");
        let line = error.to_string();
        assert_eq!(error.path(), Some(files[which].as_path()), "{line}");
        assert!(line.contains(hint) && line.contains(files[which].to_str().unwrap()), "{line}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_without_an_end_is_not_read_to_its_end() {
    let made = made();
    let folder = std::env::temp_dir().join(format!("wirenut-tls-endless-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let [certificate, key, long] = ["a.pem", "a.key", "long"].map(|name| folder.join(name));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let device = Path::new("/dev/zero");
    // What stands around a certificate counts, and 1 MiB is allowed.
    let text = |length: u64| made.cert.pem() + &"#".repeat(length as usize - made.cert.pem().len());
    for (certificate, key, which) in
        [(device, &*key, Some(device)), (&certificate, device, Some(device)), (&long, &key, Some(&*long))]
    {
        fs::write(&long, text(MAX_FILE + 1)).unwrap();
        let error = Tls::from_files(certificate, key).unwrap_err();
        assert_eq!((error.flaw(), error.path()), (&TlsFlaw::FileTooLarge(0), which), "{error}");
        assert!(error.to_string().contains("more than 1048576 bytes"), "{error}");
    }
    fs::write(&long, text(MAX_FILE)).unwrap();
    Tls::from_files(&long, &key).unwrap();
    fs::remove_dir_all(&folder).unwrap();
}

/// What one process publishes, another one that was forked finds; here: another look at the same memory.
#[test]
fn what_is_published_is_found_once() {
    let published = Published::new().unwrap();
    assert!(published.newer_than(0).is_none());
    for (generation, length) in [(1, 0), (2, 7), (3, 8), (4, 4_000), (5, 64 * 1024 - 3)] {
        let certificates = vec![b'c'; length];
        assert_eq!(published.publish(&certificates, b"key").unwrap(), generation);
        assert_eq!(published.newer_than(generation - 1), Some((generation, certificates, b"key".to_vec())));
        assert!(published.newer_than(generation).is_none());
    }
    let error = published.publish(&[0; 64 * 1024], b"k").unwrap_err();
    assert_eq!(error.flaw(), &TlsFlaw::TooLarge(0));
}

/// To open a pipe for reading waits for a writer, and nobody comes.
#[test]
fn a_reload_waits_for_no_pipe() {
    let folder = std::env::temp_dir().join(format!("wirenut-tls-pipe-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let files = ["a.pem", "a.key"].map(|name| folder.join(name));
    let made = made();
    let pems = [made.cert.pem(), made.signing_key.serialize_pem()];
    for file in &files {
        files.iter().zip(&pems).for_each(|(file, pem)| fs::write(file, pem).unwrap());
        let tls = Tls::from_files(&files[0], &files[1]).unwrap();
        let before = tls.config(true);
        fs::remove_file(file).unwrap();
        assert!(Command::new("mkfifo").arg(file).status().unwrap().success());
        let (report, reported) = mpsc::channel();
        let reloading = tls.clone();
        thread::spawn(move || report.send(reloading.reload()));
        let error = reported.recv_timeout(LONG).expect("it waits").unwrap_err();
        assert_eq!((error.path(), error.to_string().contains("it is a pipe")), (Some(&**file), true), "{error}");
        assert!(Arc::ptr_eq(&before, &tls.config(true)));
        fs::remove_file(file).unwrap();
    }
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_reload_that_fails_changes_nothing() {
    let folder = std::env::temp_dir().join(format!("wirenut-tls-reload-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let files = ["a.pem", "a.key"].map(|name| folder.join(name));
    let write = |made: &CertifiedKey<KeyPair>| {
        fs::write(&files[0], made.cert.pem()).unwrap();
        fs::write(&files[1], made.signing_key.serialize_pem()).unwrap();
    };
    write(&made());
    let tls = Tls::from_files(&files[0], &files[1]).unwrap();
    let before = tls.config(true);
    fs::write(&files[1], "nothing").unwrap();
    assert_eq!(tls.reload().unwrap_err().flaw(), &TlsFlaw::NoKey);
    assert!(Arc::ptr_eq(&before, &tls.config(true)));
    write(&made());
    tls.reload().unwrap();
    assert!(!Arc::ptr_eq(&before, &tls.config(true)));
    assert!(Arc::ptr_eq(&tls.config(true), &tls.config(true)));
    fs::remove_dir_all(&folder).unwrap();
}
