//! Fixed request heads, for every machine that reads some: no `std`, no `alloc`.

/// Names and heads. Lines end with a line feed only: whoever reads them puts CR before it.
pub(crate) const FIXED: [(&str, &str); 5] = [
    ("browser", BROWSER),
    ("smallest", "GET / HTTP/1.1\nHost: example.de\n\n"),
    ("techempower", TECHEMPOWER),
    ("chrome", CHROME),
    ("post", POST),
];

/// A browser of some years ago, with a cookie: 9 fields.
const BROWSER: &str = "\
GET /assets/images/weather/2024/cloudy-with-some-sun.jpg HTTP/1.1
Host: www.weather.example.net
User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; en-US; rv:1.9.2.13) Gecko/20101203 Firefox/3.6.13
Accept: image/png,image/*;q=0.8,*/*;q=0.5
Accept-Language: en-us,en;q=0.5
Accept-Encoding: gzip,deflate
Accept-Charset: ISO-8859-1,utf-8;q=0.7,*;q=0.7
Keep-Alive: 115
Connection: keep-alive
Cookie: visit=pt8s2k9d1c; zone=europe-west; __ga=1.82134567.1386290012.1386290012.1386290012.1; __gb=82134567; \
recent=%5B%22Lisboa%22%2C%22Bergen%22%2C%22Gdansk%22%5D; layout=xab%3Dy%7Cz%3D1%7Cnight; last=2024-03-01T10%3A22; \
consent=full%3A1%2Cads%3A0; tabs=temperature,rain,wind

";

const TECHEMPOWER: &str = "\
GET /plaintext HTTP/1.1
Host: tfb-server:8080
Accept: text/plain,text/html;q=0.9,application/xhtml+xml;q=0.9,application/xml;q=0.8,*/*;q=0.7
Connection: keep-alive

";

/// What Chrome sends to a site that has been visited before: 20 fields, one of them a long cookie.
const CHROME: &str = "\
GET /search/products?q=running+shoes&category=sports&sort=price_asc&page=3&ref=nav_top_banner_2024 HTTP/1.1
Host: shop.example.com
Connection: keep-alive
Cache-Control: max-age=0
sec-ch-ua: \"Chromium\";v=\"124\", \"Google Chrome\";v=\"124\", \"Not-A.Brand\";v=\"99\"
sec-ch-ua-mobile: ?0
sec-ch-ua-platform: \"Windows\"
DNT: 1
Upgrade-Insecure-Requests: 1
User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: navigate
Sec-Fetch-User: ?1
Sec-Fetch-Dest: document
Referer: https://shop.example.com/search/products?q=running+shoes&category=sports&sort=price_asc&page=2&ref=nav_top_banner_2024
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-GB,en;q=0.9,de-DE;q=0.8,de;q=0.7,fr;q=0.6
If-None-Match: W/\"5f3e-9a8b7c6d5e4f3a2b1c0d\"
Cookie: session_id=8f14e45fceea167a5a36dedd4bea2543f6c1d9b7a0e24c58; csrf=Zm9vYmFyYmF6cXV4LXN0cmluZy10aGF0LWlzLWxvbmc; \
_ga=GA1.2.1234567890.1700000000; _gid=GA1.2.987654321.1710000000; _fbp=fb.1.1700000000000.1234567890; \
cart=%7B%22items%22%3A%5B%7B%22sku%22%3A%22RS-1042-BLU-43%22%2C%22n%22%3A1%7D%2C%7B%22sku%22%3A%22SK-0007-WHT%22%2C%22n%22%3A3%7D%5D%7D; \
experiments=checkout_v2:b,search_rank:a,hero_image:c,shipping_hint:b,recs_model:d; locale=en_GB; currency=EUR; \
consent=eyJuZWNlc3NhcnkiOnRydWUsInByZWZlcmVuY2VzIjp0cnVlLCJzdGF0aXN0aWNzIjpmYWxzZSwibWFya2V0aW5nIjpmYWxzZX0; \
recently_viewed=RS-1042-BLU-43.RS-1043-RED-43.RS-1100-BLK-44.TS-2201-GRN-L.SH-3310-NAV-M.CP-0042-BLK; \
__cf_bm=Jq2Yw8nX5tRb7uKd0fLsPzVhMa3EcGi9oTxWvNyB1kQ-1710000000-1.0.1.1-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdefghijklmnop; \
ab_history=2024-01-03.hero.b-2024-01-17.checkout.a-2024-02-02.search.c-2024-02-20.nav.b-2024-03-05.footer.a-2024-03-19.hero.c; \
wishlist=%5B%22RS-1042-BLU-43%22%2C%22JK-5521-BLK-M%22%2C%22CP-0042-BLK%22%2C%22TS-2201-GRN-L%22%2C%22SK-0007-WHT%22%2C%22SH-3310-NAV-M%22%5D; \
attribution=utm_source%3Dnewsletter%26utm_medium%3Demail%26utm_campaign%3Dspring_running%26utm_content%3Dbanner_top; \
tracking=5f1d7a84b2c39e60-9c41-4f0e-8ad3-27b6e1f0c5d9-a7e42b9081d3-6c5f; \
store=berlin-mitte; loyalty=gold.20240301.18a4c; seen_banner=spring24.7; \
_hjSessionUser_123456=eyJpZCI6IjEyMzQ1Njc4LTkwYWItY2RlZi0xMjM0LTU2Nzg5MGFiY2RlZiIsImNyZWF0ZWQiOjE3MDAwMDAwMDAwMDB9

";

const POST: &str = "\
POST /api/v2/orders HTTP/1.1
Host: api.example.com
User-Agent: python-requests/2.31.0
Accept-Encoding: gzip, deflate
Accept: application/json
Connection: keep-alive
Authorization: Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkphbmUifQ.\
dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U
X-Request-Id: 4b1d6c52-93a0-4d0a-8a52-0f6f3a1d2e77
Content-Type: application/json
Content-Length: 187

";
