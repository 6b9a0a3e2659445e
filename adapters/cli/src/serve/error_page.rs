//! What is sent where no file is: a page for people, a text for programs.

use core::fmt::Write as _;

use wirenut::http::Status;

use super::html;

/// An answer that is neither a file nor a listing.
#[derive(Clone, Copy, Debug)]
pub(super) struct ErrorPage<'a> {
    /// What it is sent with.
    pub(super) status: Status,
    /// A sentence that says more than [`reason`] does, if something is known.
    pub(super) why: Option<&'a str>,
    /// A relative or absolute reference that leads on, and what is there.
    pub(super) link: Option<(&'a [u8], &'a str)>,
}

impl ErrorPage<'_> {
    /// A page of HTML.
    pub(super) fn html(&self) -> String {
        let (code, status) = (self.status.code(), self.status);
        let name = status.to_string();
        let name = name.split_once(' ').map_or("", |(_, name)| name);
        let mut page = String::with_capacity(4096);
        html::top(&format!("{code} {name}"), &mut page);
        let _ = write!(page, "<p class=\"status\" aria-hidden=\"true\">{code}</p>\n<h1>{name}</h1>\n<p>");
        html::escape(self.why().as_bytes(), &mut page);
        page.push_str("</p>\n");
        if let Some((target, name)) = self.link {
            page.push_str("<p><a href=\"");
            html::escape(target, &mut page);
            let _ = writeln!(page, "\">{name}</a></p>");
        }
        page.push_str(html::BOTTOM);
        page
    }

    /// The same as two lines.
    pub(super) fn text(&self) -> String {
        format!("{}\n{}\n", self.status, self.why())
    }

    fn why(&self) -> &str {
        self.why.unwrap_or_else(|| reason(self.status))
    }
}

/// What is known by the status alone, and what to do about it.
fn reason(status: Status) -> &'static str {
    match status.code() {
        301 => "The address of a directory ends with a slash.",
        400 => "The address of the request is not valid.",
        401 => "Only users with a password are let in here. It was wrong, or none was given.",
        403 => "The server has no permission to read what is here.",
        404 => "Nothing is at this address. It may be mistyped, or the file was moved or removed.",
        405 => "Only GET and HEAD are allowed here.",
        412 => "A condition of the request does not hold: what is here has changed, or does not exist.",
        416 => "The file is shorter than the part of it that was asked for.",
        500 => "The server could not read the file. Its log says why.",
        503 => "The server has no room for this request at the moment. Please try again.",
        _ => "The server could not answer this request.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_texts_say_the_same() {
        for (status, why, link) in [
            (Status::NOT_FOUND, None, Some((&b"./"[..], "Up"))),
            (Status::BAD_REQUEST, Some("a <b> & 'c'"), None),
            (Status::MOVED_PERMANENTLY, None, Some((b"/a/?x='\"><script>", "There"))),
            (Status::METHOD_NOT_ALLOWED, None, None),
            (Status::RANGE_NOT_SATISFIABLE, None, None),
        ] {
            let page = ErrorPage { status, why, link };
            let (html, text) = (page.html(), page.text());
            let (title, reason) = text.trim_end().split_once('\n').unwrap();
            assert_eq!(title, status.to_string());
            assert!(html.contains(&format!("<title>{title}</title>")), "{html}");
            assert!(html.contains(&format!("<h1>{}</h1>", &title[4..])), "{html}");
            assert!(why.is_none() == html.contains(&format!("<p>{reason}</p>")), "{html}");
            assert_eq!(html.contains("<a "), link.is_some());
            assert!(!html.contains("<b>") && !html.contains("<script") && !html.contains('\''), "{html}");
        }
    }

    #[test]
    fn each_status_that_is_sent_has_a_reason() {
        let unknown = reason(Status::OK);
        for status in [
            Status::MOVED_PERMANENTLY,
            Status::BAD_REQUEST,
            Status::UNAUTHORIZED,
            Status::FORBIDDEN,
            Status::NOT_FOUND,
            Status::METHOD_NOT_ALLOWED,
            Status::PRECONDITION_FAILED,
            Status::RANGE_NOT_SATISFIABLE,
            Status::INTERNAL_SERVER_ERROR,
            Status::SERVICE_UNAVAILABLE,
        ] {
            assert_ne!(reason(status), unknown, "{status}");
        }
    }
}
