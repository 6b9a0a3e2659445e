//! What browsers send.

/// A request without content and a head of more than 4 KiB, as a browser sends it to a site that it knows well.
#[must_use]
pub fn browser_head(target: &str) -> String {
    let crumbs: String = (0..60).map(|n| format!("crumb{n}={}; ", "0123456789abcdef".repeat(3))).collect();
    format!(
        "GET {target} HTTP/1.1\r\n\
        Host: 192.0.2.7:8080\r\n\
        User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0\r\n\
        Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
        Accept-Encoding: gzip, deflate, br, zstd\r\n\
        Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n\
        Sec-CH-UA: \"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"\r\n\
        Cookie: {crumbs}end=1\r\n\
        Referer: http://192.0.2.7:8080/{}\r\n\
        If-None-Match: \"5f3c\"\r\n\
        Connection: keep-alive\r\n\r\n",
        "deep/".repeat(40)
    )
}
