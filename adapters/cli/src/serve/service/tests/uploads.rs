//! Uploads, cut anywhere, and as slow as can be.

use super::*;

/// With uploads of up to 1 MiB.
fn world() -> World {
    let world = World::new(pool(2, 8));
    let Observed { service, observer } = world.files;
    World { files: Observed { service: service.with_uploads(1 << 20), observer }, ..world }
}

impl Pair<'_> {
    /// Gives it bytes, and waits for what the pool does.
    fn feed(&mut self, bytes: &[u8], woken: &mut usize) {
        self.input.extend_from_slice(bytes);
        self.drive(&[self.place.capacity]);
        while self.session.is_waiting() {
            if !self.asks_again() {
                *woken += 1;
                self.place.bell.wait_for(*woken);
                self.session.wake();
            }
            self.drive(&[self.place.capacity]);
        }
    }
}

fn stored(world: &World, name: &str) -> Option<Vec<u8>> {
    fs::read(world.tree.path().join(name)).ok()
}

#[test]
fn any_cut_stores_the_same() {
    let content: Vec<u8> = (0..70_000_u32).flat_map(|at| [b'\r', b'\n', b'-', (at % 251) as u8]).collect();
    let put =
        [format!("PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", content.len()).as_bytes(), &content]
            .concat();
    let part = |name: &str, content: &[u8]| {
        let head = format!("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n");
        [head.as_bytes(), content, b"\r\n"].concat()
    };
    let body = [&part("new", &content)[..], &part("empty-too", b""), &part("last", b"last"), b"--x--\r\n"].concat();
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=x\r\n";
    let form = [format!("{head}Content-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat();
    for (request, status, files) in [
        (&put, "201", &[("new", &content[..])][..]),
        (&form, "303", &[("new", &content), ("empty-too", b""), ("last", b"last")]),
    ] {
        for size in [usize::MAX, 100_003, 4096, 997] {
            let world = world();
            let mut pair = Pair::new(&world.files, 4096);
            let mut woken = 0;
            request.chunks(size.min(request.len())).for_each(|piece| pair.feed(piece, &mut woken));
            assert!(pair.session.is_idle() && pair.input.is_empty(), "by {size}");
            assert_eq!(pair.status(), status, "by {size}");
            for (name, content) in files {
                assert!(stored(&world, name).as_deref() == Some(content), "{name} by {size}");
            }
        }
    }
}

/// One client that holds all that it gets keeps nobody else out.
#[test]
fn one_client_leaves_places_to_others() {
    let world = world();
    let begin = |client: u8, name: u8| {
        let mut pair = Pair::new(&world.files, 4096);
        pair.peer = SocketAddr::from(([192, 0, 2, client], 4711));
        let mut woken = 0;
        pair.feed(format!("PUT /{name} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na").as_bytes(), &mut woken);
        (pair, woken)
    };
    let mut held: Vec<_> = (0..64).map(|name| begin(1, name)).collect();
    assert!(held.iter().all(|(pair, _)| pair.output.is_empty()));
    let (refused, _) = begin(1, 64);
    assert_eq!(refused.status(), "503");
    assert!(refused.output.windows(16).any(|field| field == b"Retry-After: 1\r\n"));
    for (mut pair, mut woken) in [begin(2, 65), held.remove(0)] {
        pair.feed(b"b", &mut woken);
        assert_eq!(pair.status(), "201");
    }
    let (again, _) = begin(1, 66);
    assert!(again.output.is_empty(), "the place of the one that has ended");
}

/// The pace of the core holds for uploads, too, and what came is gone.
#[test]
fn content_that_comes_too_slowly_is_given_up() {
    let world = world();
    let mut pair = Pair::new(&world.files, 4096);
    let mut woken = 0;
    pair.feed(b"PUT /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegun", &mut woken);
    let due = pair.session.poll_timeout(pair.now).expect("a deadline");
    assert!(due <= pair.now.saturating_add(Duration::from_secs(31)));
    pair.now = due;
    let context = Context { now: pair.now, limits: &LIMITS, date: None };
    pair.session.handle_timeout(&context, &world.files);
    pair.drive(&[4096]);
    assert_eq!((pair.status(), pair.session.disposition()), ("408", Disposition::ShutdownWrite));
    assert_eq!(stored(&world, "slow"), None);
    drop(pair);
    assert_eq!(world.log(), ["PUT /slow 408 0"]);
}
