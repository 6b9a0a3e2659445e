//! The page of a listing, of names that people choose and of those that attackers do.

use super::super::entry::ListedEntry;
use super::*;

/// The page, of the length that was told.
fn page(path: &[u8], entries: Entries) -> String {
    let listing = Listing::new(RelativePath::plain(path).unwrap(), entries, false);
    let length = listing.summary.length;
    let pieces: Vec<Vec<u8>> = Arc::new(listing).into_pieces().collect();
    let html = String::from_utf8(pieces.concat()).unwrap();
    assert_eq!(html.len() as u64, length, "{html}");
    html
}

fn entry(name: &[u8], length: Option<u64>) -> ListedEntry {
    ListedEntry { name: name.into(), length, modified: 784_111_777 }
}

/// The first page of these.
fn whole(entries: Vec<ListedEntry>) -> Entries {
    let count = |is_file| entries.iter().filter(|entry| entry.length.is_some() == is_file).count() as u64;
    let bytes = entries.iter().filter_map(|entry| entry.length).fold(0, u64::saturating_add);
    let totals = Totals { directories: count(false), files: count(true), bytes };
    Entries { entries, totals, view: View::default(), pages: 1 }
}

#[test]
fn lengths_are_known_before_the_page_is_written() {
    let lengths = [None, Some(0), Some(9), Some(10), Some(999), Some(1000), Some(u64::MAX)];
    for count in [0, 1, 7, 1000] {
        let names = (0..count).map(|number| match number % 5 {
            0 => format!("{number}.txt").into_bytes(),
            1 => "ü日本\u{202e}\u{85}&<>\"'".into(),
            2 => (b' '..=b'~').filter(|byte| *byte != b'/').collect(),
            3 => (1..=255).filter(|byte| *byte != b'/').collect(),
            _ => b"\xff\xc3\xe2\x80 \xf0\x9f".into(),
        });
        let entries = names.zip(lengths.into_iter().cycle()).map(|(name, length)| entry(&name, length)).collect();
        let pages = Entries { view: View { page: 2, ..View::default() }, pages: 3, ..whole(entries) };
        let html = page(b"a/b\"", pages);
        assert_eq!(html.matches("<tr><th scope=\"row\">").count(), count + 1);
        assert!(html.starts_with("<!doctype html>") && html.ends_with("</body></html>\n"));
    }
}

#[test]
fn digests_differ_where_pages_do() {
    let list = |path: &[u8], entries| {
        let listing = Listing::new(RelativePath::plain(path).unwrap(), entries, false);
        listing.summary.digest
    };
    let one = |name, length| whole(vec![entry(name, length)]);
    let later = || ListedEntry { modified: 784_111_777 + 60, ..entry(b"x", Some(1)) };
    let view = |query: &str| View::of(Some(query.as_bytes()));
    let digests = [
        list(b"a", one(b"x", Some(1))),
        list(b"b", one(b"x", Some(1))),
        list(b"a", one(b"x", Some(2))),
        list(b"a", one(b"x", None)),
        list(b"a", one(b"y", Some(1))),
        list(b"a", whole(vec![later()])),
        list(b"a", whole(vec![entry(b"x", Some(1)), entry(b"x", Some(1))])),
        list(b"a", whole(vec![])),
        list(b"a", Entries { view: view("page=2"), ..one(b"x", Some(1)) }),
        list(b"a", Entries { view: view("sort=size"), ..one(b"x", Some(1)) }),
        list(b"a", Entries { view: view("order=desc"), ..one(b"x", Some(1)) }),
        list(b"a", Entries { pages: 2, ..one(b"x", Some(1)) }),
        list(b"a", Entries { totals: Totals { bytes: 9, ..Totals::default() }, ..one(b"x", Some(1)) }),
    ];
    for (number, digest) in digests.iter().enumerate() {
        assert!(!digests[number + 1..].contains(digest), "{number}: {digests:?}");
    }
    assert_eq!(list(b"a", one(b"x", Some(1))), digests[0]);
}

#[test]
fn names_are_data_and_links_lead_to_them() {
    let entries = whole(vec![
        entry(b"a b", None),
        entry(b"<script>\"'&\n", Some(1500)),
        entry(b"javascript:alert(1)", Some(0)),
        entry(b"\xff%?#", Some(1)),
        entry(b"//host\\..", Some(1)),
    ]);
    let html = page(b"<b>/\" id=\"x/c", entries);
    let date = "<td><time datetime=\"1994-11-06T08:49Z\">1994-11-06 08:49</time></td></tr>\n";
    for part in [
        "<title>/&lt;b&gt;/&quot; id=&quot;x/c/</title>",
        "<h1><a href=\"../../../\">/</a><wbr><a href=\"../../\">&lt;b&gt;/</a><wbr>\
         <a href=\"../\">&quot; id=&quot;x/</a><wbr>c/</h1>",
        "<p class=\"quiet\">1 directory, 4 files, 1.5 kB</p>",
        "<a class=\"up\" href=\"../\">",
        &format!("<a class=\"dir\" href=\"a%20b/\">a b/</a></th><td></td>{date}"),
        &format!(
            "<a href=\"%3Cscript%3E%22%27%26%0A\">&lt;script&gt;&quot;&#39;&amp;\u{fffd}</a></th>\
             <td title=\"1,500 bytes\">1.5 kB</td>{date}"
        ),
        "<a href=\"javascript%3Aalert%281%29\">",
        "<a href=\"%FF%25%3F%23\">\u{fffd}%?#</a></th><td title=\"1 byte\">1 B</td>",
    ] {
        assert!(html.contains(part), "{part} is not in {html}");
    }
    assert!(!html.contains("<nav"), "there is one page");
    let html = page(b"", whole(Vec::new()));
    assert!(html.contains("<h1>/</h1>\n<p class=\"quiet\">Nothing is in this directory</p>") && !html.contains("../"));
}

/// Whatever the name is, the row has the tags of a row and no others, and no attribute that it brought along.
#[test]
fn no_name_changes_the_row_around_it() {
    let tags = |html: &str| -> Vec<String> {
        html.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap().to_owned()).collect()
    };
    let row_of = |name: &[u8]| {
        let mut html = String::new();
        row(&entry(name, Some(1)), &mut html);
        html
    };
    let plain = row_of(b"a");
    for hostile in [
        &b"</a></th></tr></table><script>alert(1)</script>"[..],
        b"\"><svg onload=alert(1)>",
        b"' onmouseover='alert(1)",
        b"\" autofocus onfocus=alert(1) x=\"",
        b"<!--",
        b"-->",
        b"]]>",
        b"<![CDATA[",
        b"&lt;script&gt;",
        b"&#60;img src=x&#62;",
        b"</style><style>*{display:none}",
        b"<base href=\\\\host>",
        b"<meta http-equiv=refresh content=0>",
        b"\xc0\xbcscript\xc0\xbe",
        b"+ADw-script+AD4-",
        "＜script＞".as_bytes(),
        b"data:text/html,<script>alert(1)</script>",
        b" javascript:alert(1)",
        b"\tjava\nscript:alert(1)",
        b"..%2f..%2f",
        b"?sort=size",
        b"#top",
        b"\\\\host\\share",
        b"`${alert(1)}`",
        b"{{7*7}}",
    ] {
        // The one byte that no name has.
        let hostile: Vec<u8> = hostile.iter().map(|byte| if *byte == b'/' { b'\\' } else { *byte }).collect();
        let html = row_of(&hostile);
        assert_eq!(tags(&html), tags(&plain), "{html}");
        assert_eq!(html.matches('"').count(), plain.matches('"').count(), "{html}");
        let target = html.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
        let is_inert = |byte: u8| byte.is_ascii_alphanumeric() || b"%-._~".contains(&byte);
        assert!(target.bytes().all(is_inert), "{target} can only be a segment of a path");
        let mut name = Vec::new();
        super::super::path::decode(target.as_bytes(), &mut name).unwrap();
        assert_eq!(name, hostile, "the link leads to it");
    }
}

#[test]
fn columns_say_how_they_are_sorted_and_pages_where_they_are() {
    let shown = |query: &str, page: u32, pages| {
        let view = View { page, ..View::of(Some(query.as_bytes())) };
        self::page(b"", Entries { view, pages, ..whole(Vec::new()) })
    };
    for (query, columns) in [
        ("", [" aria-sort=\"ascending\"><a href=\"?order=desc\"", "><a href=\"?sort=size&amp;order=desc\""]),
        ("order=desc", [" aria-sort=\"descending\"><a href=\"./\"", "><a href=\"?sort=size&amp;order=desc\""]),
        ("sort=size", ["><a href=\"./\"", " aria-sort=\"ascending\"><a href=\"?sort=size&amp;order=desc\""]),
        ("sort=size&order=desc", ["><a href=\"./\"", " aria-sort=\"descending\"><a href=\"?sort=size\""]),
    ] {
        let html = shown(query, 1, 1);
        let [name, size] = columns;
        let expected = format!("<tr><th scope=\"col\"{name}>Name</a></th><th scope=\"col\"{size}>Size</a></th>");
        assert!(html.contains(&expected), "{query}: {expected} is not in {html}");
        assert_eq!(html.matches(" aria-sort=").count(), 1);
    }
    let [first, previous, next, last] = [
        "<a href=\"?sort=date\">First</a> ",
        "<a href=\"?sort=date&amp;page=2\" rel=\"prev\">Previous</a> ",
        "<a href=\"?sort=date&amp;page=4\" rel=\"next\">Next</a> ",
        "<a href=\"?sort=date&amp;page=5\">Last</a> ",
    ];
    let html = shown("sort=date", 3, 5);
    let links = [first, previous, next, last].concat();
    assert!(html.contains("directory. Page 3 of 5</p>"), "{html}");
    assert!(html.contains(&format!(" aria-label=\"Pages\">{links}</nav>")), "{html}");
    let html = shown("", 1, 2);
    assert!(html.contains("Pages\"><a href=\"?page=2\" rel=\"next\">Next</a> "), "{html}");
    let html = shown("", 2, 2);
    assert!(html.contains("<a href=\"./\" rel=\"prev\">Previous</a> </nav>"), "{html}");
}
