//! What is answered and logged, whatever room there is.

use super::super::super::error_page::ErrorPage;
use super::super::super::html::CONTENT_SECURITY_POLICY;
use super::*;

#[test]
fn rooms_of_any_size_give_the_same_bytes_and_the_same_log() {
    let requests = [
        get("/small"),
        head("/small"),
        get("/empty"),
        get("/dir"),
        get("/dir?q=%0d%0a&r='"),
        get("/dir/"),
        get("/dir/bare/"),
        head("/missing"),
        get("/%2e%2e/"),
        get_html("/missing"),
        get_html("/missing").replacen("GET", "HEAD", 1),
        get_html("/%2e%2e/"),
        get_html("/dir"),
        "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello".into(),
        get("/large"),
        "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "PUT /small HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\nContent-Length: 5\r\n\r\nhello".into(),
        get("http://a/small"),
    ];
    let run = |world: World, rooms: &[usize]| {
        let mut pair = Pair::new(&world.files, 4096);
        pair.input = requests.concat().into_bytes();
        pair.finish(rooms);
        assert!(pair.session.is_idle() && pair.input.is_empty());
        let text = String::from_utf8_lossy(&pair.output).into_owned();
        // What each tree has its own of.
        let of_a_file = |line: &&str| !line.starts_with("ETag: ") && !line.starts_with("Last-Modified: ");
        (text.split_inclusive("\r\n").filter(of_a_file).collect::<String>(), world.log())
    };
    let expected = run(World::new(pool(2, 8)), &[4096]);
    let text = |page: ErrorPage<'_>| page.text().len();
    let html = |page: ErrorPage<'_>| page.html().len();
    let page = |status| ErrorPage { status, why: None, link: None };
    let moved = page(Status::MOVED_PERMANENTLY);
    let missing = page(Status::NOT_FOUND);
    let method = page(Status::METHOD_NOT_ALLOWED);
    let above =
        ErrorPage { why: Some("The address is not valid: a parent segment in the path."), ..page(Status::BAD_REQUEST) };
    assert_eq!(
        expected.1,
        [
            "GET /small 200 5",
            "HEAD /small 200 0",
            "GET /empty 200 0",
            &format!("GET /dir 301 {}", text(moved)),
            &format!("GET /dir?q=%0d%0a&r=' 301 {}", text(moved)),
            "GET /dir/ 200 7",
            &format!("GET /dir/bare/ 404 {}", text(missing)),
            "HEAD /missing 404 0",
            &format!("GET /%2e%2e/ 400 {}", text(above)),
            &format!(
                "GET /missing 404 {}",
                html(ErrorPage { link: Some((b"./", "Go to the directory above")), ..missing })
            ),
            "HEAD /missing 404 0",
            &format!("GET /%2e%2e/ 400 {}", html(above)),
            &format!("GET /dir 301 {}", html(ErrorPage { link: Some((b"/dir/", "Go to the directory")), ..moved })),
            &format!("POST /small 405 {}", text(method)),
            "GET /large 200 800000",
            &format!("OPTIONS * 405 {}", text(method)),
            &format!("PUT /small 405 {}", html(method)),
            "GET http://a/small 200 5",
        ]
    );
    for rooms in [&[0, 1, 4096][..], &[300, 4096], &[100, 200, 260, 1, 4096], &[65_536]] {
        for world in [World::new(pool(2, 8)), World::cold(pool(2, 8))] {
            let got = run(world, rooms);
            assert_eq!(got.1, expected.1, "{rooms:?}");
            assert!(got.0 == expected.0, "{rooms:?}");
        }
    }
}

#[test]
fn every_kind_of_answer_says_what_it_is() {
    let world = World::new(pool(1, 8));
    const TEXT: &str = "Content-Type: text/plain; charset=utf-8";
    const PAGE: &str = "Content-Type: text/html; charset=utf-8";
    let policy = format!("Content-Security-Policy: {CONTENT_SECURITY_POLICY}");
    for (request, status, fields) in [
        (get("/small"), "200", &["Content-Type: application/octet-stream", "Content-Length: 5"][..]),
        (get("/dir/"), "200", &[PAGE, "Content-Length: 7"]),
        (head("/large"), "200", &["Content-Length: 800000"]),
        (get("/dir?a=/../b"), "301", &["Location: /dir/?a=/../b", TEXT, "Vary: Accept"]),
        (get_html("/dir?a=/../b"), "301", &["Location: /dir/?a=/../b", PAGE, "Vary: Accept", &policy]),
        (get("//dir"), "301", &["Location: /dir/"]),
        (get("/missing"), "404", &[TEXT, "Vary: Accept"]),
        (get_html("/missing"), "404", &[PAGE, "Vary: Accept", &policy]),
        (get("/%00"), "400", &[TEXT, "Vary: Accept"]),
        (get_html("/%00"), "400", &[PAGE, "Vary: Accept", &policy]),
        (get("/").replacen("GET", "DELETE", 1), "405", &["Allow: GET, HEAD", TEXT]),
        (get_html("/").replacen("GET", "DELETE", 1), "405", &["Allow: GET, HEAD", PAGE, &policy]),
    ] {
        let mut pair = Pair::new(&world.files, 4096);
        pair.ask(&request);
        pair.finish(&[4096]);
        assert_eq!(pair.status(), status, "{request}");
        let text = String::from_utf8_lossy(&pair.output);
        let (head, _) = text.split_once("\r\n\r\n").unwrap();
        for field in fields.iter().chain(&["X-Content-Type-Options: nosniff"]) {
            assert!(head.lines().any(|line| line == *field), "{request}: {field} is not in {head}");
        }
    }
}

/// It is written while it is sent.
#[test]
fn a_listing_is_the_same_through_any_room() {
    let page = |rooms: &[usize]| {
        let world = World::cold(pool(1, 8));
        for number in 0..300 {
            fs::write(world.tree.path().join(format!("dir/bare/{number:03} <&>.txt")), "").unwrap();
        }
        let listing = Policy::default();
        let mut world = world;
        Arc::get_mut(&mut world.files.service.finder).unwrap().policy = listing;
        let mut pair = Pair::new(&world.files, 4096);
        pair.input.extend_from_slice((get("/dir/bare/") + &get("/empty")).as_bytes());
        pair.finish(rooms);
        let text = String::from_utf8(pair.output.clone()).unwrap();
        let (head, rest) = text.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let (page, next) = rest.split_at(length.parse().unwrap());
        assert!(
            next.starts_with("HTTP/1.1 200 OK\r\n") && page.matches("<tr><th scope=\"row\">").count() == 301,
            "{rooms:?}"
        );
        assert!(page.ends_with("</body></html>\n"), "{rooms:?}");
        // Of the time at which the files were made.
        let lines = page.lines().map(|line| line.split("<time ").next().unwrap().to_owned());
        lines.collect::<Vec<_>>()
    };
    let whole = page(&[65_536]);
    for rooms in [&[4096][..], &[300, 4096], &[1, 512, 700]] {
        assert_eq!(page(rooms), whole, "{rooms:?}");
    }
}

/// By the connection, before the service is asked.
#[test]
fn what_is_refused_is_in_the_log_too() {
    let world = World::new(pool(1, 8));
    for request in ["GET /small HTTP/1.1\r\nHost", "GET /small HTTP/1.1\r\n\r\n", "GET\r\n"] {
        let mut pair = Pair::new(&world.files, 4096);
        pair.ask(&get("/empty"));
        pair.ask(request);
        if let Some(due) = pair.session.poll_timeout(pair.now) {
            pair.now = due;
            let context = Context { now: due, limits: &LIMITS, date: None };
            pair.session.handle_timeout(&context, pair.files);
            pair.drive(&[4096]);
        }
    }
    let expected = ["GET /empty 200 0", "GET /small 408 0", "GET /empty 200 0", "GET /small 400 0"];
    assert_eq!(world.log(), [&expected[..], &["GET /empty 200 0", "GET - 400 0"]].concat());
}
