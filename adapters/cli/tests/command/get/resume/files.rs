//! Which files are continued, which are begun anew, and which stay as they are.

use std::fs;
use std::path::Path;

use super::super::names;
use super::super::server::{Reply, Server};
use super::{Changing, NEXT, Ranges, Resource, STRONG, get, resource};

#[test]
fn a_finished_file_is_no_error_and_stays_unless_it_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let changing = Changing::new(resource(b'a', STRONG));
    let url = changing.server.url("/file");
    for (name, resource, requests) in [
        ("first", resource(b'a', STRONG), 1),
        ("finished", resource(b'a', STRONG), 1),
        ("longer now", Resource { length: 12, ..resource(b'b', NEXT) }, 2),
        ("shorter now", Resource { length: 5, ..resource(b'c', STRONG) }, 2),
        ("without ranges", resource(b'd', "").with(Ranges::Ignored), 1),
    ] {
        changing.set(resource);
        let before = changing.server.asked().len();
        assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]), (Some(0), String::new()), "{name}");
        assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource.content(), "{name}");
        assert_eq!(changing.server.asked().len() - before, requests, "{name}");
        assert_eq!(names(folder.path()), ["file"], "{name}");
    }
    // By -O, a file of another version is not replaced.
    let found = get(folder.path(), &["-C", "-", "-O", &url]);
    assert_eq!(found.0, Some(23), "{found:?}");
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource(b'd', "").content());
}

/// Nothing is put beside a device, and a link stays one.
#[test]
fn what_is_no_file_is_written_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let changing = Changing::new(resource(b'a', STRONG));
    let url = changing.server.url("/file");
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "/dev/null", &url]), (Some(0), String::new()));
    assert!(!Path::new("/dev/null.part").exists());
    fs::write(folder.path().join("file"), "old").unwrap();
    std::os::unix::fs::symlink("file", folder.path().join("link")).unwrap();
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "link", &url]).0, Some(0));
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource(b'a', STRONG).content());
    assert!(folder.path().join("link").symlink_metadata().unwrap().is_symlink());
    assert_eq!(names(folder.path()), ["file", "link"]);
}

/// All was received, but the file had not got its name yet.
#[test]
fn what_is_whole_but_has_no_name_is_asked_for_once() {
    let folder = tempfile::tempdir().unwrap();
    let changing = Changing::new(resource(b'a', STRONG));
    let url = changing.server.url("/file");
    changing.cut(9);
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]).0, Some(18));
    fs::write(folder.path().join("file.part"), resource(b'a', STRONG).content()).unwrap();
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &url]).0, Some(0));
    assert_eq!(changing.ranges().last().unwrap().as_deref(), Some("bytes=10-"));
    assert_eq!(fs::read(folder.path().join("file")).unwrap(), resource(b'a', STRONG).content());
}

#[test]
fn a_file_of_another_url_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let changing = Changing::new(resource(b'a', STRONG));
    changing.cut(4);
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &changing.server.url("/one")]).0, Some(18));
    assert_eq!(get(folder.path(), &["-C", "-", "-o", "file", &changing.server.url("/two")]).0, Some(0));
    assert_eq!(changing.ranges(), [None, None]);
    // Two runs at a time do not write to the same file.
    let held = fs::File::create(folder.path().join("other.part")).unwrap();
    held.try_lock().unwrap();
    let found = get(folder.path(), &["-C", "-", "-o", "other", &changing.server.url("/two")]);
    assert!(found.0 == Some(23) && found.1.contains("another process"), "{found:?}");
}

#[test]
fn a_part_that_nobody_asked_for_gets_no_name() {
    let server = Server::new(|_| Reply::new("206 Partial Content", "Content-Range: bytes 0-4/10\r\n", "01234"));
    let folder = tempfile::tempdir().unwrap();
    let (status, errors) = get(folder.path(), &["-o", "file", &server.url("/")]);
    assert_eq!((status, names(folder.path()).len()), (Some(22), 0), "{errors}");
    let (status, errors) = get(folder.path(), &["-r", "0-4", "-o", "file", &server.url("/")]);
    assert_eq!((status, names(folder.path()).len()), (Some(0), 1), "{errors}");
}

#[test]
fn what_sends_content_is_not_continued() {
    for option in ["--data", "--data-raw", "--data-binary", "--data-urlencode", "--json"] {
        let (status, errors) = get(Path::new("."), &["-C", "-", "-o", "file", option, "{}", "http://127.0.0.1:1/"]);
        assert_eq!(status, Some(2), "{option}: {errors}");
    }
}
