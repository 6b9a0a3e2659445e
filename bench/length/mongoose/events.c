// A clock: a page that shows server-sent events. A client that does not read is cut.
#include "mongoose.h"

#define HEAD                                                                                                           \
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nTransfer-Encoding: "               \
  "chunked\r\n\r\n"

static const char *page =
    "<!doctype html><title>Clock</title><h1></h1><script>\n"
    "new EventSource('clock').onmessage = event => document.querySelector('h1').textContent = event.data\n"
    "</script>";

static void handle(struct mg_connection *c, int ev, void *data) {
  uint64_t *next = (uint64_t *)c->data;
  struct mg_http_message *hm = data;
  if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/"), NULL)) {
    mg_http_reply(c, 200, "Content-Type: text/html\r\n", "%s", page);
  } else if (ev == MG_EV_HTTP_MSG && mg_match(hm->uri, mg_str("/clock"), NULL)) {
    mg_printf(c, HEAD);
    *next = mg_millis();
  } else if (ev == MG_EV_HTTP_MSG) {
    mg_http_reply(c, 404, "", "Not Found\n");
  } else if (ev == MG_EV_POLL && *next && mg_millis() >= *next) {
    mg_http_printf_chunk(c, "data: %lld\n\n", (long long)time(NULL));
    *next += 1000;
    if (c->send.len > 4096)
      c->is_closing = 1;
  }
}

int main(int argc, char *argv[]) {
  struct mg_mgr mgr;
  mg_mgr_init(&mgr);
  if (!mg_http_listen(&mgr, argc > 1 ? argv[1] : "127.0.0.1:8080", handle, NULL))
    return 1;
  for (;;)
    mg_mgr_poll(&mgr, 50);
}
