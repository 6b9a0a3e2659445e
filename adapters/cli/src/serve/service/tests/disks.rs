//! Disks that do not answer, and files that change while they are sent.

use super::super::super::waiting::occupy;
use super::*;
use std::os::unix::fs::MetadataExt as _;

/// Whether this kernel and file system tell what is in memory. Without that everything goes by way of the pool, and
/// there is no difference to be tested.
fn tells_cached(world: &World) -> bool {
    let small = RelativePath::parse(b"/small").unwrap();
    let directory = world.files.service.finder.root.directory(Blocking::Forbidden);
    directory.is_some_and(|directory| directory.unwrap().look_up_cached(&small).is_some())
        && FileReader::new(File::open(world.tree.path().join("small")).unwrap(), 0, 5).read(&mut [0; 5])
            == Read::Bytes(5)
}

/// Takes the content of a file out of the kernel's memory, where the file system has another place for it.
fn evict(path: &Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    fadvise(&file, 0, None, Advice::DontNeed).unwrap();
}

/// Whether [`evict`] does what it says. Looking makes the kernel fetch the content, so it is not looked at the file that
/// is to be absent.
fn can_evict(world: &World) -> bool {
    let probe = world.tree.path().join("probe");
    fs::write(&probe, large()).unwrap();
    evict(&probe);
    FileReader::new(File::open(probe).unwrap(), 0, 1).read(&mut [0]) == Read::Absent
}

#[test]
fn what_is_in_memory_needs_neither_pool_nor_waker() {
    let world = World::new(pool(1, 8));
    if !tells_cached(&world) {
        return;
    }
    let _release = occupy(&world.files.service.pool);
    let mut pair = Pair::new(&world.files, 65_536);
    pair.ask(&get("/large"));
    assert_eq!((pair.status(), *pair.place.made.lock().unwrap()), ("200", 0));
    assert!(pair.output.ends_with(&large()));
}

/// Every thread of the pool waits for a disk, and stays there.
#[test]
fn a_disk_that_does_not_answer_holds_up_only_who_needs_it() {
    let world = World::new(pool(1, 8));
    if !tells_cached(&world) || !can_evict(&world) {
        return;
    }
    evict(&world.tree.path().join("large"));
    let release = occupy(&world.files.service.pool);
    let mut slow = Pair::new(&world.files, 4096);
    slow.ask(&get("/large"));
    assert_eq!(slow.status(), "200");
    assert!(slow.output.len() < 1000, "its content is not there yet");

    for _ in 0..10 {
        let mut fast = Pair::new(&world.files, 4096);
        fast.ask(&get("/small"));
        assert!(fast.output.ends_with(b"small"));
    }
    slow.drive(&[4096]);
    assert!(slow.output.len() < 1000, "and its thread is still asked for it");

    drop(release);
    slow.finish(&[4096]);
    assert!(slow.output.ends_with(&large()));
}

#[test]
fn a_look_up_that_waits_holds_nobody_up_either() {
    let world = World::cold(pool(1, 8));
    let release = occupy(&world.files.service.pool);
    let mut waiting = Pair::new(&world.files, 4096);
    waiting.ask(&get("/small"));
    waiting.ask(&get("/empty"));
    let mut left = Pair::new(&world.files, 4096);
    left.ask(&get("/dir/"));
    left.lose();
    let mut refused = Pair::new(&world.files, 4096);
    refused.ask("PUT / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!((refused.status(), waiting.output.len()), ("405", 0));

    drop(release);
    waiting.finish(&[4096]);
    assert!(waiting.session.is_idle());
    assert_eq!(world.log(), ["GET /dir/ - 0", "PUT / 405 59", "GET /small 200 5", "GET /empty 200 0"]);
}

#[test]
fn a_full_pool_is_asked_again_when_the_time_has_come() {
    let world = World::cold(pool(1, 0));
    let release = occupy(&world.files.service.pool);
    let mut pair = Pair::new(&world.files, 4096);
    pair.ask(&get("/small"));
    assert_eq!(pair.output, b"");
    for _ in 0..3 {
        let due = pair.session.poll_timeout(pair.now).unwrap();
        assert_eq!(due, pair.now.saturating_add(FULL_WAIT));
        pair.now = due;
        pair.drive(&[4096]);
        assert_eq!((pair.output.len(), pair.place.bell.rung()), (0, 0));
    }
    drop(release);
    pair.finish(&[4096]);
    assert!(pair.output.ends_with(b"small"));
}

#[test]
fn a_file_that_shrinks_is_cut_off() {
    for world in [World::new(pool(1, 8)), World::cold(pool(1, 8))] {
        let mut pair = Pair::new(&world.files, 4096);
        pair.input.extend_from_slice(get("/large").as_bytes());
        for woken in 1.. {
            while pair.drive_once(4096) && pair.output.len() < 5000 {}
            if pair.output.len() >= 5000 {
                break;
            }
            pair.place.bell.wait_for(woken);
            pair.session.wake();
        }
        File::options().write(true).open(world.tree.path().join("large")).unwrap().set_len(100_000).unwrap();
        pair.finish(&[4096]);
        assert_eq!(pair.session.disposition(), Disposition::Abort);
        let body = pair.output.len() - pair.output.windows(4).position(|end| end == b"\r\n\r\n").unwrap() - 4;
        drop(pair);
        assert_eq!(world.log(), [format!("GET /large 200 {body}")]);
        assert!(body <= 100_000, "{body}");
    }
}

#[test]
fn a_file_that_grows_is_sent_as_long_as_it_was() {
    let world = World::new(pool(1, 8));
    let mut pair = Pair::new(&world.files, 4096);
    pair.input.extend_from_slice(get("/large").as_bytes());
    pair.input.extend_from_slice(get("/small").as_bytes());
    // The head and little more, so that the length is promised.
    pair.drive_once(RESERVE);
    let mut grown = File::options().append(true).open(world.tree.path().join("large")).unwrap();
    io::Write::write_all(&mut grown, b"more").unwrap();
    pair.finish(&[4096]);
    assert_eq!(world.log(), ["GET /large 200 800000", "GET /small 200 5"]);
}

#[test]
fn a_file_that_changes_before_it_is_compressed_is_sent_as_it_is_then() {
    for mut world in [World::new(pool(1, 8)), World::cold(pool(1, 8))] {
        let (name, threads) = (world.tree.path().join("text.txt"), pool(1, 8));
        fs::write(&name, "old ".repeat(1000)).unwrap();
        let occupied = occupy(&threads);
        world.files.service.compressor = Some(Compressor::with_pool(threads));
        let mut pair = Pair::new(&world.files, 65_536);
        pair.ask("GET /text.txt HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
        // Where the pool looks the file up, it has done so when it has done this.
        world.files.service.pool.spawn(Waker::noop(), || ()).unwrap().join().unwrap();
        pair.session.wake();
        pair.drive(&[65_536]);
        assert!(pair.output.is_empty(), "it waits for a thread that compresses");
        let changed = || fs::metadata(&name).map(|metadata| (metadata.ctime(), metadata.ctime_nsec())).unwrap();
        let before = changed();
        // Times of files are coarse.
        while changed() == before {
            fs::write(&name, "new ".repeat(1000)).unwrap();
        }
        drop(occupied);
        pair.finish(&[65_536]);
        let mut plain = Pair::new(&world.files, 65_536);
        plain.ask(&get("/text.txt"));
        plain.finish(&[65_536]);
        let tags = [pair, plain].map(|pair| {
            let text = String::from_utf8(pair.output).unwrap();
            assert!(text.ends_with(&"new ".repeat(1000)) && !text.contains("Content-Encoding"), "{text}");
            let tag = text.lines().find_map(|line| line.strip_prefix("ETag: ")).unwrap();
            tag.trim_start_matches("W/").to_owned()
        });
        assert_eq!(tags[0], tags[1], "the tag is of the content that is sent");
    }
}

#[test]
fn what_no_thread_is_free_for_is_sent_as_it_is() {
    let threads = pool(1, 0);
    let _occupied = occupy(&threads);
    is_sent_as_it_is(Compressor::with_pool(threads));
}

#[test]
fn what_there_is_no_memory_for_is_sent_as_it_is() {
    let compressor = Compressor::new();
    let _used = compressor.use_all_memory();
    is_sent_as_it_is(compressor);
}

fn is_sent_as_it_is(compressor: Compressor) {
    let mut world = World::new(pool(1, 8));
    fs::write(world.tree.path().join("text.txt"), "text ".repeat(1000)).unwrap();
    Arc::get_mut(&mut world.files.service.finder).unwrap().policy = Policy::default();
    world.files.service.compressor = Some(compressor);
    for (target, end) in [("/text.txt", "text text "), ("/dir/bare/", "</body></html>\n")] {
        let mut pair = Pair::new(&world.files, 65_536);
        pair.ask(&format!("GET {target} HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n"));
        pair.finish(&[65_536]);
        let text = String::from_utf8(pair.output).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let tag = head.lines().find(|line| line.starts_with("ETag: ")).unwrap();
        assert!(!head.contains("Content-Encoding") && !tag.contains("gzip") && body.ends_with(end), "{text}");
        assert!(head.contains("Vary: Accept-Encoding"), "{head}");
    }
}
