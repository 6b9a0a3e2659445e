//! Which handler a request gets, and what of the path and the query it is given.

use core::convert::Infallible;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use wirenut::http::Status;
use wirenut::http::service::{Service, routes, service_fn};

use super::expect;

fn app() -> impl Service<Source = Infallible> {
    routes!(
        "app",
        get("/", |app: &str, _, responder| responder.text(app)),
        get("/items", |_, request, responder| {
            let page = request.query::<u8>("page")?.unwrap_or(1).to_string();
            responder.text(&page)
        }),
        post("/items", |_, _, responder| responder.status(Status::CREATED)),
        get("/items/new", |_, _, responder| responder.text("new")),
        get("/items/:id", |_, request, responder| {
            let id: u32 = request.param("id")?;
            responder.text(&format!("item {id}"))
        }),
        delete("/items/:id", |_, request, responder| {
            let _: u32 = request.param("id")?;
            responder.status(Status::NO_CONTENT)
        }),
        get("/items/:id/parts/:part", |_, request, responder| {
            let (id, part): (u32, String) = (request.param("id")?, request.param("part")?);
            responder.text(&format!("{id}: {part} {}", request.pattern()))
        }),
        put("/files/*path", |_, request, responder| {
            let path = request.raw_param("path").unwrap();
            responder.text(str::from_utf8(path).unwrap())
        }),
        get("/names/:name", |_, request, responder| responder.text(request.file_name("name")?)),
        get("/names-of/*name", |_, request, responder| responder.text(request.file_name("name")?)),
        get("/typo/:id", |_, request, responder| responder.text(&request.param::<String>("it")?)),
        any("/any", |_, request, responder| responder.text(str::from_utf8(request.method.as_bytes()).unwrap())),
    )
}

#[test]
fn paths_and_methods() {
    for (line, code, body) in [
        ("GET /", 200, "app"),
        ("GET /?x=/items", 200, "app"),
        ("GET http://a/", 200, "app"),
        ("GET http://a", 200, "app"),
        ("GET /items", 200, "1"),
        ("GET /items/", 404, "Not Found"),
        ("POST /items", 201, ""),
        ("GET /items/new", 200, "new"),
        ("GET /items/7", 200, "item 7"),
        ("GET /items/7?part=8", 200, "item 7"),
        ("GET /items/%37", 200, "item 7"),
        ("GET /items/7/", 404, "Not Found"),
        ("GET /items/x", 404, "Not Found"),
        ("GET /items/4294967296", 404, "Not Found"),
        ("DELETE /items/7", 204, ""),
        ("GET /items/7/parts/ab", 200, "7: ab /items/:id/parts/:part"),
        ("GET /items/7/parts/a%20%C3%A4%2f", 200, "7: a ä/ /items/:id/parts/:part"),
        ("GET /items/7/parts/a+b", 200, "7: a+b /items/:id/parts/:part"),
        ("GET /items/7/parts/%ff", 404, "Not Found"),
        ("GET /items/7/parts/", 404, "Not Found"),
        ("GET /items//parts/ab", 404, "Not Found"),
        ("GET /item", 404, "Not Found"),
        ("GET /itemsnew", 404, "Not Found"),
        ("GET /ITEMS", 404, "Not Found"),
        ("PUT /files/", 200, ""),
        ("PUT /files/a", 200, "a"),
        ("PUT /files/a/b//c", 200, "a/b//c"),
        ("PUT /files", 404, "Not Found"),
        ("GET /names/a-1_b.txt", 200, "a-1_b.txt"),
        ("GET /names/.htaccess", 404, "Not Found"),
        ("GET /names/..", 404, "Not Found"),
        ("GET /names/a%2fb", 404, "Not Found"),
        ("GET /typo/7", 500, "Internal Server Error"),
        ("PROPFIND /any", 200, "PROPFIND"),
        ("PUT /", 405, "Method Not Allowed"),
        ("TRACE /", 405, "Method Not Allowed"),
        ("PATCH /items/7", 405, "Method Not Allowed"),
    ] {
        expect(app, &format!("{line} HTTP/1.1↵Host: a↵Content-Length: 0↵↵"), code, body);
    }
}

#[test]
fn what_is_allowed_is_said() {
    for (line, code, allow) in [
        ("PUT /items", 405, "GET, HEAD, POST, OPTIONS"),
        ("PATCH /items/7", 405, "GET, HEAD, DELETE, OPTIONS"),
        ("OPTIONS /items/7", 204, "GET, HEAD, DELETE, OPTIONS"),
        ("OPTIONS /items/new", 204, "GET, HEAD, DELETE, OPTIONS"),
        ("OPTIONS /files/x", 204, "PUT, OPTIONS"),
        ("OPTIONS *", 204, "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS"),
    ] {
        let body = if code == 204 { "" } else { "Method Not Allowed" };
        let response = expect(app, &format!("{line} HTTP/1.1↵Host: a↵↵"), code, body);
        assert_eq!(response.field("Allow").map(|value| str::from_utf8(value).unwrap()), Some(allow), "{line}");
    }
    let response = expect(app, "OPTIONS /nothing HTTP/1.1↵Host: a↵↵", 404, "Not Found");
    assert_eq!(response.field("Allow"), None);
}

#[test]
fn head_is_as_get() {
    let get = expect(app, "GET /items/new HTTP/1.1↵Host: a↵↵", 200, "new");
    let head = expect(app, "HEAD /items/new HTTP/1.1↵Host: a↵↵", 200, "");
    assert_eq!(head.field("Content-Length"), get.field("Content-Length"));
    assert_eq!(head.field("Content-Type"), get.field("Content-Type"));
}

#[test]
fn queries() {
    for (query, code, body) in [
        ("", 200, "1"),
        ("?", 200, "1"),
        ("?page=2", 200, "2"),
        ("?a=b&page=2&c", 200, "2"),
        ("?p%61ge=%32", 200, "2"),
        ("?pages=3", 200, "1"),
        ("?page", 400, "Bad Request"),
        ("?page=", 400, "Bad Request"),
        ("?page=256", 400, "Bad Request"),
        ("?page=%zz", 400, "Bad Request"),
        ("?page=2&page=2", 400, "Bad Request"),
    ] {
        expect(app, &format!("GET /items{query} HTTP/1.1↵Host: a↵↵"), code, body);
    }
}

#[test]
fn one_function_has_all_requests() {
    let service = || {
        service_fn(|request, responder| {
            let name = request.query::<String>("name")?.unwrap_or_default();
            responder.text(&format!("{} {name}", String::from_utf8_lossy(request.target.path())))
        })
    };
    expect(service, "GET /a/b?name=c+d%21 HTTP/1.1↵Host: a↵↵", 200, "/a/b c d!");
    expect(service, "POST / HTTP/1.1↵Host: a↵Content-Length: 2↵↵xy", 200, "/ ");
}

proptest! {
    /// As read segment by segment, for paths that are near to the patterns.
    #[test]
    fn the_first_route_that_fits(
        method in any::<u8>(),
        segments in vec(select(vec!["", "a", "b", "c", "f", "x", "longer-than-one-word", "longer-than-one-wore", ":x"]), 0..6),
    ) {
        let mut data = vec![method];
        data.extend_from_slice(segments.join("/").as_bytes());
        wirenut_tests::fuzz::routes(&data);
    }
}

#[test]
fn the_name_of_a_file_is_never_empty() {
    for (path, code, body) in [
        ("/names-of/a.txt", 200, "a.txt"),
        ("/names-of/", 404, "Not Found"),
        ("/names-of/.", 404, "Not Found"),
        ("/names-of/a/b", 404, "Not Found"),
    ] {
        expect(app, &format!("GET {path} HTTP/1.1↵Host: a↵↵"), code, body);
    }
}
