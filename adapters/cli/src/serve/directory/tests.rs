//! What is opened beneath a directory, and what is not.

use super::*;
use rustix::fs::{CWD, mknodat};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use tempfile::TempDir;

/// A directory to serve in `root/`, and beside it what must never be served.
fn tree() -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    let at = |name: &str| tree.path().join(name);
    fs::create_dir_all(at("root/dir/deep")).unwrap();
    fs::create_dir(at("outside")).unwrap();
    fs::write(at("outside/secret"), "secret").unwrap();
    fs::write(at("root/file"), "file").unwrap();
    fs::write(at("root/empty"), "").unwrap();
    fs::write(at("root/dir/file"), "inside").unwrap();
    fs::write(at("root/dir/deep/a b"), "deep").unwrap();
    for (target, link) in [
        ("file", "to-file"),
        ("dir", "to-dir"),
        ("../file", "dir/up-but-inside"),
        ("../outside/secret", "out"),
        ("../outside", "out-dir"),
        ("../../outside/secret", "dir/out"),
        ("/etc/passwd", "out-absolute"),
        ("../root/file", "out-and-back"),
        ("missing", "dangling"),
        ("loop", "loop"),
        ("there", "round"),
        ("round", "there"),
    ] {
        symlink(target, at("root").join(link)).unwrap();
    }
    symlink(at("root/file"), at("root/absolute-but-inside")).unwrap();
    mknodat(CWD, at("root/fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    UnixListener::bind(at("root/socket")).unwrap();
    tree
}

/// As this kernel allows, and as if it had no `openat2`.
fn roots(path: &Path) -> [Directory; 2] {
    let open = || Directory::open(path).unwrap();
    [open(), Directory { walk: Walk::Segments, cache: Cache::Untrusted, ..open() }]
}

/// Looks the target up in every way there is.
fn check(roots: &[Directory], target: &str, by_kernel: &str, by_segments: &str) {
    let path = path(target);
    for root in roots {
        let expected = if root.walk == Walk::Kernel { by_kernel } else { by_segments };
        assert_eq!(describe(root.look_up(&path)), expected, "{target}, {:?}", root.walk);
        // Whatever was just opened is in memory, but the kernel may be too old to say so.
        if let Some(cached) = root.look_up_cached(&path) {
            assert_eq!(root.cache, Cache::Trusted);
            assert_eq!(describe(cached), expected, "{target}, cached");
        }
    }
}

fn path(target: &str) -> RelativePath {
    RelativePath::parse(target.as_bytes()).unwrap()
}

/// The entry as a text: the content of a file, `directory/`, or the error.
fn describe(found: Result<Entry, OpenError>) -> String {
    match found {
        Ok(Entry::File(OpenFile { file, length, .. })) => {
            let content = io::read_to_string(file).unwrap();
            assert_eq!(content.len() as u64, length);
            content
        }
        Ok(Entry::Directory) => "directory/".into(),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn nothing_outside_is_opened() {
    let tree = tree();
    let roots = roots(&tree.path().join("root"));
    let overlong = format!("/{}", "a".repeat(300));
    // The target; what it is where the kernel walks; what it is where we walk, if that differs.
    for (target, expected, without_openat2) in [
        ("/", "directory/", None),
        ("/file", "file", None),
        ("/empty", "", None),
        ("/file/", "NotFound", None),
        ("/file/x", "NotFound", None),
        ("/missing", "NotFound", None),
        ("/missing/x", "NotFound", None),
        ("/dir", "directory/", None),
        ("/dir/", "directory/", None),
        ("/dir/file", "inside", None),
        ("/dir//./file", "inside", None),
        ("/dir/deep/a%20b", "deep", None),
        ("/to-file", "file", Some("Link")),
        ("/to-dir/file", "inside", Some("NotFound")),
        ("/to-dir/", "directory/", Some("Link")),
        ("/dir/up-but-inside", "file", Some("Link")),
        ("/out", "Outside", Some("Link")),
        ("/out-dir", "Outside", Some("Link")),
        ("/out-dir/secret", "Outside", Some("NotFound")),
        ("/dir/out", "Outside", Some("Link")),
        ("/to-dir/out", "Outside", Some("NotFound")),
        ("/out-absolute", "Outside", Some("Link")),
        ("/out-and-back", "Outside", Some("Link")),
        ("/absolute-but-inside", "Outside", Some("Link")),
        ("/dangling", "NotFound", Some("Link")),
        ("/loop", "Loop", Some("Link")),
        ("/loop/x", "Loop", Some("NotFound")),
        ("/round", "Loop", Some("Link")),
        ("/fifo", "Special", None),
        ("/fifo/", "Special", None),
        ("/socket", "Special", None),
        (&overlong, "NotFound", None),
    ] {
        check(&roots, target, expected, without_openat2.unwrap_or(expected));
    }
}

#[test]
fn devices_and_magic_links_are_refused() {
    for (root, target, by_kernel, by_segments) in [
        ("/dev", "/null", "Special", "Special"),
        ("/proc/self", "/exe", "Outside", "Link"),
        ("/proc/self", "/root/etc/passwd", "Outside", "NotFound"),
        ("/proc/self", "/fd/0", "Outside", "Link"),
    ] {
        check(&roots(Path::new(root)), target, by_kernel, by_segments);
    }
}

#[test]
fn root_stays_the_same_directory_when_renamed() {
    let tree = tree();
    let root = Directory::open(&tree.path().join("root")).unwrap();
    fs::rename(tree.path().join("root"), tree.path().join("moved")).unwrap();
    assert_eq!(describe(root.look_up(&path("/file"))), "file");
}

#[test]
fn untrusted_file_systems_are_left_to_the_pool() {
    let tree = tree();
    let mut root = Directory::open(&tree.path().join("root")).unwrap();
    root.cache = Cache::Untrusted;
    assert!(root.look_up_cached(&path("/file")).is_none());
}

#[test]
fn time_of_change_is_told() {
    let tree = tree();
    let modified = SystemTime::UNIX_EPOCH + Duration::new(784_111_777, 5);
    File::open(tree.path().join("root/file")).unwrap().set_modified(modified).unwrap();
    for root in roots(&tree.path().join("root")) {
        let Ok(Entry::File(found)) = root.look_up(&path("/file")) else { panic!("a file") };
        assert_eq!(found.modified, Some(modified));
    }
}

#[test]
fn root_must_be_a_directory() {
    let tree = tree();
    for (name, errno) in [("missing", Errno::NOENT), ("root/file", Errno::NOTDIR)] {
        let error = Directory::open(&tree.path().join(name)).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(errno.raw_os_error()));
    }
}
